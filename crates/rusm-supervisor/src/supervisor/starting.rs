//! Starting one child, and what its start comes to.

use super::{ChildState, Supervisor};
use crate::admin::ChildOutcome;
use crate::report::{Attempt, SupervisorEvent};
use crate::start_child::Started;
use rusm_actor::{ExitReason, Payload, Spawned};
use rusm_plan::{self as plan, ChildKey, Step};
use std::sync::Arc;

impl Supervisor {
    /// Starts a child: its process, or why there is none. What to do about a failure is the caller's matter.
    pub(super) async fn start(
        &mut self,
        who: ChildKey,
        attempt: Attempt,
    ) -> Result<ChildOutcome, ExitReason> {
        let Some(child) = self.children.find(who) else {
            return Ok(ChildOutcome::Ignored);
        };
        let spec = &child.spec().spec;
        let (id, start) = (Arc::clone(&spec.id), spec.start.clone());
        match start.start(&self.context).await {
            Ok(Started::Child(spawned)) => Ok(self.runs(who, id, attempt, spawned, None)),
            Ok(Started::ChildWithInfo(spawned, info)) => {
                Ok(self.runs(who, id, attempt, spawned, Some(info)))
            }
            Ok(Started::Ignore) => {
                self.children.set_state(who, ChildState::Ended);
                self.report(SupervisorEvent::ChildIgnored { id, attempt });
                if plan::ignored(self.rules, &self.children, who) == Some(Step::Forget(who)) {
                    self.children.forget(who);
                }
                Ok(ChildOutcome::Ignored)
            }
            Err(reason) => {
                self.report(SupervisorEvent::StartFailed {
                    id,
                    reason: reason.clone(),
                    attempt,
                });
                Err(reason)
            }
        }
    }

    /// Notes the process of a child. A tie that its start left out is made up for; a link that stands stays as
    /// it is.
    fn runs(
        &mut self,
        who: ChildKey,
        id: Arc<str>,
        attempt: Attempt,
        spawned: Spawned,
        info: Option<Payload>,
    ) -> ChildOutcome {
        let Spawned { pid, monitor } = spawned;
        self.context.link(pid);
        let monitor = monitor.unwrap_or_else(|| self.context.monitor(pid));
        self.children
            .set_state(who, ChildState::Running { pid, monitor });
        self.report(SupervisorEvent::ChildStarted { id, pid, attempt });
        ChildOutcome::Running { pid, info }
    }
}
