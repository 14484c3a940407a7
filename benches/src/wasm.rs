//! A runtime with the guests of one benchmark.

use crate::guests::{self, Target};
use rusm_actor::{ExitReason, Name};
use rusm_caps::{KvGrant, Profile, SpawnGrant};
use rusm_core::{ProcessHandle, Program, Runtime, RuntimeBuilder, Spawn};
use std::sync::Arc;

/// What the guests of a benchmark are written in. All play the same roles.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A core module of one page, written by hand: what the runtime costs, and nothing else.
    Core,
    /// A Rust program with its standard library, as a core module of preview 1.
    RustCore,
    /// The same as a component of WASI 0.2.
    RustComponent,
}

impl Kind {
    pub(crate) const ALL: [Self; 3] = [Self::Core, Self::RustCore, Self::RustComponent];

    /// What names of benchmarks begin with.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Core => "core",
            Self::RustCore => "rust_core",
            Self::RustComponent => "rust_component",
        }
    }
}

/// What an actor of a benchmark does, and the words that say how much: `guests/bench_probe` takes their values as arguments, a module
/// written by hand has their names in its text.
#[derive(Clone)]
pub(crate) struct Role {
    name: &'static str,
    words: Vec<(&'static str, String)>,
    /// The largest payload that it meets.
    n_bytes: usize,
}

impl Role {
    /// Sends everything back.
    pub(crate) fn pong(n_bytes: usize) -> Self {
        Self {
            name: "pong",
            words: Vec::new(),
            n_bytes,
        }
    }

    /// So many round trips with whoever has this name of four letters.
    pub(crate) fn ping(to: &str, n_trips: u64, n_bytes: usize) -> Self {
        Self {
            name: "ping",
            words: vec![
                ("TO", to.to_owned()),
                ("TRIPS", n_trips.to_string()),
                ("BYTES", n_bytes.to_string()),
            ],
            n_bytes,
        }
    }

    pub(crate) fn call(to: &str, times: u64) -> Self {
        Self::of_times("call", Some(to), times)
    }

    /// Passes everything on to whom its first message names.
    pub(crate) fn link() -> Self {
        Self {
            name: "link",
            words: Vec::new(),
            n_bytes: 0,
        }
    }

    pub(crate) fn sender(to: &str, times: u64) -> Self {
        Self::of_times("sender", Some(to), times)
    }

    pub(crate) fn sink(times: u64) -> Self {
        Self::of_times("sink", None, times)
    }

    /// Asks so often for its own pid. Rust guests only.
    pub(crate) fn host_calls(times: u64) -> Self {
        Self::of_times("host-calls", None, times)
    }

    /// So many times one process of `component` from its spawn to its end, told to this pid. Rust guests only.
    pub(crate) fn spawns(component: &str, times: u64, to: u64) -> Self {
        Self {
            name: "spawns",
            words: vec![
                ("COMPONENT", component.to_owned()),
                ("TIMES", times.to_string()),
                ("TO", to.to_string()),
            ],
            n_bytes: 0,
        }
    }

    fn of_times(name: &'static str, to: Option<&str>, times: u64) -> Self {
        let to = to.map(|to| ("TO", to.to_owned()));
        let words = to.into_iter().chain([("TIMES", times.to_string())]);
        Self {
            name,
            words: words.collect(),
            n_bytes: 0,
        }
    }

    /// The module that plays it, written by hand.
    fn wat(&self) -> String {
        let text = match self.name {
            "pong" => include_str!("wat/pong.wat"),
            "ping" => include_str!("wat/ping.wat"),
            "call" => include_str!("wat/call.wat"),
            "link" => include_str!("wat/ring.wat"),
            "sender" => include_str!("wat/sender.wat"),
            "sink" => include_str!("wat/sink.wat"),
            other => panic!("nobody has written {other}"),
        };
        // An event is 32 bytes and the payload; below 1,024 are the module's own data.
        let n_pages = (1_024 + 32 + self.n_bytes.max(4_096)).div_ceil(65_536);
        let room = n_pages * 65_536 - 1_024;
        let text = text.replace("PAGES", &n_pages.to_string());
        let text = text.replace("ROOM", &room.to_string());
        self.words
            .iter()
            .fold(text, |text, (word, value)| text.replace(word, value))
    }
}

/// A program with its arguments.
pub(crate) struct Actor {
    label: &'static str,
    program: Program,
    args: Vec<String>,
}

/// A runtime and what its guests may do.
pub(crate) struct Bench {
    pub(crate) runtime: Runtime,
    pub(crate) profile: Arc<Profile>,
}

impl Bench {
    pub(crate) fn new() -> Self {
        Self::over(Runtime::builder())
    }

    /// With so many workers; 0 for one per core.
    pub(crate) fn with_workers(workers: usize) -> Self {
        Self::over(Runtime::builder().workers(workers))
    }

    pub(crate) fn over(builder: RuntimeBuilder) -> Self {
        let profile = Profile::sandboxed()
            .to_builder("bench")
            .spawn(SpawnGrant::Anyone)
            .storage(KvGrant::every())
            .with_limits(|limits| {
                limits.max_memory_bytes = 8 << 20;
                limits.max_processes = 1_000_000;
            })
            .build();
        Self {
            runtime: builder.build().expect("the machine can run a node"),
            profile: Arc::new(profile.expect("the bounds are in range")),
        }
    }

    pub(crate) fn load(&self, name: &str, wat: &str) -> Program {
        let wasm = wat::parse_str(wat).expect("the module is well formed");
        self.load_wasm(name, &wasm)
    }

    pub(crate) fn load_wasm(&self, name: &str, wasm: &[u8]) -> Program {
        self.runtime
            .load(name, wasm)
            .expect("the module can run here")
    }

    /// What plays this role.
    pub(crate) fn actor(&self, kind: Kind, role: &Role) -> Actor {
        let label = role.name;
        let rust = |target| self.load_wasm(label, &guests::built(target, "bench_probe"));
        let program = match kind {
            Kind::Core => self.load(label, &role.wat()),
            Kind::RustCore => rust(Target::Core),
            Kind::RustComponent => rust(Target::Component),
        };
        let values = role.words.iter().map(|(_, value)| value.clone());
        let args = [label.to_owned()].into_iter().chain(values);
        Actor {
            label,
            program,
            args: match kind {
                Kind::Core => Vec::new(),
                Kind::RustCore | Kind::RustComponent => args.collect(),
            },
        }
    }

    pub(crate) fn start(&self, actor: &Actor) -> ProcessHandle {
        let spawn = self.spawn_of(actor);
        self.runtime.spawn(spawn).expect("there is room")
    }

    pub(crate) fn start_named(&self, name: &str, actor: &Actor) -> ProcessHandle {
        let name = Name::new(name).expect("the name is one");
        let spawn = self.spawn_of(actor).name(name);
        self.runtime.spawn(spawn).expect("there is room")
    }

    fn spawn_of(&self, actor: &Actor) -> Spawn {
        Spawn::new(actor.label, &actor.program)
            .profile(Arc::clone(&self.profile))
            .args(actor.args.iter().cloned())
    }

    pub(crate) fn spawn_many(
        &self,
        count: u64,
        label: &str,
        program: &Program,
    ) -> Vec<ProcessHandle> {
        let one = || Spawn::new(label, program).profile(Arc::clone(&self.profile));
        (0..count)
            .map(|_| self.runtime.spawn(one()).expect("there is room"))
            .collect()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.runtime.shutdown();
    }
}

pub(crate) fn expect_normal(process: &ProcessHandle) {
    assert_eq!(process.wait(), ExitReason::Normal);
}
