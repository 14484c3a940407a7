//! Restarting: types, strategies, intensity, restarts that fail, and supervisors that end by themselves.

use crate::support::{crash, failing, for_seeds, intensity, ms, worker};
use rusm_actor::{ExitReason, Name, Selector, SpawnOptions};
use rusm_supervisor::{AutoShutdown, ChildSpec, Restart, StartChild, Strategy, WhenEmpty, stop};
use std::sync::Arc;

/// OTP statement 119.
#[test]
fn restart_types() {
    for_seeds(|bench| {
        let children = [
            worker("p"),
            worker("t").restart(Restart::Transient),
            worker("x").restart(Restart::Temporary),
        ];
        bench.start(bench.spec(Strategy::OneForOne).children(children));
        bench.check("start p, start t, start x, serving");
        bench.end("p", ExitReason::Normal);
        bench.check("ended p (normal), restart p");
        bench.end("p", ExitReason::Shutdown);
        bench.check("ended p (shutdown), restart p");
        bench.end("t", crash());
        bench.check("ended t (trap: unreachable), restart t");
        bench.end("t", ExitReason::Killed);
        bench.check("ended t (killed), restart t");
        bench.end("t", ExitReason::Normal);
        bench.check("ended t (normal)");
        bench.end("x", crash());
        bench.check("ended x (trap: unreachable)");
        assert_eq!(bench.alive(&["p", "t", "x"]), "p");
    });
}

/// OTP statement 119: what the start of a temporary child held is let go with the child.
#[test]
fn a_temporary_child_is_forgotten() {
    for_seeds(|bench| {
        let held = Arc::new(());
        let weak = Arc::downgrade(&held);
        let child = ChildSpec::native("a", move |_| {
            let held = Arc::clone(&held);
            async move {
                drop(held);
                ExitReason::Normal
            }
        });
        bench.start(
            bench
                .spec(Strategy::OneForOne)
                .child(child.restart(Restart::Temporary)),
        );
        bench.check("start a, serving, ended a (normal)");
        assert!(weak.upgrade().is_none());
    });
}

/// OTP statement 120: siblings keep their identifiers.
#[test]
fn one_for_one() {
    for_seeds(|bench| {
        bench.start(
            bench
                .spec(Strategy::OneForOne)
                .children(["a", "b", "c"].map(worker)),
        );
        let before = ["a", "b", "c"].map(|id| bench.log.pid(id));
        bench.end("b", crash());
        bench.check("start a, start b, start c, serving, ended b (trap: unreachable), restart b");
        let after = ["a", "b", "c"].map(|id| bench.log.pid(id));
        assert_eq!((before[0], before[2]), (after[0], after[2]));
        assert_ne!(before[1], after[1]);
    });
}

/// OTP statement 121: all others stop in reverse order, then all start in order, with new identifiers.
#[test]
fn one_for_all() {
    for_seeds(|bench| {
        bench.start(
            bench
                .spec(Strategy::OneForAll)
                .children(["a", "b", "c"].map(worker)),
        );
        let before = ["a", "b", "c"].map(|id| bench.log.pid(id));
        bench.log.take();
        bench.end("b", crash());
        bench.check(
            "ended b (trap: unreachable), stopped c (shutdown), stopped a (shutdown), \
             restart a, restart b, restart c",
        );
        let after = ["a", "b", "c"].map(|id| bench.log.pid(id));
        assert!(before.iter().all(|pid| !after.contains(pid)));
        assert_eq!(bench.alive(&["a", "b", "c"]), "a b c");
    });
}

/// OTP statement 122: earlier children are untouched.
#[test]
fn rest_for_one() {
    for_seeds(|bench| {
        bench.start(
            bench
                .spec(Strategy::RestForOne)
                .children(["a", "b", "c", "d"].map(worker)),
        );
        let first = bench.log.pid("a");
        bench.log.take();
        bench.end("b", crash());
        bench.check(
            "ended b (trap: unreachable), stopped d (shutdown), stopped c (shutdown), \
             restart b, restart c, restart d",
        );
        assert_eq!(bench.log.pid("a"), first);
        assert_eq!(bench.alive(&["a", "b", "c", "d"]), "a b c d");
    });
}

/// OTP statement 123: a temporary bystander is dropped for good, a transient one comes back.
#[test]
fn bystander() {
    for_seeds(|bench| {
        let children = [
            worker("a"),
            worker("x").restart(Restart::Temporary),
            worker("t").restart(Restart::Transient),
        ];
        let top = bench.start(bench.spec(Strategy::OneForAll).children(children));
        bench.log.take();
        bench.end("a", crash());
        bench.check(
            "ended a (trap: unreachable), stopped t (shutdown), stopped x (shutdown), restart a, restart t",
        );
        assert_eq!(bench.list(top), "a running, t running");
        bench.end("t", crash());
        bench.check("ended t (trap: unreachable), stopped a (shutdown), restart a, restart t");
    });
}

/// OTP statement 124: exactly so many restarts; one more stops all and ends the supervisor.
#[test]
fn intensity_exact() {
    for_seeds(|bench| {
        let spec = bench
            .spec(Strategy::OneForOne)
            .intensity(intensity(2, 1000));
        bench.start(spec.children([worker("a"), worker("b")]));
        bench.end("a", crash());
        bench.end("b", crash());
        assert_eq!(bench.alive(&["a", "b"]), "a b");
        bench.log.take();
        bench.end("a", crash());
        bench.check(
            "ended a (trap: unreachable), gave up on a, stopped b (shutdown), end (shutdown)",
        );
        bench.check_empty();
    });
}

/// OTP statement 124: intensity 0 allows none.
#[test]
fn intensity_zero() {
    for_seeds(|bench| {
        bench.start(
            bench
                .spec(Strategy::OneForOne)
                .intensity(intensity(0, 1000))
                .child(worker("a")),
        );
        bench.end("a", ExitReason::Normal);
        bench.check("start a, serving, ended a (normal), gave up on a, end (shutdown)");
        bench.check_empty();
    });
}

/// OTP statement 125: the window slides, includes its edge, and a group counts once.
#[test]
fn intensity_window() {
    for_seeds(|bench| {
        let spec = bench
            .spec(Strategy::OneForAll)
            .intensity(intensity(2, 1000));
        let top = bench.start(spec.children(["a", "b", "c"].map(worker)));
        for _ in 0..20 {
            bench.end("b", crash());
            bench.wait(ms(501));
        }
        assert!(bench.sim.node().is_alive(top));
        // The restart before last is 501 + 499 ms old: still counted.
        bench.end("b", crash());
        bench.wait(ms(499));
        bench.end("b", crash());
        assert!(!bench.sim.node().is_alive(top));
        bench.check_empty();
    });
}

/// OTP statement 125: only restarts count. Neither an end that leads to none does, nor a stop, a restart or an
/// addition by request.
#[test]
fn intensity_counts_restarts_only() {
    for_seeds(|bench| {
        let spec = bench
            .spec(Strategy::OneForAll)
            .intensity(intensity(1, 1000));
        let children = [
            worker("a"),
            worker("t").restart(Restart::Transient),
            worker("x").restart(Restart::Temporary),
        ];
        let top = bench.start(spec.children(children));
        bench.end("t", ExitReason::Normal);
        bench.end("x", crash());
        bench.ask(top, |context, handle| async move {
            for _ in 0..3 {
                handle.terminate_child(&context, "a").await.unwrap();
                handle.restart_child(&context, "a").await.unwrap();
            }
            let failing = failing("f", 0, 0);
            handle.start_child(&context, failing).await.unwrap_err();
            handle.start_child(&context, worker("b")).await.unwrap();
        });
        bench.end("b", crash());
        assert!(bench.sim.node().is_alive(top));
        assert_eq!(bench.list(top), "a running, t running, b running");
        bench.end("b", crash());
        assert!(!bench.sim.node().is_alive(top));
    });
}

/// OTP statement 126: tried again, each try a restart, until it works.
#[test]
fn restart_fails() {
    for_seeds(|bench| {
        bench.start(
            bench
                .spec(Strategy::OneForOne)
                .children([worker("a"), failing("b", 1, 3)]),
        );
        bench.log.take();
        bench.end("b", crash());
        bench.check(
            "ended b (trap: unreachable), failed b (not-started: no code), \
             again b, failed b (not-started: no code), again b, failed b (not-started: no code), \
             again b, restart b",
        );
        assert_eq!(bench.alive(&["a", "b"]), "a b");
    });
}

/// OTP statement 126: each try counts, so one that never works ends the supervisor.
#[test]
fn restart_fails_for_ever() {
    for_seeds(|bench| {
        let spec = bench
            .spec(Strategy::OneForOne)
            .intensity(intensity(3, 1000));
        bench.start(spec.children([worker("a"), failing("b", 1, usize::MAX)]));
        bench.log.take();
        bench.end("b", crash());
        bench.check(
            "ended b (trap: unreachable), failed b (not-started: no code), \
             again b, failed b (not-started: no code), again b, failed b (not-started: no code), \
             gave up on b, stopped a (shutdown), end (shutdown)",
        );
        bench.check_empty();
    });
}

/// OTP statement 126: between tries the supervisor hears what arrives, so that it can be stopped.
#[test]
fn restart_fails_and_can_be_stopped() {
    for_seeds(|bench| {
        let spec = bench
            .spec(Strategy::OneForOne)
            .intensity(intensity(u32::MAX, 1000));
        let top = bench.start(spec.children([worker("a"), failing("b", 1, usize::MAX)]));
        bench.log.take();
        bench.signal(bench.log.pid("b"), crash());
        let has_tried = || bench.log.take().contains("failed b (not-started: no code)");
        bench.sim.run_until(|_| has_tried());
        stop(bench.sim.node(), top);
        bench.settle();
        assert!(
            bench
                .log
                .take()
                .ends_with("stopped a (shutdown), end (shutdown)")
        );
        bench.check_empty();
    });
}

/// OTP statement 127: what was restarted is stopped again, and all are tried again.
#[test]
fn restart_fails_group() {
    for_seeds(|bench| {
        let children = [worker("a"), failing("b", 1, 1), worker("c")];
        bench.start(bench.spec(Strategy::OneForAll).children(children));
        bench.log.take();
        bench.end("c", crash());
        bench.check(
            "ended c (trap: unreachable), stopped b (shutdown), stopped a (shutdown), restart a, \
             failed b (not-started: no code), again b, stopped a (shutdown), restart a, restart b, restart c",
        );
        assert_eq!(bench.alive(&["a", "b", "c"]), "a b c");
    });
}

/// OTP statement 127: two that fail in turns are both tried until both work.
#[test]
fn restart_fails_in_turns() {
    for_seeds(|bench| {
        let children = [failing("a", 2, 2), failing("b", 1, 1), worker("c")];
        bench.start(bench.spec(Strategy::OneForAll).children(children));
        bench.log.take();
        bench.end("c", crash());
        bench.check(
            "ended c (trap: unreachable), stopped b (shutdown), stopped a (shutdown), restart a, \
             failed b (not-started: no code), again b, stopped a (shutdown), \
             failed a (not-started: no code), again b, restart a, restart b, restart c",
        );
        assert_eq!(bench.alive(&["a", "b", "c"]), "a b c");
    });
}

/// OTP statement 127: in rest-for-one only from the failing child on.
#[test]
fn restart_fails_rest() {
    for_seeds(|bench| {
        let children = [worker("a"), worker("b"), failing("c", 1, 1), worker("d")];
        bench.start(bench.spec(Strategy::RestForOne).children(children));
        bench.log.take();
        bench.end("b", crash());
        bench.check(
            "ended b (trap: unreachable), stopped d (shutdown), stopped c (shutdown), restart b, \
             failed c (not-started: no code), again c, restart c, restart d",
        );
        assert_eq!(bench.alive(&["a", "b", "c", "d"]), "a b c d");
    });
}

/// A child that was registered is restarted under the same name at once.
#[test]
fn a_restart_gets_its_name_back() {
    let named = || {
        let start = StartChild::immediate(|context| {
            let name =
                Name::new("service").map_err(|error| ExitReason::not_started(error.to_string()))?;
            let options = SpawnOptions::new("a").name(name).link().monitor();
            let spawned = context.spawn(options, |context| async move {
                loop {
                    context.receive(Selector::any()).await;
                }
            });
            spawned.map_err(|error| ExitReason::not_started(error.to_string()))
        });
        ChildSpec::new("a", start)
    };
    for_seeds(|bench| {
        bench.start(bench.spec(Strategy::OneForOne).child(named()));
        bench.end("a", crash());
        bench.check("start a, serving, ended a (trap: unreachable), restart a");
        assert_eq!(
            bench.sim.node().whereis("service"),
            Some(bench.log.pid("a"))
        );
    });
}

/// OTP statement 136.
#[test]
fn auto_shutdown() {
    for_seeds(|bench| {
        let significant = |id| worker(id).restart(Restart::Transient).significant();
        for (auto_shutdown, n_ends) in [
            (AutoShutdown::AnySignificant, 1),
            (AutoShutdown::AllSignificant, 2),
        ] {
            let spec = bench.spec(Strategy::OneForOne).auto_shutdown(auto_shutdown);
            let top = bench.start(spec.children([worker("a"), significant("b"), significant("c")]));
            bench.end("b", crash());
            for id in ["b", "c"].iter().take(n_ends) {
                assert!(bench.sim.node().is_alive(top));
                bench.end(id, ExitReason::Normal);
            }
            assert!(
                bench
                    .log
                    .take()
                    .ends_with("stopped a (shutdown), end (shutdown)")
            );
            bench.check_empty();
        }
    });
}

/// A supervisor that is to end when empty ends with `normal` once no child runs or will run.
#[test]
fn ends_when_empty() {
    for_seeds(|bench| {
        let spec = bench.spec(Strategy::OneForOne).when_empty(WhenEmpty::End);
        let children = [
            worker("t").restart(Restart::Transient),
            worker("x").restart(Restart::Temporary),
        ];
        bench.start(spec.children(children));
        bench.end("t", crash());
        bench.end("x", crash());
        bench.log.take();
        bench.end("t", ExitReason::Normal);
        bench.check("ended t (normal), end (normal)");
        bench.check_empty();
        bench.start(bench.spec(Strategy::OneForOne).when_empty(WhenEmpty::End));
        bench.check("serving, end (normal)");
        bench.check_empty();
    });
}
