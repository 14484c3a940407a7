//! The supervisor's process: hears what happened, asks [`rusm_plan`] what to do, does it.
//!
//! # Order
//! One plan is carried out at a time. While a child is being stopped only that child's down notice is
//! taken out of the mailbox; the news of another's end stays there, in its place, and is heard next.
//! A restart that failed is not tried again until the mailbox has been looked through, so that a
//! supervisor whose child cannot start can still be asked and stopped (OTP statement 126).
//!
//! # Trust
//! Ends of children come from monitors, which nobody can forge. Exit notices matter only from the parent,
//! and from the node, which is shown as the supervisor itself; all others are bystanders (OTP statement
//! 118). Requests count with a ticket of the [`Desk`](crate::desk) only; all other messages are dropped.

mod serving;
mod starting;
mod stopping;

use crate::admin::ChildOutcome;
use crate::child_spec::{ChildSpec, end_kind};
use crate::desk::Desk;
use crate::report::{Attempt, StopCause, SupervisorEvent, SupervisorReport};
use crate::spec::{Init, SupervisorSpec};
use rusm_actor::{Context, Event, ExitReason, Pid, Ref, Selector};
use rusm_plan::{self as plan, ChildKey, Decision, Ending, Plan, RestartWindow, Rules, Step};
use std::collections::VecDeque;
use std::convert::Infallible;
use std::ops::ControlFlow;
use std::sync::Arc;

/// The tag of the request by which the starter learns that all children have started.
pub(crate) const HAS_STARTED: u64 = 1;

/// The answer to it when the supervisor's own initialisation answered ignore.
pub(crate) const IGNORES: &[u8] = b"ignore";

/// How many events are handled between two tries of a failed restart, at most: as many as fit a mailbox,
/// so that a process that floods it cannot put the restart off for ever.
const EVENTS_BETWEEN_TRIES_MAX: usize = 10_000;

/// How many steps of a plan are carried out in one slice, at most: a tree of millions starts for minutes, and can be killed meanwhile.
const STEPS_PER_SLICE_MAX: usize = 64;

/// Who started a supervisor.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Starter {
    /// The node; nobody waits.
    Node,
    /// A process that has asked, in the slice that spawned the supervisor, whether it has started.
    Process(Pid),
}

type Children = plan::Children<Member, Pid, Ref>;
type ChildState = plan::ChildState<Pid, Ref>;

/// Whether to go on; a break carries the reason to end with, all children having ended.
type Flow<T = ()> = ControlFlow<ExitReason, T>;

pub(crate) async fn run(
    context: Context,
    spec: SupervisorSpec,
    desk: Arc<Desk>,
    starter: Starter,
) -> ExitReason {
    context.trap_exits(true);
    if let Some(parent) = context.parent() {
        // One that ended with normal before this moment was not heard, and is heard now; a link that stands stays.
        context.link(parent);
    }
    let mut supervisor = Supervisor::new(context, spec, desk);
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
    rules: Rules,
    desk: Arc<Desk>,
    children: Children,
    window: RestartWindow,
    n_events_since_try: usize,
}

/// What the supervisor keeps of a child.
#[derive(Debug)]
struct Member {
    spec: ChildSpec,
    /// Why the last start that failed did.
    failure: ExitReason,
}

impl Member {
    fn new(spec: ChildSpec) -> Self {
        let failure = ExitReason::Normal; // None has.
        Self { spec, failure }
    }
}

/// What the supervisor turns to.
enum Next {
    Event(Event),
    TryAgain(ChildKey),
}

/// Steps to carry out, and what the supervisor then ends with, if it does.
#[derive(Debug)]
struct Work {
    steps: VecDeque<Step>,
    end: Option<ExitReason>,
    attempt: Attempt,
}

impl Work {
    fn steps(steps: Vec<Step>, attempt: Attempt) -> Self {
        let (steps, end) = (steps.into(), None);
        Self {
            steps,
            end,
            attempt,
        }
    }

    /// Why it stops children.
    fn cause(&self) -> StopCause {
        match self.end {
            Some(_) => StopCause::End,
            None => StopCause::Sibling,
        }
    }

    fn nothing() -> Self {
        Self::steps(Vec::new(), Attempt::Restart)
    }
}

fn reason_of(ending: Ending) -> ExitReason {
    match ending {
        Ending::Normal => ExitReason::Normal,
        Ending::Shutdown => ExitReason::Shutdown,
    }
}

impl Supervisor {
    fn new(context: Context, mut spec: SupervisorSpec, desk: Arc<Desk>) -> Self {
        let mut children = Children::default();
        for child in std::mem::take(&mut spec.children) {
            let (id, policy) = (Arc::clone(&child.id), child.policy);
            children.add(Some(id), policy, Member::new(child));
        }
        Self {
            context,
            rules: spec.rules(),
            window: RestartWindow::new(spec.intensity),
            spec,
            desk,
            children,
            n_events_since_try: 0,
        }
    }

    async fn supervise(&mut self, starter: Starter) -> Flow<Infallible> {
        self.initialise(starter).await?;
        let first = plan::start(&self.children);
        self.carry_out(Work::steps(first, Attempt::First)).await?;
        self.report(SupervisorEvent::Started);
        self.answer(starter, &[]).await;
        if let Some(ending) = plan::started(self.rules, &self.children) {
            return ControlFlow::Break(reason_of(ending));
        }
        loop {
            let work = match self.next().await {
                Next::Event(event) => self.on_event(event).await,
                Next::TryAgain(who) => self.try_again(who),
            };
            self.carry_out(work).await?;
        }
    }

    /// Whether there is anything to supervise at all (OTP statement 114).
    async fn initialise(&mut self, starter: Starter) -> Flow {
        let Some(init) = self.spec.init.clone() else {
            return ControlFlow::Continue(());
        };
        match init(&self.context) {
            Ok(Init::Supervise) => ControlFlow::Continue(()),
            Ok(Init::Ignore) => {
                self.answer(starter, IGNORES).await;
                ControlFlow::Break(ExitReason::Normal)
            }
            Err(reason) => ControlFlow::Break(reason),
        }
    }

    /// Tells the starter that the children have started, or that none will.
    async fn answer(&self, starter: Starter, answer: &[u8]) {
        let Starter::Process(parent) = starter else {
            return;
        };
        let select = Selector {
            sender: Some(parent),
            ..Selector::tag(HAS_STARTED)
        };
        if let Event::Request(request) = self.context.receive(select).await {
            self.context.reply(request.id, answer);
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

    async fn on_event(&mut self, event: Event) -> Work {
        match event {
            Event::Down {
                monitor,
                pid,
                reason,
            } => return self.on_down(monitor, pid, reason),
            Event::Exit { from, reason } if self.obeys(from) => return self.end(reason),
            Event::Request(request) => self.serve(request).await,
            Event::Exit { .. } | Event::Message(_) => {}
        }
        Work::nothing()
    }

    /// The parent, and the node, which is shown as the supervisor itself.
    fn obeys(&self, from: Pid) -> bool {
        from == self.context.pid() || Some(from) == self.context.parent()
    }

    fn on_down(&mut self, monitor: Ref, pid: Pid, reason: ExitReason) -> Work {
        let Some(who) = self.children.by_monitor(monitor) else {
            return Work::nothing();
        };
        self.children.set_state(who, ChildState::Ended);
        let (now, end) = (self.context.node().now(), end_kind(&reason));
        let window = &mut self.window;
        let plan = plan::child_ended(self.rules, &self.children, window, now, who, end);
        if let Some(id) = self.id(who) {
            let (reason, decision) = (reason.clone(), plan.decision);
            self.report(SupervisorEvent::ChildEnded {
                id,
                pid,
                reason,
                decision,
            });
        }
        self.decided(who, plan, reason)
    }

    /// The restart of this child failed, and its turn has come.
    fn try_again(&mut self, who: ChildKey) -> Work {
        let Some(child) = self.children.find(who) else {
            return Work::nothing();
        };
        let (id, reason) = (
            Arc::clone(&child.spec().spec.id),
            child.spec().failure.clone(),
        );
        let now = self.context.node().now();
        let plan = plan::try_again(self.rules, &self.children, &mut self.window, now, who);
        if plan.decision == Decision::Restart {
            self.report(SupervisorEvent::TriesAgain { id });
        }
        self.decided(who, plan, reason)
    }

    fn decided(&self, who: ChildKey, plan: Plan, reason: ExitReason) -> Work {
        if plan.decision == Decision::GiveUp
            && let Some(id) = self.id(who)
        {
            let intensity = self.spec.intensity;
            self.report(SupervisorEvent::GaveUp {
                id,
                reason,
                intensity,
            });
        }
        Work {
            steps: plan.steps.into(),
            end: plan.decision.ending().map(reason_of),
            attempt: Attempt::Restart,
        }
    }

    /// Stops all children, and ends.
    fn end(&self, reason: ExitReason) -> Work {
        Work {
            end: Some(reason),
            ..Work::steps(plan::stop(self.rules, &self.children), Attempt::Restart)
        }
    }

    async fn carry_out(&mut self, mut work: Work) -> Flow {
        let mut is_any_ignored = false;
        let mut n_steps = 0_usize;
        while let Some(step) = work.steps.pop_front() {
            n_steps += 1;
            if n_steps.is_multiple_of(STEPS_PER_SLICE_MAX) {
                self.context.yield_now().await;
            }
            match step {
                Step::Stop(who) => self.stop(who, work.cause()).await,
                Step::StopTogether => self.stop_together().await,
                Step::Forget(who) => self.children.forget(who),
                Step::Start(who) => match self.start(who, work.attempt).await {
                    Ok(ChildOutcome::Running { .. }) => {}
                    Ok(ChildOutcome::Ignored) => is_any_ignored = true,
                    Err(reason) => work = self.failed(who, &reason, work.attempt),
                },
            }
        }
        let may_be_finished = is_any_ignored && work.attempt == Attempt::Restart;
        let finished = may_be_finished
            .then(|| plan::finished(self.rules, &self.children))
            .flatten()
            .map(reason_of);
        work.end
            .or(finished)
            .map_or(ControlFlow::Continue(()), ControlFlow::Break)
    }

    /// What to do instead of the rest of a plan, one of whose starts failed.
    fn failed(&mut self, who: ChildKey, reason: &ExitReason, attempt: Attempt) -> Work {
        if attempt == Attempt::First {
            let id = self.id(who).unwrap_or_default();
            let reason = format!("child {id:?} did not start: {reason}");
            return self.end(ExitReason::not_started(reason));
        }
        self.children.set_state(who, ChildState::Restarting);
        if let Some(member) = self.children.spec_mut(who) {
            member.failure = reason.clone();
        }
        Work::nothing()
    }

    fn id(&self, who: ChildKey) -> Option<Arc<str>> {
        Some(Arc::clone(&self.children.find(who)?.spec().spec.id))
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
