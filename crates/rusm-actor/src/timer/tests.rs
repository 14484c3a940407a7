//! The indexes of the timers, which nobody sees from outside.

use super::*;
use crate::reason::ExitReason;
use crate::sched::sim::Simulator;
use crate::spawn::SpawnOptions;

#[test]
fn nothing_is_kept_of_a_timer_that_fired() {
    let simulator = Simulator::new(0);
    let body = |me: crate::Context| async move {
        let arm = |ms| me.send_after(Duration::from_millis(ms), me.pid(), 0, []);
        arm(1).unwrap();
        let cancelled = arm(2).unwrap();
        assert!(me.cancel_timer(cancelled).is_some());
        me.sleep(Duration::from_millis(5)).await;
        let state = me.node().kernel().timers.state.lock().by_ref.len();
        assert_eq!(state, 0, "one fired and one was cancelled");
        assert_eq!(me.n_timers(), 0);
        arm(9).unwrap();
        assert_eq!(me.n_timers(), 1);
        ExitReason::Normal
    };
    let started = simulator.node().spawn(SpawnOptions::new("armer"), body);
    started.unwrap();
    simulator.run();
    let state = simulator.node().kernel().timers.state.lock();
    assert!(state.by_ref.is_empty() && state.by_charged.is_empty());
    assert!(state.n_armed.is_empty());
    assert_eq!(state.queue.len(), 0, "the last went with its receiver");
}

/// Whoever arms a timer for another is told one less when that other's end takes it along.
#[test]
fn a_timer_that_goes_with_its_receiver_counts_no_more() {
    let simulator = Simulator::new(0);
    let body = |me: crate::Context| async move {
        let receiver = me.spawn(
            SpawnOptions::new("receiver"),
            |me: crate::Context| async move {
                me.sleep(Duration::from_millis(5)).await;
                ExitReason::Normal
            },
        );
        let receiver = receiver.unwrap().pid;
        me.send_after(Duration::from_secs(9), receiver, 0, [])
            .unwrap();
        assert_eq!(me.n_timers(), 1);
        me.sleep(Duration::from_millis(10)).await;
        assert_eq!(me.n_timers(), 0);
        ExitReason::Normal
    };
    let started = simulator.node().spawn(SpawnOptions::new("armer"), body);
    started.unwrap();
    simulator.run();
    assert!(
        simulator
            .node()
            .kernel()
            .timers
            .state
            .lock()
            .n_armed
            .is_empty()
    );
}
