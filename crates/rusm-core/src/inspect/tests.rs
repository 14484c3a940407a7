//! What is read from bytes, good and hostile.

use super::*;
use rusm_caps::Permission;

fn of(wat: &str) -> Inspection {
    inspect(&wat::parse_str(wat).unwrap()).unwrap()
}

fn error(wasm: &[u8]) -> String {
    inspect(wasm).unwrap_err().to_string()
}

/// A core module says its functions, its memory and its table; what nothing provides is an obstacle.
#[test]
fn a_module_is_read() {
    let found = of(r#"(module
            (import "rusm" "spawn" (func (param i32 i32 i32 i32 i32 i32) (result i32)))
            (import "wasi_snapshot_preview1" "fd_wirte" (func))
            (memory (export "memory") 2 10) (table 3 funcref)
            (func (export "_start")))"#);
    assert_eq!(found.kind, CodeKind::Module);
    assert_eq!(found.entry.as_deref(), Some("_start"));
    assert_eq!(found.exports, ["memory", "_start"]);
    assert_eq!(
        found.memories,
        [Extent {
            initial: 2,
            maximum: Some(10)
        }]
    );
    assert_eq!(
        found.tables,
        [Extent {
            initial: 3,
            maximum: None
        }]
    );
    assert_eq!(found.imports.len(), 2);
    assert_eq!(found.risk(), Risk::Medium);
    let obstacles: Vec<String> = found.obstacles.iter().map(ToString::to_string).collect();
    assert_eq!(
        obstacles,
        [
            "the code imports wasi_snapshot_preview1/fd_wirte, which nothing here provides; did you mean wasi_snapshot_preview1/fd_write?"
        ]
    );
}

/// The functions of an interface are those of its type, wherever its number comes from: types,
/// aliases and imported types count.
#[test]
fn the_functions_of_a_component_are_found() {
    let found = of(r#"(component
            (type $empty (instance))
            (import "wasi:io/error@0.2.3" (instance $io (type $empty)))
            (import "a" (type $a (sub resource)))
            (type $kv (instance
                (type (func))
                (export "kv-get" (func (type 0)))
                (export "kv-list" (func (type 0)))))
            (import "rusm:actor/kv@0.1.0" (instance (type $kv)))
            (import "wasi:cli/run@0.2.3" (func)))"#);
    assert_eq!(found.kind, CodeKind::Component);
    let kv = found
        .imports
        .iter()
        .find(|import| import.name.starts_with("rusm:actor/kv"));
    assert_eq!(kv.unwrap().functions, ["kv-get", "kv-list"]);
    assert_eq!(found.risk(), Risk::Medium);
    let need = found.needs.first().unwrap();
    assert_eq!((need.permission, need.writes), (Permission::Storage, false));
    assert!(found.entry.is_none());
    let obstacles: Vec<String> = found.obstacles.iter().map(ToString::to_string).collect();
    assert!(obstacles.iter().any(|text| text.contains("no entry")));
}

/// The drafts of `wasi:keyvalue` are known by their names, and no version of WASI. What is imported of them decides what is needed.
#[test]
fn the_drafts_of_key_value_storage_are_known() {
    for draft in ["draft", "draft2"] {
        let with = |functions: &[&str]| {
            let exports: String = functions
                .iter()
                .map(|name| format!(r#"(export "{name}" (func (type 0)))"#))
                .collect();
            let found = of(&format!(
                r#"(component (type $batch (instance (type (func)) {exports}))
                (import "wasi:keyvalue/batch@0.2.0-{draft}" (instance (type $batch))))"#
            ));
            assert_eq!(found.wasi, [""; 0]);
            let unknown = |text: &String| text.contains("wasi:keyvalue");
            let obstacles: Vec<String> = found.obstacles.iter().map(ToString::to_string).collect();
            assert!(!obstacles.iter().any(unknown), "{obstacles:?}");
            let needs = found.needs.iter();
            needs
                .map(|need| (need.permission, need.writes))
                .collect::<Vec<_>>()
        };
        let (looking, changing) = ((Permission::Storage, false), (Permission::Storage, true));
        assert_eq!(with(&[]), []);
        assert_eq!(with(&["get-many"]), [looking]);
        assert_eq!(with(&["set-many", "delete-many"]), [changing]);
        assert_eq!(with(&["get-many", "set-many"]), [looking, changing]);
    }
}

/// What is no code is an error that says what it looks like.
#[test]
fn other_bytes_are_refused() {
    assert!(error(b"").contains("empty"));
    assert!(error(b"(module)").contains("text format"));
    assert!(error(b"hello").contains("does not begin"));
    let whole = wat::parse_str(r#"(module (import "rusm" "self" (func (result i64))))"#).unwrap();
    for length in 1..whole.len() {
        let found = inspect(whole.get(..length).unwrap());
        // Cut between two sections it is a shorter module, and anywhere else an error.
        assert!(found.is_err() || length >= 8, "{length}: {found:?}");
    }
}

/// Names from the code never reach anybody with what steers a terminal.
#[test]
fn names_are_escaped() {
    let found = of(
        "(module (import \"a\\1b[2J\" \"b\\0ac\\e2\\80\\ae\" (func)) (func (export \"x\\1b\")))",
    );
    let text = format!("{found:?}");
    assert!(!text.contains(rusm_caps::is_steering), "{text}");
    assert!(found.imports.first().unwrap().name.len() < 60);
}

/// Lists are cut and what is cut is counted; what is cut counts for the risk all the same.
#[test]
fn long_lists_are_cut() {
    let imports: String = (0..1_500)
        .map(|n| format!(r#"(import "a" "f{n:04}" (func))"#))
        .collect();
    let last = r#"(import "rusm" "load" (func (param i32 i32 i32 i32) (result i32)))"#;
    let found = of(&format!("(module {imports}{last})"));
    assert_eq!((found.imports.len(), found.n_more_imports), (1_000, 501));
    assert!(found.obstacles.len() <= Inspection::LISTED_MAX);
    assert_eq!(found.risk(), Risk::Critical);
}

/// What would only fill memory is refused, whether it is imported, exported or declared.
#[test]
fn lists_without_end_are_refused() {
    const N: u32 = 150_000;
    let imports: String = (0..N)
        .map(|n| format!(r#"(import "a" "{n}" (func))"#))
        .collect();
    let exports: String = (0..N)
        .map(|n| format!(r#"(export "{n}" (func 0))"#))
        .collect();
    let types = "(type bool)".repeat(usize::try_from(N).unwrap());
    let functions = r#"(export "NAME" (func (type 0)))"#;
    let functions: String = (0..1_000)
        .map(|n| functions.replace("NAME", &format!("f{n}")))
        .collect();
    let shared: String = (0..1_000)
        .map(|n| format!(r#"(import "a:b/c{n}" (instance (type 0)))"#))
        .collect();
    for wat in [
        format!("(component (type (instance (type (func)) {functions})) {shared})"),
        format!("(module {imports})"),
        format!("(module (func) {exports})"),
        format!("(component {types})"),
    ] {
        assert!(error(&wat::parse_str(wat).unwrap()).contains("more than 100000"));
    }
}
