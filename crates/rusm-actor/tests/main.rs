//! The guarantees of `SEMANTICS.md`, one test each, named like the OTP statement it shows.
//!
//! A test runs on the seeded simulator, on the threaded node, or on both; see `support.rs`. Nothing here
//! sleeps or measures time: what has to be waited for is an event.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    reason = "a failing test is a panic anyway"
)]

mod calls;
mod caught;
mod exits;
mod floods;
mod hibernation;
mod info;
mod large;
mod link_trees;
mod links;
mod mailbox;
mod monitors;
mod names;
mod node;
mod order;
mod pitfalls;
mod prompt;
mod receive;
mod scale;
mod scheduler;
mod sim_workload;
mod simulator;
mod slices;
mod spawn;
mod storm;
mod support;
mod timers;
