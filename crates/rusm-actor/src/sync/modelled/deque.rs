//! A stand-in for `crossbeam-deque`, whose inside no model can look at: what is checked is how its
//! queues are used.
//!
//! It promises no more than the original does. Looking whether a queue is empty orders nothing, and may
//! miss what another thread has just pushed. A batch that is stolen is for a moment in no queue.

use super::{AtomicUsize, Mutex};
use std::collections::VecDeque;
use std::sync::Arc;
use std::sync::atomic::Ordering;

/// What a thief got.
pub(crate) enum Steal<T> {
    Success(T),
    Empty,
    /// Never said by the stand-in: whoever waits for a lock is not told to try again.
    #[expect(dead_code, reason = "the original may say it")]
    Retry,
}

/// First in, first out.
#[derive(Debug)]
struct Fifo<T> {
    items: Mutex<VecDeque<T>>,
    /// Written with the lock held, read without.
    len: AtomicUsize,
}

impl<T> Fifo<T> {
    fn new() -> Self {
        Self {
            items: Mutex::new(VecDeque::new()),
            len: AtomicUsize::new(0),
        }
    }

    fn change<R>(&self, change: impl FnOnce(&mut VecDeque<T>) -> R) -> R {
        let mut items = self.items.lock();
        let result = change(&mut items);
        self.len.store(items.len(), Ordering::Relaxed);
        result
    }

    fn is_empty(&self) -> bool {
        self.len.load(Ordering::Relaxed) == 0
    }

    fn push(&self, item: T) {
        self.change(|items| items.push_back(item));
    }

    fn pop(&self) -> Option<T> {
        if self.is_empty() {
            return None;
        }
        self.change(VecDeque::pop_front)
    }

    /// Half of what is there, as the original: the first for the thief itself, the rest into `other`.
    fn steal_half(&self, other: &Self) -> Steal<T> {
        if self.is_empty() {
            return Steal::Empty;
        }
        let mut batch = self.change(|items| {
            let n_stolen = items.len().div_ceil(2);
            items.drain(..n_stolen).collect::<VecDeque<T>>()
        });
        let Some(first) = batch.pop_front() else {
            return Steal::Empty;
        };
        if !batch.is_empty() {
            other.change(|items| items.append(&mut batch));
        }
        Steal::Success(first)
    }
}

#[derive(Debug)]
pub(crate) struct Worker<T>(Arc<Fifo<T>>);

impl<T> Worker<T> {
    pub(crate) fn new_fifo() -> Self {
        Self(Arc::new(Fifo::new()))
    }

    pub(crate) fn stealer(&self) -> Stealer<T> {
        Stealer(Arc::clone(&self.0))
    }

    pub(crate) fn push(&self, item: T) {
        self.0.push(item);
    }

    pub(crate) fn pop(&self) -> Option<T> {
        self.0.pop()
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[derive(Debug)]
pub(crate) struct Stealer<T>(Arc<Fifo<T>>);

impl<T> Stealer<T> {
    pub(crate) fn steal_batch_and_pop(&self, thief: &Worker<T>) -> Steal<T> {
        self.0.steal_half(&thief.0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[derive(Debug)]
pub(crate) struct Injector<T>(Fifo<T>);

impl<T> Injector<T> {
    pub(crate) fn new() -> Self {
        Self(Fifo::new())
    }

    pub(crate) fn push(&self, item: T) {
        self.0.push(item);
    }

    pub(crate) fn steal(&self) -> Steal<T> {
        self.0.pop().map_or(Steal::Empty, Steal::Success)
    }

    pub(crate) fn steal_batch_and_pop(&self, thief: &Worker<T>) -> Steal<T> {
        self.0.steal_half(&thief.0)
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}
