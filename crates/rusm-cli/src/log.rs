//! The log: what the runtime reports, as lines on standard error.
//!
//! The runtime logs nothing itself. [`LogObserver`] turns its events into `tracing` events, and a
//! subscriber of our own turns those into lines, for people or as JSON. Events of other libraries
//! are not shown: the level that a person asks for is about their app.

mod crash;
mod line;
mod observer;
mod repeats;
mod writer;

pub(crate) use crash::line as crash_line;
pub(crate) use observer::{LogObserver, Scope};

use crate::args::{GlobalArgs, LogFormat, LogLevel};
use crate::progress::Progress;
use crate::report::Console;
use line::Lines;
use tracing::level_filters::LevelFilter;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::layer::SubscriberExt;
use writer::LogWriter;

/// The target of every event of ours; the subscriber shows no other.
pub(crate) const TARGET: &str = "rusm";

/// The level that was asked for, or else the command's own.
pub(crate) fn level(global: &GlobalArgs, default: LogLevel) -> LogLevel {
    match (global.log_level, global.verbose) {
        (Some(level), _) => level,
        (None, 0) => default,
        (None, 1) => LogLevel::Debug,
        (None, _) => LogLevel::Trace,
    }
}

/// Starts the log of this run. Once a run.
pub(crate) fn start(global: &GlobalArgs, default: LogLevel, console: Console, progress: &Progress) {
    let level = match level(global, default) {
        LogLevel::Off => LevelFilter::OFF,
        LogLevel::Error => LevelFilter::ERROR,
        LogLevel::Warn => LevelFilter::WARN,
        LogLevel::Info => LevelFilter::INFO,
        LogLevel::Debug => LevelFilter::DEBUG,
        LogLevel::Trace => LevelFilter::TRACE,
    };
    let registry = tracing_subscriber::registry().with(Targets::new().with_target(TARGET, level));
    let layer =
        tracing_subscriber::fmt::layer().with_writer(LogWriter::new(progress, global.log_format));
    let started = match global.log_format {
        LogFormat::Text => {
            let lines = layer.event_format(Lines {
                colour: console.colour,
            });
            tracing::subscriber::set_global_default(registry.with(lines))
        }
        LogFormat::Json => {
            let json = layer
                .json()
                .flatten_event(true)
                .with_current_span(false)
                .with_span_list(false)
                .with_target(false);
            tracing::subscriber::set_global_default(registry.with(json))
        }
    };
    started.expect("a run starts its log once");
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::args::{Cli, Command};
    use clap::Parser;

    fn asked(typed: &str) -> LogLevel {
        let cli = Cli::try_parse_from(typed.split(' ')).unwrap();
        assert!(matches!(cli.command, Command::Check(_)));
        level(&cli.global, LogLevel::Info)
    }

    /// A level by name, or one step more for each `-v`; the command's own otherwise.
    #[test]
    fn the_level_is_the_one_asked_for() {
        assert_eq!(asked("rusm check"), LogLevel::Info);
        assert_eq!(asked("rusm -v check"), LogLevel::Debug);
        assert_eq!(asked("rusm check -vv"), LogLevel::Trace);
        assert_eq!(asked("rusm check --log-level off"), LogLevel::Off);
    }
}
