//! Where the end of a process and what its supervisor did about it become one report: [`Desk`].
//!
//! # Order
//! The two may become known in either order. A supervisor is announced before its first child exists, and
//! taken off when it ends: a crash waits for the word of a supervisor that will speak, or end, and for nobody
//! else.
//!
//! # Bounds
//! At most one crash per child waits for its supervisor's word, and of the reports that were made the last
//! few are kept. Words wait for an end that is being reported on another thread; that there are no more of
//! them than such ends follows from the rest, and is seen to. Pure: facts in, reports out.

use super::crash::{Aftermath, CrashReport, Exit, SupervisedBy};
use rusm_actor::Pid;
use rusm_supervisor::{Attempt, Decision, SupervisorEvent, SupervisorReport};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How many of the last crashes are kept for the report of a supervisor that gives up.
const KEPT_MAX: usize = 16;

/// How many words may wait for the end they are about. More processes than threads that report an end at one
/// moment there are not.
const EARLY_MAX: usize = 1_024;

#[derive(Debug, Default)]
pub(super) struct Desk {
    /// Those that run, with their labels.
    supervisors: BTreeMap<Pid, Arc<str>>,
    /// Crashes that await their supervisor's word, by the process that ended.
    open: BTreeMap<Pid, CrashReport>,
    /// What supervisors said about a crash that is not known yet.
    early: BTreeMap<Pid, Word>,
    /// The crashes of those that are to be started again, by supervisor and child.
    restarting: BTreeMap<(Pid, Arc<str>), Pid>,
    /// The last reports, oldest first.
    kept: VecDeque<CrashReport>,
}

/// What a supervisor said about one crash: that it knows of it, and in the end what it did.
#[derive(Debug)]
struct Word {
    by: SupervisedBy,
    aftermath: Option<Aftermath>,
}

impl Desk {
    /// This process is a supervisor and is about to start a child.
    pub(super) fn announce(&mut self, supervisor: Pid, label: &Arc<str>) {
        self.supervisors
            .entry(supervisor)
            .or_insert_with(|| Arc::clone(label));
    }

    /// A process has crashed.
    pub(super) fn crashed(&mut self, exit: Exit) -> Vec<CrashReport> {
        let mut reports = self.supervisor_ended(exit.pid);
        let word = self.early.remove(&exit.pid).or_else(|| {
            let pid = exit.parent?;
            let label = Arc::clone(self.supervisors.get(&pid)?);
            let (child, aftermath) = (None, None);
            let by = SupervisedBy { pid, label, child };
            Some(Word { by, aftermath })
        });
        let (supervisor, aftermath) = match word {
            Some(word) => (Some(word.by), word.aftermath),
            None => (None, Some(Aftermath::Unsupervised)),
        };
        let is_known = aftermath.is_some();
        let report = CrashReport {
            exit,
            supervisor,
            // Until it is known.
            aftermath: aftermath.unwrap_or(Aftermath::SupervisorEnded),
        };
        if is_known {
            reports.push(self.keep(report));
        } else {
            self.open.insert(report.exit.pid, report);
        }
        reports
    }

    /// A supervisor speaks.
    pub(super) fn supervised(&mut self, report: &SupervisorReport) -> Vec<CrashReport> {
        let supervisor = report.supervisor;
        let by = |id: &Arc<str>| SupervisedBy {
            pid: supervisor,
            label: Arc::clone(&report.label),
            child: Some(Arc::clone(id)),
        };
        let done = match &report.event {
            SupervisorEvent::ChildEnded { reason, .. }
            | SupervisorEvent::ChildStopped { reason, .. }
                if reason.is_orderly() =>
            {
                None
            }
            SupervisorEvent::ChildEnded {
                id,
                pid,
                decision: Decision::Restart | Decision::GiveUp,
                ..
            } => {
                self.restarting.insert((supervisor, Arc::clone(id)), *pid);
                self.tell(*pid, by(id), None)
            }
            SupervisorEvent::ChildEnded { id, pid, .. } => {
                self.tell(*pid, by(id), Some(Aftermath::StaysEnded))
            }
            SupervisorEvent::ChildStopped { id, pid, .. } => {
                self.tell(*pid, by(id), Some(Aftermath::BeingStopped))
            }
            SupervisorEvent::ChildStarted { id, pid, .. } => {
                // One whose children are all supervisors has not been announced.
                self.announce(supervisor, &report.label);
                self.answer(by(id), Aftermath::Restarted(*pid))
            }
            SupervisorEvent::StartFailed {
                id,
                reason,
                attempt: Attempt::Restart,
            } => self.answer(by(id), Aftermath::RestartFailed(reason.clone())),
            SupervisorEvent::ChildIgnored { id, .. } => self.answer(by(id), Aftermath::StaysEnded),
            SupervisorEvent::GaveUp { id, .. } => self.answer(by(id), Aftermath::GaveUp),
            SupervisorEvent::Stopped { .. } => return self.supervisor_ended(supervisor),
            SupervisorEvent::Started
            | SupervisorEvent::TriesAgain { .. }
            | SupervisorEvent::StartFailed { .. } => None,
        };
        done.into_iter().collect()
    }

    /// The last reports, oldest first.
    pub(super) fn kept(&self) -> Vec<CrashReport> {
        self.kept.iter().cloned().collect()
    }

    /// Whoever still waits for its word waits in vain.
    fn supervisor_ended(&mut self, supervisor: Pid) -> Vec<CrashReport> {
        if self.supervisors.remove(&supervisor).is_none() {
            return Vec::new();
        }
        self.restarting
            .retain(|(restarter, _), _| *restarter != supervisor);
        for word in self.early.values_mut() {
            if word.by.pid == supervisor {
                word.aftermath.get_or_insert(Aftermath::SupervisorEnded);
            }
        }
        let is_its = |report: &CrashReport| {
            let by = report.supervisor.as_ref();
            by.is_some_and(|by| by.pid == supervisor)
        };
        let waiting = self.open.iter().filter(|(_, report)| is_its(report));
        let waiting: Vec<Pid> = waiting.map(|(pid, _)| *pid).collect();
        let ended = waiting.into_iter().filter_map(|pid| {
            let report = self.open.remove(&pid)?;
            Some(CrashReport {
                aftermath: Aftermath::SupervisorEnded,
                ..report
            })
        });
        let ended: Vec<CrashReport> = ended.collect();
        ended.into_iter().map(|report| self.keep(report)).collect()
    }

    /// What became of the child that was to be started again.
    fn answer(&mut self, by: SupervisedBy, aftermath: Aftermath) -> Option<CrashReport> {
        let child = by.child.as_ref().map(Arc::clone)?;
        let pid = self.restarting.remove(&(by.pid, child))?;
        self.tell(pid, by, Some(aftermath))
    }

    /// Something is known of a crash; the report, if that was all that was missing.
    fn tell(
        &mut self,
        pid: Pid,
        by: SupervisedBy,
        aftermath: Option<Aftermath>,
    ) -> Option<CrashReport> {
        match (self.open.remove(&pid), aftermath) {
            (Some(mut report), aftermath) => {
                report.supervisor = Some(by);
                let Some(aftermath) = aftermath else {
                    self.open.insert(pid, report);
                    return None;
                };
                report.aftermath = aftermath;
                Some(self.keep(report))
            }
            (None, aftermath) => {
                if self.early.len() >= EARLY_MAX {
                    self.early.pop_first();
                }
                self.early.insert(pid, Word { by, aftermath });
                None
            }
        }
    }

    fn keep(&mut self, report: CrashReport) -> CrashReport {
        if !report.is_deliberate() {
            if self.kept.len() == KEPT_MAX {
                self.kept.pop_front();
            }
            self.kept.push_back(report.clone());
        }
        report
    }
}

#[cfg(test)]
mod tests;
