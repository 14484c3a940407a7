//! The scenario harness: guests built once, a runtime per test, and every event it reports.
//!
//! Waiting is for events: [`Recorder::wait_for`] blocks until the runtime has reported what a test is
//! looking for. Nothing here sleeps. A test that waits in vain fails after [`PATIENCE`], with all that was
//! reported; no test passes because of it.

use crate::tidy::root;
use parking_lot::{Condvar, Mutex, RwLock, RwLockReadGuard, RwLockWriteGuard};
use rusm_core::{CrashReport, Exit, Pid, Runtime, RuntimeBuilder, RuntimeEvent, RuntimeObserver};
use rusm_supervisor::SupervisorEvent;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

/// How long a test waits for what must come, on a machine that does much else.
pub(crate) const PATIENCE: Duration = Duration::from_secs(120);

/// The two ways in which a guest can speak to the node.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum GuestPath {
    /// `rusm:actor` and WASI 0.2.
    Component,
    /// The raw imports and WASI preview 1.
    Core,
}

/// Every behaviour is shown through both.
pub(crate) const BOTH_PATHS: [GuestPath; 2] = [GuestPath::Component, GuestPath::Core];

impl GuestPath {
    fn target(self) -> &'static str {
        match self {
            Self::Component => "wasm32-wasip2",
            Self::Core => "wasm32-wasip1",
        }
    }
}

/// The compiled guest of this name.
pub(crate) fn guest(name: &str, path: GuestPath) -> Vec<u8> {
    let file = guest_file(name, path);
    std::fs::read(&file).unwrap_or_else(|error| panic!("cannot read {}: {error}", file.display()))
}

/// Where the compiled guest of this name lies; all guests are built first.
pub(crate) fn guest_file(name: &str, path: GuestPath) -> PathBuf {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    let target = BUILT.get_or_init(build_guests);
    target
        .join(path.target())
        .join("release")
        .join(format!("{name}.wasm"))
}

/// Builds all guests for both paths, adding the targets where they are missing.
fn build_guests() -> PathBuf {
    let guests = root().join("guests");
    let targets = BOTH_PATHS.map(GuestPath::target);
    let mut rustup = Command::new("rustup");
    run(rustup
        .args(["target", "add"])
        .args(targets)
        .current_dir(&guests));
    for path in BOTH_PATHS {
        let mut cargo = Command::new("cargo");
        cargo.args([
            "build",
            "--release",
            "--workspace",
            "--target",
            path.target(),
        ]);
        for excluded in excluded(path) {
            cargo.args(["--exclude", excluded]);
        }
        run(cargo
            .current_dir(&guests)
            .env_remove("RUSTFLAGS")
            .env("CARGO_TARGET_DIR", guests.join("target")));
    }
    guests.join("target")
}

/// Guests that exist for one path only.
fn excluded(path: GuestPath) -> &'static [&'static str] {
    match path {
        GuestPath::Component => &[],
        GuestPath::Core => &[
            "stock_http",
            "stock_http_p3",
            "stock_kv",
            "stock_kv_draft",
            "stock_p3",
        ],
    }
}

fn run(command: &mut Command) {
    // The host's toolchain choice must not leak into the guests'.
    command.env_remove("RUSTUP_TOOLCHAIN");
    let output = command
        .output()
        .unwrap_or_else(|error| panic!("cannot run {command:?}: {error}"));
    let text = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?} failed:\n{text}");
}

/// Keeps every event of a runtime.
#[derive(Default)]
pub(crate) struct Recorder {
    events: Mutex<Vec<RuntimeEvent>>,
    changed: Condvar,
}

impl Recorder {
    /// Waits until an event satisfies `find`, and answers what it found.
    #[track_caller]
    pub(crate) fn wait_for<T>(&self, mut find: impl FnMut(&RuntimeEvent) -> Option<T>) -> T {
        let mut events = self.events.lock();
        let mut seen = 0;
        loop {
            if let Some(found) = events.iter().skip(seen).find_map(&mut find) {
                return found;
            }
            seen = events.len();
            if self.changed.wait_for(&mut events, PATIENCE).timed_out() {
                panic!("waited in vain; reported so far: {events:#?}");
            }
        }
    }

    /// Waits until processes of this component have written this line.
    #[track_caller]
    pub(crate) fn wait_for_line(&self, component: &str, line: &str) {
        self.wait_for(|event| (line_of(event, component)? == line).then_some(()));
    }

    /// Waits until processes of this component have written so many lines, and answers them.
    #[track_caller]
    pub(crate) fn wait_for_lines(&self, component: &str, n_lines: usize) -> Vec<String> {
        let mut lines = Vec::new();
        self.wait_for(|event| {
            lines.push(line_of(event, component)?.to_owned());
            (lines.len() == n_lines).then_some(())
        });
        lines
    }

    /// Waits until a supervisor has started this child for the n-th time, counted from 1, and answers its process.
    #[track_caller]
    pub(crate) fn wait_for_start(&self, child: &str, number: usize) -> Pid {
        let mut n_starts = 0;
        self.wait_for(|event| {
            let SupervisorEvent::ChildStarted { id, pid, .. } = supervision(event)? else {
                return None;
            };
            n_starts += usize::from(&**id == child);
            (&**id == child && n_starts == number).then_some(*pid)
        })
    }

    /// Waits for the end of a process of this component.
    #[track_caller]
    pub(crate) fn wait_for_exit(&self, component: &str) -> Exit {
        self.wait_for(|event| {
            exit(event)
                .filter(|exit| &*exit.component == component)
                .cloned()
        })
    }

    /// Waits until it is known what became of a process of this component that crashed.
    #[track_caller]
    pub(crate) fn wait_for_crash(&self, component: &str) -> CrashReport {
        self.wait_for(|event| {
            let RuntimeEvent::Crashed(report) = event else {
                return None;
            };
            (&*report.exit.component == component).then(|| report.clone())
        })
    }

    /// Waits for the end of this process.
    #[track_caller]
    pub(crate) fn wait_for_end(&self, pid: Pid) -> Exit {
        self.wait_for(|event| exit(event).filter(|exit| exit.pid == pid).cloned())
    }

    /// Forgets what was reported so far; not while somebody waits.
    pub(crate) fn forget(&self) {
        *self.events.lock() = Vec::new();
    }

    /// Everything so far.
    pub(crate) fn events(&self) -> Vec<RuntimeEvent> {
        self.events.lock().clone()
    }

    /// Every line that processes of this component wrote so far.
    pub(crate) fn lines(&self, component: &str) -> Vec<String> {
        let events = self.events.lock();
        let lines = events.iter().filter_map(|event| line_of(event, component));
        lines.map(str::to_owned).collect()
    }
}

impl RuntimeObserver for Recorder {
    fn observe(&self, event: &RuntimeEvent) {
        self.events.lock().push(event.clone());
        self.changed.notify_all();
    }
}

/// What a supervisor reported, if that is what this event is.
pub(crate) fn supervision(event: &RuntimeEvent) -> Option<&SupervisorEvent> {
    if let RuntimeEvent::Supervision(report) = event {
        Some(&report.event)
    } else {
        None
    }
}

/// The end of a process, if that is what this event is.
pub(crate) fn exit(event: &RuntimeEvent) -> Option<&Exit> {
    if let RuntimeEvent::Exited(exit) = event {
        Some(exit)
    } else {
        None
    }
}

/// A line that processes of this component wrote, if that is what this event is.
fn line_of<'a>(event: &'a RuntimeEvent, wanted: &str) -> Option<&'a str> {
    let RuntimeEvent::GuestLine {
        component, line, ..
    } = event
    else {
        return None;
    };
    (&**component == wanted).then_some(line)
}

/// Some tests need what the kernel grants one operating system process for themselves.
static MACHINE: RwLock<()> = RwLock::new(());

enum Share {
    Some {
        _hold: RwLockReadGuard<'static, ()>,
    },
    All {
        _hold: RwLockWriteGuard<'static, ()>,
    },
}

/// A runtime that ends with the test, and what it reports. With `RUSM_TEST_PLACEMENT=dense` its guests are placed densely.
pub(crate) struct Scenario {
    pub(crate) runtime: Runtime,
    pub(crate) recorder: Arc<Recorder>,
    _share: Share,
}

impl Scenario {
    pub(crate) fn new() -> Self {
        Self::with(|builder| builder)
    }

    /// A runtime with more than the defaults.
    pub(crate) fn with(set_up: impl FnOnce(RuntimeBuilder) -> RuntimeBuilder) -> Self {
        // Recursive: one test may hold several runtimes while another waits for the whole machine.
        let share = Share::Some {
            _hold: MACHINE.read_recursive(),
        };
        Self::on(share, set_up(with_cache()))
    }

    /// A runtime that has no folder of its own, and compiles anew.
    pub(crate) fn without_cache() -> Self {
        let share = Share::Some {
            _hold: MACHINE.read_recursive(),
        };
        Self::on(share, Runtime::builder())
    }

    /// The same, while no other scenario runs.
    pub(crate) fn alone() -> Self {
        Self::alone_with(|builder| builder)
    }

    pub(crate) fn alone_with(set_up: impl FnOnce(RuntimeBuilder) -> RuntimeBuilder) -> Self {
        let share = Share::All {
            _hold: MACHINE.write(),
        };
        Self::on(share, set_up(with_cache()))
    }

    fn on(share: Share, builder: RuntimeBuilder) -> Self {
        let recorder = Arc::new(Recorder::default());
        let observer = Arc::clone(&recorder) as Arc<dyn RuntimeObserver>;
        let builder = match std::env::var("RUSM_TEST_PLACEMENT").as_deref() {
            Ok("dense") => builder.guarded_places(0),
            Ok(_) | Err(_) => builder,
        };
        let runtime = builder.observer(observer).build();
        let runtime = runtime.expect("the machine can run a node");
        Self {
            runtime,
            recorder,
            _share: share,
        }
    }
}

/// Tests share what they compiled.
fn with_cache() -> RuntimeBuilder {
    Runtime::builder().cache_folder(Path::new(env!("CARGO_TARGET_TMPDIR")).join("code"))
}

impl Drop for Scenario {
    fn drop(&mut self) {
        self.runtime.shutdown();
    }
}
