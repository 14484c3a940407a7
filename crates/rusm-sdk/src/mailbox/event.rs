//! What a mailbox holds. Only the host makes events: a process cannot forge an exit, a `Down` or a reply.

use crate::{ExitReason, Pid, Reference};

/// Bytes from another process.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Message {
    /// Who sent it.
    pub sender: Pid,
    /// An application-chosen label for selective receive.
    pub tag: u64,
    /// The bytes.
    pub payload: Vec<u8>,
}

/// A message whose sender waits for [`reply`](super::reply).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Request {
    /// What to reply to.
    pub id: Reference,
    /// Who asks.
    pub sender: Pid,
    /// An application-chosen label for selective receive.
    pub tag: u64,
    /// The bytes.
    pub payload: Vec<u8>,
}

/// An exit signal that was trapped.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exit {
    /// The process that ended, or that sent the signal.
    pub sender: Pid,
    /// The reason it gave.
    pub reason: ExitReason,
}

/// A monitored process has ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Down {
    /// The monitor that saw it.
    pub monitor: Reference,
    /// The process that ended.
    pub process: Pid,
    /// Why.
    pub reason: ExitReason,
}

/// One entry of the mailbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Event {
    /// Bytes from another process.
    Message(Message),
    /// Bytes from a process that waits for a reply.
    Request(Request),
    /// A trapped exit signal.
    Exit(Exit),
    /// The end of a monitored process.
    Down(Down),
}
