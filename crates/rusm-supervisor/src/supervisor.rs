//! The supervisor's process: hears what happened, asks [`rusm_plan`] what to do, does it.
//!
//! # Order
//! One plan is carried out at a time. While a child is being stopped only that child's down notice is
//! taken out of the mailbox; the news of another's end stays there, in its place, and is heard next.
//! A restart that failed is not tried again until the mailbox has been looked through, so that a
//! supervisor whose child cannot start can still be stopped (OTP statement 126).
//!
//! # Trust
//! Ends of children come from monitors, which nobody can forge. Exit notices matter only from the parent,
//! and from the node, which is shown as the supervisor itself; all others are bystanders (OTP statement
//! 118). Messages mean nothing here and are dropped.

use crate::child_spec::{ChildSpec, end_kind};
use crate::report::{Attempt, StopOutcome, SupervisorEvent, SupervisorReport};
use crate::spec::SupervisorSpec;
use rusm_actor::{Context, Event, ExitReason, Pid, Ref, Selector, Spawned};
use rusm_plan::{
    self as plan, ChildKey, Decision, Ending, Plan, RestartWindow, Rules, Shutdown, Step,
};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;
use std::time::Duration;

/// The tag of the request by which the starter learns that all children have started.
pub(crate) const HAS_STARTED: u64 = 1;

/// How many events are handled between two tries of a failed restart, at most: as many as fit a mailbox,
/// so that a process that floods it cannot put the restart off for ever.
const EVENTS_BETWEEN_TRIES_MAX: usize = 10_000;

/// Who started a supervisor.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Starter {
    /// The node; nobody waits.
    Node,
    /// A process that has asked, in the slice that spawned the supervisor, whether it has started.
    Process(Pid),
}

type Children = plan::Children<ChildSpec, Pid, Ref>;
type ChildState = plan::ChildState<Pid, Ref>;

/// Whether to go on; a break carries the reason to end with, all children having ended.
type Flow<T = ()> = ControlFlow<ExitReason, T>;

pub(crate) async fn run(context: Context, spec: SupervisorSpec, starter: Starter) -> ExitReason {
    context.trap_exits(true);
    let mut supervisor = Supervisor::new(context, spec);
    let ControlFlow::Break(reason) = supervisor.supervise(starter).await;
    supervisor.report(SupervisorEvent::Stopped {
        reason: reason.clone(),
    });
    reason
}

struct Supervisor {
    context: Context,
    /// Without its children: they are below, and each is forgotten in its time.
    spec: SupervisorSpec,
    children: Children,
    window: RestartWindow,
    attempt: Attempt,
    n_events_since_try: usize,
}

/// What the supervisor turns to.
enum Next {
    Event(Event),
    TryAgain(ChildKey),
}

/// Steps to carry out, and what the supervisor then ends with, if it does.
#[derive(Debug, Default)]
struct Work {
    steps: VecDeque<Step>,
    end: Option<ExitReason>,
}

impl Work {
    fn steps(steps: Vec<Step>) -> Self {
        let (steps, end) = (steps.into(), None);
        Self { steps, end }
    }
}

fn reason_of(ending: Ending) -> ExitReason {
    match ending {
        Ending::Normal => ExitReason::Normal,
        Ending::Shutdown => ExitReason::Shutdown,
    }
}

impl Supervisor {
    fn new(context: Context, mut spec: SupervisorSpec) -> Self {
        let mut children = Children::default();
        for child in std::mem::take(&mut spec.children) {
            children.add(Some(Arc::clone(&child.id)), child.policy, child);
        }
        Self {
            context,
            window: RestartWindow::new(spec.intensity),
            spec,
            children,
            attempt: Attempt::First,
            n_events_since_try: 0,
        }
    }

    async fn supervise(&mut self, starter: Starter) -> Flow<Infallible> {
        let first = Work::steps(plan::start(&self.children));
        self.carry_out(first).await?;
        self.attempt = Attempt::Restart;
        self.report(SupervisorEvent::Started);
        self.answer(starter).await;
        if let Some(ending) = plan::started(self.rules(), &self.children) {
            return ControlFlow::Break(reason_of(ending));
        }
        loop {
            let work = match self.next().await {
                Next::Event(event) => self.on_event(event),
                Next::TryAgain(who) => self.try_again(who),
            };
            self.carry_out(work).await?;
        }
    }

    /// Tells the starter that the children have started.
    async fn answer(&self, starter: Starter) {
        let Starter::Process(parent) = starter else {
            return;
        };
        let select = Selector {
            sender: Some(parent),
            ..Selector::tag(HAS_STARTED)
        };
        if let Event::Request(request) = self.context.receive(select).await {
            self.context.reply(request.id, []);
        }
    }

    async fn next(&mut self) -> Next {
        if self.children.first_restarting().is_none() {
            self.n_events_since_try = 0;
            return Next::Event(self.context.receive(Selector::any()).await);
        }
        // Others may run, and what they send is heard before the next try.
        self.context.yield_now().await;
        if self.n_events_since_try < EVENTS_BETWEEN_TRIES_MAX
            && let Some(event) = self.context.try_receive(&Selector::any())
        {
            self.n_events_since_try += 1;
            return Next::Event(event);
        }
        self.n_events_since_try = 0;
        match self.children.first_restarting() {
            Some(who) => Next::TryAgain(who),
            None => Next::Event(self.context.receive(Selector::any()).await),
        }
    }

    fn on_event(&mut self, event: Event) -> Work {
        match event {
            Event::Down {
                monitor,
                pid,
                reason,
            } => self.on_down(monitor, pid, reason),
            Event::Exit { from, reason } if self.obeys(from) => self.end(reason),
            Event::Exit { .. } | Event::Message(_) | Event::Request(_) => Work::default(),
        }
    }

    /// The parent, and the node, which is shown as the supervisor itself.
    fn obeys(&self, from: Pid) -> bool {
        from == self.context.pid() || Some(from) == self.context.parent()
    }

    fn on_down(&mut self, monitor: Ref, pid: Pid, reason: ExitReason) -> Work {
        let Some(who) = self.children.by_monitor(monitor) else {
            return Work::default();
        };
        self.children.set_state(who, ChildState::Ended);
        let (rules, now) = (self.rules(), self.context.node().now());
        let end = end_kind(&reason);
        let plan = plan::child_ended(rules, &self.children, &mut self.window, now, who, end);
        let will_restart = matches!(plan.decision, Decision::Restart | Decision::GiveUp);
        if let Some(id) = self.id(who) {
            self.report(SupervisorEvent::ChildEnded {
                id,
                pid,
                reason,
                will_restart,
            });
        }
        self.decided(who, plan)
    }

    fn try_again(&mut self, who: ChildKey) -> Work {
        let (rules, now) = (self.rules(), self.context.node().now());
        let plan = plan::try_again(rules, &self.children, &mut self.window, now, who);
        self.decided(who, plan)
    }

    fn decided(&self, who: ChildKey, plan: Plan) -> Work {
        if plan.decision == Decision::GiveUp
            && let Some(id) = self.id(who)
        {
            let intensity = self.spec.intensity;
            self.report(SupervisorEvent::GaveUp { id, intensity });
        }
        Work {
            steps: plan.steps.into(),
            end: plan.decision.ending().map(reason_of),
        }
    }

    /// Stops all children, and ends.
    fn end(&self, reason: ExitReason) -> Work {
        Work {
            steps: plan::stop(self.rules(), &self.children).into(),
            end: Some(reason),
        }
    }

    async fn carry_out(&mut self, mut work: Work) -> Flow {
        while let Some(step) = work.steps.pop_front() {
            match step {
                Step::Stop(who) => self.stop(who).await,
                Step::StopTogether => {}
                Step::Forget(who) => self.children.forget(who),
                Step::Start(who) => {
                    if let Some(instead) = self.start(who).await {
                        work = instead;
                    }
                }
            }
        }
        work.end
            .map_or(ControlFlow::Continue(()), ControlFlow::Break)
    }

    /// Starts a child; what to do instead of the rest of the plan, when that fails.
    async fn start(&mut self, who: ChildKey) -> Option<Work> {
        let spec = self.children.find(who)?.spec().clone();
        let (id, attempt) = (spec.id, self.attempt);
        let reason = match spec.start.start(&self.context).await {
            Ok(spawned) => {
                let (pid, monitor) = self.tie(spawned);
                self.children
                    .set_state(who, ChildState::Running { pid, monitor });
                self.report(SupervisorEvent::ChildStarted { id, pid, attempt });
                return None;
            }
            Err(reason) => reason,
        };
        self.report(SupervisorEvent::StartFailed {
            id: Arc::clone(&id),
            reason: reason.clone(),
            attempt,
        });
        Some(match attempt {
            Attempt::First => {
                let reason = format!("child {id:?} did not start: {reason}");
                self.end(ExitReason::not_started(reason))
            }
            Attempt::Restart => {
                self.children.set_state(who, ChildState::Restarting);
                Work::default()
            }
        })
    }

    /// Makes up for a tie that the start left out; a link that stands stays as it is.
    fn tie(&self, spawned: Spawned) -> (Pid, Ref) {
        let Spawned { pid, monitor } = spawned;
        self.context.link(pid);
        (pid, monitor.unwrap_or_else(|| self.context.monitor(pid)))
    }

    /// Stops a child by its shutdown rule, and waits until it has ended (OTP statements 115 to 117).
    async fn stop(&mut self, who: ChildKey) {
        let Some(child) = self.children.find(who) else {
            return;
        };
        let ChildState::Running { pid, monitor } = child.state() else {
            self.children.set_state(who, ChildState::Ended);
            return;
        };
        let (id, shutdown) = (Arc::clone(&child.spec().id), child.spec().shutdown);
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
        self.children.set_state(who, ChildState::Ended);
        self.report(SupervisorEvent::ChildStopped {
            id,
            pid,
            reason,
            outcome,
        });
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

    fn rules(&self) -> Rules {
        Rules {
            strategy: self.spec.strategy,
            auto_shutdown: self.spec.auto_shutdown,
            when_empty: self.spec.when_empty,
            is_dynamic: false,
        }
    }

    fn id(&self, who: ChildKey) -> Option<Arc<str>> {
        Some(Arc::clone(&self.children.find(who)?.spec().id))
    }

    fn report(&self, event: SupervisorEvent) {
        if let Some(observer) = &self.spec.observer {
            let supervisor = self.context.pid();
            let label = Arc::clone(&self.spec.label);
            observer.report(&SupervisorReport {
                supervisor,
                label,
                event,
            });
        }
    }
}
