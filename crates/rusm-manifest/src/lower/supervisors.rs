//! The supervision tree: every child known, every child under one supervisor, no circle, and the
//! rest under the root.

use std::collections::{BTreeMap, BTreeSet};

use super::{by_name, siblings};
use crate::manifest::{
    AutoShutdownDecl, ChildDecl, ChildTarget, RestartDecl, ShutdownDecl, StrategyDecl,
    SupervisorDecl,
};
use crate::raw::{RawChild, RawManifest, RawSupervisor, RawTarget};
use crate::report::Report;
use crate::table::Located;

/// The names of a circle that are shown.
const CYCLE_SHOWN_MAX: usize = 8;

/// All supervisors, and the root.
#[derive(Debug)]
pub(super) struct Tree {
    pub(super) supervisors: BTreeMap<String, SupervisorDecl>,
    pub(super) root: SupervisorDecl,
}

pub(super) fn lower(report: &mut Report<'_>, raw: &RawManifest<'_>) -> Tree {
    check_references(report, raw);
    let parents = claim_children(report, raw);
    check_cycles(report, raw, &parents.supervisors);
    for supervisor in &raw.supervisors {
        siblings::check(report, supervisor);
    }
    let supervisors = raw
        .supervisors
        .iter()
        .map(|supervisor| (supervisor.name.value.to_owned(), lower_one(supervisor)));
    Tree {
        supervisors: supervisors.collect(),
        root: root(report, raw, &parents),
    }
}

/// Under which supervisor each child is.
#[derive(Debug, Default)]
struct Parents<'r> {
    components: BTreeMap<&'r str, &'r str>,
    supervisors: BTreeMap<&'r str, &'r str>,
}

fn check_references(report: &mut Report<'_>, raw: &RawManifest<'_>) {
    let components = by_name(&raw.components, |component| component.name.value);
    let supervisors = by_name(&raw.supervisors, |supervisor| supervisor.name.value);
    for supervisor in &raw.supervisors {
        if supervisor.name.value == SupervisorDecl::ROOT {
            let message = "`root` is the supervisor of the node itself and cannot be declared";
            report.error_with_hint(
                &supervisor.name.span,
                message,
                "give it another name; it is started under the root",
            );
        }
        for child in &supervisor.children {
            match &child.target {
                RawTarget::Component(name) if !components.contains_key(name.value) => {
                    let message = format!("no component is named {:?}", name.value);
                    report.unknown_word(
                        &name.span,
                        message,
                        name.value,
                        components.keys().copied(),
                    );
                }
                RawTarget::Supervisor(name) if !supervisors.contains_key(name.value) => {
                    let message = format!("no supervisor is named {:?}", name.value);
                    report.unknown_word(
                        &name.span,
                        message,
                        name.value,
                        supervisors.keys().copied(),
                    );
                }
                RawTarget::Component(_) | RawTarget::Supervisor(_) => {}
            }
        }
    }
}

/// Gives every child to the first supervisor that names it, and reports the others.
fn claim_children<'r>(report: &mut Report<'_>, raw: &'r RawManifest<'_>) -> Parents<'r> {
    let mut parents = Parents::default();
    for supervisor in &raw.supervisors {
        for child in &supervisor.children {
            let (kind, name, claimed) = match &child.target {
                RawTarget::Component(name) => ("component", name, &mut parents.components),
                RawTarget::Supervisor(name) => ("supervisor", name, &mut parents.supervisors),
            };
            match claimed.get(name.value) {
                Some(holder) => {
                    let message = format!(
                        "the {kind} `{}` is a child of `{holder}` already",
                        name.value
                    );
                    report.error(&name.span, message);
                }
                None => {
                    claimed.insert(name.value, supervisor.name.value);
                }
            }
        }
    }
    parents
}

/// Every supervisor has one parent at most, so following parents from each finds every circle.
fn check_cycles(report: &mut Report<'_>, raw: &RawManifest<'_>, parents: &BTreeMap<&str, &str>) {
    let mut done: BTreeSet<&str> = BTreeSet::new();
    for supervisor in &raw.supervisors {
        let mut path: Vec<&str> = Vec::new();
        let mut on_path = BTreeSet::new();
        let mut next = Some(supervisor.name.value);
        while let Some(name) = next {
            if !on_path.insert(name) {
                report_cycle(report, &supervisor.name, &path, name);
                break;
            }
            if done.contains(name) {
                break;
            }
            path.push(name);
            next = parents.get(name).copied();
        }
        done.extend(path);
    }
}

fn report_cycle(report: &mut Report<'_>, at: &Located<&str>, path: &[&str], again: &str) {
    // The path leads from child to parent; people read from parent to child.
    let mut names: Vec<&str> = path
        .iter()
        .copied()
        .skip_while(|name| *name != again)
        .collect();
    names.reverse();
    let mut shown: Vec<&str> = names.iter().copied().take(CYCLE_SHOWN_MAX).collect();
    if names.len() > CYCLE_SHOWN_MAX {
        shown.push("…");
    }
    shown.extend(names.first());
    report.error(
        &at.span,
        format!(
            "supervisors hold each other in a circle: {}",
            shown.join(" -> ")
        ),
    );
}

fn lower_one(raw: &RawSupervisor<'_>) -> SupervisorDecl {
    SupervisorDecl {
        name: raw.name.value.to_owned(),
        strategy: raw.strategy,
        max_restarts: raw
            .max_restarts
            .unwrap_or(SupervisorDecl::MAX_RESTARTS_DEFAULT),
        period: raw.period.unwrap_or(SupervisorDecl::PERIOD_DEFAULT),
        auto_shutdown: raw.auto_shutdown,
        children: raw.children.iter().map(lower_child).collect(),
    }
}

fn lower_child(raw: &RawChild<'_>) -> ChildDecl {
    let (target, shutdown_default) = match &raw.target {
        RawTarget::Component(name) => (
            ChildTarget::Component(name.value.to_owned()),
            ShutdownDecl::Timeout(SupervisorDecl::SHUTDOWN_DEFAULT),
        ),
        // As in OTP: a supervisor is given the time that its own children need.
        RawTarget::Supervisor(name) => (
            ChildTarget::Supervisor(name.value.to_owned()),
            ShutdownDecl::Infinity,
        ),
    };
    ChildDecl {
        target,
        count: raw.count,
        restart: raw.restart,
        shutdown: raw.shutdown.unwrap_or(shutdown_default),
        significant: raw.significant.is_some(),
    }
}

/// The components with `restart` and the supervisors that nobody holds, in the order of the file.
fn root(report: &mut Report<'_>, raw: &RawManifest<'_>, parents: &Parents<'_>) -> SupervisorDecl {
    let mut children = Vec::new();
    for component in &raw.components {
        let (name, holder) = (
            &component.name,
            parents.components.get(component.name.value),
        );
        if let Some(restart) = &component.restart {
            refuse_both_places(report, name, restart, holder);
            let target = ChildTarget::Component(name.value.to_owned());
            let shutdown = ShutdownDecl::Timeout(SupervisorDecl::SHUTDOWN_DEFAULT);
            children.push((name, root_child(target, restart.value, shutdown)));
        }
    }
    for supervisor in &raw.supervisors {
        let (name, holder) = (
            &supervisor.name,
            parents.supervisors.get(supervisor.name.value),
        );
        if let Some(restart) = &supervisor.restart {
            refuse_both_places(report, name, restart, holder);
        }
        if holder.is_none() {
            let target = ChildTarget::Supervisor(name.value.to_owned());
            let restart = supervisor.restart.as_ref();
            let restart = restart.map_or(RestartDecl::Permanent, |restart| restart.value);
            children.push((name, root_child(target, restart, ShutdownDecl::Infinity)));
        }
    }
    children.sort_by_key(|(name, _)| name.span.start);
    siblings::check_root(report, &children);
    SupervisorDecl {
        name: SupervisorDecl::ROOT.to_owned(),
        strategy: StrategyDecl::OneForOne,
        max_restarts: SupervisorDecl::MAX_RESTARTS_DEFAULT,
        period: SupervisorDecl::PERIOD_DEFAULT,
        auto_shutdown: AutoShutdownDecl::Never,
        children: children.into_iter().map(|(_, child)| child).collect(),
    }
}

fn root_child(target: ChildTarget, restart: RestartDecl, shutdown: ShutdownDecl) -> ChildDecl {
    ChildDecl {
        target,
        count: 1,
        restart,
        shutdown,
        significant: false,
    }
}

/// `restart` in its own table puts a thing under the root; only there does it mean something.
fn refuse_both_places(
    report: &mut Report<'_>,
    name: &Located<&str>,
    restart: &Located<RestartDecl>,
    holder: Option<&&str>,
) {
    if let Some(holder) = holder {
        let message = format!(
            "`{}` has `restart` and is a child of the supervisor `{holder}` too",
            name.value
        );
        let hint = "write `restart` in the supervisor's `children` only";
        report.error_with_hint(&restart.span, message, hint);
    }
}
