//! `[capabilities.NAME]` as typed: grants parsed, limits in range, `inherits` not resolved.
//!
//! A key that is absent stays as inherited; a key that is there replaces what is inherited.

use std::fmt::Display;
use std::time::Duration;

use rusm_caps::{
    BucketPattern, BucketSet, DirGrant, EnvGrant, GrantError, Limits, NetGrant, NetRule,
};

use super::supervisor::time_ms_max;
use crate::bounds::{OUTPUT_KB_MAX, PROCESSES_MAX};
use crate::report::Report;
use crate::source::Span;
use crate::table::{Located, Table, Value};

/// `true`, `false`, or a list of what is meant.
#[derive(Debug)]
pub(crate) enum Switch<T> {
    Everything,
    Nothing,
    Listed(Vec<T>),
}

/// `allow-storage`.
#[derive(Debug)]
pub(crate) enum RawStorage {
    Everything,
    Nothing,
    Buckets { read: BucketSet, write: BucketSet },
}

/// One profile. A grant that is `None` is inherited.
#[derive(Debug)]
pub(crate) struct RawProfile<'t> {
    pub(crate) name: Located<&'t str>,
    pub(crate) inherits: Option<Located<&'t str>>,
    pub(crate) network: Option<NetGrant>,
    pub(crate) spawn: Option<Switch<Located<&'t str>>>,
    pub(crate) storage: Option<RawStorage>,
    pub(crate) process_control: Option<bool>,
    pub(crate) send: Option<Switch<&'t str>>,
    pub(crate) load: Option<bool>,
    pub(crate) stdio: Option<bool>,
    pub(crate) env: Option<Vec<EnvGrant>>,
    pub(crate) preopen: Option<Vec<Located<DirGrant>>>,
    pub(crate) limits: RawLimits,
}

/// The limits that are set. An outer `None` is inherited, an inner one unbounded.
#[derive(Debug, Default)]
pub(crate) struct RawLimits {
    memory_bytes: Option<u64>,
    cpu: Option<Option<Duration>>,
    slice: Option<Option<Duration>>,
    timeout: Option<Option<Duration>>,
    output_bytes: Option<u64>,
    mailbox_messages: Option<usize>,
    mailbox_bytes: Option<usize>,
    processes: Option<u32>,
}

impl<'t> RawProfile<'t> {
    pub(super) fn read(
        report: &mut Report<'_>,
        name: Located<&'t str>,
        mut table: Table<'t>,
    ) -> RawProfile<'t> {
        let inherits = table.take("inherits").and_then(|value| value.text(report));
        let network = table
            .take("allow-network")
            .and_then(|value| read_network(report, &value));
        let spawn = table
            .take("allow-spawn")
            .and_then(|value| read_switch(report, &value));
        let storage = table
            .take("allow-storage")
            .and_then(|value| read_storage(report, &value));
        let send = table
            .take("allow-send")
            .and_then(|value| read_send(report, &value));
        let process_control = table
            .take("allow-process-control")
            .and_then(|value| value.boolean(report));
        let load = table
            .take("allow-load")
            .and_then(|value| value.boolean(report));
        let stdio = table
            .take("allow-stdio")
            .and_then(|value| value.boolean(report));
        let env = table.take("env").and_then(|value| read_env(report, &value));
        let preopen = table
            .take("preopen")
            .and_then(|value| read_preopen(report, &value));
        let limits = RawLimits::read(report, &mut table);
        refuse_entries(report, &mut table, "allow-listen");
        refuse_entries(report, &mut table, "host-functions");
        table.refuse(report, "max-handles");
        table.finish(report);
        RawProfile {
            name,
            inherits,
            network,
            spawn,
            storage,
            process_control,
            send,
            load,
            stdio,
            env,
            preopen,
            limits,
        }
    }
}

impl RawLimits {
    fn read(report: &mut Report<'_>, table: &mut Table<'_>) -> RawLimits {
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
            .and_then(|value| read_mailbox(report, &value));
        let (mailbox_messages, mailbox_bytes) = mailbox.unwrap_or_default();
        let processes = table
            .take("max-processes")
            .and_then(|value| value.integer(report, 0..=PROCESSES_MAX));
        RawLimits {
            memory_bytes: memory_mb.map(|mb| mb.value << 20),
            cpu,
            slice,
            timeout,
            output_bytes: output_kb.map(|kb| {
                if kb.value == 0 {
                    u64::MAX
                } else {
                    kb.value << 10
                }
            }),
            mailbox_messages,
            mailbox_bytes,
            processes: processes.and_then(|n| u32::try_from(n.value).ok()),
        }
    }

    /// Replaces the limits that are set.
    pub(crate) fn apply(&self, limits: &mut Limits) {
        limits.max_memory_bytes = self.memory_bytes.unwrap_or(limits.max_memory_bytes);
        limits.max_cpu = self.cpu.unwrap_or(limits.max_cpu);
        limits.max_slice = self.slice.unwrap_or(limits.max_slice);
        limits.timeout = self.timeout.unwrap_or(limits.timeout);
        limits.max_output_bytes = self.output_bytes.unwrap_or(limits.max_output_bytes);
        limits.max_mailbox_messages = self.mailbox_messages.unwrap_or(limits.max_mailbox_messages);
        limits.max_mailbox_bytes = self.mailbox_bytes.unwrap_or(limits.max_mailbox_bytes);
        limits.max_processes = self.processes.unwrap_or(limits.max_processes);
    }
}

/// `{ messages = 10_000, mb = 16 }`, either of them or both.
fn read_mailbox(
    report: &mut Report<'_>,
    value: &Value<'_>,
) -> Option<(Option<usize>, Option<usize>)> {
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
    Some((
        messages.and_then(|n| size(n.value)),
        mb.and_then(|n| size(n.value << 20)),
    ))
}

fn read_switch<'t>(report: &mut Report<'_>, value: &Value<'t>) -> Option<Switch<Located<&'t str>>> {
    match value.as_boolean() {
        Some(true) => Some(Switch::Everything),
        Some(false) => Some(Switch::Nothing),
        None if value.is_array() => value.texts(report).map(Switch::Listed),
        None => value.mistyped(report, "true, false or a list of strings"),
    }
}

fn read_network(report: &mut Report<'_>, value: &Value<'_>) -> Option<NetGrant> {
    Some(match read_switch(report, value)? {
        Switch::Everything => NetGrant::public(),
        Switch::Nothing => NetGrant::Off,
        Switch::Listed(texts) => {
            let rules = texts
                .iter()
                .filter_map(|text| parse_grant::<NetRule>(report, &value.what, text));
            NetGrant::Rules(rules.collect())
        }
    })
}

fn read_send<'t>(report: &mut Report<'_>, value: &Value<'t>) -> Option<Switch<&'t str>> {
    Some(match read_switch(report, value)? {
        Switch::Everything => Switch::Everything,
        Switch::Nothing => Switch::Nothing,
        Switch::Listed(names) => {
            for name in &names {
                if name.value.is_empty()
                    || name.value.len() > 255
                    || name.value.chars().any(char::is_control)
                {
                    let message = "`allow-send` has an entry that no process can have as its name";
                    report.error_with_hint(
                        &name.span,
                        message,
                        "a name has 1 to 255 bytes and no control character",
                    );
                }
            }
            Switch::Listed(names.into_iter().map(|name| name.value).collect())
        }
    })
}

fn read_storage(report: &mut Report<'_>, value: &Value<'_>) -> Option<RawStorage> {
    match value.as_boolean() {
        Some(true) => return Some(RawStorage::Everything),
        Some(false) => return Some(RawStorage::Nothing),
        None if !value.is_table() => {
            return value.mistyped(report, "true, false or { read = [..], write = [..] }");
        }
        None => {}
    }
    let mut table = value.table(report, "`allow-storage`")?;
    let mut buckets = |key| {
        let Some(texts) = table.take(key).and_then(|value| value.texts(report)) else {
            return BucketSet::Nothing;
        };
        let patterns = texts
            .iter()
            .filter_map(|text| parse_grant::<BucketPattern>(report, "`allow-storage`", text));
        BucketSet::Listed(patterns.collect())
    };
    let (read, write) = (buckets("read"), buckets("write"));
    table.finish(report);
    Some(RawStorage::Buckets { read, write })
}

fn read_env(report: &mut Report<'_>, value: &Value<'_>) -> Option<Vec<EnvGrant>> {
    let texts = value.texts(report)?;
    Some(
        texts
            .iter()
            .filter_map(|text| parse_grant::<EnvGrant>(report, &value.what, text))
            .collect(),
    )
}

fn read_preopen(report: &mut Report<'_>, value: &Value<'_>) -> Option<Vec<Located<DirGrant>>> {
    let entries = value.array(report)?;
    Some(
        entries
            .iter()
            .filter_map(|entry| read_dir(report, entry))
            .collect(),
    )
}

fn read_dir(report: &mut Report<'_>, entry: &Value<'_>) -> Option<Located<DirGrant>> {
    let mut table = entry.table(report, "an entry of `preopen`")?;
    let mut path = |key: &'static str| match table.take(key) {
        Some(value) => value.text(report),
        None => {
            report.error(&entry.span, format!("an entry of `preopen` has no `{key}`"));
            None
        }
    };
    let (host, guest) = (path("host"), path("guest"));
    let read_only = table
        .take("read-only")
        .and_then(|value| value.boolean(report))
        .unwrap_or(false);
    table.finish(report);
    let (host, guest) = (host?, guest?);
    // The two paths are tried apart, so that each mistake is underlined where it is.
    let host_dir = DirGrant::read_only(host.value, "/");
    let guest_dir = DirGrant::read_only(".", guest.value);
    for (result, span) in [(&host_dir, &host.span), (&guest_dir, &guest.span)] {
        if let Err(error) = result {
            report_grant(report, "`preopen`", span, error);
        }
    }
    let make = if read_only {
        DirGrant::read_only
    } else {
        DirGrant::read_write
    };
    let dir = make(host.value, guest.value).ok()?;
    Some(Located {
        value: dir,
        span: guest.span,
    })
}

fn parse_grant<T: std::str::FromStr<Err = GrantError>>(
    report: &mut Report<'_>,
    what: impl Display,
    text: &Located<&str>,
) -> Option<T> {
    match text.value.parse() {
        Ok(grant) => Some(grant),
        Err(error) => {
            report_grant(report, what, &text.span, &error);
            None
        }
    }
}

fn report_grant(report: &mut Report<'_>, what: impl Display, span: &Span, error: &GrantError) {
    let message = format!("{what}: {}", error.reason());
    match error.suggestion() {
        Some(hint) => report.error_with_hint(span, message, hint),
        None => report.error(span, message),
    }
}

/// Takes a list that must be empty in this release.
fn refuse_entries(report: &mut Report<'_>, table: &mut Table<'_>, key: &'static str) {
    let Some(value) = table.take(key) else {
        return;
    };
    if value.as_boolean() == Some(false) || value.is_empty_array() {
        return;
    }
    report.error_with_hint(
        &value.span,
        format!("`{key}` is not supported yet"),
        "leave it out",
    );
}
