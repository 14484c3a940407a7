//! What the kernel keeps of a process that has ended: nothing.

use crate::id::Name;
use crate::node::Node;
use crate::reason::ExitReason;
use crate::sched::sim::Simulator;
use crate::spawn::SpawnOptions;
use std::time::Duration;

fn name(text: &str) -> Name {
    Name::new(text).unwrap()
}

/// From inside, as a look-up passes over names of the dead that were left behind.
fn assert_nothing_is_kept(node: &Node) {
    let kernel = node.kernel();
    assert_eq!(kernel.registry.whereis("spawned"), None);
    assert_eq!(kernel.registry.whereis("registered"), None);
    assert!(kernel.registry.members("group").is_empty());
    assert_eq!((kernel.timers.len(), kernel.calls.len()), (0, 0));
    assert_eq!(kernel.table.count(), 0);
}

#[test]
fn an_end_leaves_nothing_in_the_kernel() {
    let simulator = Simulator::new(0);
    let node = simulator.node();
    let options = SpawnOptions::new("named").name(name("spawned"));
    let spawned = node.spawn(options, |me| async move {
        let other = SpawnOptions::new("other");
        let other = me.spawn(other, |me| async move {
            me.register(name("registered")).unwrap();
            me.join(name("group"));
            me.sleep(Duration::from_secs(1)).await;
            ExitReason::Normal
        });
        let other = other.unwrap().pid;
        let _unanswered = me.call(other, 0, [], None);
        for to in [me.pid(), other] {
            me.send_after(Duration::from_secs(9), to, 0, []).unwrap();
        }
        me.send_after(Duration::from_secs(9), name("spawned"), 0, [])
            .unwrap();
        me.sleep(Duration::from_millis(1)).await;
        ExitReason::error("boom")
    });
    spawned.unwrap();
    simulator.run();
    assert_nothing_is_kept(node);
}
