//! Every order in which a crash and a supervisor's word about it can come.

use super::*;
use crate::event::crash::Unread;
use rusm_actor::ExitReason;
use rusm_supervisor::{Intensity, StopCause, StopOutcome};

const SUPERVISOR: u64 = 1;

fn pid(number: u64) -> Pid {
    Pid::from_u64(number).unwrap()
}

fn boom() -> ExitReason {
    ExitReason::trap("boom")
}

/// A desk that knows the supervisor `house`.
fn desk() -> Desk {
    let mut desk = Desk::default();
    desk.announce(pid(SUPERVISOR), &"house".into());
    desk
}

fn exit(number: u64, parent: Option<u64>, reason: ExitReason) -> Exit {
    Exit {
        component: "a".into(),
        pid: pid(number),
        name: None,
        parent: parent.map(pid),
        reason,
        frames: Vec::new(),
        breach: None,
        unread: Unread::default(),
        links: 0,
    }
}

fn crash(number: u64) -> Exit {
    exit(number, Some(SUPERVISOR), boom())
}

fn says(desk: &mut Desk, event: SupervisorEvent) -> Vec<Aftermath> {
    let reports = desk.supervised(&SupervisorReport {
        supervisor: pid(SUPERVISOR),
        label: "house".into(),
        event,
    });
    reports.into_iter().map(|report| report.aftermath).collect()
}

fn ended(id: &str, number: u64, decision: Decision) -> SupervisorEvent {
    SupervisorEvent::ChildEnded {
        id: id.into(),
        pid: pid(number),
        reason: boom(),
        decision,
    }
}

fn started(id: &str, number: u64) -> SupervisorEvent {
    SupervisorEvent::ChildStarted {
        id: id.into(),
        pid: pid(number),
        attempt: Attempt::Restart,
    }
}

fn stopped_itself() -> SupervisorEvent {
    SupervisorEvent::Stopped {
        reason: ExitReason::Shutdown,
    }
}

fn gave_up(id: &str) -> SupervisorEvent {
    SupervisorEvent::GaveUp {
        id: id.into(),
        reason: boom(),
        intensity: Intensity::default(),
    }
}

/// OTP statement 145: one report per crash, with what the supervisor did about that very child.
#[test]
fn a_crash_is_reported_when_its_supervisor_has_acted() {
    let mut desk = desk();
    for number in [10, 20, 30] {
        assert_eq!(desk.crashed(crash(number)), []);
    }
    assert_eq!(says(&mut desk, ended("a", 10, Decision::Restart)), []);
    assert_eq!(says(&mut desk, ended("b", 20, Decision::Restart)), []);
    assert_eq!(
        says(&mut desk, ended("c", 30, Decision::StayEnded)),
        [Aftermath::StaysEnded]
    );
    assert_eq!(
        says(&mut desk, started("b", 21)),
        [Aftermath::Restarted(pid(21))]
    );
    assert_eq!(says(&mut desk, gave_up("a")), [Aftermath::GaveUp]);
    assert_eq!(says(&mut desk, started("a", 11)), []);
    let told = desk.kept().into_iter().map(|report| {
        let by = report.supervisor.unwrap();
        assert_eq!((by.pid, &*by.label), (pid(SUPERVISOR), "house"));
        (
            report.exit.pid.as_u64(),
            by.child.map(|child| child.to_string()),
        )
    });
    let expected = [(30, "c"), (20, "b"), (10, "a")].map(|(pid, id)| (pid, Some(id.to_owned())));
    assert_eq!(told.collect::<Vec<_>>(), expected);
}

/// The same when the supervisor is faster than the report of the end, at every stage of its word.
#[test]
fn the_word_may_come_before_the_crash() {
    type Said = fn() -> Vec<SupervisorEvent>;
    let cases: [(Said, Said, Aftermath); 4] = [
        (
            || vec![ended("a", 10, Decision::StayEnded)],
            Vec::new,
            Aftermath::StaysEnded,
        ),
        (
            || vec![ended("a", 10, Decision::Restart), started("a", 11)],
            Vec::new,
            Aftermath::Restarted(pid(11)),
        ),
        (
            || vec![ended("a", 10, Decision::Restart)],
            || vec![gave_up("a")],
            Aftermath::GaveUp,
        ),
        (
            || vec![ended("a", 10, Decision::Restart), stopped_itself()],
            Vec::new,
            Aftermath::SupervisorEnded,
        ),
    ];
    for (before, after, aftermath) in cases {
        let mut desk = desk();
        for event in before() {
            assert_eq!(says(&mut desk, event), []);
        }
        let mut told: Vec<Aftermath> = Vec::new();
        told.extend(
            desk.crashed(crash(10))
                .into_iter()
                .map(|report| report.aftermath),
        );
        for event in after() {
            told.extend(says(&mut desk, event));
        }
        assert_eq!(told, [aftermath]);
        assert!(desk.open.is_empty() && desk.early.is_empty() && desk.restarting.is_empty());
    }
}

/// A start that fails is what became of it; that it works later is another story.
#[test]
fn a_restart_that_fails_is_told() {
    let mut desk = desk();
    desk.crashed(crash(10));
    says(&mut desk, ended("a", 10, Decision::Restart));
    let failed = |attempt| SupervisorEvent::StartFailed {
        id: "a".into(),
        reason: ExitReason::not_started("no room"),
        attempt,
    };
    assert_eq!(says(&mut desk, failed(Attempt::First)), []);
    assert_eq!(
        says(&mut desk, failed(Attempt::Restart)),
        [Aftermath::RestartFailed(ExitReason::not_started("no room"))]
    );
    assert_eq!(says(&mut desk, started("a", 11)), []);
}

/// Nobody's child is reported at once, also a guest's; so is the child of a supervisor that has ended.
#[test]
fn without_a_supervisor_a_crash_is_reported_at_once() {
    let mut desk = desk();
    for parent in [None, Some(7)] {
        let [report] = &desk.crashed(exit(10, parent, boom()))[..] else {
            panic!("one report")
        };
        assert_eq!(
            (&report.supervisor, &report.aftermath),
            (&None, &Aftermath::Unsupervised)
        );
    }
    assert_eq!(says(&mut desk, stopped_itself()), []);
    assert_eq!(desk.crashed(crash(10)).len(), 1);
}

/// A crash is not forgotten with its supervisor, however that ends.
#[test]
fn a_supervisor_that_ends_leaves_no_crash_unreported() {
    let mut killed = desk();
    killed.crashed(crash(10));
    killed.crashed(crash(20));
    says(&mut killed, ended("a", 10, Decision::Restart));
    let reports = killed.crashed(exit(SUPERVISOR, None, ExitReason::Killed));
    let told = reports.iter().map(|report| report.aftermath.clone());
    let expected = [
        Aftermath::SupervisorEnded,
        Aftermath::SupervisorEnded,
        Aftermath::Unsupervised,
    ];
    assert_eq!(told.collect::<Vec<_>>(), expected);
    assert!(killed.open.is_empty() && killed.restarting.is_empty());

    let mut stopped = desk();
    stopped.crashed(crash(10));
    assert_eq!(
        says(&mut stopped, stopped_itself()),
        [Aftermath::SupervisorEnded]
    );
}

/// Who is killed by its own supervisor, or by whoever may, crashed on purpose; who crashes while it is stopped did not.
#[test]
fn deliberate_ends_are_told_apart() {
    let stopped = |number| SupervisorEvent::ChildStopped {
        id: "a".into(),
        pid: pid(number),
        reason: ExitReason::Killed,
        cause: StopCause::Sibling,
        outcome: StopOutcome::TimedOut,
    };
    let mut desk = desk();
    desk.crashed(exit(10, Some(SUPERVISOR), ExitReason::Killed));
    assert_eq!(says(&mut desk, stopped(10)), [Aftermath::BeingStopped]);
    desk.crashed(exit(20, None, ExitReason::Killed));
    assert_eq!(desk.kept(), []);
    desk.crashed(crash(30));
    assert_eq!(says(&mut desk, stopped(30)), [Aftermath::BeingStopped]);
    // A kill that a supervisor had to answer is news.
    desk.crashed(exit(40, Some(SUPERVISOR), ExitReason::Killed));
    says(&mut desk, ended("a", 40, Decision::Restart));
    says(&mut desk, started("a", 41));
    assert_eq!(desk.kept().len(), 2);
}

/// However much crashes, the last few are kept and nothing else.
#[test]
fn what_is_kept_is_bounded() {
    let mut desk = desk();
    for number in 100..1_000 {
        desk.crashed(crash(number));
        says(&mut desk, ended("a", number, Decision::Restart));
        says(&mut desk, started("a", number + 1));
    }
    let kept = desk.kept();
    assert_eq!(kept.len(), KEPT_MAX);
    assert_eq!(kept.last().map(|report| report.exit.pid), Some(pid(999)));
    // Words about ends that nobody reports.
    for number in 2_000..10_000 {
        says(&mut desk, ended("b", number, Decision::StayEnded));
    }
    assert_eq!(desk.early.len(), EARLY_MAX);
    assert!(desk.open.is_empty() && desk.restarting.is_empty());
}
