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
        arm(9).unwrap();
        ExitReason::Normal
    };
    let started = simulator.node().spawn(SpawnOptions::new("armer"), body);
    started.unwrap();
    simulator.run();
    let state = simulator.node().kernel().timers.state.lock();
    assert!(state.by_ref.is_empty() && state.by_charged.is_empty());
    assert_eq!(state.queue.len(), 0, "the last went with its receiver");
}
