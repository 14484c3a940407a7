//! How processes that start in any order find each other.

use rusm_sdk::mailbox::{self, Event, Selector, SendError};
use rusm_sdk::{ExitReason, process, registry};

use crate::tag;

/// Ends this process with its own reason: not a trap, so that nobody takes it for a malformed line.
pub fn fail(reason: impl std::fmt::Display) -> ! {
    process::exit(&ExitReason::Error(reason.to_string()))
}

/// Registers this process, or ends it.
pub fn claim(name: &str) {
    if let Err(error) = registry::register(name)
        && registry::whereis(name) != Some(process::me())
    {
        fail(format_args!("the name '{name}': {error}"));
    }
}

/// Tells `peer` that this service, which has claimed its name, is here.
///
/// If `peer` is not there yet it will look for this name when it comes.
pub fn greet(peer: &str, my_name: &str) {
    match mailbox::send(peer, tag::HERE, my_name.as_bytes()) {
        Ok(()) | Err(SendError::NoName) => {}
        Err(error @ (SendError::Denied(_) | SendError::MailboxFull | SendError::TooLarge)) => {
            fail(error)
        }
    }
}

/// Waits until the service `name` is there. The caller has claimed the name that services greet.
pub fn meet(name: &str) {
    while registry::whereis(name).is_none() {
        let event = mailbox::receive_where(&Selector::any().tags([tag::HERE]));
        if matches!(event, Event::Message(message) if message.payload == name.as_bytes()) {
            return;
        }
    }
}
