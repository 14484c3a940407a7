//! How a process comes to be: [`SpawnOptions`] and the spawn sequence.
//!
//! # Order
//! Reserve a pid, write link and monitor into the new process before anybody can see it run, publish,
//! schedule. So a child that ends at once still reports its true reason (OTP statements 001, 008, 009).

use crate::context::Context;
use crate::ending::Ending;
use crate::error::SpawnError;
use crate::event::LifecycleEvent;
use crate::exit;
use crate::id::{Name, Pid, Ref};
use crate::inbox::MailboxBounds;
use crate::kernel::KernelRef;
use crate::process::{Process, Seed, Task};
use crate::reason::ExitReason;
use crate::sched::Ready;
use crate::sync::{Arc, Ordering};
use std::any::Any;
use std::fmt;
use std::task::Waker;

/// How a process is to be started.
#[derive(Clone)]
pub struct SpawnOptions {
    label: Arc<str>,
    name: Option<Name>,
    link: bool,
    monitor: bool,
    bounds: MailboxBounds,
    extension: Option<Arc<dyn Any + Send + Sync>>,
    ending: Option<Ending>,
    is_system: bool,
}

impl SpawnOptions {
    /// No name, no link, no monitor, default mailbox bounds. The label is for people.
    pub fn new(label: impl Into<Arc<str>>) -> Self {
        Self {
            label: label.into(),
            name: None,
            link: false,
            monitor: false,
            bounds: MailboxBounds::default(),
            extension: None,
            ending: None,
            is_system: false,
        }
    }

    /// Lets the new process go ahead of others when something arrives for it, as far as these are not starved:
    /// for supervisors, and others that many wait for.
    pub fn system(mut self) -> Self {
        self.is_system = true;
        self
    }

    /// Registers this name for the new process before it runs.
    pub fn name(mut self, name: Name) -> Self {
        self.name = Some(name);
        self
    }

    /// Links the spawner with the new process in the same step. Without effect from outside a process.
    pub fn link(mut self) -> Self {
        self.link = true;
        self
    }

    /// Lets the spawner monitor the new process in the same step. Without effect from outside a process.
    pub fn monitor(mut self) -> Self {
        self.monitor = true;
        self
    }

    /// Bounds the mailbox.
    pub fn bounds(mut self, bounds: MailboxBounds) -> Self {
        self.bounds = bounds;
        self
    }

    /// A value that the embedder keeps with the process; see [`Node::extension`](crate::Node::extension).
    pub fn extension(mut self, extension: Arc<dyn Any + Send + Sync>) -> Self {
        self.extension = Some(extension);
        self
    }

    /// Lets a thread outside of the node wait for the end of the new process.
    pub fn ending(mut self, ending: Ending) -> Self {
        self.ending = Some(ending);
        self
    }
}

impl fmt::Debug for SpawnOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("SpawnOptions")
            .field("label", &self.label)
            .field("name", &self.name)
            .field("link", &self.link)
            .field("monitor", &self.monitor)
            .finish_non_exhaustive()
    }
}

/// A process that was started.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spawned {
    /// Who.
    pub pid: Pid,
    /// The monitor, when one was asked for.
    pub monitor: Option<Ref>,
}

/// Starts a process; `spawner` is the process in whose slice this happens, if any.
pub(crate) fn spawn<F, Fut>(
    kernel: &KernelRef,
    spawner: Option<&Process>,
    options: SpawnOptions,
    body: F,
) -> Result<Spawned, SpawnError>
where
    F: FnOnce(Context) -> Fut + Send + 'static,
    Fut: Future<Output = ExitReason> + Send + 'static,
{
    let SpawnOptions {
        label,
        name,
        link,
        monitor,
        bounds,
        extension,
        ending,
        is_system,
    } = options;
    let parent = spawner.map(|process| process.pid);
    let seed = Seed {
        parent,
        label,
        extension,
        ending,
        bounds,
        is_system,
    };
    let (home, of_home) = kernel.sched.home();
    let held = of_home.unwrap_or_else(|| kernel.clone());
    let process = kernel
        .table
        .insert(home, |pid| Arc::new(Process::new(seed, pid, held)))?;
    if let Some(name) = name {
        if kernel.register(&name, process.pid).is_err() {
            exit::discard(&process);
            return Err(SpawnError::NameTaken);
        }
        // Relaxed: read in the process's own slices, which come after it is made ready below.
        process.is_registered.store(true, Ordering::Relaxed);
    }
    let monitor = spawner.and_then(|spawner| tie(spawner, &process, link, monitor));
    let context = Context::new(Arc::clone(&process));
    process.inbox.set_task(Task {
        body: Box::pin(async move { body(context).await }),
        waker: Waker::from(Arc::clone(&process)),
    });
    kernel.report_spawn(|| LifecycleEvent::Spawned {
        pid: process.pid,
        parent,
        label: Arc::clone(&process.label),
    });
    let pid = process.pid;
    kernel.sched.ready(process, Ready::Spawned);
    Ok(Spawned { pid, monitor })
}

/// Writes link and monitor into both ends: the child has not run, and the spawner is in its own slice.
fn tie(spawner: &Process, child: &Process, link: bool, monitor: bool) -> Option<Ref> {
    if link {
        link_both(spawner, child);
    }
    monitor.then(|| {
        let id = spawner.kernel.refs.next();
        spawner.owner.lock().relations.monitor(id, child.pid);
        child.owner.lock().relations.watched_by(id, spawner.pid);
        id
    })
}

/// Both ends have asked for this link: the notice of a parent's end is as sure as that of a child's.
fn link_both(spawner: &Process, child: &Process) {
    let ours = spawner.owner.lock().relations.link(child.pid);
    let theirs = child.owner.lock().relations.link(spawner.pid);
    if let (Some(ours), Some(theirs)) = (ours, theirs) {
        child.owner.lock().relations.linked_by(spawner.pid, ours);
        spawner.owner.lock().relations.linked_by(child.pid, theirs);
    }
}
