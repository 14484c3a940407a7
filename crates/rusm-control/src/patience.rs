//! How long a client may keep the node waiting.
//!
//! A silence is not the bound, since one byte before each end of it would hold a connection, and what it holds, for ever. What counts is
//! all the time that the node has waited for this client: a client has [`GRACE`], and more for what it has moved, at [`PACE`].

use crate::time::{Time, Waiting};
use std::fmt;
use std::sync::Arc;
use std::task::{Context, Poll};
use std::time::Duration;

/// What a client has from the start.
pub(crate) const GRACE: Duration = Duration::from_secs(30);
/// Bytes that earn a second more.
pub(crate) const PACE: u64 = 256 * 1024;

/// The time that is left to one client in one direction.
pub(crate) struct Patience {
    time: Arc<dyn Time>,
    waited: Duration,
    n_bytes: u64,
    /// Since when it is being waited for, and when that is too long.
    waiting: Option<(Duration, Waiting)>,
}

impl Patience {
    pub(crate) fn new(time: Arc<dyn Time>) -> Patience {
        Patience {
            time,
            waited: Duration::ZERO,
            n_bytes: 0,
            waiting: None,
        }
    }

    /// The client has to move. Ready when it has had its time.
    pub(crate) fn poll_over(&mut self, context: &mut Context<'_>) -> Poll<()> {
        let left = left(self.waited, self.n_bytes);
        let (_, waiting) = self
            .waiting
            .get_or_insert_with(|| (self.time.now(), self.time.wait(left)));
        waiting.as_mut().poll(context)
    }

    /// The client has moved so many bytes.
    pub(crate) fn moved(&mut self, n_bytes: usize) {
        if let Some((since, _)) = self.waiting.take() {
            self.waited += self.time.now().saturating_sub(since);
        }
        let n_bytes = u64::try_from(n_bytes).unwrap_or(u64::MAX);
        self.n_bytes = self.n_bytes.saturating_add(n_bytes);
    }

    /// Whether it has had its time, also if it moves again now.
    pub(crate) fn is_over(&self) -> bool {
        left(self.waited, self.n_bytes).is_zero()
    }
}

/// What is left of the time of a client that has moved so many bytes and been waited for so long.
fn left(waited: Duration, n_bytes: u64) -> Duration {
    let earned = Duration::from_secs(n_bytes / PACE);
    GRACE.saturating_add(earned).saturating_sub(waited)
}

impl fmt::Debug for Patience {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Patience")
            .field("waited", &self.waited)
            .field("n_bytes", &self.n_bytes)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Who trickles is waited for no longer than who is silent; who moves is given time for it.
    #[test]
    fn time_is_earned_by_bytes_alone() {
        assert_eq!(left(Duration::ZERO, 0), GRACE);
        assert_eq!(left(GRACE, 29), Duration::ZERO);
        assert_eq!(left(GRACE, PACE), Duration::from_secs(1));
        assert_eq!(left(Duration::from_secs(1_000), 5), Duration::ZERO);
        assert!(left(Duration::from_secs(1), u64::MAX) > GRACE);
    }
}
