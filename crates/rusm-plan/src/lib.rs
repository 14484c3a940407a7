//! What an OTP supervisor decides, without what carries it out.
//!
//! Pure and without dependencies (`no_std` with `alloc`), so that a supervisor in the host and one inside a
//! Wasm guest run the same decisions: the [`Children`] of a supervisor with the state of each, its [`Rules`],
//! its [`RestartWindow`], and functions that answer what to do next as an ordered list of [`Step`]s.
//!
//! The caller keeps what is its own: how a child is started (`S`), what names a process (`P`) and a monitor
//! (`M`), and what time it is, as a `Duration` since any fixed moment that never goes backwards. It reports
//! what happened by [`Children::set_state`], asks, and does the steps in order; steps that follow a failed
//! start are not done.
//!
//! Statement numbers in these pages are those of `tests/tidy/statements.txt`.
//!
//! ```
//! use core::time::Duration;
//! use rusm_plan::{
//!     ChildPolicy, ChildState, Children, Decision, EndKind, Intensity, RestartWindow, Rules, Step, Strategy,
//!     child_ended,
//! };
//!
//! let rules = Rules { strategy: Strategy::OneForAll, ..Rules::default() };
//! let mut window = RestartWindow::new(Intensity::default());
//! let mut children: Children<&str, u32, u32> = Children::default();
//! let a = children.add(Some("a".into()), ChildPolicy::default(), "how to start a");
//! let b = children.add(Some("b".into()), ChildPolicy::default(), "how to start b");
//! for (key, number) in [(a, 1), (b, 2)] {
//!     children.set_state(key, ChildState::Running { pid: number, monitor: number });
//! }
//!
//! // A down notice of monitor 1 arrives.
//! let who = children.by_monitor(1).expect("a runs");
//! children.set_state(who, ChildState::Ended);
//! let plan = child_ended(rules, &children, &mut window, Duration::ZERO, who, EndKind::Abnormal);
//! assert_eq!(plan.decision, Decision::Restart);
//! assert_eq!(plan.steps, [Step::Stop(b), Step::Start(a), Step::Start(b)]);
//! ```

#![no_std]
#![forbid(unsafe_code)]
#![warn(missing_docs)]

extern crate alloc;

mod children;
mod intensity;
mod plan;
mod policy;
mod request;

pub use children::{Child, ChildKey, ChildState, Children, Counts};
pub use intensity::{Intensity, RestartWindow, Verdict, ZeroPeriod};
pub use plan::{
    Decision, Ending, Plan, Rules, Step, child_ended, finished, ignored, start, started, stop,
    try_again,
};
pub use policy::{
    AutoShutdown, ChildKind, ChildPolicy, EndKind, Restart, Shutdown, Strategy, WhenEmpty,
};
pub use request::{Refusal, if_stopped, terminate};
