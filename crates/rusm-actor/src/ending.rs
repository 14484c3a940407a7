//! The end of a process, for who waits outside of the node: [`Ending`].
//!
//! Within a node a monitor does this. A thread that is no process has no mailbox; it waits here.

use crate::reason::ExitReason;
use crate::sync::{Arc, Condvar, Mutex};

/// Learns why one process ended, however late it is asked. Clones are of the same end.
#[derive(Clone, Debug, Default)]
pub struct Ending(Arc<Cell>);

#[derive(Debug, Default)]
struct Cell {
    reason: Mutex<Option<ExitReason>>,
    ended: Condvar,
}

impl Ending {
    /// Of a process that is to be spawned; see [`SpawnOptions::ending`](crate::SpawnOptions::ending).
    pub fn new() -> Self {
        Self::default()
    }

    /// Waits on the calling thread until the process has ended and all that it leads to was told: links, monitors and
    /// the observer of the node. For ever, if it was never spawned. Not for worker threads, which it would block.
    pub fn wait(&self) -> ExitReason {
        let mut reason = self.0.reason.lock();
        loop {
            if let Some(reason) = &*reason {
                return reason.clone();
            }
            self.0.ended.wait(&mut reason);
        }
    }

    /// Why it ended, if it has.
    pub fn reason(&self) -> Option<ExitReason> {
        self.0.reason.lock().clone()
    }

    /// Once, as the last step of a death.
    pub(crate) fn tell(&self, reason: ExitReason) {
        *self.0.reason.lock() = Some(reason);
        self.0.ended.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::node::Node;
    use crate::sched::sim::Simulator;
    use crate::spawn::SpawnOptions;
    use std::time::Duration;

    #[test]
    fn an_end_is_known_once_it_has_come_and_for_ever_after() {
        let simulator = Simulator::new(0);
        let (ending, early, late) = (Ending::new(), Ending::new(), Ending::new());
        let node = simulator.node();
        let spawn = |ending: &Ending, reason: &'static str, delay| {
            let options = SpawnOptions::new("one").ending(ending.clone());
            node.spawn(options, move |context| async move {
                context.sleep(Duration::from_secs(delay)).await;
                ExitReason::error(reason)
            })
            .unwrap()
        };
        spawn(&early, "early", 0);
        let killed = spawn(&ending, "never", 9);
        spawn(&late, "late", 5);
        assert_eq!(early.reason(), None, "nobody has run yet");
        assert!(simulator.run_until(|node| node.process_count() == 2));
        assert_eq!(early.reason(), Some(ExitReason::error("early")));
        assert_eq!((ending.reason(), late.reason()), (None, None));
        node.kill(killed);
        simulator.run();
        assert_eq!(ending.wait(), ExitReason::Killed);
        assert_eq!(late.wait(), ExitReason::error("late"));
        assert_eq!(early.wait(), ExitReason::error("early"), "still");
    }

    #[test]
    fn a_thread_waits_until_a_node_of_threads_has_ended_the_process() {
        let node = Node::builder().workers(2).build().unwrap();
        let ending = Ending::new();
        let options = SpawnOptions::new("waits").ending(ending.clone());
        let pid = node.spawn(options, |context| async move {
            context.receive(crate::Selector::any()).await;
            ExitReason::Normal
        });
        let pid = pid.unwrap();
        node.kill(pid);
        assert_eq!(ending.wait(), ExitReason::Killed);
        assert!(!node.is_alive(pid));
        node.shutdown();
    }
}
