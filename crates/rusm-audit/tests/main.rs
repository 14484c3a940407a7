//! The log as a whole: written by a node, changed by somebody, killed, flooded.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "a failing test is a panic anyway"
)]

mod floods;
mod killed;
mod support;
mod tampering;
