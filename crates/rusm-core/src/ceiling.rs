//! What all processes of a node may have together: [`Ceilings`], counted by what each process [`Held`].
//!
//! Invariants:
//! - the sum of all that is held never exceeds a ceiling, not even for a moment;
//! - what a process holds is given back when its [`Held`] is dropped, whatever its end was;
//! - a node without a ceiling counts nothing, so its processes share no memory for it.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// The ceilings of one node; what has none is bounded by the profiles alone.
#[derive(Clone, Debug, Default)]
pub(crate) struct Ceilings {
    /// Bytes of linear memories, tables and loaded code.
    pub(crate) memory: Option<Arc<Ceiling>>,
    /// Open files, sockets and streams.
    pub(crate) handles: Option<Arc<Ceiling>>,
}

/// One of them: a bound, and how much of it is held.
#[derive(Debug)]
pub(crate) struct Ceiling {
    bound: u64,
    held: AtomicU64,
}

/// What one process holds of a ceiling; given back when dropped.
#[derive(Debug, Default)]
pub(crate) struct Held {
    ceiling: Option<Arc<Ceiling>>,
    amount: u64,
}

/// All processes together would have more than the node's ceiling.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Reached {
    pub(crate) bound: u64,
    /// What they would have.
    pub(crate) asked: u64,
}

impl Ceiling {
    pub(crate) fn new(bound: u64) -> Arc<Ceiling> {
        Arc::new(Ceiling {
            bound,
            held: AtomicU64::new(0),
        })
    }

    /// What all processes hold now.
    pub(crate) fn held(&self) -> u64 {
        self.held.load(Ordering::Relaxed)
    }

    /// Relaxed everywhere: the number itself is all that is shared.
    fn take(&self, amount: u64) -> Result<(), Reached> {
        let within = |held: u64| {
            let sum = held.checked_add(amount)?;
            (sum <= self.bound).then_some(sum)
        };
        let taken = self
            .held
            .try_update(Ordering::Relaxed, Ordering::Relaxed, within);
        taken.map(|_| ()).map_err(|held| Reached {
            bound: self.bound,
            asked: held.saturating_add(amount),
        })
    }
}

impl Held {
    /// Nothing yet, of this ceiling; without one, anything may be held.
    pub(crate) fn of(ceiling: Option<&Arc<Ceiling>>) -> Held {
        Held {
            ceiling: ceiling.cloned(),
            amount: 0,
        }
    }

    /// Whether there is a ceiling at all.
    pub(crate) fn is_counted(&self) -> bool {
        self.ceiling.is_some()
    }

    /// Takes so much more.
    ///
    /// # Errors
    /// [`Reached`]; then nothing was taken.
    pub(crate) fn grow(&mut self, by: u64) -> Result<(), Reached> {
        if let Some(ceiling) = &self.ceiling {
            ceiling.take(by)?;
            self.amount = self.amount.saturating_add(by);
        }
        Ok(())
    }

    /// Gives so much back, at most what is held.
    pub(crate) fn shrink(&mut self, by: u64) {
        if let Some(ceiling) = &self.ceiling {
            let by = by.min(self.amount);
            self.amount -= by;
            ceiling.held.fetch_sub(by, Ordering::Relaxed);
        }
    }

    /// Holds exactly so much, taking or giving back the difference.
    ///
    /// # Errors
    /// [`Reached`]; then what was held before still is.
    pub(crate) fn set(&mut self, amount: u64) -> Result<(), Reached> {
        if amount > self.amount {
            self.grow(amount - self.amount)
        } else {
            self.shrink(self.amount - amount);
            Ok(())
        }
    }
}

impl Drop for Held {
    fn drop(&mut self) {
        self.shrink(self.amount);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_together_never_exceeds_the_ceiling() {
        let ceiling = Ceiling::new(10);
        let (mut first, mut second) = (Held::of(Some(&ceiling)), Held::of(Some(&ceiling)));
        first.grow(7).unwrap();
        let reached = second.grow(4).unwrap_err();
        assert_eq!((reached.bound, reached.asked), (10, 11));
        second.grow(3).unwrap();
        assert_eq!(ceiling.held(), 10);
        assert!(first.set(8).is_err());
        first.set(2).unwrap();
        assert_eq!(ceiling.held(), 5);
        drop(first);
        assert_eq!(ceiling.held(), 3);
        second.shrink(100);
        assert_eq!(ceiling.held(), 0);
    }

    #[test]
    fn without_a_ceiling_anything_may_be_held() {
        let mut held = Held::of(None);
        held.grow(u64::MAX).unwrap();
        held.grow(u64::MAX).unwrap();
        held.shrink(1);
    }

    /// Two threads at the edge of a ceiling: each round, what was granted fits, and nothing is left over.
    #[test]
    fn threads_at_the_edge_take_no_more_than_there_is() {
        let ceiling = Ceiling::new(100);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for round in 0..1_000 {
                        let mut held = Held::of(Some(&ceiling));
                        let granted = held.grow(60).is_ok();
                        assert!(ceiling.held() <= 100, "round {round}");
                        assert_eq!(held.amount, if granted { 60 } else { 0 });
                    }
                });
            }
        });
        assert_eq!(ceiling.held(), 0);
    }
}
