//! The limits of `[capabilities.NAME]` as typed, in range.
//!
//! | key | unit | least | most | sandboxed, network-client | trusted |
//! |---|---|---|---|---|---|
//! | `max-memory-mb` | MiB | 1 | 4,096 | 64 | 1,024 |
//! | `max-cpu-ms`, `max-slice-ms`, `timeout-ms` | ms; 0 = none | 0 | ten years | none | none |
//! | `max-output-kb` | KiB; 0 = no bound | 0 | 1,073,741,824 | 1,024 | no bound |
//! | `max-mailbox.messages` | messages | 1 | 100,000,000 | 10,000 | 100,000 |
//! | `max-mailbox.mb` | MiB | 1 | 1,048,576 | 16 | 64 |
//! | `max-processes` | live descendants | 0 | 1,000,000,000 | 1,000 | 100,000 |
//! | `max-handles` | open at once | 0 | 1,000,000 | 256 | 4,096 |
//! | `max-timers` | armed at once | 0 | 10,000,000 | 10,000 | 100,000 |
//! | `max-table-elements` | elements of all tables | 0 | 100,000,000 | 1,000,000 | 10,000,000 |
//! | `max-body-kb` | KiB a request body | 1 | 1,073,741,824 | 16,384 | 1,048,576 |
//! | `max-random-kb` | KiB a call | 1 | 65,536 | 1,024 | 65,536 |
//! | `max-call-kb` | KiB of host memory a call | 64 | 1,048,576 | 32,768 | 131,072 |

use std::time::Duration;

use rusm_caps::Limits;

use super::supervisor::time_ms_max;
use crate::bounds::OUTPUT_KB_MAX;
use crate::manifest::CeilingsDecl;
use crate::report::Report;
use crate::source::Span;
use crate::table::{Located, Table, Value};

/// The limits that are set. An outer `None` is inherited, an inner one unbounded.
#[derive(Debug, Default)]
pub(crate) struct RawLimits {
    memory_bytes: Option<Located<u64>>,
    cpu: Option<Option<Duration>>,
    slice: Option<Option<Duration>>,
    timeout: Option<Option<Duration>>,
    output_bytes: Option<u64>,
    mailbox: RawMailbox,
    processes: Option<Located<u32>>,
    handles: Option<Located<u32>>,
    timers: Option<Located<u32>>,
    table_elements: Option<Located<u32>>,
    body_bytes: Option<u64>,
    random_bytes: Option<u64>,
    call_bytes: Option<u64>,
}

/// `{ messages = 10_000, mb = 16 }`, either of them or both.
#[derive(Debug, Default)]
struct RawMailbox {
    messages: Option<usize>,
    bytes: Option<Located<usize>>,
}

impl RawLimits {
    pub(super) fn read(report: &mut Report<'_>, table: &mut Table<'_>) -> RawLimits {
        let memory_mb = table
            .take("max-memory-mb")
            .and_then(|value| value.integer(report, 1..=Limits::MEMORY_BYTES_MAX >> 20));
        let mut time = |key| {
            let ms = table.take(key)?.integer(report, 0..=time_ms_max())?;
            Some((ms.value != 0).then(|| Duration::from_millis(ms.value)))
        };
        let (cpu, slice, timeout) = (time("max-cpu-ms"), time("max-slice-ms"), time("timeout-ms"));
        let output_kb = table
            .take("max-output-kb")
            .and_then(|value| value.integer(report, 0..=OUTPUT_KB_MAX));
        let mailbox = table
            .take("max-mailbox")
            .and_then(|value| RawMailbox::read(report, &value));
        let mut count = |key, most: u32| {
            let count = table.take(key)?.integer(report, 0..=u64::from(most))?;
            count.try_map(|count| u32::try_from(count).ok())
        };
        let processes = count("max-processes", Limits::PROCESSES_MAX);
        let handles = count("max-handles", Limits::HANDLES_MAX);
        let timers = count("max-timers", Limits::TIMERS_MAX);
        let table_elements = count("max-table-elements", Limits::TABLE_ELEMENTS_MAX);
        let mut kib = |key, least: u64, most: u64| {
            let value = table.take(key)?.integer(report, least >> 10..=most >> 10)?;
            Some(value.value << 10)
        };
        RawLimits {
            memory_bytes: memory_mb.and_then(|mb| mb.try_map(|mb| Some(mb << 20))),
            cpu,
            slice,
            timeout,
            output_bytes: output_kb.map(|kb| match kb.value {
                0 => u64::MAX,
                kb => kb << 10,
            }),
            mailbox: mailbox.unwrap_or_default(),
            processes,
            handles,
            timers,
            table_elements,
            body_bytes: kib("max-body-kb", 1 << 10, Limits::BODY_BYTES_MAX),
            random_bytes: kib("max-random-kb", 1 << 10, Limits::RANDOM_BYTES_MAX),
            call_bytes: kib(
                "max-call-kb",
                Limits::CALL_BYTES_MIN,
                Limits::CALL_BYTES_MAX,
            ),
        }
    }

    /// Replaces the limits that are set.
    pub(crate) fn apply(&self, limits: &mut Limits) {
        let value = |limit: &Option<Located<u32>>| limit.as_ref().map(|limit| limit.value);
        let memory = self.memory_bytes.as_ref();
        set(
            &mut limits.max_memory_bytes,
            memory.map(|memory| memory.value),
        );
        set(&mut limits.max_cpu, self.cpu);
        set(&mut limits.max_slice, self.slice);
        set(&mut limits.timeout, self.timeout);
        set(&mut limits.max_output_bytes, self.output_bytes);
        set(&mut limits.max_mailbox_messages, self.mailbox.messages);
        set(
            &mut limits.max_mailbox_bytes,
            self.mailbox.bytes.as_ref().map(|bytes| bytes.value),
        );
        set(&mut limits.max_processes, value(&self.processes));
        set(&mut limits.max_handles, value(&self.handles));
        set(&mut limits.max_timers, value(&self.timers));
        set(&mut limits.max_table_elements, value(&self.table_elements));
        set(&mut limits.max_body_bytes, self.body_bytes);
        set(&mut limits.max_random_bytes, self.random_bytes);
        set(&mut limits.max_call_bytes, self.call_bytes);
    }
}

impl RawLimits {
    /// Reports each bound that one process is given and all processes together do not have.
    pub(crate) fn check_within(&self, report: &mut Report<'_>, ceilings: &CeilingsDecl) {
        let mut check =
            |key: &str, span: &Span, bound: u64, ceiling: Option<u64>, ceiling_key: &str| {
                if let Some(ceiling) = ceiling.filter(|ceiling| bound > *ceiling) {
                    report.error_with_hint(
                        span,
                        format!("`{key}` is more than all processes of the node together may have"),
                        format!("`{ceiling_key}` in [node] is {ceiling}"),
                    );
                }
            };
        let mib = |bytes: u64| bytes >> 20;
        if let Some(Located { value, span }) = &self.memory_bytes {
            let ceiling = ceilings.max_memory_bytes.map(mib);
            check("max-memory-mb", span, mib(*value), ceiling, "max-memory-mb");
        }
        if let Some(Located { value, span }) = &self.mailbox.bytes {
            let ceiling = ceilings.max_mailbox_bytes.map(mib);
            let bytes = u64::try_from(*value).unwrap_or(u64::MAX);
            check("mb", span, mib(bytes), ceiling, "max-mailbox-mb");
        }
        for (key, bound, ceiling) in [
            ("max-processes", &self.processes, ceilings.max_processes),
            ("max-handles", &self.handles, ceilings.max_handles),
        ] {
            if let Some(Located { value, span }) = bound {
                check(key, span, (*value).into(), ceiling.map(u64::from), key);
            }
        }
    }
}

fn set<T: Copy>(limit: &mut T, value: Option<T>) {
    *limit = value.unwrap_or(*limit);
}

impl RawMailbox {
    fn read(report: &mut Report<'_>, value: &Value<'_>) -> Option<RawMailbox> {
        let mut table = value.table(report, "`max-mailbox`")?;
        let messages_max = u64::try_from(Limits::MAILBOX_MESSAGES_MAX).unwrap_or(u64::MAX);
        let mb_max = u64::try_from(Limits::MAILBOX_BYTES_MAX >> 20).unwrap_or(u64::MAX);
        let messages = table
            .take("messages")
            .and_then(|value| value.integer(report, 1..=messages_max));
        let mb = table
            .take("mb")
            .and_then(|value| value.integer(report, 1..=mb_max));
        table.finish(report);
        let size = |value: u64| usize::try_from(value).ok();
        Some(RawMailbox {
            messages: messages.and_then(|n| size(n.value)),
            bytes: mb.and_then(|mb| mb.try_map(|mb| size(mb << 20))),
        })
    }
}
