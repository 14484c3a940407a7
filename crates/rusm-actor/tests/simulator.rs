//! The simulator itself: the same seed gives the same run, and what a seed decides.

use crate::support::*;
use rusm_actor::sim::{Simulator, Strategy, meanwhile};
use rusm_actor::{ExitReason, SpawnError};
use std::collections::BTreeSet;
use std::mem::discriminant;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// A small world whose course depends on who runs when; what happened, in order.
fn trace(seed: u64) -> Vec<(u64, u64)> {
    let simulator = Simulator::new(seed);
    let journal = Arc::new(Mutex::new(Vec::new()));
    for n in 0..6 {
        let journal = Arc::clone(&journal);
        let started = simulator.node().spawn(child(), move |me| async move {
            for step in 0..4 {
                journal.lock().unwrap().push((n, step));
                me.yield_now().await;
                me.sleep(Duration::from_millis(n % 3)).await;
            }
            ExitReason::Normal
        });
        started.unwrap();
    }
    simulator.run();
    drop(simulator);
    Arc::into_inner(journal).unwrap().into_inner().unwrap()
}

#[test]
fn a_seed_decides_the_run() {
    assert_eq!(trace(3), trace(3));
    let different = (0..10).map(trace).collect::<BTreeSet<_>>();
    assert!(different.len() > 5, "seeds make a difference");
}

#[test]
fn time_jumps_to_the_next_timer() {
    let simulator = Simulator::new(1);
    let sleeper = simulator.node().spawn(child(), |me| async move {
        me.sleep(Duration::from_secs(86_400)).await;
        ExitReason::Normal
    });
    let sleeper = sleeper.unwrap();
    assert!(simulator.run_until(|node| !node.is_alive(sleeper)));
    assert_eq!(simulator.now(), Duration::from_secs(86_400));
    assert!(!simulator.run_until(|_| false));
    assert!(simulator.node().is_idle());
}

/// A simulator that is dropped ends its processes: their bodies are gone.
#[test]
fn a_dropped_simulator_ends_its_processes() {
    let held = Arc::new(());
    let simulator = Simulator::new(2);
    for _ in 0..5 {
        let held = Arc::clone(&held);
        let started = simulator.node().spawn(child(), |me| async move {
            let _held = held;
            wait_for_ever(me).await
        });
        started.unwrap();
    }
    simulator.step();
    drop(simulator);
    assert_eq!(Arc::strong_count(&held), 1);
}

#[test]
fn seeds_draw_every_strategy() {
    let all = (0..100).map(|seed| discriminant(&Strategy::of(seed)));
    assert_eq!(all.collect::<std::collections::HashSet<_>>().len(), 4);
    assert_eq!(Simulator::new(7).strategy(), Strategy::of(7));
}

/// However a seed chooses, a process that waits its turn gets one, though others never stop.
#[test]
fn every_strategy_serves_everybody() {
    for_each_seed(|seed| {
        let simulator = Simulator::new(seed);
        let is_done = Arc::new(AtomicBool::new(false));
        for n in 0..10 {
            let is_done = Arc::clone(&is_done);
            let started = simulator.node().spawn(child(), move |me| async move {
                for _ in 0..n {
                    me.yield_now().await;
                }
                is_done.fetch_or(n == 9, Ordering::Relaxed);
                while !is_done.load(Ordering::Relaxed) {
                    me.yield_now().await;
                }
                ExitReason::Normal
            });
            started.unwrap();
        }
        let n_steps = (0..100_000).take_while(|_| simulator.step()).count();
        assert!(n_steps < 100_000, "somebody never got a turn");
    });
}

/// Whether somebody else has run in the middle of a slice: at a send, and where the body offers it.
fn overlaps(simulator: &Simulator) -> (bool, bool) {
    let found = Arc::new(Mutex::new((false, false)));
    let (seen, has_run) = (Arc::clone(&found), Arc::new(AtomicBool::new(false)));
    let started = simulator.node().spawn(child(), move |me| async move {
        let ran = Arc::clone(&has_run);
        let other = start(&me, |other| async move {
            loop {
                next(&other).await;
                ran.store(true, Ordering::Relaxed);
            }
        });
        settle_simulation(&me).await;
        me.send(other, 0, "").unwrap();
        let at_a_send = has_run.swap(false, Ordering::Relaxed);
        settle_simulation(&me).await;
        has_run.store(false, Ordering::Relaxed);
        me.send(other, 0, "").unwrap();
        if !has_run.load(Ordering::Relaxed) {
            meanwhile(&me.node());
            seen.lock().unwrap().1 = has_run.load(Ordering::Relaxed);
        }
        seen.lock().unwrap().0 = at_a_send;
        me.kill(other);
        ExitReason::Normal
    });
    started.unwrap();
    simulator.run();
    *found.lock().unwrap()
}

#[test]
fn slices_overlap_where_that_was_asked_for() {
    let all = |make: fn(u64) -> Simulator| {
        let each = (0..300).map(|seed| overlaps(&make(seed)));
        each.fold((false, false), |all, one| (all.0 | one.0, all.1 | one.1))
    };
    assert_eq!(all(Simulator::new), (false, false));
    let overlapping = |seed| Simulator::builder(seed).overlapping().build();
    assert_eq!(all(overlapping), (true, true));
}

/// How much time has passed after a sleep, and while a process only gave way.
fn times(simulator: &Simulator) -> (Duration, Duration) {
    let times = Arc::new(Mutex::new((Duration::ZERO, Duration::ZERO)));
    let slept = Arc::clone(&times);
    let sleeper = simulator.node().spawn(child(), move |me| async move {
        me.sleep(Duration::from_millis(10)).await;
        slept.lock().unwrap().0 = me.node().now();
        ExitReason::Normal
    });
    sleeper.unwrap();
    let passed = Arc::clone(&times);
    let busy = simulator.node().spawn(child(), move |me| async move {
        for _ in 0..200 {
            me.yield_now().await;
        }
        passed.lock().unwrap().1 = me.node().now();
        ExitReason::Normal
    });
    busy.unwrap();
    simulator.run();
    *times.lock().unwrap()
}

#[test]
fn time_runs_and_timers_are_late_where_that_was_asked_for_and_never_early() {
    let ms = Duration::from_millis(10);
    let mut is_late = false;
    let mut has_passed = false;
    for seed in 0..100 {
        assert_eq!(times(&Simulator::new(seed)), (ms, Duration::ZERO));
        let running = Simulator::builder(seed).running_clock().build();
        let (slept, passed) = times(&running);
        assert!(slept >= ms, "a sleep ended early");
        is_late |= slept > ms;
        has_passed |= passed > Duration::ZERO;
    }
    assert!(is_late && has_passed);
}

#[test]
fn a_simulation_has_the_process_limit_it_was_given() {
    let simulator = Simulator::builder(0).max_processes(1).build();
    let start = || simulator.node().spawn(child(), wait_for_ever);
    start().unwrap();
    assert_eq!(start(), Err(SpawnError::TooMany));
}

/// Code that offers a simulation a moment may run anywhere.
#[test]
fn meanwhile_means_nothing_on_threads() {
    on_threads(|me| async move { meanwhile(&me.node()) });
}
