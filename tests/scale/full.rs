//! As many guests as the machine holds: the next is refused with its reason, and all that they took is given back.

use super::{ECHO, all_answer, becomes_idle};
use crate::app::scripted;
use crate::desk::Desk;
use crate::support::{GuestPath, Scenario, guest};
use rusm_actor::Event;
use rusm_core::{ExitReason, Pid, Placement, Program, Spawn};
use std::collections::BTreeSet;

/// Started at once, and then looked at.
const BATCH: usize = 500;
/// What mappings may vary by while nothing takes any: threads come, and allocators grow.
const MAPPINGS_SLACK: usize = 400;

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

    /// Starts a number of processes, of which none is refused.
    #[track_caller]
    fn holds(&self, n_processes: usize) -> Vec<Pid> {
        let mut everybody = Vec::new();
        while everybody.len() < n_processes {
            let batch: Vec<Pid> = (0..BATCH).map(|_| (self.start)()).collect();
            let (alive, refused) = self.settles(&batch);
            assert_eq!((alive.len(), refused), (BATCH, None));
            everybody.extend(alive);
        }
        everybody
    }

    /// Starts processes until one is refused: those that live, and why that one does not.
    #[track_caller]
    fn fill(&self, most: usize) -> (Vec<Pid>, ExitReason) {
        let mut everybody = Vec::new();
        loop {
            let batch: Vec<Pid> = (0..BATCH).map(|_| (self.start)()).collect();
            let (alive, refused) = self.settles(&batch);
            everybody.extend(alive);
            if let Some(reason) = refused {
                return (everybody, reason);
            }
            assert!(everybody.len() <= most, "more processes than places");
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

/// What this operating system process has of memory mappings now.
fn n_mappings() -> usize {
    let maps = std::fs::read_to_string("/proc/self/maps").expect("this is Linux");
    maps.lines().count()
}

/// So many live at once, whatever the kernel grants of mappings, and all answer; beyond the pool none takes any. Who must be guarded finds
/// the pool full then.
#[track_caller]
fn is_filled(house: &House<'_>, guarded: &House<'_>, n_processes: usize) {
    let capacity = house.scenario.runtime.capacity();
    let pool = usize::try_from(capacity.pool_slots).expect("it is small");
    let mut everybody = house.holds(pool + 2 * BATCH);
    let n_few = n_mappings();
    everybody.extend(house.holds(n_processes));
    let n_many = n_mappings();
    if capacity.dense_mappings_each == 0 {
        assert!(
            n_many < n_few + MAPPINGS_SLACK,
            "{n_few} mappings became {n_many}"
        );
    }
    let (alive, refused) = guarded.settles(&[(guarded.start)()]);
    assert!(alive.is_empty());
    let text = refused.expect("it is not alive").to_string();
    assert!(
        text.starts_with("not-started: no room for another process")
            && text.contains(&format!("{pool} places"))
            && text.contains(r#"placement = "auto""#),
        "{text}"
    );
    all_answer(&house.desk, &everybody);
    becomes_idle(house.scenario);
    house.clear(everybody);
    let again = house.holds(BATCH);
    house.clear(again);
}

#[test]
fn twenty_thousand_processes_live_at_once_and_the_rest_are_refused_with_a_reason() {
    let scenario = Scenario::alone();
    let wasm = wat::parse_str(ECHO).expect("it is valid");
    let [program, guarded] = placed(&scenario, &wasm);
    let house = House::new(&scenario, || Spawn::new("echo", &program));
    let guarded = House::new(&scenario, || Spawn::new("echo", &guarded));
    is_filled(&house, &guarded, 20_000);
}

/// A component takes several core instances, and so more room.
#[test]
fn components_live_at_once_as_many_as_fit_and_the_rest_are_refused_with_a_reason() {
    let scenario = Scenario::alone();
    let [program, guarded] = placed(&scenario, &guest("actor_probe", GuestPath::Component));
    let house = House::new(&scenario, || scripted("echo", &program, "echo"));
    let guarded = House::new(&scenario, || scripted("echo", &guarded, "echo"));
    is_filled(&house, &guarded, 5_000);
}

/// The same code, placed as the node sees fit and guarded.
fn placed(scenario: &Scenario, wasm: &[u8]) -> [Program; 2] {
    [Placement::Auto, Placement::Guarded].map(|placement| {
        let loaded = scenario.runtime.load_placed("echo", wasm, placement);
        loaded.expect("it can run here")
    })
}

/// Whom the pool has no room for is refused and harms nobody; others are placed densely, and the ends of a few are room again.
#[test]
fn guarded_processes_fill_the_pool_and_the_rest_are_refused_with_a_reason() {
    let scenario = Scenario::alone_with(|builder| builder.guarded_places(600));
    let pool = usize::try_from(scenario.runtime.capacity().pool_slots).expect("it is small");
    let wasm = wat::parse_str(ECHO).expect("it is valid");
    let [anywhere, guarded] = placed(&scenario, &wasm);
    let house = House::new(&scenario, || Spawn::new("echo", &guarded));
    let (mut everybody, refused) = house.fill(pool);
    assert_eq!(everybody.len(), pool);
    let text = refused.to_string();
    assert!(text.starts_with("not-started: no room"), "{text}");
    let others = House::new(&scenario, || Spawn::new("echo", &anywhere));
    let dense = others.holds(BATCH);
    all_answer(&house.desk, &everybody);

    house.clear(everybody.split_off(pool - 10));
    let (alive, refused) = house.settles(&(0..10).map(|_| (house.start)()).collect::<Vec<_>>());
    assert_eq!((alive.len(), refused), (10, None));
    others.clear(dense);
}

/// Dense code leaves the pool to others, on both paths; a component of WASI 0.3 cannot be dense and says so.
#[test]
fn dense_processes_take_no_guarded_place() {
    let scenario = Scenario::alone_with(|builder| builder.guarded_places(3));
    for path in crate::support::BOTH_PATHS {
        let wasm = guest("actor_probe", path);
        let load = |placement| {
            let loaded = scenario.runtime.load_placed("probe", &wasm, placement);
            loaded.expect("it can run here")
        };
        let [dense, guarded] = [Placement::Dense, Placement::Guarded].map(load);
        assert_eq!(dense.engine_class(), "dense");
        let house = House::new(&scenario, || scripted("echo", &dense, "echo"));
        let everybody = house.holds(BATCH);
        let one = House::new(&scenario, || scripted("echo", &guarded, "echo"));
        if scenario.runtime.capacity().pool_slots > 0 {
            let (alive, refused) = one.settles(&[(one.start)()]);
            assert_eq!((alive.len(), refused), (1, None));
            one.clear(alive);
        }
        house.clear(everybody);
    }
    let concurrent = guest("stock_p3", GuestPath::Component);
    let refused = scenario
        .runtime
        .load_placed("concurrent", &concurrent, Placement::Dense)
        .expect_err("it cannot be placed so");
    assert!(refused.to_string().contains("WASI 0.3"), "{refused}");
}
