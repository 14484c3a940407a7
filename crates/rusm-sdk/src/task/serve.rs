//! The task's side: takes the input, gives the output, ends.

use crate::mailbox::{self, Event, Selector};
use crate::wire::{self, Wire};
use crate::{ExitReason, Pid, process, tags};

/// Does the work of a task; to be the last thing in a component's `main`.
///
/// Waits for the input from the process that spawned this one, and sends it the output. An input of another
/// type ends the process with an `error`; so does an output that cannot be sent. A spawner that ends without
/// having sent any ends it too.
pub fn serve<I: Wire, O: Wire>(work: impl FnOnce(I) -> O) {
    let Some(owner) = process::parent() else {
        fail("a task is spawned by the process that awaits it, and not by the node");
    };
    let Ok(input) = wire::decode(&input_from(owner)) else {
        fail("a task cannot read its input: is it of the type it expects?");
    };
    let output = wire::encode(&work(input));
    if let Err(error) = mailbox::send(owner, tags::TASK_OUTPUT, &output) {
        fail(&format!("a task cannot give its output: {error}"));
    }
}

/// The owner sends the input in the moment it spawns: its first event is that, or its end. What it sends later stays
/// in the mailbox.
fn input_from(owner: Pid) -> Vec<u8> {
    let monitor = process::monitor(owner);
    loop {
        match mailbox::receive_where(&Selector::any().sender(owner)) {
            Event::Message(message) if message.tag == tags::TASK_INPUT => {
                process::demonitor(monitor);
                return message.payload;
            }
            Event::Down(down) if down.monitor == monitor => process::exit(&ExitReason::Shutdown),
            Event::Message(_) | Event::Request(_) | Event::Exit(_) | Event::Down(_) => {}
        }
    }
}

fn fail(text: &str) -> ! {
    process::exit(&ExitReason::Error(text.into()))
}
