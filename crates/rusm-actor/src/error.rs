//! What can go wrong for the caller, one small enum per family of operations.

use crate::reason::ExitReason;

/// A message was not delivered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SendError {
    /// Nobody holds the name (OTP statement 019). A pid that is gone is no error.
    #[error("nobody holds the name")]
    NoName,
    /// The receiver's mailbox is at its bound; nothing was delivered.
    #[error("the receiver's mailbox is full")]
    MailboxFull,
}

/// A call got no reply.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CallError {
    /// Nobody holds the name.
    #[error("nobody holds the name")]
    NoName,
    /// The receiver's mailbox is at its bound; nothing was delivered.
    #[error("the receiver's mailbox is full")]
    MailboxFull,
    /// No reply came in time; a late one is dropped (OTP statement 095).
    #[error("no reply came in time")]
    Timeout,
    /// The callee ended, or never existed, before it replied (OTP statement 096).
    #[error("the process called has ended: {0}")]
    Exited(ExitReason),
    /// A process called itself and would wait for ever (OTP statement 097).
    #[error("a process cannot call itself")]
    SelfCall,
}

/// A process was not started; nothing was disturbed (OTP statement 007).
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpawnError {
    /// Another process holds the name asked for.
    #[error("the name is taken")]
    NameTaken,
    /// The node has as many processes as it may.
    #[error("the node has no room for another process")]
    TooMany,
    /// The node is stopping.
    #[error("the node is shutting down")]
    ShuttingDown,
}

/// A name was not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum NameError {
    /// Another process, or this one, holds it (OTP statement 065).
    #[error("the name is taken")]
    Taken,
    /// The process has a name already (OTP statement 066).
    #[error("the process has a name already")]
    AlreadyNamed,
}
