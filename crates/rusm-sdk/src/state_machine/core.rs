//! The order in which a state machine's events are handled, and its timers. Pure: the caller says what time it is.
//!
//! First what callbacks inserted, then what was postponed and is to be retried, then timers that are due, and only when there
//! is nothing of these anything from the mailbox.

use std::collections::{BTreeMap, VecDeque};
use std::time::Duration;

use super::Timeout;

/// What a callback asked for, apart from stopping.
#[derive(Debug)]
pub(super) struct Effects<S, E> {
    pub(super) state: Option<S>,
    pub(super) postponed: Option<E>,
    pub(super) inserted: Vec<E>,
    pub(super) timeouts: Vec<(Timeout, Option<Duration>)>,
}

/// What is to be handled next.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Taken<E> {
    Event(E),
    Timeout(Timeout),
}

/// The state, the events that wait, and the timers that run.
#[derive(Debug)]
pub(super) struct Core<S, E> {
    state: S,
    queue: VecDeque<E>,
    /// In the order in which they came.
    postponed: Vec<E>,
    /// When each is due, and how many were set before it.
    timers: BTreeMap<Timeout, (Duration, u64)>,
    n_timers_set: u64,
}

impl<S: PartialEq, E> Core<S, E> {
    pub(super) fn new(state: S) -> Self {
        Self {
            state,
            queue: VecDeque::new(),
            postponed: Vec::new(),
            timers: BTreeMap::new(),
            n_timers_set: 0,
        }
    }

    pub(super) fn state(&self) -> &S {
        &self.state
    }

    /// What is to be handled before anything from the mailbox.
    pub(super) fn take(&mut self, now: Duration) -> Option<Taken<E>> {
        if let Some(event) = self.queue.pop_front() {
            return Some(Taken::Event(event));
        }
        let timers = self.timers.iter();
        let due = timers.filter(|(_, (at, _))| *at <= now);
        let first = due
            .min_by_key(|(_, due)| **due)
            .map(|(timeout, _)| *timeout)?;
        self.timers.remove(&first);
        Some(Taken::Timeout(first))
    }

    /// Every event, of whatever kind, ends the wait for one (OTP statement 108).
    pub(super) fn begin(&mut self) {
        self.timers.remove(&Timeout::Event);
    }

    /// Does what a callback asked for. Answers the state that was left, if it has changed.
    pub(super) fn settle(&mut self, effects: Effects<S, E>, now: Duration) -> Option<S> {
        self.postponed.extend(effects.postponed);
        let next = effects.state.filter(|next| *next != self.state);
        let left = next.map(|next| std::mem::replace(&mut self.state, next));
        if left.is_some() {
            self.timers.remove(&Timeout::State);
            put_before(&mut self.queue, self.postponed.drain(..));
        }
        put_before(&mut self.queue, effects.inserted.into_iter());
        self.set(effects.timeouts, now);
        left
    }

    /// Sets timers, each instead of the one that runs; one without a time is cancelled.
    pub(super) fn set(&mut self, timeouts: Vec<(Timeout, Option<Duration>)>, now: Duration) {
        for (timeout, after) in timeouts {
            // A time too long to reckon with never comes.
            match after.and_then(|after| now.checked_add(after)) {
                Some(at) => {
                    self.n_timers_set += 1;
                    self.timers.insert(timeout, (at, self.n_timers_set));
                }
                None => {
                    self.timers.remove(&timeout);
                }
            }
        }
    }

    /// How long until the first timer is due.
    pub(super) fn wait(&self, now: Duration) -> Option<Duration> {
        let first = self.timers.values().map(|(at, _)| *at).min()?;
        Some(first.saturating_sub(now))
    }
}

fn put_before<E>(queue: &mut VecDeque<E>, events: impl DoubleEndedIterator<Item = E>) {
    for event in events.rev() {
        queue.push_front(event);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    type Machine = Core<char, u32>;

    fn ms(ms: u64) -> Duration {
        Duration::from_millis(ms)
    }

    fn nothing() -> Effects<char, u32> {
        Effects {
            state: None,
            postponed: None,
            inserted: Vec::new(),
            timeouts: Vec::new(),
        }
    }

    fn postpone(event: u32) -> Effects<char, u32> {
        Effects {
            postponed: Some(event),
            ..nothing()
        }
    }

    fn to(state: char) -> Effects<char, u32> {
        Effects {
            state: Some(state),
            ..nothing()
        }
    }

    fn timeout(which: Timeout, after: u64) -> Effects<char, u32> {
        Effects {
            timeouts: vec![(which, Some(ms(after)))],
            ..nothing()
        }
    }

    /// Everything that is to be handled before the mailbox at this time, handled without effects.
    fn taken(machine: &mut Machine, now: u64) -> Vec<Taken<u32>> {
        std::iter::from_fn(|| {
            let taken = machine.take(ms(now))?;
            machine.begin();
            Some(taken)
        })
        .collect()
    }

    fn events(numbers: &[u32]) -> Vec<Taken<u32>> {
        numbers.iter().copied().map(Taken::Event).collect()
    }

    /// OTP statement 106: retried after a change and not before, in the order they came; again if they are postponed again.
    #[test]
    fn fsm_postpone_order() {
        let mut machine = Machine::new('a');
        for event in [1, 2, 3] {
            assert_eq!(machine.settle(postpone(event), ms(0)), None);
        }
        assert_eq!(machine.settle(to('a'), ms(0)), None);
        assert_eq!(taken(&mut machine, 0), []);
        // The event that changes the state may itself be postponed: it is retried last.
        let last = Effects {
            postponed: Some(4),
            ..to('b')
        };
        assert_eq!(machine.settle(last, ms(0)), Some('a'));
        assert_eq!(machine.take(ms(0)), Some(Taken::Event(1)));
        machine.settle(postpone(1), ms(0));
        assert_eq!(taken(&mut machine, 0), events(&[2, 3, 4]));
        assert_eq!(machine.settle(to('c'), ms(0)), Some('b'));
        assert_eq!(taken(&mut machine, 0), events(&[1]));
    }

    /// OTP statement 107: in their order, before what is retried and what was inserted earlier.
    #[test]
    fn fsm_inserted_order() {
        let mut machine = Machine::new('a');
        machine.settle(postpone(1), ms(0));
        let insert = |inserted: &[u32], state| Effects {
            inserted: inserted.to_vec(),
            state,
            ..nothing()
        };
        machine.settle(insert(&[2, 3], Some('b')), ms(0));
        assert_eq!(machine.take(ms(0)), Some(Taken::Event(2)));
        machine.settle(insert(&[4], None), ms(0));
        assert_eq!(taken(&mut machine, 0), events(&[4, 3, 1]));
    }

    /// OTP statement 108: what cancels which timer.
    #[test]
    fn fsm_timeouts_cancelled() {
        let all = [Timeout::State, Timeout::Event, Timeout::Named("n")];
        let set = || {
            let mut machine = Machine::new('a');
            for which in all {
                machine.settle(timeout(which, 5), ms(0));
            }
            machine
        };
        assert_eq!(set().wait(ms(2)), Some(ms(3)));
        // By an event, the wait for one; by a change, that of the state.
        let mut machine = set();
        machine.begin();
        let left = [Timeout::State, Timeout::Named("n")].map(Taken::Timeout);
        assert_eq!(taken(&mut machine, 5), left);
        let mut machine = set();
        machine.settle(to('b'), ms(0));
        machine.begin();
        assert_eq!(
            taken(&mut machine, 5),
            [Taken::Timeout(Timeout::Named("n"))]
        );
        // To say the same state again is no change.
        let mut machine = set();
        machine.settle(to('a'), ms(0));
        assert_eq!(machine.take(ms(5)), Some(Taken::Timeout(Timeout::State)));
        // By being cancelled.
        let mut machine = set();
        machine.set(all.map(|which| (which, None)).into(), ms(1));
        assert_eq!((machine.wait(ms(1)), machine.take(ms(9))), (None, None));
    }

    /// OTP statement 108: one that is set again begins anew; those that are due at once come in the order they were set in.
    #[test]
    fn fsm_timeouts_restarted() {
        let mut machine = Machine::new('a');
        machine.settle(timeout(Timeout::State, 5), ms(0));
        machine.settle(timeout(Timeout::State, 5), ms(3));
        assert_eq!(machine.take(ms(7)), None);
        assert_eq!(taken(&mut machine, 8), [Taken::Timeout(Timeout::State)]);
        for name in ["b", "a"] {
            machine.settle(timeout(Timeout::Named(name), 0), ms(9));
        }
        let due = ["b", "a"].map(|name| Taken::Timeout(Timeout::Named(name)));
        assert_eq!(taken(&mut machine, 9), due);
        machine.settle(timeout(Timeout::State, u64::MAX), Duration::MAX);
        assert_eq!(machine.wait(ms(0)), None);
    }
}
