//! What one process may allocate inside WebAssembly: linear memory, tables, instances.
//!
//! Invariants:
//! - each bound holds for the **sum** over the process: all linear memories and garbage-collected heaps with what its tables take of the
//!   host, and all elements of its tables, whatever number of instances it has;
//! - memory that one process is granted is counted against the node's ceiling as well, and given back at its end;
//! - a breach while the guest runs ends it ([`LimitBreach`]), on both guest paths alike; code that declares more than its profile allows
//!   never starts ([`TooLarge`]);
//! - a growth beyond the guest's *own* declared maximum is its own affair: the instruction answers -1, as the language says.

use super::LimitBreach;
use super::breach::Breach;
use crate::ceiling::{Ceiling, Held};
use crate::identity::Identity;
use rusm_caps::Limits;
use std::sync::Arc;
use wasmtime::ResourceLimiter;

/// Core instances, memories and tables of one process. More than any real program has; fewer than would cost the host anything.
const INSTANCES_MAX: usize = 1_000;
const MEMORIES_MAX: usize = 100;
const TABLES_MAX: usize = 1_000;
/// What one table element costs the host.
const TABLE_ELEMENT_BYTES: u64 = 8;

/// The code declares more than its profile, or the node, has for it, so it was not started.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the code needs more to start than it may have: {0}")]
pub(crate) struct TooLarge(pub(crate) Breach);

/// The allocation account of one process.
#[derive(Debug)]
pub(crate) struct GuestLimits {
    max_memory_bytes: u64,
    max_table_elements: u64,
    memory_bytes: u64,
    table_elements: u64,
    peak_bytes: u64,
    /// What the last granted growth added, until it is known to have succeeded.
    pending: Pending,
    stage: Stage,
    /// The same bytes in the account of the node.
    held: Held,
    /// Told how much is in use, for whoever inspects the process.
    shown_in: Option<Arc<Identity>>,
}

/// A growth that was granted.
#[derive(Clone, Copy, Debug, Default)]
struct Pending {
    memory_bytes: u64,
    table_elements: u64,
}

/// Until when a memory that appears is a declaration, and from when it is growth.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Stage {
    Starting,
    Running,
}

impl GuestLimits {
    /// The bounds of a profile, below the node's ceiling on memory.
    pub(crate) fn new(limits: &Limits, ceiling: Option<&Arc<Ceiling>>) -> GuestLimits {
        GuestLimits {
            max_memory_bytes: limits.max_memory_bytes,
            max_table_elements: u64::from(limits.max_table_elements),
            memory_bytes: 0,
            table_elements: 0,
            peak_bytes: 0,
            pending: Pending::default(),
            stage: Stage::Starting,
            held: Held::of(ceiling),
            shown_in: None,
        }
    }

    /// Shows to others what is in use.
    pub(crate) fn shown_in(mut self, identity: Arc<Identity>) -> GuestLimits {
        self.shown_in = Some(identity);
        self
    }

    /// From now on memory that appears is growth: called when the instance exists and its entry is about to be called.
    pub(crate) fn started(&mut self) {
        self.stage = Stage::Running;
    }

    /// Forgets an instance that could not be made, so that another may be tried.
    pub(crate) fn restart(&mut self) {
        self.add(
            Pending {
                memory_bytes: self.memory_bytes,
                table_elements: self.table_elements,
            },
            Step::Back,
        );
        self.peak_bytes = 0;
        self.pending = Pending::default();
        self.stage = Stage::Starting;
    }

    /// The most that was in use at once.
    pub(crate) fn peak_bytes(&self) -> u64 {
        self.peak_bytes
    }

    /// Grants a growth from `current`, or says how the guest ends.
    fn grant(&mut self, current: usize, growth: Pending) -> wasmtime::Result<bool> {
        self.pending = Pending::default();
        self.check(growth)
            .map_err(|breach| self.refusal(current, breach))?;
        self.pending = growth;
        self.add(growth, Step::Forth);
        self.peak_bytes = self.peak_bytes.max(self.memory_bytes);
        Ok(true)
    }

    fn check(&mut self, growth: Pending) -> Result<(), Breach> {
        let elements = self.table_elements.saturating_add(growth.table_elements);
        if elements > self.max_table_elements {
            return Err(Breach::tables(self.max_table_elements, elements));
        }
        let total = self.total_with(growth);
        if total > self.max_memory_bytes {
            return Err(Breach::memory(self.max_memory_bytes, total));
        }
        self.held
            .grow(bytes_of(growth))
            .map_err(Breach::node_memory)
    }

    fn refusal(&self, current: usize, breach: Breach) -> wasmtime::Error {
        match self.stage {
            Stage::Starting if current == 0 => TooLarge(breach).into(),
            Stage::Starting | Stage::Running => LimitBreach(breach).into(),
        }
    }

    /// The host could not provide what was granted: the machine is out of memory or mappings. The guest would get -1 and most would
    /// trap on it; its end says why instead.
    fn take_back(&mut self) -> wasmtime::Result<()> {
        let pending = std::mem::take(&mut self.pending);
        let added = bytes_of(pending);
        if added == 0 {
            return Ok(());
        }
        let asked = self.total_with(Pending::default());
        self.add(pending, Step::Back);
        Err(LimitBreach(Breach::out_of_memory(self.max_memory_bytes, asked)).into())
    }

    fn add(&mut self, amount: Pending, step: Step) {
        let step_by = |sum: u64, by: u64| match step {
            Step::Forth => sum.saturating_add(by),
            Step::Back => sum.saturating_sub(by),
        };
        self.memory_bytes = step_by(self.memory_bytes, amount.memory_bytes);
        self.table_elements = step_by(self.table_elements, amount.table_elements);
        if step == Step::Back {
            self.held.shrink(bytes_of(amount));
        }
        if let Some(identity) = &self.shown_in {
            identity.usage.set_memory_bytes(self.memory_bytes);
        }
    }

    fn total_with(&self, growth: Pending) -> u64 {
        let held = Pending {
            memory_bytes: self.memory_bytes,
            table_elements: self.table_elements,
        };
        bytes_of(held).saturating_add(bytes_of(growth))
    }
}

/// Which way an account moves.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Step {
    Forth,
    Back,
}

fn bytes_of(amount: Pending) -> u64 {
    let tables = amount.table_elements.saturating_mul(TABLE_ELEMENT_BYTES);
    amount.memory_bytes.saturating_add(tables)
}

impl ResourceLimiter for GuestLimits {
    fn memory_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.pending = Pending::default();
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let memory_bytes = count(desired.saturating_sub(current));
        self.grant(
            current,
            Pending {
                memory_bytes,
                ..Pending::default()
            },
        )
    }

    fn memory_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.take_back()
    }

    fn table_growing(
        &mut self,
        current: usize,
        desired: usize,
        maximum: Option<usize>,
    ) -> wasmtime::Result<bool> {
        self.pending = Pending::default();
        if maximum.is_some_and(|maximum| desired > maximum) {
            return Ok(false);
        }
        let table_elements = count(desired.saturating_sub(current));
        self.grant(
            current,
            Pending {
                table_elements,
                ..Pending::default()
            },
        )
    }

    fn table_grow_failed(&mut self, _error: wasmtime::Error) -> wasmtime::Result<()> {
        self.take_back()
    }

    fn instances(&self) -> usize {
        INSTANCES_MAX
    }

    fn tables(&self) -> usize {
        TABLES_MAX
    }

    fn memories(&self) -> usize {
        MEMORIES_MAX
    }
}

fn count(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

#[cfg(test)]
mod tests;
