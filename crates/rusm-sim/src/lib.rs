//! Testing actor code under the simulator: seeds, workloads, checkers and faults.
//!
//! # Seeds
//! [`for_each_seed`] runs a test under many seeds of [`rusm_actor::sim::Simulator`]. A seed decides who runs
//! when and everything else that is left open; one that fails is printed with the command that runs it again.
//! `RUSM_SEEDS=n` asks for so many seeds, `RUSM_SEEDS=a..b` for these, `RUSM_SEED=s` for a single one.
//!
//! ```
//! use rusm_actor::sim::Simulator;
//! use rusm_actor::{Event, ExitReason, Selector, SpawnOptions};
//!
//! rusm_sim::for_each_seed(env!("CARGO_PKG_NAME"), 100, |seed| {
//!     let simulator = Simulator::builder(seed).overlapping().build();
//!     let started = simulator.node().spawn(SpawnOptions::new("parent"), |me| async move {
//!         let child = me.spawn(SpawnOptions::new("child").monitor(), |_| async { ExitReason::Shutdown });
//!         let event = me.receive(Selector::down(child.unwrap().monitor.unwrap())).await;
//!         assert!(matches!(event, Event::Down { reason: ExitReason::Shutdown, .. }));
//!         ExitReason::Normal
//!     });
//!     started.unwrap();
//!     simulator.run();
//!     assert_eq!(simulator.node().process_count(), 0);
//! });
//! ```
//!
//! # Plans
//! A [`Plan`] is a test of everything at once. Its processes are [`Actor`]s, which do steps of
//! [workloads](workload::Workload) and write down in a [`Ledger`] what they do and what happens to them;
//! [faults](fault::Fault) strike between the steps of the simulation; and when all is over,
//! [checkers](check::Checker) look through the [`History`] for what must not be. Each seed draws its own mixture
//! of it all. [`Plan::everything`] has all that this crate offers; a plan of one's own takes what it needs:
//!
//! ```
//! use rusm_sim::check::{Checker, Violation};
//! use rusm_sim::workload::{Messages, Step, Workload};
//! use rusm_sim::{Actor, Fact, History, Plan, fault};
//! use std::time::Duration;
//!
//! /// Asks somebody, and notes that the wait is over.
//! struct Questions;
//!
//! impl Workload for Questions {
//!     fn step<'a>(&'a self, me: &'a mut Actor) -> Step<'a> {
//!         Box::pin(async move {
//!             let somebody = me.anybody();
//!             me.call(somebody, 0, Some(Duration::from_millis(5))).await;
//!             me.note("answered or not");
//!         })
//!     }
//! }
//!
//! /// Nobody notes the end of a wait that was none.
//! struct WaitsBeforeNotes;
//!
//! impl Checker for WaitsBeforeNotes {
//!     fn shows(&self) -> &'static str {
//!         "there are no more notes than calls"
//!     }
//!
//!     fn check(&self, run: &History) -> Result<(), Violation> {
//!         let mut n_open = 0_usize;
//!         for (position, who, entry) in run.deeds() {
//!             match entry.fact {
//!                 Fact::Calls { .. } => n_open += 1,
//!                 Fact::Note(_) if n_open == 0 => {
//!                     return Err(Violation::new(position, [who], "a note without a call"));
//!                 }
//!                 Fact::Note(_) => n_open -= 1,
//!                 _ => {}
//!             }
//!         }
//!         Ok(())
//!     }
//! }
//!
//! let plan = Plan::new()
//!     .workload(Questions)
//!     .workload(Messages)
//!     .fault(50, fault::Kill)
//!     .all_checkers()
//!     .checker(WaitsBeforeNotes);
//! plan.for_each_seed(env!("CARGO_PKG_NAME"), 50);
//! ```
//!
//! A step must not wait without an end, except for what an [`Actor`] ends by itself when the run is over; and
//! whatever it does to others it does through its actor, as the checkers know of nothing else.

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
