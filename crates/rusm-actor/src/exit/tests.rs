//! What the kernel keeps of a process that has ended, nothing, and when that is so.

use crate::id::{Name, Pid};
use crate::kernel::{Kernel, KernelRef};
use crate::mailbox::Selector;
use crate::node::Node;
use crate::process::Process;
use crate::reason::ExitReason;
use crate::sched::sim::Simulator;
use crate::spawn::SpawnOptions;
use crate::sync::{Arc, AtomicBool, Ordering};
use crate::timer;
use std::cell::RefCell;
use std::time::Duration;

type Look = Box<dyn Fn(&Kernel)>;

thread_local! {
    /// Looks at the kernel whenever the end of a process is about to be told: as another worker might.
    static LOOK: RefCell<Option<Look>> = const { RefCell::new(None) };
}

pub(super) fn look_round(kernel: &Kernel) {
    LOOK.with_borrow(|look| {
        if let Some(look) = look {
            look(kernel);
        }
    });
}

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
    // Before the timers are due.
    assert!(simulator.run_until(|node| node.process_count() == 0));
    assert_nothing_is_kept(node);
}

/// A process whose name was taken was in the table for a moment, for whoever lists it.
#[test]
fn what_was_sent_to_a_process_that_never_ran_is_dropped() {
    let simulator = Simulator::new(0);
    let kernel = simulator.node().kernel();
    let seed = crate::process::Seed {
        parent: None,
        label: "discarded".into(),
        extension: None,
        ending: None,
        bounds: crate::MailboxBounds::default(),
        is_system: false,
    };
    let make = |pid| Arc::new(Process::new(seed, pid, KernelRef::new(kernel)));
    let process = kernel.table.insert(0, make).unwrap();
    let message = crate::Message {
        from: process.pid,
        tag: 0,
        payload: "".into(),
    };
    let (id, due) = (kernel.refs.next(), Duration::from_secs(9));
    timer::arm(kernel, due, id, process.pid.into(), message).unwrap();
    assert_eq!(kernel.timers.len(), 1);
    super::discard(&process);
    assert_nothing_is_kept(simulator.node());
}

struct Held(Arc<AtomicBool>);

impl Drop for Held {
    fn drop(&mut self) {
        self.0.store(true, Ordering::SeqCst);
    }
}

/// What is left of `victim`, as text; empty when nothing is.
fn what_is_left(kernel: &Kernel, victim: Pid, is_dropped: &AtomicBool) -> String {
    let left = [
        ("body", !is_dropped.load(Ordering::SeqCst)),
        ("name", kernel.registry.whereis("victim").is_some()),
        ("group", !kernel.registry.members("group").is_empty()),
        ("entry", kernel.table.find(victim).is_some()),
    ];
    let left = left.iter().filter(|(_, is_left)| *is_left);
    left.map(|(what, _)| *what).collect::<Vec<_>>().join(" ")
}

/// OTP statements 012, 056, 068 and 071, for links, watchers and whoever asked too late.
#[test]
fn everything_is_released_before_anybody_is_told() {
    let simulator = Simulator::new(0);
    let node = simulator.node();
    let is_dropped = Arc::new(AtomicBool::new(false));
    let held = Held(Arc::clone(&is_dropped));
    let peer = node.spawn(SpawnOptions::new("peer"), |me| async move {
        me.trap_exits(true);
        let options = SpawnOptions::new("victim").name(name("victim"));
        let body = |me: crate::Context| async move {
            let _held = held;
            me.join(name("group"));
            me.receive(Selector::tag(1)).await;
            ExitReason::Normal
        };
        me.spawn(options.link().monitor(), body).unwrap();
        me.receive(Selector::tag(1)).await;
        ExitReason::Normal
    });
    simulator.run();
    let victim = node.whereis("victim").unwrap();
    let seen = std::rc::Rc::new(RefCell::new(Vec::new()));
    let log = std::rc::Rc::clone(&seen);
    LOOK.set(Some(Box::new(move |kernel| {
        let left = what_is_left(kernel, victim, &is_dropped);
        log.borrow_mut().push(left);
    })));
    node.exit_signal(victim, ExitReason::error("boom"));
    // Behind the fatal signal: a request that is answered from the death sequence.
    let watcher = peer.unwrap();
    let late = crate::signal::Signal::Monitor {
        id: node.kernel().refs.next(),
        watcher,
    };
    let process = node.kernel().table.find(victim).unwrap();
    let envelope = crate::signal::Envelope::Signal(late);
    process.deliver(node.kernel(), envelope).unwrap();
    simulator.run();
    LOOK.set(None);
    assert_eq!(
        *seen.borrow(),
        ["", "", ""],
        "told while something was left"
    );
}
