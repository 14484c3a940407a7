//! `[supervisors.NAME]` as typed.

use std::time::Duration;

use rusm_caps::Limits;

use super::component::RESTARTS;
use crate::bounds::{COUNT_MAX, RESTARTS_MAX};
use crate::manifest::{AutoShutdownDecl, RestartDecl, ShutdownDecl, StrategyDecl};
use crate::report::Report;
use crate::source::Span;
use crate::table::{Located, Table, Value};

const STRATEGIES: [(&str, StrategyDecl); 3] = [
    ("one-for-one", StrategyDecl::OneForOne),
    ("one-for-all", StrategyDecl::OneForAll),
    ("rest-for-one", StrategyDecl::RestForOne),
];

const AUTO_SHUTDOWNS: [(&str, AutoShutdownDecl); 3] = [
    ("never", AutoShutdownDecl::Never),
    ("any-significant", AutoShutdownDecl::AnySignificant),
    ("all-significant", AutoShutdownDecl::AllSignificant),
];

/// What `shutdown-ms` can be besides a number.
const SHUTDOWNS: [(&str, ShutdownDecl); 2] = [
    ("infinity", ShutdownDecl::Infinity),
    ("brutal-kill", ShutdownDecl::BrutalKill),
];

/// One supervisor.
#[derive(Debug)]
pub(crate) struct RawSupervisor<'t> {
    pub(crate) name: Located<&'t str>,
    pub(crate) strategy: StrategyDecl,
    pub(crate) max_restarts: Option<u32>,
    pub(crate) period: Option<Duration>,
    pub(crate) auto_shutdown: AutoShutdownDecl,
    /// When the root starts it again; only for one that nobody holds.
    pub(crate) restart: Option<Located<RestartDecl>>,
    pub(crate) children: Vec<RawChild<'t>>,
}

/// One entry of its children.
#[derive(Debug)]
pub(crate) struct RawChild<'t> {
    pub(crate) target: RawTarget<'t>,
    pub(crate) count: u32,
    pub(crate) restart: RestartDecl,
    pub(crate) shutdown: Option<ShutdownDecl>,
    /// Where it is said to be significant, if it is.
    pub(crate) significant: Option<Span>,
}

/// What the entry names.
#[derive(Debug)]
pub(crate) enum RawTarget<'t> {
    Component(Located<&'t str>),
    Supervisor(Located<&'t str>),
}

impl<'t> RawTarget<'t> {
    pub(crate) fn name(&self) -> &Located<&'t str> {
        match self {
            RawTarget::Component(name) | RawTarget::Supervisor(name) => name,
        }
    }
}

impl<'t> RawSupervisor<'t> {
    pub(super) fn read(
        report: &mut Report<'_>,
        name: Located<&'t str>,
        mut table: Table<'t>,
    ) -> RawSupervisor<'t> {
        let strategy = table
            .take("strategy")
            .and_then(|value| value.choice(report, &STRATEGIES))
            .unwrap_or_default();
        let max_restarts = table
            .take("max-restarts")
            .and_then(|value| value.integer(report, 0..=RESTARTS_MAX));
        let period = table
            .take("period-ms")
            .and_then(|value| value.integer(report, 1..=time_ms_max()));
        // A word that was reported must not make its significant children wrong as well.
        let auto_shutdown = table.take("auto-shutdown").map(|value| {
            let choice = value.choice(report, &AUTO_SHUTDOWNS);
            choice.unwrap_or(AutoShutdownDecl::AnySignificant)
        });
        let restart = take_restart(report, &mut table);
        let mut children = Vec::new();
        match table.take("children") {
            Some(value) => {
                for entry in value.array(report).unwrap_or_default() {
                    children.extend(read_child(report, &entry));
                }
            }
            None => {
                let hint = "add `children = [{ component = \"NAME\" }]`";
                report.error_with_hint(
                    &name.span,
                    format!("[supervisors.{}] has no `children`", name.value),
                    hint,
                );
            }
        }
        table.finish(report);
        RawSupervisor {
            name,
            strategy,
            max_restarts: max_restarts.and_then(|n| u32::try_from(n.value).ok()),
            period: period.map(|ms| Duration::from_millis(ms.value)),
            auto_shutdown: auto_shutdown.unwrap_or_default(),
            restart,
            children,
        }
    }
}

fn read_child<'t>(report: &mut Report<'_>, entry: &Value<'t>) -> Option<RawChild<'t>> {
    let mut table = entry.table(report, "a child")?;
    let component = table.take("component").map(|value| value.text(report));
    let supervisor = table.take("supervisor").map(|value| value.text(report));
    let count = table.take("count");
    let restart = take_restart(report, &mut table).map(|restart| restart.value);
    let shutdown = table
        .take("shutdown-ms")
        .and_then(|value| read_shutdown(report, &value));
    let significant = take_significant(report, &mut table);
    table.finish(report);
    let target = match (component, supervisor) {
        (Some(component), None) => RawTarget::Component(component?),
        (None, Some(supervisor)) => RawTarget::Supervisor(supervisor?),
        (Some(_), Some(_)) => {
            return no_target(
                report,
                &entry.span,
                "a child has both `component` and `supervisor`",
            );
        }
        (None, None) => {
            return no_target(
                report,
                &entry.span,
                "a child has neither `component` nor `supervisor`",
            );
        }
    };
    let count = match (&target, count) {
        (RawTarget::Supervisor(_), Some(value)) => {
            report.error(
                &value.span,
                "a supervisor is one child: `count` belongs to a component",
            );
            1
        }
        (_, Some(value)) => read_count(report, &value).unwrap_or(1),
        (_, None) => 1,
    };
    Some(RawChild {
        target,
        count,
        restart: restart.unwrap_or_default(),
        shutdown,
        significant,
    })
}

fn no_target<T>(report: &mut Report<'_>, span: &Span, message: &str) -> Option<T> {
    report.error_with_hint(
        span,
        message,
        "write `component = \"NAME\"` or `supervisor = \"NAME\"`",
    );
    None
}

fn read_count(report: &mut Report<'_>, value: &Value<'_>) -> Option<u32> {
    let count = value.integer(report, 1..=COUNT_MAX)?;
    u32::try_from(count.value).ok()
}

/// A time, where 0 kills at once, or a word.
fn read_shutdown(report: &mut Report<'_>, value: &Value<'_>) -> Option<ShutdownDecl> {
    if value.is_text() {
        return value.choice(report, &SHUTDOWNS);
    }
    if !value.is_integer() {
        return value.mistyped(report, "milliseconds, \"infinity\" or \"brutal-kill\"");
    }
    let ms = value.integer(report, 0..=time_ms_max())?;
    Some(match ms.value {
        0 => ShutdownDecl::BrutalKill,
        ms => ShutdownDecl::Timeout(Duration::from_millis(ms)),
    })
}

/// A word that was reported counts as transient, which fits everything else that may be there.
fn take_restart(report: &mut Report<'_>, table: &mut Table<'_>) -> Option<Located<RestartDecl>> {
    let value = table.take("restart")?;
    let restart = value.choice(report, &RESTARTS);
    Some(Located {
        value: restart.unwrap_or(RestartDecl::Transient),
        span: value.span,
    })
}

fn take_significant(report: &mut Report<'_>, table: &mut Table<'_>) -> Option<Span> {
    let value = table.take("significant")?;
    (value.boolean(report) == Some(true)).then_some(value.span)
}

/// The longest time that can be written.
pub(super) fn time_ms_max() -> u64 {
    u64::try_from(Limits::TIME_MAX.as_millis()).expect("ten years of milliseconds fit into 64 bits")
}
