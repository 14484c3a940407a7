//! Other processes. Needs process control, own descendants excepted.

use crate::{Denial, Pid, sys};

/// What is known about a process at this moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Info {
    /// Its pid.
    pub process: Pid,
    /// Who spawned it.
    pub parent: Option<Pid>,
    /// The component it runs.
    pub component: String,
    /// Its registered name.
    pub name: Option<String>,
    /// Its capability profile.
    pub profile: String,
    /// `running`, `waiting` and the like, for people.
    pub state: String,
    /// How many events wait in its mailbox.
    pub mailbox_length: u32,
    /// Its linear memory.
    pub memory_bytes: u64,
    /// The CPU time it has used.
    pub cpu_time_us: u64,
    /// How often its supervisor restarted it.
    pub restarts: u32,
}

/// Every process of the node that this one may see.
///
/// # Errors
/// The profile grants no process control.
pub fn processes() -> Result<Vec<Info>, Denial> {
    sys::control_processes()
}

/// One process; none if it is gone.
///
/// # Errors
/// The profile grants no process control, and the process is no descendant.
pub fn inspect(process: Pid) -> Result<Option<Info>, Denial> {
    sys::control_inspect(process)
}

/// Ends a process untrappably.
///
/// # Errors
/// The profile grants no process control, and the process is no descendant.
pub fn kill(process: Pid) -> Result<(), Denial> {
    sys::control_kill(process)
}
