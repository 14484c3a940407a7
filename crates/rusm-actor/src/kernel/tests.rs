//! Taking over the name of a process that was killed, while somebody else does so as well.

use super::Kernel;
use crate::error::NameError;
use crate::id::Name;
use crate::reason::ExitReason;
use crate::sched::sim::Simulator;
use crate::spawn::SpawnOptions;
use std::cell::RefCell;

type Rival = Box<dyn FnOnce(&Kernel)>;

thread_local! {
    /// What another worker does between the look at the holder of a name and taking the name from it.
    static RIVAL: RefCell<Option<Rival>> = const { RefCell::new(None) };
}

pub(super) fn meanwhile(kernel: &Kernel) {
    if let Some(rival) = RIVAL.take() {
        rival(kernel);
    }
}

/// OTP statement 065: of many who race for a name one wins, and keeps it.
#[test]
fn reg_taken_over_from_the_killed_by_one_alone() {
    let simulator = Simulator::new(0);
    let node = simulator.node();
    let name = Name::new("post").unwrap();
    let start = |options: SpawnOptions| {
        node.spawn(options, |me| async move {
            me.receive(crate::Selector::any()).await;
            ExitReason::Normal
        })
        .unwrap()
    };
    let killed = start(SpawnOptions::new("killed").name(name.clone()));
    let (first, second) = (start(SpawnOptions::new("1")), start(SpawnOptions::new("2")));
    node.kill(killed); // It has not noticed yet, and is in the registry.
    let wanted = name.clone();
    RIVAL.set(Some(Box::new(move |kernel| {
        assert_eq!(kernel.register(&wanted, first), Ok(()));
    })));
    let kernel = node.kernel();
    assert_eq!(kernel.register(&name, second), Err(NameError::Taken));
    assert_eq!(node.whereis("post"), Some(first));
    simulator.run();
    assert_eq!(node.whereis("post"), Some(first), "the dead had it no more");
}
