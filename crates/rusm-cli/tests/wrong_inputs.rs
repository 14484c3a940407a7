//! Wrong input of every kind: one clear error, the right exit code, no panic, no backtrace.

use crate::programs;
use crate::support::Place;
use std::process::Command;

/// Files that are not what their name says.
#[test]
fn what_is_no_code_is_refused() {
    let place = Place::new();
    let whole = wat::parse_str(programs::copies()).unwrap();
    let files: [(&str, Vec<u8>, &str); 5] = [
        ("empty.wasm", Vec::new(), "empty"),
        ("text.wasm", b"(module)".to_vec(), "text format"),
        (
            "elf.wasm",
            b"\x7fELF\x02\x01\x01".to_vec(),
            "native program",
        ),
        ("cut.wasm", whole[..whole.len() / 2].to_vec(), "not valid"),
        (
            "garbage.wasm",
            [b"\0asm\x01\0\0\0".as_slice(), &[0xff; 64]].concat(),
            "not valid",
        ),
    ];
    for (name, content, why) in files {
        place.write(name, content);
        let outcome =
            place
                .rusm(["run", name])
                .finish()
                .ends_with(4)
                .says(&["error: cannot run", name, why]);
        assert_eq!(outcome.stderr.lines().count(), 1, "{}", outcome.stderr);
    }
}

/// A pipe that nobody writes to would be waited for, and a device read for ever.
#[test]
fn what_is_no_plain_file_is_not_read() {
    let place = Place::new();
    let pipe = |name: &str| {
        let made = Command::new("mkfifo").arg(place.path(name)).status();
        assert!(made.unwrap().success());
    };
    pipe("pipe.wasm");
    pipe("pipe");
    for file in ["pipe.wasm", "pipe", "/dev/zero"] {
        let refused = place.rusm(["run", file]).finish().ends_with(4);
        refused.says(&["it is no plain file", file]);
        let manifest = format!(
            "[app]\nname = \"t\"\n[components.x]\nwasm = \"{file}\"\nrestart = \"temporary\"\n"
        );
        place.write("rusm.toml", manifest);
        for command in ["check", "run"] {
            let refused = place.rusm([command]).finish().ends_with(4);
            refused.says(&["component 'x'", "is no plain file"]);
        }
    }
    place.program("x.wasm", &programs::exits(0));
    let manifest =
        "[app]\nname = \"t\"\n[components.x]\nwasm = \"x.wasm\"\nrestart = \"temporary\"\n";
    place.write("rusm.toml", manifest);
    place.rusm(["run"]).finish().ends_with(0);
    pipe(".env");
    let refused = place.rusm(["run"]).finish().ends_with(3);
    refused.says(&[".env", "it is no plain file"]);
}

/// Every truncation of a good file is an error, not a crash.
#[test]
fn no_truncation_brings_it_down() {
    let place = Place::new();
    let whole = wat::parse_str(programs::exits(0)).unwrap();
    for length in (0..whole.len()).step_by(whole.len() / 12) {
        place.write("x.wasm", &whole[..length]);
        place
            .rusm(["run", "--no-cache", "x.wasm"])
            .finish()
            .ends_with(4);
    }
}

/// A file of any size is refused before it is read.
#[test]
fn a_huge_file_is_refused() {
    let place = Place::new();
    let path = place.write("huge.wasm", b"\0asm");
    std::fs::File::options()
        .write(true)
        .open(path)
        .unwrap()
        .set_len(1 << 40)
        .unwrap();
    place
        .rusm(["run", "huge.wasm"])
        .finish()
        .ends_with(4)
        .says(&["huge.wasm", "bytes"]);
}

/// Code that claims more than it has, or nests deeper than a stack, is an error of that code.
#[test]
fn hostile_code_is_refused() {
    let place = Place::new();
    let header = b"\0asm\x01\0\0\0";
    // A type section that announces four thousand million types.
    place.write(
        "counts.wasm",
        [header.as_slice(), &[1, 5, 0xff, 0xff, 0xff, 0xff, 0x0f]].concat(),
    );
    // A section that announces more bytes than the file has.
    place.write(
        "length.wasm",
        [header.as_slice(), &[10, 0xff, 0xff, 0xff, 0xff, 0x07]].concat(),
    );
    let deep = format!(
        "(module (func (export \"_start\") {}{}))",
        "block ".repeat(100_000),
        "end ".repeat(100_000)
    );
    place.program("deep.wasm", &deep);
    for name in ["counts.wasm", "length.wasm"] {
        place
            .rusm(["run", name])
            .finish()
            .ends_with(4)
            .says(&[name]);
    }
    let deep = place.rusm(["run", "deep.wasm"]).finish();
    assert!(matches!(deep.code, Some(0 | 4)), "{deep:?}");
}

/// An import that nobody provides is named, with the nearest that is provided.
#[test]
fn an_unknown_import_is_named() {
    let place = Place::new();
    place.program("x.wasm", r#"(module (import "rusm" "snd" (func)) (memory (export "memory") 1) (func (export "_start")))"#);
    place
        .rusm(["run", "x.wasm"])
        .finish()
        .ends_with(4)
        .says(&["rusm", "snd", "send"]);
    place.program(
        "lib.wasm",
        r#"(module (memory (export "memory") 1) (func (export "other")))"#,
    );
    place
        .rusm(["run", "lib.wasm"])
        .finish()
        .ends_with(4)
        .says(&["_start", "other"]);
}

/// Ten mistakes in a manifest are ten errors in one run, each with its line and what is near.
#[test]
fn a_manifest_with_ten_mistakes_shows_ten() {
    let place = Place::new();
    place.write("rusm.toml", include_str!("ten_mistakes.toml"));
    let outcome = place.rusm(["run"]).finish().ends_with(3).says(&[
        "rusm.toml:",
        "rusm.toml: 10 errors",
        "did you mean",
    ]);
    let n_errors = outcome
        .stderr
        .lines()
        .filter(|line| line.starts_with("error: "))
        .count();
    assert_eq!(n_errors, 10, "{}", outcome.stderr);
    assert_eq!(outcome.stdout(), "");
    place
        .rusm(["check"])
        .finish()
        .ends_with(3)
        .says(&["did you mean"]);
}

/// What looks like a mistake that is often made is met with the right thing.
#[test]
fn common_slips_are_met_with_the_right_thing() {
    let place = Place::new();
    place.write("x.wat", "(module)");
    let told = place.rusm(["run", "x.wat"]).finish().ends_with(2);
    told.says(&["this is the text format; translate it first"]);
    let slip = ["run", "--allow-net", "127.0.0.1:80", "x.wasm"];
    let told = place.rusm(slip).finish().ends_with(2);
    told.says(&["the value of a flag stands behind '='"]);
}

/// A manifest that is missing, no text, no TOML, or huge is an error of the manifest.
#[test]
fn unusable_manifests_are_refused() {
    let place = Place::new();
    place
        .rusm(["run"])
        .finish()
        .ends_with(3)
        .says(&["there is no rusm.toml in the current folder"]);
    place.write("rusm.toml", b"[app]\nname = \"\xff\xfe\"");
    place
        .rusm(["run"])
        .finish()
        .ends_with(3)
        .says(&["not UTF-8"]);
    place.write("rusm.toml", "[app\nname = ");
    place
        .rusm(["run"])
        .finish()
        .ends_with(3)
        .says(&["rusm.toml:1"]);
    place.write("rusm.toml", "# ".repeat(10 << 20));
    place.rusm(["run"]).finish().ends_with(3);
}

/// A cache that cannot be written to is a warning; the program runs.
#[test]
fn a_useless_cache_is_a_warning() {
    let place = Place::new();
    place.program("x.wasm", &programs::prints(1, "ran"));
    let not_a_folder = place.write("file", "");
    let outcome = place
        .rusm(["run", "x.wasm"])
        .env("XDG_CACHE_HOME", not_a_folder)
        .finish()
        .ends_with(0)
        .says(&["WARN", "cache"]);
    assert_eq!(outcome.stdout(), "ran");
}

/// Typing mistakes of every kind are usage errors (pitfall 28).
#[test]
fn typing_mistakes_are_usage_errors() {
    let place = Place::new();
    place.program("x.wasm", &programs::exits(0));
    let lines = [
        "rnu",
        "run --alow-net x.wasm",
        "run --log-level loud x.wasm",
        "run --max-memory-mb x x.wasm",
        "run --dir :: x.wasm",
        "run --allow-net=300.1.2.3 x.wasm",
        "run --env =x x.wasm",
        "run x.wasm y.wasm",
        "run --color blue x.wasm",
        "run --check-only x.wasm",
        "check x.wasm",
        "build x.wasm",
        "run --timeout-ms -5 x.wasm",
    ];
    for line in lines {
        let outcome = place
            .rusm(line.split(' '))
            .finish()
            .ends_with(2)
            .says(&["error:"]);
        assert_eq!(outcome.stdout(), "", "{line}");
    }
}

/// Colours are for terminals and for those who ask.
#[test]
fn colours_follow_the_flag() {
    let place = Place::new();
    let errors = |args: &[&str]| place.rusm(args).finish().stderr;
    assert!(!errors(&["run", "nope.wasm"]).contains('\x1b'));
    assert!(errors(&["run", "nope.wasm", "--color", "always"]).contains('\x1b'));
    assert!(errors(&["rnu", "--color", "always"]).contains('\x1b'));
    assert!(!errors(&["rnu", "--color", "never"]).contains('\x1b'));
}
