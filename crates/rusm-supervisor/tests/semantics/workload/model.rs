//! A second opinion: what each supervisor may report next, by the words of the statements and not by the code.

use super::children::{is_significant, restart_of};
use super::history::Entry;
use super::tree::{Config, Tree};
use rusm_actor::{ExitReason, Pid};
use rusm_supervisor::{
    Attempt, AutoShutdown, ChildInfo, ChildStatus, Decision, Restart, StopCause, Strategy,
    SupervisorEvent, WhenEmpty,
};
use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

#[derive(Debug)]
pub(super) struct Model<'a> {
    tree: &'a Tree,
    alive: BTreeSet<Pid>,
    exits: BTreeMap<Pid, ExitReason>,
    supervisors: BTreeMap<Pid, Supervisor<'a>>,
    asked: BTreeSet<(Pid, String)>,
}

/// One supervisor's process.
#[derive(Debug)]
struct Supervisor<'a> {
    tree: &'a Tree,
    config: &'a Config,
    /// When it restarted anybody.
    restarts: Vec<Duration>,
    /// Where in the start order a child stands.
    places: BTreeMap<String, usize>,
    /// Who runs, under which id.
    running: BTreeMap<Pid, String>,
    /// Children whose restart failed.
    waiting: Vec<String>,
    /// Children that have no process because somebody wanted it so, or because there was nothing to run.
    halted: BTreeSet<String>,
    /// Children of which the reports do not tell all.
    unsure: BTreeSet<String>,
    phase: Phase,
    has_ended: bool,
}

#[derive(Debug)]
enum Phase {
    Starting,
    Serving,
    /// Because of this child, others stop in reverse order, and then start in order.
    Restarting {
        trigger: usize,
        last_stopped: Option<usize>,
        last_started: Option<usize>,
    },
    /// It is about to end, with this reason if that is known.
    Ending {
        reason: Option<ExitReason>,
        last_stopped: Option<usize>,
    },
}

impl<'a> Model<'a> {
    pub(super) fn new(tree: &'a Tree) -> Self {
        Self {
            tree,
            alive: BTreeSet::new(),
            exits: BTreeMap::new(),
            supervisors: BTreeMap::new(),
            asked: BTreeSet::new(),
        }
    }

    pub(super) fn take(&mut self, entry: &Entry) {
        match entry {
            Entry::Spawned(pid) => assert!(self.alive.insert(*pid), "{pid} twice"),
            Entry::Exited(pid, reason) => {
                assert!(self.alive.remove(pid), "{pid} was not alive");
                let is_panic = reason.to_string().contains("panic");
                assert!(!is_panic, "{pid} panicked: {reason}");
                self.exits.insert(*pid, reason.clone());
            }
            Entry::Asked(supervisor, id) => {
                self.asked.insert((*supervisor, id.clone()));
                if let Some(supervisor) = self.supervisors.get_mut(supervisor) {
                    supervisor.unsure.insert(id.clone());
                }
            }
            Entry::Reported(now, report) => {
                let tree = self.tree;
                let supervisor = self
                    .supervisors
                    .entry(report.supervisor)
                    .or_insert_with(|| Supervisor::new(tree, &report.label));
                supervisor.take(*now, &report.event);
                self.check_processes(&report.event);
            }
        }
    }

    /// What a report says of a process is what the kernel said of it.
    fn check_processes(&self, event: &SupervisorEvent) {
        match event {
            SupervisorEvent::ChildStarted { pid, .. } => {
                let is_known = self.alive.contains(pid) || self.exits.contains_key(pid);
                assert!(is_known, "{pid} was never spawned");
            }
            SupervisorEvent::ChildEnded { pid, reason, .. }
            | SupervisorEvent::ChildStopped { pid, reason, .. } => {
                assert_eq!(self.exits.get(pid), Some(reason), "{pid}");
            }
            _ => {}
        }
    }

    /// Everybody alive lists what it has reported, and no permanent child is missing without a reason.
    pub(super) fn check_lists(&self, lists: &BTreeMap<Pid, Vec<ChildInfo>>) {
        for (pid, list) in lists {
            let supervisor = &self.supervisors[pid];
            supervisor.check_list(list);
            let is_lost = |pid: &&Pid| !self.alive.contains(pid);
            assert_eq!(supervisor.running.keys().find(is_lost), None, "not noticed");
        }
    }

    /// A supervisor that came to its own end has seen the end of every child.
    pub(super) fn check_end(&self) {
        assert!(self.alive.is_empty());
        for supervisor in self.supervisors.values().filter(|one| one.has_ended) {
            assert_eq!(supervisor.running, BTreeMap::new());
        }
    }
}

impl<'a> Supervisor<'a> {
    fn new(tree: &'a Tree, label: &str) -> Self {
        Self {
            tree,
            config: &tree.configs[label],
            restarts: Vec::new(),
            places: BTreeMap::new(),
            running: BTreeMap::new(),
            waiting: Vec::new(),
            halted: BTreeSet::new(),
            unsure: BTreeSet::new(),
            phase: Phase::Starting,
            has_ended: false,
        }
    }

    fn take(&mut self, now: Duration, event: &SupervisorEvent) {
        assert!(!self.has_ended, "a report after the end: {event:?}");
        match event {
            SupervisorEvent::Started => {
                assert!(matches!(self.phase, Phase::Starting));
                let n_kept = self
                    .config
                    .children
                    .iter()
                    .filter(|id| self.has_started(id));
                assert_eq!(n_kept.count(), self.config.children.len());
                self.phase = Phase::Serving;
            }
            SupervisorEvent::ChildStarted { id, pid, attempt } => {
                self.begins(id, *attempt);
                let is_double = !self.config.is_dynamic && self.is_running(id);
                assert!(!is_double, "{id} has two processes");
                self.halted.remove(&**id);
                self.running.insert(*pid, id.to_string());
            }
            SupervisorEvent::ChildIgnored { id, attempt } => {
                self.begins(id, *attempt);
                self.halted.insert(id.to_string());
                if restart_of(id) == Restart::Temporary {
                    self.places.remove(&**id);
                }
            }
            SupervisorEvent::StartFailed { id, attempt, .. } => match attempt {
                Attempt::First => self.ends(None),
                Attempt::Restart => {
                    self.waiting
                        .retain(|waiting| self.config.is_dynamic || **waiting != **id);
                    self.waiting.push(id.to_string());
                }
                Attempt::Request => {}
            },
            SupervisorEvent::ChildEnded {
                id,
                pid,
                reason,
                decision,
            } => {
                self.ended(now, id, *pid, reason, *decision);
            }
            SupervisorEvent::TriesAgain { id } => {
                assert!(self.waiting.contains(&id.to_string()), "{id} does not wait");
                assert!(self.may_restart(now), "one restart too many, of {id}");
                if self.config.is_dynamic {
                    // Its siblings have the same id: it is this one's turn, and no other's.
                    self.waits_no_more(id);
                }
                self.restarts.push(now);
                self.restarting(id);
            }
            SupervisorEvent::ChildStopped { id, pid, cause, .. } => self.stopped(id, *pid, *cause),
            SupervisorEvent::GaveUp { .. } => {
                assert!(!self.may_restart(now), "it had a restart left");
                self.ends(Some(ExitReason::Shutdown));
            }
            SupervisorEvent::Stopped { reason } => {
                assert_eq!(self.running, BTreeMap::new(), "children are left");
                if let Phase::Ending {
                    reason: Some(expected),
                    ..
                } = &self.phase
                {
                    assert_eq!(reason, expected);
                }
                self.has_ended = true;
            }
        }
    }

    fn has_started(&self, id: &str) -> bool {
        let is_gone = restart_of(id) == Restart::Temporary;
        self.places.contains_key(id) || is_gone
    }

    fn waits_no_more(&mut self, id: &str) {
        if let Some(waited) = self.waiting.iter().position(|waiting| waiting == id) {
            self.waiting.remove(waited);
        }
    }

    fn is_running(&self, id: &str) -> bool {
        self.running.values().any(|running| running == id)
    }

    /// A child has a process now, or none was needed: in its place of the order.
    fn begins(&mut self, id: &str, attempt: Attempt) {
        if !self.config.is_dynamic {
            self.waits_no_more(id);
        }
        let next = self.places.values().max().map_or(0, |last| last + 1);
        let place = *self.places.entry(id.to_owned()).or_insert(next);
        match attempt {
            Attempt::First => {
                assert!(matches!(self.phase, Phase::Starting), "{id}");
                assert_eq!(place, next, "{id} was first started twice");
                let expected = self.config.children.iter().position(|child| child == id);
                let n_before = self.config.children.iter().take_while(|child| *child != id);
                assert!(n_before.into_iter().all(|child| self.has_started(child)));
                assert!(expected.is_some());
            }
            Attempt::Restart => {
                let is_sure = !self.unsure.contains(id) && !self.config.is_dynamic;
                let Phase::Restarting {
                    trigger,
                    last_started,
                    ..
                } = &mut self.phase
                else {
                    panic!("{id} is restarted in {:?}", self.phase);
                };
                if is_sure {
                    let is_concerned = match self.config.strategy {
                        Strategy::OneForOne => place == *trigger,
                        Strategy::OneForAll => true,
                        Strategy::RestForOne => place >= *trigger,
                    };
                    assert!(is_concerned, "{id} is none of its concern");
                    assert!(
                        last_started.is_none_or(|last| last < place),
                        "start order: {id}"
                    );
                    *last_started = Some(place);
                }
            }
            Attempt::Request => {
                let may = matches!(self.phase, Phase::Serving | Phase::Restarting { .. });
                assert!(may, "{id} by request in {:?}", self.phase);
            }
        }
    }

    fn ended(
        &mut self,
        now: Duration,
        id: &str,
        pid: Pid,
        reason: &ExitReason,
        decision: Decision,
    ) {
        assert!(
            !matches!(self.phase, Phase::Ending { .. }),
            "{id} is to be stopped"
        );
        assert_eq!(self.running.remove(&pid).as_deref(), Some(id));
        if self.is_to_restart(id, reason) {
            if self.may_restart(now) {
                assert_eq!(decision, Decision::Restart, "{id}: {reason}");
                self.restarts.push(now);
                self.restarting(id);
            } else {
                assert_eq!(decision, Decision::GiveUp, "{id}: {reason}");
                self.ends(Some(ExitReason::Shutdown));
            }
            return;
        }
        // Whether a restart was taken back by request is not reported.
        let is_sure = self.waiting.is_empty() || self.unsure.is_empty();
        let expected = self.expected(id);
        assert!(
            decision == expected || !is_sure,
            "{id}: {reason}: {decision:?}, not {expected:?}"
        );
        match decision {
            Decision::ShutDown => self.ends(Some(ExitReason::Shutdown)),
            Decision::Finish => self.ends(Some(ExitReason::Normal)),
            Decision::StayEnded => {
                self.halted.insert(id.to_owned());
                self.phase = Phase::Serving;
            }
            Decision::Forget => {
                self.places.remove(id);
                self.phase = Phase::Serving;
            }
            Decision::Restart | Decision::GiveUp => panic!("{id} is not to be restarted"),
        }
    }

    /// OTP statement 119, and a nested supervisor that is done.
    fn is_to_restart(&self, id: &str, reason: &ExitReason) -> bool {
        let nested = self.tree.configs.get(id);
        let is_done = nested.is_some_and(|nested| nested.when_empty == WhenEmpty::End);
        if is_done && *reason == ExitReason::Normal {
            return false;
        }
        match restart_of(id) {
            Restart::Permanent => true,
            Restart::Transient => !matches!(reason, ExitReason::Normal | ExitReason::Shutdown),
            Restart::Temporary => false,
        }
    }

    /// OTP statements 124, 125: those not older than the period count.
    fn may_restart(&self, now: Duration) -> bool {
        let counting = self
            .restarts
            .iter()
            .filter(|at| now - **at <= self.config.period);
        counting.count() < usize::try_from(self.config.max_restarts).unwrap()
    }

    /// OTP statements 136, 137, of a child that has ended by itself for good.
    fn expected(&self, id: &str) -> Decision {
        let mut live = self.running.values().chain(&self.waiting);
        let is_shut_down = is_significant(id)
            && match self.config.auto_shutdown {
                AutoShutdown::Never => false,
                AutoShutdown::AnySignificant => true,
                AutoShutdown::AllSignificant => !live.clone().any(|other| is_significant(other)),
            };
        if is_shut_down {
            Decision::ShutDown
        } else if self.config.when_empty == WhenEmpty::End && live.next().is_none() {
            Decision::Finish
        } else if self.config.is_dynamic || restart_of(id) == Restart::Temporary {
            Decision::Forget
        } else {
            Decision::StayEnded
        }
    }

    fn restarting(&mut self, id: &str) {
        self.phase = Phase::Restarting {
            trigger: self.places.get(id).copied().unwrap_or_default(),
            last_stopped: None,
            last_started: None,
        };
    }

    fn ends(&mut self, reason: Option<ExitReason>) {
        self.phase = Phase::Ending {
            reason,
            last_stopped: None,
        };
    }

    fn stopped(&mut self, id: &str, pid: Pid, cause: StopCause) {
        assert_eq!(self.running.remove(&pid).as_deref(), Some(id));
        let place = self.places.get(id).copied();
        let is_sure = !self.config.is_dynamic && !self.unsure.contains(id);
        if cause == StopCause::End && !matches!(self.phase, Phase::Ending { .. }) {
            self.ends(None); // Its parent wants it so.
        }
        match (cause, &mut self.phase) {
            (StopCause::Request, Phase::Serving | Phase::Restarting { .. }) => {
                self.halted.insert(id.to_owned());
            }
            (
                StopCause::Sibling,
                Phase::Restarting {
                    trigger,
                    last_stopped,
                    last_started,
                },
            ) => {
                assert_eq!(*last_started, None, "{id} stops after a start");
                let is_concerned = match self.config.strategy {
                    Strategy::OneForOne => false,
                    Strategy::OneForAll => true,
                    Strategy::RestForOne => place > Some(*trigger),
                };
                assert!(is_concerned || !is_sure, "{id} is none of its concern");
                in_reverse(id, is_sure, place, last_stopped);
            }
            (StopCause::End, Phase::Ending { last_stopped, .. }) => {
                in_reverse(id, is_sure, place, last_stopped);
            }
            (cause, phase) => panic!("{id} stopped for {cause:?} in {phase:?}"),
        }
        let is_dropped = cause != StopCause::End && restart_of(id) == Restart::Temporary;
        if is_dropped {
            self.places.remove(id);
        }
    }

    fn check_list(&self, list: &[ChildInfo]) {
        let mut listed = BTreeMap::new();
        for child in list {
            let id = child.id.as_deref().unwrap_or_default();
            match child.status {
                ChildStatus::Running(pid) => {
                    listed.insert(pid, id);
                }
                ChildStatus::Restarting => panic!("{id} waits though nothing fails any more"),
                ChildStatus::Stopped => {
                    let is_dropped = restart_of(id) == Restart::Temporary;
                    assert!(!is_dropped, "{id} is temporary, and kept");
                    let is_excused = self.halted.contains(id)
                        || !self.unsure.is_empty()
                        || restart_of(id) != Restart::Permanent;
                    assert!(is_excused, "{id} was lost");
                }
            }
        }
        let reported: Vec<&Pid> = self.running.keys().collect();
        assert_eq!(listed.keys().collect::<Vec<_>>(), reported);
        if !self.config.is_dynamic {
            let is_there = |id: &&String| list.iter().any(|child| child.id.as_deref() == Some(*id));
            assert!(self.running.values().all(|id| is_there(&id)));
        }
    }
}

/// OTP statement 110: one that started later has stopped before.
fn in_reverse(id: &str, is_sure: bool, place: Option<usize>, last: &mut Option<usize>) {
    if is_sure {
        assert!(last.is_none() || place < *last, "stop order: {id}");
        *last = place;
    }
}
