//! `rusm`: parse, call, report, set the exit code, and nothing else.

#![forbid(unsafe_code)]

mod args;
mod audit;
mod cargo;
mod command;
mod diff;
mod environment;
mod log;
mod manifest_file;
mod place;
mod progress;
mod report;
mod signals;
mod visible;

use args::{Cli, ColorWhen};
use clap::{ColorChoice, CommandFactory, FromArgMatches};
use report::{Console, Failure};
use std::ffi::OsString;
use std::process::ExitCode;

/// A spawn is dozens of small allocations, which all come back at its end; and what a crowd of processes took is the system's again
/// when it has gone. See `docs/performance.md`.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> ExitCode {
    let typed: Vec<OsString> = std::env::args_os().collect();
    let cli = match parse(&typed).map_err(args::hinted) {
        Ok(cli) => cli,
        Err(error) => {
            // Nobody reads the terminal any more: the exit code still says it.
            let _unread = error.print();
            return ExitCode::from(u8::try_from(error.exit_code()).unwrap_or(2));
        }
    };
    signals::bear_large_files();
    let console = Console::new(cli.global.color);
    ExitCode::from(command::run(&cli, console).unwrap_or_else(|failure| report(&failure, console)))
}

fn parse(typed: &[OsString]) -> Result<Cli, clap::Error> {
    let colour = match args::color_typed(typed) {
        ColorWhen::Auto => ColorChoice::Auto,
        ColorWhen::Always => ColorChoice::Always,
        ColorWhen::Never => ColorChoice::Never,
    };
    let matches = Cli::command().color(colour).try_get_matches_from(typed)?;
    Cli::from_arg_matches(&matches)
}

fn report(failure: &Failure, console: Console) -> u8 {
    console.fail(failure);
    failure.kind().exit_code()
}
