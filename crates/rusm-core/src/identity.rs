//! What the node knows of a guest process besides the kernel: its component, its family, its usage.
//!
//! The kernel keeps it as the process's extension, so that anybody who holds a pid can ask.

use crate::lineage::Lineage;
use crate::program::Component;
use rusm_actor::{Node, Pid};
use rusm_caps::Profile;
use std::sync::Arc;
use std::sync::OnceLock;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

/// One guest process, as others see it.
#[derive(Debug)]
pub(crate) struct Identity {
    pub(crate) component: Arc<Component>,
    /// The profile that it was started with; it may have given up some of it.
    pub(crate) granted: Arc<Profile>,
    pub(crate) lineage: Arc<Lineage>,
    /// What it says on the terminal is logged as well; not so for a program that was started by itself.
    pub(crate) logs_terminal: bool,
    /// How often its supervisor had started it before.
    pub(crate) restarts: u32,
    pub(crate) usage: Usage,
}

/// What a process has used so far; written by itself, read by whoever inspects it.
#[derive(Debug, Default)]
pub(crate) struct Usage {
    cpu_nanos: AtomicU64,
    memory_bytes: AtomicU64,
    exit_code: OnceLock<i32>,
}

impl Usage {
    pub(crate) fn cpu(&self) -> Duration {
        Duration::from_nanos(self.cpu_nanos())
    }

    /// Only its own process does.
    pub(crate) fn add_cpu_nanos(&self, nanos: u64) -> u64 {
        let sum = self.cpu_nanos.load(Ordering::Relaxed).saturating_add(nanos);
        self.cpu_nanos.store(sum, Ordering::Relaxed);
        sum
    }

    pub(crate) fn cpu_nanos(&self) -> u64 {
        self.cpu_nanos.load(Ordering::Relaxed)
    }

    pub(crate) fn memory_bytes(&self) -> u64 {
        self.memory_bytes.load(Ordering::Relaxed)
    }

    pub(crate) fn set_memory_bytes(&self, bytes: u64) {
        self.memory_bytes.store(bytes, Ordering::Relaxed);
    }

    /// The code that the guest itself ended with, if it did.
    pub(crate) fn exit_code(&self) -> Option<i32> {
        self.exit_code.get().copied()
    }

    pub(crate) fn set_exit_code(&self, code: i32) {
        // A process ends once; a second code could only come from the same end.
        let _already = self.exit_code.set(code);
    }
}

/// The identity of a live guest process; none for native helpers and for the dead.
pub(crate) fn of(node: &Node, pid: Pid) -> Option<Arc<Identity>> {
    node.extension(pid)?.downcast::<Identity>().ok()
}
