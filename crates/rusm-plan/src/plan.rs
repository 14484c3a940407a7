//! What a supervisor does next: from the state of its children, who ended and how, to an ordered list of
//! [`Step`]s. The supervisor's process carries the steps out.
//!
//! A restart is always counted before its first effect, and once per event, however many children it
//! concerns (OTP statement 125). A one-for-one restart costs the same however many siblings there are.

use crate::children::{Child, ChildKey, Children};
use crate::intensity::{RestartWindow, Verdict};
use crate::policy::{AutoShutdown, EndKind, Restart, Strategy, WhenEmpty};
use alloc::vec::Vec;
use core::time::Duration;

/// The part of a supervisor's spec that plans depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rules {
    /// Who is restarted together. A dynamic supervisor has one-for-one.
    pub strategy: Strategy,
    /// Whether the end of significant children ends the supervisor.
    pub auto_shutdown: AutoShutdown,
    /// What to do when no child is left.
    pub when_empty: WhenEmpty,
    /// Whether all children are of one spec, started at run time, and forgotten when they have ended for good.
    pub is_dynamic: bool,
}

/// One thing to do.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Step {
    /// Stops a running child and waits until it has ended; takes back the restart of one that waits for
    /// another try.
    Stop(ChildKey),
    /// Stops every running child: all are asked at once and waited for together (OTP statement 135).
    StopTogether,
    /// Drops a child that has no process.
    Forget(ChildKey),
    /// Starts a child. If that fails, the rest of the steps is off.
    Start(ChildKey),
}

/// What a supervisor did about a child that ended by itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Decision {
    /// It is started again, with whom the strategy says.
    Restart,
    /// It stays ended, and its spec is kept.
    StayEnded,
    /// It is forgotten.
    Forget,
    /// A restart is due and would be one too many: all children are stopped, and the supervisor ends.
    GiveUp,
    /// The end of significant children ends the supervisor; the others are stopped.
    ShutDown,
    /// Nothing is left to supervise, and the supervisor ends.
    Finish,
}

/// The reason that a supervisor of its own accord ends with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Ending {
    /// `normal`.
    Normal,
    /// `shutdown`.
    Shutdown,
}

impl Decision {
    /// What the supervisor ends with once the steps are done, if it does.
    pub fn ending(self) -> Option<Ending> {
        match self {
            Self::Restart | Self::StayEnded | Self::Forget => None,
            Self::GiveUp | Self::ShutDown => Some(Ending::Shutdown),
            Self::Finish => Some(Ending::Normal),
        }
    }
}

/// What was decided, and what is to be done, in order.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct Plan {
    /// What was decided. If it has an [`ending`](Decision::ending), the supervisor ends after the steps.
    pub decision: Decision,
    /// What is to be done.
    pub steps: Vec<Step>,
}

/// Starts every child, in order (OTP statement 110).
pub fn start<S, P: Copy + Ord, M: Copy + Ord>(children: &Children<S, P, M>) -> Vec<Step> {
    children.iter().map(|(key, _)| Step::Start(key)).collect()
}

/// What a supervisor ends with although it has only just started: all children ignored their start, or have
/// none. A dynamic one starts empty and waits.
pub fn started<S, P: Copy + Ord, M: Copy + Ord>(
    rules: Rules,
    children: &Children<S, P, M>,
) -> Option<Ending> {
    (!rules.is_dynamic && is_finished(rules, children)).then_some(Ending::Normal)
}

/// Stops every child: in reverse start order, or together in a dynamic supervisor (OTP statements 110, 118, 135).
pub fn stop<S, P: Copy + Ord, M: Copy + Ord>(
    rules: Rules,
    children: &Children<S, P, M>,
) -> Vec<Step> {
    if rules.is_dynamic {
        return [Step::StopTogether].into();
    }
    let running = children
        .iter()
        .rev()
        .filter(|(_, child)| child.state().is_running());
    running.map(|(key, _)| Step::Stop(key)).collect()
}

/// Child `who` ended by itself at `now`; its state says so already.
pub fn child_ended<S, P: Copy + Ord, M: Copy + Ord>(
    rules: Rules,
    children: &Children<S, P, M>,
    window: &mut RestartWindow,
    now: Duration,
    who: ChildKey,
    end: EndKind,
) -> Plan {
    let Some(child) = children.find(who) else {
        return Plan {
            decision: Decision::StayEnded,
            steps: Vec::new(),
        };
    };
    if child.policy().is_restarted_after(end) {
        return try_again(rules, children, window, now, who);
    }
    let is_kept = is_kept(rules, child);
    let mut steps: Vec<Step> = (!is_kept)
        .then_some(Step::Forget(who))
        .into_iter()
        .collect();
    let decision = if ends_supervisor(rules.auto_shutdown, children, child) {
        steps.extend(stop(rules, children));
        Decision::ShutDown
    } else if is_finished(rules, children) {
        Decision::Finish
    } else if is_kept {
        Decision::StayEnded
    } else {
        Decision::Forget
    };
    Plan { decision, steps }
}

/// Starts `who` again, with whom the strategy says: after an end, and after a restart that failed, each try
/// counting (OTP statements 126, 127).
pub fn try_again<S, P: Copy + Ord, M: Copy + Ord>(
    rules: Rules,
    children: &Children<S, P, M>,
    window: &mut RestartWindow,
    now: Duration,
    who: ChildKey,
) -> Plan {
    if window.count(now) == Verdict::Exceeded {
        return Plan {
            decision: Decision::GiveUp,
            steps: stop(rules, children),
        };
    }
    let steps = match rules.strategy {
        Strategy::OneForOne => [Step::Start(who)].into(),
        Strategy::OneForAll => restart_all(children.iter()),
        Strategy::RestForOne => restart_all(children.iter_from(who)),
    };
    Plan {
        decision: Decision::Restart,
        steps,
    }
}

/// A child's start answered ignore: it has no process, and its spec is kept unless it is temporary or in a
/// dynamic supervisor (OTP statement 114).
pub fn ignored<S, P: Copy + Ord, M: Copy + Ord>(
    rules: Rules,
    children: &Children<S, P, M>,
    who: ChildKey,
) -> Option<Step> {
    let child = children.find(who)?;
    (!is_kept(rules, child)).then_some(Step::Forget(who))
}

/// Stops these in reverse order and starts them in order; the temporary ones are dropped instead (OTP statement
/// 123).
fn restart_all<'a, S: 'a, P: Copy + 'a, M: Copy + 'a>(
    concerned: impl DoubleEndedIterator<Item = (ChildKey, &'a Child<S, P, M>)> + Clone,
) -> Vec<Step> {
    let mut steps = Vec::new();
    for (key, child) in concerned.clone().rev() {
        if child.state().is_running() {
            steps.push(Step::Stop(key));
        }
        if child.policy().restart == Restart::Temporary {
            steps.push(Step::Forget(key));
        }
    }
    let back = concerned.filter(|(_, child)| child.policy().restart != Restart::Temporary);
    steps.extend(back.map(|(key, _)| Step::Start(key)));
    steps
}

/// Whether the spec of a child outlives its process.
pub(crate) fn is_kept<S, P: Copy, M: Copy>(rules: Rules, child: &Child<S, P, M>) -> bool {
    !rules.is_dynamic && child.policy().restart != Restart::Temporary
}

fn is_finished<S, P: Copy + Ord, M: Copy + Ord>(
    rules: Rules,
    children: &Children<S, P, M>,
) -> bool {
    rules.when_empty == WhenEmpty::End && !children.is_any_live()
}

/// OTP statements 136, 137: `child` ended by itself, for good.
fn ends_supervisor<S, P: Copy + Ord, M: Copy + Ord>(
    auto_shutdown: AutoShutdown,
    children: &Children<S, P, M>,
    child: &Child<S, P, M>,
) -> bool {
    let is_significant = child.policy().is_significant;
    match auto_shutdown {
        AutoShutdown::Never => false,
        AutoShutdown::AnySignificant => is_significant,
        AutoShutdown::AllSignificant => is_significant && !children.is_any_significant_live(),
    }
}

#[cfg(test)]
mod tests;
