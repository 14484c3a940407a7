//! Restart intensity: how many restarts a supervisor may make within how long.
//!
//! The window slides and is inclusive: a restart exactly one period old still counts, an older one does not
//! (OTP statements 124, 125). The caller says what time it is.
//!
//! OTP's rule is the same with its clock cut down to whole seconds, by which a restart may count for up to a
//! second longer, depending on where in a second it fell. Here time is exact: periods may be shorter than a
//! second, and the same restarts get the same verdict whenever they happen. So whatever gives up here gives up
//! in OTP, and what OTP allows is allowed here.

use alloc::collections::VecDeque;
use core::fmt;
use core::time::Duration;

/// At most `max_restarts` restarts within `period`; one more and the supervisor gives up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Intensity {
    max_restarts: u32,
    period: Duration,
}

/// A window without length would forget every restart at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ZeroPeriod;

impl fmt::Display for ZeroPeriod {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the restart period is zero, and would forget every restart at once: give it at least 1 ms")
    }
}

impl core::error::Error for ZeroPeriod {}

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
pub enum Verdict {
    /// It may be made.
    Allowed,
    /// It is one too many.
    Exceeded,
}

/// The restarts that still count, oldest first; never more than `max_restarts`.
#[derive(Clone, Debug)]
pub struct RestartWindow {
    intensity: Intensity,
    restarts: VecDeque<Duration>,
}

impl RestartWindow {
    /// No restarts yet.
    pub fn new(intensity: Intensity) -> Self {
        Self {
            intensity,
            restarts: VecDeque::new(),
        }
    }

    /// Counts a restart at `now`, which never goes backwards.
    pub fn count(&mut self, now: Duration) -> Verdict {
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
    use alloc::string::String;
    use alloc::vec::Vec;

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

    /// OTP's rule, from `supervisor:add_restart`: all times in whole seconds, newest first; those not older than
    /// the period stay, and there may be as many as the intensity.
    fn otp_allows(max_restarts: usize, period_s: u64, at_ms: &[u64]) -> Vec<bool> {
        let mut restarts: Vec<u64> = Vec::new();
        let verdicts = at_ms.iter().map(|ms| {
            let now = ms / 1000;
            restarts.retain(|restart| restart + period_s >= now);
            restarts.push(now);
            restarts.len() <= max_restarts
        });
        verdicts.collect()
    }

    fn allows(max_restarts: u32, period: Duration, at_ms: &[u64]) -> Vec<bool> {
        let mut window = RestartWindow::new(Intensity::new(max_restarts, period).unwrap());
        let verdicts = at_ms
            .iter()
            .map(|ms| window.count(Duration::from_millis(*ms)) == Verdict::Allowed);
        verdicts.collect()
    }

    /// OTP statement 125: up to the first restart that is too many, whatever is refused here is refused by OTP,
    /// and whatever OTP refuses is refused here within a second more of period.
    #[test]
    fn intensity_window_is_within_a_second_of_otp() {
        let mut random = 1u64;
        let mut draw = |bound: u64| {
            random = random
                .wrapping_mul(6_364_136_223_846_793_005)
                .wrapping_add(1_442_695_040_888_963_407);
            (random >> 33) % bound
        };
        let mut n_differing = 0;
        for _ in 0..20_000 {
            let (max_restarts, period_s) = (u32::try_from(draw(4)).unwrap(), 1 + draw(4));
            let mut now = 0;
            let mut later = || {
                now += draw(1_500);
                now
            };
            let at_ms: Vec<u64> = (0..12).map(|_| later()).collect();
            let first_refused = |verdicts: Vec<bool>| {
                verdicts
                    .iter()
                    .position(|allowed| !allowed)
                    .unwrap_or(usize::MAX)
            };
            let period = Duration::from_secs(period_s);
            let here = first_refused(allows(max_restarts, period, &at_ms));
            let otp = first_refused(otp_allows(
                usize::try_from(max_restarts).unwrap(),
                period_s,
                &at_ms,
            ));
            let longer = first_refused(allows(
                max_restarts,
                period + Duration::from_secs(1),
                &at_ms,
            ));
            assert!(
                longer <= otp && otp <= here,
                "{max_restarts} in {period_s} s: {at_ms:?}"
            );
            n_differing += usize::from(otp != here);
        }
        assert!(n_differing > 0, "the tolerance is real");
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
