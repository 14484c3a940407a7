//! The timers that one process has armed: at most as many as its profile says.
//!
//! A timer is kept by the kernel, and when it fires nobody is told but its receiver. So the account forgets fired ones when
//! it is full, which costs a look at each once in as many timers as were found fired.

use rusm_actor::Ref;
use std::collections::BTreeSet;

/// What may still be pending.
#[derive(Debug)]
pub(crate) struct Timers {
    bound: usize,
    armed: BTreeSet<Ref>,
}

impl Timers {
    pub(crate) fn new(bound: u32) -> Timers {
        Timers {
            bound: usize::try_from(bound).unwrap_or(usize::MAX),
            armed: BTreeSet::new(),
        }
    }

    /// Whether one more may be armed; `is_pending` says of a timer whether it has not fired.
    pub(crate) fn have_room(&mut self, is_pending: impl Fn(Ref) -> bool) -> bool {
        if self.armed.len() >= self.bound {
            self.armed.retain(|timer| is_pending(*timer));
        }
        self.armed.len() < self.bound
    }

    pub(crate) fn add(&mut self, timer: Ref) {
        self.armed.insert(timer);
    }

    /// It was cancelled.
    pub(crate) fn remove(&mut self, timer: Ref) {
        self.armed.remove(&timer);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn timer(number: u64) -> Ref {
        Ref::from_u64(number).unwrap()
    }

    #[test]
    fn what_has_fired_or_was_cancelled_makes_room() {
        let mut timers = Timers::new(2);
        assert!(timers.have_room(|_| true));
        timers.add(timer(1));
        timers.add(timer(2));
        assert!(!timers.have_room(|_| true));
        assert!(timers.have_room(|it| it == timer(2)));
        timers.add(timer(3));
        assert!(!timers.have_room(|_| true));
        timers.remove(timer(3));
        assert!(timers.have_room(|_| true));
        assert!(!Timers::new(0).have_room(|_| true));
    }
}
