//! Host functions do what they say, for components and core modules alike.

use super::{CHARGE, PARAMS, PAYS, REFUNDS, bank, charge, court, customer, granted, only_pay};
use crate::app::{boot, component};
use crate::support::{BOTH_PATHS, GuestPath};
use parking_lot::{Condvar, Mutex};
use rusm_core::{
    CoreType, ExitReason, HostCaller, HostFunction, HostInterface, HostInterfaceError, RawFunction,
    Spawn, values::Val,
};
use std::future::pending;
use std::sync::Arc;
use std::sync::mpsc::{Sender, channel};
use std::task::{Poll, Waker};

/// Arguments arrive, results come back, and the function knows who calls.
#[test]
fn a_granted_host_function_is_called() {
    let court = court(|builder| builder.host_interface(bank()));
    let provided = court.scenario.runtime.host_functions();
    assert_eq!(
        provided,
        ["pay", "refund"].map(|name| format!("{CHARGE}#{name}"))
    );
    for path in BOTH_PATHS {
        // By interface, by version, and by each function.
        for names in [
            &["acme:billing/charge"][..],
            &[CHARGE],
            &[
                "acme:billing/charge#pay",
                "acme:billing/charge@1.2.0#refund",
            ],
        ] {
            let wasm = customer(path, "", &format!("{PAYS} {REFUNDS}"));
            let outcome = court.run_as(granted(names), "customer", &wasm, [""; 0]);
            assert_eq!(outcome.reason, ExitReason::Normal, "{path:?} {names:?}");
            assert_eq!(outcome.denied, []);
        }
    }
}

/// A function over any values: what it is given is what the guest's import says.
#[test]
fn a_function_over_any_values_sees_the_guests_types() {
    let answer = |_: &HostCaller, args: Vec<Val>| {
        let [Val::String(account), Val::U64(cents)] = &*args else {
            return Err(rusm_core::HostFunctionError::new("what is this?"));
        };
        assert_eq!(account, "alice");
        Ok(vec![Val::Result(Ok(Some(Box::new(Val::U64(cents + 100)))))])
    };
    let nonsense = |_: &HostCaller, _: Vec<Val>| Ok(vec![Val::Bool(true), Val::Bool(true)]);
    let interface = charge()
        .any_function("pay", HostFunction::new(answer))
        .any_function("refund", HostFunction::new(nonsense));
    let court = court(|builder| builder.host_interface(interface));
    let run = |body: &str| {
        let wasm = customer(GuestPath::Component, "", body);
        let outcome = court.run_as(
            granted(&["acme:billing/charge"]),
            "customer",
            &wasm,
            [""; 0],
        );
        outcome.reason
    };
    assert_eq!(run(PAYS), ExitReason::Normal);
    let reason = run(REFUNDS).to_string();
    assert!(
        reason.contains("answers 2 values and the import has 1"),
        "{reason}"
    );
}

/// Tells when it begins to exist and when it is dropped.
struct Witness(Sender<&'static str>);

impl Drop for Witness {
    fn drop(&mut self) {
        let _told = self.0.send("dropped"); // The test may be over.
    }
}

/// An interface whose functions wait for ever, and tell how they fare.
fn stuck(told: &Sender<&'static str>) -> HostInterface {
    let (for_components, for_modules) = (told.clone(), told.clone());
    let witness = |told: &Sender<&'static str>| {
        told.send("waits").expect("the test listens");
        Witness(told.clone())
    };
    charge()
        .function(
            "pay",
            HostFunction::waiting(move |_, _: (String, u64)| {
                let witness = witness(&for_components);
                async move {
                    let _witness = witness;
                    pending::<()>().await;
                    Ok((Ok::<u64, String>(0),))
                }
            }),
        )
        .raw_function(
            "pay",
            RawFunction::waiting(PARAMS, [], move |_, _| {
                let witness = witness(&for_modules);
                Box::pin(async move {
                    let _witness = witness;
                    pending().await
                })
            }),
        )
}

/// A function that waits holds up nobody, and a kill takes effect while it does.
#[test]
fn a_host_function_that_waits_holds_up_nobody_and_can_be_killed() {
    for path in BOTH_PATHS {
        let (told, tells) = channel();
        let interface = stuck(&told);
        let court = court(|builder| builder.workers(1).host_interface(interface));
        let runtime = &court.scenario.runtime;
        let program = runtime.load("customer", &only_pay(path, PAYS)).unwrap();
        let spawn = Spawn::new("customer", &program).profile(granted(&["acme:billing/charge"]));
        let process = runtime.spawn(spawn).unwrap();
        assert_eq!(tells.recv(), Ok("waits"));
        // The only worker has time for others.
        let other = crate::forge::module("", "");
        assert_eq!(court.run("other", &other).reason, ExitReason::Normal);
        process.kill();
        assert_eq!(process.wait(), ExitReason::Killed);
        assert_eq!(tells.recv(), Ok("dropped"));
    }
}

/// One that waits for a while goes on with its answer.
#[test]
fn a_host_function_that_waited_answers() {
    for path in BOTH_PATHS {
        let gate = Arc::new(Turnstile::default());
        let (for_components, for_modules) = (Arc::clone(&gate), Arc::clone(&gate));
        let interface = charge()
            .function(
                "pay",
                HostFunction::waiting(move |_, (_, cents): (String, u64)| {
                    let gate = Arc::clone(&for_components);
                    async move {
                        gate.passed().await;
                        Ok((Ok::<u64, String>(cents + 100),))
                    }
                }),
            )
            .raw_function(
                "pay",
                RawFunction::waiting(PARAMS, [], move |call, args| {
                    let gate = Arc::clone(&for_modules);
                    Box::pin(async move {
                        gate.passed().await;
                        super::raw(call, &args, |_, _, cents| Ok(Ok(cents + 100)))
                    })
                }),
            );
        let court = court(|builder| builder.workers(1).host_interface(interface));
        let runtime = &court.scenario.runtime;
        let program = runtime.load("customer", &only_pay(path, PAYS)).unwrap();
        let spawn = Spawn::new("customer", &program).profile(granted(&["acme:billing/charge"]));
        let process = runtime.spawn(spawn).unwrap();
        gate.open_once_somebody_waits();
        assert_eq!(process.wait(), ExitReason::Normal);
    }
}

/// A place where a future waits until a thread lets it pass.
#[derive(Default)]
struct Turnstile {
    state: Mutex<(bool, Option<Waker>)>,
    changed: Condvar,
}

impl Turnstile {
    async fn passed(&self) {
        std::future::poll_fn(|task| {
            let mut state = self.state.lock();
            if state.0 {
                return Poll::Ready(());
            }
            state.1 = Some(task.waker().clone());
            self.changed.notify_all();
            Poll::Pending
        })
        .await;
    }

    fn open_once_somebody_waits(&self) {
        let mut state = self.state.lock();
        self.changed
            .wait_while(&mut state, |state| state.1.is_none());
        state.0 = true;
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }
}

/// Numbers of every type cross both ways.
#[test]
fn numbers_of_every_type_cross_both_ways() {
    let types = [CoreType::I32, CoreType::I64, CoreType::F32, CoreType::F64];
    let interface = HostInterface::new("acme:billing/echo")
        .unwrap()
        .raw_function(
            "echo",
            RawFunction::new(types, types, |_, args| Ok(args.to_vec())),
        );
    let court = court(|builder| builder.host_interface(interface));
    let items = r#"(import "acme:billing/echo" "echo"
        (func $echo (param i32 i64 f32 f64) (result i32 i64 f32 f64)))"#;
    let body = "(call $echo (i32.const -1) (i64.const -2) (f32.const 0.5) (f64.const -0.25))
        (call $check (f64.eq (f64.const -0.25)))
        (call $check (f32.eq (f32.const 0.5)))
        (call $check (i64.eq (i64.const -2)))
        (call $check (i32.eq (i32.const -1)))";
    let wasm = crate::forge::module(items, body);
    let outcome = court.run_as(granted(&["acme:billing/echo"]), "echoes", &wasm, [""; 0]);
    assert_eq!(outcome.reason, ExitReason::Normal);
}

/// Only interfaces of the embedder's own can be registered, under names as WIT writes them.
#[test]
fn a_name_of_the_platform_or_none_at_all_is_refused() {
    for reserved in ["wasi:keyvalue/store@0.2.0", "rusm:actor/process"] {
        let error = HostInterface::new(reserved).unwrap_err();
        assert!(
            matches!(error, HostInterfaceError::Reserved { .. }),
            "{error}"
        );
    }
    for bad in [
        "",
        "charge",
        "acme/charge",
        "acme:billing",
        "acme:billing/charge#pay",
        "A b:c/d",
    ] {
        let error = HostInterface::new(bad).unwrap_err();
        assert!(
            matches!(error, HostInterfaceError::Name(_)),
            "{bad}: {error}"
        );
    }
}

/// A manifest grants by name; code that a guest brings itself is under the same rule as its loader.
#[test]
fn a_manifest_grants_host_functions() {
    for path in BOTH_PATHS {
        let court = court(|builder| builder.host_interface(bank()));
        let manifest = format!(
            "{}\n[capabilities.teller]\nhost-functions = [\"acme:billing/charge\"]",
            component(
                "teller",
                "capability = \"teller\"\nrestart = \"temporary\"",
                "query host-functions acme:billing/charge then query host-functions acme:billing/audit"
            )
        );
        let _app = boot(&court.scenario, path, &manifest);
        court.scenario.recorder.wait_for_exit("teller");
        assert_eq!(
            court.scenario.recorder.lines("teller"),
            ["query=ok:granted", "query=ok:denied"]
        );
    }
}
