//! Whether a commit waits for those who were just answered: most of them have the next batch ready soon.
//!
//! Without that, writers who hand in one batch after another fall into two halves. One is written while the other gathers, so
//! each commit has half of the batches that it could have, and costs almost as much.
//!
//! It is a bet, on what was so the last time. Whoever loses it stops betting, for one commit, then two, then four.

use crate::gate::{Crowd, Gate};
use std::time::Duration;

/// It waits for one part of so many of the time that a commit takes, and no longer than `MOST`: whoever hands in a batch at times
/// that have nothing to do with answers waits for no more than that in vain.
const PART: u32 = 2;
const MOST: Duration = if cfg!(test) {
    Duration::MAX // As long as it takes: no test may depend on who is quick.
} else {
    Duration::from_millis(2)
};
/// The most commits without waiting.
const MOST_SKIPPED: u32 = 64;

/// See the head of this file.
#[derive(Debug, Default)]
pub(crate) struct Linger {
    /// Commits until it is tried again.
    skipped: u32,
    /// How many they were the last time.
    before: u32,
}

impl Linger {
    /// Whether this commit may wait. Once for every commit.
    pub(crate) fn is_promising(&mut self) -> bool {
        let is_promising = self.skipped == 0;
        self.skipped = self.skipped.saturating_sub(1);
        is_promising
    }

    /// Waits for a part of what the last commit `took`; not if there are `enough` bytes for a commit.
    pub(crate) fn wait<M>(&mut self, gate: &Gate<M>, took: Duration, enough: usize) {
        match gate.reassemble(MOST.min(took / PART), enough) {
            Crowd::There => {}
            Crowd::Came => self.before = 0,
            Crowd::Missing => {
                self.before = (self.before * 2).clamp(1, MOST_SKIPPED);
                self.skipped = self.before;
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Batch;
    use crate::gate::Request;
    use crossbeam_channel::{Receiver, unbounded};
    use std::thread::scope;

    const PATIENT: Duration = Duration::from_secs(600);
    const ENOUGH: usize = usize::MAX;

    fn gate() -> (Gate<Request>, Receiver<Request>) {
        let (sender, requests) = unbounded();
        (
            Gate::new(sender, 8, usize::MAX, |request| request),
            requests,
        )
    }

    fn enter(gate: &Gate<Request>) {
        drop(gate.enter(Batch::new("orders").unwrap()));
    }

    /// Two were accepted, one of them is answered.
    fn answered(gate: &Gate<Request>) {
        enter(gate);
        enter(gate);
        gate.release(1, 0);
    }

    #[test]
    fn whoever_is_alone_waits_for_nobody() {
        let (gate, _requests) = gate();
        assert_eq!(gate.reassemble(PATIENT, ENOUGH), Crowd::There);
        enter(&gate);
        assert_eq!(gate.reassemble(PATIENT, ENOUGH), Crowd::There);
        gate.release(1, 0);
        enter(&gate);
        assert_eq!(gate.reassemble(PATIENT, ENOUGH), Crowd::There);
    }

    #[test]
    fn a_full_commit_waits_for_nobody() {
        let (gate, _requests) = gate();
        answered(&gate);
        assert_eq!(gate.reassemble(PATIENT, 0), Crowd::There);
    }

    /// What comes of waiting for the one who was answered, while something is done to the gate.
    fn waited(gate: &Gate<Request>, act: impl FnOnce()) -> Crowd {
        answered(gate);
        scope(|scope| {
            let waits = scope.spawn(|| gate.reassemble(PATIENT, ENOUGH));
            act();
            waits.join().unwrap()
        })
    }

    #[test]
    fn it_ends_when_those_who_were_answered_are_there_again() {
        let (gate, requests) = gate();
        let crowd = waited(&gate, || enter(&gate));
        assert!(matches!(crowd, Crowd::Came | Crowd::There));
        assert_eq!(requests.len(), 3);
    }

    #[test]
    fn it_ends_when_the_store_is_closed() {
        let (gate, _requests) = gate();
        assert_eq!(waited(&gate, || gate.close()), Crowd::Came);
    }

    #[test]
    fn whoever_has_waited_in_vain_waits_less_often() {
        let (gate, _requests) = gate();
        answered(&gate);
        assert_eq!(gate.reassemble(Duration::ZERO, ENOUGH), Crowd::Missing);
        let mut linger = Linger::default();
        let mut tries = Vec::new();
        for commit in 0..200 {
            if linger.is_promising() {
                linger.wait(&gate, Duration::ZERO, ENOUGH);
                tries.push(commit);
            }
        }
        assert_eq!(tries, [0, 2, 5, 10, 19, 36, 69, 134, 199]);
        enter(&gate);
        linger.skipped = 0;
        linger.wait(&gate, Duration::ZERO, ENOUGH);
        assert_eq!((linger.skipped, linger.before), (0, 64));
    }
}
