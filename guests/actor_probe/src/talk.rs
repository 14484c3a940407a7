//! Messages: sending, receiving, calling.

use std::hint::black_box;
use std::time::{Duration, Instant};

use rusm_sdk::Reference;
use rusm_sdk::mailbox::{self, Event, Message, Selector};

use crate::answer::{Answer, answer, done};
use crate::script::{EVENT, Script, Who, fail, number};

/// The tag of orders.
const ORDER: u64 = 0x0de4;
/// The tag of a request that is handed on.
const REQUEST: u64 = 0x72;

pub(crate) fn run(command: &str, script: &mut Script) -> bool {
    let answer = match command {
        "to" => {
            let who = script.who();
            script.report_to(who);
            return true;
        }
        "obey" => {
            let request = order(script);
            script.begin_order(&String::from_utf8_lossy(&request));
            return true;
        }
        "report-order" => {
            let collected = script.end_order();
            mailbox::reply(requested(script), collected.as_bytes());
            return true;
        }
        "echo" => return endlessly(script, echo),
        "watch" => {
            let who = script.who();
            return endlessly(script, |event| watch(&who, event));
        }
        "forget" => loop {
            mailbox::receive();
        },
        "say" => Answer::Ok(script.text()),
        "send" => {
            let (who, tag, text) = (script.who(), script.number(), script.text());
            done(mailbox::send(&who, tag, text.as_bytes()))
        }
        "send-bytes" => {
            let (who, tag, n_bytes) = (script.who(), script.number(), script.number());
            done(mailbox::send(&who, tag, &vec![0; n_bytes]))
        }
        "send-spoiled" => {
            let (who, tag, text) = (script.who(), script.number(), script.text());
            let mut bytes = text.into_bytes();
            let sent = mailbox::send(&who, tag, &bytes);
            black_box(&mut bytes).fill(b'!');
            done(sent)
        }
        "send-sum" => {
            let (who, tag, n_bytes) = (script.who(), script.number(), script.number());
            done(mailbox::send(&who, tag, &patterned(n_bytes)))
        }
        "call" => call(script),
        "receive" => receive(script, &Selector::any()),
        "receive-tag" => {
            let selector = Selector::any().tags(tags(&script.word()));
            receive(script, &selector)
        }
        "receive-down" => match script.monitor {
            Some(monitor) => receive(script, &Selector::any().monitor(monitor)),
            None => fail("there is no monitor to wait for"),
        },
        "receive-from" => {
            let selector = Selector::any().sender(script.pid());
            receive(script, &selector)
        }
        "receive-within" => receive_within(script),
        "receive-sum" => sum(&next_message(script).payload),
        "reply" => reply(script),
        "hand-on" => {
            let (who, request) = (script.who(), requested(script));
            done(mailbox::send(
                &who,
                REQUEST,
                &request.as_u64().to_le_bytes(),
            ))
        }
        "take-over" => {
            let bytes = next_message(script).payload;
            let number = bytes.as_slice().try_into().map(u64::from_le_bytes);
            script.request = number.ok().and_then(Reference::from_u64);
            Answer::done()
        }
        _ => return false,
    };
    script.report(command, &answer);
    true
}

/// An event as text.
pub(crate) fn shown(event: &Event) -> String {
    match event {
        Event::Message(message) => {
            let text = String::from_utf8_lossy(&message.payload);
            format!("message {} {} {text}", message.sender, message.tag)
        }
        Event::Request(request) => {
            let text = String::from_utf8_lossy(&request.payload);
            format!("request {} {} {text}", request.sender, request.tag)
        }
        Event::Exit(exit) => format!("exit {} {}", exit.sender, exit.reason),
        Event::Down(down) => format!("down {} {}", down.process, down.reason),
    }
}

/// The next message, whatever else arrives first; the code that `load` takes, for one.
pub(crate) fn next_message(script: &mut Script) -> Message {
    loop {
        let event = mailbox::receive();
        script.remember(&event);
        if let Event::Message(message) = event {
            return message;
        }
    }
}

/// The next request that is an order; messages stay where they are.
fn order(script: &mut Script) -> Vec<u8> {
    loop {
        let event = mailbox::receive_where(&Selector::any().tags([ORDER]));
        script.remember(&event);
        if let Event::Request(request) = event {
            return request.payload;
        }
    }
}

/// Handles each event until a message says `stop`.
fn endlessly(script: &mut Script, mut handle: impl FnMut(&Event)) -> bool {
    loop {
        let event = mailbox::receive();
        script.remember(&event);
        if matches!(&event, Event::Message(message) if message.payload == b"stop") {
            return true;
        }
        handle(&event);
    }
}

fn echo(event: &Event) {
    match event {
        Event::Message(message) => {
            if let Err(error) = mailbox::send(message.sender, message.tag, &message.payload) {
                fail(format_args!("cannot echo: {error}"));
            }
        }
        Event::Request(request) => mailbox::reply(request.id, &request.payload),
        Event::Exit(_) | Event::Down(_) => {}
    }
}

fn watch(who: &Who, event: &Event) {
    if let Err(error) = mailbox::send(who, EVENT, shown(event).as_bytes()) {
        fail(format_args!("cannot pass an event on: {error}"));
    }
}

fn receive(script: &mut Script, selector: &Selector) -> Answer {
    let event = mailbox::receive_where(selector);
    script.remember(&event);
    Answer::Ok(shown(&event))
}

/// Tags that are separated by commas.
fn tags(word: &str) -> Vec<u64> {
    word.split(',').map(number).collect()
}

fn receive_within(script: &mut Script) -> Answer {
    let timeout = Duration::from_millis(script.number());
    let selector = script
        .optional_word()
        .map_or_else(Selector::any, |word| Selector::any().tags(tags(&word)));
    let start = Instant::now();
    match mailbox::receive_timeout(&selector, timeout) {
        Some(event) => {
            script.remember(&event);
            Answer::Ok(shown(&event))
        }
        None if start.elapsed() < timeout => Answer::Error("early".into()),
        None => Answer::Error("timeout".into()),
    }
}

fn call(script: &mut Script) -> Answer {
    let (who, tag) = (script.who(), script.number());
    let timeout = script
        .word_or_none()
        .map(|ms| Duration::from_millis(number(&ms)));
    let text = script.text();
    answer(
        mailbox::call(&who, tag, text.as_bytes(), timeout),
        |reply| String::from_utf8_lossy(&reply).into_owned(),
    )
}

fn reply(script: &mut Script) -> Answer {
    mailbox::reply(requested(script), script.text().as_bytes());
    Answer::done()
}

fn requested(script: &Script) -> Reference {
    script
        .request
        .unwrap_or_else(|| fail("there is no request to reply to"))
}

/// Bytes of which no two neighbours, and no two blocks, are alike.
fn patterned(n_bytes: usize) -> Vec<u8> {
    let at = |place: usize| (place.wrapping_mul(31) ^ (place >> 8)).to_le_bytes();
    (0..n_bytes)
        .map(|place| at(place).first().copied().unwrap_or_default())
        .collect()
}

fn sum(bytes: &[u8]) -> Answer {
    let verdict = if bytes == patterned(bytes.len()) {
        "whole"
    } else {
        "other"
    };
    Answer::Ok(format!("{} {verdict}", bytes.len()))
}
