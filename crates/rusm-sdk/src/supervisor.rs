//! Supervisors that are guests: they start children in order, hear of their ends, restart them, and stop them in
//! reverse order, over links and monitors alone. What to do is decided by the same pure rules (`rusm-plan`) as in the
//! supervisors that a manifest describes.
//!
//! ```no_run
//! use std::time::Duration;
//! use rusm_sdk::spawner::Spawn;
//! use rusm_sdk::supervisor::{ChildSpec, Intensity, Shutdown, Strategy, Supervisor};
//!
//! fn main() -> Result<(), Box<dyn std::error::Error>> {
//!     Supervisor::new()
//!         .strategy(Strategy::RestForOne)
//!         .intensity(Intensity::new(3, Duration::from_secs(5))?)
//!         // A server: the next child starts when it has initialised.
//!         .child(ChildSpec::server("db", Spawn::new("db").name("db")))
//!         .child(ChildSpec::worker("poller", Spawn::new("poller")).shutdown(Shutdown::BrutalKill))
//!         // Another component whose `main` is like this one.
//!         .child(ChildSpec::supervisor("pool", Spawn::new("pool")))
//!         .run();
//!     Ok(())
//! }
//! ```
//!
//! Its parent (and whoever else [`Supervisor::admits`] lets in) administers it while it runs:
//!
//! ```no_run
//! use rusm_sdk::server;
//! use rusm_sdk::spawner::Spawn;
//! use rusm_sdk::supervisor::{self, ChildSpec};
//!
//! let house = server::start(&Spawn::new("house").link(), None)?.process;
//! supervisor::start_child(house, &ChildSpec::worker("extra", Spawn::new("poller")))?;
//! for child in supervisor::which_children(house)? {
//!     println!("{:?}", child.id);
//! }
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! A supervisor is a [server](crate::server): its start returns when all children have started, its parent may
//! stop it, and the parent's exit signal ends it, after its children.
//!
//! # What it rests on
//! Every child is linked, so that a supervisor that is killed takes its children along, and monitored, so that its end is
//! learnt from the kernel and nobody can pretend it. While one child is being stopped only its own `Down` event is taken
//! out of the mailbox: the end of another is heard next.
//!
//! # Who may administer it
//! To have a child started is to spawn with the supervisor's rights. So only its parent is let in, unless the
//! spec says otherwise.

mod admin;
mod child;
mod client;
mod process;
mod report;
mod request;
mod spec;
mod stop;
mod wires;

pub use child::ChildSpec;
pub use client::{
    count_children, delete_child, restart_child, start_child, start_child_with, terminate_child,
    terminate_process, which_children,
};
pub use report::{Outcome, Report};
pub use request::{AdminError, ChildInfo, Presence};
pub use rusm_plan::{
    AutoShutdown, ChildKind, Counts, Decision, Intensity, Restart, Shutdown, Strategy, ZeroPeriod,
};
pub use spec::{SpecError, Supervisor};
