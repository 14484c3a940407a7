//! When slices begin and end, for bodies that measure theirs: [`Stopwatch`] and [`Mark`].
//!
//! A look at the clock shows in what a message costs. So where one measured slice follows another at once, the end of the
//! first is the beginning of the second; taking the next process out of the worker's own queue, which is all that lies between
//! them, counts for that one. Wherever more may lie between them there is no mark, and the clock is looked at: the worker
//! slept, fired timers or took from elsewhere, a process was cleared away, or somebody ran who measures nothing.
//!
//! # Ownership
//! Only the worker that runs the slice reads and writes; the atomic is there because the process is shared.

use crate::sync::{AtomicU64, Ordering};
use std::time::Duration;

/// A moment on the node's clock that somebody has looked at anyway, or none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Mark(Option<Duration>);

impl Mark {
    pub(crate) const NONE: Self = Self(None);

    /// The mark, if this is true.
    pub(crate) fn only_if(self, is_valid: bool) -> Self {
        Self(self.0.filter(|_| is_valid))
    }
}

/// Of one process. Before a measured slice looks at it, the moment at which that began; once it has ended, that moment: its seconds
/// from bit 31 on, its nanoseconds from bit 1 on, and 1 for an end. Zero for none.
#[derive(Debug)]
pub(crate) struct Stopwatch(AtomicU64);

const END: u64 = 1;
const NANOS: u32 = 1;
const SECONDS: u32 = 31;

impl Stopwatch {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// A slice begins, at the mark if there is one.
    pub(crate) fn begin(&self, mark: Mark) {
        self.set(mark.0.map_or(0, packed));
    }

    /// When the running slice began, if that is known without a look at the clock.
    pub(crate) fn began(&self) -> Option<Duration> {
        let packed = self.0.load(Ordering::Relaxed);
        (packed != 0 && packed & END == 0).then(|| unpacked(packed))
    }

    /// The body looked at the clock, as the last thing in its slice.
    pub(crate) fn note_end(&self, now: Duration) {
        self.set(packed(now) | END);
    }

    /// The end that the body has noted in this slice.
    pub(crate) fn ended(&self) -> Mark {
        let packed = self.0.load(Ordering::Relaxed);
        Mark((packed & END != 0).then(|| unpacked(packed)))
    }

    fn set(&self, packed: u64) {
        self.0.store(packed, Ordering::Relaxed);
    }
}

/// Of 272 years at most. Nothing is multiplied or divided: every slice does this.
fn packed(time: Duration) -> u64 {
    let seconds = time.as_secs().min(u64::MAX >> SECONDS);
    seconds << SECONDS | u64::from(time.subsec_nanos()) << NANOS
}

fn unpacked(packed: u64) -> Duration {
    let nanos = (packed & u64::from(u32::MAX >> (32 - SECONDS))) >> NANOS;
    Duration::new(packed >> SECONDS, u32::try_from(nanos).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    const THEN: Duration = Duration::from_nanos(7);

    #[test]
    fn a_beginning_is_no_end_and_an_end_no_beginning() {
        let watch = Stopwatch::new();
        assert_eq!((watch.began(), watch.ended()), (None, Mark::NONE));
        watch.begin(Mark(Some(THEN)));
        assert_eq!((watch.began(), watch.ended()), (Some(THEN), Mark::NONE));
        watch.note_end(THEN);
        assert_eq!((watch.began(), watch.ended()), (None, Mark(Some(THEN))));
        watch.begin(Mark::NONE);
        assert_eq!((watch.began(), watch.ended()), (None, Mark::NONE));
    }

    #[test]
    fn a_moment_comes_back_whole() {
        let far = Duration::new(u64::MAX >> SECONDS, 999_999_999);
        for moment in [
            Duration::ZERO,
            THEN,
            Duration::new(1, 0),
            Duration::new(86_400, 1),
            far,
        ] {
            assert_eq!(unpacked(packed(moment)), moment);
            assert_eq!(unpacked(packed(moment) | END), moment);
        }
        assert_eq!(unpacked(packed(Duration::MAX)), far, "the end of time");
    }

    #[test]
    fn a_mark_that_does_not_hold_is_none() {
        let mark = Mark(Some(THEN));
        assert_eq!(mark.only_if(true), mark);
        assert_eq!(mark.only_if(false), Mark::NONE);
    }
}
