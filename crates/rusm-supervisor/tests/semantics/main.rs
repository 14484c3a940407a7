//! The guarantees of `SEMANTICS.md`, on the public interface: every scenario under many seeds of the
//! simulator, where time is virtual, and a few on real threads.

#![expect(
    clippy::indexing_slicing,
    clippy::unwrap_used,
    clippy::wildcard_enum_match_arm,
    reason = "a failing test is a panic anyway, and one event is asked for by name"
)]

mod admin;
mod caught;
mod desk;
mod dynamic;
mod ignore;
mod nested;
mod reports;
mod restart;
mod significant;
mod start;
mod stop;
mod support;
mod threaded;
mod workload;
