//! Whole nodes under every schedule: kernel, queues, parking, slices and deaths as they are, but for the
//! timer thread. A node that gets stuck is a deadlock of the model.

use super::*;
use crate::clock::Clock;
use crate::context::Context;
use crate::id::SLOTS_MAX;
use crate::mailbox::Selector;
use crate::message::Event;
use crate::node::Node;
use crate::reason::ExitReason;
use crate::sched::{NoHooks, Scheduler};
use crate::spawn::SpawnOptions;
use crate::sync::{Barrier, explore};
use loom::thread;

/// Enough for a slice of a body that does little.
const STACK_WORDS: usize = 0x4000;

struct Running {
    node: Node,
    workers: Vec<thread::JoinHandle<()>>,
}

impl Running {
    fn start(n_workers: usize) -> Self {
        let (scheduler, seats) = Scheduler::threaded(n_workers, Arc::new(NoHooks));
        let kernel = Kernel::new(Clock::manual(), scheduler, [1, 2], SLOTS_MAX, None);
        let kernel = Arc::new(kernel);
        let start = |seat| {
            let kernel = Arc::clone(&kernel);
            let thread = thread::Builder::new().stack_size(STACK_WORDS);
            thread.spawn(move || work(&kernel, seat)).unwrap()
        };
        Self {
            workers: seats.into_iter().map(start).collect(),
            node: Node::of(&KernelRef::new(&kernel)),
        }
    }

    /// Waits for the last process to end, and for the workers.
    fn finish(self) {
        let kernel = self.node.kernel();
        kernel.wait_empty();
        kernel.sched.stop();
        for worker in self.workers {
            worker.join().unwrap();
        }
    }
}

/// A worker that looks for work or sleeps finds what is spawned and sent from outside, and ends with the
/// node.
#[test]
fn a_worker_finds_what_comes_from_outside_and_stops() {
    explore(Some(3), || {
        let running = Running::start(1);
        let node = &running.node;
        let body = |me: Context| async move {
            me.receive(Selector::any()).await;
            ExitReason::Normal
        };
        let pid = node.spawn(SpawnOptions::new("model"), body).unwrap();
        node.kill(pid);
        running.finish();
    });
}

/// Two that wait for each other while they hold their workers, and a third that does not: whichever worker
/// searches, sleeps or is in the middle of taking a batch, both are reached.
#[test]
fn two_that_block_each_get_a_worker() {
    explore(Some(1), || {
        let running = Running::start(2);
        let both = Arc::new(Barrier::new(2));
        for is_short in [false, false, true] {
            let both = Arc::clone(&both);
            let body = move |_| async move {
                if !is_short {
                    both.wait();
                }
                ExitReason::Normal
            };
            running
                .node
                .spawn(SpawnOptions::new("model"), body)
                .unwrap();
        }
        running.finish();
    });
}

/// One that was to be next on its worker, and is passed over for one from outside that holds the worker until
/// it has run: the other worker takes it.
#[test]
fn who_is_passed_over_runs_elsewhere() {
    explore(Some(1), || {
        let running = Running::start(2);
        let both = Arc::new(Barrier::new(2));
        let own = Arc::clone(&both);
        let spawner = |me: Context| async move {
            let next = |_| async move {
                own.wait();
                ExitReason::Normal
            };
            me.spawn(SpawnOptions::new("next"), next).unwrap();
            ExitReason::Normal
        };
        let injected = |_| async move {
            both.wait();
            ExitReason::Normal
        };
        let node = &running.node;
        node.spawn(SpawnOptions::new("spawner"), spawner).unwrap();
        node.spawn(SpawnOptions::new("injected"), injected).unwrap();
        running.finish();
    });
}

/// Two that a process makes ready, and that wait for each other: the one its worker does not take next wakes
/// the other worker.
#[test]
fn what_a_slice_makes_ready_reaches_the_other_worker() {
    explore(Some(1), || {
        let running = Running::start(2);
        let spawner = |me: Context| async move {
            let both = Arc::new(Barrier::new(2));
            for _ in 0..2 {
                let both = Arc::clone(&both);
                let blocking = |_| async move {
                    both.wait();
                    ExitReason::Normal
                };
                me.spawn(SpawnOptions::new("blocking"), blocking).unwrap();
            }
            ExitReason::Normal
        };
        let spawner = running.node.spawn(SpawnOptions::new("spawner"), spawner);
        spawner.unwrap();
        running.finish();
    });
}

/// One that computes and asks at a tick whether it should give way lets the other worker have the process
/// that it has woken.
#[test]
fn who_computes_shares_what_was_to_be_next() {
    explore(Some(1), || {
        let running = Running::start(2);
        let computing = |me: Context| async move {
            let both = Arc::new(Barrier::new(2));
            let own = Arc::clone(&both);
            let next = |_| async move {
                own.wait();
                ExitReason::Normal
            };
            me.spawn(SpawnOptions::new("next"), next).unwrap();
            me.should_yield(FULL_SLICE);
            both.wait();
            ExitReason::Normal
        };
        let computing = running
            .node
            .spawn(SpawnOptions::new("computing"), computing);
        computing.unwrap();
        running.finish();
    });
}

/// Processes that spawn, send, receive and end on two workers.
#[test]
fn a_conversation_comes_to_its_end() {
    explore(Some(2), || {
        let running = Running::start(2);
        let body = |me: Context| async move {
            let parent = me.pid();
            let child = me.spawn(SpawnOptions::new("child"), move |me| async move {
                let Event::Message(message) = me.receive(Selector::any()).await else {
                    panic!("nobody else sends");
                };
                me.send(parent, message.tag, message.payload).unwrap();
                ExitReason::Normal
            });
            me.send(child.unwrap().pid, 7, "").unwrap();
            me.receive(Selector::tag(7)).await;
            ExitReason::Normal
        };
        running
            .node
            .spawn(SpawnOptions::new("parent"), body)
            .unwrap();
        running.finish();
    });
}
