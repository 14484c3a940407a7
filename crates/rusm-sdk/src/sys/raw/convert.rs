//! The records of the raw border to the types of this crate and back; no decisions.

use rusm_abi as abi;

use super::answer::Long;
use crate::control::Info;
use crate::kv::{Op, Pair};
use crate::mailbox::{Down, Event, Exit, Message, Request};
use crate::{Denial, Destination, ExitReason, Limit, Pid, Reference};

pub(super) fn pid(number: u64) -> Pid {
    Pid::from_u64(number).expect("the host gives no process the number 0")
}

pub(super) fn reference(number: u64) -> Reference {
    Reference::from_u64(number).expect("the host gives no reference the number 0")
}

/// The two parameters that say where a signal goes: a pid, or 0 and a name.
pub(super) fn address(to: Destination<'_>) -> (u64, &str) {
    match to {
        Destination::Pid(pid) => (pid.as_u64(), ""),
        Destination::Name(name) => (0, name),
    }
}

/// None is negative: wait for ever.
pub(super) fn timeout(timeout_ms: Option<u64>) -> i64 {
    timeout_ms.map_or(-1, |ms| i64::try_from(ms).unwrap_or(i64::MAX))
}

pub(super) fn denial(denial: abi::Denial<'_>) -> Denial {
    Denial {
        permission: denial.permission.into(),
        target: denial.target.into(),
        help: denial.help.into(),
    }
}

pub(super) fn raw_reason(reason: &ExitReason) -> abi::Reason<'_> {
    match reason {
        ExitReason::Normal => abi::Reason::Normal,
        ExitReason::Shutdown => abi::Reason::Shutdown,
        ExitReason::Killed => abi::Reason::Killed,
        ExitReason::NoProcess => abi::Reason::NoProcess,
        ExitReason::NoConnection => abi::Reason::NoConnection,
        ExitReason::Trap(text) => abi::Reason::Trap(text),
        ExitReason::NotStarted(text) => abi::Reason::NotStarted(text),
        ExitReason::Limit(limit) => abi::Reason::Limit(raw_limit(*limit)),
        ExitReason::Error(text) => abi::Reason::Error(text),
    }
}

fn raw_limit(limit: Limit) -> abi::Limit {
    match limit {
        Limit::Memory => abi::Limit::Memory,
        Limit::CpuTime => abi::Limit::CpuTime,
        Limit::WallTime => abi::Limit::WallTime,
        Limit::Output => abi::Limit::Output,
        Limit::Mailbox => abi::Limit::Mailbox,
    }
}

pub(super) fn reason(reason: abi::Reason<'_>) -> ExitReason {
    match reason {
        abi::Reason::Normal => ExitReason::Normal,
        abi::Reason::Shutdown => ExitReason::Shutdown,
        abi::Reason::Killed => ExitReason::Killed,
        abi::Reason::NoProcess => ExitReason::NoProcess,
        abi::Reason::NoConnection => ExitReason::NoConnection,
        abi::Reason::Trap(text) => ExitReason::Trap(text.into()),
        abi::Reason::NotStarted(text) => ExitReason::NotStarted(text.into()),
        abi::Reason::Limit(limit) => ExitReason::Limit(match limit {
            abi::Limit::Memory => Limit::Memory,
            abi::Limit::CpuTime => Limit::CpuTime,
            abi::Limit::WallTime => Limit::WallTime,
            abi::Limit::Output => Limit::Output,
            abi::Limit::Mailbox => Limit::Mailbox,
        }),
        abi::Reason::Error(text) => ExitReason::Error(text.into()),
    }
}

/// An event out of its record; the payload of a large one stays in the buffer that it came in.
pub(super) fn event(event: Long<'_>) -> Event {
    match event.decode() {
        abi::Event::Message { sender, tag, .. } => Event::Message(Message {
            sender: pid(sender),
            tag,
            payload: event.into_bytes(abi::EVENT_HEAD),
        }),
        abi::Event::Request {
            id, sender, tag, ..
        } => Event::Request(Request {
            id: reference(id),
            sender: pid(sender),
            tag,
            payload: event.into_bytes(abi::EVENT_HEAD),
        }),
        abi::Event::Exit {
            sender,
            reason: why,
        } => Event::Exit(Exit {
            sender: pid(sender),
            reason: reason(why),
        }),
        abi::Event::Down {
            monitor,
            process,
            reason: why,
        } => Event::Down(Down {
            monitor: reference(monitor),
            process: pid(process),
            reason: reason(why),
        }),
    }
}

pub(super) fn info(info: abi::Info<'_>) -> Info {
    Info {
        process: pid(info.process),
        parent: info.parent.map(pid),
        component: info.component.into(),
        name: info.name.map(Into::into),
        profile: info.profile.into(),
        state: info.state.into(),
        mailbox_length: info.mailbox_length,
        memory_bytes: info.memory_bytes,
        cpu_time_us: info.cpu_time_us,
        restarts: info.restarts,
    }
}

pub(super) fn pair(pair: abi::Pair<'_>) -> Pair {
    Pair {
        key: pair.key.into(),
        value: pair.value.into(),
    }
}

pub(super) fn raw_op(op: &Op) -> abi::Op<'_> {
    match op {
        Op::Put {
            key,
            value,
            expires_ms,
        } => abi::Op::Put {
            key,
            value,
            expires_ms: *expires_ms,
        },
        Op::Delete(key) => abi::Op::Delete(key),
        Op::Expect { key, value } => abi::Op::Expect {
            key,
            value: value.as_deref(),
        },
    }
}
