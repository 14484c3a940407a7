//! No host: every function panics. For documentation, and for unit tests of a guest's own logic.

use crate::control::Info;
#[cfg(not(test))]
use crate::kv::{KvError, Op, Page};
use crate::mailbox::{CallError, Event, Selector, SendError};
use crate::permissions::Status;
use crate::registry::NameError;
use crate::spawner::{Spawn, SpawnError, Spawned};
use crate::{Denial, Destination, ExitReason, Pid, Reference};

/// Writes the functions of the border with a body that only says why there is none.
macro_rules! absent {
    ($(fn $name:ident($($arg:ident: $type:ty),*) $(-> $result:ty)?;)*) => {
        $(pub(crate) fn $name($($arg: $type),*) $(-> $result)? {
            $(let _ = $arg;)*
            no_host(stringify!($name))
        })*
    };
}

fn no_host(function: &str) -> ! {
    panic!(
        "rusm-sdk: `{function}` needs a rusm host: build the guest for wasm32-wasip2 or wasm32-wasip1 and start it with `rusm run`"
    )
}

absent! {
    fn process_self() -> Pid;
    fn process_parent() -> Option<Pid>;
    fn process_exit(reason: &ExitReason) -> !;
    fn process_trap_exits(on: bool) -> bool;
    fn process_link(to: Pid) -> Result<(), Denial>;
    fn process_unlink(to: Pid);
    fn process_monitor(to: Pid) -> Reference;
    fn process_demonitor(monitor: Reference);
    fn process_signal(to: Pid, reason: &ExitReason) -> Result<(), Denial>;

    fn mailbox_send(to: Destination<'_>, tag: u64, payload: &[u8]) -> Result<(), SendError>;
    fn mailbox_receive(selector: Option<&Selector>, timeout_ms: Option<u64>) -> Option<Event>;
    fn mailbox_call(to: Destination<'_>, tag: u64, payload: &[u8], timeout_ms: Option<u64>) -> Result<Vec<u8>, CallError>;
    fn mailbox_reply(request: Reference, payload: &[u8]);
    fn mailbox_send_after(delay_ms: u64, to: Destination<'_>, tag: u64, payload: &[u8]) -> Result<Reference, SendError>;
    fn mailbox_cancel_timer(timer: Reference) -> Option<u64>;

    fn registry_register(name: &str) -> Result<(), NameError>;
    fn registry_unregister(name: &str);
    fn registry_whereis(name: &str) -> Option<Pid>;
    fn registry_join(group: &str);
    fn registry_leave(group: &str);
    fn registry_members(group: &str) -> Vec<Pid>;
    fn registry_broadcast(group: &str, tag: u64, payload: &[u8]) -> u32;

    fn spawner_spawn(spawn: &Spawn) -> Result<Spawned, SpawnError>;
    fn spawner_load(name: &str, code: &[u8]) -> Result<(), SpawnError>;

    fn permissions_query(permission: &str, target: Option<&str>) -> Status;
    fn permissions_drop(permission: &str);

    fn control_processes() -> Result<Vec<Info>, Denial>;
    fn control_inspect(process: Pid) -> Result<Option<Info>, Denial>;
    fn control_kill(process: Pid) -> Result<(), Denial>;
}

#[cfg(not(test))]
absent! {
    fn kv_get(bucket: &str, key: &str) -> Result<Option<Vec<u8>>, KvError>;
    fn kv_put(bucket: &str, key: &str, value: &[u8]) -> Result<(), KvError>;
    fn kv_delete(bucket: &str, key: &str) -> Result<bool, KvError>;
    fn kv_list(bucket: &str, prefix: &str, start: Option<&str>, limit: u32) -> Result<Page, KvError>;
    fn kv_transact(bucket: &str, ops: &[Op]) -> Result<(), KvError>;
    fn kv_increment(bucket: &str, key: &str, by: i64) -> Result<i64, KvError>;
}

// The unit tests of this crate have a store.
#[cfg(test)]
pub(crate) use super::memory::{kv_delete, kv_get, kv_increment, kv_list, kv_put, kv_transact};
