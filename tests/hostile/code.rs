//! Bytes that are no program, or a malicious one: each is one clear error, or code that ends itself at most.

use super::Neighbour;
use crate::support::{BOTH_PATHS, Scenario, guest};
use crate::trial::Court;
use rusm_core::{CodeError, ExitReason};

#[track_caller]
fn error(scenario: &Scenario, wasm: &[u8]) -> CodeError {
    match scenario.runtime.load("suspect", wasm) {
        Err(error) => error,
        Ok(program) => panic!("it was loaded: {program:?}"),
    }
}

fn wat(text: &str) -> Vec<u8> {
    wat::parse_str(text).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

/// Nothing, a text, another program, another version, and no WebAssembly at all: the error says what it looks like.
#[test]
fn what_is_no_webassembly_is_named() {
    let scenario = Scenario::new();
    for (bytes, text) in [
        (&b""[..], "the file is empty"),
        (b"(module)", "this is the text format"),
        (b"\x7fELF\x02\x01\x01", "a native program"),
        (b"MZ\x90\0", "a Windows program"),
        (b"\0as", "does not begin with the bytes"),
        (b"#!/bin/sh\n", "does not begin with the bytes"),
        (b"\0asm", "not valid"),
        (b"\0asm\x02\0\0\0", "not valid"),
        (b"\0asm\xff\xff\xff\xff", "not valid"),
    ] {
        let error = error(&scenario, bytes).to_string();
        assert!(error.contains(text), "{bytes:?}: {error}");
    }
}

/// A program cut at every 64th byte is an error, unless only what follows its code is missing.
#[test]
fn truncated_code_is_an_error() {
    let scenario = Scenario::new();
    for path in BOTH_PATHS {
        let whole = guest("stock_exit", path);
        let mut loaded = Vec::new();
        for length in (0..whole.len()).step_by(64) {
            match scenario.runtime.load("cut", &whole[..length]) {
                Ok(_) => loaded.push(length),
                Err(
                    CodeError::NotWasm { .. }
                    | CodeError::Invalid { .. }
                    | CodeError::NoEntry { .. },
                ) => {}
                Err(other) => panic!("{path:?}, {length} bytes: {other}"),
            }
        }
        let whole_at = whole.len() / 2;
        assert!(
            loaded.iter().all(|length| *length > whole_at),
            "{path:?}: {loaded:?} of {}",
            whole.len()
        );
    }
}

/// Random bytes behind the right beginning, from a fixed seed.
#[test]
fn random_bytes_are_an_error() {
    let scenario = Scenario::new();
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut random = || {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        state.to_le_bytes()[3]
    };
    for begin in [&b""[..], b"\0asm\x01\0\0\0", b"\0asm\x0d\0\x01\0"] {
        for length in [1, 9, 100, 10_000] {
            for _ in 0..20 {
                let bytes: Vec<u8> = begin
                    .iter()
                    .copied()
                    .chain((0..length).map(|_| random()))
                    .collect();
                let error = error(&scenario, &bytes);
                assert!(
                    matches!(error, CodeError::NotWasm { .. } | CodeError::Invalid { .. }),
                    "{error}"
                );
            }
        }
    }
}

/// An import that nobody provides is named, with the nearest one that exists; so is one of another kind or type.
#[test]
fn an_import_that_nobody_provides_is_named() {
    let scenario = Scenario::new();
    let entry = r#"(func (export "_start"))"#;
    for (import, texts) in [
        (
            r#"(import "rusm" "sent" (func))"#,
            &["rusm/sent", "did you mean rusm/send?"][..],
        ),
        (
            r#"(import "wasi_snapshot_preview1" "fd_wirte" (func))"#,
            &["fd_wirte", "did you mean wasi_snapshot_preview1/fd_write?"],
        ),
        (r#"(import "env" "alien" (func))"#, &["env/alien"]),
        (
            r#"(import "rusm" "self" (func (result i32)))"#,
            &["rusm/self", "type"],
        ),
        (
            r#"(import "rusm" "self" (global i32))"#,
            &["rusm/self", "type"],
        ),
        (r#"(import "rusm" "memory" (memory 1))"#, &["rusm/memory"]),
        (
            r#"(import "rusm" "send" (table 1 funcref))"#,
            &["rusm/send", "type"],
        ),
    ] {
        let error = error(&scenario, &wat(&format!("(module {import} {entry})"))).to_string();
        for text in texts {
            assert!(error.contains(text), "{import}: {error}");
        }
    }
    let component = r#"(component
        (import "rusm:actor/proces@0.1.0" (instance))
        (core module $m (func (export "run") (result i32) (i32.const 0)))
        (core instance $i (instantiate $m))
        (func $run (result (result)) (canon lift (core func $i "run")))
        (instance $e (export "run" (func $run)))
        (export "wasi:cli/run@0.2.0" (instance $e)))"#;
    let found = error(&scenario, &wat(component)).to_string();
    for text in [
        "rusm:actor/proces@0.1.0",
        "did you mean rusm:actor/process?",
    ] {
        assert!(found.contains(text), "{found}");
    }
}

/// Without an entry that a process could run, or with one of another type, code is refused.
#[test]
fn code_without_an_entry_is_refused() {
    let scenario = Scenario::new();
    for (text, expected) in [
        ("(module)", "_start"),
        (r#"(module (func (export "main")))"#, "it exports main"),
        (r#"(module (func (export "_start") (param i32)))"#, "_start"),
        (
            r#"(module (global (export "_start") i32 (i32.const 0)))"#,
            "_start",
        ),
        ("(component)", "wasi:cli/run"),
        (
            r#"(component (component $c) (instance $i (instantiate $c)) (export "wasi:cli/run@0.2.0" (instance $i)))"#,
            "run",
        ),
    ] {
        let error = error(&scenario, &wat(text));
        assert!(
            matches!(error, CodeError::NoEntry { .. }),
            "{text}: {error}"
        );
        assert!(error.to_string().contains(expected), "{text}: {error}");
    }
}

/// Declared sizes without measure: refused at load or when it is to start, never given.
#[test]
fn sizes_without_measure_never_start() {
    let court = Court::new();
    let neighbour = Neighbour::in_node(&court.scenario);
    for declared in [
        "(memory 65536)",
        "(memory i64 0x1000000000)",
        "(table 0xffffffff funcref)",
        "(table 1000000000 externref)",
    ] {
        let wasm = wat(&format!(r#"(module {declared} (func (export "_start")))"#));
        match court.scenario.runtime.load(declared, &wasm) {
            Err(error) => assert!(
                matches!(
                    error,
                    CodeError::Invalid { .. } | CodeError::NotCompiled { .. }
                ),
                "{error}"
            ),
            Ok(_) => {
                let outcome = court.run(declared, &wasm);
                assert!(
                    matches!(outcome.reason, ExitReason::NotStarted(_)),
                    "{declared}: {}",
                    outcome.reason
                );
            }
        }
    }
    neighbour.still_answers();
}

/// Nesting without measure, of blocks and of components, costs an error at most.
#[test]
fn deep_nesting_is_survived() {
    let court = Court::new();
    let neighbour = Neighbour::in_node(&court.scenario);
    let blocks = format!(
        r#"(module (func (export "_start") {} {}))"#,
        "block ".repeat(20_000),
        "end ".repeat(20_000)
    );
    if court.scenario.runtime.load("blocks", &wat(&blocks)).is_ok() {
        assert_eq!(
            court.run("blocks", &wat(&blocks)).reason,
            ExitReason::Normal
        );
    }
    let begin = b"\0asm\x0d\0\x01\0";
    let mut nested = begin.to_vec();
    for _ in 0..5_000 {
        let mut outer = begin.to_vec();
        outer.push(4);
        let mut length = nested.len();
        while length >= 0x80 {
            outer.push(u8::try_from(length & 0x7f).unwrap() | 0x80);
            length >>= 7;
        }
        outer.push(u8::try_from(length).unwrap());
        outer.extend(&nested);
        nested = outer;
    }
    let error = error(&court.scenario, &nested);
    assert!(
        matches!(error, CodeError::NoEntry { .. } | CodeError::Invalid { .. }),
        "{error}"
    );
    neighbour.still_answers();
}

/// Ten thousand functions are nothing unusual.
#[test]
fn ten_thousand_functions_run() {
    let functions: String = (1..10_000)
        .map(|n| format!("(func $f{n} (call $f{}))", n - 1))
        .collect();
    let wasm = wat(&format!(
        r#"(module (func $f0) {functions} (func (export "_start") (call $f9)))"#
    ));
    assert_eq!(Court::new().run("many", &wasm).reason, ExitReason::Normal);
}

/// Code over the bound is refused before it is looked at.
#[test]
fn code_over_the_bound_is_refused() {
    let error = error(&Scenario::new(), &vec![0; (256 << 20) + 1]);
    assert!(
        matches!(
            error,
            CodeError::TooLarge {
                max_bytes: 268_435_456,
                ..
            }
        ),
        "{error}"
    );
}
