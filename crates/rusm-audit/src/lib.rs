//! The audit log of a node: JSON lines, one file a day, append-only, each line holding the hash of the one
//! before it.
//!
//! A node opens an [`AuditLog`] and hands it [`Record`]s; [`verify`] says whether a log is as it was
//! written; [`read`] shows it. The folder holds
//!
//! - `audit-2026-11-21.jsonl`, one for each UTC day on which something happened. Every line is one JSON object
//!   in printable ASCII: `seq`, its number; `prev`, the SHA-256 of the line before it; `time`; `kind`; and
//!   what that [`Record`] says. The chain goes on from file to file, and the first record of a file is
//!   `open`, which names the file before;
//! - `head.json`, the number and hash of the last record that is durable, replaced after every batch;
//! - `lock`, held by the node that writes.
//!
//! # What is promised
//! - Any change of a byte, and any line that was removed, added, repeated or moved, is found, wherever it is:
//!   by the chain, or at the end of the log by the head file.
//! - A file that was removed between two others is found. Whoever keeps logs for a while only may remove the
//!   *oldest* files: the log then begins with the first record of another file, and the verdict says with which number.
//! - A write that was broken off (`kill -9`, power, a full disk) is no break: the next record closes it off and
//!   names the torn bytes by length and hash. Nothing is ever deleted. Records that were durable are there.
//! - Nothing is lost silently: what was too much for the queue, the disk or the day is counted in a `gap`
//!   record; what a flooding process or component caused beyond its rate, in a `more` record.
//! - Text of a guest is text in its field and nothing else.
//!
//! # What is not
//! - Whoever can write to the folder can make a whole new chain with a new head. So the folder must be writable
//!   by its owner alone, and [`Verdict::last`] is there to be noted elsewhere: a log that still holds the
//!   noted record (see `anchors` of [`verify`]) has not been changed before it.
//! - Records that were reported but not yet durable when the node was killed, and their cut, leave no trace. Bytes
//!   at the very end that are the beginning of the record that would have followed are taken for a write that was
//!   broken off, whoever put them there.
//!   A log that does not end with `stop` belongs to a node that still runs or was killed.
//!
//! This crate knows nothing of Wasm, processes or capabilities beyond the texts of its records.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod chain;
mod check;
mod entries;
mod folder;
mod limiter;
mod line;
mod log;
mod record;
mod tail;
#[cfg(test)]
mod testing;
mod time;
mod verify;
mod writer;

pub use chain::{Hash, LINE_BYTES_MAX, Link};
pub use check::Break;
pub use entries::{Found, is_log, read};
pub use folder::FolderError;
pub use line::Entry;
pub use log::{AuditLog, OnTrouble, OpenError};
pub use record::{
    GRANT_CHARS_MAX, GRANTS_MAX, Kind, Loss, NAME_CHARS_MAX, Record, TEXT_CHARS_MAX, Torn,
};
pub use time::{Clock, SystemClock, parse_time, stamp};
pub use verify::{Verdict, verify, verify_files};
pub use writer::DAY_BYTES_MAX;
