//! `rusm inspect`: what code could use, told without running it, whatever the file is.

use crate::support::{Outcome, Place, typed};
use serde_json::Value;

const SPAWNER: &str = r#"(module
  (import "rusm" "spawn" (func (param i32 i32 i32 i32 i32 i32) (result i32)))
  (import "rusm" "load" (func (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "clock_time_get" (func (param i32 i64 i32) (result i32)))
  (memory (export "memory") 2 16) (table 3 funcref)
  (func (export "_start")))"#;

fn inspect(place: &Place, name: &str) -> Outcome {
    place.rusm(["inspect", name]).finish()
}

/// The whole of what is said about a core module.
#[test]
fn a_module_is_told_in_plain_words() {
    let place = Place::new();
    place.program("My guest.wasm", SPAWNER);
    let outcome = inspect(&place, "My guest.wasm").ends_with(0);
    let size = std::fs::metadata(place.path("My guest.wasm"))
        .unwrap()
        .len();
    assert_eq!(
        outcome.stdout(),
        format!(
            "\
My guest.wasm: a core module of WASI preview 1 that runs _start, {size} bytes, risk: critical

what it could use, if its profile grants it:
  critical  load: run code that it brings itself, under its own profile
              rusm/load
  medium    env: read environment variables
              wasi_snapshot_preview1/environ_get
  medium    spawn: start components of the manifest, each under its own profile
              rusm/spawn
  none      nothing more: clocks, random numbers, its own streams and mailbox
              wasi_snapshot_preview1/clock_time_get

exports    memory, _start
memories   2 to 16 pages
tables     3 elements or more
loads      yes, by its imports and its entry; its code is checked when it is loaded

the smallest profile that grants all of it; folders, names and addresses are yours to fill in:

[capabilities.my-guest]
allow-send = false
allow-spawn = true
allow-load = true
# env = [\"NAME\"]
"
        )
    );
    assert_eq!(outcome.stderr, "");
}

/// A component is told by the functions of its interfaces, and the profile that is shown is one.
#[test]
fn a_component_is_told_by_its_functions() {
    let place = Place::new();
    place.program(
        "c.wasm",
        r#"(component
          (type $kv (instance (type (func)) (export "kv-get" (func (type 0)))))
          (import "rusm:actor/kv@0.1.0" (instance (type $kv)))
          (type $http (instance (type (func)) (export "handle" (func (type 0)))))
          (import "wasi:http/outgoing-handler@0.2.3" (instance (type $http)))
          (type $acme (instance (type (func)) (export "charge" (func (type 0)))))
          (import "acme:billing/charge@1.2.0" (instance (type $acme))))"#,
    );
    let outcome = inspect(&place, "c.wasm").ends_with(0);
    for words in [
        "a component of WASI 0.2 without an entry",
        "risk: critical",
        "high      network: connect to other machines",
        "medium    storage: read buckets",
        "rusm:actor/kv@0.1.0 (kv-get)",
        "loads      no: the code has no entry",
        "loads      no: the code imports acme:billing/charge@1.2.0, which nothing here provides",
        "allow-storage = { read = [\"*\"] }",
        "host-functions = [\"acme:billing/charge@1.2.0\"]",
    ] {
        assert!(
            outcome.stdout().contains(words),
            "{words}: {}",
            outcome.stdout()
        );
    }
    let (_, profile) = outcome.stdout().split_once("[capabilities.").unwrap();
    let manifest = format!(
        "[app]\nname = \"t\"\n[components.x]\nwasm = \"c.wasm\"\ncapability = \"c\"\n[capabilities.{profile}"
    );
    place.write("rusm.toml", manifest);
    for (permission, code) in [
        ("network", 0),
        ("storage", 0),
        ("host-functions", 0),
        ("send", 1),
        ("files", 1),
    ] {
        place
            .rusm(["why", "x", permission])
            .finish()
            .ends_with(code);
    }
}

/// Programs get everything, the needs of each import among it.
#[test]
fn what_is_found_is_json_on_request() {
    let place = Place::new();
    place.program("x.wasm", SPAWNER);
    let outcome = place
        .rusm(["inspect", "--json", "x.wasm"])
        .finish()
        .ends_with(0);
    let json: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!(
        (&json["risk"], &json["kind"], &json["loads"]),
        (&"critical".into(), &"module".into(), &true.into())
    );
    assert_eq!(json["groups"][0]["permission"], "load");
    assert_eq!(json["imports"][0]["name"], "rusm/load");
    assert_eq!(json["imports"][0]["needs"][0]["risk"], "critical");
    assert_eq!(json["memories"][0]["maximum"], 16);
    assert!(
        json["profile"]
            .as_str()
            .unwrap()
            .starts_with("[capabilities.x]\n")
    );
}

/// Names, versions and sections that a hostile author chose do not steer the terminal.
#[test]
fn hostile_names_are_harmless() {
    let place = Place::new();
    let mut wasm = wat::parse_str(
        "(module (import \"a\\1b[2J\" \"b\\0a\\e2\\80\\aec\" (func)) (func (export \"x\\1b]0;y\\07\")))",
    )
    .unwrap();
    // A section `producers`: one field `sdk` with one value, whose name and version steer.
    let value = [&b"\x05\x1b[31m"[..], b"\x03\xe2\x80\xae"].concat();
    let payload = [&b"\x09producers\x01\x03sdk\x01"[..], &value].concat();
    wasm.extend([0, u8::try_from(payload.len()).unwrap()]);
    wasm.extend(payload);
    place.write("x.wasm", wasm);
    for args in [
        vec!["inspect", "x.wasm"],
        vec!["inspect", "x.wasm", "--json"],
    ] {
        let outcome = place.rusm(args).finish().ends_with(0);
        let shown = format!("{}{}", outcome.stdout(), outcome.stderr);
        assert!(!shown.contains(['\x1b', '\u{202e}', '\x07']), "{shown:?}");
        assert!(shown.contains("u{1b}"), "{shown}");
    }
}

/// What is no code is an error that says so, and none of it is a panic.
#[test]
fn what_is_no_code_is_named() {
    let place = Place::new();
    let whole = wat::parse_str(SPAWNER).unwrap();
    place.write("empty.wasm", "");
    place.write("text.wasm", "(module)");
    place.write("hello.txt", "hello");
    place.write("cut.wasm", &whole[..whole.len() - 3]);
    place.write("garbage.wasm", [&whole[..8], &[0xff; 64][..]].concat());
    let nested = [&[0x41, 1, 1].repeat(30_000)[..], &[0x41, 0]].concat();
    let mut deep = b"\0asm\x0d\0\x01\0\x07\x93\xbf\x05\x01".to_vec();
    deep.extend(nested);
    place.write("deep.wasm", deep);
    std::fs::create_dir(place.path("folder")).unwrap();
    for (name, code, says) in [
        ("empty.wasm", 4, "the file is empty"),
        ("text.wasm", 4, "text format"),
        ("hello.txt", 4, "does not begin with"),
        ("cut.wasm", 4, "not valid"),
        ("garbage.wasm", 4, "not valid"),
        ("deep.wasm", 4, "nest deeper"),
        ("folder", 2, "it is a folder"),
        ("cut.wsam", 4, "did you mean 'cut.wasm'?"),
        ("/dev/null", 2, "no plain file"),
    ] {
        let outcome = inspect(&place, name)
            .ends_with(code)
            .says(&["cannot inspect", says]);
        assert_eq!(outcome.stdout(), "", "{name}");
    }
    place
        .rusm(["inspect"])
        .finish()
        .ends_with(2)
        .says(&["FILE.wasm"]);
}

/// A file that is larger than any code is refused by its size, without being read to its end.
#[test]
fn a_huge_file_is_refused() {
    let place = Place::new();
    let path = place.write("huge.wasm", b"\0asm\x01\0\0\0");
    let file = std::fs::OpenOptions::new().write(true).open(&path).unwrap();
    file.set_len(300 << 20).unwrap();
    inspect(&place, &typed(&path))
        .ends_with(4)
        .says(&["too large"]);
}
