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

/// Of one process. Before a measured slice looks at it, the moment at which that began; once it has ended, that moment. In
/// nanoseconds times two, plus one for an end; zero for none.
#[derive(Debug)]
pub(crate) struct Stopwatch(AtomicU64);

const END: u64 = 1;

impl Stopwatch {
    pub(crate) fn new() -> Self {
        Self(AtomicU64::new(0))
    }

    /// A slice begins, at the mark if there is one.
    pub(crate) fn begin(&self, mark: Mark) {
        self.set(mark.0.map_or(0, doubled));
    }

    /// When the running slice began, if that is known without a look at the clock.
    pub(crate) fn began(&self) -> Option<Duration> {
        let doubled = self.0.load(Ordering::Relaxed);
        (doubled != 0 && doubled & END == 0).then(|| halved(doubled))
    }

    /// The body looked at the clock, as the last thing in its slice.
    pub(crate) fn note_end(&self, now: Duration) {
        self.set(doubled(now) | END);
    }

    /// The end that the body has noted in this slice.
    pub(crate) fn ended(&self) -> Mark {
        let doubled = self.0.load(Ordering::Relaxed);
        Mark((doubled & END != 0).then(|| halved(doubled)))
    }

    fn set(&self, doubled: u64) {
        self.0.store(doubled, Ordering::Relaxed);
    }
}

/// Of 292 years at most.
fn doubled(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX) << 1
}

fn halved(doubled: u64) -> Duration {
    Duration::from_nanos(doubled >> 1)
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
    fn a_mark_that_does_not_hold_is_none() {
        let mark = Mark(Some(THEN));
        assert_eq!(mark.only_if(true), mark);
        assert_eq!(mark.only_if(false), Mark::NONE);
    }
}
