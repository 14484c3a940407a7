//! What the processes of a run do: [`Workload`], and the ones that cover what the kernel offers.

mod calls;
pub(crate) mod exits;
mod groups;
mod links;
mod messages;
mod monitors;
mod names;
mod spawns;
mod timers;

pub use calls::Calls;
pub use exits::Exits;
pub use groups::Groups;
pub use links::Links;
pub use messages::Messages;
pub use monitors::Monitors;
pub use names::Names;
pub use spawns::Spawns;
pub use timers::Timers;

use crate::actor::Actor;
use crate::dice::Dice;
use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

/// One step of one process.
pub type Step<'a> = Pin<Box<dyn Future<Output = ()> + Send + 'a>>;

/// One kind of thing that processes do. A process draws one of the run's workloads for each of its steps, so
/// all kinds meet in all processes.
pub trait Workload: Send + Sync {
    /// One step: a few operations, and no wait without an end.
    fn step<'a>(&'a self, me: &'a mut Actor) -> Step<'a>;
}

/// All of them.
pub fn all() -> Vec<Arc<dyn Workload>> {
    vec![
        Arc::new(Messages),
        Arc::new(Calls),
        Arc::new(Links),
        Arc::new(Monitors),
        Arc::new(Names),
        Arc::new(Groups),
        Arc::new(Timers),
        Arc::new(Spawns),
        Arc::new(Exits),
    ]
}

/// The tags of letters; few, so that selective receives meet.
pub(crate) fn tag(dice: &mut Dice) -> u64 {
    dice.below(3)
}

/// A time that is often the same as another's.
pub(crate) fn short(dice: &mut Dice) -> Duration {
    let micros = [0, 0, 500, 1_000, 1_000, 2_000, 5_000, 20_000];
    Duration::from_micros(dice.pick(&micros).copied().unwrap_or_default())
}
