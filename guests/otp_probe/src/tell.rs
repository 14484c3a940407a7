//! Lines of output, and the end of a process whose arguments make no sense.

use std::fmt::{Debug, Display};
use std::io::Write;

use rusm_sdk::{ExitReason, process};

/// Says a line.
pub(crate) fn tell(line: impl Display) {
    // Where nobody listens, it is said all the same.
    let _lost = writeln!(std::io::stdout(), "{line}");
}

/// Says what something came to.
pub(crate) fn show(what: &str, found: impl Debug) {
    tell(format_args!("{what}: {found:?}"));
}

pub(crate) fn fail(text: impl Display) -> ! {
    process::exit(&ExitReason::Error(format!("probe: {text}")))
}

/// The value that a scene cannot go on without.
pub(crate) fn must<T, E: Display>(result: Result<T, E>) -> T {
    result.unwrap_or_else(|error| fail(error))
}

pub(crate) fn error(text: &str) -> ExitReason {
    ExitReason::Error(text.into())
}

/// A place in a list of arguments.
pub(crate) fn arg(args: &[String], place: usize) -> &str {
    args.get(place)
        .map_or_else(|| fail("an argument is missing"), String::as_str)
}
