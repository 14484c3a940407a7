//! Parses log lines, and traps on what is none.
//!
//! This is a naive program: it takes what it reads for a log line, and where it is wrong it panics.
//! That costs its life and nobody else's; its supervisor starts another, which says that it is ready,
//! and the reader gives it the lines that the dead one had not answered, without the one it died of.

#![forbid(unsafe_code)]

mod parse;

use rusm_sdk::mailbox::{self, Event, Message, SendError};
use rusm_sdk::{Destination, registry};
use sample_protocol::{Outcome, Parsed, fail, lines_of_work, name, tag};

fn main() {
    die_quietly();
    // First the group, then the look for the reader: if it is not there yet, it will call the group.
    registry::join(name::PARSERS);
    tell(name::READER, tag::PARSER_READY, &[]);
    loop {
        match mailbox::receive() {
            Event::Message(message) => match message.tag {
                tag::CALL_PARSERS => tell(message.sender, tag::PARSER_READY, &[]),
                tag::WORK => work(&message),
                tag::STOP => return,
                _ => {}
            },
            Event::Request(_) | Event::Exit(_) | Event::Down(_) => {}
        }
    }
}

/// A panic tells nothing and traps at once: a thousand messages about malformed lines would bury the rest of the
/// log, which has the trap and its frames anyway; and the fewer frames of panicking there are, the more of those are the parser's.
#[cfg(target_arch = "wasm32")]
fn die_quietly() {
    std::panic::set_hook(Box::new(|_| core::arch::wasm32::unreachable()));
}

#[cfg(not(target_arch = "wasm32"))]
fn die_quietly() {}

/// Answers every line as soon as it is parsed: the answers that the reader has are what it need not do again.
fn work(message: &Message) {
    for (number, line) in lines_of_work(&message.payload) {
        let outcome = match parse::without_carriage_return(line) {
            [] => Outcome::Blank,
            line => parse::request(line),
        };
        tell(
            message.sender,
            tag::PARSED,
            &Parsed::encode(number, outcome),
        );
    }
}

fn tell<'a>(to: impl Into<Destination<'a>>, tag: u64, payload: &[u8]) {
    match mailbox::send(to, tag, payload) {
        Ok(()) | Err(SendError::NoName) => {}
        Err(error @ (SendError::Denied(_) | SendError::MailboxFull | SendError::TooLarge)) => {
            fail(error)
        }
    }
}
