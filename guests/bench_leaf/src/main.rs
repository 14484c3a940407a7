//! Comes and goes: an ordinary program that looks at its arguments and has nothing else to do.
//!
//! It knows nothing of actors, so that it runs on bare Wasmtime as well.

#![forbid(unsafe_code)]

use std::process::ExitCode;

fn main() -> ExitCode {
    if std::env::args().count() > 1 {
        return ExitCode::FAILURE;
    }
    ExitCode::SUCCESS
}
