//! As many guests as the machine holds: the next is refused with its reason, and all that they took is given back.

use super::{all_answer, becomes_idle, echo};
use crate::app::{probe, scripted};
use crate::desk::Desk;
use crate::support::{GuestPath, Scenario};
use rusm_actor::Event;
use rusm_core::{ExitReason, Pid, Spawn};
use std::collections::BTreeSet;

/// Started at once, and then looked at.
const BATCH: usize = 500;
/// A kernel that grants more memory mappings holds more processes than a test wants to start.
const MAPPINGS_MAX: usize = 100_000;

/// A node that is filled with processes that echo.
struct House<'a> {
    scenario: &'a Scenario,
    desk: Desk,
    start: Box<dyn Fn() -> Pid + 'a>,
}

impl<'a> House<'a> {
    fn new(scenario: &'a Scenario, spawn: impl Fn() -> Spawn + 'a) -> Self {
        let start = move || {
            let started = scenario.runtime.spawn(spawn());
            started.expect("the process table has room").pid()
        };
        Self {
            scenario,
            desk: Desk::at(&scenario.runtime),
            start: Box::new(start),
        }
    }

    /// Waits until each of these answers or ends: those that live, and why the first of the others does not.
    #[track_caller]
    fn settles(&self, batch: &[Pid]) -> (Vec<Pid>, Option<ExitReason>) {
        let asked = batch.to_vec();
        self.desk.does(move |context| {
            for to in asked {
                context.monitor(to);
                context
                    .send(to, 5, *b"anybody there?")
                    .expect("its mailbox has room");
            }
        });
        let (mut alive, mut refused) = (Vec::new(), None);
        for _ in batch {
            match self.desk.next() {
                Event::Message(message) => alive.push(message.from),
                Event::Down { pid, .. } => refused = refused.or(Some(pid)),
                other @ (Event::Request(_) | Event::Exit { .. }) => {
                    panic!("an echo or an end was to come, not {other:?}")
                }
            }
        }
        // The monitor may have come too late for the true reason.
        let why = |pid| self.scenario.recorder.wait_for_end(pid).reason;
        (alive, refused.map(why))
    }

    /// Starts processes until one is refused: those that live, and why that one does not.
    #[track_caller]
    fn fill(&self) -> (Vec<Pid>, ExitReason) {
        let mut everybody = Vec::new();
        loop {
            let batch: Vec<Pid> = (0..BATCH).map(|_| (self.start)()).collect();
            let (alive, refused) = self.settles(&batch);
            everybody.extend(alive);
            if let Some(reason) = refused {
                return (everybody, reason);
            }
            assert!(
                everybody.len() < MAPPINGS_MAX,
                "more processes than mappings, and none was refused"
            );
        }
    }

    /// Ends them all and waits for the news of each.
    #[track_caller]
    fn clear(&self, everybody: Vec<Pid>) {
        let mut left: BTreeSet<Pid> = everybody.iter().copied().collect();
        self.desk
            .does(move |context| everybody.iter().for_each(|pid| context.kill(*pid)));
        while !left.is_empty() {
            let Event::Down { pid, reason, .. } = self.desk.next() else {
                panic!("only ends were to come");
            };
            assert_eq!(reason, ExitReason::Killed);
            assert!(left.remove(&pid));
        }
    }
}

/// How many memory mappings this kernel grants, if a test can fill them.
fn mappings() -> Option<usize> {
    let text = std::fs::read_to_string("/proc/sys/vm/max_map_count").ok()?;
    let mappings = text.trim().parse().ok()?;
    (mappings <= MAPPINGS_MAX).then_some(mappings)
}

/// What this operating system process has of them now.
fn n_mappings() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("this is Linux");
    maps.lines().count()
}

/// Fills a node. Whoever is started beyond what fits is refused with the reason, and nobody else notices; when all have ended,
/// what they took is free, but for what the pool keeps for the next.
#[track_caller]
fn is_filled(house: &House<'_>, n_at_least: usize) {
    let Some(mappings) = mappings() else {
        let everybody: Vec<Pid> = (0..n_at_least).map(|_| (house.start)()).collect();
        return all_answer(&house.desk, &everybody);
    };
    let (mut everybody, refused) = house.fill();
    let n_first = everybody.len();
    assert!(n_first >= n_at_least, "{n_first} processes, then {refused}");
    let text = refused.to_string();
    assert!(
        text.starts_with("not-started: no room for another process"),
        "{text}"
    );
    assert!(
        text.contains("vm.max_map_count") && text.contains(&mappings.to_string()),
        "{text}"
    );
    all_answer(&house.desk, &everybody);
    becomes_idle(house.scenario);

    // The ends of a few are room for others.
    house.clear(everybody.split_off(n_first - BATCH));
    let (alive, _) = house.settles(&[(house.start)()]);
    assert_eq!(alive.len(), 1);
    everybody.extend(alive);
    all_answer(&house.desk, &everybody);

    let n_full = n_mappings();
    house.clear(everybody);
    let n_left = n_mappings();
    assert!(
        n_left < n_full / 4,
        "{n_left} of {n_full} mappings are still there"
    );
    let batch: Vec<Pid> = (0..BATCH).map(|_| (house.start)()).collect();
    let (alive, refused) = house.settles(&batch);
    assert_eq!((alive.len(), refused), (BATCH, None));
}

/// With default kernel settings.
#[test]
fn twenty_thousand_processes_live_at_once_and_the_rest_are_refused_with_a_reason() {
    let scenario = Scenario::alone();
    let program = echo(&scenario);
    let house = House::new(&scenario, || Spawn::new("echo", &program));
    is_filled(&house, 20_000);
}

/// A component takes several core instances, and so more room.
#[test]
fn components_live_at_once_as_many_as_fit_and_the_rest_are_refused_with_a_reason() {
    let scenario = Scenario::alone();
    let program = probe(&scenario, GuestPath::Component);
    let house = House::new(&scenario, || scripted("echo", &program, "echo"));
    is_filled(&house, 5_000);
}
