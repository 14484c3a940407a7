//! A node: the process table, the names, the timers and the scheduler under one handle.

mod builder;
mod info;

pub use builder::NodeBuilder;
pub use info::{ProcessInfo, Ties};

use crate::context::Context;
use crate::ending::Ending;
use crate::error::SpawnError;
use crate::id::Pid;
use crate::kernel::{Kernel, KernelRef};
use crate::reason::ExitReason;
use crate::signal::{Envelope, Signal};
use crate::spawn::{self, SpawnOptions};
use crate::sync::Arc;
use std::any::Any;
use std::time::Duration;

/// A handle to a node; clones are handles to the same one.
///
/// End a node with [`Node::shutdown`]: its processes keep it alive otherwise.
#[derive(Clone, Debug)]
pub struct Node(KernelRef);

impl Node {
    /// A builder with a worker per core and room for every pid.
    pub fn builder() -> NodeBuilder {
        NodeBuilder::default()
    }

    pub(crate) fn kernel(&self) -> &Arc<Kernel> {
        self.0.shared()
    }

    pub(crate) fn of(kernel: &KernelRef) -> Self {
        Self(kernel.clone())
    }

    /// Starts a process that has no parent.
    ///
    /// # Errors
    /// [`SpawnError`]: name taken, no room, or shutting down.
    pub fn spawn<F, Fut>(&self, options: SpawnOptions, body: F) -> Result<Pid, SpawnError>
    where
        F: FnOnce(Context) -> Fut + Send + 'static,
        Fut: Future<Output = ExitReason> + Send + 'static,
    {
        spawn::spawn(&self.0, None, options, body).map(|spawned| spawned.pid)
    }

    /// Runs `body` as a process of its own and waits on the calling thread until that has ended; `None` when it
    /// was killed, panicked, or could not be started.
    ///
    /// # Panics
    /// On a worker thread of this node, which it would block, and on a simulated node, which nobody would run
    /// meanwhile.
    pub fn block_on<F, Fut, T>(&self, body: F) -> Option<T>
    where
        F: FnOnce(Context) -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send,
        T: Send + 'static,
    {
        assert!(
            !self.0.sched.is_simulated(),
            "block_on needs a node with workers"
        );
        assert!(
            !self.0.sched.is_here(),
            "block_on waits, and a worker must not"
        );
        let (answer, answered) = std::sync::mpsc::sync_channel(1);
        let ending = Ending::new();
        let options = SpawnOptions::new("block-on").ending(ending.clone());
        let started = self.spawn(options, |context| async move {
            let value = body(context).await;
            // There is room for exactly this.
            let _sent = answer.send(value);
            ExitReason::Normal
        });
        started.ok()?;
        ending.wait();
        answered.try_recv().ok()
    }

    /// Kills a process (OTP statement 033); a pid that is gone is no error.
    pub fn kill(&self, pid: Pid) {
        self.signal(pid, Signal::Kill);
    }

    /// Sends an exit signal from outside any process. The receiver sees itself as the sender.
    pub fn exit_signal(&self, to: Pid, reason: ExitReason) {
        self.signal(to, Signal::explicit_exit(to, to, reason));
    }

    fn signal(&self, to: Pid, signal: Signal) {
        if let Some(process) = self.0.table.find(to) {
            // Closed meanwhile: it is gone, as asked or as it wished.
            let _gone = process.deliver(&self.0, Envelope::Signal(signal));
        }
    }

    /// Whether the process is alive, as far as the caller's own signals go (OTP statement 011).
    pub fn is_alive(&self, pid: Pid) -> bool {
        self.0
            .table
            .find(pid)
            .is_some_and(|process| !process.is_ending())
    }

    /// The process that holds this name.
    pub fn whereis(&self, name: &str) -> Option<Pid> {
        self.0.holder(name).map(|process| process.pid)
    }

    /// The members of a group, in order of joining; once per join.
    pub fn members(&self, group: &str) -> Vec<Pid> {
        self.0.members(group)
    }

    /// What is known of a process; none when it has ended (OTP statement 090).
    pub fn process_info(&self, pid: Pid) -> Option<ProcessInfo> {
        let process = self.0.table.find(pid)?;
        Some(ProcessInfo::of(&process))
    }

    /// Everybody alive during the whole call, each once.
    pub fn processes(&self) -> Vec<Pid> {
        self.0
            .table
            .list()
            .iter()
            .map(|process| process.pid)
            .collect()
    }

    /// How many processes are alive.
    pub fn process_count(&self) -> usize {
        self.0.table.count()
    }

    /// The value that the embedder gave this process at spawn.
    pub fn extension(&self, pid: Pid) -> Option<Arc<dyn Any + Send + Sync>> {
        self.0.table.find(pid)?.extension.clone()
    }

    /// Monotonic time since the node started.
    pub fn now(&self) -> Duration {
        self.0.clock.now()
    }

    /// Pending timers, requests without an answer: both 0 when nothing is left over.
    pub fn pending(&self) -> (usize, usize) {
        (self.0.timers.len(), self.0.calls.len())
    }

    /// Bytes that wait in all mailboxes, room that timers hold included; 0 on a node without a ceiling on them.
    pub fn mailbox_bytes(&self) -> usize {
        self.0
            .mailboxes
            .as_ref()
            .map_or(0, |ceiling| ceiling.held())
    }

    /// How many names are held, and how many times a process has joined a group. Both are 0 again when nobody is alive.
    pub fn registered(&self) -> (usize, usize) {
        self.0.registry.counts()
    }

    /// Whether the calling thread is one of its workers, which must not block: what it waits for may be behind itself.
    pub fn is_worker(&self) -> bool {
        self.0.sched.is_here()
    }

    /// Whether every worker sleeps.
    pub fn is_idle(&self) -> bool {
        self.0.sched.is_idle()
    }

    /// Kills every process, waits for the last to end, and stops the workers. Several callers may do so at
    /// once; each returns when all is over. A native body that never yields is waited for as long as it runs.
    ///
    /// On a worker thread of this node, and on a simulated node, it only begins: nobody is let in any more
    /// and everybody is killed, the caller too. A later call from outside, or the simulator, completes it.
    pub fn shutdown(&self) {
        self.shutdown_begin();
        if self.0.sched.is_here() || self.0.sched.is_simulated() {
            return;
        }
        self.0.wait_empty();
        self.0.timers.stop();
        self.0.sched.stop();
    }

    /// Lets no process in any more and kills those there are.
    pub(crate) fn shutdown_begin(&self) {
        self.0.table.close();
        for process in self.0.table.list() {
            let _gone = process.deliver(&self.0, Envelope::Signal(Signal::Kill));
        }
    }

    /// Whether [`Node::shutdown`] was called.
    pub fn is_shutting_down(&self) -> bool {
        self.0.table.is_closed()
    }
}
