//! Everything that one process can do to another: [`Signal`], and [`Envelope`], which adds messages.
//!
//! The set is closed. A process changes only itself; whatever else it wants done, it puts as an
//! envelope into the other's inbox, and the other acts on it in its own slice.

use crate::id::{Pid, Ref};
use crate::message::{CallRequest, Message, Payload};
use crate::reason::ExitReason;

/// One end's number for one instance of a link; 0 stands for "this end did not ask for it".
///
/// Numbers make `unlink` final: a notice that belongs to an earlier link of the same pair carries
/// the earlier number and is ignored (see SEMANTICS.md, "Unlink").
pub(crate) type LinkId = u64;

/// What takes effect when the receiver meets it in its inbox.
#[derive(Debug)]
pub(crate) enum Signal {
    Link {
        from: Pid,
        id: LinkId,
    },
    /// `own` and `peer` are the numbers as the sender held them.
    Unlink {
        from: Pid,
        own: LinkId,
        peer: LinkId,
    },
    Monitor {
        id: Ref,
        watcher: Pid,
    },
    Demonitor {
        id: Ref,
    },
    Exit {
        from: Pid,
        reason: ExitReason,
        cause: ExitCause,
    },
    Down {
        id: Ref,
        pid: Pid,
        reason: ExitReason,
    },
    Kill,
}

impl Signal {
    /// What somebody sends who wants `to` to end: `Killed` is the kill that cannot be trapped.
    pub(crate) fn explicit_exit(from: Pid, to: Pid, reason: ExitReason) -> Self {
        if reason == ExitReason::Killed {
            return Self::Kill;
        }
        let cause = if from == to {
            ExitCause::Itself
        } else {
            ExitCause::Explicit
        };
        Self::Exit {
            from,
            reason,
            cause,
        }
    }
}

/// What an exit signal came from.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ExitCause {
    /// The sender ended, or could not be linked; the numbers as the sender held them.
    Link { own: LinkId, peer: LinkId },
    /// Another process called `exit_signal`.
    Explicit,
    /// The receiver itself did, or somebody outside any process: then `Normal` ends it as well (OTP
    /// statement 031).
    Itself,
}

/// One entry of an inbox.
#[derive(Debug)]
pub(crate) enum Envelope {
    Message(Message),
    Request(CallRequest),
    Reply {
        id: Ref,
        from: Pid,
        payload: Payload,
    },
    Signal(Signal),
}

impl Envelope {
    /// Payload bytes that count against the receiver's bound; `None` for what is never shed.
    pub(crate) fn charged_bytes(&self) -> Option<usize> {
        match self {
            Self::Message(message) => Some(message.payload.len()),
            Self::Request(request) => Some(request.payload.len()),
            Self::Reply { .. } | Self::Signal(_) => None,
        }
    }

    /// Whether a running receiver should look at it before its slice is over.
    pub(crate) fn is_urgent(&self) -> bool {
        matches!(self, Self::Signal(Signal::Exit { .. } | Signal::Kill))
    }
}
