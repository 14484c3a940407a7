//! The types of the WIT to the types of this crate and back; no decisions.

use super::bindings::rusm::actor::{control, kv, mailbox, registry, spawner, types};
use crate::control::Info;
use crate::kv::{KvError, Op};
use crate::mailbox::{CallError, Down, Event, Exit, Message, Request, Selector, SendError};
use crate::registry::NameError;
use crate::spawner::{Restrictions, Spawn, SpawnError};
use crate::{Denial, Destination, ExitReason, Limit, Pid, Reference};

pub(super) fn pid_in(number: u64) -> Pid {
    Pid::from_u64(number).expect("the host gives no process the number 0")
}

pub(super) fn reference_in(number: u64) -> Reference {
    Reference::from_u64(number).expect("the host gives no reference the number 0")
}

impl From<types::Denial> for Denial {
    fn from(denial: types::Denial) -> Self {
        Self {
            permission: denial.permission,
            target: denial.target,
            help: denial.help,
        }
    }
}

impl From<Destination<'_>> for types::Destination {
    fn from(to: Destination<'_>) -> Self {
        match to {
            Destination::Pid(pid) => Self::Pid(pid.as_u64()),
            Destination::Name(name) => Self::Name(name.into()),
        }
    }
}

fn limit_out(limit: Limit) -> types::Limit {
    match limit {
        Limit::Memory => types::Limit::Memory,
        Limit::CpuTime => types::Limit::CpuTime,
        Limit::WallTime => types::Limit::WallTime,
        Limit::Output => types::Limit::Output,
        Limit::Mailbox => types::Limit::Mailbox,
    }
}

fn limit_in(limit: types::Limit) -> Limit {
    match limit {
        types::Limit::Memory => Limit::Memory,
        types::Limit::CpuTime => Limit::CpuTime,
        types::Limit::WallTime => Limit::WallTime,
        types::Limit::Output => Limit::Output,
        types::Limit::Mailbox => Limit::Mailbox,
    }
}

pub(super) fn exit_reason_out(reason: &ExitReason) -> types::ExitReason {
    match reason {
        ExitReason::Normal => types::ExitReason::Normal,
        ExitReason::Shutdown => types::ExitReason::Shutdown,
        ExitReason::Killed => types::ExitReason::Killed,
        ExitReason::NoProcess => types::ExitReason::NoProcess,
        ExitReason::NoConnection => types::ExitReason::NoConnection,
        ExitReason::Trap(text) => types::ExitReason::Trap(text.clone()),
        ExitReason::NotStarted(text) => types::ExitReason::NotStarted(text.clone()),
        ExitReason::Limit(limit) => types::ExitReason::Limit(limit_out(*limit)),
        ExitReason::Error(text) => types::ExitReason::Error(text.clone()),
    }
}

fn exit_reason_in(reason: types::ExitReason) -> ExitReason {
    match reason {
        types::ExitReason::Normal => ExitReason::Normal,
        types::ExitReason::Shutdown => ExitReason::Shutdown,
        types::ExitReason::Killed => ExitReason::Killed,
        types::ExitReason::NoProcess => ExitReason::NoProcess,
        types::ExitReason::NoConnection => ExitReason::NoConnection,
        types::ExitReason::Trap(text) => ExitReason::Trap(text),
        types::ExitReason::NotStarted(text) => ExitReason::NotStarted(text),
        types::ExitReason::Limit(limit) => ExitReason::Limit(limit_in(limit)),
        types::ExitReason::Error(text) => ExitReason::Error(text),
    }
}

impl From<&Selector> for mailbox::Selector {
    fn from(selector: &Selector) -> Self {
        Self {
            tags: selector.tags.clone(),
            sender: selector.sender.map(Pid::as_u64),
            monitor: selector.monitor.map(Reference::as_u64),
        }
    }
}

impl From<mailbox::Event> for Event {
    fn from(event: mailbox::Event) -> Self {
        match event {
            mailbox::Event::Message(message) => Self::Message(Message {
                sender: pid_in(message.sender),
                tag: message.tag,
                payload: message.payload,
            }),
            mailbox::Event::Request(request) => Self::Request(Request {
                id: reference_in(request.id),
                sender: pid_in(request.sender),
                tag: request.tag,
                payload: request.payload,
            }),
            mailbox::Event::Exit(exit) => Self::Exit(Exit {
                sender: pid_in(exit.sender),
                reason: exit_reason_in(exit.reason),
            }),
            mailbox::Event::Down(down) => Self::Down(Down {
                monitor: reference_in(down.monitor),
                process: pid_in(down.process),
                reason: exit_reason_in(down.reason),
            }),
        }
    }
}

impl From<mailbox::SendError> for SendError {
    fn from(error: mailbox::SendError) -> Self {
        match error {
            mailbox::SendError::Denied(denial) => Self::Denied(denial.into()),
            mailbox::SendError::NoName => Self::NoName,
            mailbox::SendError::MailboxFull => Self::MailboxFull,
            mailbox::SendError::TooLarge => Self::TooLarge,
        }
    }
}

impl From<mailbox::CallError> for CallError {
    fn from(error: mailbox::CallError) -> Self {
        match error {
            mailbox::CallError::Denied(denial) => Self::Denied(denial.into()),
            mailbox::CallError::MailboxFull => Self::MailboxFull,
            mailbox::CallError::TooLarge => Self::TooLarge,
            mailbox::CallError::Timeout => Self::Timeout,
            mailbox::CallError::Exited(reason) => Self::Exited(exit_reason_in(reason)),
        }
    }
}

impl From<registry::NameError> for NameError {
    fn from(error: registry::NameError) -> Self {
        match error {
            registry::NameError::Taken => Self::Taken,
            registry::NameError::Invalid => Self::Invalid,
        }
    }
}

impl From<&Restrictions> for spawner::Restrictions {
    fn from(restrict: &Restrictions) -> Self {
        Self {
            revoke: restrict.revoke.clone(),
            max_memory_mb: restrict.max_memory_mb,
            max_cpu_ms: restrict.max_cpu.map(crate::mailbox::milliseconds),
            timeout_ms: restrict.timeout.map(crate::mailbox::milliseconds),
        }
    }
}

impl From<&Spawn> for spawner::Options {
    fn from(spawn: &Spawn) -> Self {
        Self {
            name: spawn.name.clone(),
            args: spawn.args.clone(),
            link: spawn.link,
            monitor: spawn.monitor,
            profile: spawn.profile.clone(),
            restrict: spawn.restrict.as_ref().map(Into::into),
        }
    }
}

impl From<spawner::SpawnError> for SpawnError {
    fn from(error: spawner::SpawnError) -> Self {
        match error {
            spawner::SpawnError::Denied(denial) => Self::Denied(denial.into()),
            spawner::SpawnError::UnknownComponent => Self::UnknownComponent,
            spawner::SpawnError::Escalation(text) => Self::Escalation(text),
            spawner::SpawnError::NameTaken => Self::NameTaken,
            spawner::SpawnError::TooMany => Self::TooMany,
            spawner::SpawnError::InvalidCode(text) => Self::InvalidCode(text),
        }
    }
}

pub(super) fn info_in(info: control::Info) -> Info {
    Info {
        process: pid_in(info.process),
        parent: info.parent.map(pid_in),
        component: info.component,
        name: info.name,
        profile: info.profile,
        state: info.state,
        mailbox_length: info.mailbox_length,
        memory_bytes: info.memory_bytes,
        cpu_time_us: info.cpu_time_us,
        restarts: info.restarts,
    }
}

pub(super) fn kv_error_in(error: kv::KvError) -> KvError {
    match error {
        kv::KvError::Denied(denial) => KvError::Denied(denial.into()),
        kv::KvError::NoStore => KvError::NoStore,
        kv::KvError::TooLarge => KvError::TooLarge,
        kv::KvError::Conflict(index) => KvError::Conflict(index),
        kv::KvError::Failed(text) => KvError::Failed(text),
    }
}

pub(super) fn op_out(op: &Op) -> kv::Op {
    match op {
        Op::Put {
            key,
            value,
            expires_ms,
        } => kv::Op::Put(kv::Put {
            key: key.clone(),
            value: value.clone(),
            expires_ms: *expires_ms,
        }),
        Op::Delete(key) => kv::Op::Delete(key.clone()),
        Op::Expect { key, value } => kv::Op::Expect(kv::Expect {
            key: key.clone(),
            value: value.clone(),
        }),
    }
}
