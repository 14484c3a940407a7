//! OTP supervision, as an ordinary client of `rusm-actor`.
//!
//! A supervisor is a process that starts children in order, hears of their ends, restarts them by its
//! [`Strategy`] and their [`Restart`] types within its [`Intensity`], and stops them in reverse order.
//! What it does is decided by pure functions and carried out by one process; it reports by
//! [`SupervisorReport`]s and by the reason it ends with, and prints nothing.
//!
//! A child's end is learnt from the monitor that is set as it is spawned, so no process can pretend
//! another's end. Children are linked to their supervisor: when it is killed they get its exit signal.
//! The parent of a supervisor is the process that started it; the node itself stands in for the parent
//! of a top supervisor, and may also stop any other.
//!
//! The guarantees are numbered in `SEMANTICS.md`, each with the name of the test that shows it.
//!
//! ```
//! use rusm_actor::{Event, ExitReason, Node, Selector};
//! use rusm_supervisor::{ChildSpec, Restart, SupervisorSpec, WhenEmpty, start_link};
//!
//! let job = ChildSpec::native("job", |_context| async { ExitReason::Normal }).restart(Restart::Transient);
//! let spec = SupervisorSpec::builder().when_empty(WhenEmpty::End).child(job).build()?;
//!
//! let node = Node::builder().workers(1).build()?;
//! let reason = node.block_on(|context| async move {
//!     let root = start_link(&context, spec).await.expect("its children start");
//!     let monitor = root.monitor.expect("start_link monitors");
//!     match context.receive(Selector::down(monitor)).await {
//!         Event::Down { reason, .. } => reason,
//!         other => unreachable!("the selector matches down notices only: {other:?}"),
//!     }
//! });
//! assert_eq!(reason, Some(ExitReason::Normal));
//! node.shutdown();
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod child_spec;
mod report;
mod spec;
mod start;
mod supervisor;

pub use child_spec::{ChildSpec, StartChild, StartFuture};
pub use report::{Attempt, StopOutcome, SupervisorEvent, SupervisorObserver, SupervisorReport};
pub use rusm_plan::{
    AutoShutdown, ChildKind, Intensity, Restart, Shutdown, Strategy, WhenEmpty, ZeroPeriod,
};
pub use spec::{SpecError, SupervisorSpec, SupervisorSpecBuilder};
pub use start::{start, start_link, stop};
