//! Pointers, lengths and counts that lie, through both guest paths.

use super::Neighbour;
use crate::denials::{PREVIEW1, preview1_imports};
use crate::forge::{Interfaces, Wasi, module};
use crate::trial::{Court, Outcome, nothing};
use rusm_abi::{IMPORTS, Import, Value};
use rusm_core::{ExitReason, Limit};

/// What a trap says that `abi/raw.md` documents.
const DOCUMENTED: &[&str] = &[
    "are not all inside the memory",
    "cannot be read",
    "is not UTF-8",
    "0 was given as a pid",
    "was given as a name is none",
    "no permission is called",
    "a process may have at most",
];

/// A link with nobody is an exit signal at once, and a guest that does not trap it ends.
fn is_end_by_link(label: &str, reason: &ExitReason) -> bool {
    label.contains("link ") && *reason == ExitReason::NoProcess
}

/// The guest was answered, or ended with a trap that says what it did.
#[track_caller]
fn assert_documented(label: &str, outcome: &Outcome) {
    if outcome.reason == ExitReason::Normal || is_end_by_link(label, &outcome.reason) {
        return;
    }
    let ExitReason::Trap(text) = &outcome.reason else {
        panic!("{label}: {}", outcome.reason)
    };
    assert!(
        DOCUMENTED.iter().any(|known| text.contains(known)),
        "{label}: {text}"
    );
}

/// A call with these numbers for the 32-bit parameters, and this one for all others.
fn call(import: &Import, mut small: impl FnMut(usize) -> i64, wide: i64) -> String {
    let argument = |(index, value): (usize, &Value)| match value {
        Value::I32 => format!("(i32.const {})", small(index) & 0xffff_ffff),
        Value::I64 => format!("(i64.const {wide})"),
    };
    let arguments: String = import.params.iter().enumerate().map(argument).collect();
    let dropped = if import.result.is_some() {
        "(drop)"
    } else {
        ""
    };
    format!("(call ${} {arguments}) {dropped}", import.name)
}

fn run(court: &Court, import: &Import, label: &str, call: &str) -> Outcome {
    let text = crate::denials::raw_import(import);
    court.run(label, &module(&text, call))
}

/// Those that wait for ever when they are asked to.
fn waits(import: &Import) -> bool {
    import.name == "receive"
}

/// Every import with the same lie everywhere, and with one lie at a time.
#[test]
fn no_raw_import_believes_a_number() {
    let court = Court::new();
    let neighbour = Neighbour::in_node(&court.scenario);
    let lies = [
        1,
        -1,
        0x7fff_ffff,
        0x8000_0000,
        0xffff,
        0x1_0000,
        0xffff_fff0,
    ];
    for import in IMPORTS {
        for lie in lies {
            for wide in [1, -1, i64::MAX, i64::MIN] {
                if waits(import) && wide != 1 {
                    continue;
                }
                let label = format!("{} {lie} {wide}", import.name);
                assert_documented(
                    &label,
                    &run(&court, import, &label, &call(import, |_| lie, wide)),
                );
            }
            for place in 0..import.params.len() {
                let label = format!("{} {lie} at {place}", import.name);
                let lie_there = |index| if index == place { lie } else { 0 };
                assert_documented(
                    &label,
                    &run(&court, import, &label, &call(import, lie_there, 1)),
                );
            }
        }
    }
    neighbour.still_answers();
}

/// Records of zeros of every length up to the longest head: each is read whole or refused.
#[test]
fn a_record_cut_anywhere_is_refused() {
    let court = Court::new();
    let neighbour = Neighbour::in_node(&court.scenario);
    let readers = ["exit", "signal", "receive", "spawn", "kv-transact"];
    for import in IMPORTS
        .iter()
        .filter(|import| readers.contains(&import.name))
    {
        for length in 0..48 {
            let label = format!("{} {length}", import.name);
            // Pointers are 0; every length is this one.
            let mut is_length = true;
            let numbers = |_| {
                is_length = !is_length;
                if is_length { length } else { 0 }
            };
            assert_documented(
                &label,
                &run(&court, import, &label, &call(import, numbers, 1)),
            );
        }
    }
    neighbour.still_answers();
}

/// Unaligned places, and places that overlap: bytes are read before any is written.
#[test]
fn buffers_may_lie_anywhere_and_overlap() {
    let imports: String = IMPORTS.iter().map(crate::denials::raw_import).collect();
    // A selector for tag 5 at 101, and the event is written over it; then a name is read from what was written.
    let body = "
        (i32.store (i32.const 117) (i32.const 1)) (i64.store (i32.const 121) (i64.const 5))
        (call $check (i32.eqz (call $send (call $self) (i32.const 0) (i32.const 0) (i64.const 5) (i32.const 101) (i32.const 28))))
        (call $check (i32.eq (i32.const 60)
            (call $receive (i32.const 101) (i32.const 28) (i64.const 0) (i32.const 103) (i32.const 60))))
        (call $check (i64.eq (i64.load (i32.const 111)) (call $self)))
        (call $check (i64.eq (i64.load (i32.const 119)) (i64.const 5)))
        (call $check (i32.eq (i32.load (i32.const 151)) (i32.const 1)))";
    let outcome = Court::new().run("overlapping", &module(&imports, body));
    assert_eq!(outcome.reason, ExitReason::Normal);
}

/// Without a memory, with another export of that name, and with a memory of 64 bits.
#[test]
fn a_memory_that_is_none_is_told_apart() {
    let court = Court::new();
    let neighbour = Neighbour::in_node(&court.scenario);
    let call = "(drop (call $whereis (i32.const 0) (i32.const 1)))";
    let import = IMPORTS
        .iter()
        .find(|import| import.name == "whereis")
        .map(crate::denials::raw_import)
        .unwrap();
    for (label, items) in [
        ("none", ""),
        ("hidden", "(memory 1)"),
        ("misnamed", r#"(memory (export "Memory") 1)"#),
        (
            "a global",
            r#"(global (export "memory") i32 (i32.const 0))"#,
        ),
        ("a function", r#"(func (export "memory"))"#),
        ("a table", r#"(table (export "memory") 1 funcref)"#),
    ] {
        let wat = format!(r#"(module {import} {items} (func (export "_start") {call}))"#);
        let outcome = court.run(label, &wat::parse_str(&wat).unwrap());
        let ExitReason::Trap(text) = &outcome.reason else {
            panic!("{label}: {}", outcome.reason)
        };
        assert!(
            text.contains("exports no memory called 'memory'"),
            "{label}: {text}"
        );
    }
    let wide = format!(
        r#"(module {import} (memory (export "memory") i64 1) (func (export "_start") {call}))"#
    );
    assert_eq!(
        court.run("wide", &wat::parse_str(&wide).unwrap()).reason,
        ExitReason::Normal
    );
    neighbour.still_answers();
}

/// Every function that a component can import, with lies for pointers, lengths, handles and cases of variants.
#[test]
fn no_import_of_a_component_believes_a_number() {
    let court = Court::new();
    let neighbour = Neighbour::in_node(&court.scenario);
    // These wait for as long as they are told.
    let waiting = ["receive", "wait-until", "wait-for"];
    for wasi in [Wasi::V02, Wasi::V03] {
        for function in Interfaces::of(wasi).functions() {
            if function.params.is_empty() || waiting.contains(&function.name.as_str()) {
                continue;
            }
            for lie in [-1, 1, 0x7fff_ffff, 0xfffe] {
                let label = format!("{}.{} {lie}", function.interface, function.name);
                let wasm =
                    Interfaces::of(wasi).component(&function.import(), &function.call_with(lie));
                if court.scenario.runtime.load(&label, &wasm).is_err() {
                    // In the WIT and not linked; `denials` says which these are.
                    continue;
                }
                let outcome = court.run(&label, &wasm);
                let is_own_end = function.name == "exit"
                    || is_end_by_link(&label, &outcome.reason)
                    || matches!(
                        outcome.reason,
                        ExitReason::Normal
                            | ExitReason::Trap(_)
                            | ExitReason::Error(_)
                            | ExitReason::Limit(Limit::Memory)
                    );
                assert!(is_own_end, "{label}: {}", outcome.reason);
                assert!(
                    !outcome.reason.to_string().contains("panic"),
                    "{label}: {}",
                    outcome.reason
                );
            }
        }
    }
    neighbour.still_answers();
}

/// How much one call of a component makes the host copy is bounded: over a payload's bound it is told so, and far over
/// it the call ends the guest before the bytes are copied.
#[test]
fn a_component_cannot_make_the_host_copy_without_measure() {
    let functions = Interfaces::of(Wasi::V02).functions();
    let send = functions
        .iter()
        .find(|function| function.name == "send")
        .expect("it is in the WIT");
    let profile = |name: &str| {
        let builder = nothing()
            .to_builder(name)
            .with_limits(|limits| limits.max_memory_bytes = 256 << 20);
        builder.build().expect("it can be honoured")
    };
    let court = Court::new();
    // To pid 1, who is nobody: `to` is a case and its number, then tag, payload, and where the answer goes.
    let sending = |megabytes: u32| {
        let body = format!(
            "(drop (memory.grow (i32.const 4000)))
            (call $it (i32.const 0) (i64.const 1) (i32.const 0) (i64.const 7) (i32.const 0) (i32.const {}) (i32.const 64))
            (call $check (i32.eq (i32.load8_u (i32.const 64)) (i32.const 1)))
            (call $check (i32.eq (i32.load8_u (i32.const 68)) (i32.const 3)))",
            megabytes << 20
        );
        Interfaces::of(Wasi::V02).component(&send.import(), &body)
    };
    let told = court.run_as(profile("told"), "told", &sending(17), [""; 0]);
    assert_eq!(told.reason, ExitReason::Normal, "17 MiB are too large");
    let ended = court.run_as(profile("ended"), "ended", &sending(100), [""; 0]);
    assert_eq!(
        ended.reason,
        ExitReason::Limit(Limit::Memory),
        "the call itself ends it"
    );
}

/// The functions of preview 1, with the same lie everywhere and on the standard streams.
#[test]
fn no_function_of_preview1_believes_a_number() {
    let court = Court::new();
    let neighbour = Neighbour::in_node(&court.scenario);
    for (name, params, _) in PREVIEW1 {
        for lie in [1, 2, -1, 0x7fff_ffff, 0xffff, 0xffff_fff0] {
            let argument = |param: char| match param {
                'I' => format!("(i64.const {lie})"),
                _ => format!("(i32.const {})", lie & 0xffff_ffff_i64),
            };
            let arguments: String = params.chars().map(argument).collect();
            let dropped = if *name == "proc_exit" { "" } else { "(drop)" };
            let call = format!("(call ${name} {arguments}) {dropped}");
            let label = format!("{name} {lie}");
            let reason = court
                .run(&label, &module(&preview1_imports(), &call))
                .reason;
            let is_own_end = matches!(
                reason,
                ExitReason::Normal | ExitReason::Trap(_) | ExitReason::Limit(Limit::Memory)
            );
            assert!(is_own_end || *name == "proc_exit", "{label}: {reason}");
            assert!(!reason.to_string().contains("panic"), "{label}: {reason}");
        }
    }
    neighbour.still_answers();
}
