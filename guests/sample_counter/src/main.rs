//! Adds up what the parsers found, and answers calls.

#![forbid(unsafe_code)]

mod tally;

use rusm_sdk::mailbox::{self, Event, Request};
use sample_protocol::{Writer, claim, fail, greet, name, tag};

use crate::tally::Tally;

fn main() {
    claim(name::COUNTER);
    greet(name::READER, name::COUNTER);
    let mut tally = Tally::default();
    loop {
        match mailbox::receive() {
            Event::Request(request) => answer(&request, &mut tally),
            Event::Message(message) if message.tag == tag::STOP => return,
            Event::Message(_) | Event::Exit(_) | Event::Down(_) => {}
        }
    }
}

fn answer(request: &Request, tally: &mut Tally) {
    match request.tag {
        tag::ADD => {
            if tally.add(&request.payload).is_none() {
                fail("the outcomes to add are cut off");
            }
            mailbox::reply(request.id, &Writer::new().u64(tally.counted()).finish());
        }
        tag::TOTALS => mailbox::reply(request.id, &tally.totals().encode()),
        other => fail(format_args!(
            "nothing is known of requests with tag {other}"
        )),
    }
}
