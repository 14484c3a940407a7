//! Timers: arm, cancel, and fire into inboxes.
//!
//! # Bounds
//! A pending timer holds room in a mailbox from the start, so timers are bounded as messages are: in the
//! receiver's if it is addressed to a pid, and then firing never fails; in that of the process that
//! armed it if it is addressed to a name. When that process ends, the timer goes with it.
//!
//! # Who fires
//! Workers do between their slices, so that a timer is not late because all cores are busy; the timer thread
//! does for those that sleep, or are in a long slice.
//!
//! # Order
//! One thread at a time fires, in due order (OTP statement 076). Cancelling and firing take the timer
//! out under one lock: exactly one of them gets it (OTP statement 075).
//!
//! # Locking
//! One lock, held for queue operations; delivery happens outside it.

pub(crate) mod queue;

use crate::context::Destination;
use crate::id::{Pid, Ref};
use crate::inbox::Refused;
use crate::kernel::Kernel;
use crate::message::Message;
use crate::sched::Ready;
use crate::signal::Envelope;
use crate::sync::{AtomicU64, Condvar, Mutex, Ordering};
use queue::{TimerKey, TimerQueue};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

#[derive(Debug)]
enum Expiry {
    /// A receive, call or sleep of this process timed out.
    Wake(Pid),
    /// A message is due. A name is looked up then (OTP statement 078).
    Send {
        id: Ref,
        to: Destination,
        message: Message,
    },
}

/// In whose mailbox a timer holds room.
fn charged(to: &Destination, message: &Message) -> Pid {
    match to {
        Destination::Pid(receiver) => *receiver,
        Destination::Name(_) => message.from,
    }
}

#[derive(Debug, Default)]
struct State {
    queue: TimerQueue<Expiry>,
    by_ref: HashMap<Ref, TimerKey>,
    /// The timers that hold room in each mailbox.
    by_charged: HashMap<Pid, BTreeSet<TimerKey>>,
    /// How many each process has armed, whomever they are for.
    n_armed: HashMap<Pid, usize>,
    /// Until when the timer thread sleeps; it need not be woken for anything later.
    sleeps_until: Option<Duration>,
    /// A thread is firing what is due.
    is_firing: bool,
    is_stopped: bool,
}

/// No timer is pending.
const NEVER: u64 = u64::MAX;

#[derive(Debug)]
pub(crate) struct Timers {
    state: Mutex<State>,
    alarm: Condvar,
    /// In nanoseconds, when the first of them is due: a hint that costs workers no lock.
    first_due: AtomicU64,
}

impl Default for Timers {
    fn default() -> Self {
        Self {
            state: Mutex::default(),
            alarm: Condvar::new(),
            first_due: AtomicU64::new(NEVER),
        }
    }
}

impl Timers {
    /// Wakes the process at `due` unless cancelled.
    pub(crate) fn arm_wake(&self, due: Duration, pid: Pid) -> TimerKey {
        let mut state = self.state.lock();
        let key = state.queue.insert(due, Expiry::Wake(pid));
        self.note_first(&state);
        self.alert(&mut state, due);
        key
    }

    pub(crate) fn cancel_wake(&self, key: TimerKey) {
        let mut state = self.state.lock();
        state.queue.remove(key);
        self.note_first(&state);
    }

    /// Sends `message` at `due`; its room must be reserved.
    fn arm_send(&self, due: Duration, id: Ref, to: Destination, message: Message) {
        let charged = charged(&to, &message);
        let mut state = self.state.lock();
        *state.n_armed.entry(message.from).or_default() += 1;
        let key = state.queue.insert(due, Expiry::Send { id, to, message });
        state.by_ref.insert(id, key);
        state.by_charged.entry(charged).or_default().insert(key);
        self.note_first(&state);
        self.alert(&mut state, due);
    }

    /// Takes a timer back: the time it had left, or none if it fired or never was (OTP statement 074).
    pub(crate) fn cancel(&self, kernel: &Kernel, id: Ref) -> Option<Duration> {
        let (key, expiry) = {
            let mut state = self.state.lock();
            let key = state.by_ref.remove(&id)?;
            let expiry = state.queue.remove(key)?;
            state.forget(key, &expiry);
            self.note_first(&state);
            (key, expiry)
        };
        if let Expiry::Send { to, message, .. } = &expiry {
            release(kernel, to, message);
        }
        Some(key.due.saturating_sub(kernel.clock.now()))
    }

    /// The time a timer has left at `now`, if it is pending.
    pub(crate) fn left(&self, id: Ref, now: Duration) -> Option<Duration> {
        let state = self.state.lock();
        Some(state.by_ref.get(&id)?.due.saturating_sub(now))
    }

    /// How many pending timers a process has armed.
    pub(crate) fn n_armed_by(&self, pid: Pid) -> usize {
        self.state.lock().n_armed.get(&pid).copied().unwrap_or(0)
    }

    /// Drops the timers that hold room in an ended process's mailbox (OTP statement 077).
    pub(crate) fn drop_charged(&self, pid: Pid) {
        let mut state = self.state.lock();
        for key in state.by_charged.remove(&pid).unwrap_or_default() {
            if let Some(Expiry::Send { id, message, .. }) = state.queue.remove(key) {
                state.by_ref.remove(&id);
                state.disown(message.from);
            }
        }
        self.note_first(&state);
    }

    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.state.lock().queue.next_due()
    }

    pub(crate) fn len(&self) -> usize {
        self.state.lock().queue.len()
    }

    /// Fires what is due, if anything may be: for workers, between their slices.
    pub(crate) fn fire_if_due(&self, kernel: &Kernel) {
        // Relaxed: a hint; the timer thread sees to what is missed.
        let first_due = self.first_due.load(Ordering::Relaxed);
        if first_due != NEVER && kernel.clock.now() >= Duration::from_nanos(first_due) {
            self.fire_due(kernel);
        }
    }

    /// Fires everything that is due now, unless another thread does so already.
    pub(crate) fn fire_due(&self, kernel: &Kernel) {
        let now = kernel.clock.now();
        if std::mem::replace(&mut self.state.lock().is_firing, true) {
            return;
        }
        while let Some(expiry) = self.pop_due(now) {
            fire(kernel, expiry);
        }
    }

    /// The next timer due. If there is none, whoever wants may fire from now on.
    fn pop_due(&self, now: Duration) -> Option<Expiry> {
        let mut state = self.state.lock();
        let due = state.queue.pop_due(now);
        if let Some((key, expiry)) = &due {
            state.forget(*key, expiry);
        } else {
            state.is_firing = false;
            self.note_first(&state);
            if let Some(next) = state.queue.next_due() {
                self.alert(&mut state, next);
            }
        }
        due.map(|(_, expiry)| expiry)
    }

    /// The timer thread: fires what is due and sleeps until the next, or until something is armed.
    pub(crate) fn run(&self, kernel: &Kernel) {
        loop {
            self.fire_due(kernel);
            let mut state = self.state.lock();
            if state.is_stopped {
                return;
            }
            let now = kernel.clock.now();
            // A worker that fires calls when it has done so.
            let next = state.queue.next_due().filter(|_| !state.is_firing);
            state.sleeps_until = Some(next.unwrap_or(Duration::MAX));
            match next {
                None => self.alarm.wait(&mut state),
                Some(due) if due > now => {
                    self.alarm.wait_for(&mut state, due - now);
                }
                Some(_) => {}
            }
            state.sleeps_until = None;
        }
    }

    fn note_first(&self, state: &State) {
        let nanos = |due: Duration| u64::try_from(due.as_nanos()).unwrap_or(NEVER);
        let first_due = state.queue.next_due().map_or(NEVER, nanos);
        self.first_due.store(first_due, Ordering::Relaxed);
    }

    pub(crate) fn stop(&self) {
        self.state.lock().is_stopped = true;
        self.alarm.notify_all();
    }

    fn alert(&self, state: &mut State, due: Duration) {
        if state.sleeps_until.is_some_and(|until| due < until) {
            state.sleeps_until = Some(due);
            self.alarm.notify_one();
        }
    }
}

impl State {
    /// One timer less of whoever armed it.
    fn disown(&mut self, armed_by: Pid) {
        if let Some(n_armed) = self.n_armed.get_mut(&armed_by) {
            *n_armed = n_armed.saturating_sub(1);
            if *n_armed == 0 {
                self.n_armed.remove(&armed_by);
            }
        }
    }

    /// Clears the indexes of a timer that left the queue.
    fn forget(&mut self, key: TimerKey, expiry: &Expiry) {
        let Expiry::Send { id, to, message } = expiry else {
            return;
        };
        self.by_ref.remove(id);
        self.disown(message.from);
        let charged = charged(to, message);
        if let Some(keys) = self.by_charged.get_mut(&charged) {
            keys.remove(&key);
            if keys.is_empty() {
                self.by_charged.remove(&charged);
            }
        }
    }
}

fn fire(kernel: &Kernel, expiry: Expiry) {
    match expiry {
        Expiry::Wake(pid) => {
            if let Some(process) = kernel.table.find(pid) {
                process.rouse(Ready::Due);
            }
        }
        Expiry::Send {
            to: Destination::Pid(to),
            message,
            ..
        } => {
            if let Some(process) = kernel.table.find(to) {
                // Closed meanwhile: the timer goes with the process.
                let _gone = process.deliver_due(kernel, Envelope::Message(message));
            }
        }
        Expiry::Send {
            to: Destination::Name(name),
            message,
            ..
        } => {
            let holder = kernel.holder(name.as_str());
            release(kernel, &Destination::Name(name), &message);
            if let Some(process) = holder {
                // A full mailbox sheds it, as it would a message sent now.
                let _shed = process.deliver(kernel, Envelope::Message(message));
            }
        }
    }
}

/// Gives back the room that a timer held.
fn release(kernel: &Kernel, to: &Destination, message: &Message) {
    if let Some(process) = kernel.table.find(charged(to, message)) {
        process.inbox.release_reserved(message.payload.len());
    }
}

/// Arms a timer for a message: reserves the room, and notes that the process it is in has timers.
pub(crate) fn arm(
    kernel: &Kernel,
    due: Duration,
    id: Ref,
    to: Destination,
    message: Message,
) -> Result<(), Refused> {
    let charged = charged(&to, &message);
    let Some(process) = kernel.table.find(charged) else {
        return Ok(()); // Like a message to the dead, it goes nowhere.
    };
    match process.inbox.reserve(message.payload.len()) {
        Err(Refused::Closed) => return Ok(()),
        other => other?,
    }
    // SeqCst pairs with the exit sequence: it looks at the flag after it has left the table, and here
    // the table is looked at again after the timer is in.
    process.has_timers.store(true, Ordering::SeqCst);
    kernel.timers.arm_send(due, id, to, message);
    if kernel.table.find(charged).is_none() {
        kernel.timers.drop_charged(charged);
    }
    Ok(())
}

#[cfg(test)]
mod tests;
