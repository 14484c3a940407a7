//! State machines: a server whose answer to an event depends on a state, in the shape of OTP's `gen_statem`.
//!
//! An event that does not fit the present state can be postponed until the state has changed; time-outs belong to a state,
//! to the next event, or to a name; and entering a state has a callback of its own. Others reach a machine as they reach any
//! [server](crate::server): with [`call`](crate::server::call), [`cast`](crate::server::cast),
//! [`stop`](crate::server::stop) and [`start`](crate::server::start).
//!
//! ```no_run
//! use std::time::Duration;
//! use rusm_sdk::state_machine::{self, Begin, Event, StateMachine, Timeout, Timeouts, Transition};
//!
//! #[derive(PartialEq)]
//! enum Door { Open, Shut }
//!
//! /// Nobody passes a door that is shut: who asks then is answered when it opens. It shuts after a second.
//! struct Porter;
//!
//! impl StateMachine for Porter {
//!     type State = Door;
//!     type Call = ();
//!     type Reply = String;
//!     type Cast = ();
//!
//!     fn handle_event(&mut self, door: &Door, event: Event<Self>) -> Transition<Self> {
//!         match (door, event) {
//!             (Door::Shut, Event::Cast(())) => Transition::to(Door::Open),
//!             (Door::Shut, call @ Event::Call(..)) => Transition::keep().postpone(call),
//!             (Door::Open, Event::Call((), from)) => {
//!                 from.reply(&"pass".to_owned());
//!                 Transition::keep()
//!             }
//!             (Door::Open, Event::Timeout(Timeout::State)) => Transition::to(Door::Shut),
//!             _ => Transition::keep(),
//!         }
//!     }
//!
//!     fn enter(&mut self, _left: Option<&Door>, door: &Door) -> Timeouts {
//!         match door {
//!             Door::Open => Timeouts::none().set(Timeout::State, Duration::from_secs(1)),
//!             Door::Shut => Timeouts::none(),
//!         }
//!     }
//! }
//!
//! fn main() {
//!     state_machine::run(|_args| Begin::Ok(Porter, Door::Shut));
//! }
//! ```
//!
//! # Order
//! What a callback inserts is handled first, then what was postponed and is to be retried, then time-outs that are due, and then
//! the mailbox (OTP statements 106, 107 and 109; that a due time-out does not queue behind older events is a difference). Callbacks that insert or change for ever keep the mailbox waiting for ever.
//! Events that are never retried are kept: a machine that postpones what anybody may send bounds them itself.

mod core;
mod machine;

use std::fmt;
use std::time::Duration;

use crate::server::{Caller, Info};
use crate::wire::Wire;
use crate::{ExitReason, Pid, process};

use self::core::Effects;
pub use machine::run;

/// What a process that is a state machine does with its events. Callbacks run one at a time.
pub trait StateMachine: Sized {
    /// The states. What else the machine remembers is in `self`.
    type State: PartialEq;
    /// What is asked with [`call`](crate::server::call).
    type Call: Wire;
    /// What a call is answered with.
    type Reply: Wire;
    /// What is told with [`cast`](crate::server::cast).
    type Cast: Wire;

    /// Takes an event in a state.
    fn handle_event(&mut self, state: &Self::State, event: Event<Self>) -> Transition<Self>;

    /// Runs for the first state, and after each change of state, before any other event. It may set time-outs; it cannot
    /// change the state, postpone or insert.
    fn enter(&mut self, _left: Option<&Self::State>, _entered: &Self::State) -> Timeouts {
        Timeouts::none()
    }

    /// Cleans up before the machine ends with this reason, as [`Server::terminate`](crate::server::Server::terminate) does.
    fn terminate(&mut self, _state: &Self::State, _reason: &ExitReason) {}

    /// Whether this process may [`stop`](crate::server::stop) the machine. The parent may, unless written otherwise.
    fn may_stop(&self, who: Pid) -> bool {
        process::parent() == Some(who)
    }
}

/// What an initialisation answers to [`run`]; see [`Init`](crate::server::Init).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Begin<M: StateMachine> {
    /// A machine and its first state.
    Ok(M, M::State),
    /// There is nothing to do.
    Ignore,
    /// The process ends with this reason.
    Stop(ExitReason),
}

/// What a machine handles.
#[derive(Debug)]
pub enum Event<M: StateMachine> {
    /// A call, answered through the [`Caller`], now or later.
    Call(M::Call, Caller<M::Reply>),
    /// A cast.
    Cast(M::Cast),
    /// Everything else from the mailbox. Never [`Info::Timeout`]: time-outs are those below.
    Info(Info),
    /// A time has passed.
    Timeout(Timeout),
}

/// Which time has passed, or is to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Timeout {
    /// Of a state: cancelled when the state changes.
    State,
    /// Of the wait for an event: cancelled by any.
    Event,
    /// Of its own: cancelled by nothing else.
    Named(&'static str),
}

/// Time-outs to set. Each replaces the one of its kind, or name, that runs.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[must_use]
pub struct Timeouts(Vec<(Timeout, Option<Duration>)>);

impl Timeouts {
    /// None.
    pub fn none() -> Self {
        Self::default()
    }

    /// One more. After zero time it comes before anything from the mailbox.
    pub fn set(mut self, which: Timeout, after: Duration) -> Self {
        self.0.push((which, Some(after)));
        self
    }

    /// Cancels one; it is no error if it does not run.
    pub fn cancel(mut self, which: Timeout) -> Self {
        self.0.push((which, None));
        self
    }
}

/// What becomes of a machine after an event.
#[must_use]
pub struct Transition<M: StateMachine> {
    effects: Effects<M::State, Event<M>>,
    stop: Option<ExitReason>,
}

impl<M: StateMachine> Transition<M> {
    /// It keeps its state.
    pub fn keep() -> Self {
        Self {
            effects: Effects {
                state: None,
                postponed: None,
                inserted: Vec::new(),
                timeouts: Vec::new(),
            },
            stop: None,
        }
    }

    /// It goes into this state. That it is in already is no change.
    pub fn to(state: M::State) -> Self {
        let mut transition = Self::keep();
        transition.effects.state = Some(state);
        transition
    }

    /// It ends with this reason.
    pub fn stop(reason: ExitReason) -> Self {
        Self {
            stop: Some(reason),
            ..Self::keep()
        }
    }

    /// Keeps the event for later: it is handled again after the next change of state.
    pub fn postpone(mut self, event: Event<M>) -> Self {
        self.effects.postponed = Some(event);
        self
    }

    /// Has another event handled next, behind those that this callback inserted before it.
    pub fn insert(mut self, event: Event<M>) -> Self {
        self.effects.inserted.push(event);
        self
    }

    /// Sets a time-out; see [`Timeouts::set`].
    pub fn timeout(mut self, which: Timeout, after: Duration) -> Self {
        self.effects.timeouts.push((which, Some(after)));
        self
    }

    /// Cancels a time-out.
    pub fn cancel(mut self, which: Timeout) -> Self {
        self.effects.timeouts.push((which, None));
        self
    }
}

impl<M: StateMachine> fmt::Debug for Transition<M> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Transition")
            .field("timeouts", &self.effects.timeouts)
            .field("stop", &self.stop)
            .finish_non_exhaustive()
    }
}
