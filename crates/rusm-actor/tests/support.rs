//! How tests run a body: under many seeds, on threads, or both; and the short forms they share.
//!
//! The seeds are those of `rusm_sim::for_each_seed`: `RUSM_SEEDS=n` sets how many, `RUSM_SEED=s` runs one.

use rusm_actor::sim::Simulator;
use rusm_actor::{
    Context, Event, ExitReason, Message, Name, Node, Pid, Ref, Selector, SpawnOptions,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

/// How many seeds a test tries unless told otherwise.
const SEEDS: u64 = 40;
/// How many times a test runs on threads.
const ROUNDS: usize = 6;

/// Calls `test` with every seed.
pub(crate) fn for_each_seed(test: impl Fn(u64) + Sync) {
    rusm_sim::for_each_seed(env!("CARGO_PKG_NAME"), SEEDS, test);
}

/// Calls `test` with a simulator for every seed, and then sees that nothing is left over.
pub(crate) fn simulate(test: impl Fn(&Simulator) + Sync) {
    for_each_seed(|seed| {
        let simulator = Simulator::new(seed);
        test(&simulator);
        simulator.run();
        simulator.stop();
        assert_clean(simulator.node());
    });
}

/// Runs `body` as the first process of a simulation, under every seed. It must come to its end.
pub(crate) fn on_seeds<F, Fut>(body: F)
where
    F: Fn(Context) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    simulate(|simulator| {
        let is_done = Arc::new(AtomicBool::new(false));
        let (flag, body) = (Arc::clone(&is_done), body.clone());
        let started = simulator
            .node()
            .spawn(SpawnOptions::new("test"), move |me| async move {
                body(me).await;
                flag.store(true, Ordering::Relaxed);
                ExitReason::Normal
            });
        started.unwrap();
        simulator.run();
        assert!(
            is_done.load(Ordering::Relaxed),
            "the test's process ended early or still waits"
        );
    });
}

/// Runs `body` as a process of a node with one, two and three workers.
pub(crate) fn on_threads<F, Fut>(body: F)
where
    F: Fn(Context) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    for round in 0..ROUNDS {
        let node = node(round % 3 + 1);
        let body = body.clone();
        let done = node.block_on(move |me| async move { body(me).await });
        done.expect("the test's process came to its end");
        node.shutdown();
        assert_clean(&node);
    }
}

/// Both: under every seed and on threads. Not for bodies that wait for time to pass.
pub(crate) fn everywhere<F, Fut>(body: F)
where
    F: Fn(Context) -> Fut + Clone + Send + Sync + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    on_seeds(body.clone());
    on_threads(body);
}

pub(crate) fn node(workers: usize) -> Node {
    Node::builder().workers(workers).build().unwrap()
}

/// A node that has ended keeps nothing.
pub(crate) fn assert_clean(node: &Node) {
    assert_eq!(node.process_count(), 0, "processes are left over");
    assert_eq!(node.pending(), (0, 0), "timers or requests are left over");
}

pub(crate) fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

pub(crate) fn child() -> SpawnOptions {
    SpawnOptions::new("child")
}

pub(crate) fn boom() -> ExitReason {
    ExitReason::error("boom")
}

/// Spawns a process without ties.
pub(crate) fn start<F, Fut>(me: &Context, body: F) -> Pid
where
    F: FnOnce(Context) -> Fut + Send + 'static,
    Fut: Future<Output = ExitReason> + Send + 'static,
{
    me.spawn(child(), body).unwrap().pid
}

/// A process that waits until it is ended from outside.
pub(crate) fn start_waiting(me: &Context) -> Pid {
    start(me, wait_for_ever)
}

pub(crate) async fn wait_for_ever(me: Context) -> ExitReason {
    me.receive(Selector::tag(u64::MAX)).await;
    ExitReason::Normal
}

/// A process that traps exits and sends `to` the reason of the first notice, as text; ready once it has
/// said so.
pub(crate) async fn start_trapping(me: &Context) -> Pid {
    let parent = me.pid();
    let pid = start(me, move |me| async move {
        me.trap_exits(true);
        me.send(parent, 0, "ready").unwrap();
        loop {
            if let Event::Exit { reason, .. } = me.receive(Selector::any()).await {
                me.send(parent, 1, reason.to_string().as_str()).unwrap();
            }
        }
    });
    me.receive(Selector {
        sender: Some(pid),
        ..Selector::tag(0)
    })
    .await;
    pid
}

pub(crate) async fn next(me: &Context) -> Event {
    me.receive(Selector::any()).await
}

pub(crate) async fn next_message(me: &Context) -> Message {
    match next(me).await {
        Event::Message(message) => message,
        other => panic!("expected a message, got {other:?}"),
    }
}

pub(crate) async fn next_text(me: &Context) -> String {
    String::from_utf8(next_message(me).await.payload.into_vec()).unwrap()
}

pub(crate) async fn next_exit(me: &Context) -> (Pid, ExitReason) {
    match next(me).await {
        Event::Exit { from, reason } => (from, reason),
        other => panic!("expected an exit notice, got {other:?}"),
    }
}

pub(crate) async fn next_down(me: &Context, monitor: Ref) -> ExitReason {
    match me.receive(Selector::down(monitor)).await {
        Event::Down { reason, .. } => reason,
        other => panic!("expected a down notice, got {other:?}"),
    }
}

/// Waits until `pid` has ended; its reason, or `NoProcess` if that was before.
pub(crate) async fn end_of(me: &Context, pid: Pid) -> ExitReason {
    let monitor = me.monitor(pid);
    next_down(me, monitor).await
}

/// Waits until everything else in the simulation has come to rest, and sees that nothing arrived here.
pub(crate) async fn silence(me: &Context) {
    let late = me
        .receive_timeout(Selector::any(), Duration::from_secs(3600))
        .await;
    assert_eq!(late, None, "nothing more was to come");
}

/// Waits until everybody else in the simulation has acted on what was sent before: time moves only when
/// nobody is runnable.
pub(crate) async fn settle_simulation(me: &Context) {
    me.sleep(Duration::from_secs(1)).await;
}

/// Counts how many of its kind have been dropped.
pub(crate) struct DropFlag(pub(crate) Arc<AtomicUsize>);

impl Drop for DropFlag {
    fn drop(&mut self) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}
