//! Testing actor code under the simulator: many seeds, one command to replay the one that failed.
//!
//! [`for_each_seed`] runs a test under many seeds of [`rusm_actor::sim::Simulator`].

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod actor;
pub mod check;
mod dice;
mod fact;
mod failure;
pub mod fault;
mod history;
mod ledger;
mod letter;
mod plan;
mod run;
mod seeds;
pub mod workload;
mod world;

pub use actor::Actor;
pub use dice::Dice;
pub use fact::{Birth, Fact, LetterId, Target};
pub use failure::Failure;
pub use history::{History, Life, Remains};
pub use ledger::{Entry, Ledger};
pub use letter::Letter;
pub use plan::Plan;
pub use seeds::for_each_seed;
pub use world::World;
