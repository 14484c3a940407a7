//! What happened, in order: the kernel's spawns and exits, the supervisors' reports, and what was asked of them.

use super::model::Model;
use super::tree::Tree;
use rusm_actor::{ExitReason, LifecycleEvent, Node, Observer, Pid};
use rusm_supervisor::{Attempt, SupervisorEvent, SupervisorObserver, SupervisorReport};
use std::sync::Mutex;
use std::time::Duration;

#[derive(Clone, Debug)]
pub(super) enum Entry {
    Spawned(Pid),
    Exited(Pid, ExitReason),
    Reported(Duration, SupervisorReport),
    /// Somebody asked for this child to be stopped, deleted or added once more: from here on neither its place
    /// nor a restart that is still to be tried is sure.
    Asked(Pid, String),
}

#[derive(Debug, Default)]
pub(super) struct History {
    entries: Mutex<Vec<Entry>>,
    /// For the time; taken out in the end, as the node holds this history too.
    node: Mutex<Option<Node>>,
}

impl History {
    pub(super) fn attach(&self, node: &Node) {
        *self.node.lock().unwrap() = Some(node.clone());
    }

    pub(super) fn detach(&self) {
        self.node.lock().unwrap().take();
    }

    pub(super) fn asked(&self, supervisor: Pid, id: &str) {
        self.note(Entry::Asked(supervisor, id.to_owned()));
    }

    pub(super) fn len(&self) -> usize {
        self.entries.lock().unwrap().len()
    }

    /// The children that this supervisor was asked to add, and did.
    pub(super) fn added(&self, supervisor: Pid) -> Vec<String> {
        let entries = self.entries.lock().unwrap();
        let added = entries.iter().filter_map(|entry| match entry {
            Entry::Reported(_, report) if report.supervisor == supervisor => match &report.event {
                SupervisorEvent::ChildStarted { id, attempt, .. }
                    if *attempt == Attempt::Request =>
                {
                    Some(id.to_string())
                }
                _ => None,
            },
            _ => None,
        });
        added.collect()
    }

    /// Goes through everything that happened; what is known in the end.
    pub(super) fn check<'a>(&self, tree: &'a Tree) -> Model<'a> {
        let mut model = Model::new(tree);
        for entry in self.entries.lock().unwrap().iter() {
            model.take(entry);
        }
        model
    }

    /// What happened last.
    pub(super) fn tail(&self) -> Vec<Entry> {
        let entries = self.entries.lock().unwrap();
        entries.iter().rev().take(40).cloned().collect()
    }

    fn note(&self, entry: Entry) {
        self.entries.lock().unwrap().push(entry);
    }
}

impl Observer for History {
    fn observe(&self, event: &LifecycleEvent) {
        self.note(match event {
            LifecycleEvent::Spawned { pid, .. } => Entry::Spawned(*pid),
            LifecycleEvent::Exited { pid, reason, .. } => Entry::Exited(*pid, reason.clone()),
        });
    }
}

impl SupervisorObserver for History {
    fn report(&self, report: &SupervisorReport) {
        let now = self.node.lock().unwrap().as_ref().unwrap().now();
        self.note(Entry::Reported(now, report.clone()));
    }
}
