//! Writes a web server's access log from a seed: the input of the sample app.
//!
//! The same [`Recipe`] gives the same bytes on every machine, in a guest and on the host.
//!
//! # The format, and what is malformed
//!
//! This is the whole definition: the sample's parser follows it, and anyone who counts a log by
//! other means must come to the same numbers.
//!
//! **Lines.** A log is bytes. A line ends with a line feed (`0x0A`), which is not part of it; bytes
//! after the last line feed are a line too, if there are any. If the last byte of a line is a carriage return (`0x0D`), that
//! one byte is not part of it either.
//! A line of no bytes is *blank*. Every other line is *well-formed* or *malformed*, so that
//! lines = blank + well-formed + malformed.
//!
//! **A line is well-formed** if all of it is valid UTF-8 and it is exactly, in this order:
//!
//! 1. three fields (host, identity, user), each one or more characters other than a space (`0x20`),
//!    each followed by one space;
//! 2. `[`, then 26 bytes, none of which is `]`, then `]` and one space. The 26 bytes (a time such as
//!    `10/Oct/2025:13:55:36 +0000`) are not looked at further;
//! 3. a quoted text (the request) and one space;
//! 4. three ASCII digits (the status) and one space;
//! 5. the size: either `-` or one or more ASCII digits whose value is below 2^64; then one space;
//! 6. a quoted text (the referrer), one space, and a quoted text (the user agent);
//! 7. nothing more.
//!
//! A *quoted text* is `"`, any number of units, and `"`, where a unit is a backslash with the one character
//! after it, whatever that is, or one character other than `"` and backslash.
//!
//! The *request*, taken between its quotes with escapes left as they are, must be three parts separated
//! by exactly two spaces and no other: the method, one or more letters `A` to `Z`; the target, at least
//! one byte; the protocol, which begins with `HTTP/`.
//!
//! **What is counted** of a well-formed line: its status; its size in bytes, `-` being 0; its path, which is
//! the target up to and without its first `?`, or all of it if it has none. Nothing of a blank or malformed
//! line is counted but the line itself.

#![forbid(unsafe_code)]

mod dirt;
mod line;
mod random;
mod recipe;
mod vocabulary;
mod write;

pub use recipe::Recipe;
pub use write::{Written, write_log};
