//! Stopping: shutdown rules, races, who may stop a supervisor, what a kill does.

use crate::support::{Log, crash, for_seeds, lingering, ms, stubborn, worker};
use rusm_actor::{Event, ExitReason, Selector, SpawnOptions};
use rusm_supervisor::{ChildSpec, Restart, Shutdown, Strategy, start_link, stop};
use std::sync::Arc;

/// OTP statement 115: killed at once, without being asked.
#[test]
fn stop_brutal() {
    for_seeds(|bench| {
        let child = lingering("a", ms(10), ExitReason::Normal, &bench.log);
        let child = child.shutdown(Shutdown::BrutalKill);
        let top = bench.start(bench.spec(Strategy::OneForOne).child(child));
        stop(bench.sim.node(), top);
        bench.settle();
        bench.check("start a, serving, stopped a (killed), end (shutdown)");
        assert_eq!(bench.sim.now(), ms(0));
        bench.check_empty();
    });
}

/// OTP statement 116: killed after its time and not before; with infinity it is waited for.
#[test]
fn stop_timeout() {
    for_seeds(|bench| {
        let log = &bench.log;
        let children = [
            lingering("forever", ms(86_400_000), ExitReason::Normal, log)
                .shutdown(Shutdown::Infinity),
            lingering("in-time", ms(99), ExitReason::Normal, log)
                .shutdown(Shutdown::Timeout(ms(100))),
            lingering("late", ms(101), ExitReason::Normal, log)
                .shutdown(Shutdown::Timeout(ms(100))),
            stubborn("zero").shutdown(Shutdown::Timeout(ms(0))),
        ];
        let top = bench.start(bench.spec(Strategy::OneForOne).children(children));
        log.take();
        stop(bench.sim.node(), top);
        bench.settle();
        bench.check(
            "timed out zero (killed), late asked, timed out late (killed), \
             in-time asked, in-time ends, stopped in-time (normal), \
             forever asked, forever ends, stopped forever (normal), end (shutdown)",
        );
        assert_eq!(bench.sim.now(), ms(86_400_000 + 99 + 100));
        bench.check_empty();
    });
}

/// OTP statement 116: what a child that traps exits is shown is `shutdown`, from its supervisor.
#[test]
fn stop_reason() {
    for_seeds(|bench| {
        let log = Arc::clone(&bench.log);
        let child = ChildSpec::native("a", move |context| {
            let log = Arc::clone(&log);
            async move {
                context.trap_exits(true);
                if let Event::Exit { from, reason } = context.receive(Selector::any()).await {
                    assert_eq!(Some(from), context.parent());
                    log.write(format!("told {reason}"));
                }
                ExitReason::Normal
            }
        });
        let top = bench.start(bench.spec(Strategy::OneForOne).child(child));
        stop(bench.sim.node(), top);
        bench.settle();
        bench.check("start a, serving, told shutdown, stopped a (normal), end (shutdown)");
    });
}

/// OTP statement 117: children that end by themselves during the shutdown neither hang it nor come back.
#[test]
fn stop_race() {
    for_seeds(|bench| {
        let children = ["a", "b", "c"].map(worker);
        let slow = lingering("d", ms(50), crash(), &bench.log);
        let top = bench.start(
            bench
                .spec(Strategy::OneForAll)
                .children(children)
                .child(slow),
        );
        bench.log.take();
        stop(bench.sim.node(), top);
        // These die while d is being waited for, before they are asked.
        bench.sim.run_until(|_| bench.log.take() == "d asked");
        bench.signal(bench.log.pid("a"), ExitReason::Normal);
        bench.signal(bench.log.pid("b"), crash());
        bench.settle();
        bench.check(
            "d ends, stopped d (trap: unreachable), stopped c (shutdown), \
             stopped b (trap: unreachable), stopped a (normal), end (shutdown)",
        );
        bench.check_empty();
    });
}

/// OTP statement 117: a child that unlinked itself is still stopped, and its end is still noticed.
#[test]
fn stop_unlinked_child() {
    let unlinking = || {
        ChildSpec::native("a", |context| async move {
            if let Some(supervisor) = context.parent() {
                context.unlink(supervisor);
            }
            loop {
                context.receive(Selector::any()).await;
            }
        })
    };
    for_seeds(|bench| {
        let top = bench.start(bench.spec(Strategy::OneForOne).child(unlinking()));
        bench.end("a", crash());
        stop(bench.sim.node(), top);
        bench.settle();
        bench.check(
            "start a, serving, ended a (trap: unreachable), restart a, stopped a (shutdown), end (shutdown)",
        );
        bench.check_empty();
    });
}

/// OTP statement 118: it ends, after its children, when its parent's exit signal arrives, with that reason.
#[test]
fn sup_parent_exit() {
    for reason in [ExitReason::Normal, ExitReason::Shutdown, crash()] {
        for_seeds(|bench| {
            let spec = bench
                .spec(Strategy::OneForOne)
                .child(worker("a"))
                .build()
                .unwrap();
            let own = reason.clone();
            bench.run(|context| async move {
                start_link(&context, spec).await.unwrap();
                own
            });
            bench.check(&format!(
                "start a, serving, stopped a (shutdown), end ({reason})"
            ));
            bench.check_empty();
        });
    }
}

/// OTP statement 118: an exit signal of somebody unrelated does not end it, whatever the reason.
#[test]
fn sup_unrelated_exit() {
    for_seeds(|bench| {
        let top = bench.start(bench.spec(Strategy::OneForOne).child(worker("a")));
        for reason in [ExitReason::Normal, ExitReason::Shutdown, crash()] {
            bench.run(move |context| async move {
                context.exit_signal(top, ExitReason::Shutdown);
                context.link(top);
                reason
            });
        }
        bench.check("start a, serving");
        assert!(bench.sim.node().is_alive(top));
    });
}

/// A supervisor that is killed takes its children along, by their links.
#[test]
fn a_killed_supervisor_leaves_no_orphans() {
    for_seeds(|bench| {
        let inner = bench
            .spec(Strategy::OneForOne)
            .child(worker("b"))
            .build()
            .unwrap();
        let children = [worker("a"), inner.into_child("inner"), worker("c")];
        let top = bench.start(bench.spec(Strategy::OneForOne).children(children));
        bench.log.take();
        bench.sim.node().kill(top);
        bench.settle();
        // The nested one traps exits, and so ends its own child in order.
        bench.check("inner/stopped b (shutdown), inner/end (killed)");
        bench.check_empty();
    });
}

/// As in OTP, a child that traps exits hears of its killed supervisor and may choose to go on.
#[test]
fn a_trapping_child_hears_of_its_killed_supervisor() {
    for_seeds(|bench| {
        let child = lingering("a", ms(1), ExitReason::Normal, &bench.log);
        let top = bench.start(bench.spec(Strategy::OneForOne).child(child));
        bench.log.take();
        bench.sim.node().kill(top);
        bench.settle();
        bench.check("a asked, a ends");
        bench.check_empty();
    });
}

/// The end of another child while one is being stopped is not swallowed (pitfall 11).
#[test]
fn the_end_of_another_child_is_heard_while_one_is_stopped() {
    for_seeds(|bench| {
        let (log, spec) = (&bench.log, bench.spec(Strategy::RestForOne));
        let slow = lingering("c", ms(20), ExitReason::Shutdown, log).shutdown(Shutdown::Infinity);
        bench.start(spec.children([worker("a"), worker("b"), slow]));
        log.take();
        bench.signal(log.pid("b"), crash());
        bench.sim.run_until(|_| log.take().ends_with("c asked"));
        bench.signal(log.pid("a"), crash());
        bench.settle();
        // The second c may be stopped before it has run, and then says nothing.
        let reports = log.take().replace("c asked, ", "").replace("c ends, ", "");
        let expected = "stopped c (shutdown), restart b, restart c, ended a (trap: unreachable), \
                        stopped c (shutdown), stopped b (shutdown), restart a, restart b, restart c";
        assert_eq!(reports, expected);
        assert_eq!(bench.alive(&["a", "b", "c"]), "a b c");
    });
}

/// Stopping and crashing at once: whatever comes first, nothing is left and nothing hangs.
#[test]
fn stop_and_crash_at_once() {
    for_seeds(|bench| {
        for strategy in [
            Strategy::OneForOne,
            Strategy::OneForAll,
            Strategy::RestForOne,
        ] {
            let children = ["a", "b", "c"].map(|id| worker(id).restart(Restart::Transient));
            let top = bench.start(bench.spec(strategy).children(children));
            let doomed = ["a", "b", "c"].map(|id| bench.log.pid(id));
            let assassin = |log: Arc<Log>, node: rusm_actor::Node| {
                move |context: rusm_actor::Context| async move {
                    for pid in doomed {
                        context.exit_signal(pid, crash());
                        context.yield_now().await;
                    }
                    log.write("done");
                    stop(&node, top);
                    ExitReason::Normal
                }
            };
            let body = assassin(bench.log.clone(), bench.sim.node().clone());
            bench
                .sim
                .node()
                .spawn(SpawnOptions::new("assassin"), body)
                .unwrap();
            bench.settle();
            assert!(bench.log.take().ends_with("end (shutdown)"));
            bench.check_empty();
        }
    });
}
