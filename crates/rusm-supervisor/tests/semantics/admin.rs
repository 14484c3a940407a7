//! Child administration at run time: start, terminate, restart, delete, which and count children.

use crate::support::{
    Bench, crash, failing, for_seeds, intensity, lingering, ms, stubborn, worker,
};
use rusm_actor::{ExitReason, Payload, Pid, SpawnOptions};
use rusm_supervisor::{
    AdminError, ChildOutcome, ChildSpec, ChildStatus, Restart, Shutdown, SpecError, StartChild,
    Started, Strategy, SupervisorHandle, stop,
};

fn add(bench: &Bench, top: Pid, child: ChildSpec) -> Result<ChildOutcome, AdminError> {
    bench.ask(top, |context, handle| async move {
        handle.start_child(&context, child).await
    })
}

fn terminate(bench: &Bench, top: Pid, id: &'static str) -> Result<(), AdminError> {
    bench.ask(top, move |context, handle| async move {
        handle.terminate_child(&context, id).await
    })
}

fn restart(bench: &Bench, top: Pid, id: &'static str) -> Result<ChildOutcome, AdminError> {
    bench.ask(top, move |context, handle| async move {
        handle.restart_child(&context, id).await
    })
}

fn delete(bench: &Bench, top: Pid, id: &'static str) -> Result<(), AdminError> {
    bench.ask(top, move |context, handle| async move {
        handle.delete_child(&context, id).await
    })
}

fn running(bench: &Bench, id: &str) -> Result<ChildOutcome, AdminError> {
    let (pid, info) = (bench.log.pid(id), None);
    Ok(ChildOutcome::Running { pid, info })
}

fn not_started() -> AdminError {
    AdminError::NotStarted(ExitReason::not_started("no code"))
}

/// OTP statement 129: the identifier comes back; a known id is refused with what it stands for; a failed start
/// leaves no spec. What was added is restarted and stopped like the others, in its place.
#[test]
fn adm_start() {
    for_seeds(|bench| {
        let top = bench.start(bench.spec(Strategy::OneForAll).child(worker("a")));
        assert_eq!(add(&bench, top, worker("b")), running(&bench, "b"));
        bench.check("start a, serving, add b");
        let a = bench.log.pid("a");
        assert_eq!(
            add(&bench, top, worker("a")),
            Err(AdminError::AlreadyStarted(a))
        );
        assert_eq!(terminate(&bench, top, "a"), Ok(()));
        assert_eq!(
            add(&bench, top, worker("a")),
            Err(AdminError::AlreadyPresent)
        );
        assert_eq!(add(&bench, top, failing("c", 0, 0)), Err(not_started()));
        assert_eq!(bench.list(top), "a stopped, b running");
        assert_eq!(add(&bench, top, worker("c")), running(&bench, "c"));
        bench.check("stopped a (shutdown), failed c (not-started: no code), add c");
        bench.end("b", crash());
        bench.check(
            "ended b (trap: unreachable), stopped c (shutdown), restart a, restart b, restart c",
        );
        stop(bench.sim.node(), top);
        bench.settle();
        bench.check(
            "stopped c (shutdown), stopped b (shutdown), stopped a (shutdown), end (shutdown)",
        );
        bench.check_empty();
    });
}

/// OTP statement 129: extra information of the start comes back too.
#[test]
fn adm_start_info() {
    let telling = |id: &str| {
        let start = StartChild::immediate(|context| {
            let options = SpawnOptions::new("a").link().monitor();
            let spawned = context.spawn(options, |_| std::future::pending());
            let spawned = spawned.map_err(|error| ExitReason::not_started(error.to_string()))?;
            Ok(Started::ChildWithInfo(spawned, "port 80".into()))
        });
        ChildSpec::new(id, start)
    };
    for_seeds(|bench| {
        let top = bench.start(bench.spec(Strategy::OneForOne));
        let told = |outcome: Result<ChildOutcome, AdminError>| {
            let pid = bench.log.pid("a");
            let info = Some(Payload::from("port 80"));
            assert_eq!(outcome, Ok(ChildOutcome::Running { pid, info }));
        };
        told(add(&bench, top, telling("a")));
        assert_eq!(terminate(&bench, top, "a"), Ok(()));
        told(restart(&bench, top, "a"));
    });
}

/// OTP statement 112 at run time: what does not fit is refused, and nothing is started.
#[test]
fn adm_start_bad_spec() {
    for_seeds(|bench| {
        let top = bench.start(bench.spec(Strategy::OneForOne));
        let id = "a\nb".into();
        let refused = Err(AdminError::BadSpec(SpecError::BadId { id }));
        assert_eq!(add(&bench, top, worker("a\nb")), refused);
        bench.check("serving");
        assert_eq!(bench.list(top), "");
    });
}

/// OTP statement 130: by the shutdown rule, no restart, and the spec stays, but that of a temporary child.
#[test]
fn adm_terminate() {
    for_seeds(|bench| {
        let slow = lingering("slow", ms(99), ExitReason::Normal, &bench.log);
        let children = [
            worker("a"),
            slow.shutdown(Shutdown::Infinity),
            stubborn("late").shutdown(Shutdown::Timeout(ms(100))),
            worker("brutal").shutdown(Shutdown::BrutalKill),
            worker("x").restart(Restart::Temporary),
        ];
        let spec = bench
            .spec(Strategy::OneForAll)
            .intensity(intensity(0, 1000));
        let top = bench.start(spec.children(children));
        bench.log.take();
        for id in ["slow", "late", "brutal", "x"] {
            assert_eq!(terminate(&bench, top, id), Ok(()), "{id}");
        }
        bench.check(
            "slow asked, slow ends, stopped slow (normal), timed out late (killed), \
             stopped brutal (killed), stopped x (shutdown)",
        );
        assert_eq!(bench.sim.now(), ms(199));
        assert_eq!(
            bench.list(top),
            "a running, slow stopped, late stopped, brutal stopped"
        );
        // Again is no error, and does nothing; the unknown and the forgotten are not found.
        assert_eq!(terminate(&bench, top, "slow"), Ok(()));
        for id in ["x", "nobody"] {
            assert_eq!(terminate(&bench, top, id), Err(AdminError::NotFound));
        }
        bench.check("");
        assert_eq!(bench.alive(&["a"]), "a");
    });
}

/// OTP statement 131: only a stopped child is restarted or deleted.
#[test]
fn adm_restart_delete() {
    for_seeds(|bench| {
        let spec = bench
            .spec(Strategy::RestForOne)
            .intensity(intensity(0, 1000));
        let top = bench.start(spec.children([worker("a"), failing("b", 1, 1), worker("c")]));
        bench.log.take();
        let a = AdminError::Running(bench.log.pid("a"));
        assert_eq!(restart(&bench, top, "a"), Err(a.clone()));
        assert_eq!(delete(&bench, top, "a"), Err(a));
        assert_eq!(restart(&bench, top, "nobody"), Err(AdminError::NotFound));
        assert_eq!(delete(&bench, top, "nobody"), Err(AdminError::NotFound));
        // A restart by request that fails is not tried again, and leaves the child stopped.
        assert_eq!(terminate(&bench, top, "b"), Ok(()));
        assert_eq!(restart(&bench, top, "b"), Err(not_started()));
        assert_eq!(bench.list(top), "a running, b stopped, c running");
        assert_eq!(restart(&bench, top, "b"), running(&bench, "b"));
        bench.check("stopped b (shutdown), failed b (not-started: no code), add b");
        assert_eq!(terminate(&bench, top, "b"), Ok(()));
        assert_eq!(delete(&bench, top, "b"), Ok(()));
        assert_eq!(restart(&bench, top, "b"), Err(AdminError::NotFound));
        assert_eq!(bench.list(top), "a running, c running");
        // The id is free, and its new holder is the last.
        assert_eq!(add(&bench, top, worker("b")), running(&bench, "b"));
        assert_eq!(bench.list(top), "a running, c running, b running");
    });
}

/// OTP statement 131 for a child that ended by itself, for good: its spec is there to be restarted.
#[test]
fn adm_restart_what_had_ended() {
    for_seeds(|bench| {
        let child = worker("t").restart(Restart::Transient);
        let top = bench.start(bench.spec(Strategy::OneForOne).child(child));
        bench.end("t", ExitReason::Normal);
        assert_eq!(bench.list(top), "t stopped");
        assert_eq!(restart(&bench, top, "t"), running(&bench, "t"));
        bench.check("start t, serving, ended t (normal), add t");
    });
}

/// OTP statement 132: id, process or none, type; and counts that agree.
#[test]
fn adm_list() {
    for_seeds(|bench| {
        let inner = bench.spec(Strategy::OneForOne).child(worker("b"));
        let inner = inner.build().unwrap().into_child("inner");
        let children = [worker("a"), inner, worker("t").restart(Restart::Transient)];
        let top = bench.start(bench.spec(Strategy::OneForOne).children(children));
        bench.end("t", ExitReason::Normal);
        assert_eq!(bench.list(top), "a running, inner running (sup), t stopped");
        let listed = bench.ask(top, |context, handle| async move {
            handle.which_children(&context).await.unwrap()
        });
        let statuses: Vec<ChildStatus> = listed.iter().map(|child| child.status).collect();
        let [a, inner] = ["a", "inner"].map(|id| bench.log.pid(id));
        let [a_runs, inner_runs] = [a, inner].map(ChildStatus::Running);
        assert_eq!(statuses, [a_runs, inner_runs, ChildStatus::Stopped]);
        // The pid of a nested supervisor is all it takes to ask it.
        assert_eq!(bench.list(inner), "b running");
        assert!(SupervisorHandle::find(bench.sim.node(), a).is_none());
    });
}

/// OTP statements 126, 129 to 132: between two tries of a restart that fails the supervisor answers everything,
/// and a termination ends the trying.
#[test]
fn restart_fails_and_is_asked() {
    for_seeds(|bench| {
        let spec = bench
            .spec(Strategy::OneForOne)
            .intensity(intensity(u32::MAX, 1000));
        let top = bench.start(spec.children([worker("a"), failing("b", 1, usize::MAX)]));
        bench.signal(bench.log.pid("b"), crash());
        bench.ask(top, |context, handle| async move {
            let status = async || {
                let children = handle.which_children(&context).await.unwrap();
                (
                    children[1].status,
                    handle.count_children(&context).await.unwrap(),
                )
            };
            while status().await.0 != ChildStatus::Restarting {}
            let counts = status().await.1;
            assert_eq!((counts.specs, counts.active), (2, 1));
            let b = worker("b");
            assert_eq!(
                handle.start_child(&context, b).await,
                Err(AdminError::Restarting)
            );
            assert_eq!(
                handle.restart_child(&context, "b").await,
                Err(AdminError::Restarting)
            );
            assert_eq!(
                handle.delete_child(&context, "b").await,
                Err(AdminError::Restarting)
            );
            assert!(handle.start_child(&context, worker("c")).await.is_ok());
            assert_eq!(handle.terminate_child(&context, "b").await, Ok(()));
            assert_eq!(status().await.0, ChildStatus::Stopped);
            assert_eq!(
                handle.restart_child(&context, "b").await,
                Err(not_started())
            );
            assert_eq!(handle.delete_child(&context, "b").await, Ok(()));
        });
        // It has come to rest: nobody tries any more.
        assert_eq!(bench.list(top), "a running, c running");
    });
}

/// OTP statement 128: a restarted supervisor starts from its original list, without children added later, and
/// with those that were deleted.
#[test]
fn escalation_forgets_what_was_added() {
    for_seeds(|bench| {
        let inner = bench
            .spec(Strategy::OneForOne)
            .intensity(intensity(0, 1000));
        let inner = inner.children([worker("b"), worker("c")]);
        let inner = inner.build().unwrap().into_child("inner");
        bench.start(bench.spec(Strategy::OneForOne).child(inner));
        let first = bench.log.pid("inner");
        assert!(add(&bench, first, worker("d")).is_ok());
        assert_eq!(terminate(&bench, first, "c"), Ok(()));
        assert_eq!(delete(&bench, first, "c"), Ok(()));
        assert_eq!(bench.list(first), "b running, d running");
        bench.end("d", crash());
        let second = bench.log.pid("inner");
        assert_ne!(first, second);
        assert_eq!(bench.list(second), "b running, c running");
    });
}
