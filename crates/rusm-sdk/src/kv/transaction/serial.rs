//! Clients with random transactions, their calls interleaved at random: whatever they read and leave behind is what they
//! would have in some order, one whole transaction after the other. That order is known, it is that of their commits.

use std::collections::{BTreeMap, VecDeque};
use std::sync::{Arc, Condvar, Mutex};

use proptest::collection::vec;
use proptest::prelude::*;

use super::super::Bucket;
use super::*;
use crate::sys::memory::{self, Memory};

const KEYS: [&str; 3] = ["x", "y", "z"];

#[derive(Clone, Debug)]
enum Step {
    /// Reads a key and remembers the value.
    Read(usize),
    /// Writes what depends on all that has been read so far.
    Write(usize, i64),
    Delete(usize),
    /// Gives up, if what has been read so far is odd.
    GiveUpIfOdd,
}

type Steps = Vec<Step>;

/// What a transaction answers: all that it has read; as an error if it gave up.
type Answer = Result<Vec<Option<i64>>, GaveUp>;

#[derive(Clone, Debug, PartialEq)]
struct GaveUp(Vec<Option<i64>>);

impl From<BucketError> for GaveUp {
    fn from(error: BucketError) -> Self {
        panic!("{error}")
    }
}

fn sum(seen: &[Option<i64>]) -> i64 {
    let values = seen.iter().flatten();
    values.fold(0, |sum, value| sum.wrapping_add(*value))
}

/// With the SDK, while others do the same.
fn transact(steps: &[Step]) -> Answer {
    Bucket::<i64>::new("b").transact(|tx| {
        let mut seen = Vec::new();
        for step in steps {
            match *step {
                Step::Read(key) => seen.push(tx.get(KEYS[key])?),
                Step::Write(key, plus) => tx.put(KEYS[key], &sum(&seen).wrapping_add(plus))?,
                Step::Delete(key) => tx.delete(KEYS[key]),
                Step::GiveUpIfOdd if sum(&seen) % 2 != 0 => return Err(GaveUp(seen)),
                Step::GiveUpIfOdd => {}
            }
        }
        Ok(seen)
    })
}

/// The same, alone in the world.
fn alone(world: &mut BTreeMap<usize, i64>, steps: &[Step]) -> Answer {
    let mut after = world.clone();
    let mut seen = Vec::new();
    for step in steps {
        match *step {
            Step::Read(key) => seen.push(after.get(&key).copied()),
            Step::Write(key, plus) => {
                after.insert(key, sum(&seen).wrapping_add(plus));
            }
            Step::Delete(key) => {
                after.remove(&key);
            }
            Step::GiveUpIfOdd if sum(&seen) % 2 != 0 => return Err(GaveUp(seen)),
            Step::GiveUpIfOdd => {}
        }
    }
    *world = after;
    Ok(seen)
}

/// Lets one client at a time make a call to the store, in a given order; those who have ended are skipped, and when
/// the order is used up the first who comes is next.
#[derive(Default)]
struct Turns {
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    order: VecDeque<usize>,
    ended: Vec<usize>,
    holder: Option<usize>,
}

impl Turns {
    /// Gives up the turn that the client has, and waits for its next.
    fn next(&self, client: usize) {
        let mut state = self.state.lock().unwrap();
        state.release(client);
        self.changed.notify_all();
        while !state.take(client) {
            state = self.changed.wait(state).unwrap();
        }
    }
}

/// A client's part in the turns, until it is dropped: also by a panic, for which the others do not wait.
struct Seat<'a>(&'a Turns, usize);

impl Drop for Seat<'_> {
    fn drop(&mut self) {
        let mut state = self.0.state.lock().unwrap();
        state.release(self.1);
        state.ended.push(self.1);
        self.0.changed.notify_all();
    }
}

impl State {
    fn release(&mut self, client: usize) {
        if self.holder == Some(client) {
            self.holder = None;
        }
    }

    fn take(&mut self, client: usize) -> bool {
        if self.holder.is_some() {
            return false;
        }
        while self
            .order
            .front()
            .is_some_and(|first| self.ended.contains(first))
        {
            self.order.pop_front();
        }
        if self.order.front().is_some_and(|first| *first != client) {
            return false;
        }
        self.order.pop_front();
        self.holder = Some(client);
        true
    }
}

/// Runs the clients side by side. Every transaction with its answer, in the order of their last calls: the commit,
/// or the only read.
fn side_by_side(store: &Memory, clients: &[Vec<Steps>], order: &[usize]) -> Vec<(Steps, Answer)> {
    let turns = Arc::new(Turns::default());
    let known = order.iter().filter(|client| **client < clients.len());
    turns.state.lock().unwrap().order.extend(known);
    let run = |client: usize, transactions: &[Steps]| {
        let _seat = Seat(&turns, client);
        let waiting = Arc::clone(&turns);
        memory::enter(store, move |_| {
            waiting.next(client);
            Ok(())
        });
        let answer = |steps: &Steps| {
            let answer = transact(steps);
            // The call that it rests on.
            (memory::last_call(), steps.clone(), answer)
        };
        transactions.iter().map(answer).collect::<Vec<_>>()
    };
    let mut all = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..)
            .zip(clients)
            .map(|(client, transactions)| scope.spawn(move || run(client, transactions)))
            .collect();
        let answers = threads
            .into_iter()
            .flat_map(|thread| thread.join().unwrap());
        answers.collect::<Vec<_>>()
    });
    all.sort_by_key(|(place, ..)| *place);
    let sorted = all.into_iter();
    sorted.map(|(_, steps, answer)| (steps, answer)).collect()
}

fn step() -> impl Strategy<Value = Step> {
    let key = 0..KEYS.len();
    prop_oneof![
        4 => key.clone().prop_map(Step::Read),
        3 => (key.clone(), -9..9_i64).prop_map(|(key, plus)| Step::Write(key, plus)),
        1 => key.prop_map(Step::Delete),
        1 => Just(Step::GiveUpIfOdd),
    ]
}

proptest! {
    #[test]
    fn transactions_are_serialisable(
        clients in vec(vec(vec(step(), 0..6), 1..5), 2..4),
        order in vec(0..3_usize, 0..80),
    ) {
        let store = Memory::default();
        let mut world = BTreeMap::new();
        for (steps, answer) in side_by_side(&store, &clients, &order) {
            prop_assert_eq!(alone(&mut world, &steps), answer, "{:?}", steps);
        }
        let left = world.into_iter();
        let left = left.map(|(key, value)| (KEYS[key].to_owned(), value.to_string()));
        prop_assert_eq!(store.texts("b"), left.collect());
    }
}
