//! Introspection (OTP statements 090 to 092) and lifecycle events.

use crate::support::*;
use rusm_actor::sim::Simulator;
use rusm_actor::{ExitReason, LifecycleEvent, Observer, SpawnOptions};
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
        label: label("parent"),
        reason: boom(),
        unread: 1,
        links: 0,
    };
    assert_eq!(*last, end);
}
