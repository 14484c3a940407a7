//! The memory that all requests may hold together.
//!
//! Whatever may become large (a body, a value, a page) is reserved before it is there, and given back when it is gone, which for an
//! answer is when the client has taken it. Who finds nothing left is told to come again; nobody waits while holding a part.

use crate::error::{ApiError, Code};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

/// In units of a KiB, as permits are counted in 32 bits.
const UNIT: usize = 1024;

#[derive(Clone, Debug)]
pub(crate) struct Budget(Arc<Semaphore>);

/// A part of it; given back when dropped.
#[derive(Debug)]
pub(crate) struct Share {
    permit: OwnedSemaphorePermit,
}

impl Budget {
    pub(crate) fn new(bytes: usize) -> Budget {
        Budget(Arc::new(Semaphore::new(bytes / UNIT)))
    }

    /// Reserves so many bytes.
    pub(crate) fn take(&self, bytes: usize) -> Result<Share, ApiError> {
        let busy = |_| {
            ApiError::new(
                Code::Busy,
                "too many large requests are under way at this moment",
            )
            .help("try again")
        };
        let permit = Arc::clone(&self.0)
            .try_acquire_many_owned(units(bytes))
            .map_err(busy)?;
        Ok(Share { permit })
    }
}

impl Share {
    /// Gives back what is more than so many bytes.
    pub(crate) fn shrink_to(&mut self, bytes: usize) {
        let more = self
            .permit
            .num_permits()
            .saturating_sub(usize::try_from(units(bytes)).unwrap_or(usize::MAX));
        drop(self.permit.split(more));
    }

    /// Puts both together.
    pub(crate) fn merge(&mut self, other: Share) {
        self.permit.merge(other.permit);
    }
}

fn units(bytes: usize) -> u32 {
    u32::try_from(bytes.div_ceil(UNIT)).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_held_is_not_there_for_others() {
        let budget = Budget::new(10 * UNIT);
        let mut first = budget.take(6 * UNIT).unwrap();
        assert_eq!(budget.take(5 * UNIT).unwrap_err().code, Code::Busy);
        first.shrink_to(5 * UNIT);
        first.merge(budget.take(1).unwrap());
        let second = budget.take(4 * UNIT).unwrap();
        assert!(budget.take(1).is_err());
        drop((first, second));
        budget.take(10 * UNIT).unwrap();
    }
}
