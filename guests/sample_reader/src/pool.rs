//! Which parser has which lines: [`Pool`]. Pure: no messages, no files.
//!
//! Invariant: every line taken from the log is in exactly one place: with one parser, waiting to be
//! handed out again, acknowledged, or counted as a crash. A parser answers its lines in the order it got them, and its
//! answers arrive before the news of its end; so the first line it has not answered is the one it died of.

use std::collections::{BTreeMap, VecDeque};
use std::fmt;

use rusm_sdk::{ExitReason, Pid};
use sample_protocol::Line;

/// A parser with fewer lines than this gets more.
const LOW_LINES: usize = 64;
/// Lines handed out at once.
const UNIT_LINES: usize = 64;
/// Bytes after which a unit gets no further line.
const UNIT_BYTES: usize = 64 << 10;

/// Why a parser ended, as far as its lines are concerned.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cause {
    /// It trapped: on the line it was at.
    Line,
    /// Something else, such as an operator's kill: none of its lines is to blame.
    Other,
}

impl Cause {
    pub(crate) fn of(reason: &ExitReason) -> Self {
        match reason {
            ExitReason::Trap(_) => Self::Line,
            ExitReason::Normal
            | ExitReason::Shutdown
            | ExitReason::Killed
            | ExitReason::NoProcess
            | ExitReason::NoConnection
            | ExitReason::NotStarted(_)
            | ExitReason::Limit(_)
            | ExitReason::Error(_) => Self::Other,
        }
    }
}

/// A parser answered a line that it does not have, or not yet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct OutOfOrder {
    number: u64,
    expected: Option<u64>,
}

impl fmt::Display for OutOfOrder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "a parser answered line {}", self.number)?;
        match self.expected {
            Some(expected) => write!(f, ", but line {expected} is next"),
            None => f.write_str(", but it has none"),
        }
    }
}

/// The parsers, their lines, and the lines that came back.
#[derive(Debug, Default)]
pub(crate) struct Pool {
    workers: BTreeMap<Pid, VecDeque<Line>>,
    waiting: VecDeque<Line>,
    n_crashes: u64,
}

impl Pool {
    pub(crate) fn n_crashes(&self) -> u64 {
        self.n_crashes
    }

    pub(crate) fn n_workers(&self) -> usize {
        self.workers.len()
    }

    pub(crate) fn workers(&self) -> Vec<Pid> {
        self.workers.keys().copied().collect()
    }

    /// No line is with a parser or waiting.
    pub(crate) fn is_at_rest(&self) -> bool {
        self.waiting.is_empty() && self.workers.values().all(VecDeque::is_empty)
    }

    /// Adds a parser; false if it is known.
    pub(crate) fn welcome(&mut self, pid: Pid) -> bool {
        if self.workers.contains_key(&pid) {
            return false;
        }
        self.workers.insert(pid, VecDeque::new());
        true
    }

    /// If this parser has room: the lines it has got now, first those that came back, then new ones.
    pub(crate) fn assign(
        &mut self,
        pid: Pid,
        mut next_line: impl FnMut() -> Option<Line>,
    ) -> impl ExactSizeIterator<Item = &Line> {
        let mut n_bytes = 0;
        let Some(lines) = self.workers.get_mut(&pid) else {
            return Default::default();
        };
        let n_before = lines.len();
        if n_before < LOW_LINES {
            while lines.len() - n_before < UNIT_LINES && n_bytes < UNIT_BYTES {
                let Some(line) = self.waiting.pop_front().or_else(&mut next_line) else {
                    break;
                };
                n_bytes += line.bytes.len();
                lines.push_back(line);
            }
        }
        lines.range(n_before..)
    }

    /// The parser has answered this line, which must be its oldest.
    pub(crate) fn acknowledge(&mut self, pid: Pid, number: u64) -> Result<(), OutOfOrder> {
        let lines = self.workers.get_mut(&pid);
        match lines.and_then(|lines| lines.pop_front()) {
            Some(line) if line.number == number => Ok(()),
            other => Err(OutOfOrder {
                number,
                expected: other.map(|line| line.number),
            }),
        }
    }

    /// The parser has ended. Its lines come back, without the one to blame.
    pub(crate) fn bury(&mut self, pid: Pid, cause: Cause) {
        let mut lines = self.workers.remove(&pid).unwrap_or_default();
        if cause == Cause::Line && lines.pop_front().is_some() {
            self.n_crashes += 1;
        }
        self.waiting.extend(lines);
    }

    /// Keeps a line for the next parser with room.
    pub(crate) fn put_back(&mut self, line: Line) {
        self.waiting.push_back(line);
    }
}

#[cfg(test)]
mod tests;
