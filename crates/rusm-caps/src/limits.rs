//! Bounds on what one process may use, all of them finite or chosen not to be.
//!
//! Every queue and buffer that a process fills on the host has its bound here. `Limits` holds
//! values that [`Limits::validate`] has accepted once they are inside a profile.

use std::ops::RangeInclusive;
use std::time::Duration;

use thiserror::Error;

const KIB: u64 = 1024;
const MIB: u64 = 1024 * KIB;

/// The bounds of one process. A time that is `None` is unbounded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limits {
    /// Linear memory, all memories of the instance together.
    pub max_memory_bytes: u64,
    /// CPU time of the whole life.
    pub max_cpu: Option<Duration>,
    /// CPU time between two host calls that yield.
    pub max_slice: Option<Duration>,
    /// Wall time of the whole life.
    pub timeout: Option<Duration>,
    /// Standard output and error together; `u64::MAX` is unbounded.
    pub max_output_bytes: u64,
    /// Messages waiting in the mailbox.
    pub max_mailbox_messages: usize,
    /// Their bytes.
    pub max_mailbox_bytes: usize,
    /// Live descendants.
    pub max_processes: u32,
    /// Files, sockets and streams open at once.
    pub max_handles: u32,
    /// Timers that are armed at once.
    pub max_timers: u32,
    /// Elements of all WebAssembly tables of the process together.
    pub max_table_elements: u32,
    /// The body of one outgoing HTTP request, in bytes.
    pub max_body_bytes: u64,
    /// Random bytes that one call may ask for.
    pub max_random_bytes: u64,
    /// Host memory that one call of a component may take for what it passes, in bytes: Wasmtime's
    /// host-call fuel.
    pub max_call_bytes: u64,
}

impl Limits {
    /// The least memory a profile can have: one Wasm page.
    pub const MEMORY_BYTES_MIN: u64 = 64 * KIB;
    /// The most: all that 32-bit linear memory can address.
    pub const MEMORY_BYTES_MAX: u64 = 4096 * MIB;
    /// The most live descendants a profile can be bounded to.
    pub const PROCESSES_MAX: u32 = 1_000_000_000;
    /// The most handles.
    pub const HANDLES_MAX: u32 = 1_000_000;
    /// The most timers.
    pub const TIMERS_MAX: u32 = 10_000_000;
    /// The most table elements.
    pub const TABLE_ELEMENTS_MAX: u32 = 100_000_000;
    /// The longest request body: 1 TiB.
    pub const BODY_BYTES_MAX: u64 = 1 << 40;
    /// The most random bytes of a call: 64 MiB, Wasmtime's own bound.
    pub const RANDOM_BYTES_MAX: u64 = 64 * MIB;
    /// The least host memory of a call: 64 KiB; with less no ordinary call would go through.
    pub const CALL_BYTES_MIN: u64 = 64 * KIB;
    /// The most: 1 GiB.
    pub const CALL_BYTES_MAX: u64 = 1024 * MIB;
    /// The longest time that can be asked for, ten years; more is a mistake and would overflow clocks.
    pub const TIME_MAX: Duration = Duration::from_secs(10 * 366 * 24 * 60 * 60);
    /// The most messages a mailbox can be bounded to.
    pub const MAILBOX_MESSAGES_MAX: usize = 100_000_000;
    /// The most bytes a mailbox can be bounded to.
    pub const MAILBOX_BYTES_MAX: usize = 1 << 40;

    /// What a process gets that was granted nothing else: 64 MiB of memory, 1 MiB of output,
    /// 10,000 messages or 16 MiB in the mailbox, 1,000 descendants, 256 handles, 10,000 timers,
    /// 1,000,000 table elements, request bodies of 16 MiB, 1 MiB of random bytes and 32 MiB of host
    /// memory a call, no bound in time.
    pub fn sandboxed() -> Limits {
        Limits {
            max_memory_bytes: 64 * MIB,
            max_cpu: None,
            max_slice: None,
            timeout: None,
            max_output_bytes: MIB,
            max_mailbox_messages: 10_000,
            max_mailbox_bytes: 16 << 20,
            max_processes: 1_000,
            max_handles: 256,
            max_timers: 10_000,
            max_table_elements: 1_000_000,
            max_body_bytes: 16 * MIB,
            max_random_bytes: MIB,
            max_call_bytes: 32 * MIB,
        }
    }

    /// What a trusted process gets: 1 GiB of memory, output without bound, 100,000 messages or 64 MiB
    /// in the mailbox, 100,000 descendants, 4,096 handles, 100,000 timers, 10,000,000 table elements,
    /// request bodies of 1 GiB, 64 MiB of random bytes and 128 MiB of host memory a call.
    pub fn trusted() -> Limits {
        Limits {
            max_memory_bytes: 1024 * MIB,
            max_output_bytes: u64::MAX,
            max_mailbox_messages: 100_000,
            max_mailbox_bytes: 64 << 20,
            max_processes: 100_000,
            max_handles: 4_096,
            max_timers: 100_000,
            max_table_elements: 10_000_000,
            max_body_bytes: 1024 * MIB,
            max_random_bytes: 64 * MIB,
            max_call_bytes: 128 * MIB,
            ..Limits::sandboxed()
        }
    }

    /// Whether every bound is one that can be honoured.
    pub fn validate(&self) -> Result<(), LimitError> {
        let memory = self.max_memory_bytes;
        if !(Limits::MEMORY_BYTES_MIN..=Limits::MEMORY_BYTES_MAX).contains(&memory) {
            return Err(LimitError::Memory { bytes: memory });
        }
        for (what, time) in [
            ("max-cpu", self.max_cpu),
            ("max-slice", self.max_slice),
            ("timeout", self.timeout),
        ] {
            if time.is_some_and(|time| time.is_zero() || time > Limits::TIME_MAX) {
                return Err(LimitError::Time { what });
            }
        }
        if !(1..=Limits::MAILBOX_MESSAGES_MAX).contains(&self.max_mailbox_messages)
            || !(1..=Limits::MAILBOX_BYTES_MAX).contains(&self.max_mailbox_bytes)
        {
            return Err(LimitError::Mailbox);
        }
        for (key, value, range) in self.amounts() {
            if !range.contains(&value) {
                let (least, most) = range.into_inner();
                return Err(LimitError::OutOfRange { key, least, most });
            }
        }
        Ok(())
    }

    /// The bounds that are plain amounts: manifest key, value, and what it may be, in the units of
    /// the fields.
    fn amounts(&self) -> [(&'static str, u64, RangeInclusive<u64>); 7] {
        let count = |key, value: u32, most: u32| (key, u64::from(value), 0..=u64::from(most));
        [
            count("max-processes", self.max_processes, Limits::PROCESSES_MAX),
            count("max-handles", self.max_handles, Limits::HANDLES_MAX),
            count("max-timers", self.max_timers, Limits::TIMERS_MAX),
            count(
                "max-table-elements",
                self.max_table_elements,
                Limits::TABLE_ELEMENTS_MAX,
            ),
            (
                "max-body-kb",
                self.max_body_bytes,
                KIB..=Limits::BODY_BYTES_MAX,
            ),
            (
                "max-random-kb",
                self.max_random_bytes,
                KIB..=Limits::RANDOM_BYTES_MAX,
            ),
            (
                "max-call-kb",
                self.max_call_bytes,
                Limits::CALL_BYTES_MIN..=Limits::CALL_BYTES_MAX,
            ),
        ]
    }

    /// The first bound that `narrower` exceeds, by its manifest key; none if it exceeds none.
    pub(crate) fn exceeded_by(&self, narrower: &Limits) -> Option<&'static str> {
        let checks = [
            (
                "max-memory-mb",
                narrower.max_memory_bytes <= self.max_memory_bytes,
            ),
            ("max-cpu-ms", time_within(self.max_cpu, narrower.max_cpu)),
            (
                "max-slice-ms",
                time_within(self.max_slice, narrower.max_slice),
            ),
            ("timeout-ms", time_within(self.timeout, narrower.timeout)),
            (
                "max-output-kb",
                narrower.max_output_bytes <= self.max_output_bytes,
            ),
            (
                "max-mailbox",
                narrower.max_mailbox_messages <= self.max_mailbox_messages
                    && narrower.max_mailbox_bytes <= self.max_mailbox_bytes,
            ),
        ];
        let amounts = self.amounts().into_iter().zip(narrower.amounts());
        let amounts = amounts.map(|((key, outer, _), (_, inner, _))| (key, inner <= outer));
        checks
            .into_iter()
            .chain(amounts)
            .find(|(_, within)| !within)
            .map(|(key, _)| key)
    }
}

/// Whether `inner` is within `outer`, where `None` is unbounded.
pub(crate) fn time_within(outer: Option<Duration>, inner: Option<Duration>) -> bool {
    match (outer, inner) {
        (None, _) => true,
        (Some(_), None) => false,
        (Some(outer), Some(inner)) => inner <= outer,
    }
}

/// A bound that cannot be honoured.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum LimitError {
    /// More than a 32-bit memory can have, or less than one page.
    #[error("a memory bound of {bytes} bytes is not between 64 KiB and 4096 MiB")]
    Memory {
        /// What was asked for.
        bytes: u64,
    },
    /// A time of nothing, or of more than ten years.
    #[error(
        "the bound {what} must be longer than nothing and at most ten years; leave it out for no bound"
    )]
    Time {
        /// Which bound.
        what: &'static str,
    },
    /// A mailbox that could take nothing, or more than any machine holds.
    #[error(
        "a mailbox must take at least one message and one byte, and at most 100,000,000 messages and 1 TiB"
    )]
    Mailbox,
    /// An amount that cannot be honoured.
    #[error("the bound {key} must be from {least} to {most} (bytes, or how many)")]
    OutOfRange {
        /// Which bound, by its manifest key.
        key: &'static str,
        /// The least, in the unit of the field.
        least: u64,
        /// The most.
        most: u64,
    },
}

#[cfg(test)]
mod tests;
