//! The actors of the benchmarks. The first argument is the role, the others say how often and how much.
//!
//! | role | does |
//! |---|---|
//! | `pong` | sends every message back to its sender, answers every request with its own bytes |
//! | `ping TO TRIPS BYTES` | so many round trips of so many bytes with whoever is called TO |
//! | `call TO CALLS` | so many requests of 4 bytes, one after the other |
//! | `link` | is told by its first message who comes next, and passes every other on |
//! | `sender TO MESSAGES` | so many messages of 4 bytes, again while the mailbox is full |
//! | `sink MESSAGES` | takes so many messages |
//! | `host-calls TIMES` | asks so often for its own pid |
//! | `spawns COMPONENT TIMES TO` | so many times: spawns one process and waits for its down; sends the pid TO the nanoseconds of each, `u32` |

#![forbid(unsafe_code)]

use rusm_sdk::Pid;
use rusm_sdk::mailbox::{self, Event, Message, Selector};
use rusm_sdk::process;
use rusm_sdk::registry;
use rusm_sdk::spawner::Spawn;
use std::fmt::Debug;
use std::hint::black_box;
use std::str::FromStr;
use std::time::{Duration, Instant};

fn main() {
    let mut args = std::env::args().skip(1);
    let role = word(&mut args);
    match role.as_str() {
        "pong" => pong(),
        "ping" => ping(named(&mut args), number(&mut args), number(&mut args)),
        "call" => call(named(&mut args), number(&mut args)),
        "link" => link(),
        "sender" => sender(named(&mut args), number(&mut args)),
        "sink" => (0..number::<u64>(&mut args)).for_each(|_| drop(message())),
        "host-calls" => (0..number::<u64>(&mut args)).for_each(|_| {
            black_box(process::me());
        }),
        "spawns" => spawns(&word(&mut args), number(&mut args), number(&mut args)),
        _ => panic!("there is no role '{role}'"),
    }
}

fn word(args: &mut impl Iterator<Item = String>) -> String {
    args.next().expect("the role has another argument")
}

fn number<T: FromStr<Err: Debug>>(args: &mut impl Iterator<Item = String>) -> T {
    word(args).parse().expect("the argument is a number")
}

fn named(args: &mut impl Iterator<Item = String>) -> Pid {
    registry::whereis(&word(args)).expect("somebody has the name")
}

fn message() -> Message {
    loop {
        if let Event::Message(message) = mailbox::receive() {
            return message;
        }
    }
}

fn pong() {
    loop {
        match mailbox::receive() {
            Event::Message(message) => {
                mailbox::send(message.sender, message.tag, &message.payload)
                    .expect("the sender may be answered");
            }
            Event::Request(request) => mailbox::reply(request.id, &request.payload),
            Event::Exit(_) | Event::Down(_) => (),
        }
    }
}

fn ping(to: Pid, n_trips: u64, n_bytes: usize) {
    let payload = vec![7; n_bytes];
    for _ in 0..n_trips {
        mailbox::send(to, 1, &payload).expect("there is room");
        assert_eq!(message().payload.len(), n_bytes);
    }
}

fn call(to: Pid, n_calls: u64) {
    for _ in 0..n_calls {
        mailbox::call(to, 1, &[1, 2, 3, 4], None).expect("the server lives");
    }
}

fn link() {
    let next = message().payload.try_into().map(u64::from_le_bytes);
    let next = next.ok().and_then(Pid::from_u64).expect("it is a pid");
    loop {
        mailbox::send(next, 0, &message().payload).expect("there is room");
    }
}

fn sender(to: Pid, n_messages: u64) {
    for _ in 0..n_messages {
        while mailbox::send(to, 1, &[1, 2, 3, 4]).is_err() {
            let _nothing = mailbox::receive_timeout(&Selector::any(), Duration::from_millis(1));
        }
    }
}

fn spawns(component: &str, n_times: u64, to: u64) {
    let leaf = Spawn::new(component).monitor();
    let one = |_| {
        let start = Instant::now();
        leaf.start().expect("there is room");
        mailbox::receive();
        let elapsed = u32::try_from(start.elapsed().as_nanos());
        elapsed.unwrap_or(u32::MAX).to_le_bytes()
    };
    let times: Vec<u8> = (0..n_times).flat_map(one).collect();
    let to = Pid::from_u64(to).expect("it is a pid");
    mailbox::send(to, 1, &times).expect("there is room");
}
