//! Restart intensity: how many restarts a supervisor may make within how long.
//!
//! The window slides and is inclusive: a restart exactly one period old still counts (OTP statements 124,
//! 125). Pure: the caller says what time it is.

use std::collections::VecDeque;
use std::time::Duration;

/// At most `max_restarts` restarts within `period`; one more and the supervisor gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intensity {
    max_restarts: u32,
    period: Duration,
}

/// A window without length would forget every restart at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "the restart period is zero, and would forget every restart at once: give it at least 1 ms"
)]
pub struct ZeroPeriod;

impl Intensity {
    /// `max_restarts` may be 0: the first restart is then one too many.
    ///
    /// # Errors
    /// [`ZeroPeriod`].
    pub fn new(max_restarts: u32, period: Duration) -> Result<Self, ZeroPeriod> {
        if period.is_zero() {
            return Err(ZeroPeriod);
        }
        Ok(Self {
            max_restarts,
            period,
        })
    }

    /// How many restarts are allowed within a period.
    pub fn max_restarts(&self) -> u32 {
        self.max_restarts
    }

    /// How long a restart counts.
    pub fn period(&self) -> Duration {
        self.period
    }
}

impl Default for Intensity {
    /// OTP's default: one restart in five seconds.
    fn default() -> Self {
        Self {
            max_restarts: 1,
            period: Duration::from_secs(5),
        }
    }
}

/// What the window says to one more restart.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Verdict {
    Allowed,
    Exceeded,
}

/// The restarts that still count, oldest first; never more than `max_restarts`.
#[derive(Debug)]
pub(crate) struct RestartWindow {
    intensity: Intensity,
    restarts: VecDeque<Duration>,
}

impl RestartWindow {
    pub(crate) fn new(intensity: Intensity) -> Self {
        Self {
            intensity,
            restarts: VecDeque::new(),
        }
    }

    /// Counts a restart at `now`, which never goes backwards.
    pub(crate) fn count(&mut self, now: Duration) -> Verdict {
        let is_stale = |restart: &Duration| now.saturating_sub(*restart) > self.intensity.period;
        while self.restarts.front().is_some_and(is_stale) {
            self.restarts.pop_front();
        }
        let n_allowed = usize::try_from(self.intensity.max_restarts).unwrap_or(usize::MAX);
        if self.restarts.len() >= n_allowed {
            return Verdict::Exceeded;
        }
        self.restarts.push_back(now);
        Verdict::Allowed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Restarts at these milliseconds: `.` allowed, `!` one too many.
    #[track_caller]
    fn check(max_restarts: u32, period_ms: u64, at_ms: &[u64], expected: &str) {
        let intensity = Intensity::new(max_restarts, Duration::from_millis(period_ms)).unwrap();
        let mut window = RestartWindow::new(intensity);
        let verdicts: String = at_ms
            .iter()
            .map(|ms| match window.count(Duration::from_millis(*ms)) {
                Verdict::Allowed => '.',
                Verdict::Exceeded => '!',
            })
            .collect();
        assert_eq!(verdicts, expected);
        assert!(window.restarts.len() <= usize::try_from(max_restarts).unwrap());
    }

    /// OTP statement 124: exactly that many, no more; zero allows none.
    #[test]
    fn intensity_exact() {
        check(3, 1000, &[0, 0, 0, 0], "...!");
        check(1, 1000, &[5, 6], ".!");
        check(0, 1000, &[0], "!");
    }

    /// OTP statement 125: what is older than the period no longer counts; exactly as old still does.
    #[test]
    fn intensity_window() {
        check(2, 1000, &[0, 500, 1000], "..!");
        check(2, 1000, &[0, 500, 1001, 1500], "...!");
        check(2, 1000, &[0, 500, 1001, 1501, 2002, 2502], "......");
        check(1, 1000, &[0, 1001, 2002, 3003, 4003], "....!");
    }

    #[test]
    fn a_window_without_length_is_refused() {
        assert_eq!(Intensity::new(1, Duration::ZERO), Err(ZeroPeriod));
        assert!(Intensity::new(0, Duration::from_nanos(1)).is_ok());
    }

    /// OTP statement 113.
    #[test]
    fn sup_defaults_intensity() {
        let intensity = Intensity::default();
        assert_eq!(
            (intensity.max_restarts(), intensity.period()),
            (1, Duration::from_secs(5))
        );
    }
}
