//! What a store has acknowledged is durable, whatever happens to its disk, its file and its process.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::wildcard_enum_match_arm,
    clippy::print_stdout,
    reason = "a failing test is a panic anyway, and a child speaks to its parent"
)]

mod child;
mod corrupt;
mod disk;
mod faulty;
mod full;
mod group;
mod kill;
mod loss;
mod model;
mod patience;
mod power;
mod run;
mod workload;
