//! Supervisors below supervisors.

use crate::support::{Bench, crash, failing, for_seeds, intensity, lingering, ms, worker};
use rusm_actor::ExitReason;
use rusm_supervisor::{ChildKind, ChildSpec, Restart, Strategy, WhenEmpty, stop};

fn inner(bench: &Bench, children: impl IntoIterator<Item = ChildSpec>) -> ChildSpec {
    let spec = bench
        .spec(Strategy::OneForOne)
        .intensity(intensity(1, 1000))
        .children(children);
    spec.build().unwrap().into_child("inner")
}

/// OTP statement 110 across levels: a nested tree is up before the next sibling starts, and down before
/// the one before it is asked.
#[test]
fn sup_order_nested() {
    for_seeds(|bench| {
        let slow = lingering("b", ms(1000), ExitReason::Shutdown, &bench.log);
        let nested = inner(&bench, [slow, worker("c")]);
        assert_eq!(nested.kind(), ChildKind::Supervisor);
        let top = bench.start(bench.spec(Strategy::OneForOne).children([
            worker("a"),
            nested,
            worker("d"),
        ]));
        bench.check(
            "start a, inner/start b, inner/start c, inner/serving, start inner, start d, serving",
        );
        stop(bench.sim.node(), top);
        bench.settle();
        bench.check(
            "stopped d (shutdown), inner/stopped c (shutdown), b asked, b ends, inner/stopped b (shutdown), \
             inner/end (shutdown), stopped inner (shutdown), stopped a (shutdown), end (shutdown)",
        );
        bench.check_empty();
    });
}

/// OTP statement 128: one that gave up is an ended child of its parent, and starts from its original list.
#[test]
fn escalation() {
    for_seeds(|bench| {
        let children = [worker("b"), worker("x").restart(Restart::Temporary)];
        let nested = inner(&bench, children);
        bench.start(
            bench
                .spec(Strategy::OneForOne)
                .children([worker("a"), nested]),
        );
        bench.end("x", crash());
        bench.end("b", crash());
        bench.log.take();
        bench.end("b", crash());
        bench.check(
            "inner/ended b (trap: unreachable), inner/gave up on b, inner/end (shutdown), \
             ended inner (shutdown), inner/start b, inner/start x, inner/serving, restart inner",
        );
        // It counts anew.
        bench.end("b", crash());
        bench.check("inner/ended b (trap: unreachable), inner/restart b");
    });
}

/// OTP statement 128: the parent's own rules apply: `shutdown` does not bring a transient child back.
#[test]
fn escalation_transient() {
    for_seeds(|bench| {
        let nested = inner(&bench, [worker("b")]).restart(Restart::Transient);
        let spec = bench.spec(Strategy::OneForOne).when_empty(WhenEmpty::End);
        bench.start(spec.child(nested));
        bench.end("b", crash());
        bench.log.take();
        bench.end("b", crash());
        bench.check(
            "inner/ended b (trap: unreachable), inner/gave up on b, inner/end (shutdown), \
             ended inner (shutdown), end (normal)",
        );
        bench.check_empty();
    });
}

/// Giving up climbs as far as nobody can help.
#[test]
fn escalation_to_the_top() {
    for_seeds(|bench| {
        let nested = inner(&bench, [failing("b", 1, usize::MAX)]);
        let spec = bench
            .spec(Strategy::OneForOne)
            .intensity(intensity(1, 1000));
        bench.start(spec.child(nested));
        bench.log.take();
        bench.end("b", crash());
        let log = bench.log.take();
        assert!(log.ends_with("gave up on inner, end (shutdown)"), "{log}");
        bench.check_empty();
    });
}

/// OTP statement 111 across levels.
#[test]
fn sup_start_fail_nested() {
    for_seeds(|bench| {
        let nested = inner(&bench, [worker("b"), failing("c", 0, 0)]);
        bench.start(
            bench
                .spec(Strategy::OneForOne)
                .children([worker("a"), nested]),
        );
        let log = bench.log.take();
        let expected = "stopped a (shutdown), end (not-started: child \"inner\" did not start: \
                        not-started: child \"c\" did not start: not-started: no code)";
        assert!(log.ends_with(expected), "{log}");
        bench.check_empty();
    });
}

/// OTP statement 126 across levels: a nested supervisor that does not come up is tried again.
#[test]
fn restart_fails_nested() {
    for_seeds(|bench| {
        let nested = inner(&bench, [worker("b"), failing("c", 1, 1)]);
        bench.start(bench.spec(Strategy::OneForOne).child(nested));
        bench.log.take();
        bench.signal(bench.log.pid("inner"), ExitReason::Killed);
        bench.settle();
        bench.check(
            "ended inner (killed), inner/start b, inner/failed c (not-started: no code), \
             inner/stopped b (shutdown), \
             inner/end (not-started: child \"c\" did not start: not-started: no code), \
             failed inner (not-started: child \"c\" did not start: not-started: no code), \
             again inner, inner/start b, inner/start c, inner/serving, restart inner",
        );
    });
}

/// A nested supervisor whose work is done before its parent looks has still started.
#[test]
fn a_nested_supervisor_may_be_done_at_once() {
    for_seeds(|bench| {
        let job =
            ChildSpec::native("b", |_| async { ExitReason::Normal }).restart(Restart::Temporary);
        let nested = bench
            .spec(Strategy::OneForOne)
            .when_empty(WhenEmpty::End)
            .child(job);
        let nested = nested
            .build()
            .unwrap()
            .into_child("inner")
            .restart(Restart::Transient);
        bench.start(bench.spec(Strategy::OneForOne).child(nested));
        let log = bench.log.take();
        assert!(
            log.contains("start inner") && log.contains("ended inner (normal)"),
            "{log}"
        );
    });
}

/// The parent may be killed at any moment of a nested start: nothing is left.
#[test]
fn a_kill_during_a_nested_start_leaves_nothing() {
    for_seeds(|bench| {
        let nested = inner(&bench, [worker("b"), worker("c")]);
        let spec = bench
            .spec(Strategy::OneForOne)
            .children([worker("a"), nested, worker("d")]);
        let top = rusm_supervisor::start(bench.sim.node(), spec.build().unwrap()).unwrap();
        let n_steps = bench.sim.draw(12);
        for _ in 0..n_steps {
            bench.sim.step();
        }
        bench.sim.node().kill(top);
        bench.settle();
        bench.check_empty();
    });
}

/// Random ends all over a tree of all strategies, a stop in the middle of it: every end is answered, and
/// nothing is left. Goal: find orders that nobody thought of.
#[test]
fn a_storm_leaves_nothing() {
    for_seeds(|bench| {
        let strategies = [
            Strategy::OneForOne,
            Strategy::OneForAll,
            Strategy::RestForOne,
        ];
        let subtrees = strategies
            .iter()
            .zip(["x", "y", "z"])
            .map(|(strategy, id)| {
                let children = ["p", "t", "s"].map(|child| worker(&format!("{id}{child}")));
                let [p, t, s] = children;
                let slow = lingering(&format!("{id}l"), ms(3), crash(), &bench.log);
                let children = [
                    p,
                    t.restart(Restart::Transient),
                    slow,
                    s.restart(Restart::Temporary),
                ];
                let spec = bench
                    .spec(*strategy)
                    .intensity(intensity(3, 20))
                    .children(children);
                spec.build().unwrap().into_child(id)
            });
        let spec = bench
            .spec(Strategy::RestForOne)
            .intensity(intensity(30, 20));
        let top = bench.start(spec.children(subtrees));
        let reasons = [
            crash(),
            ExitReason::Normal,
            ExitReason::Shutdown,
            ExitReason::Killed,
        ];
        let node = bench.sim.node();
        for round in 0..60 {
            let alive = node.processes();
            let not_top = alive
                .into_iter()
                .filter(|pid| *pid != top)
                .collect::<Vec<_>>();
            if let Some(victim) = not_top.get(bench.sim.draw(not_top.len())) {
                bench.signal(*victim, reasons[bench.sim.draw(reasons.len())].clone());
            }
            for _ in 0..bench.sim.draw(20) {
                bench.sim.step();
            }
            if round == 50 {
                stop(node, top);
            }
        }
        bench.settle();
        // A lingering child of a supervisor that was killed may outlive the top by a little.
        let log = bench.log.take();
        assert!(log.contains(", end (shutdown)"), "{log}");
        bench.check_empty();
    });
}
