//! Request servers: a state, and callbacks that one process runs one after the other, in the shape of
//! OTP's `gen_server`.
//!
//! A [`Server`] says what to do with a call, a cast and everything else; [`run`] makes it the life of a
//! component. Others reach it with [`call`], [`cast`] and [`stop`], and begin it with [`start`], which
//! returns once it has initialised.
//!
//! ```no_run
//! use std::convert::Infallible;
//! use rusm_sdk::server::{self, Answer, Caller, Init, Next, Server};
//!
//! /// Counts.
//! struct Counter(i64);
//!
//! impl Counter {
//!     fn init(_args: Vec<String>) -> Init<Self> {
//!         Init::Ok(Self(0), Next::Wait)
//!     }
//! }
//!
//! impl Server for Counter {
//!     type Call = i64;
//!     type Reply = i64;
//!     type Cast = Infallible;
//!
//!     fn handle_call(&mut self, by: i64, _from: Caller<i64>) -> Answer<i64> {
//!         self.0 += by;
//!         Answer::Reply(self.0, Next::Wait)
//!     }
//!
//!     fn handle_cast(&mut self, cast: Infallible) -> Next {
//!         match cast {}
//!     }
//! }
//!
//! fn main() {
//!     server::run(Counter::init);
//! }
//! ```
//!
//! Elsewhere, in a process that may spawn the component `counter`:
//!
//! ```no_run
//! use rusm_sdk::server;
//! use rusm_sdk::spawner::Spawn;
//!
//! let counter = server::start(&Spawn::new("counter").name("counter").link(), None)?;
//! let total: i64 = server::call("counter", &5_i64)?;
//! server::stop(counter.process, &rusm_sdk::ExitReason::Normal, None)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # What `terminate` can promise
//! It runs when a callback answers [`Next::Stop`], on [`stop`], and on the exit signal of the parent if the
//! server traps exits. It does not run on a kill, and not when a callback panics: a panic is a trap, which ends
//! a WebAssembly instance where it stands. What must be cleaned up then belongs to a process that monitors.
//!
//! # Who is trusted
//! Nobody. What cannot be decoded is answered (a call) or handed to [`Server::handle_info`] (a cast); neither
//! ends the server. To [`stop`] a server needs its consent: [`Server::may_stop`].

mod client;
mod engine;
mod error;
mod protocol;
mod start;

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use crate::mailbox::{self, Down, Exit, Message, Request};
use crate::wire::{Malformed, Reader, Wire};
use crate::{ExitReason, Pid, Reference, process};

pub use client::{CALL_TIMEOUT, call, call_timeout, cast, stop};
pub(crate) use engine::is_alive;
pub use engine::run;
pub use error::{CallError, StartError, StopError};
pub(crate) use start::reason_of;
pub use start::start;

/// What a process that serves does with what it receives. Callbacks run one at a time.
pub trait Server: Sized {
    /// What is asked with [`call`].
    type Call: Wire;
    /// What a call is answered with.
    type Reply: Wire;
    /// What is told with [`cast`]; [`Infallible`](std::convert::Infallible) if there is nothing to tell.
    type Cast: Wire;

    /// Answers a call, at once or later through `from`.
    fn handle_call(
        &mut self,
        request: Self::Call,
        from: Caller<Self::Reply>,
    ) -> Answer<Self::Reply>;

    /// Takes a cast.
    fn handle_cast(&mut self, message: Self::Cast) -> Next;

    /// Takes everything else: messages and requests with other tags, casts that could not be decoded, exit
    /// signals that were trapped, `Down` events, and the time-out of [`Next::WaitUpTo`]. Drops it unless written
    /// otherwise; a request that is dropped is one whose caller waits until it gives up.
    fn handle_info(&mut self, _info: Info) -> Next {
        Next::Wait
    }

    /// Goes on after [`Next::Continue`], before anything in the mailbox is looked at.
    fn handle_continue(&mut self) -> Next {
        Next::Wait
    }

    /// Cleans up before the server ends with this reason. When it does not run is said [above](self).
    fn terminate(&mut self, _reason: &ExitReason) {}

    /// Whether this process may [`stop`] the server. The parent may, unless written otherwise.
    fn may_stop(&self, who: Pid) -> bool {
        process::parent() == Some(who)
    }
}

/// How an initialisation ended: what [`run`] is given answers this.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Init<S> {
    /// With a server, and what it does first.
    Ok(S, Next),
    /// There is nothing to serve: the process ends with `normal`, and [`start`] answers [`StartError::Ignored`].
    Ignore,
    /// The process ends with this reason. (To stop with `normal` cannot be told from `Ignore`.)
    Stop(ExitReason),
}

/// What a server does after a callback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Next {
    /// It waits for what comes.
    Wait,
    /// The same; if nothing has come within this time it gets [`Info::Timeout`]. Anything that comes ends the waiting
    /// for it. Zero means: at once, unless something has come already.
    WaitUpTo(Duration),
    /// It runs [`Server::handle_continue`] at once, before anything in the mailbox.
    Continue,
    /// It runs [`Server::terminate`] and ends with this reason.
    Stop(ExitReason),
}

/// What a server answers to a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer<R> {
    /// This reply, now. With [`Next::Stop`] it is sent after [`Server::terminate`] has run.
    Reply(R, Next),
    /// Nothing yet: whoever has the [`Caller`] replies.
    NoReply(Next),
}

/// What [`Server::handle_info`] gets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Info {
    /// A message that is no cast.
    Message(Message),
    /// A request that is no call; it waits for [`mailbox::reply`].
    Request(Request),
    /// A trapped exit signal of anybody but the parent.
    Exit(Exit),
    /// The end of a monitored process.
    Down(Down),
    /// Nothing came within the time of [`Next::WaitUpTo`].
    Timeout,
}

/// Who waits for the reply to a call.
///
/// It can be kept, to reply later, and sent to another process, to reply from there. The first reply counts; one
/// to a caller that gave up goes nowhere.
pub struct Caller<R> {
    request: Reference,
    process: Pid,
    reply: PhantomData<fn(R)>,
}

impl<R: Wire> Caller<R> {
    pub(crate) fn new(request: Reference, process: Pid) -> Self {
        Self {
            request,
            process,
            reply: PhantomData,
        }
    }

    /// The process that waits.
    pub fn process(&self) -> Pid {
        self.process
    }

    /// Replies.
    ///
    /// # Panics
    /// If the encoded reply is longer than the node's 16 MiB for one payload, the host ends this process.
    pub fn reply(self, reply: &R) {
        mailbox::reply(self.request, &protocol::value(reply));
    }
}

impl<R> fmt::Debug for Caller<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Caller")
            .field("request", &self.request)
            .field("process", &self.process)
            .finish_non_exhaustive()
    }
}

impl<R: Wire> Wire for Caller<R> {
    fn write(&self, to: &mut Vec<u8>) {
        (self.request, self.process).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (request, process) = Wire::read(from)?;
        Ok(Self::new(request, process))
    }
}
