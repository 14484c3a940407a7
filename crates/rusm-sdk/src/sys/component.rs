//! The component path: bindings generated from the WIT of rusm, and thin functions over them.
//!
//! Only imports that a guest really uses end up in its component.

mod convert;

use self::bindings::rusm::actor;
use self::convert::{exit_reason_out, info_in, kv_error_in, op_out, pid_in, reference_in};
use crate::control::Info;
use crate::kv::{KvError, Op, Page, Pair};
use crate::mailbox::{CallError, Event, Selector, SendError};
use crate::permissions::Status;
use crate::registry::NameError;
use crate::spawner::{Spawn, SpawnError, Spawned};
use crate::{Denial, Destination, ExitReason, Pid, Reference};

/// What the generator makes of the WIT.
mod bindings {
    wit_bindgen::generate!({
        path: "../rusm-abi/wit",
        world: "actor",
    });
}

pub(crate) fn process_self() -> Pid {
    pid_in(actor::process::self_())
}

pub(crate) fn process_parent() -> Option<Pid> {
    actor::process::parent().map(pid_in)
}

pub(crate) fn process_exit(reason: &ExitReason) -> ! {
    actor::process::exit(&exit_reason_out(reason));
    unreachable!("the host ends the process in `exit`")
}

pub(crate) fn process_trap_exits(on: bool) -> bool {
    actor::process::trap_exits(on)
}

pub(crate) fn process_link(to: Pid) -> Result<(), Denial> {
    Ok(actor::process::link(to.as_u64())?)
}

pub(crate) fn process_unlink(to: Pid) {
    actor::process::unlink(to.as_u64());
}

pub(crate) fn process_monitor(to: Pid) -> Reference {
    reference_in(actor::process::monitor(to.as_u64()))
}

pub(crate) fn process_demonitor(monitor: Reference) {
    actor::process::demonitor(monitor.as_u64());
}

pub(crate) fn process_signal(to: Pid, reason: &ExitReason) -> Result<(), Denial> {
    Ok(actor::process::signal(
        to.as_u64(),
        &exit_reason_out(reason),
    )?)
}

pub(crate) fn mailbox_send(to: Destination<'_>, tag: u64, payload: &[u8]) -> Result<(), SendError> {
    Ok(actor::mailbox::send(&to.into(), tag, payload)?)
}

pub(crate) fn mailbox_receive(
    selector: Option<&Selector>,
    timeout_ms: Option<u64>,
) -> Option<Event> {
    let event = match selector {
        None => actor::mailbox::receive(None, timeout_ms),
        Some(selector) => actor::mailbox::receive(Some(&selector.into()), timeout_ms),
    };
    event.map(Event::from)
}

pub(crate) fn mailbox_call(
    to: Destination<'_>,
    tag: u64,
    payload: &[u8],
    timeout_ms: Option<u64>,
) -> Result<Vec<u8>, CallError> {
    Ok(actor::mailbox::call(&to.into(), tag, payload, timeout_ms)?)
}

pub(crate) fn mailbox_reply(request: Reference, payload: &[u8]) {
    actor::mailbox::reply(request.as_u64(), payload);
}

pub(crate) fn mailbox_send_after(
    delay_ms: u64,
    to: Destination<'_>,
    tag: u64,
    payload: &[u8],
) -> Result<Reference, SendError> {
    Ok(reference_in(actor::mailbox::send_after(
        delay_ms,
        &to.into(),
        tag,
        payload,
    )?))
}

pub(crate) fn mailbox_cancel_timer(timer: Reference) -> Option<u64> {
    actor::mailbox::cancel_timer(timer.as_u64())
}

pub(crate) fn registry_register(name: &str) -> Result<(), NameError> {
    Ok(actor::registry::register(name)?)
}

pub(crate) fn registry_unregister(name: &str) {
    actor::registry::unregister(name);
}

pub(crate) fn registry_whereis(name: &str) -> Option<Pid> {
    actor::registry::whereis(name).map(pid_in)
}

pub(crate) fn registry_join(group: &str) {
    actor::registry::join(group);
}

pub(crate) fn registry_leave(group: &str) {
    actor::registry::leave(group);
}

pub(crate) fn registry_members(group: &str) -> Vec<Pid> {
    actor::registry::members(group)
        .into_iter()
        .map(pid_in)
        .collect()
}

pub(crate) fn registry_broadcast(group: &str, tag: u64, payload: &[u8]) -> u32 {
    actor::registry::broadcast(group, tag, payload)
}

pub(crate) fn spawner_spawn(spawn: &Spawn) -> Result<Spawned, SpawnError> {
    let spawned = actor::spawner::spawn(&spawn.component, &spawn.into())?;
    Ok(Spawned {
        process: pid_in(spawned.process),
        monitor: spawned.monitor.map(reference_in),
    })
}

pub(crate) fn spawner_load(name: &str, code: &[u8]) -> Result<(), SpawnError> {
    Ok(actor::spawner::load(name, code)?)
}

pub(crate) fn permissions_query(permission: &str, target: Option<&str>) -> Status {
    match actor::permissions::query(permission, target) {
        actor::permissions::Status::Granted => Status::Granted,
        actor::permissions::Status::Denied => Status::Denied,
    }
}

pub(crate) fn permissions_drop(permission: &str) {
    actor::permissions::drop(permission);
}

pub(crate) fn control_processes() -> Result<Vec<Info>, Denial> {
    Ok(actor::control::processes()?
        .into_iter()
        .map(info_in)
        .collect())
}

pub(crate) fn control_inspect(process: Pid) -> Result<Option<Info>, Denial> {
    Ok(actor::control::inspect(process.as_u64())?.map(info_in))
}

pub(crate) fn control_kill(process: Pid) -> Result<(), Denial> {
    Ok(actor::control::kill(process.as_u64())?)
}

pub(crate) fn kv_get(bucket: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
    actor::kv::kv_get(bucket, key).map_err(kv_error_in)
}

pub(crate) fn kv_put(bucket: &str, key: &str, value: &[u8]) -> Result<(), KvError> {
    actor::kv::kv_put(bucket, key, value).map_err(kv_error_in)
}

pub(crate) fn kv_delete(bucket: &str, key: &str) -> Result<bool, KvError> {
    actor::kv::kv_delete(bucket, key).map_err(kv_error_in)
}

pub(crate) fn kv_list(
    bucket: &str,
    prefix: &str,
    start: Option<&str>,
    limit: u32,
) -> Result<Page, KvError> {
    let page = actor::kv::kv_list(bucket, prefix, start, limit).map_err(kv_error_in)?;
    let pairs = page.pairs.into_iter().map(|pair| Pair {
        key: pair.key,
        value: pair.value,
    });
    Ok(Page {
        pairs: pairs.collect(),
        next: page.next,
    })
}

pub(crate) fn kv_transact(bucket: &str, ops: &[Op]) -> Result<(), KvError> {
    let ops: Vec<_> = ops.iter().map(op_out).collect();
    actor::kv::kv_transact(bucket, &ops).map_err(kv_error_in)
}

pub(crate) fn kv_increment(bucket: &str, key: &str, by: i64) -> Result<i64, KvError> {
    actor::kv::kv_increment(bucket, key, by).map_err(kv_error_in)
}
