//! Introspection (OTP statements 090 to 092) and lifecycle events.

use crate::large::once_on_threads;
use crate::support::*;
use rusm_actor::sim::Simulator;
use rusm_actor::{Context, ExitReason, LifecycleEvent, Observer, Selector, SpawnOptions};
use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

#[test]
fn info_keys() {
    on_seeds(|me| async move {
        let options = SpawnOptions::new("worker")
            .name(name("w"))
            .extension(Arc::new(42_u32));
        let pid = me
            .spawn(options.link().monitor(), |me| async move {
                me.trap_exits(true);
                me.join(name("g"));
                wait_for_ever(me).await
            })
            .unwrap()
            .pid;
        settle_simulation(&me).await;
        let info = me.node().process_info(pid).unwrap();
        assert_eq!((info.pid, info.parent), (pid, Some(me.pid())));
        assert_eq!((&*info.label, info.name), ("worker", Some(name("w"))));
        assert_eq!(info.state, "waiting");
        assert_eq!(
            (info.ties.links, info.ties.watchers, info.ties.joins),
            (1, 1, 1)
        );
        assert!(info.ties.is_trapping);
        let extension = me.node().extension(pid).unwrap();
        assert_eq!(extension.downcast_ref(), Some(&42_u32));
        me.trap_exits(true);
        me.kill(pid);
        assert_eq!(me.node().process_info(pid).unwrap().state, "exiting");
        next_exit(&me).await;
        assert!(me.node().process_info(pid).is_none() && me.node().extension(pid).is_none());
    });
}

#[test]
fn info_ordered() {
    everywhere(|me| async move {
        let pid = start_waiting(&me);
        for n in 1..=10 {
            me.send(pid, 0, "12345").unwrap();
            let info = me.node().process_info(pid).unwrap();
            assert_eq!((info.mailbox_len, info.mailbox_bytes), (n, 5 * n));
        }
    });
}

#[test]
fn proc_list() {
    everywhere(|me| async move {
        let stable: Vec<_> = (0..20).map(|_| start_waiting(&me)).collect();
        start(&me, |me| async move {
            for _ in 0..often(200) {
                start(&me, |_| async { ExitReason::Normal });
                me.yield_now().await;
            }
            ExitReason::Normal
        });
        for _ in 0..often(50) {
            let mut listed = me.node().processes();
            assert!(stable.iter().all(|pid| listed.contains(pid)));
            let n_listed = listed.len();
            listed.sort_unstable();
            listed.dedup();
            assert_eq!(listed.len(), n_listed, "somebody is listed twice");
            me.yield_now().await;
        }
    });
}

/// A hundred thousand start and end while the list is taken again and again.
#[test]
fn proc_list_while_a_hundred_thousand_come_and_go() {
    once_on_threads(|me| async move {
        let stable: BTreeSet<_> = (0..50).map(|_| start_waiting(&me)).collect();
        let come_and_go = me.spawn(child().monitor(), |me| async move {
            for _ in 0..1_000 {
                me.receive(Selector::tag(1)).await;
                let children: Vec<_> = (0..100)
                    .map(|_| me.spawn(child().monitor(), |_| async { ExitReason::Normal }))
                    .collect();
                for child in children {
                    next_down(&me, child.unwrap().monitor.unwrap()).await;
                }
            }
            ExitReason::Normal
        });
        let come_and_go = come_and_go.unwrap();
        for _ in 0..1_000 {
            me.send(come_and_go.pid, 1, "a hundred more").unwrap();
            let listed = me.node().processes();
            let once: BTreeSet<_> = listed.iter().copied().collect();
            assert_eq!(once.len(), listed.len(), "somebody is listed twice");
            assert!(once.is_superset(&stable) && once.contains(&me.pid()));
            me.yield_now().await;
        }
        let end = next_down(&me, come_and_go.monitor.unwrap()).await;
        assert_eq!(end, ExitReason::Normal);
    });
}

/// What an answer says of a process that waits, is about to run, or runs.
#[test]
fn info_keys_of_every_state() {
    on_seeds(|me| async move {
        let state = |pid| me.node().process_info(pid).unwrap().state;
        assert_eq!(state(me.pid()), "running");
        let other = start_waiting(&me);
        assert_eq!(state(other), "runnable");
        settle_simulation(&me).await;
        assert_eq!(state(other), "waiting");
        me.monitor(other);
        assert_eq!(me.node().process_info(other).unwrap().signals_waiting, 1);
        me.kill(other);
        assert_eq!(state(other), "exiting");
    });
}

#[derive(Default)]
struct Journal(Mutex<Vec<LifecycleEvent>>);

impl Observer for Journal {
    fn observe(&self, event: &LifecycleEvent) {
        self.0.lock().unwrap().push(event.clone());
        assert!(!matches!(event, LifecycleEvent::Exited { label, .. } if &**label == "upsets"));
    }
}

/// Every process is reported twice, in order; an observer that panics harms nobody.
#[test]
fn events_tell_every_life() {
    let journal = Arc::new(Journal::default());
    let observer: Arc<dyn Observer> = Arc::<Journal>::clone(&journal);
    let simulator = Simulator::observed(7, observer);
    let parent = simulator
        .node()
        .spawn(SpawnOptions::new("parent"), |me| async move {
            let refused = me.spawn(SpawnOptions::new("upsets").link(), |_| async {
                ExitReason::Normal
            });
            me.send(me.pid(), 1, "unread").unwrap();
            me.register(name("parent")).unwrap();
            let options = SpawnOptions::new("no").name(name("parent"));
            assert!(me.spawn(options, wait_for_ever).is_err());
            end_of(&me, refused.unwrap().pid).await;
            boom()
        });
    simulator.run();
    let label = |label: &str| Arc::<str>::from(label);
    let events = std::mem::take(&mut *journal.0.lock().unwrap());
    let [first, second, third, last] = &events[..] else {
        panic!("{events:?}")
    };
    let parent = parent.unwrap();
    assert_eq!(
        *first,
        LifecycleEvent::Spawned {
            pid: parent,
            parent: None,
            label: label("parent")
        }
    );
    assert!(matches!(second, LifecycleEvent::Spawned { parent: Some(pid), .. } if *pid == parent));
    assert!(matches!(
        third,
        LifecycleEvent::Exited {
            reason: ExitReason::Normal,
            links: 1,
            ..
        }
    ));
    let end = LifecycleEvent::Exited {
        pid: parent,
        parent: None,
        label: label("parent"),
        name: Some(name("parent")),
        reason: boom(),
        unread: 1,
        unread_bytes: 6,
        unread_sizes: vec![6],
        links: 0,
    };
    assert_eq!(*last, end);
}

/// Wants to know of crashes alone, and keeps all that it is told: the reason of an end, none of a spawn. Asked of
/// one that ended with `panic`, it panics.
#[derive(Default)]
struct Coroner(Mutex<Vec<Option<ExitReason>>>);

impl Observer for Coroner {
    fn wants_spawns(&self) -> bool {
        false
    }

    fn wants_exit(&self, reason: &ExitReason) -> bool {
        assert_ne!(*reason, ExitReason::error("panic"));
        !reason.is_orderly()
    }

    fn observe(&self, event: &LifecycleEvent) {
        let reason = match event {
            LifecycleEvent::Exited { reason, .. } => Some(reason.clone()),
            LifecycleEvent::Spawned { .. } => None,
        };
        self.0.lock().unwrap().push(reason);
    }
}

/// An observer is told what it wants to know, and one that panics when it is asked harms nobody.
#[test]
fn events_that_nobody_wants_are_not_told() {
    let coroner = Arc::new(Coroner::default());
    let observer: Arc<dyn Observer> = Arc::<Coroner>::clone(&coroner);
    let simulator = Simulator::observed(7, observer);
    let reasons = [
        ExitReason::Normal,
        ExitReason::error("panic"),
        boom(),
        ExitReason::Shutdown,
    ];
    for reason in reasons {
        let spawned = simulator
            .node()
            .spawn(SpawnOptions::new("ends"), |_| async { reason });
        spawned.unwrap();
        simulator.run();
    }
    assert_eq!(*coroner.0.lock().unwrap(), [Some(boom())]);
    assert_eq!(simulator.node().process_count(), 0);
}

/// What was received and what stood behind the fatal signal counts alike; the sizes are those of the oldest.
#[test]
fn an_end_tells_what_was_left_unread() {
    let journal = Arc::new(Journal::default());
    let observer: Arc<dyn Observer> = Arc::<Journal>::clone(&journal);
    let simulator = Simulator::observed(11, observer);
    let body = |me: Context| async move {
        let trapping = start(&me, |me| async move {
            me.trap_exits(true);
            me.receive(Selector::tag(99)).await;
            ExitReason::Normal
        });
        settle_simulation(&me).await;
        let dying = start_waiting(&me);
        for (victim, n_before) in [(trapping, 6), (dying, 2)] {
            for size in 0..n_before {
                me.send(victim, 1, vec![b'x'; size]).unwrap();
            }
            me.exit_signal(victim, boom());
            me.send(victim, 1, vec![b'x'; 100]).unwrap();
            me.send(victim, 1, vec![b'x'; 1_000]).unwrap();
        }
        settle_simulation(&me).await;
        me.kill(trapping);
        ExitReason::Normal
    };
    let spawner = simulator.node().spawn(SpawnOptions::new("spawner"), body);
    spawner.unwrap();
    simulator.run();
    let events = std::mem::take(&mut *journal.0.lock().unwrap());
    let unread = events.into_iter().filter_map(|event| match event {
        LifecycleEvent::Exited {
            unread,
            unread_bytes,
            unread_sizes,
            reason,
            ..
        } if unread > 0 => Some((reason, unread, unread_bytes, unread_sizes)),
        LifecycleEvent::Exited { .. } | LifecycleEvent::Spawned { .. } => None,
    });
    let dying = (boom(), 4, 1_101, vec![0, 1, 100, 1_000]);
    // The notice has no payload, and one size is one more than is told.
    let trapping = (ExitReason::Killed, 9, 1_115, vec![0, 1, 2, 3, 4, 5, 0, 100]);
    assert_eq!(unread.collect::<Vec<_>>(), [dying, trapping]);
}
