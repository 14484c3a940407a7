//! Stopping children: one by its shutdown rule, or all of a dynamic supervisor together.
//!
//! A child has been stopped when its down notice has come; whatever else arrives meanwhile waits in the
//! mailbox, unless the supervisor is about to end anyway.

use super::{ChildState, Supervisor};
use crate::report::{StopCause, StopOutcome, SupervisorEvent};
use rusm_actor::{Event, ExitReason, Pid, Ref, Selector};
use rusm_plan::{ChildKey, Shutdown};
use std::sync::Arc;
use std::time::Duration;

impl Supervisor {
    /// Stops a child by its shutdown rule, and waits until it has ended (OTP statements 115 to 117). One that waits
    /// for another try of its restart waits no more.
    pub(super) async fn stop(&mut self, who: ChildKey, cause: StopCause) {
        let Some(child) = self.children.find(who) else {
            return;
        };
        let shutdown = child.spec().spec.shutdown;
        let ChildState::Running { pid, monitor } = child.state() else {
            self.children.set_state(who, ChildState::Ended);
            return;
        };
        let (reason, outcome) = match shutdown {
            Shutdown::BrutalKill => {
                self.context.kill(pid);
                (self.down(monitor).await, StopOutcome::BrutallyKilled)
            }
            Shutdown::Infinity => {
                self.context.exit_signal(pid, ExitReason::Shutdown);
                (self.down(monitor).await, StopOutcome::InTime)
            }
            Shutdown::Timeout(time) => self.stop_within(pid, monitor, time).await,
        };
        self.stopped(who, pid, reason, (outcome, cause));
    }

    async fn stop_within(
        &self,
        pid: Pid,
        monitor: Ref,
        time: Duration,
    ) -> (ExitReason, StopOutcome) {
        self.context.exit_signal(pid, ExitReason::Shutdown);
        let down = self
            .context
            .receive_timeout(Selector::down(monitor), time)
            .await;
        if let Some(Event::Down { reason, .. }) = down {
            return (reason, StopOutcome::InTime);
        }
        self.context.kill(pid);
        (self.down(monitor).await, StopOutcome::TimedOut)
    }

    /// Waits for the end of a child, and leaves everything else in the mailbox.
    async fn down(&self, monitor: Ref) -> ExitReason {
        loop {
            if let Event::Down { reason, .. } = self.context.receive(Selector::down(monitor)).await
            {
                return reason;
            }
        }
    }

    /// Stops every child of a dynamic supervisor, which then ends: all are asked at once, have one common time,
    /// and what is left is killed (OTP statement 135).
    pub(super) async fn stop_together(&mut self) {
        let Some(template) = &self.spec.template else {
            return;
        };
        let deadline = match template.shutdown {
            Shutdown::BrutalKill => Some(Duration::ZERO),
            Shutdown::Timeout(time) => Some(self.context.node().now().saturating_add(time)),
            Shutdown::Infinity => None,
        };
        let is_brutal = template.shutdown == Shutdown::BrutalKill;
        if !is_brutal {
            self.signal_all(&ExitReason::Shutdown);
            self.ends_until(deadline, StopOutcome::InTime).await;
        }
        self.signal_all(&ExitReason::Killed);
        let outcome = match is_brutal {
            true => StopOutcome::BrutallyKilled,
            false => StopOutcome::TimedOut,
        };
        self.ends_until(None, outcome).await;
    }

    fn signal_all(&self, reason: &ExitReason) {
        for (_, child) in self.children.iter() {
            if let ChildState::Running { pid, .. } = child.state() {
                self.context.exit_signal(pid, reason.clone());
            }
        }
    }

    /// Waits until no child runs, or the time has come.
    async fn ends_until(&mut self, deadline: Option<Duration>, outcome: StopOutcome) {
        while self.children.counts().active > 0 {
            let event = match deadline {
                None => Some(self.context.receive(Selector::any()).await),
                Some(deadline) => {
                    let left = deadline.saturating_sub(self.context.node().now());
                    self.context.receive_timeout(Selector::any(), left).await
                }
            };
            let Some(event) = event else {
                return;
            };
            let Event::Down {
                monitor,
                pid,
                reason,
            } = event
            else {
                continue; // The supervisor ends, and whoever asks it is told so by the kernel.
            };
            if let Some(who) = self.children.by_monitor(monitor) {
                self.stopped(who, pid, reason, (outcome, StopCause::End));
            }
        }
    }

    fn stopped(
        &mut self,
        who: ChildKey,
        pid: Pid,
        reason: ExitReason,
        (outcome, cause): (StopOutcome, StopCause),
    ) {
        self.children.set_state(who, ChildState::Ended);
        let Some(child) = self.children.find(who) else {
            return;
        };
        let id = Arc::clone(&child.spec().spec.id);
        self.report(SupervisorEvent::ChildStopped {
            id,
            pid,
            reason,
            outcome,
            cause,
        });
    }
}
