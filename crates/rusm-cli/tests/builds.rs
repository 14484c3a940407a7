//! `rusm build`, with the real cargo: guests are found where cargo puts them (pitfall 31).

use crate::support::Place;

const MANIFEST: &str =
    "[app]\nname = \"t\"\n[components.api]\nsource = \"guests/folder\"\nrestart = \"temporary\"\n";

/// A workspace with one guest, whose folder, package and program have three names.
fn workspace(place: &Place, main: &str) {
    place.write("rusm.toml", MANIFEST);
    place.write(
        "guests/Cargo.toml",
        "[workspace]\nresolver = \"3\"\nmembers = [\"folder\"]\n",
    );
    place.write(
        "guests/folder/Cargo.toml",
        "[package]\nname = \"the-package\"\nedition = \"2024\"\n[[bin]]\nname = \"the-program\"\npath = \"main.rs\"\n",
    );
    place.write("guests/folder/main.rs", main);
}

/// The guest is built and run, wherever its target folder is, and whatever flags the host is built with.
#[test]
fn guests_are_found_where_cargo_puts_them() {
    let place = Place::new();
    workspace(
        &place,
        "fn main() { println!(\"hello from {}\", env!(\"CARGO_PKG_NAME\")); }",
    );
    let run = place
        .rusm(["run"])
        .env("RUSTFLAGS", "-Ctarget-cpu=native -Clink-arg=-nonsense")
        .finish();
    run.ends_with(0)
        .says(&["INFO api <0.", "| hello from the-package"]);
    assert!(
        place
            .path("guests/target/wasm32-wasip2/release/the-program.wasm")
            .exists()
    );

    let elsewhere = place
        .rusm(["build", "--json"])
        .env("CARGO_TARGET_DIR", "out")
        .finish()
        .ends_with(0);
    let built: serde_json::Value = serde_json::from_slice(&elsewhere.stdout).unwrap();
    let path = place
        .path("out/wasm32-wasip2/release/the-program.wasm")
        .canonicalize()
        .unwrap();
    assert_eq!(built["api"], path.to_str().unwrap());
    place
        .rusm(["run", "--no-build"])
        .env("CARGO_TARGET_DIR", "out")
        .finish()
        .ends_with(0)
        .says(&["hello from"]);
    place.rusm(["check"]).finish().ends_with(0);
}

/// A component made by cargo is a stock program too: arguments, exit code, panics.
#[test]
fn a_component_runs_like_any_program() {
    let place = Place::new();
    let main =
        "fn main() { let args: Vec<_> = std::env::args().skip(1).collect(); println!(\"{args:?}\");
        match args.len() { 0 => {} 1 => std::process::exit(1), _ => panic!(\"too many\") } }";
    workspace(&place, main);
    let built = place.rusm(["build", "--json"]).finish().ends_with(0);
    let built: serde_json::Value = serde_json::from_slice(&built.stdout).unwrap();
    let file = built["api"].as_str().unwrap();
    assert_eq!(
        place.rusm(["run", file]).finish().ends_with(0).stdout(),
        "[]\n"
    );
    assert_eq!(
        place
            .rusm(["run", file, "--", "a"])
            .finish()
            .ends_with(1)
            .stdout(),
        "[\"a\"]\n"
    );
    place
        .rusm(["run", file, "--", "a", "b"])
        .finish()
        .ends_with(1)
        .says(&["too many", "trapped", "unreachable"]);
}

/// A guest that does not compile is shown with the compiler's own words, and nothing is started.
#[test]
fn a_failed_build_shows_the_compilers_words() {
    let place = Place::new();
    workspace(&place, "fn main() { undefined(); }");
    let words = [
        "cannot find function `undefined`",
        "folder/main.rs:1",
        "error: cargo could not build the-package",
    ];
    place.rusm(["build"]).finish().ends_with(1).says(&words);
    place.rusm(["run"]).finish().ends_with(4).says(&words);
    place.rusm(["check"]).finish().ends_with(4).says(&words);
    place
        .rusm(["run", "--no-build"])
        .finish()
        .ends_with(4)
        .says(&["api", "rusm build"]);
}

/// Sources that cannot be built are all named in one run, each with why.
#[test]
fn sources_that_are_no_guests_are_named() {
    let place = Place::new();
    let package = |name: &str, main: &[&str]| {
        place.write(
            &format!("{name}/Cargo.toml"),
            format!("[package]\nname = \"{name}\"\nedition = \"2024\"\n"),
        );
        for file in main {
            place.write(&format!("{name}/src/{file}"), "fn main() {}");
        }
    };
    package("library", &["lib.rs"]);
    package("several", &["bin/one.rs", "bin/two.rs"]);
    package("broken", &[]);
    place.write("empty/readme", "");
    let sources = ["library", "several", "broken", "empty", "librarry"];
    let components: String = sources
        .iter()
        .map(|name| format!("[components.{name}]\nsource = \"{name}\"\n"))
        .collect();
    place.write("rusm.toml", format!("[app]\nname = \"t\"\n{components}"));
    place.rusm(["build"]).finish().ends_with(1).says(&[
        "component 'library': package 'library' has no program",
        "component 'several': package 'several' has several programs: 'one', 'two'",
        "component 'broken': cargo cannot read the package",
        "component 'empty': './empty' is not a Cargo package",
        "component 'librarry': cannot open the folder './librarry'",
        "did you mean './library'?",
    ]);
}

/// Two workspaces that build two programs into one file are refused: one would run in place of the other.
#[test]
fn two_programs_in_one_place_are_refused() {
    let place = Place::new();
    for name in ["a", "b"] {
        place.write(
            &format!("{name}/Cargo.toml"),
            "[package]\nname = \"same\"\nedition = \"2024\"\n[workspace]\n",
        );
        place.write(&format!("{name}/src/main.rs"), "fn main() {}");
    }
    place.write(
        "rusm.toml",
        "[app]\nname = \"t\"\n[components.a]\nsource = \"a\"\n[components.b]\nsource = \"b\"\n",
    );
    place
        .rusm(["build"])
        .env("CARGO_TARGET_DIR", "out")
        .finish()
        .ends_with(1)
        .says(&["both built to"]);
    place.rusm(["build"]).finish().ends_with(0);
}

/// Without cargo, or without any toolchain, the error says where to get it.
#[test]
fn a_missing_cargo_is_explained() {
    let place = Place::new();
    workspace(&place, "fn main() {}");
    place
        .rusm(["build"])
        .env("PATH", "/nowhere")
        .finish()
        .ends_with(1)
        .says(&["cargo is not installed", "rustup.rs"]);
}
