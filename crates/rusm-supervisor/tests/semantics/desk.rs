//! How requests reach a supervisor: in order, for whom they are, and not at all once nobody waits.

use crate::support::{Bench, both, for_seeds, lingering, ms, worker};
use rusm_actor::{CallError, Context, Event, ExitReason, Pid, Selector, SpawnOptions};
use rusm_supervisor::{
    AdminError, ChildOutcome, ChildSpec, Shutdown, StartChild, StartFuture, Strategy,
    SupervisorHandle, stop,
};

/// A supervisor that is busy for 50 ms: a client has it stop a slow child.
fn busy(bench: &Bench) -> (Pid, SupervisorHandle) {
    let slow = lingering("slow", ms(50), ExitReason::Normal, &bench.log);
    let slow = slow.shutdown(Shutdown::Infinity);
    let top = bench.start(
        bench
            .spec(Strategy::OneForOne)
            .children([worker("a"), slow]),
    );
    let handle = SupervisorHandle::find(bench.sim.node(), top).unwrap();
    let client = handle.clone();
    bench.spawn(|context| async move {
        client.terminate_child(&context, "slow").await.unwrap();
    });
    assert!(
        bench
            .sim
            .run_until(|_| bench.log.take().ends_with("slow asked"))
    );
    (top, handle)
}

/// Requests of one client are handled in the order in which it asked.
#[test]
fn adm_order() {
    for_seeds(|bench| {
        let top = bench.start(bench.spec(Strategy::OneForOne).child(worker("a")));
        let before = bench.log.pid("a");
        let (ended, started) = bench.ask(top, |context, handle| async move {
            let ended = handle.terminate_child(&context, "a");
            both(ended, handle.restart_child(&context, "a")).await
        });
        let after = bench.log.pid("a");
        assert_ne!(before, after);
        assert_eq!(ended, Ok(()));
        assert_eq!(
            started,
            Ok(ChildOutcome::Running {
                pid: after,
                info: None
            })
        );
        let (started, ended) = bench.ask(top, |context, handle| async move {
            let started = handle.restart_child(&context, "a");
            both(started, handle.terminate_child(&context, "a")).await
        });
        assert_eq!((started, ended), (Err(AdminError::Running(after)), Ok(())));
    });
}

/// What a client that gave up, or died, had asked for is not done later.
#[test]
fn adm_withdrawn() {
    for_seeds(|bench| {
        let (top, handle) = busy(&bench);
        let (hasty, doomed) = (handle.clone().within(ms(10)), handle);
        bench.spawn(|context| async move {
            let late = hasty.start_child(&context, worker("late")).await;
            assert_eq!(late, Err(AdminError::NoAnswer(CallError::Timeout)));
        });
        let victim = bench.spawn(|context| async move {
            let never = doomed.start_child(&context, worker("never")).await;
            panic!("it was killed before: {never:?}");
        });
        bench.spawn(move |context| async move {
            context.sleep(ms(20)).await;
            context.kill(victim);
        });
        bench.settle();
        assert_eq!(bench.list(top), "a running, slow stopped");
        bench.check("slow ends, stopped slow (normal)");
    });
}

/// What a supervisor has begun with is done, though the client did not wait for it.
#[test]
fn adm_begun_is_done() {
    let slow_to_start = || {
        let start = StartChild::awaited(|context| {
            Box::pin(async move {
                context.sleep(ms(20)).await;
                let options = SpawnOptions::new("b").link().monitor();
                let spawned = context.spawn(options, |_| std::future::pending());
                spawned
                    .map(Into::into)
                    .map_err(|error| ExitReason::not_started(error.to_string()))
            })
        });
        ChildSpec::new("b", start)
    };
    for_seeds(|bench| {
        let top = bench.start(bench.spec(Strategy::OneForOne));
        let answer = bench.ask(top, move |context, handle| async move {
            let handle = handle.within(ms(10));
            handle.start_child(&context, slow_to_start()).await
        });
        assert_eq!(answer, Err(AdminError::NoAnswer(CallError::Timeout)));
        bench.check("serving, add b");
        assert_eq!(bench.list(top), "b running");
    });
}

/// Who guesses a ticket neither triggers nor learns anything, and the client still gets its answer.
#[test]
fn adm_forged() {
    const ADMIN: u64 = 2;
    for_seeds(|bench| {
        let (top, handle) = busy(&bench);
        let forger = bench.spawn(move |context| async move {
            for number in 0..20u64 {
                let ticket = number.to_le_bytes();
                context.send(top, ADMIN, ticket).unwrap();
                let answer = context.call(top, ADMIN, ticket, Some(ms(0))).await;
                assert_eq!(answer, Err(CallError::Timeout));
            }
        });
        bench.sim.run_until(|node| !node.is_alive(forger));
        bench.run(|context| async move {
            handle.start_child(&context, worker("b")).await.unwrap();
            ExitReason::Normal
        });
        bench.check("slow ends, stopped slow (normal), add b");
        for rubbish in [&[][..], b"1", b"123456789"] {
            let rubbish = rubbish.to_vec();
            bench.run(move |context| async move {
                let answer = context.call(top, ADMIN, rubbish, Some(ms(1))).await;
                assert_eq!(answer, Err(CallError::Timeout));
                ExitReason::Normal
            });
        }
        assert_eq!(bench.list(top), "a running, slow stopped, b running");
    });
}

/// Whoever still waits when a supervisor ends is told why it ended; one that has ended is not found.
#[test]
fn adm_supervisor_ends() {
    for_seeds(|bench| {
        let (top, handle) = busy(&bench);
        bench.sim.node().kill(top);
        let late = handle.clone();
        bench.spawn(|context| async move {
            let answer = late.count_children(&context).await;
            let reasons = [ExitReason::Killed, ExitReason::NoProcess].map(CallError::Exited);
            assert!(
                reasons
                    .map(AdminError::NoAnswer)
                    .contains(&answer.unwrap_err())
            );
        });
        bench.settle();
        assert!(SupervisorHandle::find(bench.sim.node(), top).is_none());

        let (top, handle) = busy(&bench);
        stop(bench.sim.node(), top);
        bench.run(|context| async move {
            let answer = handle.start_child(&context, worker("b")).await;
            let ended = CallError::Exited(ExitReason::Shutdown);
            assert_eq!(answer, Err(AdminError::NoAnswer(ended)));
            ExitReason::Normal
        });
        bench.check_empty();
    });
}

/// A start runs as the supervisor: asking it from there would wait for ever, and fails instead.
#[test]
fn adm_from_a_start_is_refused() {
    fn ask_myself(context: &Context) -> StartFuture<'_> {
        Box::pin(async move {
            let myself = SupervisorHandle::find(&context.node(), context.pid());
            let answer = myself.unwrap().count_children(context).await;
            Err(ExitReason::error(answer.unwrap_err().to_string()))
        })
    }
    for_seeds(|bench| {
        let top = bench.start(bench.spec(Strategy::OneForOne));
        let answer = bench.ask(top, |context, handle| async move {
            let child = ChildSpec::new("a", StartChild::awaited(ask_myself));
            handle.start_child(&context, child).await
        });
        let text = "the supervisor did not answer: a process cannot call itself";
        assert_eq!(answer, Err(AdminError::NotStarted(ExitReason::error(text))));
    });
}

/// A child asks its own supervisor about itself: to be stopped, and it is.
#[test]
fn adm_from_a_child() {
    let suicidal = || {
        ChildSpec::native("a", |context| async move {
            let parent = context.parent().unwrap();
            context.receive(Selector::any()).await;
            let supervisor = SupervisorHandle::find(&context.node(), parent).unwrap();
            let answer = supervisor.terminate_child(&context, "a").await;
            panic!("it ends before there is an answer: {answer:?}");
        })
    };
    for_seeds(|bench| {
        let top = bench.start(bench.spec(Strategy::OneForOne).child(suicidal()));
        let a = bench.log.pid("a");
        bench.run(move |context| async move {
            context.send(a, 0, []).unwrap();
            let monitor = context.monitor(a);
            match context.receive(Selector::down(monitor)).await {
                Event::Down { reason, .. } => reason,
                other => panic!("{other:?}"),
            }
        });
        assert_eq!(bench.list(top), "a stopped");
        bench.check("start a, serving, stopped a (shutdown)");
    });
}
