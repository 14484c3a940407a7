//! Hands the lines of a log to a pool of parsers, and loses none.
//!
//! Arguments: the path of the log, and how many parsers the manifest starts (the reader ends when it has told
//! as many that there is no more work).
//!
//! The parsers may die at any moment. Who has which lines, and what becomes of them then, is decided in
//! `pool.rs`; here is what the pool's decisions do: messages and monitors.

#![forbid(unsafe_code)]

mod batch;
mod digest;
mod pool;
mod source;

use rusm_sdk::mailbox;
use sample_protocol::{Done, claim, fail, meet, name, tag};

use crate::digest::Digest;
use crate::source::Source;

fn main() {
    let mut args = std::env::args().skip(1);
    let (Some(path), Some(Ok(n_parsers)), None) =
        (args.next(), args.next().map(|n| n.parse()), args.next())
    else {
        fail("the arguments are the path of the log and the number of parsers");
    };
    claim(name::READER);
    meet(name::COUNTER);
    meet(name::REPORT);
    let mut digest = Digest::new(Source::open(&path));
    digest.run();
    let done = Done {
        lines: digest.lines(),
        crashes: digest.crashes(),
    };
    if let Err(error) = mailbox::call(name::REPORT, tag::DONE, &done.encode(), None) {
        fail(format_args!("the report: {error}"));
    }
    digest.stop_parsers(n_parsers);
}
