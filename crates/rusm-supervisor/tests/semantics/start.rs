//! Starting: order, failure, names, ties.

use crate::support::{Bench, crash, failing, for_seeds, lingering, ms, worker};
use rusm_actor::{Context, Event, ExitReason, Name, Pid, Selector, SpawnOptions};
use rusm_supervisor::{ChildSpec, Restart, StartChild, Strategy, start, start_link};
use std::sync::atomic::{AtomicUsize, Ordering};

/// OTP statement 110: start in order; stop in reverse order, each ended before the next is asked.
#[test]
fn sup_order() {
    for_seeds(|bench| {
        let children =
            ["a", "b", "c"].map(|id| lingering(id, ms(10), ExitReason::Shutdown, &bench.log));
        let top = bench.start(bench.spec(Strategy::OneForOne).children(children));
        bench.check("start a, start b, start c, serving");
        rusm_supervisor::stop(bench.sim.node(), top);
        bench.settle();
        bench.check(
            "c asked, c ends, stopped c (shutdown), b asked, b ends, stopped b (shutdown), \
             a asked, a ends, stopped a (shutdown), end (shutdown)",
        );
        bench.check_empty();
    });
}

/// OTP statement 111: those started before are stopped in reverse order, and nothing is left running.
#[test]
fn sup_start_fail() {
    for_seeds(|bench| {
        let children = [worker("a"), worker("b"), failing("c", 0, 0), worker("d")];
        bench.start(bench.spec(Strategy::OneForOne).children(children));
        bench.check(
            "start a, start b, failed c (not-started: no code), stopped b (shutdown), \
             stopped a (shutdown), end (not-started: child \"c\" did not start: not-started: no code)",
        );
        bench.check_empty();
    });
}

/// The starter of a linked supervisor gets the reason, and a started one only once its children run.
#[test]
fn start_link_answers_after_the_children() {
    for_seeds(|bench| {
        let good = bench
            .spec(Strategy::OneForOne)
            .child(worker("a"))
            .build()
            .unwrap();
        let bad = bench
            .spec(Strategy::OneForOne)
            .child(failing("b", 0, 0))
            .build()
            .unwrap();
        let log = bench.log.clone();
        bench.run(|context| async move {
            context.trap_exits(true);
            let started = start_link(&context, good).await.unwrap();
            assert_eq!(log.take(), "start a, serving");
            assert!(context.node().is_alive(started.pid));
            let reason = start_link(&context, bad).await.unwrap_err();
            assert_eq!(
                reason.to_string(),
                "not-started: child \"b\" did not start: not-started: no code"
            );
            // No stray notice is left of it, though its caller traps (OTP statement 099).
            let left = context.receive_timeout(Selector::any(), ms(1)).await;
            assert_eq!(left, None);
            log.take();
            ExitReason::Normal
        });
        // It ended when its starter did, with that reason.
        bench.check("stopped a (shutdown), end (normal)");
        bench.check_empty();
    });
}

/// A start that panics has failed, like one that crashes in OTP: at the first start, and at a restart.
#[test]
fn a_start_that_panics_has_failed() {
    let panicking = |from| {
        let n_starts = AtomicUsize::new(0);
        let start = StartChild::awaited(move |context| {
            let n = n_starts.fetch_add(1, Ordering::Relaxed);
            Box::pin(async move {
                context.yield_now().await;
                assert!(n != from, "no luck");
                spawn_untied(context).map(Into::into)
            })
        });
        ChildSpec::new("b", start)
    };
    let why = "trap: the start panicked: no luck";
    for_seeds(|bench| {
        let spec = bench.spec(Strategy::OneForOne);
        bench.start(spec.children([worker("a"), panicking(0)]));
        bench.check(&format!(
            "start a, failed b ({why}), stopped a (shutdown), \
             end (not-started: child \"b\" did not start: {why})"
        ));
        bench.check_empty();
        let spec = bench.spec(Strategy::OneForOne);
        bench.start(spec.children([worker("a"), panicking(1)]));
        bench.log.take();
        bench.end("b", crash());
        bench.check(&format!(
            "ended b (trap: unreachable), failed b ({why}), again b, restart b"
        ));
    });
}

#[test]
fn a_taken_name_is_no_supervisor() {
    for_seeds(|bench| {
        let spec = || {
            bench
                .spec(Strategy::OneForOne)
                .name(Name::new("top").unwrap())
        };
        let top = bench.start(spec());
        assert_eq!(bench.sim.node().whereis("top"), Some(top));
        assert!(start(bench.sim.node(), spec().build().unwrap()).is_err());
        let second = spec().build().unwrap();
        bench.run(|context| async move {
            let reason = start_link(&context, second).await.unwrap_err();
            assert_eq!(reason.to_string(), "not-started: the name is taken");
            ExitReason::Normal
        });
        assert!(bench.sim.node().is_alive(top));
    });
}

/// A child that ends before its supervisor looks again is seen with its true reason.
#[test]
fn a_child_that_ends_at_once_has_its_true_reason() {
    for_seeds(|bench| {
        let child =
            ChildSpec::native("a", |_| async { ExitReason::Normal }).restart(Restart::Transient);
        bench.start(bench.spec(Strategy::OneForOne).child(child));
        bench.check("start a, serving, ended a (normal)");
    });
}

fn spawn_untied(context: &Context) -> Result<rusm_actor::Spawned, ExitReason> {
    let spawned = context.spawn(SpawnOptions::new("a"), |context| async move {
        loop {
            context.receive(Selector::any()).await;
        }
    });
    spawned.map_err(|error| ExitReason::not_started(error.to_string()))
}

/// A start that forgot link and monitor still gives a child that is restarted, and that dies with a
/// killed supervisor.
#[test]
fn missing_ties_are_made_up_for() {
    for_seeds(|bench| {
        let child = ChildSpec::new("a", StartChild::immediate(spawn_untied));
        let top = bench.start(bench.spec(Strategy::OneForOne).child(child));
        bench.end("a", crash());
        bench.check("start a, serving, ended a (trap: unreachable), restart a");
        bench.sim.node().kill(top);
        bench.settle();
        bench.check_empty();
    });
}

/// An exit signal that pretends to be a child's end changes nothing: ends are learnt from monitors.
#[test]
fn no_exit_signal_pretends_the_end_of_a_child() {
    let forger = || {
        ChildSpec::native("a", |context| async move {
            if let Some(supervisor) = context.parent() {
                context.exit_signal(supervisor, crash());
            }
            while !matches!(context.receive(Selector::any()).await, Event::Exit { .. }) {}
            ExitReason::Normal
        })
    };
    for_seeds(|bench| {
        bench.start(
            bench
                .spec(Strategy::OneForAll)
                .child(forger())
                .child(worker("b")),
        );
        bench.check("start a, start b, serving");
        assert_eq!(bench.alive(&["a", "b"]), "a b");
    });
}

/// A full mailbox keeps no news of children out, and what fills it is dropped.
#[test]
fn a_flooded_supervisor_still_restarts() {
    async fn flood(context: &Context, supervisor: Pid) {
        while context.send(supervisor, 1, []).is_ok() {}
        context.sleep(ms(1)).await;
        assert!(
            context.send(supervisor, 1, []).is_ok(),
            "the mailbox was emptied"
        );
    }
    for seed in 0..4 {
        let bench = Bench::new(seed);
        let top = bench.start(bench.spec(Strategy::OneForOne).child(worker("a")));
        bench.signal(bench.log.pid("a"), crash());
        bench.run(move |context| async move {
            flood(&context, top).await;
            ExitReason::Normal
        });
        bench.check("start a, serving, ended a (trap: unreachable), restart a");
    }
}

/// OTP statement 118: a parent that gives a start up and ends, even with `normal` and before the supervisor has
/// had its first slice, leaves no supervisor behind.
#[test]
fn sup_parent_exit_before_the_first_slice() {
    for_seeds(|bench| {
        let spec = bench.spec(Strategy::OneForOne).child(worker("a"));
        let spec = spec.build().unwrap();
        bench.run(|me| async move {
            let mut start = std::pin::pin!(start_link(&me, spec));
            let given_up = std::future::poll_fn(|task| {
                let is_pending = start.as_mut().poll(task).is_pending();
                std::task::Poll::Ready(is_pending)
            });
            assert!(given_up.await);
            ExitReason::Normal
        });
        bench.check_empty();
    });
}
