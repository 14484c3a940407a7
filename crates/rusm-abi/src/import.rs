//! The one table of all imports: what a guest may call, with which types, behind which grant.
//!
//! The raw linker, the tests that walk every import, and `abi/raw.md` are all checked against it,
//! and it is checked against the WIT. [`Gate`] is what a profile that grants nothing refuses.

use Gate::{Grant, Open};
use Value::{I32, I64};

/// The module that core modules import from.
pub const MODULE: &str = "rusm";

/// The type of a parameter or result.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// A pointer, a length, a count, a code.
    I32,
    /// An id, a tag, a time.
    I64,
}

/// Whether an import does something that a profile must grant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Gate {
    /// It touches the caller alone, or answers what every process may know.
    Open,
    /// It needs this grant, by its manifest name, at least for some targets.
    Grant(&'static str),
}

/// One import.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Import {
    /// The WIT interface it is in; none for `take`, which only the raw form needs.
    pub interface: Option<&'static str>,
    /// Its name, in the WIT and in module [`MODULE`] alike.
    pub name: &'static str,
    /// The types of the raw parameters; `abi/raw.md` names them.
    pub params: &'static [Value],
    /// The type of the raw result.
    pub result: Option<Value>,
    /// What it needs.
    pub gate: Gate,
}

const SEND: Gate = Grant("allow-send");
const CONTROL: Gate = Grant("allow-process-control");
const STORAGE: Gate = Grant("allow-storage");

/// Every import, in the order of the WIT.
pub const IMPORTS: &[Import] = &[
    // process
    import("process", "self", &[], Some(I64), Open),
    import("process", "parent", &[], Some(I64), Open),
    import("process", "exit", &[I32, I32], None, Open),
    import("process", "trap-exits", &[I32], Some(I32), Open),
    import("process", "link", &[I64], Some(I32), CONTROL),
    import("process", "unlink", &[I64], None, Open),
    import("process", "monitor", &[I64], Some(I64), Open),
    import("process", "demonitor", &[I64], None, Open),
    import("process", "signal", &[I64, I32, I32], Some(I32), CONTROL),
    // mailbox
    import(
        "mailbox",
        "send",
        &[I64, I32, I32, I64, I32, I32],
        Some(I32),
        SEND,
    ),
    import(
        "mailbox",
        "receive",
        &[I32, I32, I64, I32, I32],
        Some(I32),
        Open,
    ),
    import(
        "mailbox",
        "call",
        &[I64, I32, I32, I64, I32, I32, I64, I32, I32],
        Some(I32),
        SEND,
    ),
    import("mailbox", "reply", &[I64, I32, I32], None, Open),
    import(
        "mailbox",
        "send-after",
        &[I64, I64, I32, I32, I64, I32, I32, I32, I32],
        Some(I32),
        SEND,
    ),
    import("mailbox", "cancel-timer", &[I64], Some(I64), Open),
    // registry
    import("registry", "register", &[I32, I32], Some(I32), Open),
    import("registry", "unregister", &[I32, I32], None, Open),
    import("registry", "whereis", &[I32, I32], Some(I64), Open),
    import("registry", "join", &[I32, I32], None, Open),
    import("registry", "leave", &[I32, I32], None, Open),
    import(
        "registry",
        "members",
        &[I32, I32, I32, I32],
        Some(I32),
        Open,
    ),
    import(
        "registry",
        "broadcast",
        &[I32, I32, I64, I32, I32],
        Some(I32),
        SEND,
    ),
    // spawner
    import(
        "spawner",
        "spawn",
        &[I32, I32, I32, I32, I32, I32],
        Some(I32),
        Grant("allow-spawn"),
    ),
    import(
        "spawner",
        "load",
        &[I32, I32, I32, I32],
        Some(I32),
        Grant("allow-load"),
    ),
    // permissions
    import(
        "permissions",
        "query",
        &[I32, I32, I32, I32],
        Some(I32),
        Open,
    ),
    import("permissions", "drop", &[I32, I32], None, Open),
    // control
    import("control", "processes", &[I32, I32], Some(I32), CONTROL),
    import("control", "inspect", &[I64, I32, I32], Some(I32), CONTROL),
    import("control", "kill", &[I64], Some(I32), CONTROL),
    // kv
    import(
        "kv",
        "kv-get",
        &[I32, I32, I32, I32, I32, I32],
        Some(I32),
        STORAGE,
    ),
    import(
        "kv",
        "kv-put",
        &[I32, I32, I32, I32, I32, I32],
        Some(I32),
        STORAGE,
    ),
    import("kv", "kv-delete", &[I32, I32, I32, I32], Some(I32), STORAGE),
    import(
        "kv",
        "kv-list",
        &[I32, I32, I32, I32, I32, I32, I32, I32, I32],
        Some(I32),
        STORAGE,
    ),
    import(
        "kv",
        "kv-transact",
        &[I32, I32, I32, I32],
        Some(I32),
        STORAGE,
    ),
    import(
        "kv",
        "kv-increment",
        &[I32, I32, I32, I32, I64, I32, I32],
        Some(I32),
        STORAGE,
    ),
    // the raw form's own
    Import {
        interface: None,
        name: "take",
        params: &[I32, I32],
        result: Some(I32),
        gate: Open,
    },
];

const fn import(
    interface: &'static str,
    name: &'static str,
    params: &'static [Value],
    result: Option<Value>,
    gate: Gate,
) -> Import {
    Import {
        interface: Some(interface),
        name,
        params,
        result,
        gate,
    }
}
