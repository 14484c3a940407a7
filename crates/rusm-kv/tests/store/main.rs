//! The store seen from outside: its promises, its bounds, what it says of files that are no stores, who waits for whom.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failing test is a panic anyway"
)]

mod expiry;
mod faults;
mod files;
mod full;
mod model;
mod promises;
mod queue;
mod readers;
mod support;
