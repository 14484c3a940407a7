//! What a supervisor does when it is asked (OTP statements 129 to 133).
//!
//! A request is no end: it counts as no restart, concerns no sibling, and ends no supervisor.

use rusm_plan::{Child, ChildKey, ChildState, Refusal, Step, if_stopped, terminate};

use super::process::Running;
use super::request::{Done, Request};
use super::{AdminError, ChildInfo, ChildSpec, Presence};
use crate::server::is_alive;
use crate::{Pid, Reference};

impl Running {
    pub(super) fn administer(&mut self, request: Request) -> Result<Done, AdminError> {
        match request {
            Request::Which => Ok(Done::Children(self.which())),
            Request::Count => Ok(Done::Counts(self.children.counts())),
            Request::Start(child) => self.add(*child),
            Request::StartWith(args) => self.add_with(args),
            Request::Terminate(id) => {
                let who = self.named(&id)?;
                self.terminate_child(who)
            }
            Request::TerminateProcess(process) => match self.running_as(process) {
                Ok(who) => self.terminate_child(who),
                // It has ended already, which is what was asked for (OTP statement 130).
                Err(AdminError::NotFound) if !is_alive(process) => Ok(Done::Nothing),
                Err(error) => Err(error),
            },
            Request::Restart(id) => {
                let who = self.stopped(&id)?;
                Ok(Done::Started(self.start(who)?))
            }
            Request::Delete(id) => {
                let who = self.stopped(&id)?;
                self.carry_out([Step::Forget(who)])?;
                Ok(Done::Nothing)
            }
        }
    }

    fn which(&self) -> Vec<ChildInfo> {
        let info = |child: &Child<ChildSpec, Pid, Reference>| ChildInfo {
            id: child.id().map(|id| id.to_string()),
            presence: match child.state() {
                ChildState::Running { pid, .. } => Presence::Running(pid),
                ChildState::Restarting => Presence::Restarting,
                ChildState::Ended => Presence::Stopped,
            },
            kind: child.policy().kind,
        };
        self.children.iter().map(|(_, child)| info(child)).collect()
    }

    fn add(&mut self, child: ChildSpec) -> Result<Done, AdminError> {
        if self.template().is_some() {
            return Err(AdminError::WrongKind);
        }
        child.check(self.rules().auto_shutdown)?;
        let known = self.children.by_id(&child.id);
        match known
            .and_then(|who| self.children.find(who))
            .map(Child::state)
        {
            None => self.add_and_start(Some(child.id.as_str().into()), child),
            Some(ChildState::Running { pid, .. }) => Err(AdminError::AlreadyStarted(pid)),
            Some(ChildState::Restarting) => Err(AdminError::Restarting),
            Some(ChildState::Ended) => Err(AdminError::AlreadyPresent),
        }
    }

    fn add_with(&mut self, args: Vec<String>) -> Result<Done, AdminError> {
        let template = self.template().ok_or(AdminError::WrongKind)?;
        let child = template.with_args(args);
        child.check(self.rules().auto_shutdown)?;
        self.add_and_start(None, child)
    }

    /// A child that does not start leaves no spec.
    fn add_and_start(
        &mut self,
        id: Option<std::sync::Arc<str>>,
        child: ChildSpec,
    ) -> Result<Done, AdminError> {
        let who = self.children.add(id, child.policy(), child);
        let started = self.start(who);
        if started.is_err() {
            self.children.forget(who);
        }
        Ok(Done::Started(started?))
    }

    fn terminate_child(&mut self, who: ChildKey) -> Result<Done, AdminError> {
        let steps = terminate(self.rules(), &self.children, who);
        self.carry_out(steps)?;
        Ok(Done::Nothing)
    }

    /// The children of a dynamic supervisor have no ids.
    fn named(&self, id: &str) -> Result<ChildKey, AdminError> {
        if self.template().is_some() {
            return Err(AdminError::WrongKind);
        }
        self.children.by_id(id).ok_or(AdminError::NotFound)
    }

    fn running_as(&self, process: Pid) -> Result<ChildKey, AdminError> {
        if self.template().is_none() {
            return Err(AdminError::WrongKind);
        }
        self.children.by_pid(process).ok_or(AdminError::NotFound)
    }

    fn stopped(&self, id: &str) -> Result<ChildKey, AdminError> {
        let who = self.named(id)?;
        if_stopped(self.children.find(who).ok_or(AdminError::NotFound)?)?;
        Ok(who)
    }
}

impl From<Refusal<Pid>> for AdminError {
    fn from(refusal: Refusal<Pid>) -> Self {
        match refusal {
            Refusal::Running(pid) => Self::Running(pid),
            Refusal::Restarting => Self::Restarting,
        }
    }
}
