//! The same supervisor on real threads, driven by events: no test waits for time to pass.

use rusm_actor::{Context, Event, ExitReason, Node, Pid, Ref, Selector, SpawnOptions};
use rusm_supervisor::{
    ChildSpec, ChildTemplate, Intensity, Restart, Strategy, SupervisorEvent, SupervisorHandle,
    SupervisorObserver, SupervisorReport, SupervisorSpec, SupervisorSpecBuilder, WhenEmpty,
    start_link, stop,
};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, mpsc};
use std::time::Duration;

/// Hands reports to the test, which waits for them.
struct Wire(Mutex<mpsc::Sender<SupervisorEvent>>);

impl SupervisorObserver for Wire {
    fn report(&self, report: &SupervisorReport) {
        // A test that has seen enough no longer listens.
        let _unheard = self.0.lock().unwrap().send(report.event.clone());
    }
}

fn spec(strategy: Strategy) -> (SupervisorSpecBuilder, mpsc::Receiver<SupervisorEvent>) {
    let (wire, reports) = mpsc::channel();
    let intensity = Intensity::new(100_000, Duration::from_secs(3600)).unwrap();
    let spec = SupervisorSpec::builder()
        .strategy(strategy)
        .intensity(intensity)
        .observer(Arc::new(Wire(Mutex::new(wire))));
    (spec, reports)
}

async fn down(context: &Context, monitor: Option<Ref>) -> ExitReason {
    match context.receive(Selector::down(monitor.unwrap())).await {
        Event::Down { reason, .. } => reason,
        other => panic!("a down notice was asked for: {other:?}"),
    }
}

fn worker(id: &str) -> ChildSpec {
    ChildSpec::native(id, |context| async move {
        loop {
            context.receive(Selector::any()).await;
        }
    })
}

/// Jobs that crash a few times before they succeed all succeed, and then the supervisor ends.
#[test]
fn every_job_is_done_in_the_end() {
    const N_JOBS: usize = 200;
    const N_CRASHES: usize = 20;
    let node = Node::builder().workers(2).build().unwrap();
    let (spec, _reports) = spec(Strategy::OneForOne);
    let n_done = Arc::new(AtomicUsize::new(0));
    let jobs = (0..N_JOBS).map(|job| {
        let (n_runs, n_done) = (Arc::new(AtomicUsize::new(0)), Arc::clone(&n_done));
        ChildSpec::native(format!("job {job}"), move |context| {
            let (n_runs, n_done) = (Arc::clone(&n_runs), Arc::clone(&n_done));
            async move {
                context.yield_now().await;
                if n_runs.fetch_add(1, Ordering::SeqCst) < N_CRASHES {
                    return ExitReason::trap("unreachable");
                }
                n_done.fetch_add(1, Ordering::SeqCst);
                ExitReason::Normal
            }
        })
        .restart(Restart::Transient)
    });
    let spec = spec
        .when_empty(WhenEmpty::End)
        .children(jobs)
        .build()
        .unwrap();
    let reason = node.block_on(|context| async move {
        let root = start_link(&context, spec).await.unwrap();
        down(&context, root.monitor).await
    });
    assert_eq!(reason, Some(ExitReason::Normal));
    assert_eq!(n_done.load(Ordering::SeqCst), N_JOBS);
    node.shutdown();
}

/// Kills from outside, again and again, at a tree with a nested supervisor: everybody comes back.
#[test]
fn a_tree_survives_its_assassin() {
    let node = Node::builder().workers(2).build().unwrap();
    let (inner, _reports) = spec(Strategy::OneForAll);
    let inner = inner
        .children(["c", "d"].map(worker))
        .build()
        .unwrap()
        .into_child("b");
    let (outer, reports) = spec(Strategy::RestForOne);
    let outer = outer
        .children([worker("a"), inner, worker("e")])
        .build()
        .unwrap();
    let top = rusm_supervisor::start(&node, outer).unwrap();
    let mut pids: BTreeMap<Arc<str>, Pid> = BTreeMap::new();
    let mut n_rounds = 0;
    for report in &reports {
        let SupervisorEvent::ChildStarted { id, pid, .. } = report else {
            continue;
        };
        let is_last = &*id == "e";
        pids.insert(id, pid);
        if is_last {
            n_rounds += 1;
            if n_rounds == 100 {
                break;
            }
            let victim = pids.values().nth(n_rounds % pids.len()).unwrap();
            node.kill(*victim);
        }
    }
    stop(&node, top);
    let end = reports.iter().find_map(|report| match report {
        SupervisorEvent::Stopped { reason } => Some(reason),
        _ => None,
    });
    assert_eq!(end, Some(ExitReason::Shutdown));
    node.shutdown();
    assert_eq!(node.process_count(), 0);
}

/// A supervisor is administered from outside any process, on behalf of the caller.
#[test]
fn a_supervisor_is_asked_from_outside() {
    let node = Node::builder().workers(2).build().unwrap();
    let (spec, _reports) = spec(Strategy::OneForOne);
    let top = rusm_supervisor::start(&node, spec.child(worker("a")).build().unwrap()).unwrap();
    let supervisor = SupervisorHandle::find(&node, top).unwrap();
    let counts = node.block_on(|context| async move {
        let added = supervisor.start_child(&context, worker("b")).await.unwrap();
        assert!(context.node().is_alive(added.pid().unwrap()));
        supervisor.terminate_child(&context, "a").await.unwrap();
        supervisor.count_children(&context).await.unwrap()
    });
    let counts = counts.unwrap();
    assert_eq!((counts.specs, counts.active), (2, 1));
    node.shutdown();
}

/// Many clients at once start and stop children of one dynamic supervisor: everybody gets what was asked for.
#[test]
fn many_clients_share_a_dynamic_supervisor() {
    const N_CLIENTS: usize = 8;
    const N_ROUNDS: usize = 50;
    let node = Node::builder().workers(2).build().unwrap();
    let template = ChildTemplate::native("c", |context, number: Arc<usize>| async move {
        let name = rusm_actor::Name::new(&format!("{number}")).unwrap();
        context.register(name).unwrap();
        std::future::pending().await
    });
    let (spec, _reports) = spec(Strategy::OneForOne);
    let spec = spec
        .dynamic(template.restart(Restart::Temporary))
        .build()
        .unwrap();
    let top = rusm_supervisor::start(&node, spec).unwrap();
    let n_left = node.block_on(move |context| async move {
        let client = |number: usize| {
            let supervisor = SupervisorHandle::find(&context.node(), top).unwrap();
            let options = SpawnOptions::new("client").monitor();
            let client = context.spawn(options, move |context| async move {
                for round in 0..N_ROUNDS {
                    let name = number * N_ROUNDS + round;
                    let child = supervisor.start_child_with(&context, name).await.unwrap();
                    let pid = child.pid().unwrap();
                    supervisor.terminate_pid(&context, pid).await.unwrap();
                    assert!(!context.node().is_alive(pid));
                }
                ExitReason::Normal
            });
            client.unwrap().monitor
        };
        let clients: Vec<Option<Ref>> = (0..N_CLIENTS).map(client).collect();
        for monitor in clients {
            assert_eq!(down(&context, monitor).await, ExitReason::Normal);
        }
        let supervisor = SupervisorHandle::find(&context.node(), top).unwrap();
        supervisor.count_children(&context).await.unwrap().specs
    });
    assert_eq!(n_left, Some(0));
    node.shutdown();
    assert_eq!(node.process_count(), 0);
}

/// A supervisor that cannot get its child up again is stopped all the same, though it never waits.
#[test]
fn a_supervisor_that_tries_again_and_again_can_be_stopped() {
    let node = Node::builder().workers(1).build().unwrap();
    let (spec, reports) = spec(Strategy::OneForOne);
    let intensity = Intensity::new(u32::MAX, Duration::from_millis(1)).unwrap();
    let n_starts = AtomicUsize::new(0);
    let start = rusm_supervisor::StartChild::immediate(move |context| {
        if n_starts.fetch_add(1, Ordering::SeqCst) > 0 {
            return Err(ExitReason::not_started("no code"));
        }
        let options = rusm_actor::SpawnOptions::new("a").link().monitor();
        let spawned = context.spawn(options, |_| async { ExitReason::trap("unreachable") });
        spawned.map_err(|error| ExitReason::not_started(error.to_string()))
    });
    let spec = spec
        .intensity(intensity)
        .child(ChildSpec::new("a", start))
        .build()
        .unwrap();
    let top = rusm_supervisor::start(&node, spec).unwrap();
    let is_failure =
        |report: &SupervisorEvent| matches!(report, SupervisorEvent::StartFailed { .. });
    assert!(reports.iter().find(is_failure).is_some());
    stop(&node, top);
    let is_end = |report: &SupervisorEvent| matches!(report, SupervisorEvent::Stopped { .. });
    assert!(reports.iter().find(is_end).is_some());
    node.shutdown();
}
