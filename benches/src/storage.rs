//! Durable writes of guests through the whole runtime, one alone and many that share commits, and what those who do not write
//! feel of it: an echo without a pause, an echo now and then, and a timer, on an idle node and beside 64 writers; and for
//! comparison a thread that sleeps.
//!
//! The store lies in the folder for temporary files (`TMPDIR`), which must be on a disk and not in memory.

use crate::figure::{Benchmark, Unit, Work, nothing_for, percentile, timed};
use crate::wasm::{Bench, Kind, Role, expect_normal};
use rusm_actor::{Context, Pid, Selector};
use rusm_core::{ProcessHandle, Program, Runtime};
use rusm_kv::{Options, Store};
use std::time::{Duration, Instant};
use tempfile::TempDir;

const WRITERS: u64 = 64;
/// Puts of one writer, alone and among many.
const PUTS_ALONE: u64 = 2_000;
const PUTS_AMONG_MANY: u64 = 500;
/// Puts of a writer that does not end before it is killed.
const FOR_EVER: u64 = 0xffff_ffff;
/// Commits after which all writers are taken to be at it.
const UNDER_WAY: u64 = 100;
const ECHOES: usize = 50_000;
const PACED: usize = 1_000;
const PAUSE: Duration = Duration::from_millis(1);

const CORE: &str = include_str!("wat/writer.wat");
const COMPONENT: &str = include_str!("wat/writer_component.wat");

pub(crate) fn all() -> Vec<Benchmark> {
    let puts = |name, writer, n_writers, each| Benchmark {
        name,
        unit: Unit::PerSecond,
        run: Box::new(move || puts(writer, n_writers, each)),
    };
    let p99 = |name, n_writers, feel: Feel| Benchmark {
        name,
        unit: Unit::NanosecondsEach,
        run: Box::new(move || {
            let felt = |bench: &Bench| process_felt(bench, feel);
            percentile(beside(n_writers, felt), 990)
        }),
    };
    let thread_p99 = |name, n_writers| Benchmark {
        name,
        unit: Unit::NanosecondsEach,
        run: Box::new(move || percentile(beside(n_writers, thread_felt), 990)),
    };
    vec![
        puts("storage_core_puts_1", CORE, 1, PUTS_ALONE),
        puts("storage_core_puts_64", CORE, WRITERS, PUTS_AMONG_MANY),
        puts("storage_component_puts_1", COMPONENT, 1, PUTS_ALONE),
        puts(
            "storage_component_puts_64",
            COMPONENT,
            WRITERS,
            PUTS_AMONG_MANY,
        ),
        p99("storage_echo_p99_idle", 0, Feel::Echo),
        p99("storage_echo_p99_64", WRITERS, Feel::Echo),
        p99("storage_paced_echo_p99_idle", 0, Feel::PacedEcho),
        p99("storage_paced_echo_p99_64", WRITERS, Feel::PacedEcho),
        p99("storage_timer_p99_idle", 0, Feel::Timer),
        p99("storage_timer_p99_64", WRITERS, Feel::Timer),
        thread_p99("storage_thread_p99_idle", 0),
        thread_p99("storage_thread_p99_64", WRITERS),
    ]
}

/// A node with a store on the disk.
struct Vault {
    bench: Bench,
    store: Store,
    _folder: TempDir,
}

impl Vault {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("there is a folder for temporary files");
        let store = Store::open(&folder.path().join("store.redb"), Options::default());
        let store = store.expect("a new store can be made");
        Self {
            bench: Bench::over(Runtime::builder().store(store.clone())),
            store,
            _folder: folder,
        }
    }

    /// Each has keys of its own, so each is another program.
    fn load(&self, writer: &str, n_writers: u64, n_puts: u64) -> Vec<Program> {
        let text = writer.replace("PUTS", include_str!("wat/puts.wat"));
        let text = text.replace("COUNT", &n_puts.to_string());
        let load = |nth| {
            let text = text.replace("NTH", &format!("{nth:02}"));
            self.bench.load(&format!("writer-{nth}"), &text)
        };
        (0..n_writers).map(load).collect()
    }

    fn start(&self, writers: &[Program]) -> Vec<ProcessHandle> {
        let start = |program| self.bench.spawn_many(1, "writer", program);
        writers.iter().flat_map(start).collect()
    }
}

fn puts(writer: &str, n_writers: u64, n_puts: u64) -> Work {
    let vault = Vault::new();
    let writers = vault.load(writer, n_writers, n_puts);
    timed(n_writers * n_puts, || {
        vault.start(&writers).iter().for_each(expect_normal);
    })
}

/// What a process that does not write waits for, again and again.
#[derive(Clone, Copy)]
enum Feel {
    /// The answer of a guest.
    Echo,
    /// The same, after a pause.
    PacedEcho,
    /// A timer: by how much it is late.
    Timer,
}

impl Feel {
    fn times(self) -> usize {
        match self {
            Self::Echo => ECHOES,
            Self::PacedEcho | Self::Timer => PACED,
        }
    }

    async fn once(self, context: &Context, pong: Pid) -> Duration {
        if matches!(self, Self::PacedEcho) {
            context.sleep(PAUSE).await;
        }
        let start = Instant::now();
        match self {
            Self::Echo | Self::PacedEcho => {
                context.send(pong, 1, [1, 2, 3, 4]).expect("there is room");
                context.receive(Selector::any()).await;
                start.elapsed()
            }
            Self::Timer => {
                context.sleep(PAUSE).await;
                start.elapsed().saturating_sub(PAUSE)
            }
        }
    }
}

/// Something is felt on an idle node or beside writers that are under way.
fn beside(n_writers: u64, felt: impl FnOnce(&Bench) -> Vec<Duration>) -> Vec<Duration> {
    let vault = Vault::new();
    let writers = vault.start(&vault.load(CORE, n_writers, FOR_EVER));
    while !writers.is_empty() && vault.store.status().commits < UNDER_WAY {
        std::thread::yield_now();
    }
    let felt = felt(&vault.bench);
    writers.iter().for_each(ProcessHandle::kill);
    felt
}

fn process_felt(bench: &Bench, feel: Feel) -> Vec<Duration> {
    let pong = bench.actor(Kind::Core, &Role::pong(4));
    let pong = bench.start(&pong).pid();
    let felt = bench.runtime.node().block_on(move |context| async move {
        let mut felt = Vec::with_capacity(feel.times());
        for _ in 0..feel.times() {
            felt.push(feel.once(&context, pong).await);
        }
        felt
    });
    felt.expect("it comes to an end")
}

/// By how much a sleeping thread is late that has nothing to do with rusm: what the system makes of such a load.
fn thread_felt(_: &Bench) -> Vec<Duration> {
    let late = |_| {
        let start = Instant::now();
        nothing_for(PAUSE);
        start.elapsed().saturating_sub(PAUSE)
    };
    (0..PACED).map(late).collect()
}
