//! Starts that answer ignore: of children, and of a supervisor's own initialisation.

use crate::support::{Bench, crash, for_seeds, intensity, ms, worker};
use rusm_actor::{Context, ExitReason, Selector, SpawnOptions};
use rusm_supervisor::{
    ChildOutcome, ChildSpec, ChildTemplate, Init, Restart, StartChild, StartWith, Started,
    Strategy, WhenEmpty, start_link, stop,
};
use std::sync::atomic::{AtomicUsize, Ordering};

fn waiting(context: &Context) -> Result<Started, ExitReason> {
    let options = SpawnOptions::new("child").link().monitor();
    let spawned = context.spawn(options, |_| std::future::pending());
    spawned
        .map(Into::into)
        .map_err(|error| ExitReason::not_started(error.to_string()))
}

/// A child whose starts ignore from the one numbered `from` on, the first being 0.
fn ignoring(id: &str, from: usize) -> ChildSpec {
    let n_starts = AtomicUsize::new(0);
    let start = StartChild::immediate(move |context| {
        match n_starts.fetch_add(1, Ordering::Relaxed) < from {
            true => waiting(context),
            false => Ok(Started::Ignore),
        }
    });
    ChildSpec::new(id, start)
}

/// OTP statement 114: it keeps its spec with no process, and the start goes on; a temporary one has no spec.
#[test]
fn child_ignore() {
    for_seeds(|bench| {
        let children = [
            worker("a"),
            ignoring("i", 0),
            ignoring("x", 0).restart(Restart::Temporary),
            worker("b"),
        ];
        let top = bench.start(bench.spec(Strategy::OneForOne).children(children));
        bench.check("start a, ignored i, ignored x, start b, serving");
        assert_eq!(bench.list(top), "a running, i stopped, b running");
        let again = bench.ask(top, |context, handle| async move {
            handle.restart_child(&context, "i").await
        });
        assert_eq!(again, Ok(ChildOutcome::Ignored));
        let added = bench.ask(top, |context, handle| async move {
            let child = ignoring("y", 0).restart(Restart::Temporary);
            let dropped = handle.start_child(&context, child).await;
            (
                dropped,
                handle.start_child(&context, ignoring("z", 0)).await,
            )
        });
        assert_eq!(
            added,
            (Ok(ChildOutcome::Ignored), Ok(ChildOutcome::Ignored))
        );
        assert_eq!(
            bench.list(top),
            "a running, i stopped, b running, z stopped"
        );
        stop(bench.sim.node(), top);
        bench.settle();
        bench.check_empty();
    });
}

/// OTP statement 114: the same at a restart, which is no failure and not tried again.
#[test]
fn child_ignore_at_restart() {
    for_seeds(|bench| {
        let spec = bench
            .spec(Strategy::RestForOne)
            .intensity(intensity(1, 1000));
        let top = bench.start(spec.children([ignoring("i", 1), worker("b")]));
        bench.end("i", crash());
        bench.check(
            "start i, start b, serving, ended i (trap: unreachable), stopped b (shutdown), \
             ignored i, restart b",
        );
        assert_eq!(bench.list(top), "i stopped, b running");
    });
}

/// OTP statement 114: nothing is kept of a dynamic child that ignores, at its start or at a restart.
#[test]
fn child_ignore_dynamic() {
    for_seeds(|bench| {
        let n_starts = AtomicUsize::new(0);
        let start = StartWith::immediate(move |context, ignores: &bool| {
            let is_first = n_starts.fetch_add(1, Ordering::Relaxed) == 0;
            match *ignores || !is_first {
                true => Ok(Started::Ignore),
                false => waiting(context),
            }
        });
        let template = ChildTemplate::new("d", start);
        let top = bench.start(bench.spec(Strategy::OneForOne).dynamic(template));
        let outcomes = bench.ask(top, |context, handle| async move {
            let runs = handle.start_child_with(&context, false).await.unwrap();
            (runs, handle.start_child_with(&context, true).await.unwrap())
        });
        assert!(outcomes.0.pid().is_some());
        assert_eq!(outcomes.1, ChildOutcome::Ignored);
        assert_eq!(bench.list(top), "- running");
        bench.end("d", crash());
        bench.check("serving, add d, ignored d, ended d (trap: unreachable), ignored d");
        assert_eq!(bench.list(top), "");
    });
}

/// A supervisor that is to end when empty also does so when there was nothing to start again.
#[test]
fn ignore_ends_when_empty() {
    for_seeds(|bench| {
        let spec = bench.spec(Strategy::OneForOne).when_empty(WhenEmpty::End);
        bench.start(spec.child(ignoring("i", 1)));
        bench.end("i", crash());
        bench.check("start i, serving, ended i (trap: unreachable), ignored i, end (normal)");
        let spec = bench.spec(Strategy::OneForOne).when_empty(WhenEmpty::End);
        bench.start(spec.child(ignoring("i", 0)));
        bench.check("ignored i, serving, end (normal)");
        bench.check_empty();
    });
}

fn initialising(bench: &Bench, init: Result<Init, ExitReason>) -> rusm_supervisor::SupervisorSpec {
    let spec = bench.spec(Strategy::OneForOne).child(worker("b"));
    spec.init(move |_| init.clone()).build().unwrap()
}

/// OTP statement 114: a supervisor whose own initialisation answers ignore leaves nothing behind, and is an
/// ignored child of its parent; one that fails is a failed one (OTP statement 111).
#[test]
fn sup_init_ignore() {
    for_seeds(|bench| {
        let ignores = initialising(&bench, Ok(Init::Ignore));
        let spec = bench.spec(Strategy::OneForOne);
        let top = bench.start(spec.children([worker("a"), ignores.clone().into_child("inner")]));
        bench.check("start a, inner/end (normal), ignored inner, serving");
        assert_eq!(bench.list(top), "a running, inner stopped (sup)");
        assert_eq!(bench.sim.node().process_count(), 2);

        let fails = initialising(&bench, Err(ExitReason::error("no disk")));
        let goes_on = initialising(&bench, Ok(Init::Supervise));
        bench.run(|context| async move {
            context.trap_exits(true);
            let why = start_link(&context, ignores).await;
            assert_eq!(why, Err(ExitReason::Normal));
            let why = start_link(&context, fails).await;
            assert_eq!(why, Err(ExitReason::error("no disk")));
            let left = context.receive_timeout(Selector::any(), ms(1)).await;
            assert_eq!(left, None, "no stray notice of those that did not start");
            assert!(start_link(&context, goes_on).await.is_ok());
            ExitReason::Normal
        });
        bench.check("end (normal), end (error: no disk), start b, serving, stopped b (shutdown), end (normal)");
        stop(bench.sim.node(), top);
        bench.settle();
        bench.check_empty();
    });
}
