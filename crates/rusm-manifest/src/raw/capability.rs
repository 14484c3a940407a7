//! `[capabilities.NAME]` as typed: grants parsed, limits in range, `inherits` not resolved.
//!
//! A key that is absent stays as inherited; a key that is there replaces what is inherited.

use std::fmt::Display;
use std::str::FromStr;

use rusm_caps::{
    BucketPattern, BucketSet, DirGrant, EnvGrant, GrantError, HostFunctionGrant, HostFunctionName,
    ListenGrant, ListenRule, NetGrant, NetHost, NetRule,
};

use super::limits::RawLimits;
use crate::report::Report;
use crate::source::Span;
use crate::suggest::nearest;
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
    pub(crate) listen: Option<ListenGrant>,
    pub(crate) spawn: Option<Switch<Located<&'t str>>>,
    pub(crate) storage: Option<RawStorage>,
    pub(crate) process_control: Option<bool>,
    pub(crate) send: Option<Switch<&'t str>>,
    pub(crate) load: Option<bool>,
    pub(crate) stdio: Option<bool>,
    pub(crate) env: Option<Vec<EnvGrant>>,
    pub(crate) preopen: Option<Vec<Located<DirGrant>>>,
    pub(crate) host_functions: Option<HostFunctionGrant>,
    pub(crate) limits: RawLimits,
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
        let listen = table
            .take("allow-listen")
            .and_then(|value| read_listen(report, &value));
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
        let env = table
            .take("env")
            .and_then(|value| read_list(report, &value));
        let preopen = table
            .take("preopen")
            .and_then(|value| read_preopen(report, &value));
        let host_functions = table
            .take("host-functions")
            .and_then(|value| read_list::<HostFunctionName>(report, &value))
            .map(HostFunctionGrant::listed);
        let limits = RawLimits::read(report, &mut table);
        table.finish(report);
        RawProfile {
            name,
            inherits,
            network,
            listen,
            spawn,
            storage,
            process_control,
            send,
            load,
            stdio,
            env,
            preopen,
            host_functions,
            limits,
        }
    }
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
            let rules = texts.iter().filter_map(|text| {
                let rule = parse_grant::<NetRule>(report, &value.what, text)?;
                warn_of_near_word(report, &value.what, text, &rule);
                Some(rule)
            });
            NetGrant::Rules(rules.collect())
        }
    })
}

/// `pubilc` is a host name like any other, and hardly what was meant.
fn warn_of_near_word(report: &mut Report<'_>, what: &str, text: &Located<&str>, rule: &NetRule) {
    const WORDS: [&str; 2] = ["public", "localhost"];
    let NetHost::Name(pattern) = rule.host() else {
        return;
    };
    let Some(name) = pattern.exact_name().filter(|name| !WORDS.contains(name)) else {
        return;
    };
    if nearest(name, WORDS.into_iter()).is_some() {
        let message = format!("{what}: this is about a host that is called {name:?}");
        report.unknown_word_warning(&text.span, message, name, WORDS.into_iter());
    }
}

fn read_listen(report: &mut Report<'_>, value: &Value<'_>) -> Option<ListenGrant> {
    Some(match read_switch(report, value)? {
        Switch::Everything => ListenGrant::Anywhere,
        Switch::Nothing => ListenGrant::Off,
        Switch::Listed(texts) => {
            let rules = texts
                .iter()
                .filter_map(|text| parse_grant::<ListenRule>(report, &value.what, text));
            ListenGrant::Rules(rules.collect())
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

/// A list of grants of one kind.
fn read_list<T: FromStr<Err = GrantError>>(
    report: &mut Report<'_>,
    value: &Value<'_>,
) -> Option<Vec<T>> {
    let texts = value.texts(report)?;
    Some(
        texts
            .iter()
            .filter_map(|text| parse_grant(report, &value.what, text))
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

fn parse_grant<T: FromStr<Err = GrantError>>(
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
