//! Everything the runtime reports, as plain structs, and who may watch: [`RuntimeObserver`].
//!
//! The runtime prints nothing and logs nothing; whoever embeds it decides what becomes of these events.

mod crash;
mod desk;

pub(crate) use crash::Evidence;
pub use crash::{Aftermath, CrashReport, Exit, SupervisedBy, Unread};

use crate::guest::output::{Line, LineSink, Stream};
use crate::identity;
use crate::runtime::RuntimeShared;
use desk::Desk;
use parking_lot::Mutex;
use rusm_actor::{ExitReason, LifecycleEvent, Observer, Pid};
use rusm_caps::{AuditRecord, AuditSink, Permission, Profile, Recorded, Subject};
use rusm_control::Deed;
use rusm_supervisor::{SupervisorObserver, SupervisorReport};
use std::collections::BTreeMap;
use std::fmt;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock, Weak};
use std::time::Duration;

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
        /// What it may do; none for a process of the node's own, such as a supervisor.
        profile: Option<Arc<Profile>>,
    },
    /// A component was given a profile, or may be given one that its spawner asks for.
    Granted {
        /// The component.
        component: Arc<str>,
        /// What it may do.
        profile: Arc<Profile>,
        /// Only if its spawner asks for it.
        is_offered: bool,
    },
    /// A process gave up a permission for good.
    Dropped {
        /// Its component.
        component: Arc<str>,
        /// Who.
        pid: Pid,
        /// Which.
        permission: Permission,
    },
    /// A process ended.
    Exited(Exit),
    /// A process ended abnormally, and what became of it is known. It comes after its [`RuntimeEvent::Exited`],
    /// at once or when its supervisor has acted.
    Crashed(CrashReport),
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
    /// The operator changed something through the control socket.
    Operated(Deed),
    /// Something is not as it should be, and the node goes on.
    Warning(String),
}

/// Told of everything the runtime reports, on the thread where it happens: it must be quick.
pub trait RuntimeObserver: Send + Sync {
    /// Takes note of one event.
    fn observe(&self, event: &RuntimeEvent);
}

/// Hands events of every layer to the embedder's observer, and keeps the last crashes.
///
/// # Locking
/// One lock at a time, held for a look-up or an entry; the observer is called without any.
pub(crate) struct Reporter {
    observer: Option<Arc<dyn RuntimeObserver>>,
    desk: Mutex<Desk>,
    /// What is known of ends that are about to be reported.
    evidence: Mutex<BTreeMap<Pid, Evidence>>,
    /// How much evidence there is, so that the end of a process that left none costs no lock.
    n_evidence: AtomicUsize,
    /// Where profiles are looked up; set once there are any.
    runtime: OnceLock<Weak<RuntimeShared>>,
}

impl Reporter {
    pub(crate) fn new(observer: Option<Arc<dyn RuntimeObserver>>) -> Self {
        Self {
            observer,
            desk: Mutex::default(),
            evidence: Mutex::default(),
            n_evidence: AtomicUsize::new(0),
            runtime: OnceLock::new(),
        }
    }

    /// Tells it of which runtime it reports.
    pub(crate) fn attach(&self, runtime: &Arc<RuntimeShared>) {
        // Once, by the builder.
        let _already = self.runtime.set(Arc::downgrade(runtime));
    }

    /// The profile of a guest that was just started; none for native processes.
    fn profile_of(&self, pid: Pid) -> Option<Arc<Profile>> {
        let runtime = self.runtime.get().and_then(Weak::upgrade)?;
        let identity = identity::of(runtime.node(), pid)?;
        Some(Arc::clone(&identity.granted))
    }

    pub(crate) fn report(&self, event: &RuntimeEvent) {
        if let Some(observer) = &self.observer {
            observer.observe(event);
        }
    }

    /// A process is about to end; this is what else there is to know about it.
    pub(crate) fn note(&self, pid: Pid, evidence: Evidence) {
        if evidence != Evidence::default() {
            self.evidence.lock().insert(pid, evidence);
            // Relaxed: the end is reported by the thread that noted it.
            self.n_evidence.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// This process supervises, and is about to start a child.
    pub(crate) fn announce_supervisor(&self, pid: Pid, label: &Arc<str>) {
        self.desk.lock().announce(pid, label);
    }

    /// The last crashes that nobody caused on purpose, oldest first.
    pub(crate) fn crashes(&self) -> Vec<CrashReport> {
        self.desk.lock().kept()
    }

    /// How many ends are noted and not yet reported.
    pub(crate) fn n_evidence(&self) -> usize {
        self.evidence.lock().len()
    }

    /// Whether any end may have left some. Relaxed: an end is reported by the thread that noted it.
    fn has_evidence(&self) -> bool {
        self.n_evidence.load(Ordering::Relaxed) > 0
    }

    fn take_evidence(&self, pid: Pid) -> Evidence {
        if !self.has_evidence() {
            return Evidence::default();
        }
        let evidence = self.evidence.lock().remove(&pid);
        if evidence.is_some() {
            self.n_evidence.fetch_sub(1, Ordering::Relaxed);
        }
        evidence.unwrap_or_default()
    }

    fn ended(&self, event: &LifecycleEvent, pid: Pid, is_crash: bool) {
        let evidence = self.take_evidence(pid);
        if self.observer.is_none() && !is_crash {
            return;
        }
        let Some(exit) = Exit::of(event, evidence) else {
            return;
        };
        if !is_crash {
            return self.report(&RuntimeEvent::Exited(exit));
        }
        self.report(&RuntimeEvent::Exited(exit.clone()));
        let reports = self.desk.lock().crashed(exit);
        self.publish(reports);
    }

    fn publish(&self, reports: Vec<CrashReport>) {
        for report in reports {
            self.report(&RuntimeEvent::Crashed(report));
        }
    }
}

impl Observer for Reporter {
    fn wants_spawns(&self) -> bool {
        self.observer.is_some()
    }

    /// Crashes are kept for whoever asks later, and evidence is taken out.
    fn wants_exit(&self, reason: &ExitReason) -> bool {
        self.observer.is_some() || !reason.is_orderly() || self.has_evidence()
    }

    fn observe(&self, event: &LifecycleEvent) {
        match event {
            LifecycleEvent::Spawned { pid, parent, label } => {
                if self.observer.is_some() {
                    let (component, pid, parent) = (Arc::clone(label), *pid, *parent);
                    let profile = self.profile_of(pid);
                    self.report(&RuntimeEvent::Spawned {
                        component,
                        pid,
                        parent,
                        profile,
                    });
                }
            }
            LifecycleEvent::Exited { pid, reason, .. } => {
                self.ended(event, *pid, !reason.is_orderly());
            }
        }
    }
}

impl SupervisorObserver for Reporter {
    fn report(&self, report: &SupervisorReport) {
        let reports = self.desk.lock().supervised(report);
        self.publish(reports);
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

impl LineSink for Reporter {
    fn line(&self, from: &Subject, line: &Line<'_>) {
        let Some(pid) = Pid::from_u64(from.pid()) else {
            return;
        };
        self.report(&RuntimeEvent::GuestLine {
            component: from.component().into(),
            pid,
            stream: line.stream,
            line: line.text.to_owned(),
            on_terminal: line.on_terminal,
        });
    }
}
