//! The threaded scheduler: fairness, stealing, sleeping (OTP statements 023 and 087).
#![expect(
    clippy::disallowed_methods,
    reason = "workers are watched and blocked from outside"
)]

use crate::large::once_on_threads;
use crate::support::*;
use rusm_actor::{
    Context, Event, ExitReason, FULL_SLICE, Hooks, MailboxBounds, Node, Pid, Selector,
    wake_together,
};
use std::panic::AssertUnwindSafe;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;
use std::sync::{Arc, Mutex};
use std::task::{Poll, Waker};
use std::time::Duration;

/// Where a test that fails gives up instead of running for ever.
const TURNS_MAX: usize = 3_000_000;

/// Two processes that send each other a message to and fro until they are killed.
fn start_chatting(me: &Context) -> (Pid, Pid) {
    let pong = start(me, |me| async move {
        loop {
            let Event::Message(message) = next(&me).await else {
                panic!()
            };
            me.send(message.from, 0, "").unwrap();
        }
    });
    let ping = start(me, move |me| async move {
        for _ in 0..TURNS_MAX {
            me.send(pong, 0, "").unwrap();
            next(&me).await;
        }
        ExitReason::error("the others starve")
    });
    (ping, pong)
}

/// Two chatting processes do not starve a third on one worker.
#[test]
fn lifo_budget() {
    let node = node(1);
    let done = node.block_on(|me| async move {
        let (ping, pong) = start_chatting(&me);
        for _ in 0..100 {
            me.yield_now().await;
        }
        assert!(me.node().is_alive(ping) && me.node().is_alive(pong));
        // Neither those that are spawned now, nor those that are injected from outside.
        let spawned = me
            .spawn(child().monitor(), |_| async { ExitReason::Normal })
            .unwrap();
        next_down(&me, spawned.monitor.unwrap()).await;
        let (node, parent) = (me.node(), me.pid());
        std::thread::spawn(move || {
            node.spawn(child(), move |me| async move {
                me.send(parent, 1, "").unwrap();
                ExitReason::Normal
            })
        });
        next_message(&me).await;
        assert!(me.node().is_alive(ping), "it chats on");
    });
    done.unwrap();
    node.shutdown();
}

/// A process whose mailbox is filled faster than it reads lets others run.
#[test]
fn fair_busy_when_flooded() {
    let node = node(1);
    let bounds = MailboxBounds {
        messages: usize::MAX,
        bytes: usize::MAX,
    };
    let done = node.block_on(move |me| async move {
        let flooded = me.spawn(child().bounds(bounds), |me| async move {
            for tag in 0..u64::try_from(TURNS_MAX).unwrap() {
                me.send(me.pid(), tag, "").unwrap();
                next(&me).await;
            }
            ExitReason::error("the others starve")
        });
        for _ in 0..10 {
            me.yield_now().await;
        }
        assert!(me.node().is_alive(flooded.unwrap().pid));
    });
    done.unwrap();
    node.shutdown();
}

/// Who used up its slice waits in the second queue, and is served while others chat without end.
#[test]
fn fair_busy() {
    let node = node(1);
    let done = node.block_on(|me| async move {
        let (ping, _) = start_chatting(&me);
        let parent = me.pid();
        for _ in 0..3 {
            start(&me, move |me| async move {
                // As a guest does at its ticks.
                let mut n_yields = 0;
                while n_yields < 2 {
                    if me.should_yield(FULL_SLICE) {
                        me.yield_now().await;
                        n_yields += 1;
                    }
                }
                me.send(parent, 1, "").unwrap();
                ExitReason::Normal
            });
        }
        for _ in 0..3 {
            next_message(&me).await;
        }
        assert!(me.node().is_alive(ping), "it chats on");
    });
    done.unwrap();
    node.shutdown();
}

/// Three times as many loops as workers, which give way at their ticks only: a conversation goes on.
#[test]
fn fair_busy_on_every_worker() {
    once_on_threads(|me| async move {
        for _ in 0..6 {
            start(&me, |me| async move {
                loop {
                    if me.should_yield(FULL_SLICE) {
                        me.yield_now().await;
                    }
                }
            });
        }
        let echo = start(&me, |me| async move {
            loop {
                let message = next_message(&me).await;
                me.send(message.from, message.tag, "").unwrap();
            }
        });
        for tag in 0..1_000 {
            me.send(echo, tag, "").unwrap();
            assert_eq!(next_message(&me).await.tag, tag);
        }
    });
}

/// A tick that passed while a process waited reaches it at its next step. Whom it has just woken stays next, ahead of a crowd.
#[test]
fn brief_slice_keeps_who_it_woke() {
    let node = node(1);
    let n_others = Arc::new(AtomicUsize::new(0));
    let n_before_reply = node.block_on(|me| async move {
        let echo = start(&me, |me| async move {
            while let Event::Message(message) = next(&me).await {
                me.send(message.from, message.tag, "").unwrap();
            }
            ExitReason::Normal
        });
        me.send(echo, 1, "").unwrap();
        next_message(&me).await;
        for _ in 0..10 {
            let n_others = Arc::clone(&n_others);
            start(&me, |_| async move {
                n_others.fetch_add(1, Ordering::Relaxed);
                ExitReason::Normal
            });
        }
        me.send(echo, 2, "").unwrap();
        assert!(!me.should_yield(Duration::ZERO));
        next_message(&me).await;
        n_others.load(Ordering::Relaxed)
    });
    assert_eq!(n_before_reply, Some(0));
    node.shutdown();
}

/// Nobody else wants to run: a process keeps its worker, however long it computes; a signal makes it give way.
#[test]
fn should_yield_only_for_somebody() {
    let node = node(1);
    let node_too = node.clone();
    let done = node.block_on(|me| async move {
        let less = FULL_SLICE - Duration::from_nanos(1);
        assert!(!me.should_yield(less) && !me.should_yield(Duration::MAX));
        let other = start_waiting(&me);
        assert!(!me.should_yield(less), "its slice is not used up");
        assert!(me.should_yield(FULL_SLICE));
        me.yield_now().await;
        assert!(
            !me.should_yield(FULL_SLICE),
            "the other one waits for something"
        );
        let pid = me.pid();
        std::thread::scope(|scope| {
            scope
                .spawn(|| node_too.exit_signal(pid, ExitReason::Normal))
                .join()
                .unwrap()
        });
        assert!(me.should_yield(Duration::ZERO), "a signal waits");
        me.kill(other);
    });
    assert_eq!(done, Some(()));
    node.shutdown();
}

/// While one worker is blocked, the other takes what waits in its queue.
#[test]
fn work_is_stolen() {
    for _ in 0..often(50) {
        let node = node(2);
        let done = node.block_on(|me| async move {
            let (says, said) = mpsc::channel();
            for _ in 0..4 {
                let says = says.clone();
                start(&me, move |_| async move {
                    says.send(()).unwrap();
                    ExitReason::Normal
                });
            }
            // Blocks this worker. The process spawned last is next on it; the three before can be stolen.
            for _ in 0..3 {
                said.recv().unwrap();
            }
        });
        done.unwrap();
        node.shutdown();
    }
}

/// Both workers take part when there is enough to do.
#[test]
fn every_worker_works() {
    let node = node(2);
    let done = node.block_on(|me| async move {
        // Two processes that wait for each other while holding their workers.
        let barrier = Arc::new(std::sync::Barrier::new(2));
        let monitors: Vec<_> = (0..2)
            .map(|_| {
                let barrier = Arc::clone(&barrier);
                let spawned = me.spawn(child().monitor(), |_| async move {
                    barrier.wait();
                    ExitReason::Normal
                });
                spawned.unwrap().monitor.unwrap()
            })
            .collect();
        for monitor in monitors {
            assert_eq!(next_down(&me, monitor).await, ExitReason::Normal);
        }
    });
    done.unwrap();
    node.shutdown();
}

/// A burst from outside wakes as many workers as it needs, though each push may see somebody searching.
#[test]
fn a_burst_from_outside_wakes_every_worker() {
    let node = node(2);
    for _ in 0..often(300) {
        wait_idle(&node);
        let barrier = Arc::new(std::sync::Barrier::new(3));
        for _ in 0..2 {
            let barrier = Arc::clone(&barrier);
            let body = |_| async move {
                barrier.wait();
                ExitReason::Normal
            };
            node.spawn(child(), body).unwrap();
        }
        barrier.wait();
    }
    node.shutdown();
}

fn wait_idle(node: &Node) {
    while !node.is_idle() {
        std::thread::yield_now();
    }
}

/// Counts how often the node woke from complete idleness.
#[derive(Default)]
struct Wakes(AtomicUsize);

impl Hooks for Wakes {
    fn on_busy(&self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// After work every worker sleeps; something to do wakes the node, and the embedder hears of it.
#[test]
fn idle_node_sleeps_and_wakes() {
    let wakes = Arc::new(Wakes::default());
    let hooks: Arc<dyn Hooks> = Arc::<Wakes>::clone(&wakes);
    let node = Node::builder().workers(2).hooks(hooks).build().unwrap();
    let mut n_woken = 0;
    for _ in 0..often(200) {
        wait_idle(&node);
        let done = node.block_on(|me| async move {
            let spawned = me
                .spawn(child().monitor(), |_| async { ExitReason::Normal })
                .unwrap();
            next_down(&me, spawned.monitor.unwrap()).await;
        });
        done.unwrap();
        let woken = wakes.0.load(Ordering::SeqCst);
        assert!(
            woken > n_woken,
            "the node was idle and the hook was not called"
        );
        n_woken = woken;
    }
    wait_idle(&node);
    assert_eq!(node.pending(), (0, 0));
    node.shutdown();
}

/// Those woken together wake the node once, when all of them are ready: nobody has run before.
#[test]
fn who_is_woken_together_wakes_the_node_once() {
    const SLEEPERS: usize = 100;
    let wakes = Arc::new(Wakes::default());
    let hooks: Arc<dyn Hooks> = Arc::<Wakes>::clone(&wakes);
    let node = Node::builder().workers(2).hooks(hooks).build().unwrap();
    let (woken, awake) = mpsc::channel();
    let sleepers: Vec<_> = (0..SLEEPERS)
        .map(|_| {
            let (alarm, call) = Alarm::pair();
            let woken = woken.clone();
            let body = move |_| async move {
                call.await;
                woken.send(()).unwrap();
                ExitReason::Normal
            };
            node.spawn(child(), body).unwrap();
            alarm
        })
        .collect();
    while sleepers.iter().any(|alarm| !alarm.is_awaited()) {
        std::thread::yield_now();
    }
    wait_idle(&node);
    let n_woken = wakes.0.load(Ordering::SeqCst);
    wake_together(|| {
        wake_together(|| sleepers.iter().for_each(Alarm::ring));
        assert!(node.is_idle() && awake.try_recv().is_err());
    });
    assert_eq!(awake.iter().take(SLEEPERS).count(), SLEEPERS);
    wait_idle(&node);
    assert_eq!(wakes.0.load(Ordering::SeqCst), n_woken + 1);
    // A panic on the way keeps nobody asleep.
    let (alarm, call) = Alarm::pair();
    node.spawn(child(), move |_| async move {
        call.await;
        woken.send(()).unwrap();
        ExitReason::Normal
    })
    .unwrap();
    let panicked = std::panic::catch_unwind(AssertUnwindSafe(|| {
        wake_together(|| {
            alarm.ring();
            std::panic::resume_unwind(Box::new(()));
        });
    }));
    assert!(panicked.is_err());
    awake.recv().unwrap();
    node.shutdown();
}

/// Wakes a future of which it is the other half.
struct Alarm(Arc<Mutex<(bool, Option<Waker>)>>);

impl Alarm {
    fn pair() -> (Self, impl Future<Output = ()>) {
        let state = Arc::new(Mutex::new((false, None::<Waker>)));
        let alarm = Self(Arc::clone(&state));
        let call = std::future::poll_fn(move |context| {
            let (has_rung, waker) = &mut *state.lock().unwrap();
            *waker = Some(context.waker().clone());
            if *has_rung {
                Poll::Ready(())
            } else {
                Poll::Pending
            }
        });
        (alarm, call)
    }

    fn is_awaited(&self) -> bool {
        self.0.lock().unwrap().1.is_some()
    }

    fn ring(&self) {
        let mut state = self.0.lock().unwrap();
        state.0 = true;
        if let Some(waker) = state.1.take() {
            waker.wake();
        }
    }
}

/// Threads outside and processes inside pass a token round: a single lost wake-up would end in a hang.
#[test]
fn no_wake_up_is_lost() {
    for workers in [1, 2, 3] {
        let node = node(workers);
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    let (answer, answers) = mpsc::channel();
                    let echo = node.spawn(child(), move |me| async move {
                        loop {
                            answer.send(next_message(&me).await.tag).unwrap();
                        }
                    });
                    let echo = echo.unwrap();
                    for tag in 0..often(400) as u64 {
                        let relay = move |me: Context| async move {
                            me.send(echo, tag, "").unwrap();
                            ExitReason::Normal
                        };
                        node.spawn(child(), relay).unwrap();
                        assert_eq!(answers.recv(), Ok(tag));
                    }
                });
            }
        });
        node.shutdown();
    }
}

/// A ring of processes over all workers, several tokens at once.
#[test]
fn tokens_go_round_a_ring() {
    on_threads(|me| async move {
        const N: u64 = 5 * often(10) as u64;
        let parent = me.pid();
        let mut next_pid = parent;
        for _ in 0..N {
            let successor = next_pid;
            next_pid = start(&me, move |me| async move {
                loop {
                    let message = next_message(&me).await;
                    me.send(successor, message.tag, message.payload).unwrap();
                }
            });
        }
        for token in 0..5_u8 {
            me.send(next_pid, 0, [token]).unwrap();
        }
        let mut n_home = 0;
        while n_home < 5 {
            let Event::Message(message) = me.receive(Selector::any()).await else {
                panic!()
            };
            if message.tag < 20 {
                me.send(next_pid, message.tag + 1, message.payload).unwrap();
            } else {
                n_home += 1;
            }
        }
    });
}
