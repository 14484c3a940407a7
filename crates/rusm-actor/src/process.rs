//! One process: the half that everybody sees and the half that only its owner touches.
//!
//! # Ownership
//! The shared half is immutable but for the run state and the inbox. The owner half belongs to the
//! worker whose slice of this process is running; its mutex is there because Rust wants one, and is
//! never contended in normal service.
//!
//! # Locking
//! At most one lock is held at a time, and none while anything is called that is not of this crate:
//! cliques of linked processes cannot deadlock, as no operation needs the locks of two.
//!
//! # Life
//! A body holds its own process alive through its [`Context`](crate::Context). Only `exit.rs` breaks that
//! cycle, by dropping the body; so a node must end its processes before it is let go.

use crate::ending::Ending;
use crate::id::{Pid, Ref};
use crate::inbox::{Batch, Begun, Inbox, Lone, MailboxBounds, Refused};
use crate::kernel::{Kernel, KernelRef};
use crate::mailbox::{Cursor, Mailbox, Selector};
use crate::message::{Event, Payload};
use crate::reason::ExitReason;
use crate::relations::{Relations, Verdict};
use crate::sched::{EVENTS_PER_SLICE, Ready};
use crate::signal::{Envelope, Signal};
use crate::small_map::SmallMap;
use crate::state::{RunState, Woken};
use crate::stopwatch::{Mark, Stopwatch};
use crate::sync::{Arc, AtomicBool, AtomicU32, Mutex, Ordering};
use std::any::Any;
use std::fmt;
use std::pin::Pin;
use std::task::{Wake, Waker};

/// What a process runs: it ends with the reason that the future gives.
pub(crate) type Body = Pin<Box<dyn Future<Output = ExitReason> + Send>>;

/// A body and the waker it is polled with. Both hold the process, and live as long as it does.
pub(crate) struct Task {
    pub(crate) body: Body,
    pub(crate) waker: Waker,
}

impl fmt::Debug for Task {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Task")
    }
}

pub(crate) struct Process {
    pub(crate) pid: Pid,
    pub(crate) parent: Option<Pid>,
    pub(crate) label: Arc<str>,
    pub(crate) extension: Option<Arc<dyn Any + Send + Sync>>,
    /// Who waits for its end outside of the node.
    pub(crate) ending: Option<Ending>,
    pub(crate) kernel: KernelRef,
    pub(crate) inbox: Inbox,
    /// Whether it goes ahead of others when something arrives for it.
    pub(crate) is_system: bool,
    /// Whether the registry may know this process by a name or in a group.
    pub(crate) is_registered: AtomicBool,
    /// Whether a timer may be addressed to this process.
    pub(crate) has_timers: AtomicBool,
    pub(crate) pace: Pace,
    pub(crate) stopwatch: Stopwatch,
    /// Whether the mailbox is empty, so that a receive need not look. Written under the owner's lock.
    pub(crate) is_mailbox_empty: AtomicBool,
    /// Whether a fatal signal was met, or the body is being dropped. Written and read by the owner.
    is_doomed: AtomicBool,
    pub(crate) owner: Mutex<Owner>,
}

/// How many events the running slice may still take: a process that finds its mailbox filled again and
/// again gives way at some point. Owner only; the atomic is there because the process is shared.
#[derive(Debug)]
pub(crate) struct Pace(AtomicU32);

impl Pace {
    pub(crate) fn renew(&self, n_events: u32) {
        self.0.store(n_events, Ordering::Relaxed);
    }

    /// Counts one event.
    pub(crate) fn spend(&self) {
        let left = self.0.load(Ordering::Relaxed);
        self.0.store(left.saturating_sub(1), Ordering::Relaxed);
    }

    pub(crate) fn is_spent(&self) -> bool {
        self.0.load(Ordering::Relaxed) == 0
    }
}

/// What only the running slice touches.
#[derive(Default)]
pub(crate) struct Owner {
    pub(crate) mailbox: Mailbox,
    pub(crate) relations: Relations,
    pub(crate) calls: SmallMap<Ref, PendingCall>,
    /// Most processes end of their own accord, and have none.
    pub(crate) doom: Option<Box<Doom>>,
}

/// A fatal signal was met.
pub(crate) struct Doom {
    /// Of the first one; it fixes the reason (OTP statement 038).
    pub(crate) reason: ExitReason,
    /// What stood behind it: its requests must still be answered.
    pub(crate) behind: Vec<Envelope>,
}

/// A request of this process that has not been taken back.
#[derive(Debug)]
pub(crate) enum PendingCall {
    /// No answer yet from this process.
    Waiting { callee: Pid },
    /// Answered by `from`, or given up because the callee ended.
    Answered {
        from: Option<Pid>,
        result: Result<Payload, ExitReason>,
    },
}

impl Process {
    pub(crate) fn new(seed: Seed, pid: Pid, kernel: KernelRef) -> Self {
        let inbox = Inbox::new(seed.bounds, kernel.mailboxes.clone());
        Self {
            pid,
            parent: seed.parent,
            label: seed.label,
            extension: seed.extension,
            ending: seed.ending,
            kernel,
            inbox,
            is_system: seed.is_system,
            is_registered: AtomicBool::new(false),
            has_timers: AtomicBool::new(false),
            is_mailbox_empty: AtomicBool::new(true),
            is_doomed: AtomicBool::new(false),
            pace: Pace(AtomicU32::new(EVENTS_PER_SLICE)),
            stopwatch: Stopwatch::new(),
            owner: Mutex::new(Owner::default()),
        }
    }

    /// Puts an envelope into the inbox and sees that it is looked at. The caller names the kernel, so that
    /// the reference it found the process by can go into the run queue.
    pub(crate) fn deliver(
        self: Arc<Self>,
        kernel: &Kernel,
        envelope: Envelope,
    ) -> Result<(), Refused> {
        match self.inbox.push(envelope)? {
            Woken::Enqueue => kernel.sched.ready(self, Ready::Woken),
            Woken::Nothing => {}
        }
        Ok(())
    }

    /// The same with a message for which a timer holds room, and which is due.
    pub(crate) fn deliver_due(
        self: Arc<Self>,
        kernel: &Kernel,
        envelope: Envelope,
    ) -> Result<(), Refused> {
        match self.inbox.push_reserved(envelope)? {
            Woken::Enqueue => kernel.sched.ready(self, Ready::Due),
            Woken::Nothing => {}
        }
        Ok(())
    }

    /// Makes the process runnable unless it is already.
    pub(crate) fn rouse(self: &Arc<Self>, why: Ready) {
        match self.inbox.wake() {
            Woken::Enqueue => self.kernel.sched.ready(Arc::clone(self), why),
            Woken::Nothing => {}
        }
    }

    /// Whether it has ended, or must before it does anything else.
    pub(crate) fn is_ending(&self) -> bool {
        self.inbox.is_killed() || self.inbox.state() == RunState::Gone
    }

    /// Whether nothing is handed out to the body any more: a fatal signal was met. Owner only.
    pub(crate) fn is_doomed(&self) -> bool {
        // Relaxed: the owner writes it and reads it.
        self.is_doomed.load(Ordering::Relaxed)
    }

    /// Begins a slice: acts on what has to be acted upon, and hands out the body. Owner only.
    pub(crate) fn begin_slice(&self, mark: Mark) -> Option<Task> {
        let Begun { task, batch } = self.inbox.begin();
        self.stopwatch.begin(mark);
        self.pace.renew(self.kernel.sched.events_per_slice());
        if let Some(batch) = batch {
            self.absorb(batch);
        }
        task
    }

    /// Acts on what has arrived: signals at once, messages into the mailbox. After a fatal signal everything
    /// stays where it is for the death sequence. Owner only.
    pub(crate) fn settle(&self) {
        if !self.is_doomed() {
            self.absorb(self.inbox.take());
        }
    }

    fn absorb(&self, mut batch: Batch) {
        let mut owner = self.owner.lock();
        owner.absorb(self, &mut batch);
        // Relaxed: the owner writes them and reads them.
        self.is_mailbox_empty
            .store(owner.mailbox.is_empty(), Ordering::Relaxed);
        self.is_doomed
            .store(owner.doom.is_some(), Ordering::Relaxed);
        drop(owner);
        self.inbox.recycle(batch);
    }

    /// The reason of the first fatal signal met, if one was. Owner only.
    pub(crate) fn met_doom(&self) -> Option<ExitReason> {
        let owner = self.owner.lock();
        owner.doom.as_ref().map(|doom| doom.reason.clone())
    }

    /// The process ends: from here on nothing is handed out to its body, which may still act while it is
    /// dropped. Owner only.
    pub(crate) fn doom(&self) {
        self.is_doomed.store(true, Ordering::Relaxed);
    }

    /// Acts on what arrived and was not looked at, and answers whether anything may have. Owner only.
    pub(crate) fn settle_if_waiting(&self) -> bool {
        let is_waiting = self.inbox.is_waiting();
        if is_waiting {
            self.settle();
        }
        is_waiting
    }

    /// The oldest event that matches, of those received and, if there is none, of what waits in the inbox.
    /// Owner only.
    pub(crate) fn take(&self, select: &Selector, cursor: &mut Cursor) -> Option<Event> {
        let is_empty = self.is_mailbox_empty.load(Ordering::Relaxed);
        if !is_empty && let Some(event) = self.take_received(select, cursor) {
            return Some(event);
        }
        if !self.inbox.is_waiting() || self.is_doomed() {
            return None;
        }
        if is_empty {
            match self.inbox.take_lone(select) {
                Lone::Message(message) => return Some(Event::Message(message)),
                Lone::Nothing => return None,
                Lone::More => {}
            }
        }
        self.settle();
        self.take_received(select, cursor)
    }

    fn take_received(&self, select: &Selector, cursor: &mut Cursor) -> Option<Event> {
        if self.is_doomed() {
            return None;
        }
        let mut owner = self.owner.lock();
        let event = owner.mailbox.take(select, cursor)?;
        self.is_mailbox_empty
            .store(owner.mailbox.is_empty(), Ordering::Relaxed);
        if let Some(bytes) = event.charged_bytes() {
            // Within the lock, as it is for one at a time.
            self.inbox.release(bytes);
        }
        Some(event)
    }
}

impl Owner {
    fn absorb(&mut self, me: &Process, batch: &mut Batch) {
        let mut envelopes = batch.drain();
        while self.doom.is_none() {
            let Some(envelope) = envelopes.next() else {
                return;
            };
            match envelope {
                Envelope::Message(message) => self.mailbox.push(Event::Message(message)),
                Envelope::Request(request) => {
                    self.relations.watched_by(request.id, request.from);
                    self.mailbox.push(Event::Request(request));
                }
                Envelope::Reply { id, from, payload } => self.answer(id, Some(from), Ok(payload)),
                Envelope::Signal(signal) => self.act_on(me, signal),
            }
        }
        if let Some(doom) = &mut self.doom {
            doom.behind.extend(envelopes);
        }
    }

    fn act_on(&mut self, me: &Process, signal: Signal) {
        match self.relations.on_signal(signal) {
            Verdict::GoOn => {}
            Verdict::Deliver(event) => self.mailbox.push_asked(event, me.inbox.bounds()),
            Verdict::DeliverUnasked(event) => self.mailbox.push_unasked(event, me.inbox.bounds()),
            Verdict::CalleeEnded(id, reason) => self.answer(id, None, Err(reason)),
            Verdict::Die(reason) => {
                let behind = Vec::new();
                self.doom = Some(Box::new(Doom { reason, behind }));
            }
        }
    }

    /// The first answer to a request counts; one to a request given up goes nowhere.
    fn answer(&mut self, id: Ref, from: Option<Pid>, result: Result<Payload, ExitReason>) {
        if let Some(call @ PendingCall::Waiting { .. }) = self.calls.get_mut(id) {
            *call = PendingCall::Answered { from, result };
        }
    }
}

/// What a process is made from, before it has a pid.
pub(crate) struct Seed {
    pub(crate) parent: Option<Pid>,
    pub(crate) label: Arc<str>,
    pub(crate) extension: Option<Arc<dyn Any + Send + Sync>>,
    pub(crate) ending: Option<Ending>,
    pub(crate) bounds: MailboxBounds,
    pub(crate) is_system: bool,
}

impl Wake for Process {
    fn wake(self: Arc<Self>) {
        self.rouse(Ready::Woken);
    }

    fn wake_by_ref(self: &Arc<Self>) {
        self.rouse(Ready::Woken);
    }
}

impl fmt::Debug for Process {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Process({} {})", self.pid, self.label)
    }
}
