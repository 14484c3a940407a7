//! Erlang-style processes, without Wasm.
//!
//! A [`Node`] runs processes: futures with a mailbox, links, monitors and a name, which end with an
//! [`ExitReason`] and never take another down except by a link. Everything one process does to another
//! is an envelope in the other's single inbox, in arrival order; a process is changed by its owner alone.
//! Processes run on the node's own scheduler, one worker per core, or under the seeded
//! [`sim::Simulator`] on one thread in virtual time.
//!
//! This crate knows nothing of Wasm, capabilities, files, networks or the wall clock. Its guarantees are
//! numbered in `SEMANTICS.md`, each with the name of the test that shows it.
//!
//! ```
//! use rusm_actor::{Event, ExitReason, Node, Selector, SpawnOptions};
//!
//! let node = Node::builder().workers(2).build()?;
//! let reason = node.block_on(|context| async move {
//!     let child = context.spawn(SpawnOptions::new("child").monitor(), |_| async {
//!         ExitReason::error("had enough")
//!     });
//!     let monitor = child.expect("there is room").monitor.expect("one was asked for");
//!     match context.receive(Selector::down(monitor)).await {
//!         Event::Down { reason, .. } => reason,
//!         other => unreachable!("the selector matches down notices only: {other:?}"),
//!     }
//! });
//! assert_eq!(reason, Some(ExitReason::error("had enough")));
//! node.shutdown();
//! # Ok::<(), std::io::Error>(())
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod calls;
mod clock;
mod context;
mod ending;
mod error;
mod event;
mod exit;
mod id;
mod inbox;
mod kernel;
mod mailbox;
mod message;
mod node;
mod process;
mod reason;
mod refs;
mod registry;
mod relations;
mod sched;
mod signal;
mod slice;
mod small_map;
mod spawn;
mod state;
mod stopwatch;
mod sync;
mod table;
mod timer;

pub use context::{Context, Destination};
pub use ending::Ending;
pub use error::{CallError, NameError, SendError, SpawnError};
pub use event::{LifecycleEvent, Observer};
pub use id::{InvalidName, Name, Pid, Ref};
pub use inbox::MailboxBounds;
pub use mailbox::Selector;
pub use message::{CallRequest, Event, Message, Payload};
pub use node::{Node, NodeBuilder, ProcessInfo, Ties};
pub use reason::{ExitReason, Limit};
pub use sched::{FULL_SLICE, Hooks, wake_together};
pub use spawn::{SpawnOptions, Spawned};

/// The seeded simulator.
pub mod sim {
    pub use crate::sched::sim::{Simulator, SimulatorBuilder, Strategy, meanwhile};
}
