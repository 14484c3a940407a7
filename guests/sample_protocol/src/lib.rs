//! What the processes of the sample app say to each other.
//!
//! ```text
//!  generator ──LOG_READY──► reader ──WORK──► parser, parser, …   (a group, restarted one by one)
//!                            │ ▲ ◄──PARSED── one per line, in order
//!                    calls   │ └─PARSER_READY── each parser, when it starts
//!                ADD ▼       ▼ DONE
//!                counter ◄─ report ──spawns──► greedy ──REFUSED──► report
//!                       TOTALS
//! ```
//!
//! **Nobody waits for time to pass.** Two processes that must find each other, and may start in any
//! order, each register first and then look for the other: whoever comes second finds the first. So
//! [`greet`] and [`meet`] need no polling, and a service that is restarted is met again.
//!
//! **Every line is counted once.** A parser answers each line of its work as soon as it has parsed it, and
//! in order. What a process sends arrives before the news of its death; so when a parser traps, the lines it has not
//! answered are known exactly: the first of them is the one it died of, the others go to another parser.
//!
//! **A reader that starts anew** begins with the first line. A parser tells it that it is ready only when it has done all the work of the
//! reader before, because it takes its messages in order; so it never dies of an old line while it holds new ones.

#![forbid(unsafe_code)]

mod meeting;
mod outcome;
mod totals;
mod wire;
mod work;

pub use meeting::{claim, fail, greet, meet};
pub use outcome::{Outcome, Parsed};
pub use totals::{Done, Totals};
pub use wire::{Reader, Writer};
pub use work::{Line, encode_work, lines_of_work};

/// Registered names, and the group of the parsers.
pub mod name {
    /// Hands out the lines.
    pub const READER: &str = "reader";
    /// Adds up.
    pub const COUNTER: &str = "counter";
    /// Prints.
    pub const REPORT: &str = "report";
    /// Writes the log.
    pub const GENERATOR: &str = "generator";
    /// The group of the parsers.
    pub const PARSERS: &str = "parsers";
}

/// What a message is about.
pub mod tag {
    /// "I am here", from a service; its name.
    pub const HERE: u64 = 1;
    /// Reader to generator: is the log there?
    pub const ASK_LOG: u64 = 2;
    /// Generator to reader: it is.
    pub const LOG_READY: u64 = 3;
    /// Reader to the parsers: whoever is here, say so.
    pub const CALL_PARSERS: u64 = 4;
    /// Parser to reader: give me work.
    pub const PARSER_READY: u64 = 5;
    /// Reader to parser: some lines.
    pub const WORK: u64 = 6;
    /// Parser to reader: what one line says.
    pub const PARSED: u64 = 7;
    /// Reader to counter, a call: outcomes of lines. The reply is how many it has counted in all.
    pub const ADD: u64 = 8;
    /// Report to counter, a call: everything so far.
    pub const TOTALS: u64 = 9;
    /// Reader to report, a call: the log is at its end. The reply comes when the summary is printed.
    pub const DONE: u64 = 10;
    /// Greedy to report: what it tried, and the answer.
    pub const REFUSED: u64 = 11;
    /// Greedy to report: what it tried, and got.
    pub const GRANTED: u64 = 12;
    /// There is no more work.
    pub const STOP: u64 = 13;
}
