//! What passes, and each way to be too much.

use super::*;

fn checked(text: &str, bounds: &Bounds) -> Result<(), CodeError> {
    check(&wat::parse_str(text).unwrap(), bounds)
}

/// Which bound it was.
#[track_caller]
fn refused(text: &str) -> &'static str {
    let error = checked(text, &Bounds::GUEST).unwrap_err();
    let CodeError::TooMuch { what, found, most } = error else {
        panic!("{error}")
    };
    assert!(found > most, "{found} of {most} {what}");
    what
}

#[test]
fn an_ordinary_program_is_within_both_bounds() {
    let text = r#"(module (import "rusm" "send" (func)) (memory 1) (table 10 funcref) (global i32 (i32.const 7))
        (func (export "_start") (local i32 i64)
            (block $out (loop $again (local.set 0 (i32.add (local.get 0) (i32.const 1)))
                (br_table $again $out (local.get 0)))))
        (data (i32.const 0) "hello"))"#;
    checked(text, &Bounds::GUEST).unwrap();
    checked(text, &Bounds::OPERATOR).unwrap();
}

#[test]
fn each_count_has_its_bound() {
    let many = |item: &str, n: usize| format!("(module {})", item.repeat(n));
    for (text, what) in [
        (many("(func)", 50_001), "functions"),
        (many("(type (func))", 10_001), "types"),
        (many(r#"(import "a" "b" (global i32))"#, 10_001), NAMES),
        (many("(global i32 (i32.const 0))", 10_001), "globals"),
        (many("(memory 0)", 17), "memories"),
        (many("(table 0 funcref)", 101), "tables"),
        (many(r#"(data "x")"#, 20_001), SEGMENTS),
        (
            format!("(module (func (local {})))", "i64 ".repeat(10_001)),
            "locals in a function",
        ),
        (
            format!("(component {})", "(core module)".repeat(501)),
            "parts",
        ),
        (
            format!("{}{}", "(component ".repeat(20), ")".repeat(20)),
            "levels of components",
        ),
        (
            format!("(module (func {}))", "(nop)".repeat(1 << 20)),
            "bytes in a function",
        ),
        (
            format!(
                "(module (func {} {}))",
                "block ".repeat(3_000),
                "end ".repeat(3_000)
            ),
            "blocks within blocks",
        ),
    ] {
        assert_eq!(refused(&text), what);
    }
}

/// What is spread over many modules of one component counts in all.
#[test]
fn counts_are_sums_over_what_is_nested() {
    let module = format!("(core module {})", "(memory 0)".repeat(9));
    assert_eq!(
        refused(&format!("(component {module} {module})")),
        "memories"
    );
}

/// Few bytes that are much work: a local for each of many loops, many values for each target of a jump table.
#[test]
fn work_out_of_proportion_to_the_bytes_is_refused() {
    let locals: String = (0..6_000)
        .map(|n| format!("(local.get {n}) drop "))
        .collect();
    let loops = format!(
        "{} {locals} {}",
        "loop ".repeat(1_900),
        "end ".repeat(1_900)
    );
    let text = format!(
        "(module {})",
        format!("(func (local {}) {loops})", "i64 ".repeat(6_000)).repeat(3)
    );
    let what = "instructions of work for the compiler";
    assert_eq!(refused(&text), what);

    let values = "i32 ".repeat(500);
    let pushes = "(i32.const 0) ".repeat(500);
    let table = format!("br_table {}", "0 ".repeat(40_000));
    let text = format!(
        "(module (type $t (func (result {values})))
            (func (block (type $t) {pushes} (i32.const 0) {table}) {}))",
        "drop ".repeat(500)
    );
    assert_eq!(refused(&text), what);
}

#[test]
fn bytes_that_cannot_be_read_are_an_error() {
    let error = check(b"\0asm\x01\0\0\0\x0a\xff\xff", &Bounds::GUEST).unwrap_err();
    assert!(matches!(error, CodeError::Invalid { .. }), "{error}");
}
