//! The simulator itself: the same seed gives the same run.

use crate::support::*;
use rusm_actor::ExitReason;
use rusm_actor::sim::Simulator;
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
    let different = (0..10)
        .map(trace)
        .collect::<std::collections::BTreeSet<_>>();
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
