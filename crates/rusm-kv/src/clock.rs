//! What time it is: the one thing that decides whether an entry has expired.

use std::time::{SystemTime, UNIX_EPOCH};

/// The time of day. Expiry is its only use, so a clock that is set back makes entries live longer, and does no
/// other harm.
pub trait Clock: Send + Sync {
    /// Milliseconds since the beginning of 1970, UTC.
    fn now_ms(&self) -> u64;
}

/// The clock of the operating system.
#[derive(Clone, Copy, Debug, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now_ms(&self) -> u64 {
        let since = SystemTime::now().duration_since(UNIX_EPOCH);
        since.map_or(0, |time| {
            u64::try_from(time.as_millis()).unwrap_or(u64::MAX)
        })
    }
}
