//! The supervisor's process: hears what happened, asks the rules what to do, does it.
//!
//! It is a server, so its start, its stop and its parent's exit signal are those of one. A restart that failed is
//! tried again when the mailbox has been looked through, so that a supervisor whose child cannot start can still
//! be asked and stopped (OTP statement 126).

use std::convert::Infallible;
use std::time::{Duration, Instant};

use rusm_abi::limits::{MAX_LINKS, MAX_MONITORS};
use rusm_plan::{
    ChildKey, ChildState, Children, Decision, EndKind, Ending, Plan, RestartWindow, Rules, Step,
    child_ended, ignored, try_again,
};

use super::request::{Done, Request};
use super::stop::{Run, stop, stop_together};
use super::{AdminError, ChildSpec, Report, Supervisor};
use crate::mailbox::Down;
use crate::process::ExitSignals;
use crate::server::{Answer, Caller, Info, Init, Next, Server};
use crate::{ExitReason, Pid, Reference, process};

/// How many events are handled between two tries of a failed restart, at most: as many as fit a default mailbox, so
/// that a process that floods it cannot put the restart off for ever.
const EVENTS_BETWEEN_TRIES_MAX: usize = 10_000;

/// Children with a process: one more link or monitor than a process may hold would end the supervisor. Some are kept for
/// its own parent and for what it asks in passing.
const CHILDREN_MAX: usize = if MAX_LINKS < MAX_MONITORS {
    MAX_LINKS
} else {
    MAX_MONITORS
} - 64;

/// Starts the children.
pub(super) fn begin(spec: Supervisor) -> Init<Running> {
    if let Err(error) = spec.check() {
        return Init::Stop(ExitReason::NotStarted(error.to_string()));
    }
    process::trap_exits(ExitSignals::Trapped);
    let mut supervisor = Running::new(spec);
    let steps = rusm_plan::start(&supervisor.children);
    match supervisor.carry_out(steps) {
        Ok(()) => Init::Ok(supervisor, Next::Wait),
        Err(Failed { id, reason, .. }) => {
            supervisor.stop_all();
            let text = format!("child {id:?} did not start: {reason}");
            Init::Stop(ExitReason::NotStarted(text))
        }
    }
}

/// A start that failed. The steps behind it are off.
#[derive(Debug)]
pub(super) struct Failed {
    who: ChildKey,
    id: String,
    reason: ExitReason,
}

pub(super) struct Running {
    rules: Rules,
    template: Option<ChildSpec>,
    admits: Box<dyn Fn(Pid) -> bool>,
    report: Box<dyn FnMut(&Report)>,
    pub(super) children: Children<ChildSpec, Pid, Reference>,
    window: RestartWindow,
    /// What the window's times count from.
    began: Instant,
    n_events_since_try: usize,
}

impl Server for Running {
    type Call = Request;
    type Reply = Result<Done, AdminError>;
    type Cast = Infallible;

    fn handle_call(&mut self, request: Request, from: Caller<Self::Reply>) -> Answer<Self::Reply> {
        let reply = if (self.admits)(from.process()) {
            self.administer(request)
        } else {
            Err(AdminError::Refused)
        };
        Answer::Reply(reply, self.next())
    }

    fn handle_cast(&mut self, cast: Infallible) -> Next {
        match cast {}
    }

    /// The exit notices of children tell nothing that their `Down` events do not, and messages mean nothing here.
    fn handle_info(&mut self, info: Info) -> Next {
        match info {
            Info::Down(down) => self.on_down(&down),
            Info::Timeout => self.try_again(),
            Info::Message(_) | Info::Request(_) | Info::Exit(_) => self.next(),
        }
    }

    fn terminate(&mut self, _reason: &ExitReason) {
        self.stop_all();
    }
}

impl Running {
    fn new(spec: Supervisor) -> Self {
        let rules = spec.rules();
        let mut children = Children::default();
        for child in spec.children {
            children.add(Some(child.id.as_str().into()), child.policy(), child);
        }
        Self {
            rules,
            template: spec.template,
            admits: spec.admits,
            report: spec.report,
            children,
            window: RestartWindow::new(spec.intensity),
            began: Instant::now(),
            n_events_since_try: 0,
        }
    }

    pub(super) fn rules(&self) -> Rules {
        self.rules
    }

    /// What all children of a dynamic supervisor are.
    pub(super) fn template(&self) -> Option<&ChildSpec> {
        self.template.as_ref()
    }

    /// Looks through the mailbox before a failed restart is tried again.
    fn next(&mut self) -> Next {
        if self.children.first_restarting().is_none() {
            self.n_events_since_try = 0;
            Next::Wait
        } else if self.n_events_since_try < EVENTS_BETWEEN_TRIES_MAX {
            self.n_events_since_try += 1;
            Next::WaitUpTo(Duration::ZERO)
        } else {
            self.try_again()
        }
    }

    fn try_again(&mut self) -> Next {
        self.n_events_since_try = 0;
        let Some(who) = self.children.first_restarting() else {
            return Next::Wait;
        };
        let now = self.began.elapsed();
        let plan = try_again(self.rules, &self.children, &mut self.window, now, who);
        self.settle(who, plan)
    }

    fn on_down(&mut self, down: &Down) -> Next {
        let Some(who) = self.children.by_monitor(down.monitor) else {
            return self.next();
        };
        self.children.set_state(who, ChildState::Ended);
        let (now, end) = (self.began.elapsed(), kind_of(&down.reason));
        let plan = child_ended(self.rules, &self.children, &mut self.window, now, who, end);
        if let Some(id) = self.id(who) {
            self.tell(&Report::Ended {
                id,
                reason: down.reason.clone(),
                decision: plan.decision,
            });
        }
        self.settle(who, plan)
    }

    /// Does what was decided about a child.
    fn settle(&mut self, who: ChildKey, plan: Plan) -> Next {
        if plan.decision == Decision::GiveUp
            && let Some(id) = self.id(who)
        {
            self.tell(&Report::GaveUp { id });
        }
        if let Err(failed) = self.carry_out(plan.steps) {
            self.children.set_state(failed.who, ChildState::Restarting);
        }
        match plan.decision.ending() {
            None => self.next(),
            Some(Ending::Normal) => Next::Stop(ExitReason::Normal),
            Some(Ending::Shutdown) => Next::Stop(ExitReason::Shutdown),
        }
    }

    fn stop_all(&mut self) {
        let stops = rusm_plan::stop(self.rules, &self.children);
        // Nothing is started, so nothing fails to.
        let _stopped = self.carry_out(stops);
    }

    pub(super) fn carry_out(
        &mut self,
        steps: impl IntoIterator<Item = Step>,
    ) -> Result<(), Failed> {
        for step in steps {
            match step {
                Step::Stop(who) => self.stop(who),
                Step::StopTogether => self.stop_together(),
                Step::Forget(who) => self.children.forget(who),
                Step::Start(who) => {
                    self.start(who)?;
                }
            }
        }
        Ok(())
    }

    /// Starts a child that has no process; answers which it has now, and none if it chose to be ignored.
    pub(super) fn start(&mut self, who: ChildKey) -> Result<Option<Pid>, Failed> {
        let Some(child) = self.children.find(who) else {
            return Ok(None);
        };
        let child = child.spec().clone();
        let id = child.id.clone();
        let started = if self.children.counts().active < CHILDREN_MAX {
            child.start()
        } else {
            let text = format!("a supervisor has at most {CHILDREN_MAX} children that run");
            Err(ExitReason::NotStarted(text))
        };
        match started {
            Ok(Some(spawned)) => {
                let process = spawned.process;
                let monitor = spawned.monitor.unwrap_or_else(|| process::monitor(process));
                let state = ChildState::Running {
                    pid: process,
                    monitor,
                };
                self.children.set_state(who, state);
                self.tell(&Report::Started { id, process });
                Ok(Some(process))
            }
            Ok(None) => {
                self.children.set_state(who, ChildState::Ended);
                self.tell(&Report::Ignored { id });
                let forgets = ignored(self.rules, &self.children, who);
                self.carry_out(forgets).map(|()| None)
            }
            Err(reason) => {
                self.tell(&Report::StartFailed {
                    id: id.clone(),
                    reason: reason.clone(),
                });
                Err(Failed { who, id, reason })
            }
        }
    }

    /// Stops a child that runs, and takes back the restart of one that waits for it.
    fn stop(&mut self, who: ChildKey) {
        let Some(child) = self.children.find(who) else {
            return;
        };
        let (state, spec) = (child.state(), child.spec());
        let (id, shutdown) = (spec.id.clone(), spec.shutdown);
        if let ChildState::Running { pid, monitor } = state {
            let run = Run {
                process: pid,
                monitor,
            };
            let (reason, outcome) = stop(run, shutdown);
            self.tell(&Report::Stopped {
                id,
                reason,
                outcome,
            });
        }
        self.children.set_state(who, ChildState::Ended);
    }

    /// OTP statement 135.
    fn stop_together(&mut self) {
        let Some((id, shutdown)) = self
            .template
            .as_ref()
            .map(|template| (template.id.clone(), template.shutdown))
        else {
            return;
        };
        let running = self.children.iter().filter_map(|(_, child)| {
            let ChildState::Running { pid, monitor } = child.state() else {
                return None;
            };
            Some(Run {
                process: pid,
                monitor,
            })
        });
        for (run, reason, outcome) in stop_together(running.collect(), shutdown) {
            if let Some(who) = self.children.by_monitor(run.monitor) {
                self.children.set_state(who, ChildState::Ended);
            }
            self.tell(&Report::Stopped {
                id: id.clone(),
                reason,
                outcome,
            });
        }
    }

    fn id(&self, who: ChildKey) -> Option<String> {
        Some(self.children.find(who)?.spec().id.clone())
    }

    fn tell(&mut self, report: &Report) {
        (self.report)(report);
    }
}

impl From<Failed> for AdminError {
    fn from(failed: Failed) -> Self {
        Self::NotStarted(failed.reason)
    }
}

fn kind_of(reason: &ExitReason) -> EndKind {
    if reason.is_normal() {
        EndKind::Normal
    } else if reason.is_orderly() {
        EndKind::Shutdown
    } else {
        EndKind::Abnormal
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::spawner::Spawn;
    use rusm_plan::Intensity;

    /// A mailbox that never runs empty puts a failed restart off, but not for ever. (Here none is allowed: the try gives up.)
    #[test]
    fn a_flood_does_not_put_a_restart_off_for_ever() {
        let none = Intensity::new(0, Duration::from_secs(1)).unwrap();
        let child = ChildSpec::worker("a", Spawn::new("c"));
        let mut running = Running::new(Supervisor::new().intensity(none).child(child));
        assert_eq!(running.next(), Next::Wait);
        let who = running.children.by_id("a").unwrap();
        running.children.set_state(who, ChildState::Restarting);
        for _ in 0..EVENTS_BETWEEN_TRIES_MAX {
            assert_eq!(running.next(), Next::WaitUpTo(Duration::ZERO));
        }
        assert_eq!(running.next(), Next::Stop(ExitReason::Shutdown));
    }
}
