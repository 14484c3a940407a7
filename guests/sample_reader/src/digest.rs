//! The reader's work: [`Digest`] carries the pool's decisions out.

use rusm_sdk::mailbox::{self, Down, Event, Message};
use rusm_sdk::{Pid, process, registry};
use sample_protocol::{Parsed, encode_work, fail, name, tag};

use crate::batch::Batch;
use crate::pool::{Cause, Pool};
use crate::source::Source;

/// The log on one side, the parsers on the other.
#[derive(Debug)]
pub(crate) struct Digest {
    source: Source,
    pool: Pool,
    batch: Batch,
}

impl Digest {
    pub(crate) fn new(source: Source) -> Self {
        Self {
            source,
            pool: Pool::default(),
            batch: Batch::default(),
        }
    }

    /// Lines of the log so far.
    pub(crate) fn lines(&self) -> u64 {
        self.source.n_lines()
    }

    /// Lines that ended a parser.
    pub(crate) fn crashes(&self) -> u64 {
        self.pool.n_crashes()
    }

    /// Until every line has been answered, or has ended a parser.
    pub(crate) fn run(&mut self) {
        registry::broadcast(name::PARSERS, tag::CALL_PARSERS, &[]);
        while !(self.pool.is_at_rest() && self.source_is_empty()) {
            self.handle_next();
        }
        self.batch.flush();
    }

    /// Waits until all parsers are there, also those that are just being restarted, and tells them to end.
    pub(crate) fn stop_parsers(&mut self, n_parsers: usize) {
        while self.pool.n_workers() < n_parsers {
            self.handle_next();
        }
        for pid in self.pool.workers() {
            send(pid, tag::STOP, &[]);
        }
    }

    fn handle_next(&mut self) {
        match mailbox::receive() {
            Event::Message(message) => match message.tag {
                tag::PARSER_READY => self.welcome(message.sender),
                tag::PARSED => self.acknowledge(&message),
                _ => {}
            },
            Event::Down(down) => self.bury(&down),
            Event::Request(_) | Event::Exit(_) => {}
        }
    }

    /// A parser may say twice that it is there: when it starts, and when it is called.
    fn welcome(&mut self, pid: Pid) {
        if self.pool.welcome(pid) {
            process::monitor(pid);
            self.give_work(pid);
        }
    }

    fn acknowledge(&mut self, message: &Message) {
        let Some(parsed) = Parsed::decode(&message.payload) else {
            fail("a parser's answer is cut off");
        };
        if let Err(error) = self.pool.acknowledge(message.sender, parsed.number) {
            fail(error);
        }
        self.batch.push(parsed.outcome);
        self.give_work(message.sender);
    }

    /// Lines that come back are for whoever has room for them.
    fn bury(&mut self, down: &Down) {
        self.pool.bury(down.process, Cause::of(&down.reason));
        for pid in self.pool.workers() {
            self.give_work(pid);
        }
    }

    fn give_work(&mut self, pid: Pid) {
        let source = &mut self.source;
        let next_line = || {
            source
                .next_line()
                .unwrap_or_else(|error| fail(format_args!("cannot read on: {error}")))
        };
        let unit = self.pool.assign(pid, next_line);
        if unit.len() > 0 {
            let payload = encode_work(unit);
            send(pid, tag::WORK, &payload);
        }
    }

    /// True when no line is left; one that is found is kept for the next parser with room.
    fn source_is_empty(&mut self) -> bool {
        match self.source.next_line() {
            Ok(None) => true,
            Ok(Some(line)) => {
                self.pool.put_back(line);
                false
            }
            Err(error) => fail(format_args!("cannot read on: {error}")),
        }
    }
}

/// A parser that is gone is no error: its lines come back with the news of its end.
fn send(pid: Pid, tag: u64, payload: &[u8]) {
    if let Err(error) = mailbox::send(pid, tag, payload) {
        fail(format_args!("cannot reach a parser: {error}"));
    }
}
