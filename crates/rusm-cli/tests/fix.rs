//! `rusm check --fix`: takes away what no code can use, and nothing else.

use crate::support::Place;
use serde_json::Value;
use std::os::unix::fs::PermissionsExt;

const MANIFEST: &str = r#"# The shop.
[app]
name = "shop"

[components.reader]   # reads
wasm = "reader.wasm"
capability = "reading"

[components.plain]
wasm = "plain.wasm"
capability = "plain"

[capabilities.reading]
# Everything it needs.
allow-storage = { read = ["config"], write = ["orders-*"] }  # narrow
max-memory-mb = 16 # small

[capabilities.plain]
inherits = "network-client"
allow-network = [
  "10.1.0.0/16:5432",  # the database
]
env = ["HOME"] # why?
# The last line.
allow-spawn = ["reader"]
"#;

const DIFF: &str = r#"--- rusm.toml
+++ rusm.toml
@@ -12,14 +12,12 @@
 
 [capabilities.reading]
 # Everything it needs.
-allow-storage = { read = ["config"], write = ["orders-*"] }  # narrow
+allow-storage = { read = ["config"] }  # narrow
 max-memory-mb = 16 # small
 
 [capabilities.plain]
 inherits = "network-client"
-allow-network = [
-  "10.1.0.0/16:5432",  # the database
-]
-env = ["HOME"] # why?
+# the database
+allow-network = false
+# why?
 # The last line.
-allow-spawn = ["reader"]
"#;

fn shop(manifest: &str) -> Place {
    let place = Place::new();
    let program = |import: &str| {
        format!("(module {import} (memory (export \"memory\") 1) (func (export \"_start\")))")
    };
    place.program(
        "reader.wasm",
        &program(r#"(import "rusm" "kv-get" (func (param i32 i32 i32 i32 i32 i32) (result i32)))"#),
    );
    place.program("plain.wasm", &program(""));
    place.write("rusm.toml", manifest);
    place
}

fn read(place: &Place) -> String {
    std::fs::read_to_string(place.path("rusm.toml")).unwrap()
}

/// The changes are shown before and after they are made; comments, order and formatting stay; what
/// was fixed is not found again.
#[test]
fn a_fix_changes_what_it_shows_and_no_more() {
    let place = shop(MANIFEST);
    let path = place.path("rusm.toml");
    std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
    for shown in [vec!["check", "--diff"], vec!["check", "--fix", "--dry-run"]] {
        let outcome = place.rusm(shown).finish().ends_with(0);
        assert_eq!(
            outcome.stdout(),
            format!(
                "{DIFF}4 findings would be settled; nothing was written\nshop: can start (0 errors, 0 warnings, 1 note)\n"
            )
        );
        assert_eq!(read(&place), MANIFEST);
    }
    let outcome = place
        .rusm(["check", "--fix"])
        .env("HOME", "/")
        .finish()
        .ends_with(0);
    assert_eq!(
        outcome.stdout(),
        format!("{DIFF}4 findings settled\nshop: can start (0 errors, 0 warnings, 1 note)\n")
    );
    let fixed = read(&place);
    assert_eq!(
        std::fs::metadata(&path).unwrap().permissions().mode() & 0o777,
        0o600
    );
    for comment in MANIFEST.lines().filter_map(|line| line.split_once('#')) {
        assert!(fixed.contains(comment.1), "{} is gone", comment.1);
    }
    let again = place.rusm(["check", "--fix"]).finish().ends_with(0);
    assert_eq!(
        again.stdout(),
        "nothing to fix\nshop: can start (0 errors, 0 warnings, 1 note)\n"
    );
    assert_eq!(read(&place), fixed);
    let names: Vec<_> = std::fs::read_dir(path.parent().unwrap()).unwrap().collect();
    assert_eq!(
        names.len(),
        4,
        "rusm.toml, two programs, the cache: {names:?}"
    );
}

/// Each note underlines the key, says what to write, and that a fix does it.
#[test]
fn notes_have_their_place_and_their_edit() {
    let place = shop(MANIFEST);
    place.rusm(["check"]).finish().ends_with(0).says(&[
        "note: profile 'reading' lets code write buckets, and the code that has it only imports what can read them: reader\n  --> rusm.toml:15:1\n   |\n15 | allow-storage = { read",
        "15:1",
        "   | ^^^^^^^^^^^^^\n   = hint: remove allow-storage.write; `rusm check --fix` does it",
        "note: profile 'plain' grants env, and no code that has it imports anything to use it: plain",
        "= hint: write allow-network = false; `rusm check --fix` does it",
    ]);
    let outcome = place.rusm(["check", "--json"]).finish().ends_with(0);
    let json: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    let of = |key: &str| {
        let findings = json["findings"].as_array().unwrap();
        findings
            .iter()
            .find(|finding| finding["fix"]["key"] == key)
            .unwrap()
            .clone()
    };
    assert_eq!(of("capabilities.plain.allow-network")["fix"]["to"], "false");
    assert_eq!(of("capabilities.plain.env")["line"], 23);
    assert_eq!(json["fixed"], Value::Null);
    let outcome = place
        .rusm(["check", "--json", "--fix"])
        .finish()
        .ends_with(0);
    let json: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!(
        (&json["fixed"]["settled"], &json["fixed"]["written"]),
        (&4.into(), &true.into())
    );
}

/// What code asks for and has not is told with its line, and never granted by a fix.
#[test]
fn nothing_is_ever_granted() {
    let manifest = MANIFEST.replace("capability = \"reading\"\n", "");
    let place = shop(&manifest);
    let outcome = place.rusm(["check", "--fix"]).finish().ends_with(0).says(&[
        "note: component 'reader' can ask for storage, which profile 'sandboxed' does not grant",
        "rusm.toml:5:13",
        "in a profile that inherits \"sandboxed\": allow-storage = { read = [\"*\"] }",
    ]);
    assert!(outcome.stdout().contains("2 notes"), "{}", outcome.stdout());
    place
        .rusm(["why", "reader", "storage"])
        .finish()
        .ends_with(1);
}

/// Code that cannot be read may use anything, so its grants are left alone.
#[test]
fn unknown_code_keeps_its_grants() {
    let place = shop(MANIFEST);
    place.write("plain.wasm", "no code");
    place
        .rusm(["check", "--fix"])
        .finish()
        .ends_with(4)
        .says(&["component 'plain'"]);
    let fixed = read(&place);
    assert!(fixed.contains("env = [\"HOME\"] # why?") && fixed.contains("allow-spawn"));
    assert!(fixed.contains("allow-storage = { read = [\"config\"] }  # narrow"));
}

/// A manifest with a mistake, one that cannot be written, and flags that do not go together.
#[test]
fn what_cannot_be_fixed_is_left_alone() {
    let place = shop(&MANIFEST.replace("env =", "evn ="));
    let before = read(&place);
    place
        .rusm(["check", "--fix"])
        .finish()
        .ends_with(3)
        .says(&["did you mean `env`?"]);
    assert_eq!(read(&place), before);
    place
        .rusm(["check", "--dry-run"])
        .finish()
        .ends_with(2)
        .says(&["--fix"]);
    place
        .rusm(["check", "--fix", "--diff"])
        .finish()
        .ends_with(2)
        .says(&["--diff"]);
}

/// Windows line ends, tables in braces and dotted keys are edited as they are.
#[test]
fn every_way_to_write_a_manifest_is_kept() {
    let manifest = "app.name = \"t\"\r\ncomponents = { x = { wasm = \"plain.wasm\", capability = \"c\" } }\r\ncapabilities.c.env = [ \"A\" ] # a\r\ncapabilities.c.max-memory-mb = 1\r\ncapabilities.d = { allow-load = true, inherits = \"c\" }\r\n";
    let place = shop(manifest);
    // `d` serves nobody, and it inherits the key: it may be there for another purpose.
    place.rusm(["check", "--fix"]).finish().ends_with(0);
    assert_eq!(read(&place), manifest);
    let manifest = manifest.replace("\"c\" } }", "\"d\" } }");
    place.write("rusm.toml", &manifest);
    place
        .rusm(["check", "--fix"])
        .env("A", "1")
        .finish()
        .ends_with(0);
    assert_eq!(
        read(&place),
        manifest
            .replace("capabilities.c.env = [ \"A\" ] # a", "# a")
            .replace("allow-load = true, ", "")
    );
}

/// A memory that the profile does not allow is known before anything is started.
#[test]
fn a_memory_that_is_too_large_is_told() {
    let place = shop("[app]\nname = \"t\"\n[components.x]\nwasm = \"big.wasm\"\n");
    place.program(
        "big.wasm",
        "(module (memory 1600) (func (export \"_start\")))",
    );
    place.rusm(["check"]).finish().ends_with(0).says(&[
        "warning: component 'x': its memory begins with 100 MiB, and profile 'sandboxed' allows 64 MiB",
        "help: write max-memory-mb = 100",
    ]);
}
