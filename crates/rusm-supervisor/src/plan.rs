//! What a supervisor does next: from the state of its children, who ended and why, to an ordered list of
//! [`Step`]s. Pure; the supervisor's process carries the steps out.
//!
//! A restart is always counted before its first effect, and once per event, however many children it
//! concerns (OTP statement 125).

use crate::child_spec::Restart;
use crate::children::{Child, ChildKey, Children};
use crate::spec::{AutoShutdown, Strategy, SupervisorSpec, WhenEmpty};
use rusm_actor::ExitReason;

/// One thing to do. Steps that follow a failed one are not done.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Step {
    /// Counts a restart on behalf of this child; one too many replaces the rest by giving up.
    CountRestart(ChildKey),
    /// Stops a running child, and waits until it has ended.
    Stop(ChildKey),
    /// Drops the spec of a child that has ended.
    Forget(ChildKey),
    /// Starts a child. If that fails, the rest of the plan is off.
    Start(ChildKey),
    /// Ends the supervisor.
    End(ExitReason),
}

/// The part of a spec that plans depend on.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Rules {
    pub(crate) strategy: Strategy,
    pub(crate) auto_shutdown: AutoShutdown,
    pub(crate) when_empty: WhenEmpty,
}

impl From<&SupervisorSpec> for Rules {
    fn from(spec: &SupervisorSpec) -> Self {
        let SupervisorSpec {
            strategy,
            auto_shutdown,
            when_empty,
            ..
        } = *spec;
        Self {
            strategy,
            auto_shutdown,
            when_empty,
        }
    }
}

/// Starts every child, in order (OTP statement 110).
pub(crate) fn start(children: &Children) -> Vec<Step> {
    children.iter().map(|(key, _)| Step::Start(key)).collect()
}

/// Ends a supervisor that has nothing left to supervise, if its rules say so.
pub(crate) fn end_if_empty(rules: Rules, children: &Children) -> Vec<Step> {
    match rules.when_empty {
        WhenEmpty::End if !is_any_live(children, |_| true) => vec![Step::End(ExitReason::Normal)],
        WhenEmpty::End | WhenEmpty::Stay => Vec::new(),
    }
}

/// Stops every child in reverse order, then ends (OTP statements 110, 118).
pub(crate) fn stop(children: &Children, reason: ExitReason) -> Vec<Step> {
    let running = children
        .iter()
        .rev()
        .filter(|(_, child)| child.state.is_running());
    let stops = running.map(|(key, _)| Step::Stop(key));
    stops.chain([Step::End(reason)]).collect()
}

/// Child `who` ended by itself; its state says so already.
pub(crate) fn child_ended(
    rules: Rules,
    children: &Children,
    who: ChildKey,
    reason: &ExitReason,
) -> Vec<Step> {
    let Some(child) = children.find(who) else {
        return Vec::new();
    };
    if child.spec.is_restarted_after(reason) {
        return restart(rules.strategy, children, who);
    }
    let mut steps = Vec::new();
    if child.spec.restart == Restart::Temporary {
        steps.push(Step::Forget(who));
    }
    if ends_supervisor(rules.auto_shutdown, children, child) {
        steps.extend(stop(children, ExitReason::Shutdown));
    } else {
        steps.extend(end_if_empty(rules, children));
    }
    steps
}

/// Starts `who` again, with whom the strategy says; also for a restart that failed (OTP statements 126, 127).
pub(crate) fn restart(strategy: Strategy, children: &Children, who: ChildKey) -> Vec<Step> {
    let is_concerned = |key: ChildKey| match strategy {
        Strategy::OneForOne => key == who,
        Strategy::OneForAll => true,
        Strategy::RestForOne => key >= who,
    };
    let mut steps = vec![Step::CountRestart(who)];
    for (key, child) in children.iter().rev().filter(|(key, _)| is_concerned(*key)) {
        if child.state.is_running() {
            steps.push(Step::Stop(key));
        }
        if child.spec.restart == Restart::Temporary {
            steps.push(Step::Forget(key));
        }
    }
    let back = children
        .iter()
        .filter(|(key, child)| is_concerned(*key) && child.spec.restart != Restart::Temporary);
    steps.extend(back.map(|(key, _)| Step::Start(key)));
    steps
}

/// OTP statements 136, 137: `child` ended by itself, for good.
fn ends_supervisor(auto_shutdown: AutoShutdown, children: &Children, child: &Child) -> bool {
    match auto_shutdown {
        AutoShutdown::Never => false,
        AutoShutdown::AnySignificant => child.spec.is_significant,
        AutoShutdown::AllSignificant => {
            child.spec.is_significant && !is_any_live(children, |other| other.spec.is_significant)
        }
    }
}

fn is_any_live(children: &Children, is_meant: impl Fn(&Child) -> bool) -> bool {
    children
        .iter()
        .any(|(_, child)| child.state.is_live() && is_meant(child))
}

#[cfg(test)]
mod tests;
