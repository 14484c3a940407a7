//! The node as a whole: start, use from outside, shutdown.
#![expect(
    clippy::disallowed_methods,
    reason = "callers from outside need threads of their own"
)]

use crate::support::*;
use rusm_actor::{ExitReason, Hooks, Node, Selector, SpawnError};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// Counts workers that have ended.
#[derive(Default)]
struct Ends(AtomicUsize);

impl Hooks for Ends {
    fn around_worker(&self, work: &mut dyn FnMut()) {
        work();
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

/// Processes in every state, timers and calls: all end, and the threads with them.
#[test]
fn shutdown_with_live_processes() {
    for workers in [1, 2, 4] {
        let ends = Arc::new(Ends::default());
        let hooks: Arc<dyn Hooks> = Arc::<Ends>::clone(&ends);
        let node = Node::builder()
            .workers(workers)
            .hooks(hooks)
            .build()
            .unwrap();
        let n_dropped = Arc::new(AtomicUsize::new(0));
        for n in 0..30 {
            let held = DropFlag(Arc::clone(&n_dropped));
            node.spawn(child(), move |me| async move {
                let _held = held;
                me.trap_exits(true);
                let server = start_waiting(&me);
                match n % 4 {
                    0 => drop(me.call(server, 0, "", Some(Duration::from_secs(60))).await),
                    1 => me.sleep(Duration::from_secs(60)).await,
                    2 => loop {
                        me.yield_now().await;
                    },
                    _ => drop(me.receive(Selector::any()).await),
                }
                ExitReason::Normal
            })
            .unwrap();
        }
        node.shutdown();
        assert_eq!(n_dropped.load(Ordering::SeqCst), 30);
        assert_eq!(ends.0.load(Ordering::SeqCst), workers);
        assert_clean(&node);
        assert!(node.is_shutting_down());
        assert_eq!(
            node.spawn(child(), wait_for_ever),
            Err(SpawnError::ShuttingDown)
        );
        assert_eq!(node.block_on(|_| async {}), None);
        node.shutdown();
    }
}

/// Whoever calls it, however many do: each returns only when all workers have ended.
#[test]
fn shutdown_by_several_at_once() {
    for _ in 0..20 {
        let ends = Arc::new(Ends::default());
        let hooks: Arc<dyn Hooks> = Arc::<Ends>::clone(&ends);
        let node = Node::builder().workers(3).hooks(hooks).build().unwrap();
        for _ in 0..10 {
            node.spawn(child(), wait_for_ever).unwrap();
        }
        std::thread::scope(|scope| {
            for _ in 0..3 {
                scope.spawn(|| {
                    node.shutdown();
                    assert_eq!(ends.0.load(Ordering::SeqCst), 3);
                });
            }
        });
    }
}

/// Spawning against a shutdown: it is refused or killed, and the shutdown does not miss the last end.
#[test]
fn shutdown_against_spawns() {
    for _ in 0..50 {
        let node = node(2);
        std::thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| while node.spawn(child(), wait_for_ever).is_ok() {});
            }
            scope.spawn(|| node.shutdown());
        });
        assert_clean(&node);
    }
}

/// A process may ask for the shutdown; it is ended by it, and who waits outside sees it through.
#[test]
fn shutdown_from_inside() {
    for workers in [1, 2] {
        let node = node(workers);
        let ended = node.block_on(|me| async move {
            start_waiting(&me);
            me.node().shutdown();
            me.receive(Selector::any()).await;
        });
        assert_eq!(ended, None);
        node.shutdown();
        assert_clean(&node);
    }
}

#[test]
fn block_on_on_a_worker_is_refused() {
    let node = node(1);
    let reason = node.block_on(|me| async move {
        let inner = me.node();
        let spawned = me.spawn(child().monitor(), |_| async move {
            inner.block_on(|_| async {});
            ExitReason::Normal
        });
        next_down(&me, spawned.unwrap().monitor.unwrap()).await
    });
    assert!(matches!(reason, Some(ExitReason::Trap(_))), "{reason:?}");
    node.shutdown();
}

#[test]
fn block_on_waits_for_the_end_of_its_process() {
    let node = node(2);
    for value in 0..often(1_000) {
        assert_eq!(node.block_on(move |_| async move { value }), Some(value));
        assert_eq!(node.process_count(), 0, "its process is gone");
    }
    node.shutdown();
}

#[test]
fn block_on_answers_none_when_its_process_ends_early() {
    let node = node(2);
    assert_eq!(node.block_on(|_| async { 7 }), Some(7));
    assert_eq!(node.block_on(|_| async { panic!("early") }), None::<()>);
    let killed = node.block_on(|me| async move {
        me.kill(me.pid());
        me.receive(Selector::any()).await;
    });
    assert_eq!(killed, None);
    node.shutdown();
}

/// Many threads outside, one process: every message arrives, and each sender's in its order.
#[test]
fn wakers_from_outside_are_never_lost() {
    let node = node(2);
    for _ in 0..often(2_000) {
        let (waker, wakers) = std::sync::mpsc::channel();
        let is_ready = Arc::new(AtomicBool::new(false));
        let ready = Arc::clone(&is_ready);
        let pid = node.spawn(child(), move |_| async move {
            std::future::poll_fn(|task| {
                if ready.load(Ordering::SeqCst) {
                    return std::task::Poll::Ready(());
                }
                let _gone = waker.send(task.waker().clone());
                std::task::Poll::Pending
            })
            .await;
            ExitReason::Normal
        });
        let done = std::thread::scope(|scope| {
            let is_ready = &is_ready;
            scope.spawn(move || {
                let waker: std::task::Waker = wakers.recv().unwrap();
                is_ready.store(true, Ordering::SeqCst);
                waker.wake();
            });
            node.block_on(move |me| async move { end_of(&me, pid.unwrap()).await })
        });
        assert!(matches!(
            done,
            Some(ExitReason::Normal | ExitReason::NoProcess)
        ));
    }
    node.shutdown();
}
