//! Prints the sample app's summary when the log is at its end.
//!
//! It also spawns the greedy program, because it wants to print how that was answered: the spawn
//! comes with a monitor, so that its end cannot be missed.

#![forbid(unsafe_code)]

mod summary;

use std::io::{self, Write};

use rusm_sdk::mailbox::{self, Event, Message, Request};
use rusm_sdk::spawner::Spawn;
use rusm_sdk::{ExitReason, Reference};
use sample_protocol::{Done, Reader, Totals, claim, fail, greet, name, tag};

use crate::summary::{Answer, Summary};

fn main() {
    claim(name::REPORT);
    greet(name::READER, name::REPORT);
    let greedy = match Spawn::new("greedy").monitor().start() {
        Ok(spawned) => spawned,
        Err(error) => fail(format_args!("cannot start greedy: {error}")),
    };
    let news = gather(greedy.monitor);
    let Some(done) = Done::decode(&news.done.payload) else {
        fail("the reader's last word is cut off");
    };
    let summary = Summary {
        done,
        totals: totals(),
        answers: news.answers,
        greedy_ended: news.greedy_ended,
    };
    if let Err(text) = summary.check() {
        fail(text);
    }
    match print(&summary) {
        // Who read it has gone, as `head` does: no restart would bring them back.
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {}
        Err(error) => fail(format_args!("cannot print the summary: {error}")),
        Ok(()) => {}
    }
    mailbox::reply(news.done.id, &[]);
    if let Err(error) = mailbox::send(name::COUNTER, tag::STOP, &[]) {
        fail(format_args!("cannot stop the counter: {error}"));
    }
}

/// What the summary needs of others.
struct News {
    done: Request,
    answers: Vec<Answer>,
    greedy_ended: ExitReason,
}

/// Waits for the reader's last word and the greedy program's end, in whichever order they come.
fn gather(monitor: Option<Reference>) -> News {
    let (mut done, mut ended, mut answers) = (None, None, Vec::new());
    loop {
        match mailbox::receive() {
            Event::Request(request) if request.tag == tag::DONE => done = Some(request),
            Event::Down(down) if Some(down.monitor) == monitor => ended = Some(down.reason),
            Event::Message(message) => answers.extend(answer(&message)),
            Event::Request(_) | Event::Exit(_) | Event::Down(_) => {}
        }
        match (done, ended) {
            (Some(done), Some(greedy_ended)) => {
                return News {
                    done,
                    answers,
                    greedy_ended,
                };
            }
            so_far => (done, ended) = so_far,
        }
    }
}

fn answer(message: &Message) -> Option<Answer> {
    let granted = match message.tag {
        tag::REFUSED => false,
        tag::GRANTED => true,
        _ => return None,
    };
    let mut from = Reader::new(&message.payload);
    Some(Answer {
        what: from.text()?.into(),
        text: from.text()?.into(),
        granted,
    })
}

fn totals() -> Totals {
    let reply = match mailbox::call(name::COUNTER, tag::TOTALS, &[], None) {
        Ok(reply) => reply,
        Err(error) => fail(format_args!("cannot ask the counter: {error}")),
    };
    match Totals::decode(&reply) {
        Some(totals) => totals,
        None => fail("the counter's totals are cut off"),
    }
}

/// In one piece: others print as well.
fn print(summary: &Summary) -> io::Result<()> {
    let mut to = io::stdout().lock();
    to.write_all(summary.to_string().as_bytes())?;
    to.flush()
}
