//! Testing actor code under the simulator: many seeds, one command to replay the one that failed.
//!
//! [`for_each_seed`] runs a test under many seeds of [`rusm_actor::sim::Simulator`].

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod seeds;

pub use seeds::for_each_seed;
