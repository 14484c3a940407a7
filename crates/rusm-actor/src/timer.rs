//! Timers: arm, cancel, and fire into inboxes.
//!
//! # Bounds
//! A timer addressed to a pid holds room in that process's mailbox from the start, so firing never
//! fails and pending timers are bounded as messages are. Timers addressed to a name share one bound
//! over the whole node.
//!
//! # Order
//! One thread fires all timers in due order (OTP statement 076). Cancelling and firing take the timer
//! out under one lock: exactly one of them gets it (OTP statement 075).
//!
//! # Locking
//! One lock, held for queue operations; delivery happens outside it.

pub(crate) mod queue;

use crate::id::{Name, Pid, Ref};
use crate::inbox::Refused;
use crate::kernel::Kernel;
use crate::message::Message;
use crate::signal::Envelope;
use crate::sync::{Condvar, Mutex, Ordering};
use queue::{TimerKey, TimerQueue};
use std::collections::{BTreeSet, HashMap};
use std::time::Duration;

/// Pending timers that are addressed to names.
const NAMED_MAX: usize = 100_000;
/// Bytes in pending timers that are addressed to names.
const NAMED_BYTES_MAX: usize = 64 << 20;

#[derive(Debug)]
enum Expiry {
    /// A receive, call or sleep of this process timed out.
    Wake(Pid),
    /// To a process in whose mailbox the room is held.
    ToPid { id: Ref, to: Pid, message: Message },
    /// To whoever holds the name then (OTP statement 078).
    ToName { id: Ref, to: Name, message: Message },
}

#[derive(Debug, Default)]
struct State {
    queue: TimerQueue<Expiry>,
    by_ref: HashMap<Ref, TimerKey>,
    by_receiver: HashMap<Pid, BTreeSet<TimerKey>>,
    n_named: usize,
    named_bytes: usize,
    /// Until when the timer thread sleeps; it need not be woken for anything later.
    sleeps_until: Option<Duration>,
    is_stopped: bool,
}

#[derive(Debug, Default)]
pub(crate) struct Timers {
    state: Mutex<State>,
    alarm: Condvar,
}

impl Timers {
    /// Wakes the process at `due` unless cancelled.
    pub(crate) fn arm_wake(&self, due: Duration, pid: Pid) -> TimerKey {
        let mut state = self.state.lock();
        let key = state.queue.insert(due, Expiry::Wake(pid));
        self.alert(&mut state, due);
        key
    }

    pub(crate) fn cancel_wake(&self, key: TimerKey) {
        self.state.lock().queue.remove(key);
    }

    /// Sends `message` to a process at `due`; its room must be reserved.
    pub(crate) fn arm_to_pid(&self, due: Duration, id: Ref, to: Pid, message: Message) {
        let mut state = self.state.lock();
        let key = state.queue.insert(due, Expiry::ToPid { id, to, message });
        state.by_ref.insert(id, key);
        state.by_receiver.entry(to).or_default().insert(key);
        self.alert(&mut state, due);
    }

    /// Sends `message` at `due` to whoever holds the name then.
    pub(crate) fn arm_to_name(
        &self,
        due: Duration,
        id: Ref,
        to: Name,
        message: Message,
    ) -> Result<(), Refused> {
        let bytes = message.payload.len();
        let mut state = self.state.lock();
        if state.n_named >= NAMED_MAX || state.named_bytes + bytes > NAMED_BYTES_MAX {
            return Err(Refused::Full);
        }
        state.n_named += 1;
        state.named_bytes += bytes;
        let key = state.queue.insert(due, Expiry::ToName { id, to, message });
        state.by_ref.insert(id, key);
        self.alert(&mut state, due);
        Ok(())
    }

    /// Takes a timer back: the time it had left, or none if it fired or never was (OTP statement 074).
    pub(crate) fn cancel(&self, kernel: &Kernel, id: Ref) -> Option<Duration> {
        let (key, expiry) = {
            let mut state = self.state.lock();
            let key = state.by_ref.remove(&id)?;
            let expiry = state.queue.remove(key)?;
            state.forget(key, &expiry);
            (key, expiry)
        };
        if let Expiry::ToPid { to, message, .. } = expiry
            && let Some(receiver) = kernel.table.find(to)
        {
            receiver.inbox.release_reserved(message.payload.len());
        }
        Some(key.due.saturating_sub(kernel.clock.now()))
    }

    /// Drops the timers addressed to an ended process (OTP statement 077).
    pub(crate) fn drop_receiver(&self, pid: Pid) {
        let mut state = self.state.lock();
        for key in state.by_receiver.remove(&pid).unwrap_or_default() {
            if let Some(Expiry::ToPid { id, .. }) = state.queue.remove(key) {
                state.by_ref.remove(&id);
            }
        }
    }

    pub(crate) fn next_due(&self) -> Option<Duration> {
        self.state.lock().queue.next_due()
    }

    pub(crate) fn len(&self) -> usize {
        self.state.lock().queue.len()
    }

    /// Fires everything that is due now.
    pub(crate) fn fire_due(&self, kernel: &Kernel) {
        let now = kernel.clock.now();
        while let Some(expiry) = self.pop_due(now) {
            fire(kernel, expiry);
        }
    }

    fn pop_due(&self, now: Duration) -> Option<Expiry> {
        let mut state = self.state.lock();
        let (key, expiry) = state.queue.pop_due(now)?;
        state.forget(key, &expiry);
        Some(expiry)
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
            state.sleeps_until = Some(state.queue.next_due().unwrap_or(Duration::MAX));
            match state.queue.next_due() {
                None => self.alarm.wait(&mut state),
                Some(due) if due > now => {
                    self.alarm.wait_for(&mut state, due - now);
                }
                Some(_) => {}
            }
            state.sleeps_until = None;
        }
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
    /// Clears the indexes of a timer that left the queue.
    fn forget(&mut self, key: TimerKey, expiry: &Expiry) {
        match expiry {
            Expiry::Wake(_) => {}
            Expiry::ToPid { id, to, .. } => {
                self.by_ref.remove(id);
                if let Some(keys) = self.by_receiver.get_mut(to) {
                    keys.remove(&key);
                    if keys.is_empty() {
                        self.by_receiver.remove(to);
                    }
                }
            }
            Expiry::ToName { id, message, .. } => {
                self.by_ref.remove(id);
                self.n_named -= 1;
                self.named_bytes -= message.payload.len();
            }
        }
    }
}

fn fire(kernel: &Kernel, expiry: Expiry) {
    match expiry {
        Expiry::Wake(pid) => {
            if let Some(process) = kernel.table.find(pid) {
                process.rouse();
            }
        }
        Expiry::ToPid { to, message, .. } => {
            if let Some(process) = kernel.table.find(to)
                && process
                    .inbox
                    .push_reserved(Envelope::Message(message))
                    .is_ok()
            {
                process.rouse();
            }
        }
        Expiry::ToName { to, message, .. } => {
            if let Some(process) = kernel.holder(to.as_str()) {
                // A full mailbox sheds it, as it would a message sent now.
                let _shed = process.deliver(kernel, Envelope::Message(message));
            }
        }
    }
}

/// Arms a timer for a process: reserves the room and notes that the process has timers.
pub(crate) fn arm_to_process(
    kernel: &Kernel,
    due: Duration,
    id: Ref,
    to: Pid,
    message: Message,
) -> Result<(), Refused> {
    let Some(process) = kernel.table.find(to) else {
        return Ok(()); // Like a message to the dead, it goes nowhere.
    };
    match process.inbox.reserve(message.payload.len()) {
        Err(Refused::Closed) => return Ok(()),
        other => other?,
    }
    // SeqCst pairs with the exit sequence: it looks at the flag after it has closed the inbox, and
    // here the inbox is looked at again after the timer is in.
    process.has_timers.store(true, Ordering::SeqCst);
    kernel.timers.arm_to_pid(due, id, to, message);
    if kernel.table.find(to).is_none() {
        kernel.timers.drop_receiver(to);
    }
    Ok(())
}
