//! Wakers against slices, under every schedule: where a wake-up could get lost.

use super::*;
use crate::context::Context;
use crate::id::Pid;
use crate::inbox::{Batch, Inbox, MailboxBounds};
use crate::mailbox::Selector;
use crate::message::Message;
use crate::process::Task;
use crate::signal::{Envelope, Signal};
use crate::sim::Simulator;
use crate::spawn::SpawnOptions;
use crate::sync::{Arc, AtomicBool, Mutex, explore};
use loom::thread;
use std::sync::atomic::AtomicUsize as RealAtomicUsize;

/// A run queue that says how often its one process is in it.
#[derive(Default)]
struct Queue(Mutex<usize>);

impl Queue {
    fn put(&self, woken: Woken) {
        if woken == Woken::Enqueue {
            let mut n_queued = self.0.lock();
            *n_queued += 1;
            assert_eq!(*n_queued, 1, "queued twice");
        }
    }

    fn take(&self) -> bool {
        std::mem::take(&mut *self.0.lock()) == 1
    }
}

/// A body that nobody polls.
fn task() -> Task {
    Task {
        body: Box::pin(std::future::pending()),
        waker: std::task::Waker::noop().clone(),
    }
}

/// One process, bare: its inbox with the run state, and the run queue.
struct Bare {
    inbox: Inbox,
    queue: Queue,
    n_taken: RealAtomicUsize,
}

impl Bare {
    fn new(state: RunState) -> Arc<Self> {
        let inbox = Inbox::new(MailboxBounds::default(), None);
        if state == RunState::Idle {
            inbox.begin();
            assert_eq!(inbox.end(task()), Ended::Rest);
        }
        Arc::new(Self {
            inbox,
            queue: Queue(Mutex::new(usize::from(state == RunState::Queued))),
            n_taken: RealAtomicUsize::new(0),
        })
    }

    /// As [`Process::deliver`](crate::process::Process::deliver); answers whether it was accepted.
    fn deliver(&self) -> bool {
        let woken = self.inbox.push(Envelope::Signal(Signal::Kill));
        let is_accepted = woken.is_ok();
        if let Ok(woken) = woken {
            self.queue.put(woken);
        }
        is_accepted
    }

    fn count(&self, mut batch: Batch) {
        self.n_taken
            .fetch_add(batch.drain().count(), Ordering::Relaxed);
    }

    /// As `slice::run`, with a look for what arrived meanwhile as a receive has it.
    fn slice(&self) {
        if !self.queue.take() {
            return;
        }
        if let Some(batch) = self.inbox.begin().batch {
            self.count(batch);
        }
        if self.inbox.is_waiting() {
            self.count(self.inbox.take());
        }
        if self.inbox.end(task()) == Ended::Requeue {
            self.queue.put(Woken::Enqueue);
        }
    }

    fn run_until_quiet(&self) {
        while *self.queue.0.lock() > 0 {
            self.slice();
        }
        assert_eq!(self.inbox.state(), RunState::Idle);
    }
}

/// OTP statement 023: after a delivery either the running slice takes the envelope or another slice
/// follows; and the process is never in a queue twice.
#[test]
fn an_envelope_is_taken_whatever_slice_it_meets() {
    for start in [RunState::Idle, RunState::Queued] {
        explore(Some(3), move || {
            let process = Bare::new(start);
            let senders = [(); 2].map(|()| {
                let process = Arc::clone(&process);
                thread::spawn(move || assert!(process.deliver()))
            });
            process.slice();
            process.slice();
            for sender in senders {
                sender.join().unwrap();
            }
            process.run_until_quiet();
            assert_eq!(process.n_taken.load(Ordering::Relaxed), 2, "lost");
        });
    }
}

/// The same while the process moves from worker to worker.
#[test]
fn an_envelope_is_taken_whichever_worker_has_the_slice() {
    explore(Some(3), || {
        let process = Bare::new(RunState::Queued);
        let sender = {
            let process = Arc::clone(&process);
            thread::spawn(move || assert!(process.deliver() && process.deliver()))
        };
        let worker = {
            let process = Arc::clone(&process);
            thread::spawn(move || process.slice())
        };
        process.slice();
        sender.join().unwrap();
        worker.join().unwrap();
        process.run_until_quiet();
        assert_eq!(process.n_taken.load(Ordering::Relaxed), 2, "lost");
    });
}

/// What a waker did before the wake is seen by a slice that follows, though the process was queued already
/// (OTP statement 023, timers and outside events).
#[test]
fn what_comes_before_a_wake_is_seen_by_the_slice_it_causes() {
    explore(Some(3), || {
        let inbox = Arc::new(Inbox::new(MailboxBounds::default(), None));
        let flags = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let wakers = flags.clone().map(|flag| {
            let inbox = Arc::clone(&inbox);
            thread::spawn(move || {
                flag.store(true, Ordering::Relaxed);
                inbox.wake()
            })
        });
        let mut seen = [false; 2];
        let mut slice = || {
            inbox.begin();
            for (seen, flag) in seen.iter_mut().zip(&flags) {
                *seen |= flag.load(Ordering::Relaxed);
            }
            inbox.end(task())
        };
        while slice() == Ended::Requeue {}
        let woken = wakers.map(|waker| waker.join().unwrap());
        if woken.contains(&Woken::Enqueue) {
            assert_eq!(slice(), Ended::Rest);
        }
        assert_eq!(seen, [true; 2], "lost");
    });
}

/// The death sequence against senders: whoever was accepted is in the last batch or among what `close` hands
/// out, and nobody puts an ended process into a queue.
#[test]
fn an_ended_process_stays_out_of_the_queues_and_answers_everybody() {
    explore(Some(3), || {
        let process = Bare::new(RunState::Queued);
        let senders = [(); 2].map(|()| {
            let process = Arc::clone(&process);
            thread::spawn(move || usize::from(process.deliver()))
        });
        assert!(process.queue.take());
        if let Some(batch) = process.inbox.begin().batch {
            process.count(batch);
        }
        process.inbox.finish();
        let n_left = process.inbox.close().len();
        let n_accepted: usize = senders.map(|sender| sender.join().unwrap()).iter().sum();
        assert_eq!(process.n_taken.load(Ordering::Relaxed) + n_left, n_accepted);
        assert_eq!(process.inbox.state(), RunState::Gone);
        assert!(!process.queue.take(), "an ended process is queued");
    });
}

/// The same with nothing bare: processes, contexts, slices and envelopes as they are, one worker at a time
/// picked by the schedule.
#[test]
fn a_receive_gets_every_message_whatever_slice_it_meets() {
    explore(Some(3), || {
        let simulator = Arc::new(Simulator::new(0));
        let n_received = Arc::new(RealAtomicUsize::new(0));
        let count = Arc::clone(&n_received);
        let body = move |me: Context| async move {
            loop {
                me.receive(Selector::any()).await;
                count.fetch_add(1, Ordering::Relaxed);
            }
        };
        let spawned = simulator.node().spawn(SpawnOptions::new("receiver"), body);
        let receiver = spawned.unwrap();
        let sender = {
            let simulator = Arc::clone(&simulator);
            thread::spawn(move || {
                let kernel = simulator.node().kernel();
                for tag in 0..2 {
                    let process = kernel.table.find(receiver).unwrap();
                    process.deliver(kernel, message(receiver, tag)).unwrap();
                }
            })
        };
        let worker = {
            let simulator = Arc::clone(&simulator);
            thread::spawn(move || simulator.step())
        };
        simulator.step();
        sender.join().unwrap();
        worker.join().unwrap();
        simulator.run();
        assert_eq!(n_received.load(Ordering::Relaxed), 2, "lost");
    });
}

fn message(from: Pid, tag: u64) -> Envelope {
    Envelope::Message(Message {
        from,
        tag,
        payload: [].into(),
    })
}
