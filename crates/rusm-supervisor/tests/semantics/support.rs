//! The bench: a simulated node, a supervisor on it, and what the supervisor reported, as text.
//!
//! Reports read `start a`, `restart a`, `failed a (why)`, `ended a (why)`, `stopped a (why)`, `serving`,
//! `gave up on a`, `end (why)`; those of a supervisor with a label are prefixed with it.

use rusm_actor::sim::Simulator;
use rusm_actor::{Context, Event, ExitReason, Pid, Selector, SpawnOptions};
use rusm_supervisor::{
    Attempt, ChildInfo, ChildKind, ChildSpec, ChildStatus, Counts, Intensity, StartChild,
    StopOutcome, Strategy, SupervisorEvent, SupervisorHandle, SupervisorObserver, SupervisorReport,
    SupervisorSpec, SupervisorSpecBuilder, start,
};
use std::pin::pin;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::task::Poll;
use std::time::Duration;

/// How many seeds a scenario tries unless told otherwise.
const N_SEEDS: u64 = 100;

/// More slices than any scenario takes to come to rest.
const N_SLICES_MAX: usize = 1_000_000;

/// Runs a scenario under many seeds, or those that `RUSM_SEEDS` and `RUSM_SEED` ask for.
pub(crate) fn for_seeds(scenario: impl Fn(Bench) + Sync) {
    rusm_sim::for_each_seed(env!("CARGO_PKG_NAME"), N_SEEDS, |seed| {
        scenario(Bench::new(seed));
    });
}

/// Keeps what supervisors report, and lines that children write.
#[derive(Debug, Default)]
pub(crate) struct Log {
    lines: Mutex<Vec<String>>,
    pids: Mutex<Vec<(String, Pid)>>,
}

impl Log {
    pub(crate) fn write(&self, line: impl Into<String>) {
        self.lines.lock().unwrap().push(line.into());
    }

    /// The lines since the last call.
    pub(crate) fn take(&self) -> String {
        std::mem::take(&mut *self.lines.lock().unwrap()).join(", ")
    }

    /// The process that the child with this id has, or had last.
    pub(crate) fn pid(&self, id: &str) -> Pid {
        let pids = self.pids.lock().unwrap();
        pids.iter()
            .rev()
            .find(|(of, _)| of == id)
            .unwrap_or_else(|| panic!("{id} never started"))
            .1
    }
}

impl SupervisorObserver for Log {
    fn report(&self, report: &SupervisorReport) {
        let line = match &report.event {
            SupervisorEvent::Started => "serving".to_owned(),
            SupervisorEvent::ChildStarted { id, pid, attempt } => {
                self.pids.lock().unwrap().push((id.to_string(), *pid));
                match attempt {
                    Attempt::First => format!("start {id}"),
                    Attempt::Restart => format!("restart {id}"),
                    Attempt::Request => format!("add {id}"),
                }
            }
            SupervisorEvent::ChildIgnored { id, .. } => format!("ignored {id}"),
            SupervisorEvent::TriesAgain { id } => format!("again {id}"),
            SupervisorEvent::StartFailed { id, reason, .. } => format!("failed {id} ({reason})"),
            SupervisorEvent::ChildEnded { id, reason, .. } => format!("ended {id} ({reason})"),
            SupervisorEvent::ChildStopped {
                id,
                reason,
                outcome,
                ..
            } => match outcome {
                StopOutcome::InTime | StopOutcome::BrutallyKilled => {
                    format!("stopped {id} ({reason})")
                }
                StopOutcome::TimedOut => format!("timed out {id} ({reason})"),
            },
            SupervisorEvent::GaveUp { id, .. } => format!("gave up on {id}"),
            SupervisorEvent::Stopped { reason } => format!("end ({reason})"),
        };
        match &*report.label {
            "supervisor" => self.write(line),
            label => self.write(format!("{label}/{line}")),
        }
    }
}

pub(crate) struct Bench {
    pub(crate) sim: Simulator,
    pub(crate) log: Arc<Log>,
}

impl Bench {
    pub(crate) fn new(seed: u64) -> Self {
        Self {
            sim: Simulator::new(seed),
            log: Arc::default(),
        }
    }

    /// A spec that reports to this bench, with room for ten restarts.
    pub(crate) fn spec(&self, strategy: Strategy) -> SupervisorSpecBuilder {
        SupervisorSpec::builder()
            .strategy(strategy)
            .intensity(intensity(10, 5000))
            .observer(Arc::clone(&self.log) as Arc<dyn SupervisorObserver>)
    }

    /// Starts a top supervisor and lets it settle.
    pub(crate) fn start(&self, spec: SupervisorSpecBuilder) -> Pid {
        let pid = start(self.sim.node(), spec.build().unwrap()).unwrap();
        self.settle();
        pid
    }

    /// Lets everything come to rest, which must happen.
    #[track_caller]
    pub(crate) fn settle(&self) {
        let has_settled = (0..N_SLICES_MAX).any(|_| !self.sim.step());
        assert!(has_settled, "it never comes to rest: {}", self.log.take());
    }

    /// Ends a child for this reason, and lets everything settle.
    pub(crate) fn end(&self, id: &str, reason: ExitReason) {
        self.signal(self.log.pid(id), reason);
        self.settle();
    }

    /// An exit signal from the node; what follows has not happened yet.
    pub(crate) fn signal(&self, pid: Pid, reason: ExitReason) {
        self.sim.node().exit_signal(pid, reason);
    }

    /// Runs a process to its end, and whatever else there is to run. A panic of it fails the test.
    #[track_caller]
    pub(crate) fn run<F, Fut>(&self, body: F)
    where
        F: FnOnce(Context) -> Fut + Send + 'static,
        Fut: Future<Output = ExitReason> + Send + 'static,
    {
        let is_done = Arc::new(AtomicUsize::new(0));
        let done = Arc::clone(&is_done);
        let script = |context| async move {
            let reason = body(context).await;
            done.store(1, Ordering::Relaxed);
            reason
        };
        self.sim
            .node()
            .spawn(SpawnOptions::new("script"), script)
            .unwrap();
        self.settle();
        assert_eq!(
            is_done.load(Ordering::Relaxed),
            1,
            "the script did not come to its end"
        );
    }

    /// Asks a supervisor, in a process of its own, and lets everything settle.
    #[track_caller]
    pub(crate) fn ask<F, Fut, T>(&self, supervisor: Pid, ask: F) -> T
    where
        F: FnOnce(Context, SupervisorHandle) -> Fut + Send + 'static,
        Fut: Future<Output = T> + Send,
        T: Send + 'static,
    {
        let handle = SupervisorHandle::find(self.sim.node(), supervisor).unwrap();
        let answer = Arc::new(Mutex::new(None));
        let cell = Arc::clone(&answer);
        self.run(|context| async move {
            *cell.lock().unwrap() = Some(ask(context, handle).await);
            ExitReason::Normal
        });
        answer.lock().unwrap().take().unwrap()
    }

    /// Starts a process that goes its own way.
    pub(crate) fn spawn<F, Fut>(&self, body: F) -> Pid
    where
        F: FnOnce(Context) -> Fut + Send + 'static,
        Fut: Future<Output = ()> + Send + 'static,
    {
        let body = |context| async move {
            body(context).await;
            ExitReason::Normal
        };
        let options = SpawnOptions::new("client");
        self.sim.node().spawn(options, body).unwrap()
    }

    /// A supervisor's children as it lists them: `a running`, `b restarting`, `c stopped`, with `(sup)` for
    /// supervisors. The counts agree with the list (OTP statement 132).
    #[track_caller]
    pub(crate) fn list(&self, supervisor: Pid) -> String {
        let (children, counts) = self.ask(supervisor, |context, handle| async move {
            let children = handle.which_children(&context).await.unwrap();
            (children, handle.count_children(&context).await.unwrap())
        });
        assert_eq!(counts, count(&children));
        children.iter().map(written).collect::<Vec<_>>().join(", ")
    }

    /// Lets virtual time pass.
    pub(crate) fn wait(&self, time: Duration) {
        self.run(move |context| async move {
            context.sleep(time).await;
            ExitReason::Normal
        });
    }

    /// The ids of children alive among these.
    pub(crate) fn alive(&self, ids: &[&str]) -> String {
        let is_alive = |id: &&&str| self.sim.node().is_alive(self.log.pid(id));
        ids.iter()
            .filter(is_alive)
            .copied()
            .collect::<Vec<_>>()
            .join(" ")
    }

    #[track_caller]
    pub(crate) fn check(&self, expected: &str) {
        assert_eq!(self.log.take(), expected);
    }

    /// No process, timer or request is left.
    #[track_caller]
    pub(crate) fn check_empty(&self) {
        let node = self.sim.node();
        assert_eq!((node.process_count(), node.pending()), (0, (0, 0)));
    }
}

/// Waits for both; the first is asked first.
pub(crate) async fn both<A, B>(a: impl Future<Output = A>, b: impl Future<Output = B>) -> (A, B) {
    let (mut a, mut b) = (pin!(a), pin!(b));
    let (mut a_is, mut b_is) = (None, None);
    std::future::poll_fn(move |task| {
        if a_is.is_none()
            && let Poll::Ready(value) = a.as_mut().poll(task)
        {
            a_is = Some(value);
        }
        if b_is.is_none()
            && let Poll::Ready(value) = b.as_mut().poll(task)
        {
            b_is = Some(value);
        }
        match (a_is.take(), b_is.take()) {
            (Some(a), Some(b)) => Poll::Ready((a, b)),
            (a, b) => {
                (a_is, b_is) = (a, b);
                Poll::Pending
            }
        }
    })
    .await
}

/// Counts what is listed.
pub(crate) fn count(children: &[ChildInfo]) -> Counts {
    let n = |is_it: fn(&ChildInfo) -> bool| children.iter().filter(|child| is_it(child)).count();
    Counts {
        specs: children.len(),
        active: n(|child| matches!(child.status, ChildStatus::Running(_))),
        supervisors: n(|child| child.kind == ChildKind::Supervisor),
        workers: n(|child| child.kind == ChildKind::Worker),
    }
}

fn written(child: &ChildInfo) -> String {
    let status = match child.status {
        ChildStatus::Running(_) => "running",
        ChildStatus::Restarting => "restarting",
        ChildStatus::Stopped => "stopped",
    };
    let kind = match child.kind {
        ChildKind::Worker => "",
        ChildKind::Supervisor => " (sup)",
    };
    format!("{} {status}{kind}", child.id.as_deref().unwrap_or("-"))
}

pub(crate) fn intensity(max_restarts: u32, period_ms: u64) -> Intensity {
    Intensity::new(max_restarts, Duration::from_millis(period_ms)).unwrap()
}

pub(crate) fn ms(ms: u64) -> Duration {
    Duration::from_millis(ms)
}

pub(crate) fn crash() -> ExitReason {
    ExitReason::trap("unreachable")
}

/// Waits for a signal that ends it.
pub(crate) fn worker(id: &str) -> ChildSpec {
    ChildSpec::native(id, |context| async move {
        loop {
            context.receive(Selector::any()).await;
        }
    })
}

/// Traps exits and ignores them.
pub(crate) fn stubborn(id: &str) -> ChildSpec {
    ChildSpec::native(id, |context| async move {
        context.trap_exits(true);
        loop {
            context.receive(Selector::any()).await;
        }
    })
}

/// Traps exits; when asked to stop, says so, takes its time, and ends with `reason`.
pub(crate) fn lingering(id: &str, time: Duration, reason: ExitReason, log: &Arc<Log>) -> ChildSpec {
    let (log, name) = (Arc::clone(log), id.to_owned());
    ChildSpec::native(id, move |context| {
        let (log, name, reason) = (Arc::clone(&log), name.clone(), reason.clone());
        async move {
            context.trap_exits(true);
            while !matches!(context.receive(Selector::any()).await, Event::Exit { .. }) {}
            log.write(format!("{name} asked"));
            context.sleep(time).await;
            log.write(format!("{name} ends"));
            reason
        }
    })
}

/// A worker whose starts numbered from `from` to `to`, the first being 0, fail.
pub(crate) fn failing(id: &str, from: usize, to: usize) -> ChildSpec {
    let n_starts = AtomicUsize::new(0);
    let label = id.to_owned();
    ChildSpec::new(
        id,
        StartChild::immediate(move |context| {
            let n = n_starts.fetch_add(1, Ordering::Relaxed);
            if (from..=to).contains(&n) {
                return Err(ExitReason::not_started("no code"));
            }
            let options = SpawnOptions::new(label.as_str()).link().monitor();
            let spawned = context.spawn(options, |context| async move {
                loop {
                    context.receive(Selector::any()).await;
                }
            });
            spawned.map_err(|error| ExitReason::not_started(error.to_string()))
        }),
    )
}
