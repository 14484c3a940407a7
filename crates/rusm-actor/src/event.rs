//! Every lifecycle event of the kernel, as plain structs, and who may watch them.

use crate::id::{Name, Pid};
use crate::reason::ExitReason;
use std::sync::Arc;

/// Something happened to a process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum LifecycleEvent {
    /// A process was published; it has not run yet.
    Spawned {
        /// Who.
        pid: Pid,
        /// Its spawner; none when the node itself started it.
        parent: Option<Pid>,
        /// What it was labelled at spawn.
        label: Arc<str>,
    },
    /// A process ended; names and table entry are gone, links and monitors have been told.
    Exited {
        /// Who.
        pid: Pid,
        /// Its spawner; none when the node itself started it.
        parent: Option<Pid>,
        /// What it was labelled at spawn.
        label: Arc<str>,
        /// The name it held to the last.
        name: Option<Name>,
        /// Why.
        reason: ExitReason,
        /// Messages and notices it left unread.
        unread: usize,
        /// The bytes of the payloads among them.
        unread_bytes: usize,
        /// The payload sizes of the oldest of them, in order; 0 for what has no payload. At most
        /// [`LifecycleEvent::SIZES_MAX`].
        unread_sizes: Vec<usize>,
        /// Processes it was linked to.
        links: usize,
    },
}

impl LifecycleEvent {
    /// How many sizes of unread messages an end reports.
    pub const SIZES_MAX: usize = 8;
}

/// Told of every lifecycle event, on the thread where it happens.
///
/// An observer must be quick, and must not call back into the node.
pub trait Observer: Send + Sync {
    /// Whether [`LifecycleEvent::Spawned`] is worth telling. It costs every spawn a little.
    fn wants_spawns(&self) -> bool {
        true
    }

    /// Whether a [`LifecycleEvent::Exited`] for this reason is worth telling. It costs every end a little.
    fn wants_exit(&self, _reason: &ExitReason) -> bool {
        true
    }

    /// Takes note of one event.
    fn observe(&self, event: &LifecycleEvent);
}
