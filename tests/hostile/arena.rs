//! Where hostile guests are let loose: a node, two witnesses who must not notice, and a ledger that must balance.
//!
//! After each guest the witnesses still answer, as they did before and meanwhile; what the node holds, counted exactly, is what it
//! held before; and what the operating system says of memory and mappings has not grown beyond a slack. Nothing else runs in this
//! program while an arena is open, so that those figures mean something.

use super::attack::{Attack, BEGUN, End, Guest};
use super::breeding;
use crate::app::{probe, scripted};
use crate::desk::Desk;
use crate::stage::{actor, component};
use crate::support::{BOTH_PATHS, GuestPath, PATIENCE, Scenario};
use crate::trial::{Court, Outcome};
use rusm_actor::Ties;
use rusm_core::{ExitReason, Ledger, Name, Pid, ProcessHandle, Program, RuntimeBuilder, Spawn};
use rusm_kv::{Options, Store};
use std::collections::BTreeSet;
use std::fs;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Instant;
use tempfile::TempDir;

/// What this program may hold more than when the arena was opened, in bytes: allocators keep what they were given back.
const RESIDENT_SLACK: usize = 128 << 20;
/// The same for memory mappings.
const MAPPINGS_SLACK: usize = 512;
/// How often the witnesses are asked while somebody goes on for ever.
const ROUNDS: usize = 5;

pub(crate) struct Arena {
    pub(crate) court: Court,
    pub(crate) desk: Desk,
    /// One of each path, in the order of [`BOTH_PATHS`].
    witnesses: [ProcessHandle; 2],
    programs: [Program; 2],
    /// The only place on the disk that guests may be granted.
    pub(crate) folder: TempDir,
    /// Where the store lies, if there is one.
    _store_folder: Option<TempDir>,
    resident: usize,
    mappings: usize,
}

/// What must be as it was.
#[derive(Debug, PartialEq)]
pub(crate) struct Account {
    node: Ledger,
    witnesses: Vec<(usize, usize, Ties)>,
    /// Descriptors of this program that lead into the folder.
    open_files: usize,
    /// Batches that are submitted to the store and not answered.
    writes: usize,
}

/// Lets these loose, one after the other, and says which of them got through.
#[track_caller]
pub(crate) fn fight(attacks: &[Attack]) {
    fight_in(&Arena::open(), attacks);
}

/// The same, in an arena that was prepared for it.
#[track_caller]
pub(crate) fn fight_in(arena: &Arena, attacks: &[Attack]) {
    let got_through = |attack: &&Attack| {
        let faced = catch_unwind(AssertUnwindSafe(|| arena.face(attack)));
        faced.is_err()
    };
    let through: Vec<&str> = attacks
        .iter()
        .filter(got_through)
        .map(|attack| attack.name)
        .collect();
    assert!(
        through.is_empty(),
        "these were not held off, as is said above: {through:#?}"
    );
}

impl Arena {
    pub(crate) fn open() -> Self {
        Self::on(None)
    }

    /// The same with a store on the disk.
    pub(crate) fn with_store(options: Options) -> Self {
        let folder = tempfile::tempdir().expect("there is room for a folder");
        let store = Store::open(&folder.path().join("store.redb"), options);
        Self::on(Some((store.expect("a new store can be made"), folder)))
    }

    fn on(store: Option<(Store, TempDir)>) -> Self {
        let (store, store_folder) = store.unzip();
        let set_up = |builder: RuntimeBuilder| match store {
            Some(store) => builder.store(store),
            None => builder,
        };
        let court = Court {
            scenario: Scenario::alone_with(set_up),
        };
        let programs = BOTH_PATHS.map(|path| probe(&court.scenario, path));
        for (path, program) in BOTH_PATHS.into_iter().zip(&programs) {
            let runtime = &court.scenario.runtime;
            runtime.declare(component(path), program, actor("child", |_| ()));
        }
        for (name, text, profile) in breeding::declared() {
            let wasm = wat::parse_str(text).expect("it is valid");
            let runtime = &court.scenario.runtime;
            let program = runtime.load(name, &wasm).expect("it can run here");
            runtime.declare(name, &program, profile);
        }
        let witness = |(program, name): (&Program, &str)| {
            let name = Name::new(name).expect("it is a name");
            let spawn = scripted("witness", program, "echo").name(name);
            let runtime = &court.scenario.runtime;
            runtime.spawn(spawn).expect("there is room for it")
        };
        let [first, second] = &programs;
        let witnesses = [(first, "witness"), (second, "observer")].map(witness);
        let arena = Self {
            desk: Desk::at(&court.scenario.runtime),
            witnesses,
            programs,
            folder: tempfile::tempdir().expect("there is room for a folder"),
            _store_folder: store_folder,
            resident: resident(),
            mappings: mappings(),
            court,
        };
        arena.witnesses_answer();
        arena
    }

    /// Fills so many slots of the pool, which keeps what it has given out once, and looks at the memory in use only then.
    pub(crate) fn warmed(mut self, n_slots: usize) -> Self {
        let known = self.node().processes().into_iter().collect();
        let runtime = &self.court.scenario.runtime;
        let idle = |path| scripted("idle", self.probe(path), "say ready then forget");
        for _ in 0..n_slots {
            let started = runtime.spawn(idle(GuestPath::Component));
            started.expect("there is room for it");
        }
        let recorder = &self.court.scenario.recorder;
        recorder.wait_for_lines("idle", n_slots);
        self.kill_others(&known);
        recorder.forget();
        // How many mappings a slot has depends on what was in it last.
        (self.resident, self.mappings) = (resident(), mappings() + n_slots * 4);
        self
    }

    /// Lets one loose, through each of its paths.
    #[track_caller]
    pub(crate) fn face(&self, attack: &Attack) {
        for (number, guest) in attack.guests.iter().enumerate() {
            let label = format!("{} ({:?})", attack.name, guest.path());
            let known: BTreeSet<Pid> = self.node().processes().into_iter().collect();
            let before = self.account();
            self.witnesses_answer();
            match guest {
                Guest::Scene(path, play) => play(self, *path),
                Guest::Wat(_) | Guest::Component { .. } | Guest::Probe(_) => {
                    self.run(&label, attack, number, guest);
                }
            }
            if attack.leaves_others {
                self.kill_others(&known);
            }
            // What this test keeps of a guest is none of the node's memory.
            self.court.scenario.recorder.forget();
            self.balances(&label, &before);
            self.witnesses_answer();
        }
    }

    #[track_caller]
    fn run(&self, label: &str, attack: &Attack, number: usize, guest: &Guest) {
        let component = format!("{} {number}", attack.name);
        let wasm = guest.wasm(|text| self.meant(text, guest.path()));
        let wasm = wasm.expect("only scenes have none");
        let runtime = &self.court.scenario.runtime;
        let program = match (runtime.load(&component, &wasm), &attack.end) {
            (Ok(_), End::NotLoaded(_)) => panic!("{label}: it was loaded"),
            (Ok(program), _) => program,
            (Err(error), End::NotLoaded(text)) => {
                let error = error.to_string();
                assert!(error.contains(text), "{label}: {error}");
                return;
            }
            (Err(error), _) => panic!("{label}: {error}"),
        };
        let script = self.meant(&attack.script, guest.path());
        let spawn = Spawn::new(&component, &program)
            .profile((attack.profile)(self.folder.path()))
            .args(script.split_whitespace());
        let process = runtime.spawn(spawn).expect("there is room for it");
        if matches!(attack.end, End::Never) {
            self.begins(&process);
            (0..ROUNDS).for_each(|_| self.witnesses_answer());
            process.kill();
        } else {
            self.witnesses_answer();
        }
        let end = self.court.scenario.recorder.wait_for_end(process.pid());
        let outcome = Outcome {
            reason: end.reason,
            denied: self.court.denied(process.pid()),
            lines: self.court.scenario.recorder.lines(&component),
        };
        assert_end(label, &attack.end, &outcome);
        attack.checks.iter().for_each(|check| check(&outcome));
    }

    /// A text of an attack with numbers in the places of names.
    pub(crate) fn meant(&self, text: &str, path: GuestPath) -> String {
        let [witness, _] = &self.witnesses;
        let witness = witness.pid().as_u64().to_string();
        text.replace("#witness", &witness)
            .replace("WITNESS", &witness)
            .replace("$own", component(path))
    }

    /// The probe of a path, to play a part in a scene.
    pub(crate) fn probe(&self, path: GuestPath) -> &Program {
        let [component, core] = &self.programs;
        match path {
            GuestPath::Component => component,
            GuestPath::Core => core,
        }
    }

    pub(crate) fn store(&self) -> Option<Store> {
        self.court.scenario.runtime.store()
    }

    pub(crate) fn node(&self) -> &rusm_actor::Node {
        self.court.scenario.runtime.node()
    }

    /// Both answer, and nothing but the answers has reached the desk.
    #[track_caller]
    pub(crate) fn witnesses_answer(&self) {
        for witness in &self.witnesses {
            self.desk.hears_echo_of(witness.pid());
        }
    }

    /// Waits until a process has got to what it does for ever.
    #[track_caller]
    pub(crate) fn begins(&self, process: &ProcessHandle) {
        let has_begun = || self.node().members(BEGUN).contains(&process.pid());
        eventually(|| {
            let is_alive = self.node().is_alive(process.pid());
            if has_begun() {
                return Ok(());
            }
            // Who ended says why; who has not begun yet is waited for.
            match is_alive {
                true => Err("it does not begin".to_owned()),
                false => panic!("it ended: {}", process.wait()),
            }
        });
    }

    /// Waits for the first line of a component, such as the report of what it has received.
    pub(crate) fn has_said_something(&self, component: &str) {
        self.court.scenario.recorder.wait_for_lines(component, 1);
    }

    /// Waits until so many processes have got to what they do for ever.
    #[track_caller]
    pub(crate) fn begin(&self, number: usize) {
        eventually(|| {
            let n_begun = self.node().members(BEGUN).len();
            (n_begun == number)
                .then_some(())
                .ok_or_else(|| format!("{n_begun} have begun"))
        });
    }

    /// Whoever lives besides these.
    pub(crate) fn others(&self, known: &BTreeSet<Pid>) -> Vec<Pid> {
        let mut others = self.node().processes();
        others.retain(|pid| !known.contains(pid));
        others
    }

    /// How many guests live besides these; native helpers of the node and of this test come and go.
    pub(crate) fn n_guests_besides(&self, known: &BTreeSet<Pid>) -> usize {
        let others = self.others(known).into_iter();
        let infos = others.filter_map(|pid| self.node().process_info(pid));
        infos.filter(|info| info.extension.is_some()).count()
    }

    /// Kills whoever lives besides these, and whoever they start meanwhile.
    #[track_caller]
    pub(crate) fn kill_others(&self, known: &BTreeSet<Pid>) {
        eventually(|| {
            let others = self.others(known);
            others.iter().for_each(|pid| self.node().kill(*pid));
            others
                .is_empty()
                .then_some(())
                .ok_or_else(|| format!("{} still live", others.len()))
        });
    }

    fn account(&self) -> Account {
        let ties = |witness: &ProcessHandle| {
            let info = self.node().process_info(witness.pid());
            let info = info.expect("the witness is alive");
            (info.mailbox_len, info.signals_waiting, info.ties)
        };
        Account {
            node: self.court.scenario.runtime.ledger(),
            witnesses: self.witnesses.iter().map(ties).collect(),
            open_files: open_files(&self.folder),
            writes: self
                .store()
                .map_or(0, |store| store.status().waiting_writes),
        }
    }

    /// Everything is as it was before, at once or as soon as what has ended is cleared away.
    #[track_caller]
    pub(crate) fn balances(&self, label: &str, before: &Account) {
        eventually(|| {
            let now = self.account();
            (now == *before)
                .then_some(())
                .ok_or_else(|| format!("{label} left something: {before:#?}\n{now:#?}"))
        });
        let (resident, mappings) = (resident(), mappings());
        assert!(
            resident < self.resident + RESIDENT_SLACK,
            "{label}: {resident} bytes, {} before",
            self.resident
        );
        assert!(
            mappings < self.mappings + MAPPINGS_SLACK,
            "{label}: {mappings} mappings, {} before",
            self.mappings
        );
    }
}

#[track_caller]
fn assert_end(label: &str, expected: &End, outcome: &Outcome) {
    let reason = &outcome.reason;
    let text = reason.to_string();
    assert!(!text.contains("host panic"), "{label}: {text}");
    let is_expected = match expected {
        End::For(expected) => reason == expected,
        End::Trap(part) => matches!(reason, ExitReason::Trap(_)) && text.contains(part),
        End::NotStarted(part) => matches!(reason, ExitReason::NotStarted(_)) && text.contains(part),
        End::NotLoaded(_) => false,
        End::Anyhow => true,
        End::Never => *reason == ExitReason::Killed,
        End::Somehow => is_own_affair(reason),
        End::SomehowOr(limit) => is_own_affair(reason) || *reason == ExitReason::Limit(*limit),
    };
    assert!(is_expected, "{label}: {text}\n{}", shown(outcome));
}

fn is_own_affair(reason: &ExitReason) -> bool {
    matches!(
        reason,
        ExitReason::Normal | ExitReason::Trap(_) | ExitReason::Error(_)
    )
}

/// The beginning of what became of a guest: some print a great deal.
pub(crate) fn shown(outcome: &Outcome) -> String {
    let text = format!("{outcome:#?}");
    text.chars().take(4_000).collect()
}

/// Looks again and again until it is so, without a pause: what is waited for is on its way.
#[track_caller]
pub(crate) fn eventually<T>(mut look: impl FnMut() -> Result<T, String>) -> T {
    let begin = Instant::now();
    loop {
        match look() {
            Ok(found) => return found,
            Err(why) => assert!(begin.elapsed() < PATIENCE, "{why}"),
        }
        std::thread::yield_now();
    }
}

/// Of this program, in bytes.
fn resident() -> usize {
    const PAGE: usize = 4_096;
    let statm = fs::read_to_string("/proc/self/statm").expect("this is Linux");
    let pages = statm.split(' ').nth(1).and_then(|word| word.parse().ok());
    pages.map_or(0, |pages: usize| pages * PAGE)
}

fn mappings() -> usize {
    let maps = fs::read_to_string("/proc/self/maps").expect("this is Linux");
    maps.lines().count()
}

/// How many descriptors of this program lead into a folder.
fn open_files(folder: &TempDir) -> usize {
    let descriptors = fs::read_dir("/proc/self/fd").expect("this is Linux");
    let targets = descriptors.filter_map(|entry| fs::read_link(entry.ok()?.path()).ok());
    targets
        .filter(|target| target.starts_with(folder.path()))
        .count()
}
