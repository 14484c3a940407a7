//! The binary as people use it: typed words in; output, errors and exit code out.
//!
//! Every run must end without a panic and without a backtrace, whatever it is given; `Run::finish`
//! checks that for all of them, with RUST_BACKTRACE set.

#![expect(clippy::unwrap_used, reason = "a failing test is a panic anyway")]

mod apps;
mod audit;
mod builds;
mod control;
mod fix;
#[cfg(target_os = "linux")]
mod hardening;
mod inspect;
mod kv;
mod orders;
mod programs;
mod sample;
mod single_files;
mod stock;
mod supervision;
mod support;
mod why;
mod wrong_inputs;
