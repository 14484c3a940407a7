//! Run queues: per worker a LIFO slot and a deque; for all a prompt queue, an injector and a second queue.
//!
//! # Order
//! 1. The prompt queue holds those whose timer is due, and system processes for which something arrived. It goes
//!    ahead of everything, but one process from elsewhere gets its slice after [`PROMPT_BUDGET`] from here.
//! 2. The LIFO slot holds the process woken last: its message is still in the cache. A budget keeps two
//!    chatting processes from starving the rest: when it is used up, they queue like everybody.
//! 3. The deque is first in, first out; other workers steal from its head.
//! 4. The injector takes what is made ready outside the workers.
//! 5. The second queue holds processes that used up a slice. A worker serves it when it finds nothing else,
//!    and in any case at its first look after [`SECOND_QUEUE_PERIOD`]; it looks every few slices.

use crate::process::Process;
use crate::sync::Arc;
use crate::sync::deque::{Injector, Steal, Stealer, Worker};
use std::cell::Cell;
use std::fmt;
use std::time::Duration;

/// How many processes in a row a worker takes from its LIFO slot while others wait. Measured with 100 chatting pairs, one worker:
/// 4 costs 5 % of the throughput, 8 nothing; and the p99 of a round trip is 80, 130, 220, 415 us at 4, 8, 16, 32.
const LIFO_BUDGET: u32 = 8;

/// How many processes in a row a worker takes from the prompt queue while others wait. One: whoever sleeps for a moment, computes
/// and sleeps again is always there, and a crowd of such processes gets every other slice and no more.
const PROMPT_BUDGET: u32 = 1;

/// How long a worker that has other work passes the second queue by.
pub(super) const SECOND_QUEUE_PERIOD: Duration = Duration::from_millis(10);

/// One worker's own queue. Only its thread holds it.
pub(super) struct LocalQueue {
    deque: Worker<Arc<Process>>,
    last_woken: Cell<Option<Arc<Process>>>,
    lifo_streak: Cell<u32>,
    prompt_streak: Cell<u32>,
}

/// What is left to do after a push.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(super) enum Pushed {
    /// There is more than this worker takes next: another could help.
    Stealable,
    /// This worker takes it next.
    Own,
}

impl LocalQueue {
    pub(super) fn new() -> Self {
        Self {
            deque: Worker::new_fifo(),
            last_woken: Cell::new(None),
            lifo_streak: Cell::new(0),
            prompt_streak: Cell::new(0),
        }
    }

    /// Runs this one next; who had the place goes to the deque.
    pub(super) fn push_next(&self, process: Arc<Process>) -> Pushed {
        match self.last_woken.replace(Some(process)) {
            None => Pushed::Own,
            Some(previous) => {
                self.deque.push(previous);
                Pushed::Stealable
            }
        }
    }

    /// Runs this one after everybody else here.
    pub(super) fn push_back(&self, process: Arc<Process>) -> Pushed {
        let is_alone = self.deque.is_empty() && !self.has_next();
        self.deque.push(process);
        if is_alone {
            Pushed::Own
        } else {
            Pushed::Stealable
        }
    }

    fn has_next(&self) -> bool {
        let next = self.last_woken.take();
        let has_next = next.is_some();
        self.last_woken.set(next);
        has_next
    }

    pub(super) fn pop(&self) -> Option<Arc<Process>> {
        if let Some(process) = self.last_woken.take() {
            // Saturating: two that chat and have a worker to themselves go on for ever.
            let streak = self.lifo_streak.get().saturating_add(1);
            if streak <= LIFO_BUDGET || self.deque.is_empty() {
                self.lifo_streak.set(streak);
                return Some(process);
            }
            self.deque.push(process);
        }
        self.lifo_streak.set(0);
        self.deque.pop()
    }

    /// Whether the process woken last is sure to be the next of this queue, and not for ever.
    pub(super) fn has_next_within_budget(&self) -> bool {
        self.lifo_streak.get() < LIFO_BUDGET && self.has_next()
    }

    /// Lets other workers reach the process woken last; answers whether the deque has work.
    pub(super) fn share(&self) -> bool {
        if let Some(process) = self.last_woken.take() {
            self.deque.push(process);
        }
        self.has_more()
    }

    /// Whether there is more than the process woken last.
    pub(super) fn has_more(&self) -> bool {
        !self.deque.is_empty()
    }
}

/// What all workers see.
#[derive(Debug)]
pub(super) struct SharedQueues {
    prompt: Injector<Arc<Process>>,
    injector: Injector<Arc<Process>>,
    second: Injector<Arc<Process>>,
    stealers: Vec<Stealer<Arc<Process>>>,
}

impl SharedQueues {
    pub(super) fn new(locals: &[LocalQueue]) -> Self {
        Self {
            prompt: Injector::new(),
            injector: Injector::new(),
            second: Injector::new(),
            stealers: locals.iter().map(|local| local.deque.stealer()).collect(),
        }
    }

    pub(super) fn push_prompt(&self, process: Arc<Process>) {
        self.prompt.push(process);
    }

    /// Who goes ahead; none when it is the turn of the others.
    pub(super) fn pop_prompt(&self, local: &LocalQueue) -> Option<Arc<Process>> {
        let streak = local.prompt_streak.replace(0);
        if streak >= PROMPT_BUDGET || self.prompt.is_empty() {
            return None;
        }
        local.prompt_streak.set(streak + 1);
        persist(|| self.prompt.steal())
    }

    pub(super) fn has_prompt(&self) -> bool {
        !self.prompt.is_empty()
    }

    pub(super) fn inject(&self, process: Arc<Process>) {
        self.injector.push(process);
    }

    pub(super) fn push_second(&self, process: Arc<Process>) {
        self.second.push(process);
    }

    pub(super) fn pop_injected(&self, local: &LocalQueue) -> Option<Arc<Process>> {
        persist(|| self.injector.steal_batch_and_pop(&local.deque))
    }

    pub(super) fn pop_second(&self) -> Option<Arc<Process>> {
        persist(|| self.second.steal())
    }

    /// Takes half of another worker's deque, asking the others in turn.
    pub(super) fn steal(&self, thief: usize, local: &LocalQueue) -> Option<Arc<Process>> {
        let others = self.stealers.iter().cycle().skip(thief + 1);
        others
            .take(self.stealers.len().saturating_sub(1))
            .find_map(|victim| persist(|| victim.steal_batch_and_pop(&local.deque)))
    }

    pub(super) fn has_injected(&self) -> bool {
        !self.injector.is_empty()
    }

    pub(super) fn has_second(&self) -> bool {
        !self.second.is_empty()
    }

    /// Whether a worker that is about to sleep would find work.
    pub(super) fn has_work(&self) -> bool {
        self.has_prompt()
            || self.has_injected()
            || self.has_second()
            || self.stealers.iter().any(|stealer| !stealer.is_empty())
    }
}

impl fmt::Debug for LocalQueue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("LocalQueue")
            .field("deque", &self.deque)
            .finish_non_exhaustive()
    }
}

/// Tries again while another thread interferes.
fn persist(mut attempt: impl FnMut() -> Steal<Arc<Process>>) -> Option<Arc<Process>> {
    loop {
        match attempt() {
            Steal::Success(process) => return Some(process),
            Steal::Empty => return None,
            Steal::Retry => {}
        }
    }
}

/// A process that is in no table.
#[cfg(test)]
pub(super) fn process(pid: u64) -> Arc<Process> {
    let seed = crate::process::Seed {
        parent: None,
        label: "test".into(),
        extension: None,
        ending: None,
        bounds: crate::inbox::MailboxBounds::default(),
        is_system: false,
    };
    let pid = crate::id::Pid::from_u64(pid).unwrap();
    let simulator = crate::sim::Simulator::new(0);
    let kernel = crate::kernel::KernelRef::new(simulator.node().kernel());
    Arc::new(Process::new(seed, pid, kernel))
}

#[cfg(loom)]
#[cfg(test)]
mod models;

#[cfg(test)]
mod tests {
    use super::*;
    fn pop(queue: &LocalQueue) -> Option<u64> {
        queue.pop().map(|process| process.pid.as_u64())
    }

    #[test]
    fn the_one_woken_last_runs_first_until_its_budget_is_spent() {
        let queue = LocalQueue::new();
        assert_eq!(queue.push_back(process(1)), Pushed::Own);
        for _ in 0..LIFO_BUDGET {
            assert_eq!(queue.push_next(process(2)), Pushed::Own);
            assert_eq!(pop(&queue), Some(2));
        }
        assert_eq!(queue.push_next(process(2)), Pushed::Own);
        assert_eq!(pop(&queue), Some(1), "the budget is spent");
        assert_eq!(pop(&queue), Some(2));
        assert_eq!(pop(&queue), None);
    }

    #[test]
    fn the_one_woken_last_has_its_turn_within_its_budget_only() {
        let queue = LocalQueue::new();
        assert!(!queue.has_next_within_budget());
        for _ in 0..LIFO_BUDGET {
            assert_eq!(queue.push_next(process(1)), Pushed::Own);
            assert!(queue.has_next_within_budget() && !queue.has_more());
            assert_eq!(pop(&queue), Some(1));
        }
        assert_eq!(queue.push_next(process(1)), Pushed::Own);
        assert!(!queue.has_next_within_budget(), "nor for ever, if alone");
        assert!(queue.share(), "others can reach it now");
        assert!(queue.has_more());
    }

    #[test]
    fn a_worker_that_two_processes_have_to_themselves_serves_them_for_ever() {
        let queue = LocalQueue::new();
        queue.lifo_streak.set(u32::MAX);
        assert_eq!(queue.push_next(process(1)), Pushed::Own);
        assert_eq!(pop(&queue), Some(1));
        assert_eq!(queue.push_next(process(1)), Pushed::Own);
        assert_eq!(queue.push_back(process(2)), Pushed::Stealable);
        assert_eq!(pop(&queue), Some(2), "there is somebody else now");
    }

    #[test]
    fn who_is_prompt_goes_ahead_until_its_budget_is_spent() {
        let local = LocalQueue::new();
        let shared = SharedQueues::new(&[]);
        assert!(!shared.has_work());
        for pid in 1..=u64::from(PROMPT_BUDGET) + 1 {
            shared.push_prompt(process(pid));
        }
        assert!(shared.has_work());
        for pid in 1..=u64::from(PROMPT_BUDGET) {
            let popped = shared.pop_prompt(&local).unwrap();
            assert_eq!(popped.pid.as_u64(), pid);
        }
        assert!(shared.pop_prompt(&local).is_none(), "it is others' turn");
        assert!(shared.pop_prompt(&local).is_some());
        assert!(!shared.has_prompt());
    }
}
