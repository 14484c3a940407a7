//! What a body may do: [`Context`], the process's own view of the node.
//!
//! # Ownership
//! A context belongs to the body of its process and is used within that body's slices only. Its futures
//! may be dropped at any moment; nothing is lost by that.

mod call;
mod names;
mod receive;
mod signals;
mod sleep;

use crate::error::{CallError, SendError, SpawnError};
use crate::id::{Name, Pid, Ref};
use crate::inbox::Refused;
use crate::mailbox::{Cursor, Selector};
use crate::message::{Event, Message, Payload};
use crate::node::Node;
use crate::process::Process;
use crate::reason::ExitReason;
use crate::sched;
use crate::signal::Envelope;
use crate::spawn::{self, SpawnOptions, Spawned};
use crate::sync::Arc;
use crate::timer;
use std::fmt;
use std::time::Duration;

/// Where a message goes: a process, or whoever holds a name at that moment (OTP statement 069).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Destination {
    /// This very process.
    Pid(Pid),
    /// The holder of this name.
    Name(Name),
}

impl From<Pid> for Destination {
    fn from(pid: Pid) -> Self {
        Self::Pid(pid)
    }
}

impl From<Name> for Destination {
    fn from(name: Name) -> Self {
        Self::Name(name)
    }
}

/// The process's own view of the node.
pub struct Context {
    process: Arc<Process>,
}

impl Context {
    pub(crate) fn new(process: Arc<Process>) -> Self {
        Self { process }
    }

    /// This process.
    pub fn pid(&self) -> Pid {
        self.process.pid
    }

    /// The process that spawned this one; none when the node itself did.
    pub fn parent(&self) -> Option<Pid> {
        self.process.parent
    }

    /// A handle to the node.
    pub fn node(&self) -> Node {
        Node::of(&self.process.kernel)
    }

    /// Monotonic time since the node started.
    pub fn now(&self) -> Duration {
        self.process.kernel.clock.now()
    }

    /// When the running slice began, on the clock of [`Context::now`], for a body that measures its slices: where one that is measured
    /// follows another at once, the end of that, and otherwise now. So it is asked first thing in a slice.
    pub fn slice_began(&self) -> Duration {
        let began = self.process.stopwatch.began();
        began.unwrap_or_else(|| self.now())
    }

    /// When the running slice ends: now. It is asked last thing in a slice; what a body does after it may count for whoever is next.
    pub fn slice_ends(&self) -> Duration {
        let now = self.now();
        self.process.stopwatch.note_end(now);
        now
    }

    /// Sends a message and goes on (OTP statements 014, 018, 020).
    ///
    /// # Errors
    /// [`SendError::NoName`], [`SendError::MailboxFull`]. A pid that is gone is no error.
    pub fn send(
        &self,
        to: impl Into<Destination>,
        tag: u64,
        payload: impl Into<Payload>,
    ) -> Result<(), SendError> {
        let receiver = self.find(&to.into()).ok_or(SendError::NoName)?;
        let message = self.message(tag, payload.into());
        let kernel = &self.process.kernel;
        let delivered = receiver.map(|process| process.deliver(kernel, Envelope::Message(message)));
        match delivered.unwrap_or(Err(Refused::Closed)) {
            Ok(()) | Err(Refused::Closed) => Ok(()),
            Err(Refused::Full) => Err(SendError::MailboxFull),
        }
    }

    /// Waits for the oldest matching event (OTP statements 022, 023).
    pub fn receive(&self, select: Selector) -> impl Future<Output = Event> + Send + '_ {
        receive::Receive::new(self, select)
    }

    /// Waits for the oldest matching event; none once `timeout` has passed, never earlier (OTP statements
    /// 024 to 026). With a timeout of 0 the mailbox is looked through once.
    pub fn receive_timeout(
        &self,
        select: Selector,
        timeout: Duration,
    ) -> impl Future<Output = Option<Event>> + Send + '_ {
        receive::ReceiveTimeout::new(self, select, timeout)
    }

    /// The oldest matching event, if one is there.
    pub fn try_receive(&self, select: &Selector) -> Option<Event> {
        self.process.take(select, &mut Cursor::default())
    }

    /// Sends a request and waits for its reply (OTP statements 093 to 097).
    ///
    /// # Errors
    /// [`CallError`]; at once when the callee has ended or ends, and after `timeout` when there is one.
    pub fn call(
        &self,
        to: impl Into<Destination>,
        tag: u64,
        payload: impl Into<Payload>,
        timeout: Option<Duration>,
    ) -> impl Future<Output = Result<Payload, CallError>> + Send + '_ {
        call::Call::new(self, to.into(), tag, payload.into(), timeout)
    }

    /// Answers a request, once; a second answer, or one to a caller that gave up, goes nowhere.
    pub fn reply(&self, request: Ref, payload: impl Into<Payload>) {
        if let Some(caller) = self.process.kernel.calls.remove(request) {
            self.process.owner.lock().relations.answered(request);
            let from = self.pid();
            let payload = payload.into();
            self.tell(
                caller,
                Envelope::Reply {
                    id: request,
                    from,
                    payload,
                },
            );
        }
    }

    /// Sends a message after a delay, once and never earlier (OTP statements 073, 077, 078).
    ///
    /// Addressed to a pid it vanishes with that process, and outlives the one that armed it. Addressed to a
    /// name, which is looked up when it is due, it vanishes with the process that armed it.
    ///
    /// # Errors
    /// [`SendError::MailboxFull`]: a pending timer holds room in the mailbox of the process that it vanishes
    /// with.
    pub fn send_after(
        &self,
        delay: Duration,
        to: impl Into<Destination>,
        tag: u64,
        payload: impl Into<Payload>,
    ) -> Result<Ref, SendError> {
        let kernel = &self.process.kernel;
        let id = kernel.refs.next();
        let due = kernel.clock.now().saturating_add(delay);
        let message = self.message(tag, payload.into());
        let armed = timer::arm(kernel, due, id, to.into(), message);
        match armed {
            Ok(()) | Err(Refused::Closed) => Ok(id),
            Err(Refused::Full) => Err(SendError::MailboxFull),
        }
    }

    /// Takes a timer back: the time it had left, none if it fired or is unknown (OTP statement 074).
    pub fn cancel_timer(&self, timer: Ref) -> Option<Duration> {
        let kernel = &self.process.kernel;
        kernel.timers.cancel(kernel, timer)
    }

    /// The time a timer has left, none if it fired or is unknown; it goes on (OTP statement 074).
    pub fn read_timer(&self, timer: Ref) -> Option<Duration> {
        let kernel = &self.process.kernel;
        kernel.timers.left(timer, kernel.clock.now())
    }

    /// How many timers this process has armed that are pending, whomever they are for.
    pub fn n_timers(&self) -> usize {
        self.process.kernel.timers.n_armed_by(self.pid())
    }

    /// Waits; other processes run meanwhile.
    pub fn sleep(&self, duration: Duration) -> impl Future<Output = ()> + Send + '_ {
        sleep::Sleep::new(self, duration)
    }

    /// Lets others run, and goes on behind them.
    pub fn yield_now(&self) -> impl Future<Output = ()> + Send + '_ {
        sleep::Yield::default()
    }

    /// Whether a body that is computing should let others run now; asked at a preemption tick.
    ///
    /// `true` when an exit signal waits or was met, or signals pile up; when somebody's timer is due; or when the slice is used up and
    /// another process could run: the process is then queued behind those that answer quickly. `computed` is how long it has
    /// computed since it last waited for something, however often it gave way meanwhile.
    pub fn should_yield(&self, computed: Duration) -> bool {
        self.process.inbox.is_urgent()
            || self.process.is_doomed()
            || sched::should_yield(&self.process.kernel, computed)
    }

    /// Starts a process whose parent is this one (OTP statements 001, 008, 009).
    ///
    /// # Errors
    /// [`SpawnError`]: name taken, no room, or shutting down.
    pub fn spawn<F, Fut>(&self, options: SpawnOptions, body: F) -> Result<Spawned, SpawnError>
    where
        F: FnOnce(Context) -> Fut + Send + 'static,
        Fut: Future<Output = ExitReason> + Send + 'static,
    {
        spawn::spawn(&self.process.kernel, Some(&self.process), options, body)
    }

    /// Who is meant: none when nobody holds the name, none inside when the pid is gone.
    fn find(&self, to: &Destination) -> Option<Option<Arc<Process>>> {
        match to {
            Destination::Pid(pid) => Some(self.process.kernel.find(*pid)),
            Destination::Name(name) => self.process.kernel.holder(name.as_str()).map(Some),
        }
    }

    fn message(&self, tag: u64, payload: Payload) -> Message {
        Message {
            from: self.pid(),
            tag,
            payload,
        }
    }

    fn deliver(&self, to: Pid, envelope: Envelope) -> Result<(), Refused> {
        let kernel = &self.process.kernel;
        let receiver = kernel.find(to).ok_or(Refused::Closed)?;
        receiver.deliver(kernel, envelope)
    }

    /// For what needs no answer when the receiver is gone.
    fn tell(&self, to: Pid, envelope: Envelope) {
        let _gone = self.deliver(to, envelope);
    }
}

impl fmt::Debug for Context {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Context({})", self.pid())
    }
}
