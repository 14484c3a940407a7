//! Dynamic supervisors: one spec, many children, started at run time with arguments.

use crate::support::{Bench, Log, crash, for_seeds, intensity, ms, worker};
use rusm_actor::{CallError, Context, Event, ExitReason, Pid, Selector, SpawnOptions};
use rusm_supervisor::{
    AdminError, ChildOutcome, ChildStatus, ChildTemplate, Restart, Shutdown, StartWith, Strategy,
    WhenEmpty, stop,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Says with what it runs, and waits for a signal that ends it.
fn connection(log: &Arc<Log>) -> ChildTemplate {
    let log = Arc::clone(log);
    ChildTemplate::native("c", move |context, name: Arc<&str>| {
        log.write(format!("{name} runs"));
        async move {
            loop {
                context.receive(Selector::any()).await;
            }
        }
    })
}

fn start_with(bench: &Bench, top: Pid, name: &'static str) -> Pid {
    let outcome = bench.ask(top, move |context, handle| async move {
        handle.start_child_with(&context, name).await
    });
    outcome.unwrap().pid().unwrap()
}

fn terminate(bench: &Bench, top: Pid, pid: Pid) -> Result<(), AdminError> {
    bench.ask(top, move |context, handle| async move {
        handle.terminate_pid(&context, pid).await
    })
}

/// OTP statement 133: it starts empty, adds children by arguments, and restarts each with its own.
#[test]
fn dyn_same_spec() {
    for_seeds(|bench| {
        let top = bench.start(
            bench
                .spec(Strategy::OneForOne)
                .dynamic(connection(&bench.log)),
        );
        bench.check("serving");
        assert_eq!(bench.list(top), "");
        let [one, two] = ["one", "two"].map(|name| start_with(&bench, top, name));
        bench.check("add c, one runs, add c, two runs");
        assert_eq!(bench.list(top), "- running, - running");
        bench.signal(one, crash());
        bench.settle();
        bench.check("ended c (trap: unreachable), restart c, one runs");
        let is_alive = |pid| bench.sim.node().is_alive(pid);
        assert_eq!(
            [one, bench.log.pid("c"), two].map(is_alive),
            [false, true, true]
        );
    });
}

/// OTP statements 130, 133: children are addressed by process, and nothing is kept of one that was terminated.
#[test]
fn dyn_terminate() {
    for_seeds(|bench| {
        let spec = bench
            .spec(Strategy::OneForOne)
            .dynamic(connection(&bench.log));
        let top = bench.start(spec);
        let [one, two] = ["one", "two"].map(|name| start_with(&bench, top, name));
        bench.log.take();
        assert_eq!(terminate(&bench, top, one), Ok(()));
        bench.check("stopped c (shutdown)");
        assert_eq!(terminate(&bench, top, one), Ok(()), "again is no error");
        let stranger = bench.spawn(|context| async move {
            context.receive(Selector::any()).await;
        });
        assert_eq!(terminate(&bench, top, stranger), Err(AdminError::NotFound));
        assert_eq!(terminate(&bench, top, top), Err(AdminError::NotFound));
        let left = bench.ask(top, |context, handle| async move {
            handle.which_children(&context).await.unwrap()
        });
        let left: Vec<_> = left.iter().map(|child| (&child.id, child.status)).collect();
        assert_eq!(left, [(&None, ChildStatus::Running(two))]);
    });
}

/// OTP statement 133: what goes by id is refused, and so are arguments where they have no place.
#[test]
fn dyn_refuses() {
    for_seeds(|bench| {
        let top = bench.start(
            bench
                .spec(Strategy::OneForOne)
                .dynamic(connection(&bench.log)),
        );
        bench.ask(top, |context, handle| async move {
            let dynamic = Err(AdminError::Dynamic);
            assert_eq!(
                handle.start_child(&context, worker("a")).await.map(|_| ()),
                dynamic
            );
            assert_eq!(handle.terminate_child(&context, "c").await, dynamic);
            assert_eq!(
                handle.restart_child(&context, "c").await.map(|_| ()),
                dynamic
            );
            assert_eq!(handle.delete_child(&context, "c").await, dynamic);
            let wrong = handle.start_child_with(&context, 7u8).await;
            assert_eq!(wrong, Err(AdminError::WrongArguments));
        });
        let listed = bench.start(bench.spec(Strategy::OneForOne).child(worker("a")));
        let a = bench.log.pid("a");
        bench.ask(listed, move |context, handle| async move {
            let with = handle.start_child_with(&context, "one").await;
            assert_eq!(with, Err(AdminError::NotDynamic));
            let by_pid = handle.terminate_pid(&context, a).await;
            assert_eq!(by_pid, Err(AdminError::NotDynamic));
        });
        assert_eq!(bench.alive(&["a"]), "a");
    });
}

/// OTP statements 119, 133: what has ended for good is forgotten, and what its start held with it.
#[test]
fn dyn_restart_types() {
    let held = |restart: Restart, reason: ExitReason| {
        for_seeds(|bench| {
            let template =
                ChildTemplate::native("c", |context: Context, held: Arc<Arc<()>>| async move {
                    context.receive(Selector::any()).await;
                    drop(held);
                    ExitReason::Normal
                });
            let spec = bench
                .spec(Strategy::OneForOne)
                .dynamic(template.restart(restart));
            let top = bench.start(spec);
            let held = Arc::new(());
            let weak = Arc::downgrade(&held);
            bench.ask(top, |context, handle| async move {
                handle.start_child_with(&context, held).await.unwrap();
            });
            bench.end("c", reason.clone());
            let expected = match weak.upgrade() {
                Some(_) => "- running",
                None => "",
            };
            assert_eq!(bench.list(top), expected);
            let is_restarted = match restart {
                Restart::Permanent => true,
                Restart::Transient => !reason.is_orderly(),
                Restart::Temporary => false,
            };
            assert_eq!(!expected.is_empty(), is_restarted, "{restart:?} {reason}");
        });
    };
    for restart in [Restart::Permanent, Restart::Transient, Restart::Temporary] {
        for reason in [ExitReason::Normal, ExitReason::Shutdown, crash()] {
            held(restart, reason);
        }
    }
}

/// OTP statements 126, 133: a restart that fails is tried again with the same arguments; meanwhile the child is
/// known by the process it had last.
#[test]
fn dyn_restart_fails() {
    let flaky = || {
        let n_starts = AtomicUsize::new(0);
        StartWith::immediate(move |context, _: &()| {
            if n_starts.fetch_add(1, Ordering::Relaxed) > 0 {
                return Err(ExitReason::not_started("no code"));
            }
            let options = SpawnOptions::new("c").link().monitor();
            let spawned = context.spawn(options, |_| std::future::pending());
            spawned.map_err(|error| ExitReason::not_started(error.to_string()))
        })
    };
    for_seeds(|bench| {
        let spec = bench
            .spec(Strategy::OneForOne)
            .intensity(intensity(u32::MAX, 1000));
        let top = bench.start(spec.dynamic(ChildTemplate::new("c", flaky())));
        bench.ask(top, |context, handle| async move {
            let outcome = handle.start_child_with(&context, ()).await.unwrap();
            let pid = outcome.pid().unwrap();
            context.exit_signal(pid, crash());
            let status = async || {
                let children = handle.which_children(&context).await.unwrap();
                children.first().map(|child| child.status)
            };
            while status().await != Some(ChildStatus::Restarting) {}
            assert_eq!(handle.terminate_pid(&context, pid).await, Ok(()));
            assert_eq!(status().await, None);
            let failed = handle.start_child_with(&context, ()).await;
            let reason = ExitReason::not_started("no code");
            assert_eq!(failed, Err(AdminError::NotStarted(reason)));
            assert_eq!(status().await, None);
        });
        // It has come to rest, and gave up on nobody.
        assert_eq!(bench.list(top), "");
    });
}

/// Traps exits; asked to stop, it says so and takes its time.
fn lingering(log: &Arc<Log>) -> ChildTemplate {
    let log = Arc::clone(log);
    ChildTemplate::native("c", move |context, time_ms: Arc<u64>| {
        let log = Arc::clone(&log);
        async move {
            context.trap_exits(true);
            context
                .register(rusm_actor::Name::new(&time_ms.to_string()).unwrap())
                .unwrap();
            while !matches!(context.receive(Selector::any()).await, Event::Exit { .. }) {}
            log.write("asked");
            context.sleep(ms(*time_ms)).await;
            ExitReason::Normal
        }
    })
}

/// Starts children that take so long to stop, and stops their supervisor; the reports, and the time it took.
fn stop_all(bench: &Bench, shutdown: Shutdown, times_ms: &'static [u64]) -> (String, u128) {
    let template = lingering(&bench.log).shutdown(shutdown);
    let top = bench.start(bench.spec(Strategy::OneForOne).dynamic(template));
    bench.ask(top, move |context, handle| async move {
        for time_ms in times_ms {
            handle.start_child_with(&context, *time_ms).await.unwrap();
        }
    });
    bench.log.take();
    let before = bench.sim.now();
    stop(bench.sim.node(), top);
    bench.settle();
    bench.check_empty();
    (bench.log.take(), (bench.sim.now() - before).as_millis())
}

/// OTP statement 135: all are asked at once and have one common time; what is left then is killed.
#[test]
fn dyn_stop() {
    for_seeds(|bench| {
        let shutdown = Shutdown::Timeout(ms(100));
        let (reports, time_ms) = stop_all(&bench, shutdown, &[500, 99, 10, 300]);
        let expected = "asked, asked, asked, asked, stopped c (normal), stopped c (normal), \
                        timed out c (killed), timed out c (killed), end (shutdown)";
        assert_eq!((&*reports, time_ms), (expected, 100));
        let (reports, time_ms) = stop_all(&bench, shutdown, &[30, 99, 10]);
        assert!(
            reports.ends_with("stopped c (normal), end (shutdown)"),
            "{reports}"
        );
        assert_eq!(time_ms, 99, "nobody waits for the rest of the time");
        let (_, time_ms) = stop_all(&bench, Shutdown::Infinity, &[86_400_000, 5]);
        assert_eq!(time_ms, 86_400_000);
        let (reports, time_ms) = stop_all(&bench, Shutdown::BrutalKill, &[500, 1]);
        let expected = "stopped c (killed), stopped c (killed), end (shutdown)";
        assert_eq!((&*reports, time_ms), (expected, 0));
        assert_eq!(
            stop_all(&bench, shutdown, &[]),
            ("end (shutdown)".into(), 0)
        );
    });
}

/// OTP statement 117 for a dynamic supervisor: ends during the shutdown neither hang it nor come back, and who
/// asks it meanwhile is told of its end.
#[test]
fn dyn_stop_race() {
    for_seeds(|bench| {
        let template = lingering(&bench.log).shutdown(Shutdown::Timeout(ms(100)));
        let top = bench.start(bench.spec(Strategy::OneForOne).dynamic(template));
        bench.ask(top, |context, handle| async move {
            for time_ms in [50u64, 60] {
                handle.start_child_with(&context, time_ms).await.unwrap();
            }
        });
        bench.log.take();
        let handle = rusm_supervisor::SupervisorHandle::find(bench.sim.node(), top).unwrap();
        stop(bench.sim.node(), top);
        let is_asked = bench.sim.run_until(|_| bench.log.take().ends_with("asked"));
        assert!(is_asked);
        let victim = bench.sim.node().whereis("50").unwrap();
        bench.sim.node().kill(victim);
        bench.run(|context| async move {
            let late = handle.start_child_with(&context, 1u64).await;
            let ended = CallError::Exited(ExitReason::Shutdown);
            assert_eq!(late, Err(AdminError::NoAnswer(ended)));
            ExitReason::Normal
        });
        // The other one may be asked before or after this end is heard.
        let log = bench.log.take().replace("asked, ", "");
        assert_eq!(
            log,
            "stopped c (killed), stopped c (normal), end (shutdown)"
        );
        bench.check_empty();
    });
}

/// It starts empty and stays so, also when it is to end when empty: that is when its last child has ended.
#[test]
fn dyn_ends_when_empty() {
    for_seeds(|bench| {
        let template = connection(&bench.log).restart(Restart::Transient);
        let spec = bench.spec(Strategy::OneForOne).when_empty(WhenEmpty::End);
        let top = bench.start(spec.dynamic(template));
        let [one, two] = ["one", "two"].map(|name| start_with(&bench, top, name));
        bench.log.take();
        bench.signal(one, ExitReason::Normal);
        bench.settle();
        bench.signal(two, ExitReason::Normal);
        bench.settle();
        bench.check("ended c (normal), ended c (normal), end (normal)");
        bench.check_empty();
    });
}

/// A nested dynamic supervisor that is restarted is empty again (OTP statement 128).
#[test]
fn dyn_restarted_is_empty() {
    for_seeds(|bench| {
        let inner = bench
            .spec(Strategy::OneForOne)
            .intensity(intensity(0, 1000));
        let inner = inner
            .dynamic(connection(&bench.log))
            .build()
            .unwrap()
            .into_child("inner");
        bench.start(bench.spec(Strategy::OneForOne).child(inner));
        let first = bench.log.pid("inner");
        let [one, _two] = ["one", "two"].map(|name| start_with(&bench, first, name));
        bench.signal(one, crash());
        bench.settle();
        let second = bench.log.pid("inner");
        assert_ne!(first, second);
        assert_eq!(bench.list(second), "");
        assert_eq!(bench.sim.node().process_count(), 2);
    });
}

/// Slices that it takes to start so many children, to restart one of them, and to stop them all.
fn slices(n_children: usize) -> [usize; 3] {
    let bench = Bench::new(0);
    let template = ChildTemplate::native("c", |_, _: Arc<usize>| std::future::pending());
    let spec = rusm_supervisor::SupervisorSpec::builder().dynamic(template);
    let top = bench.start(spec);
    let count = |sim: &rusm_actor::sim::Simulator| {
        let mut n_slices = 0;
        while sim.step() {
            n_slices += 1;
        }
        n_slices
    };
    let handle = rusm_supervisor::SupervisorHandle::find(bench.sim.node(), top).unwrap();
    let client = bench.spawn(move |context| async move {
        let mut first = None;
        for number in 0..n_children {
            let outcome = handle.start_child_with(&context, number).await;
            first = first.or(outcome.unwrap().pid());
        }
        let counts = handle.count_children(&context).await.unwrap();
        assert_eq!(counts.active, n_children);
        context.receive(Selector::any()).await;
        context.exit_signal(first.unwrap(), ExitReason::Killed);
    });
    let started = count(&bench.sim);
    assert_eq!(bench.sim.node().process_count(), n_children + 2);
    bench.spawn(move |context| async move {
        context.send(client, 0, []).unwrap();
    });
    let restarted = count(&bench.sim);
    stop(bench.sim.node(), top);
    let stopped = count(&bench.sim);
    bench.sim.stop();
    bench.check_empty();
    [started, restarted, stopped]
}

/// OTP statement 134: starting and stopping costs about as much per child however many there are, and restarting
/// one costs the same.
#[test]
fn dyn_scale() {
    let few = slices(1_000);
    let many = slices(100_000);
    let per_child = |slices: usize, n_children: usize| slices.div_ceil(n_children);
    for (few, many) in [(few[0], many[0]), (few[2], many[2])] {
        assert!(
            per_child(many, 100_000) <= per_child(few, 1_000),
            "{many} after {few}"
        );
    }
    assert_eq!(few[1], many[1]);
}

/// The same for a supervisor whose children are listed: one that is restarted concerns no other.
#[test]
fn one_for_one_scale() {
    const N_CHILDREN: usize = 20_000;
    let bench = Bench::new(0);
    let children = (0..N_CHILDREN).map(|number| worker(&format!("{number}")));
    let spec = rusm_supervisor::SupervisorSpec::builder().children(children);
    let spec = spec.intensity(intensity(u32::MAX, 1000));
    let top = bench.start(spec);
    let outcome = bench.ask(top, |context, handle| async move {
        let children = handle.which_children(&context).await.unwrap();
        for child in &children {
            if let ChildStatus::Running(pid) = child.status {
                context.kill(pid);
            }
        }
        handle.start_child(&context, worker("last")).await
    });
    assert!(matches!(outcome, Ok(ChildOutcome::Running { .. })));
    assert_eq!(bench.sim.node().process_count(), N_CHILDREN + 2);
}
