//! How many live descendants a family may have: [`Budget`].
//!
//! A budget outlives the process that brought it: whoever starts others and ends must not set them free, or a bomb whose every part
//! ends at once would have no bound at all.
//!
//! # Bounds
//! A family with no tighter bound than the one above it needs no budget of its own, since whoever counts below counts above as
//! well. So a chain of budgets is as long as there are different bounds among profiles, however many generations there were.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

/// The live descendants of a process, or of several of one family with the same bound.
#[derive(Debug)]
pub(super) struct Budget {
    above: Option<Arc<Budget>>,
    n_alive: AtomicU32,
    n_alive_max: u32,
}

/// Room for one descendant in a budget and in all above it, given back when dropped.
#[derive(Debug)]
pub(super) struct Share(Arc<Budget>);

impl Budget {
    /// For the descendants of a process below `above` that may have so many.
    pub(super) fn below(above: Option<&Arc<Self>>, n_alive_max: u32) -> Arc<Self> {
        match above {
            Some(above) if above.n_alive_max <= n_alive_max => Arc::clone(above),
            _ => Arc::new(Self {
                above: above.cloned(),
                n_alive: AtomicU32::new(0),
                n_alive_max,
            }),
        }
    }

    /// Room for one more.
    ///
    /// # Errors
    /// The bound that was reached.
    pub(super) fn share(self: &Arc<Self>) -> Result<Share, u32> {
        let full = self.chain().find(|budget| !budget.take_place());
        let Some(full) = full else {
            return Ok(Share(Arc::clone(self)));
        };
        self.chain()
            .take_while(|budget| !std::ptr::eq(*budget, full))
            .for_each(Self::free_place);
        Err(full.n_alive_max)
    }

    fn chain(&self) -> impl Iterator<Item = &Self> {
        std::iter::successors(Some(self), |budget| budget.above.as_deref())
    }

    fn take_place(&self) -> bool {
        let room = |n: u32| (n < self.n_alive_max).then_some(n + 1);
        self.n_alive
            .try_update(Ordering::AcqRel, Ordering::Acquire, room)
            .is_ok()
    }

    fn free_place(&self) {
        self.n_alive.fetch_sub(1, Ordering::AcqRel);
    }
}

impl Drop for Share {
    fn drop(&mut self) {
        self.0.chain().for_each(Budget::free_place);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn n_alive(budget: &Budget) -> u32 {
        budget.n_alive.load(Ordering::Acquire)
    }

    #[test]
    fn what_is_refused_above_is_given_back_below() {
        let above = Budget::below(None, 3);
        let below = Budget::below(Some(&above), 2);
        let _shares = [above.share().unwrap(), above.share().unwrap()];
        let last = below.share().unwrap();
        assert_eq!(below.share().unwrap_err(), 3);
        assert_eq!((n_alive(&below), n_alive(&above)), (1, 3));
        drop(last);
        assert_eq!((n_alive(&below), n_alive(&above)), (0, 2));
    }

    #[test]
    fn a_bound_that_is_no_tighter_needs_no_budget_of_its_own() {
        let mut budget = Budget::below(None, 9);
        for n_alive_max in [9, 20, 5, 5, 7, 2, 2, 9] {
            budget = Budget::below(Some(&budget), n_alive_max);
        }
        let bounds: Vec<u32> = budget.chain().map(|budget| budget.n_alive_max).collect();
        assert_eq!(bounds, [2, 5, 9]);
    }
}
