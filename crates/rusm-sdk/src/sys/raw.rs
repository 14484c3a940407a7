//! The raw path: the imports of module `rusm` (`abi/raw.md`), and the records of `rusm-abi`.
//!
//! A result that waits to be taken must be taken before the next import is called; so every function
//! here makes its call and fetches all of the answer before it returns.

mod answer;
mod convert;
mod import;
mod storage;

use rusm_abi::{Errno, List, SpawnOptions};

use self::answer::{Long, checked, denial, detail, encoded, known, reason, unexpected};
use self::convert::{address, pid, raw_reason, reference, timeout};
use self::import::Room;
pub(crate) use self::storage::{kv_delete, kv_get, kv_increment, kv_list, kv_put, kv_transact};
use crate::control::Info;
use crate::mailbox::{CallError, Event, Selector, SendError, milliseconds};
use crate::permissions::Status;
use crate::registry::NameError;
use crate::spawner::{Spawn, SpawnError, Spawned};
use crate::{Denial, Destination, ExitReason, Pid, Reference};

pub(crate) fn process_self() -> Pid {
    pid(import::myself())
}

pub(crate) fn process_parent() -> Option<Pid> {
    Pid::from_u64(import::parent())
}

pub(crate) fn process_exit(reason: &ExitReason) -> ! {
    import::exit(&encoded(&raw_reason(reason)));
    unreachable!("the host ends the process in `exit`")
}

pub(crate) fn process_trap_exits(on: bool) -> bool {
    import::trap_exits(on.into()) != 0
}

pub(crate) fn process_link(to: Pid) -> Result<(), Denial> {
    done_or_denied("link", import::link(to.as_u64()))
}

pub(crate) fn process_unlink(to: Pid) {
    import::unlink(to.as_u64());
}

pub(crate) fn process_monitor(to: Pid) -> Reference {
    reference(import::monitor(to.as_u64()))
}

pub(crate) fn process_demonitor(monitor: Reference) {
    import::demonitor(monitor.as_u64());
}

pub(crate) fn process_signal(to: Pid, reason: &ExitReason) -> Result<(), Denial> {
    done_or_denied(
        "signal",
        import::signal(to.as_u64(), &encoded(&raw_reason(reason))),
    )
}

/// For imports whose only code is `denied`.
fn done_or_denied(import: &str, result: i32) -> Result<(), Denial> {
    match checked(result) {
        Ok(_) => Ok(()),
        Err(Errno::Denied) => Err(denial()),
        Err(errno) => unexpected(import, errno),
    }
}

pub(crate) fn mailbox_send(to: Destination<'_>, tag: u64, payload: &[u8]) -> Result<(), SendError> {
    let (to, name) = address(to);
    match checked(import::send(to, name, tag, payload)) {
        Ok(_) => Ok(()),
        Err(errno) => Err(send_error("send", errno)),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a code that this import does not have is a mistake of the host, whichever it is"
)]
fn send_error(import: &str, errno: Errno) -> SendError {
    match errno {
        Errno::Denied => SendError::Denied(denial()),
        Errno::NoName => SendError::NoName,
        Errno::MailboxFull => SendError::MailboxFull,
        Errno::TooLarge => SendError::TooLarge,
        errno => unexpected(import, errno),
    }
}

pub(crate) fn mailbox_receive(
    selector: Option<&Selector>,
    timeout_ms: Option<u64>,
) -> Option<Event> {
    let select = selector.map(select).unwrap_or_default();
    let mut room = Room::new();
    let event = Long::of(&mut room, |room| {
        import::receive(&select, timeout(timeout_ms), room)
    });
    let event = match event {
        Ok(event) => event,
        Err(errno) => unexpected("receive", errno),
    };
    if event.bytes().is_empty() {
        None
    } else {
        Some(convert::event(event))
    }
}

fn select(selector: &Selector) -> Vec<u8> {
    encoded(&rusm_abi::Selector {
        tags: selector.tags.as_deref().map(List::Slice),
        sender: selector.sender.map(Pid::as_u64),
        monitor: selector.monitor.map(Reference::as_u64),
    })
}

pub(crate) fn mailbox_call(
    to: Destination<'_>,
    tag: u64,
    payload: &[u8],
    timeout_ms: Option<u64>,
) -> Result<Vec<u8>, CallError> {
    let (to, name) = address(to);
    let mut room = Room::new();
    match Long::of(&mut room, |room| {
        import::call(to, name, tag, payload, timeout(timeout_ms), room)
    }) {
        Ok(reply) => Ok(reply.into_bytes(0)),
        Err(Errno::Denied) => Err(CallError::Denied(denial())),
        Err(Errno::MailboxFull) => Err(CallError::MailboxFull),
        Err(Errno::TooLarge) => Err(CallError::TooLarge),
        Err(Errno::Timeout) => Err(CallError::Timeout),
        Err(Errno::Exited) => Err(CallError::Exited(reason())),
        Err(errno) => unexpected("call", errno),
    }
}

pub(crate) fn mailbox_reply(request: Reference, payload: &[u8]) {
    import::reply(request.as_u64(), payload);
}

pub(crate) fn mailbox_send_after(
    delay_ms: u64,
    to: Destination<'_>,
    tag: u64,
    payload: &[u8],
) -> Result<Reference, SendError> {
    let (to, name) = address(to);
    let delay_ms = timeout(Some(delay_ms));
    let mut room = Room::new();
    match Long::of(&mut room, |room| {
        import::send_after(delay_ms, to, name, tag, payload, room)
    }) {
        Ok(timer) => Ok(reference(timer.decode())),
        Err(errno) => Err(send_error("send-after", errno)),
    }
}

pub(crate) fn mailbox_cancel_timer(timer: Reference) -> Option<u64> {
    // The one code is that there is no such timer.
    u64::try_from(import::cancel_timer(timer.as_u64())).ok()
}

pub(crate) fn registry_register(name: &str) -> Result<(), NameError> {
    match checked(import::register(name)) {
        Ok(_) => Ok(()),
        Err(Errno::Taken) => Err(NameError::Taken),
        Err(Errno::Invalid) => Err(NameError::Invalid),
        Err(errno) => unexpected("register", errno),
    }
}

pub(crate) fn registry_unregister(name: &str) {
    import::unregister(name);
}

pub(crate) fn registry_whereis(name: &str) -> Option<Pid> {
    Pid::from_u64(import::whereis(name))
}

pub(crate) fn registry_join(group: &str) {
    import::join(group);
}

pub(crate) fn registry_leave(group: &str) {
    import::leave(group);
}

pub(crate) fn registry_members(group: &str) -> Vec<Pid> {
    let mut room = Room::new();
    match Long::of(&mut room, |room| import::members(group, room)) {
        Ok(members) => known(rusm_abi::numbers(members.bytes())).map(pid).collect(),
        Err(errno) => unexpected("members", errno),
    }
}

pub(crate) fn registry_broadcast(group: &str, tag: u64, payload: &[u8]) -> u32 {
    match checked(import::broadcast(group, tag, payload)) {
        Ok(n_members) => n_members,
        Err(errno) => unexpected("broadcast", errno),
    }
}

pub(crate) fn spawner_spawn(spawn: &Spawn) -> Result<Spawned, SpawnError> {
    let options = spawn_options(spawn);
    let mut room = Room::new();
    match Long::of(&mut room, |room| {
        import::spawn(&spawn.component, &options, room)
    }) {
        Ok(spawned) => {
            let spawned: rusm_abi::Spawned = spawned.decode();
            Ok(Spawned {
                process: pid(spawned.process),
                monitor: spawned.monitor.map(reference),
            })
        }
        Err(errno) => Err(spawn_error("spawn", errno)),
    }
}

fn spawn_options(spawn: &Spawn) -> Vec<u8> {
    let restrict = spawn.restrict.as_ref();
    let args: Vec<&str> = spawn.args.iter().map(String::as_str).collect();
    let revoke: Vec<&str> = restrict
        .map_or(&[][..], |r| &r.revoke)
        .iter()
        .map(String::as_str)
        .collect();
    encoded(&SpawnOptions {
        link: spawn.link,
        monitor: spawn.monitor,
        name: spawn.name.as_deref(),
        profile: spawn.profile.as_deref(),
        args: List::Slice(&args),
        revoke: List::Slice(&revoke),
        max_memory_mb: restrict.and_then(|r| r.max_memory_mb),
        max_cpu_ms: restrict.and_then(|r| r.max_cpu).map(milliseconds),
        timeout_ms: restrict.and_then(|r| r.timeout).map(milliseconds),
    })
}

pub(crate) fn spawner_load(name: &str, code: &[u8]) -> Result<(), SpawnError> {
    match checked(import::load(name, code)) {
        Ok(_) => Ok(()),
        Err(errno) => Err(spawn_error("load", errno)),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a code that this import does not have is a mistake of the host, whichever it is"
)]
fn spawn_error(import: &str, errno: Errno) -> SpawnError {
    match errno {
        Errno::Denied => SpawnError::Denied(denial()),
        Errno::UnknownComponent => SpawnError::UnknownComponent,
        Errno::Escalation => SpawnError::Escalation(detail(|why| why.text())),
        Errno::Taken => SpawnError::NameTaken,
        Errno::TooMany => SpawnError::TooMany,
        Errno::InvalidCode => SpawnError::InvalidCode(detail(|why| why.text())),
        errno => unexpected(import, errno),
    }
}

pub(crate) fn permissions_query(permission: &str, target: Option<&str>) -> Status {
    match checked(import::query(permission, target)) {
        Ok(0) => Status::Denied,
        Ok(_) => Status::Granted,
        Err(errno) => unexpected("query", errno),
    }
}

pub(crate) fn permissions_drop(permission: &str) {
    import::drop(permission);
}

pub(crate) fn control_processes() -> Result<Vec<Info>, Denial> {
    let mut room = Room::new();
    match Long::of(&mut room, import::processes) {
        Ok(infos) => {
            let infos: List<'_, rusm_abi::Info<'_>> = infos.decode();
            Ok(infos.iter().map(convert::info).collect())
        }
        Err(Errno::Denied) => Err(denial()),
        Err(errno) => unexpected("processes", errno),
    }
}

pub(crate) fn control_inspect(process: Pid) -> Result<Option<Info>, Denial> {
    let mut room = Room::new();
    match Long::of(&mut room, |room| import::inspect(process.as_u64(), room)) {
        Ok(info) => Ok(Some(convert::info(info.decode()))),
        Err(Errno::NotFound) => Ok(None),
        Err(Errno::Denied) => Err(denial()),
        Err(errno) => unexpected("inspect", errno),
    }
}

pub(crate) fn control_kill(process: Pid) -> Result<(), Denial> {
    done_or_denied("kill", import::kill(process.as_u64()))
}
