//! How tests run whose point is a number: once, as many repetitions would show nothing more.

use crate::support::*;
use rusm_actor::sim::Simulator;
use rusm_actor::{Context, ExitReason};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

/// Runs `body` as the first process of one simulation. It must come to its end.
pub(crate) fn once<F, Fut>(body: F)
where
    F: FnOnce(Context) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let simulator = Simulator::new(1);
    let is_done = Arc::new(AtomicBool::new(false));
    let flag = Arc::clone(&is_done);
    let started = simulator.node().spawn(child(), move |me| async move {
        body(me).await;
        flag.store(true, Ordering::Relaxed);
        ExitReason::Normal
    });
    started.unwrap();
    simulator.run();
    assert!(
        is_done.load(Ordering::Relaxed),
        "the test's process failed, or waits"
    );
    simulator.stop();
    assert_clean(simulator.node());
}

/// Runs `body` as a process of a node with two workers.
pub(crate) fn once_on_threads<F, Fut>(body: F)
where
    F: FnOnce(Context) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let node = node(2);
    let done = node.block_on(body);
    done.expect("the test's process came to its end");
    node.shutdown();
    assert_clean(&node);
}
