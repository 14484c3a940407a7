//! What must hold whatever happened: [`Checker`], and one for each family of the kernel's guarantees.

#![expect(
    clippy::wildcard_enum_match_arm,
    reason = "a checker looks at a few facts and passes over all others"
)]

mod bounds;
mod calls;
mod delivery;
mod groups;
mod leftovers;
mod links;
mod lives;
mod monitors;
mod names;
mod order;
mod reasons;
mod silence;
mod spawns;
mod stuck;
mod timeouts;
mod timers;

pub use bounds::Bounds;
pub use calls::Calls;
pub use delivery::Delivery;
pub use groups::Groups;
pub use leftovers::Leftovers;
pub use links::Links;
pub use lives::Lives;
pub use monitors::Monitors;
pub use names::Names;
pub use order::Order;
pub use reasons::Reasons;
pub use silence::Silence;
pub use spawns::Spawns;
pub use stuck::Stuck;
pub use timeouts::Timeouts;
pub use timers::Timers;

use crate::history::History;
use rusm_actor::Pid;
use std::sync::Arc;

/// Looks through a run for something that must not be.
pub trait Checker: Send + Sync {
    /// What it shows, with the numbers of the OTP statements.
    fn shows(&self) -> &'static str;

    /// Whether it held in this run.
    ///
    /// # Errors
    /// The first thing that must not be.
    fn check(&self, run: &History) -> Result<(), Violation>;
}

/// Something that must not be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Violation {
    /// What, in words.
    pub what: String,
    /// Where in the run it showed.
    pub position: usize,
    /// The processes involved.
    pub who: Vec<Pid>,
}

impl Violation {
    /// At this position, about these processes.
    pub fn new(position: usize, who: impl Into<Vec<Pid>>, what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            position,
            who: who.into(),
        }
    }
}

/// Fails with a [`Violation`] unless the condition holds.
macro_rules! must {
    ($holds:expr, $position:expr, [$($who:expr),*], $($what:tt)+) => {
        if !$holds {
            return Err($crate::check::Violation::new($position, [$($who),*], format!($($what)+)));
        }
    };
}
use must;

/// All of them.
pub fn all() -> Vec<Arc<dyn Checker>> {
    vec![
        Arc::new(Lives),
        Arc::new(Delivery),
        Arc::new(Order),
        Arc::new(Silence),
        Arc::new(Reasons),
        Arc::new(Links),
        Arc::new(Monitors),
        Arc::new(Calls),
        Arc::new(Names),
        Arc::new(Groups),
        Arc::new(Timers),
        Arc::new(Timeouts),
        Arc::new(Spawns),
        Arc::new(Bounds),
        Arc::new(Stuck),
        Arc::new(Leftovers),
    ]
}

#[cfg(test)]
mod tests;
