//! Shapes of small programs, and of what is none.

use super::*;

fn shape(text: &str) -> Result<Shape, CodeError> {
    read(&wat::parse_str(text).unwrap())
}

#[test]
fn a_module_tells_its_imports_and_its_entry() {
    let shape = shape(
        r#"(module (import "rusm" "send" (func)) (import "rusm" "send" (func)) (import "wasi_snapshot_preview1" "fd_write" (func))
             (func (export "_start")))"#,
    );
    let imports = vec![
        "rusm/send".to_owned(),
        "wasi_snapshot_preview1/fd_write".to_owned(),
    ];
    assert_eq!(
        shape.unwrap(),
        Shape {
            kind: Kind::Module,
            entry: Entry::Start,
            imports,
            is_concurrent: false
        }
    );
}

#[test]
fn only_the_outermost_component_counts_and_inner_ones_are_read_for_concurrency() {
    let shape = shape(
        r#"(component
             (import "wasi:io/poll@0.2.3" (instance))
             (component (import "inner:only/thing" (instance)) (core module (import "a" "b" (func))))
             (instance $run)
             (export "wasi:cli/run@0.2.3" (instance $run)))"#,
    )
    .unwrap();
    assert_eq!(
        (shape.kind, shape.entry, shape.is_concurrent),
        (Kind::Component, Entry::Run, false)
    );
    assert_eq!(shape.imports, ["wasi:io/poll@0.2.3"]);
}

#[test]
fn what_uses_concurrency_is_recognised_by_name_by_type_and_by_function() {
    let run = r#"(instance $run) (export "wasi:cli/run@0.2.3" (instance $run))"#;
    for text in [
        r#"(component (instance $run) (export "wasi:cli/run@0.3.0" (instance $run)))"#.to_owned(),
        format!(r#"(component (import "wasi:clocks/monotonic-clock@0.3.0" (instance)) {run})"#),
        format!(r#"(component (import "a:b/c" (instance (export "f" (func async)))) {run})"#),
        format!(r#"(component (component (type (stream u8))) {run})"#),
    ] {
        assert!(shape(&text).unwrap().is_concurrent, "{text}");
    }
    assert!(!shape(&format!("(component {run})")).unwrap().is_concurrent);
}

#[test]
fn code_without_an_entry_says_what_it_has_instead() {
    let error =
        shape(r#"(module (func (export "add")) (func (export "_initialize")))"#).unwrap_err();
    assert!(
        error.to_string().contains("_start") && error.to_string().contains("add, _initialize"),
        "{error}"
    );
    let error = shape("(component)").unwrap_err();
    assert!(
        error.to_string().contains("wasi:cli/run") && error.to_string().contains("nothing"),
        "{error}"
    );
}

#[test]
fn what_is_not_webassembly_is_named() {
    for (bytes, expected) in [
        (&b""[..], "empty"),
        (b"(module)", "text format"),
        (b"\x7fELF....", "native program"),
        (b"hello", "does not begin"),
        (b"\0asm", "not valid"),
        (b"\0asm\x01\0\0\0\xff\xff\xff", "not valid"),
    ] {
        let error = read(bytes).unwrap_err().to_string();
        assert!(error.contains(expected), "{error}");
    }
}
