//! Everything the runtime reports, as plain structs, and who may watch: [`RuntimeObserver`].
//!
//! The runtime prints nothing and logs nothing; whoever embeds it decides what becomes of these events.

use crate::guest::output::{LineSink, Stream};
use parking_lot::Mutex;
use rusm_actor::{ExitReason, LifecycleEvent, Observer, Pid};
use rusm_caps::{AuditRecord, AuditSink, Recorded};
use rusm_supervisor::{SupervisorObserver, SupervisorReport};
use std::collections::VecDeque;
use std::fmt;
use std::sync::Arc;
use std::time::Duration;

/// How many of the last crashes are kept for a report.
const CRASHES_KEPT_MAX: usize = 16;

/// Something that an operator may want to see.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum RuntimeEvent {
    /// A guest wrote a line; control characters are escaped.
    GuestLine {
        /// Its component.
        component: Arc<str>,
        /// Who.
        pid: Pid,
        /// Standard output or error.
        stream: Stream,
        /// The line, without its end.
        line: String,
        /// Whether the bytes also went to the terminal, as the process's profile allows.
        on_terminal: bool,
    },
    /// A process was started.
    Spawned {
        /// Its component.
        component: Arc<str>,
        /// Who.
        pid: Pid,
        /// Its spawner; none when the node itself started it.
        parent: Option<Pid>,
    },
    /// A process ended.
    Exited(Exit),
    /// A process was refused something by its profile.
    Denied(Recorded),
    /// A supervisor did something.
    Supervision(SupervisorReport),
    /// The compiler begins.
    CompileStarted {
        /// What the code is called.
        component: Arc<str>,
        /// Its size.
        n_bytes: usize,
    },
    /// The compiler is done, with or without success.
    CompileEnded {
        /// What the code is called.
        component: Arc<str>,
        /// How long it took.
        elapsed: Duration,
    },
    /// Code was compiled before and found in the cache.
    FoundInCache {
        /// What the code is called.
        component: Arc<str>,
    },
    /// Components of an app are being loaded.
    Loading {
        /// The next one; empty when all are done.
        component: Arc<str>,
        /// Components that are ready.
        done: usize,
        /// Components of the app.
        total: usize,
    },
    /// Something is not as it should be, and the node goes on.
    Warning(String),
}

/// The end of one process.
#[derive(Clone, Debug)]
pub struct Exit {
    /// Its component.
    pub component: Arc<str>,
    /// Who.
    pub pid: Pid,
    /// Why.
    pub reason: ExitReason,
    /// Messages and notices that it left unread.
    pub unread: usize,
    /// Processes it was linked to.
    pub links: usize,
}

impl Exit {
    /// Whether this was neither `normal` nor `shutdown`.
    pub fn is_crash(&self) -> bool {
        !self.reason.is_orderly()
    }
}

/// Told of everything the runtime reports, on the thread where it happens: it must be quick.
pub trait RuntimeObserver: Send + Sync {
    /// Takes note of one event.
    fn observe(&self, event: &RuntimeEvent);
}

/// Hands events of every layer to the embedder's observer, and keeps the last crashes.
pub(crate) struct Reporter {
    observer: Option<Arc<dyn RuntimeObserver>>,
    crashes: Mutex<VecDeque<Exit>>,
}

impl Reporter {
    pub(crate) fn new(observer: Option<Arc<dyn RuntimeObserver>>) -> Self {
        Self {
            observer,
            crashes: Mutex::default(),
        }
    }

    pub(crate) fn report(&self, event: &RuntimeEvent) {
        if let Some(observer) = &self.observer {
            observer.observe(event);
        }
    }

    /// The last crashes, oldest first.
    pub(crate) fn crashes(&self) -> Vec<Exit> {
        self.crashes.lock().iter().cloned().collect()
    }

    fn keep(&self, exit: &Exit) {
        let mut crashes = self.crashes.lock();
        if crashes.len() == CRASHES_KEPT_MAX {
            crashes.pop_front();
        }
        crashes.push_back(exit.clone());
    }
}

impl Observer for Reporter {
    fn observe(&self, event: &LifecycleEvent) {
        match event {
            LifecycleEvent::Spawned { pid, parent, label } => {
                if self.observer.is_some() {
                    let (component, pid, parent) = (Arc::clone(label), *pid, *parent);
                    self.report(&RuntimeEvent::Spawned {
                        component,
                        pid,
                        parent,
                    });
                }
            }
            LifecycleEvent::Exited {
                pid,
                label,
                reason,
                unread,
                links,
            } => {
                let is_crash = !reason.is_orderly();
                if self.observer.is_none() && !is_crash {
                    return;
                }
                let exit = Exit {
                    component: Arc::clone(label),
                    pid: *pid,
                    reason: reason.clone(),
                    unread: *unread,
                    links: *links,
                };
                if is_crash {
                    self.keep(&exit);
                }
                self.report(&RuntimeEvent::Exited(exit));
            }
        }
    }
}

impl SupervisorObserver for Reporter {
    fn report(&self, report: &SupervisorReport) {
        Reporter::report(self, &RuntimeEvent::Supervision(report.clone()));
    }
}

impl AuditSink for Reporter {
    fn record(&self, record: &AuditRecord<'_>) {
        self.report(&RuntimeEvent::Denied(record.into()));
    }
}

impl fmt::Debug for Reporter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Reporter").finish_non_exhaustive()
    }
}

/// The log of one guest's output.
pub(crate) struct GuestLog {
    pub(crate) reporter: Arc<Reporter>,
    pub(crate) component: Arc<str>,
    pub(crate) pid: Pid,
    /// The process has the terminal.
    pub(crate) on_terminal: bool,
    /// What it says there is to be logged as well.
    pub(crate) wants_terminal: bool,
}

impl LineSink for GuestLog {
    fn line(&self, stream: Stream, line: &str) {
        let component = Arc::clone(&self.component);
        let (pid, line, on_terminal) = (self.pid, line.to_owned(), self.on_terminal);
        self.reporter.report(&RuntimeEvent::GuestLine {
            component,
            pid,
            stream,
            line,
            on_terminal,
        });
    }

    fn wants_terminal(&self) -> bool {
        self.wants_terminal
    }
}
