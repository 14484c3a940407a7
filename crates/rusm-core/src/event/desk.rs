//! Where the end of a process and what its supervisor did about it become one report: [`Desk`].
//!
//! # Order
//! The kernel reports an end before it tells anybody, so a crash lies here before its supervisor can speak
//! of it. A supervisor is announced before its first child exists, and taken off when it ends: a crash
//! waits for the word of a supervisor that will speak, or end, and for nobody else.
//!
//! # Bounds
//! Crashes wait at most one per child; of the reports that were made, the last few are kept. Pure: facts
//! in, reports out.

use super::crash::{Aftermath, CrashReport, Exit, SupervisedBy};
use rusm_actor::Pid;
use rusm_supervisor::{Attempt, SupervisorEvent, SupervisorReport};
use std::collections::{BTreeMap, VecDeque};
use std::sync::Arc;

/// How many of the last crashes are kept for the report of a supervisor that gives up.
const KEPT_MAX: usize = 16;

#[derive(Debug, Default)]
pub(super) struct Desk {
    /// Those that run, with their labels.
    supervisors: BTreeMap<Pid, Arc<str>>,
    /// Crashes that await a supervisor's word, by the process that ended.
    open: BTreeMap<Pid, CrashReport>,
    /// Those of them that are to be started again, by supervisor and child.
    restarting: BTreeMap<(Pid, Arc<str>), Pid>,
    /// The last reports, oldest first.
    kept: VecDeque<CrashReport>,
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
        let supervisor = exit.parent.and_then(|pid| {
            let label = Arc::clone(self.supervisors.get(&pid)?);
            let child = None;
            Some(SupervisedBy { pid, label, child })
        });
        let is_awaited = supervisor.is_some();
        let (pid, report) = (
            exit.pid,
            CrashReport {
                exit,
                supervisor,
                aftermath: Aftermath::Unsupervised,
            },
        );
        if is_awaited {
            self.open.insert(pid, report);
        } else {
            reports.push(self.keep(report));
        }
        reports
    }

    /// A supervisor speaks.
    pub(super) fn supervised(&mut self, report: &SupervisorReport) -> Vec<CrashReport> {
        let supervisor = report.supervisor;
        let done = match &report.event {
            SupervisorEvent::ChildEnded {
                id,
                pid,
                will_restart,
                ..
            } => {
                self.name(*pid, id);
                if *will_restart && self.open.contains_key(pid) {
                    self.restarting.insert((supervisor, Arc::clone(id)), *pid);
                    None
                } else {
                    self.close(*pid, Aftermath::StaysEnded)
                }
            }
            SupervisorEvent::ChildStopped { id, pid, .. } => {
                self.name(*pid, id);
                self.close(*pid, Aftermath::BeingStopped)
            }
            SupervisorEvent::ChildStarted { id, pid, .. } => {
                self.answer(supervisor, id, Aftermath::Restarted(*pid))
            }
            SupervisorEvent::StartFailed {
                id,
                reason,
                attempt: Attempt::Restart,
            } => self.answer(supervisor, id, Aftermath::RestartFailed(reason.clone())),
            SupervisorEvent::GaveUp { id, .. } => self.answer(supervisor, id, Aftermath::GaveUp),
            SupervisorEvent::Stopped { .. } => return self.supervisor_ended(supervisor),
            SupervisorEvent::Started | SupervisorEvent::StartFailed { .. } => None,
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
        let is_its = |report: &CrashReport| {
            let by = report.supervisor.as_ref();
            by.is_some_and(|by| by.pid == supervisor)
        };
        let waiting = self.open.iter().filter(|(_, report)| is_its(report));
        let waiting: Vec<Pid> = waiting.map(|(pid, _)| *pid).collect();
        self.restarting
            .retain(|(restarter, _), _| *restarter != supervisor);
        waiting
            .into_iter()
            .filter_map(|pid| self.close(pid, Aftermath::SupervisorEnded))
            .collect()
    }

    fn name(&mut self, pid: Pid, id: &Arc<str>) {
        let report = self.open.get_mut(&pid);
        if let Some(by) = report.and_then(|report| report.supervisor.as_mut()) {
            by.child = Some(Arc::clone(id));
        }
    }

    fn answer(
        &mut self,
        supervisor: Pid,
        id: &Arc<str>,
        aftermath: Aftermath,
    ) -> Option<CrashReport> {
        let pid = self.restarting.remove(&(supervisor, Arc::clone(id)))?;
        self.close(pid, aftermath)
    }

    fn close(&mut self, pid: Pid, aftermath: Aftermath) -> Option<CrashReport> {
        let report = self.open.remove(&pid)?;
        Some(self.keep(CrashReport {
            aftermath,
            ..report
        }))
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
