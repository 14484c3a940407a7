//! The owner's side: [`Task`], awaited, looked after, or shut down.
//!
//! A task sends its output and ends, in this order, and so they arrive: who has seen the end of a task finds
//! the output, or learns that there is none. The owner waits for the end alone, by its own monitor, and takes
//! nothing else out of its mailbox.

use std::fmt;
use std::marker::PhantomData;
use std::time::Duration;

use crate::mailbox::{self, Event, Selector, SendError};
use crate::process;
use crate::spawner::{Spawn, SpawnError};
use crate::wire::{self, Wire};
use crate::{ExitReason, Pid, Reference, tags};

/// How long to await a task unless there is a reason for another time: five seconds, as in Elixir.
pub const AWAIT_TIMEOUT: Option<Duration> = Some(Duration::from_secs(5));

/// Why there is no task, or no output of one.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TaskError {
    /// It was not spawned.
    Spawn(SpawnError),
    /// It did not get its input, and was killed.
    Input(SendError),
    /// It ended with this reason and without an output.
    Exited(ExitReason),
    /// It was not done within the time given, and was killed.
    Timeout,
    /// Its output is none of the type expected.
    BadOutput,
}

impl fmt::Display for TaskError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Spawn(error) => error.fmt(f),
            Self::Input(error) => write!(f, "the task did not get its input: {error}"),
            Self::Exited(reason) => write!(f, "the task ended without an output ({reason})"),
            Self::Timeout => f.write_str("the task was not done within the time given"),
            Self::BadOutput => f.write_str("the output could not be read: is its type the task's?"),
        }
    }
}

impl std::error::Error for TaskError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Spawn(error) => Some(error),
            Self::Input(error) => Some(error),
            Self::Exited(_) | Self::Timeout | Self::BadOutput => None,
        }
    }
}

/// Work under way. Its output goes to the process that spawned it, and can be awaited there alone.
///
/// A handle that is dropped leaves the task running; its output will lie in the owner's mailbox, with the tag
/// [`tags::TASK_OUTPUT`].
#[derive(Debug)]
#[must_use = "nobody else gets the output"]
pub struct Task<O> {
    process: Pid,
    monitor: Reference,
    output: PhantomData<fn() -> O>,
}

/// What [`Task::yield_result`] found.
#[derive(Debug)]
pub enum Yield<O> {
    /// The task has ended, with this.
    Ended(Result<O, TaskError>),
    /// It is still at work.
    Running(Task<O>),
}

impl<O: Wire> Task<O> {
    /// Spawns a task, linked to this process, and gives it its input.
    ///
    /// # Errors
    /// [`TaskError::Spawn`], [`TaskError::Input`]; then there is no task.
    pub fn spawn(component: &Spawn, input: &impl Wire) -> Result<Self, TaskError> {
        Self::begin(component.clone().link(), input)
    }

    /// The same without a link, unless the [`Spawn`] has one: a crash does not reach this process, and the task outlives it.
    ///
    /// # Errors
    /// As [`spawn`](Self::spawn).
    pub fn spawn_nolink(component: &Spawn, input: &impl Wire) -> Result<Self, TaskError> {
        Self::begin(component.clone(), input)
    }

    fn begin(spawn: Spawn, input: &impl Wire) -> Result<Self, TaskError> {
        let spawned = spawn.monitor().start().map_err(TaskError::Spawn)?;
        let task = Self {
            process: spawned.process,
            // Asked for above.
            monitor: spawned
                .monitor
                .unwrap_or_else(|| process::monitor(spawned.process)),
            output: PhantomData,
        };
        match mailbox::send(task.process, tags::TASK_INPUT, &wire::encode(input)) {
            Ok(()) => Ok(task),
            Err(error) => {
                task.stop(&ExitReason::Killed, None);
                Err(TaskError::Input(error))
            }
        }
    }

    /// The process that does the work.
    pub fn process(&self) -> Pid {
        self.process
    }

    /// Waits for the output; for ever if no time-out is given.
    ///
    /// # Errors
    /// The task crashed, or was not done in time. Then it is killed, as it would be in Elixir by the end of who awaits it.
    pub fn await_result(self, timeout: Option<Duration>) -> Result<O, TaskError> {
        match self.wait(timeout) {
            Some(reason) => self.output(reason),
            None => self
                .stop(&ExitReason::Killed, None)
                .unwrap_or(Err(TaskError::Timeout)),
        }
    }

    /// Waits for the output up to this time, and leaves the task at work if it is not done.
    pub fn yield_result(self, timeout: Duration) -> Yield<O> {
        match self.wait(Some(timeout)) {
            Some(reason) => Yield::Ended(self.output(reason)),
            None => Yield::Running(self),
        }
    }

    /// Ends the task: it gets the exit signal `shutdown`, and is killed if it has not ended after this time. Without a time it
    /// is killed at once.
    ///
    /// The output, if it was given meanwhile; an error if the task had crashed by itself; else none.
    pub fn shutdown(self, timeout: Option<Duration>) -> Option<Result<O, TaskError>> {
        match timeout {
            Some(_) => self.stop(&ExitReason::Shutdown, timeout),
            None => self.stop(&ExitReason::Killed, None),
        }
    }

    /// Signals, waits for the end, and kills if it takes too long. None if the task ended because of this.
    fn stop(self, signal: &ExitReason, timeout: Option<Duration>) -> Option<Result<O, TaskError>> {
        // Its end is what is asked for here, and must not be the end of its owner.
        process::unlink(self.process);
        self.signal(signal);
        let reason = self.wait(timeout).unwrap_or_else(|| {
            self.signal(&ExitReason::Killed);
            self.wait(None).unwrap_or(ExitReason::Killed)
        });
        match self.output(reason) {
            Err(TaskError::Exited(ExitReason::Shutdown | ExitReason::Killed)) => None,
            result => Some(result),
        }
    }

    fn signal(&self, reason: &ExitReason) {
        // Nobody is refused to signal their own child.
        let _refused = process::signal(self.process, reason);
    }

    /// Why the task has ended; none if it has not within the time.
    fn wait(&self, timeout: Option<Duration>) -> Option<ExitReason> {
        let end = Selector::any().monitor(self.monitor);
        let event = match timeout {
            None => Some(mailbox::receive_where(&end)),
            Some(timeout) => mailbox::receive_timeout(&end, timeout),
        };
        match event {
            Some(Event::Down(down)) => Some(down.reason),
            Some(Event::Message(_) | Event::Request(_) | Event::Exit(_)) | None => None,
        }
    }

    /// The output of a task that has ended.
    fn output(&self, reason: ExitReason) -> Result<O, TaskError> {
        let output = Selector::any()
            .tags([tags::TASK_OUTPUT])
            .sender(self.process);
        match mailbox::receive_timeout(&output, Duration::ZERO) {
            Some(Event::Message(message)) => {
                wire::decode(&message.payload).map_err(|_| TaskError::BadOutput)
            }
            Some(Event::Request(_) | Event::Exit(_) | Event::Down(_)) | None => {
                Err(TaskError::Exited(reason))
            }
        }
    }
}
