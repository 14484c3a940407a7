//! The imports of components: `rusm:actor`, bound from the WIT.
//!
//! Conversions only. `receive`, `call`, `load` and the functions of `kv` may wait and are asynchronous; everything else answers at once. A
//! [`Fault`](crate::host::Fault) traps. What a component hands in is already copied out of its memory when it
//! arrives here, but for the payload of a message (`mailbox.rs`); how much that can be is bounded by the engine (`Store::set_hostcall_fuel`).

mod control;
mod kv;
mod mailbox;
mod process;
mod spawner;

use crate::guest::GuestState;
use crate::host::Host;
use rusm_abi::{Limit, Reason};
use rusm_actor::ExitReason;
use rusm_caps::Denied;
use wasmtime::component::{HasData, Linker};

mod bindings {
    wasmtime::component::bindgen!({
        path: "../rusm-abi/wit",
        world: "rusm:actor/actor",
        imports: {
            "rusm:actor/mailbox.receive": async | trappable,
            "rusm:actor/mailbox.call": async | trappable,
            "rusm:actor/spawner.load": async | trappable,
            "rusm:actor/kv.kv-get": async | trappable,
            "rusm:actor/kv.kv-put": async | trappable,
            "rusm:actor/kv.kv-delete": async | trappable,
            "rusm:actor/kv.kv-list": async | trappable,
            "rusm:actor/kv.kv-transact": async | trappable,
            "rusm:actor/kv.kv-increment": async | trappable,
            default: trappable,
        },
    });
}

use bindings::rusm::actor as wit;

/// Adds every interface of `rusm:actor`.
pub(crate) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    bindings::Actor::add_to_linker::<_, View<'static>>(linker, |state| View(Host::new(state)))?;
    mailbox::add_to_linker(linker)
}

/// The host as the bindings see it: it has their traits, and nothing of its own to be mistaken for theirs.
struct View<'a>(Host<'a>);

impl HasData for View<'static> {
    type Data<'a> = View<'a>;
}

impl wit::types::Host for View<'_> {}

fn denial(denied: Denied) -> wit::types::Denial {
    wit::types::Denial {
        permission: denied.permission.to_owned(),
        target: denied.target,
        help: denied.help,
    }
}

fn reason(reason: &wit::types::ExitReason) -> Reason<'_> {
    use wit::types::ExitReason;
    match reason {
        ExitReason::Normal => Reason::Normal,
        ExitReason::Shutdown => Reason::Shutdown,
        ExitReason::Killed => Reason::Killed,
        ExitReason::NoProcess => Reason::NoProcess,
        ExitReason::NoConnection => Reason::NoConnection,
        ExitReason::Trap(text) => Reason::Trap(text),
        ExitReason::NotStarted(text) => Reason::NotStarted(text),
        ExitReason::Limit(limit) => Reason::Limit(match limit {
            wit::types::Limit::Memory => Limit::Memory,
            wit::types::Limit::CpuTime => Limit::CpuTime,
            wit::types::Limit::WallTime => Limit::WallTime,
            wit::types::Limit::Output => Limit::Output,
            wit::types::Limit::Mailbox => Limit::Mailbox,
        }),
        ExitReason::Error(text) => Reason::Error(text),
    }
}

fn exit_reason(why: &ExitReason) -> wit::types::ExitReason {
    use wit::types::ExitReason;
    match super::reason(why) {
        Reason::Normal => ExitReason::Normal,
        Reason::Shutdown => ExitReason::Shutdown,
        Reason::Killed => ExitReason::Killed,
        Reason::NoProcess => ExitReason::NoProcess,
        Reason::NoConnection => ExitReason::NoConnection,
        Reason::Trap(text) => ExitReason::Trap(text.to_owned()),
        Reason::NotStarted(text) => ExitReason::NotStarted(text.to_owned()),
        Reason::Limit(limit) => ExitReason::Limit(match limit {
            Limit::Memory => wit::types::Limit::Memory,
            Limit::CpuTime => wit::types::Limit::CpuTime,
            Limit::WallTime => wit::types::Limit::WallTime,
            Limit::Output => wit::types::Limit::Output,
            Limit::Mailbox => wit::types::Limit::Mailbox,
        }),
        Reason::Error(text) => ExitReason::Error(text.to_owned()),
    }
}
