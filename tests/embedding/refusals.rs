//! Host functions that are not granted, not provided, or go wrong: one process ends, with its reason, and nothing else.

use super::{CHARGE, PAYS, bank, both, charge, court, customer, granted, only_pay, refuse_if};
use crate::app::{component, plan};
use crate::forge::module;
use crate::support::{BOTH_PATHS, GuestPath};
use crate::trial::{Court, assert_sentence, nothing};
use rusm_caps::{Limits, Permission, Profile, Request};
use rusm_core::{
    CodeError, CoreValue, ExitReason, HostFunction, HostFunctionError, HostInterface, RawFunction,
};
use std::path::Path;

/// Gives all host functions up.
fn drops(path: GuestPath) -> (&'static str, &'static str) {
    match path {
        GuestPath::Core => (
            r#"(import "rusm" "drop" (func $drop (param i32 i32))) (data (i32.const 32) "host-functions")"#,
            "(call $drop (i32.const 32) (i32.const 14))",
        ),
        GuestPath::Component => (
            r#"(import "rusm:actor/permissions@0.1.0" "drop" (func $drop (param i32 i32))) (data (i32.const 32) "host-functions")"#,
            "(call $drop (i32.const 32) (i32.const 14))",
        ),
    }
}

/// Pays, and wants a cent back.
fn refunding(path: GuestPath) -> Vec<u8> {
    let refund = "(call $refund (i32.const 16) (i32.const 5) (i64.const 1) (i32.const 64))";
    customer(path, "", &format!("{PAYS} {refund}"))
}

#[track_caller]
fn trap(reason: &ExitReason) -> &str {
    let ExitReason::Trap(text) = reason else {
        panic!("{reason}, and not a trap");
    };
    text
}

/// What a profile grants nothing of is not there for its process: it does not start, and the audit is told.
#[test]
fn code_that_imports_an_ungranted_host_function_does_not_start() {
    let court = court(|builder| builder.host_interface(bank()));
    for path in BOTH_PATHS {
        for profile in [nothing(), Profile::trusted(), granted(&[])] {
            let outcome = court.run_as(profile, "customer", &customer(path, "", PAYS), [""; 0]);
            let ExitReason::NotStarted(text) = &outcome.reason else {
                panic!("{path:?}: {}", outcome.reason);
            };
            assert!(text.contains("may not call the host function"), "{text}");
            assert!(
                text.contains("host-functions = [\"acme:billing/charge@1.2.0"),
                "{text}"
            );
            let [record] = &*outcome.denied else {
                panic!("{:#?}", outcome.denied);
            };
            assert_sentence(
                record,
                "customer",
                "host-functions",
                "call the host function",
            );
        }
    }
}

/// A function that is not granted beside one that is: a module does not start, a component's call is denied. Either
/// way the ungranted function never runs.
#[test]
fn each_function_is_granted_for_itself() {
    let interface = charge();
    let interface = both(interface, "pay", |_, _, cents| Ok(Ok(cents + 100)));
    let interface = both(interface, "refund", |_, _, _| {
        panic!("nobody may call this")
    });
    let court = court(|builder| builder.host_interface(interface));
    for path in BOTH_PATHS {
        let wasm = refunding(path);
        let outcome = court.run_as(
            granted(&["acme:billing/charge#pay"]),
            "customer",
            &wasm,
            [""; 0],
        );
        let text = outcome.reason.to_string();
        assert!(
            text.contains("may not call the host function"),
            "{path:?} {text}"
        );
        assert!(text.contains("refund"), "{path:?} {text}");
        assert_eq!(outcome.denied.len(), 1);
    }
}

/// A right that was given up is gone for host functions too: the next call ends the process, or gets the answer that
/// the embedder made for that.
#[test]
fn a_call_after_the_right_was_given_up_is_denied() {
    let silent = court(|builder| builder.host_interface(bank()));
    let answering = court(|builder| builder.host_interface(answering()));
    for path in BOTH_PATHS {
        let (items, drop) = drops(path);
        let run = |court: &Court, body: &str| {
            let wasm = customer(path, items, &format!("{PAYS} {drop} {body}"));
            court.run_as(
                granted(&["acme:billing/charge"]),
                "customer",
                &wasm,
                [""; 0],
            )
        };
        let outcome = run(&silent, PAYS);
        let text = trap(&outcome.reason);
        assert!(text.contains("may not call the host function"), "{text}");
        assert!(text.contains("does not come back"), "{text}");
        assert_eq!(outcome.denied.len(), 1);

        let is_refused = "
            (call $pay (i32.const 16) (i32.const 5) (i64.const 250) (i32.const 64))
            (call $check (i32.eq (i32.load8_u (i32.const 64)) (i32.const 1)))";
        let outcome = run(&answering, is_refused);
        assert_eq!(outcome.reason, ExitReason::Normal, "{path:?}");
        assert_eq!(outcome.denied.len(), 1);
    }
}

/// The bank, with an answer for those who may not.
fn answering() -> HostInterface {
    let pay = HostFunction::new(|_, (_, cents): (String, u64)| Ok((Ok(cents + 100),)));
    let pay = pay.when_denied(|denied| (Err(denied.to_string()),));
    let raw = RawFunction::new(super::PARAMS, [], |call, args| {
        super::raw(call, args, |_, _, cents| Ok(Ok(cents + 100)))
    });
    let raw = raw.when_denied(|call, _| call.write(64, &[1]).map(|()| Vec::new()));
    let no = HostFunction::new(|_, _: (String, u64)| Ok((Err::<u64, _>(String::new()),)));
    charge()
        .function("pay", pay)
        .raw_function("pay", raw)
        .function("refund", no)
        .raw_function(
            "refund",
            RawFunction::new(super::PARAMS, [], |_, _| Ok(vec![])),
        )
}

/// A decision function is asked for each call, by the function's full name.
#[test]
fn a_decision_function_can_refuse_a_call() {
    let court = court(|builder| {
        builder
            .host_interface(bank())
            .decide(Permission::HostFunctions, |question| {
                let refunds = |name: &str| name.ends_with("#refund");
                let request = question.request;
                let refused = matches!(request, Request::HostFunction { name } if refunds(name));
                refuse_if(refused, "refunds need a person")
            })
    });
    for path in BOTH_PATHS {
        let wasm = refunding(path);
        let outcome = court.run_as(
            granted(&["acme:billing/charge"]),
            "customer",
            &wasm,
            [""; 0],
        );
        let text = trap(&outcome.reason);
        assert!(text.contains("acme:billing/charge@1.2.0#refund"), "{text}");
        assert!(text.contains("refunds need a person"), "{text}");
        let [record] = &*outcome.denied else {
            panic!("{:#?}", outcome.denied);
        };
        assert!(record.sentence.contains("refunds need a person"));
    }
}

/// A panic, and an error, in a host function end the calling process with a clear reason; the node goes on.
#[test]
fn a_panic_in_a_host_function_ends_one_process() {
    let broken = |failure: fn() -> HostFunctionError| {
        charge()
            .function(
                "pay",
                HostFunction::new(move |_, _: (String, u64)| {
                    Err::<(Result<u64, String>,), _>(failure())
                }),
            )
            .raw_function(
                "pay",
                RawFunction::new(super::PARAMS, [], move |_, _| Err(failure())),
            )
    };
    let waiting = |failure: fn() -> HostFunctionError| {
        charge()
            .function(
                "pay",
                HostFunction::waiting(move |_, _: (String, u64)| async move {
                    Err::<(Result<u64, String>,), _>(failure())
                }),
            )
            .raw_function(
                "pay",
                RawFunction::waiting(super::PARAMS, [], move |_, _| {
                    Box::pin(async move { Err(failure()) })
                }),
            )
    };
    type Make<'a> = &'a dyn Fn(fn() -> HostFunctionError) -> HostInterface;
    let makes: [Make<'_>; 2] = [&broken, &waiting];
    for make in makes {
        let panics = make(|| panic!("the ledger\nis on fire"));
        let fails = make(|| HostFunctionError::new("the ledger\nis closed"));
        for (interface, said) in [
            (panics, "#pay panicked: the ledger is on fire"),
            (fails, "#pay failed: the ledger is closed"),
        ] {
            let court = court(|builder| builder.workers(1).host_interface(interface));
            for path in BOTH_PATHS {
                let wasm = only_pay(path, PAYS);
                let outcome = court.run_as(
                    granted(&["acme:billing/charge"]),
                    "customer",
                    &wasm,
                    [""; 0],
                );
                let text = trap(&outcome.reason);
                assert!(
                    text.contains(&format!("the host function {CHARGE}{said}")),
                    "{text}"
                );
                assert_eq!(
                    court.run("other", &module("", "")).reason,
                    ExitReason::Normal
                );
            }
        }
    }
}

/// What a guest hands in is bounded by its profile before it is copied, and pointers that lie are found.
#[test]
fn hostile_arguments_end_the_caller() {
    let court = court(|builder| builder.host_interface(bank()));
    let run = |path, change: fn(&mut Limits), pointer: &str, length: &str| {
        let call = format!(
            "(drop (memory.grow (i32.const 1))) (call $pay (i32.const {pointer}) (i32.const {length}) (i64.const 1) (i32.const 64))"
        );
        let profile = granted(&["acme:billing/charge"])
            .to_builder("customer")
            .with_limits(change);
        let wasm = customer(path, "", &call);
        court
            .run_as(profile.build().unwrap(), "customer", &wasm, [""; 0])
            .reason
    };
    for path in BOTH_PATHS {
        for (pointer, length) in [
            ("0xfffffff0", "0x20"),
            ("0x1ffff", "2"),
            ("0", "0x7fffffff"),
            ("1", "-1"),
        ] {
            let reason = run(path, |_| (), pointer, length);
            trap(&reason);
        }
    }
    let reason = run(
        GuestPath::Core,
        |limits| limits.max_call_bytes = 65_536,
        "0",
        "65537",
    );
    assert!(trap(&reason).contains("raise max-call-kb"), "{reason}");
    let reason = run(GuestPath::Core, |_| (), "0x1ffff", "2");
    assert!(
        trap(&reason).contains("not all inside the memory"),
        "{reason}"
    );
}

/// The answer of a host function goes inside the caller's memory or nowhere.
#[test]
fn an_answer_outside_the_callers_memory_ends_the_caller() {
    let court = court(|builder| builder.host_interface(bank()));
    for path in BOTH_PATHS {
        for result in ["0xfffffff8", "0x10000", "0xfffc"] {
            let call = format!(
                "(call $pay (i32.const 16) (i32.const 5) (i64.const 1) (i32.const {result}))"
            );
            let wasm = customer(path, "", &call);
            let outcome = court.run_as(
                granted(&["acme:billing/charge"]),
                "customer",
                &wasm,
                [""; 0],
            );
            trap(&outcome.reason);
        }
    }
}

/// What nobody provides is an error at load, with the nearest name; so is another type.
#[test]
fn imports_of_host_functions_are_checked_at_load() {
    let court = court(|builder| builder.host_interface(bank()));
    let load = |items: &str| court.scenario.runtime.load("it", &module(items, ""));
    let unknown = |items: &str, near: Option<&str>| {
        let Err(CodeError::UnknownImport { nearest, .. }) = load(items) else {
            panic!("{items}");
        };
        assert_eq!(nearest.as_deref(), near);
    };
    let func = "(func (param i32 i32 i64 i32))";
    unknown(
        &format!(r#"(import "acme:billing/charge@1.2.0" "pya" {func})"#),
        Some("acme:billing/charge@1.2.0/pay"),
    );
    unknown(
        &format!(r#"(import "acme:billing/charge" "pay" {func})"#),
        Some("acme:billing/charge@1.2.0/pay"),
    );
    unknown(
        &format!(r#"(import "else:where/fully" "other-thing" {func})"#),
        None,
    );
    let other_type = load(r#"(import "acme:billing/charge@1.2.0" "pay" (func (param i64)))"#);
    assert!(
        matches!(other_type, Err(CodeError::IncompatibleImport { .. })),
        "{other_type:?}"
    );

    let wit = super::WIT.replace("cents: u64", "cents: string");
    let changed = crate::forge::Interfaces::beside(
        crate::forge::Wasi::V02,
        &wit,
        &format!("import {CHARGE};"),
    );
    let items =
        r#"(import "acme:billing/charge@1.2.0" "pay" (func $pay (param i32 i32 i32 i32 i32)))"#;
    let loaded = court
        .scenario
        .runtime
        .load("it", &changed.component(items, ""));
    assert!(
        matches!(loaded, Err(CodeError::IncompatibleImport { .. })),
        "{loaded:?}"
    );
}

/// A grant that nothing stands behind stops the start, by manifest and by spawn.
#[test]
fn a_grant_of_what_nobody_provides_stops_the_start() {
    let court = court(|builder| builder.host_interface(bank()));
    for path in BOTH_PATHS {
        for (grants, refused) in [
            ("acme:billing/charge", None),
            ("acme:billing/chrage", Some("acme:billing/chrage")),
            ("acme:billing/charge#owe", Some("acme:billing/charge#owe")),
            (
                "acme:billing/charge@2.0.0",
                Some("acme:billing/charge@2.0.0"),
            ),
        ] {
            let manifest = format!(
                "{}\n[capabilities.teller]\nhost-functions = [\"{grants}\"]",
                component(
                    "teller",
                    "capability = \"teller\"\nrestart = \"temporary\"",
                    ""
                )
            );
            let booted = court
                .scenario
                .runtime
                .boot(&plan(path, &manifest, Path::new(".")));
            let problem = booted.err().map(|error| error.to_string());
            assert_eq!(problem.is_some(), refused.is_some(), "{problem:?}");
            if let (Some(problem), Some(refused)) = (problem, refused) {
                assert!(problem.contains("component 'teller'"), "{problem}");
                assert!(
                    problem.contains(&format!("grants the host function {refused}")),
                    "{problem}"
                );
                assert!(
                    problem.contains("there are acme:billing/charge@1.2.0"),
                    "{problem}"
                );
            }
        }
    }
    let outcome = court.run_as(
        granted(&["acme:other/thing"]),
        "it",
        &module("", ""),
        [""; 0],
    );
    assert!(
        matches!(&outcome.reason, ExitReason::NotStarted(text) if text.contains("acme:other/thing"))
    );
    let none = Court::new();
    let outcome = none.run_as(
        granted(&["acme:other/thing"]),
        "it",
        &module("", ""),
        [""; 0],
    );
    assert!(
        matches!(&outcome.reason, ExitReason::NotStarted(text) if text.contains("it has no host functions")),
        "{}",
        outcome.reason
    );
}

/// Results that are not what a raw function's type says end the caller, not the node.
#[test]
fn a_raw_function_that_breaks_its_type_ends_the_caller() {
    let answers = |answer: Vec<CoreValue>| {
        let function = RawFunction::new([], [rusm_core::CoreType::I32], move |_, _| {
            Ok(answer.clone())
        });
        HostInterface::new("acme:billing/odd")
            .expect("it is a name")
            .raw_function("odd", function)
    };
    let items = r#"(import "acme:billing/odd" "odd" (func $odd (result i32)))"#;
    for answer in [
        vec![],
        vec![CoreValue::I64(1)],
        vec![CoreValue::I32(1), CoreValue::I32(2)],
    ] {
        let court = court(|builder| builder.host_interface(answers(answer)));
        let wasm = module(items, "(drop (call $odd))");
        let outcome = court.run_as(granted(&["acme:billing/odd"]), "it", &wasm, [""; 0]);
        trap(&outcome.reason);
    }
}
