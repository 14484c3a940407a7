//! What the children of one supervisor must not be to it and to each other: significant without effect
//! (OTP statement 138), or known by one id (OTP statement 112).
//!
//! The id of a child is its name; the children of a pool are numbered: `worker-1`, `worker-2`, and so on.

use std::collections::BTreeMap;

use crate::manifest::{AutoShutdownDecl, ChildDecl, ChildTarget, RestartDecl, SupervisorDecl};
use crate::raw::{RawChild, RawSupervisor, RawTarget};
use crate::report::Report;
use crate::table::Located;

/// Checks the children of a declared supervisor.
pub(super) fn check(report: &mut Report<'_>, supervisor: &RawSupervisor<'_>) {
    for child in &supervisor.children {
        check_significant(report, supervisor, child);
    }
    let siblings: Vec<Sibling<'_>> = supervisor.children.iter().map(Sibling::of).collect();
    check_ids(report, supervisor.name.value, &siblings);
}

/// Checks the children that the root was given. None of them is significant, or one of several.
pub(super) fn check_root(report: &mut Report<'_>, children: &[(&Located<&str>, ChildDecl)]) {
    let siblings: Vec<Sibling<'_>> = children.iter().map(Sibling::under_root).collect();
    check_ids(report, SupervisorDecl::ROOT, &siblings);
}

fn check_significant(
    report: &mut Report<'_>,
    supervisor: &RawSupervisor<'_>,
    child: &RawChild<'_>,
) {
    let Some(span) = &child.significant else {
        return;
    };
    let name = child.target.name().value;
    if child.restart == RestartDecl::Permanent {
        let message = format!(
            "`{name}` is significant and permanent: it is always started again, so its end never counts"
        );
        let hint = "write `restart = \"transient\"` or `restart = \"temporary\"`, or leave `significant` out";
        report.error_with_hint(span, message, hint);
    }
    if supervisor.auto_shutdown == AutoShutdownDecl::Never {
        let holder = supervisor.name.value;
        let message =
            format!("`{name}` is significant, and `{holder}` has no automatic shutdown to heed it");
        let hint = format!(
            "write `auto-shutdown = \"any-significant\"` or `\"all-significant\"` under [supervisors.{holder}], or leave `significant` out"
        );
        report.error_with_hint(span, message, hint);
    }
}

/// One child, or one pool of children, as its siblings see it.
struct Sibling<'r> {
    name: &'r Located<&'r str>,
    kind: Kind,
    count: u32,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Component,
    Supervisor,
}

impl<'r> Sibling<'r> {
    fn of(child: &'r RawChild<'r>) -> Sibling<'r> {
        Sibling {
            name: child.target.name(),
            kind: match child.target {
                RawTarget::Component(_) => Kind::Component,
                RawTarget::Supervisor(_) => Kind::Supervisor,
            },
            count: child.count,
        }
    }

    fn under_root((name, child): &'r (&'r Located<&'r str>, ChildDecl)) -> Sibling<'r> {
        Sibling {
            name,
            kind: match child.target {
                ChildTarget::Component(_) => Kind::Component,
                ChildTarget::Supervisor(_) => Kind::Supervisor,
            },
            count: child.count,
        }
    }
}

/// Two pools cannot share an id: `a-1` is numbered `a-1-1`, and `1-1` is no number of `a`. Whoever is named
/// twice as the same thing has been reported by then.
fn check_ids(report: &mut Report<'_>, holder: &str, siblings: &[Sibling<'_>]) {
    let pools = siblings.iter().filter(|sibling| sibling.count > 1);
    let pools: BTreeMap<&str, u32> = pools.map(|pool| (pool.name.value, pool.count)).collect();
    let mut singles: BTreeMap<&str, Kind> = BTreeMap::new();
    for sibling in siblings.iter().filter(|sibling| sibling.count == 1) {
        let Located { value: name, span } = sibling.name;
        if *singles.entry(name).or_insert(sibling.kind) != sibling.kind {
            let message =
                format!("`{holder}` has a component and a supervisor with the child id `{name}`");
            report.error_with_hint(span, message, "rename one of them");
        }
        if let Some((pool, count)) = numbered_by(name, &pools) {
            let message = format!("`{holder}` has two children with the id `{name}`");
            let hint = format!("`{pool}` is started as `{pool}-1` to `{pool}-{count}`: rename one");
            report.error_with_hint(span, message, hint);
        }
    }
}

/// The pool that gives one of its children this name.
fn numbered_by<'p>(name: &str, pools: &BTreeMap<&'p str, u32>) -> Option<(&'p str, u32)> {
    let (pool, number) = name.rsplit_once('-')?;
    let (pool, count) = pools.get_key_value(pool)?;
    let parsed: u32 = number.parse().ok()?;
    let is_its = (1..=*count).contains(&parsed) && parsed.to_string() == number;
    is_its.then_some((*pool, *count))
}
