//! Child administration at run time, as its clients see it: [`SupervisorHandle`] (OTP statements 129 to 133).

use crate::child_spec::ChildSpec;
use crate::desk::{Answer, Command, Desk};
use crate::spec::SpecError;
use crate::start_child::StartWith;
use rusm_actor::{CallError, Context, ExitReason, Node, Payload, Pid};
use rusm_plan::{ChildKind, Counts, Refusal};
use std::sync::Arc;
use std::time::Duration;

/// The tag of requests to a supervisor.
pub(crate) const ADMIN: u64 = 2;

/// Why a request to a supervisor came to nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum AdminError {
    /// A child with this id runs.
    #[error("the child is started already, as {0}")]
    AlreadyStarted(Pid),
    /// A child with this id is known, and stopped: restart it, or delete it first.
    #[error("a stopped child has this id already")]
    AlreadyPresent,
    /// The child runs; only a stopped one can be restarted or deleted.
    #[error("the child is running, as {0}")]
    Running(Pid),
    /// The child's restart failed and is to be tried again.
    #[error("the child is restarting")]
    Restarting,
    /// No child has this id, or this process.
    #[error("no such child")]
    NotFound,
    /// The child did not start, for this reason. One that was to be added is not.
    #[error("the child did not start: {0}")]
    NotStarted(ExitReason),
    /// The child does not fit the supervisor; nothing was started.
    #[error(transparent)]
    BadSpec(#[from] SpecError),
    /// The children of a dynamic supervisor have one spec and no ids: they are started with arguments,
    /// addressed by pid, and neither restarted nor deleted by request.
    #[error("the supervisor is a dynamic one, whose children have no ids")]
    Dynamic,
    /// Only a dynamic supervisor starts children with arguments and knows them by pid.
    #[error("the supervisor is not a dynamic one")]
    NotDynamic,
    /// The arguments are not of the type that the supervisor's template takes.
    #[error("the arguments are not of the type that the template takes")]
    WrongArguments,
    /// The supervisor did not answer. After a time-out, what was asked for may or may not have been done: it
    /// is done if the supervisor had begun with it.
    #[error("the supervisor did not answer: {0}")]
    NoAnswer(CallError),
}

impl From<Refusal<Pid>> for AdminError {
    fn from(refusal: Refusal<Pid>) -> Self {
        match refusal {
            Refusal::Running(pid) => Self::Running(pid),
            Refusal::Restarting => Self::Restarting,
        }
    }
}

/// What starting a child by request came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ChildOutcome {
    /// It runs.
    Running {
        /// Its process.
        pid: Pid,
        /// What its start had to say.
        info: Option<Payload>,
    },
    /// Its start answered ignore (OTP statement 114).
    Ignored,
}

impl ChildOutcome {
    /// The process, if there is one.
    pub fn pid(&self) -> Option<Pid> {
        match self {
            Self::Running { pid, .. } => Some(*pid),
            Self::Ignored => None,
        }
    }
}

/// Where a child stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ChildStatus {
    /// It has this process.
    Running(Pid),
    /// Its restart failed and is to be tried again.
    Restarting,
    /// It has no process.
    Stopped,
}

/// One child, as its supervisor lists it (OTP statement 132).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChildInfo {
    /// What it is called; none in a dynamic supervisor.
    pub id: Option<Arc<str>>,
    /// Where it stands.
    pub status: ChildStatus,
    /// Worker or supervisor.
    pub kind: ChildKind,
}

/// A supervisor, as its clients know it; cheap to clone.
///
/// Every method asks the supervisor's process and waits for its answer, which comes in the order of its
/// mailbox. While a supervisor starts or stops a child it answers nobody, so a child must not ask its own
/// supervisor during its own start, nor one that is stopping it: both would wait for each other. There is no
/// time-out unless [`within`](Self::within) sets one.
///
/// From outside any process, ask within [`Node::block_on`].
#[derive(Clone, Debug)]
pub struct SupervisorHandle {
    pid: Pid,
    desk: Arc<Desk>,
    timeout: Option<Duration>,
}

impl SupervisorHandle {
    /// The supervisor that this process is; none if it is none, or has ended.
    pub fn find(node: &Node, pid: Pid) -> Option<Self> {
        let desk = node.extension(pid)?.downcast().ok()?;
        let timeout = None;
        Some(Self { pid, desk, timeout })
    }

    /// The same supervisor; requests by this handle fail after this time. One that the supervisor has not
    /// begun with by then is withdrawn.
    pub fn within(mut self, timeout: Duration) -> Self {
        self.timeout = Some(timeout);
        self
    }

    /// Its process.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Adds a child behind the others and starts it (OTP statement 129). It is there until the supervisor ends:
    /// one that is restarted has its original children again (OTP statement 128).
    ///
    /// # Errors
    /// [`AdminError::AlreadyStarted`], [`Restarting`](AdminError::Restarting) and
    /// [`AlreadyPresent`](AdminError::AlreadyPresent) for an id that a child has;
    /// [`NotStarted`](AdminError::NotStarted); [`BadSpec`](AdminError::BadSpec); [`Dynamic`](AdminError::Dynamic);
    /// [`NoAnswer`](AdminError::NoAnswer).
    pub async fn start_child(
        &self,
        context: &Context,
        child: ChildSpec,
    ) -> Result<ChildOutcome, AdminError> {
        let answer = Answer::new();
        let command = Command::Start(child, answer.clone());
        self.ask(context, command, &answer).await?
    }

    /// Starts a child of a dynamic supervisor with these arguments, with which it is also restarted (OTP
    /// statement 133). `A` is the type that the supervisor's template takes.
    ///
    /// # Errors
    /// [`AdminError::NotDynamic`], [`WrongArguments`](AdminError::WrongArguments),
    /// [`NotStarted`](AdminError::NotStarted), [`NoAnswer`](AdminError::NoAnswer).
    pub async fn start_child_with<A: Send + Sync + 'static>(
        &self,
        context: &Context,
        arguments: A,
    ) -> Result<ChildOutcome, AdminError> {
        let template = self.desk.template.as_ref().ok_or(AdminError::NotDynamic)?;
        let template: &StartWith<A> = template.downcast_ref().ok_or(AdminError::WrongArguments)?;
        let answer = Answer::new();
        let command = Command::StartWith(template.bind(arguments), answer.clone());
        self.ask(context, command, &answer).await?
    }

    /// Stops a child by its shutdown rule (OTP statement 130). That is no restart, and no end that counts for
    /// auto shutdown. Its spec stays, unless the child is temporary; a restart that was to be tried again is
    /// off. One that is stopped already is no error.
    ///
    /// # Errors
    /// [`AdminError::NotFound`], [`Dynamic`](AdminError::Dynamic), [`NoAnswer`](AdminError::NoAnswer).
    pub async fn terminate_child(&self, context: &Context, id: &str) -> Result<(), AdminError> {
        let answer = Answer::new();
        let command = Command::Terminate(id.into(), answer.clone());
        self.ask(context, command, &answer).await?
    }

    /// Stops a child of a dynamic supervisor; nothing is kept of it. One whose restart failed is known by the
    /// process it had last. A process that has ended is no error (OTP statements 130, 133).
    ///
    /// # Errors
    /// [`AdminError::NotFound`] for a process that is alive and no child of this supervisor;
    /// [`NotDynamic`](AdminError::NotDynamic), [`NoAnswer`](AdminError::NoAnswer).
    pub async fn terminate_pid(&self, context: &Context, pid: Pid) -> Result<(), AdminError> {
        let answer = Answer::new();
        let command = Command::TerminatePid(pid, answer.clone());
        self.ask(context, command, &answer).await?
    }

    /// Starts a stopped child again (OTP statement 131). If that fails it stays stopped.
    ///
    /// # Errors
    /// [`AdminError::Running`], [`Restarting`](AdminError::Restarting), [`NotFound`](AdminError::NotFound),
    /// [`NotStarted`](AdminError::NotStarted), [`Dynamic`](AdminError::Dynamic), [`NoAnswer`](AdminError::NoAnswer).
    pub async fn restart_child(
        &self,
        context: &Context,
        id: &str,
    ) -> Result<ChildOutcome, AdminError> {
        let answer = Answer::new();
        let command = Command::Restart(id.into(), answer.clone());
        self.ask(context, command, &answer).await?
    }

    /// Forgets a stopped child, and frees its id (OTP statement 131).
    ///
    /// # Errors
    /// [`AdminError::Running`], [`Restarting`](AdminError::Restarting), [`NotFound`](AdminError::NotFound),
    /// [`Dynamic`](AdminError::Dynamic), [`NoAnswer`](AdminError::NoAnswer).
    pub async fn delete_child(&self, context: &Context, id: &str) -> Result<(), AdminError> {
        let answer = Answer::new();
        let command = Command::Delete(id.into(), answer.clone());
        self.ask(context, command, &answer).await?
    }

    /// All children, in start order (OTP statement 132).
    ///
    /// # Errors
    /// [`AdminError::NoAnswer`].
    pub async fn which_children(&self, context: &Context) -> Result<Vec<ChildInfo>, AdminError> {
        let answer = Answer::new();
        let command = Command::List(answer.clone());
        self.ask(context, command, &answer).await
    }

    /// How many children there are (OTP statement 132); agrees with [`which_children`](Self::which_children).
    ///
    /// # Errors
    /// [`AdminError::NoAnswer`].
    pub async fn count_children(&self, context: &Context) -> Result<Counts, AdminError> {
        let answer = Answer::new();
        let command = Command::Count(answer.clone());
        self.ask(context, command, &answer).await
    }

    /// Sends the command and waits. Dropped at any moment, also because the client dies, it takes back what the
    /// supervisor has not begun with.
    async fn ask<T>(
        &self,
        context: &Context,
        command: Command,
        answer: &Answer<T>,
    ) -> Result<T, AdminError> {
        let ticket = self.desk.put(context.pid(), command);
        let reply = context.call(self.pid, ADMIN, ticket.payload(), self.timeout);
        reply.await.map_err(AdminError::NoAnswer)?;
        // Nobody but the supervisor knows the request, and it answers before it replies.
        answer
            .take()
            .ok_or(AdminError::NoAnswer(CallError::Timeout))
    }
}
