//! Answering requests about children (OTP statements 129 to 133).
//!
//! One at a time, in the order of the mailbox; a request is answered when all it asked for has been done. None
//! of them counts as a restart, concerns a sibling, or ends the supervisor.

use super::{ChildState, Member, Supervisor};
use crate::admin::{ADMIN, AdminError, ChildInfo, ChildOutcome, ChildStatus};
use crate::child_spec::ChildSpec;
use crate::desk::Command;
use crate::report::{Attempt, StopCause};
use crate::start_child::StartChild;
use rusm_actor::{CallRequest, Pid};
use rusm_plan::{self as plan, ChildKey, Step};
use std::sync::Arc;

impl Supervisor {
    pub(super) async fn serve(&mut self, request: CallRequest) {
        if request.tag != ADMIN {
            return;
        }
        let Some(command) = self.desk.take(&request) else {
            return; // Withdrawn, or no client's.
        };
        match command {
            Command::Start(spec, answer) => answer.put(self.add(spec).await),
            Command::StartWith(start, answer) => answer.put(self.add_dynamic(start).await),
            Command::Terminate(id, answer) => answer.put(self.terminate_id(&id).await),
            Command::TerminatePid(pid, answer) => answer.put(self.terminate_pid(pid).await),
            Command::Restart(id, answer) => answer.put(self.restart_id(&id).await),
            Command::Delete(id, answer) => answer.put(self.delete_id(&id)),
            Command::List(answer) => answer.put(self.list()),
            Command::Count(answer) => answer.put(self.children.counts()),
        }
        self.context.reply(request.id, []);
    }

    async fn add(&mut self, spec: ChildSpec) -> Result<ChildOutcome, AdminError> {
        self.spec.check_child(&spec)?;
        if self.rules.is_dynamic {
            return Err(AdminError::Dynamic);
        }
        if let Some(known) = self.children.by_id(&spec.id) {
            return Err(match self.children.find(known).map(|child| child.state()) {
                Some(ChildState::Running { pid, .. }) => AdminError::AlreadyStarted(pid),
                Some(ChildState::Restarting) => AdminError::Restarting,
                Some(ChildState::Ended) | None => AdminError::AlreadyPresent,
            });
        }
        let id = Some(Arc::clone(&spec.id));
        self.add_and_start(id, spec).await
    }

    async fn add_dynamic(&mut self, start: StartChild) -> Result<ChildOutcome, AdminError> {
        let template = self.spec.template.as_ref();
        let spec = template.ok_or(AdminError::NotDynamic)?.child(start);
        self.add_and_start(None, spec).await
    }

    /// A failed start leaves no spec (OTP statement 129).
    async fn add_and_start(
        &mut self,
        id: Option<Arc<str>>,
        spec: ChildSpec,
    ) -> Result<ChildOutcome, AdminError> {
        let who = self.children.add(id, spec.policy, Member::new(spec));
        let started = self.start(who, Attempt::Request).await;
        if started.is_err() {
            self.children.forget(who);
        }
        started.map_err(AdminError::NotStarted)
    }

    async fn terminate_id(&mut self, id: &str) -> Result<(), AdminError> {
        let who = self.listed(id)?;
        self.terminate(who).await;
        Ok(())
    }

    async fn terminate_pid(&mut self, pid: Pid) -> Result<(), AdminError> {
        if !self.rules.is_dynamic {
            return Err(AdminError::NotDynamic);
        }
        match self.children.by_pid(pid) {
            Some(who) => self.terminate(who).await,
            None if self.context.node().is_alive(pid) => return Err(AdminError::NotFound),
            None => {}
        }
        Ok(())
    }

    async fn terminate(&mut self, who: ChildKey) {
        for step in plan::terminate(self.rules, &self.children, who) {
            match step {
                Step::Stop(who) => self.stop(who, StopCause::Request).await,
                Step::Forget(who) => self.children.forget(who),
                Step::Start(_) | Step::StopTogether => {}
            }
        }
    }

    async fn restart_id(&mut self, id: &str) -> Result<ChildOutcome, AdminError> {
        let who = self.stopped_child(id)?;
        let started = self.start(who, Attempt::Request).await;
        started.map_err(AdminError::NotStarted)
    }

    fn delete_id(&mut self, id: &str) -> Result<(), AdminError> {
        let who = self.stopped_child(id)?;
        self.children.forget(who);
        Ok(())
    }

    fn list(&self) -> Vec<ChildInfo> {
        let info = |(_, child): (ChildKey, &plan::Child<Member, Pid, _>)| ChildInfo {
            id: child.id().cloned(),
            status: match child.state() {
                ChildState::Running { pid, .. } => ChildStatus::Running(pid),
                ChildState::Restarting => ChildStatus::Restarting,
                ChildState::Ended => ChildStatus::Stopped,
            },
            kind: child.policy().kind,
        };
        self.children.iter().map(info).collect()
    }

    /// The child with this id, which has neither a process nor the prospect of one.
    fn stopped_child(&self, id: &str) -> Result<ChildKey, AdminError> {
        let who = self.listed(id)?;
        let child = self.children.find(who).ok_or(AdminError::NotFound)?;
        plan::if_stopped(child)?;
        Ok(who)
    }

    fn listed(&self, id: &str) -> Result<ChildKey, AdminError> {
        if self.rules.is_dynamic {
            return Err(AdminError::Dynamic);
        }
        self.children.by_id(id).ok_or(AdminError::NotFound)
    }
}
