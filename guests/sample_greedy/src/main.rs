//! Asks for what its profile lacks, and tells whoever spawned it how it was answered.
//!
//! A refusal is an answer like any other, and it goes on. Only the last thing it asks for, memory
//! without end, is the end of it.

#![forbid(unsafe_code)]

use std::fmt::Display;
use std::hint::black_box;
use std::{fs, net};

use rusm_sdk::spawner::Spawn;
use rusm_sdk::{mailbox, process};
use sample_protocol::{Writer, fail, tag};

fn main() {
    tell("the file /etc/passwd", fs::read("/etc/passwd"));
    tell(
        "a connection to 127.0.0.1:80",
        net::TcpStream::connect("127.0.0.1:80"),
    );
    tell("another process", Spawn::new("counter").start());
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; 1 << 20]));
    }
}

fn tell<T, E: Display>(what: &str, answer: Result<T, E>) {
    let Some(parent) = process::parent() else {
        fail("nobody to tell: this program is spawned by another");
    };
    let (tag, text) = match answer {
        Ok(_) => (tag::GRANTED, "granted".to_string()),
        Err(error) => (tag::REFUSED, error.to_string()),
    };
    let payload = Writer::new()
        .bytes(what.as_bytes())
        .bytes(text.as_bytes())
        .finish();
    if let Err(error) = mailbox::send(parent, tag, &payload) {
        fail(error);
    }
}
