//! What a supervisor reports, and what it ends with.

use crate::support::{Bench, crash, failing, for_seeds, intensity, worker};
use rusm_actor::{ExitReason, Pid};
use rusm_supervisor::{
    Attempt, AutoShutdown, Decision, Init, Restart, StopCause, StopOutcome, Strategy,
    SupervisorEvent, SupervisorObserver, SupervisorReport, SupervisorSpec, SupervisorSpecBuilder,
    WhenEmpty, start, stop,
};
use std::sync::{Arc, Mutex};

/// Keeps reports as they are.
#[derive(Debug, Default)]
struct Kept(Mutex<Vec<SupervisorReport>>);

impl Kept {
    fn first_child(&self) -> Pid {
        let kept = self.0.lock().unwrap();
        let started = kept.iter().find_map(|report| match report.event {
            SupervisorEvent::ChildStarted { pid, .. } => Some(pid),
            _ => None,
        });
        started.expect("a child has started")
    }
}

impl SupervisorObserver for Kept {
    fn report(&self, report: &SupervisorReport) {
        self.0.lock().unwrap().push(report.clone());
    }
}

fn started(id: &str, pid: Pid, attempt: Attempt) -> SupervisorEvent {
    let id = id.into();
    SupervisorEvent::ChildStarted { id, pid, attempt }
}

fn failed(id: &str, attempt: Attempt) -> SupervisorEvent {
    let (id, reason) = (id.into(), ExitReason::not_started("no code"));
    SupervisorEvent::StartFailed {
        id,
        reason,
        attempt,
    }
}

fn ended(id: &str, pid: Pid, reason: ExitReason, decision: Decision) -> SupervisorEvent {
    let id = id.into();
    SupervisorEvent::ChildEnded {
        id,
        pid,
        reason,
        decision,
    }
}

fn stopped(id: &str, pid: Pid, cause: StopCause) -> SupervisorEvent {
    SupervisorEvent::ChildStopped {
        id: id.into(),
        pid,
        reason: ExitReason::Shutdown,
        outcome: StopOutcome::InTime,
        cause,
    }
}

/// OTP statement 146: every end that leads to a restart, every failed start and the giving up, with the child's id
/// and reason; starts are progress reports.
#[test]
fn sup_report() {
    for_seeds(|bench| {
        let kept = Arc::new(Kept::default());
        let spec = SupervisorSpec::builder()
            .label("top")
            .strategy(Strategy::RestForOne)
            .intensity(intensity(2, 1000))
            .observer(Arc::clone(&kept) as Arc<dyn SupervisorObserver>);
        let children = [worker("a"), failing("b", 1, 1), worker("c")];
        let top = start(bench.sim.node(), spec.children(children).build().unwrap()).unwrap();
        bench.settle();
        let pids = || {
            let kept = kept.0.lock().unwrap();
            let pids = kept.iter().filter_map(|report| match &report.event {
                SupervisorEvent::ChildStarted { pid, .. } => Some(*pid),
                _ => None,
            });
            pids.collect::<Vec<_>>()
        };
        bench.signal(pids()[1], crash());
        bench.settle();
        bench.signal(pids()[4], ExitReason::Normal);
        bench.settle();
        let pids = pids();
        let (first, restart) = (Attempt::First, Attempt::Restart);
        let (id, reason) = ("c".into(), ExitReason::Normal);
        let expected = [
            started("a", pids[0], first),
            started("b", pids[1], first),
            started("c", pids[2], first),
            SupervisorEvent::Started,
            ended("b", pids[1], crash(), Decision::Restart),
            stopped("c", pids[2], StopCause::Sibling),
            failed("b", restart),
            SupervisorEvent::TriesAgain { id: "b".into() },
            started("b", pids[3], restart),
            started("c", pids[4], restart),
            ended("c", pids[4], ExitReason::Normal, Decision::GiveUp),
            SupervisorEvent::GaveUp {
                id,
                reason,
                intensity: intensity(2, 1000),
            },
            stopped("b", pids[3], StopCause::End),
            stopped("a", pids[0], StopCause::End),
            SupervisorEvent::Stopped {
                reason: ExitReason::Shutdown,
            },
        ];
        let kept = kept.0.lock().unwrap();
        let events: Vec<_> = kept.iter().map(|report| report.event.clone()).collect();
        assert_eq!(events, expected);
        assert!(
            kept.iter()
                .all(|report| (report.supervisor, &*report.label) == (top, "top"))
        );
    });
}

/// OTP statement 146: one that gives up because of a restart that fails says why that restart failed.
#[test]
fn sup_report_restart_fails() {
    for_seeds(|bench| {
        let kept = Arc::new(Kept::default());
        let spec = bench
            .spec(Strategy::OneForOne)
            .intensity(intensity(1, 1000))
            .observer(Arc::clone(&kept) as Arc<dyn SupervisorObserver>);
        let spec = spec.child(failing("b", 1, usize::MAX)).build().unwrap();
        start(bench.sim.node(), spec).unwrap();
        bench.settle();
        bench.signal(kept.first_child(), crash());
        bench.settle();
        let kept = kept.0.lock().unwrap();
        let gave_up = kept.iter().find_map(|report| match &report.event {
            SupervisorEvent::GaveUp { id, reason, .. } => Some((&**id, reason.clone())),
            _ => None,
        });
        assert_eq!(gave_up, Some(("b", ExitReason::not_started("no code"))));
        bench.check_empty();
    });
}

/// What each decision about an end is called, as a crash report says it.
#[test]
fn sup_report_decisions() {
    let transient = || worker("b").restart(Restart::Transient);
    let decision = |spec: fn(SupervisorSpecBuilder) -> SupervisorSpecBuilder, child, reason| {
        let bench = Bench::new(0);
        let kept = Arc::new(Kept::default());
        let spec = spec(bench.spec(Strategy::OneForOne));
        let spec = spec.observer(Arc::clone(&kept) as Arc<dyn SupervisorObserver>);
        start(bench.sim.node(), spec.child(child).build().unwrap()).unwrap();
        bench.settle();
        bench.signal(kept.first_child(), reason);
        bench.settle();
        let kept = kept.0.lock().unwrap();
        kept.iter().find_map(|report| match &report.event {
            SupervisorEvent::ChildEnded { decision, .. } => Some(*decision),
            _ => None,
        })
    };
    let normal = || ExitReason::Normal;
    let temporary = worker("b").restart(Restart::Temporary);
    let cases = [
        (
            decision(|spec| spec, worker("b"), crash()),
            Decision::Restart,
        ),
        (
            decision(|spec| spec, transient(), normal()),
            Decision::StayEnded,
        ),
        (decision(|spec| spec, temporary, normal()), Decision::Forget),
        (
            decision(|spec| spec.intensity(intensity(0, 1)), worker("b"), crash()),
            Decision::GiveUp,
        ),
        (
            decision(
                |spec| spec.auto_shutdown(AutoShutdown::AnySignificant),
                transient().significant(),
                normal(),
            ),
            Decision::ShutDown,
        ),
        (
            decision(
                |spec| spec.when_empty(WhenEmpty::End),
                transient(),
                normal(),
            ),
            Decision::Finish,
        ),
    ];
    for (decision, expected) in cases {
        assert_eq!(decision, Some(expected));
    }
}

/// A supervisor's own exit reasons (OTP statements 111, 114, 118, 124, 136).
#[test]
fn sup_exit_reasons() {
    for_seeds(|bench| {
        let run = |spec: SupervisorSpecBuilder, act: &dyn Fn(Pid)| {
            let top = bench.start(spec);
            act(top);
            bench.settle();
            bench.check_empty();
            let log = bench.log.take();
            log.rsplit(", ").next().unwrap().to_owned()
        };
        let spec = || bench.spec(Strategy::OneForOne);
        let crashes = |_| bench.end("b", crash());
        let done = |_| bench.end("b", ExitReason::Normal);
        let transient = || worker("b").restart(Restart::Transient);
        let gives_up = spec().intensity(intensity(0, 1)).child(worker("b"));
        assert_eq!(run(gives_up, &crashes), "end (shutdown)");
        let auto = spec().auto_shutdown(AutoShutdown::AllSignificant);
        assert_eq!(
            run(auto.child(transient().significant()), &done),
            "end (shutdown)"
        );
        let finishes = spec().when_empty(WhenEmpty::End).child(transient());
        assert_eq!(run(finishes, &done), "end (normal)");
        let stops = |top| stop(bench.sim.node(), top);
        assert_eq!(run(spec().child(worker("b")), &stops), "end (shutdown)");
        let told = |top| bench.signal(top, ExitReason::error("told"));
        assert_eq!(run(spec().child(worker("b")), &told), "end (error: told)");
        let ignores = spec().init(|_| Ok(Init::Ignore));
        assert_eq!(run(ignores, &|_| {}), "end (normal)");
        let fails = spec().init(|_| Err(ExitReason::error("no disk")));
        assert_eq!(run(fails, &|_| {}), "end (error: no disk)");
        let child_fails = spec().child(failing("b", 0, 0));
        assert_eq!(
            run(child_fails, &|_| {}),
            "end (not-started: child \"b\" did not start: not-started: no code)"
        );
    });
}
