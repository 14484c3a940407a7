//! The one place where time enters the kernel.
//!
//! Time is monotonic and counted from the start of the node (OTP statement 080). The manual clock moves
//! only when the simulator moves it.

use crate::sync::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

#[derive(Debug)]
pub(crate) enum Clock {
    System { start: Instant },
    Manual { nanos: AtomicU64 },
}

impl Clock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    pub(crate) fn system() -> Self {
        Self::System {
            start: Instant::now(),
        }
    }

    pub(crate) fn manual() -> Self {
        Self::Manual {
            nanos: AtomicU64::new(0),
        }
    }

    /// Time since the start of the node.
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the machine's clock"
    )]
    pub(crate) fn now(&self) -> Duration {
        match self {
            Self::System { start } => Instant::now().duration_since(*start),
            // Acquire pairs with the Release below, though the simulator has one thread.
            Self::Manual { nanos } => Duration::from_nanos(nanos.load(Ordering::Acquire)),
        }
    }

    /// Moves a manual clock forward; a system clock goes its own way.
    pub(crate) fn advance_to(&self, time: Duration) {
        if let Self::Manual { nanos } = self {
            let target = u64::try_from(time.as_nanos()).unwrap_or(u64::MAX);
            nanos.fetch_max(target, Ordering::Release);
        }
    }
}
