//! How batches join a commit that has begun: while the first are applied, those who were answered last hand in their next ones.
//!
//! What is there at the beginning belongs to the commit, up to its bounds. If it is promising to wait for others ([`Linger`]), whoever comes
//! while those are applied joins them, up to as many as there were the last time; and when all that came are applied, the rest is
//! waited for, once.

use crate::commit::Message;
use crate::gate::{Gate, Request};
use crate::linger::Linger;
use crossbeam_channel::Receiver;
use std::time::{Duration, Instant};

/// The most batches of one commit.
const BATCHES: usize = 1_024;
/// No more batches join a commit that has so many bytes.
const BYTES: usize = 16 * 1024 * 1024;

/// What decides who joins.
pub(crate) struct Joining<'c> {
    messages: &'c Receiver<Message>,
    gate: &'c Gate<Message>,
    linger: &'c mut Linger,
    /// What the last commit took, if those who come later may join.
    took: Option<Duration>,
    /// No more batches than that.
    most: usize,
    has_lingered: bool,
}

/// What became of it.
#[derive(Default)]
pub(crate) struct Joined {
    /// The message that is no batch, and ended the group.
    pub(crate) next: Option<Message>,
    /// How long nobody came.
    pub(crate) waited: Duration,
}

impl<'c> Joining<'c> {
    /// For a commit that begins with one batch. `took` is what the last commit took, if it is worth waiting for others.
    pub(crate) fn new(
        messages: &'c Receiver<Message>,
        gate: &'c Gate<Message>,
        linger: &'c mut Linger,
        took: Option<Duration>,
    ) -> Self {
        let took = took.filter(|_| linger.is_promising());
        Self {
            messages,
            gate,
            linger,
            took,
            most: BATCHES,
            has_lingered: false,
        }
    }

    /// Adds those who join now, behind those that are applied; says whether there were any.
    pub(crate) fn more(&mut self, group: &mut Vec<Request>, joined: &mut Joined) -> bool {
        let before = group.len();
        self.take(group, joined);
        if group.len() == before && joined.next.is_none() && group.len() < self.most {
            self.wait(joined);
            self.take(group, joined);
        }
        self.most = match self.took {
            Some(_) => self.gate.crowd().min(BATCHES),
            None => 0,
        };
        group.len() > before
    }

    fn take(&self, group: &mut Vec<Request>, joined: &mut Joined) {
        let mut bytes: usize = group.iter().map(|request| request.bytes).sum();
        while group.len() < self.most && bytes < BYTES && joined.next.is_none() {
            match self.messages.try_recv() {
                Ok(Message::Write(request)) => {
                    bytes = bytes.saturating_add(request.bytes);
                    group.push(request);
                }
                Ok(other) => joined.next = Some(other),
                Err(_) => return,
            }
        }
    }

    fn wait(&mut self, joined: &mut Joined) {
        let Some(took) = self.took.filter(|_| !self.has_lingered) else {
            return;
        };
        self.has_lingered = true;
        let start = Instant::now();
        self.linger.wait(self.gate, took, BYTES);
        joined.waited += start.elapsed();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::batch::Batch;
    use crate::completion::completion;
    use crate::error::CompactError;
    use crossbeam_channel::unbounded;
    use std::thread::scope;

    const TOOK: Option<Duration> = Some(Duration::from_secs(600));

    /// A gate by which so many were answered together the last time, and what comes through it.
    fn gate(crowd: usize) -> (Gate<Message>, Receiver<Message>) {
        let (sender, messages) = unbounded();
        let gate = Gate::new(sender, 8, usize::MAX, Message::Write);
        (0..crowd).for_each(|_| enter(&gate));
        let bytes = messages.try_iter().map(|message| match message {
            Message::Write(request) => request.bytes,
            Message::Compact(_) => 0,
        });
        gate.release(crowd, bytes.sum());
        (gate, messages)
    }

    fn enter(gate: &Gate<Message>) {
        drop(gate.enter(Batch::new("orders").unwrap()));
    }

    /// The group of a commit that begins.
    fn begun(gate: &Gate<Message>, messages: &Receiver<Message>) -> Vec<Request> {
        enter(gate);
        match messages.recv() {
            Ok(Message::Write(first)) => vec![first],
            other => unreachable!("it has just entered: {:?}", other.is_ok()),
        }
    }

    #[test]
    fn who_comes_while_others_are_applied_joins_up_to_as_many_as_the_last_time() {
        let (gate, messages) = gate(3);
        let (mut linger, mut joined) = (Linger::default(), Joined::default());
        let mut group = begun(&gate, &messages);
        let mut joining = Joining::new(&messages, &gate, &mut linger, TOOK);
        for n_batches in 2..=3 {
            enter(&gate);
            assert!(joining.more(&mut group, &mut joined));
            assert_eq!(group.len(), n_batches);
        }
        enter(&gate);
        assert!(
            !joining.more(&mut group, &mut joined),
            "that is another commit"
        );
        assert_eq!((group.len(), messages.len()), (3, 1));
        assert_eq!(joined.waited, Duration::ZERO);
    }

    #[test]
    fn the_rest_is_waited_for_when_all_that_came_are_applied() {
        let (gate, messages) = gate(2);
        let (mut linger, mut joined) = (Linger::default(), Joined::default());
        let mut group = begun(&gate, &messages);
        let mut joining = Joining::new(&messages, &gate, &mut linger, TOOK);
        scope(|scope| {
            scope.spawn(|| enter(&gate));
            assert!(joining.more(&mut group, &mut joined));
        });
        assert_eq!(group.len(), 2);
        assert!(!joining.more(&mut group, &mut joined));
    }

    #[test]
    fn where_waiting_is_not_worth_it_all_that_are_there_at_the_beginning_are_the_group() {
        let (gate, messages) = gate(8);
        let (mut linger, mut joined) = (Linger::default(), Joined::default());
        let mut group = begun(&gate, &messages);
        enter(&gate);
        enter(&gate);
        let mut joining = Joining::new(&messages, &gate, &mut linger, None);
        assert!(joining.more(&mut group, &mut joined));
        assert_eq!(group.len(), 3);
        enter(&gate);
        assert!(!joining.more(&mut group, &mut joined));
        assert_eq!((group.len(), messages.len()), (3, 1));
    }

    #[test]
    fn what_is_no_batch_ends_the_group() {
        let (gate, messages) = gate(8);
        let (mut linger, mut joined) = (Linger::default(), Joined::default());
        let mut group = begun(&gate, &messages);
        enter(&gate);
        let (reply, _answer) = completion(Err(CompactError::Closed));
        assert!(gate.send(Message::Compact(reply)));
        enter(&gate);
        let mut joining = Joining::new(&messages, &gate, &mut linger, TOOK);
        assert!(joining.more(&mut group, &mut joined));
        assert!(matches!(joined.next, Some(Message::Compact(_))));
        assert!(!joining.more(&mut group, &mut joined));
        assert_eq!((group.len(), messages.len()), (2, 1));
    }

    #[test]
    fn a_commit_that_has_many_bytes_is_joined_by_nobody() {
        let (sender, messages) = unbounded();
        let gate = Gate::new(sender, 64, usize::MAX, Message::Write);
        let (mut linger, mut joined) = (Linger::default(), Joined::default());
        let mut group = begun(&gate, &messages);
        for _ in 0..20 {
            let batch = Batch::new("orders").unwrap();
            drop(gate.enter(batch.put("order", vec![7; 1 << 20])));
        }
        let mut joining = Joining::new(&messages, &gate, &mut linger, TOOK);
        assert!(joining.more(&mut group, &mut joined));
        assert_eq!((group.len(), messages.len()), (17, 4));
        assert!(!joining.more(&mut group, &mut joined));
    }
}
