//! New processes without measure: bombs of every shape, arguments, names and profiles that nobody may have.

use super::arena::{Arena, eventually, fight_in};
use super::attack::{Attack, both, component, core_imports, core_with, scene, times};
use crate::app::scripted;
use crate::stage::actor;
use crate::support::GuestPath;
use rusm_caps::Profile;
use rusm_core::{ExitReason, Pid, RuntimeEvent, Spawn};
use std::collections::BTreeSet;

/// How many descendants a bomb may have.
const BOUND: u32 = 60;

/// The same of one whose every part is gone when the next goes off.
const FUSES: u32 = 5;
/// What each of those does.
const TWICE: &str = "(call $breed) (call $breed)";

pub(super) fn attacks() -> Vec<Attack> {
    let lists = [bombs(), options(), wishes()];
    lists.into_iter().flatten().collect()
}

fn spawner() -> Profile {
    actor("spawner", |_| ())
}

/// Components that the arena declares: their names, what they do and what they may.
pub(super) fn declared() -> Vec<(&'static str, String, Profile)> {
    // Each spawns by this name, which lies at 0.
    let breeder = |kin: &str, body: &str| {
        let length = kin.len();
        format!(
            r#"(module {} (memory (export "memory") 1) (data (i32.const 0) "{kin}") (data (i32.const 65500) "begun")
            (func $begins (call $join (i32.const 65500) (i32.const 5)))
            (func $breed (drop (call $spawn (i32.const 0) (i32.const {length}) (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 16))))
            (func $rest (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 0) (i32.const 0))))
            (func (export "_start") {body}))"#,
            core_imports()
        )
    };
    let may = |name| actor(name, |limits| limits.max_processes = BOUND);
    let fuse = |name| actor(name, |limits| limits.max_processes = FUSES);
    vec![
        (
            "fork",
            breeder("fork", "(call $begins) (loop $l (call $breed) (br $l))"),
            may("fork"),
        ),
        (
            "chain",
            breeder("chain", "(call $begins) (call $breed) (call $rest)"),
            may("chain"),
        ),
        (
            "ping",
            breeder(
                "pong",
                "(call $begins) (call $breed) (call $breed) (call $rest)",
            ),
            may("ping"),
        ),
        (
            "pong",
            breeder("ping", "(call $begins) (call $breed) (call $rest)"),
            may("pong"),
        ),
        (
            "idle",
            breeder("idle", "(call $rest)"),
            crate::trial::nothing(),
        ),
        ("relay", breeder("relay", "(call $breed)"), may("relay")),
        ("fuse1", breeder("fuse2", TWICE), fuse("fuse1")),
        ("fuse2", breeder("fuse3", TWICE), fuse("fuse2")),
        ("fuse3", breeder("fuse4", TWICE), fuse("fuse3")),
        ("fuse4", breeder("fuse5", TWICE), fuse("fuse4")),
        ("fuse5", breeder("idle", "(call $rest)"), fuse("fuse5")),
    ]
}

fn bombs() -> Vec<Attack> {
    vec![
        both("a program that starts itself without end", "hammer spawns $own 5000")
            .under(actor("breeder", |limits| limits.max_processes = 300))
            .says(&["hammer=ok:300"])
            .leaves_others(),
        both("a program that starts others to end at once", "relay $own 200")
            .under(actor("breeder", |limits| limits.max_processes = 3))
            .says(&["relay=ok:200"]),
        both("a program that may start nobody and tries", "hammer spawns $own 500").shows(|outcome| {
            assert_eq!(outcome.denied.len(), 500);
        }),
        scene("a bomb that grows in breadth and depth", |arena, _| bomb(arena, "fork")),
        scene("a bomb that is one long chain", |arena, _| bomb(arena, "chain")),
        scene("two programs that start each other", |arena, _| bomb(arena, "ping")),
        scene("a program that starts itself and ends, for ever", relay),
        scene("a bomb whose fuses burn up", fuses),
        scene("children that outlive whoever started them", orphans),
        scene("parents and children killed in the midst of births", massacre),
        both(
            "children linked to one that is about to crash",
            "spawn $own link args forget then spawn $own link args forget then spawn $own link args forget then unreachable",
        )
        .under(spawner())
        .traps("unreachable"),
    ]
}

/// Starts one of the declared, which grows to its bound and no further, and kills all of them.
fn bomb(arena: &Arena, component: &'static str) {
    let known: BTreeSet<Pid> = arena.node().processes().into_iter().collect();
    let first = start(arena, component);
    let bound = usize::try_from(BOUND).expect("it is small");
    arena.begin(bound + 1);
    for _ in 0..5 {
        arena.witnesses_answer();
        let n_alive = arena.n_guests_besides(&known);
        assert!(
            n_alive <= bound + 1,
            "{n_alive} live although {bound} descendants are allowed"
        );
    }
    first.kill();
    arena.kill_others(&known);
}

fn start(arena: &Arena, component: &str) -> rusm_core::ProcessHandle {
    // What the manifest declares is started by a spawner; here it is the arena's own probe.
    let runtime = &arena.court.scenario.runtime;
    let (_, text, profile) = declared()
        .into_iter()
        .find(|(name, ..)| *name == component)
        .expect("it is declared");
    let wasm = wat::parse_str(text).expect("it is valid");
    let program = runtime.load(component, &wasm).expect("it can run here");
    let spawn = Spawn::new(component, &program).profile(profile);
    runtime.spawn(spawn).expect("there is room for it")
}

/// Sixteen in the end if nobody counted, each started by one that ended at once; but their first ancestor may have five.
fn fuses(arena: &Arena, _: GuestPath) {
    let known: BTreeSet<Pid> = arena.node().processes().into_iter().collect();
    let reason = start(arena, "fuse1").wait();
    assert_eq!(reason, ExitReason::Normal);
    eventually(|| {
        let is_idle = arena.node().is_idle();
        is_idle
            .then_some(())
            .ok_or_else(|| "somebody is at work".to_owned())
    });
    let n_alive = arena.n_guests_besides(&known);
    arena.kill_others(&known);
    assert!(n_alive <= 5, "{n_alive} live");
}

/// There is never more than a few of them, and it can be stopped by giving its kind no room: here by killing whoever is seen.
fn relay(arena: &Arena, _: GuestPath) {
    let known: BTreeSet<Pid> = arena.node().processes().into_iter().collect();
    start(arena, "relay");
    for _ in 0..20 {
        arena.witnesses_answer();
        let n_alive = arena.n_guests_besides(&known);
        assert!(n_alive <= 8, "{n_alive} live");
    }
    arena.kill_others(&known);
}

/// They are nobody's, and go on until somebody with the right to do so kills them.
fn orphans(arena: &Arena, path: GuestPath) {
    let known: BTreeSet<Pid> = arena.node().processes().into_iter().collect();
    let runtime = &arena.court.scenario.runtime;
    let script = arena.meant("spawn $own args forget then spawn $own args forget", path);
    let parent = scripted("parent", arena.probe(path), &script).profile(spawner());
    let parent = runtime.spawn(parent).expect("there is room for it");
    assert_eq!(parent.wait(), ExitReason::Normal);
    assert_eq!(arena.n_guests_besides(&known), 2);
    arena.kill_others(&known);
}

/// Whoever is killed while it starts others leaves no half-made child behind.
fn massacre(arena: &Arena, path: GuestPath) {
    let known: BTreeSet<Pid> = arena.node().processes().into_iter().collect();
    let runtime = &arena.court.scenario.runtime;
    for _ in 0..20 {
        let script = arena.meant("hammer spawns $own 1000 then forget", path);
        let breeder = scripted("massacred", arena.probe(path), &script)
            .profile(actor("massacred", |limits| limits.max_processes = 300));
        let breeder = runtime.spawn(breeder).expect("there is room for it");
        arena.court.scenario.recorder.wait_for(|event| {
            let is_child = |parent: Option<Pid>| parent == Some(breeder.pid());
            matches!(event, RuntimeEvent::Spawned { parent, .. } if is_child(*parent)).then_some(())
        });
        breeder.kill();
        assert_eq!(breeder.wait(), ExitReason::Killed);
        arena.kill_others(&known);
    }
}

/// The record of options in memory, at 1024, as bytes that no compiler would write.
struct Options {
    name: Option<Vec<u8>>,
    profile: Option<Vec<u8>>,
    args: Vec<Vec<u8>>,
    revoke: Vec<Vec<u8>>,
    memory_mb: u32,
    cpu_ms: u64,
}

impl Options {
    fn plain() -> Self {
        Self {
            name: None,
            profile: None,
            args: Vec::new(),
            revoke: Vec::new(),
            memory_mb: u32::MAX,
            cpu_ms: u64::MAX,
        }
    }

    fn bytes(&self) -> Vec<u8> {
        let number = |n: usize| u32::try_from(n).expect("it is small").to_le_bytes();
        let text = |text: &Vec<u8>| [&number(text.len())[..], text].concat();
        let none = || u32::MAX.to_le_bytes().to_vec();
        let list = |texts: &[Vec<u8>]| {
            let count = number(texts.len()).to_vec();
            [count, texts.iter().flat_map(text).collect()].concat()
        };
        [
            number(0).to_vec(),
            self.memory_mb.to_le_bytes().to_vec(),
            self.cpu_ms.to_le_bytes().to_vec(),
            u64::MAX.to_le_bytes().to_vec(),
            self.name.as_ref().map_or_else(none, text),
            self.profile.as_ref().map_or_else(none, text),
            list(&self.args),
            list(&self.revoke),
        ]
        .concat()
    }

    /// A module that spawns an idle process with these, and checks the answer.
    fn spawn(&self, name: &'static str, answer: i32) -> Attack {
        let bytes = self.bytes();
        let (length, n_pages) = (bytes.len(), bytes.len() / 65_536 + 1);
        let bytes: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
        // Behind the first page, which the memory begins with.
        let items = format!(r#"(data $options "{bytes}") (data (i32.const 0) "idle")"#);
        let body = format!(
            "(drop (memory.grow (i32.const {n_pages})))
            (memory.init $options (i32.const 65536) (i32.const 0) (i32.const {length}))
            (call $check (i32.eq (i32.const {answer})
                (call $spawn (i32.const 0) (i32.const 4) (i32.const 65536) (i32.const {length}) (i32.const 64) (i32.const 16))))"
        );
        core_with(name, &items, &body)
            .under(spawner())
            .leaves_others()
    }
}

const SPAWNED: i32 = 16;
const TAKEN: i32 = -7;
const ESCALATION: i32 = -11;

fn options() -> Vec<Attack> {
    let args = |args: Vec<Vec<u8>>| Options {
        args,
        ..Options::plain()
    };
    let named = |name: &[u8]| Options {
        name: Some(name.to_vec()),
        ..Options::plain()
    };
    vec![
        args(vec![b"a".to_vec(); 65_536])
            .spawn("65,536 arguments", 0)
            .traps("arguments"),
        args(vec![b"a".to_vec(); 1_025])
            .spawn("one argument more than may be", 0)
            .traps("arguments"),
        args(vec![vec![b'a'; 128 << 10], b"b".to_vec()])
            .spawn("one byte of arguments more than may be", 0)
            .traps("bytes of arguments"),
        args(vec![b"a".to_vec(); 1_024]).spawn("as many arguments as may be", SPAWNED),
        args(vec![vec![0xff, 0xfe]])
            .spawn("an argument of no alphabet", 0)
            .traps("UTF-8"),
        args(vec![b"a\0b".to_vec(), b"--c\0\0".to_vec()])
            .spawn("arguments with zeros in their midst", SPAWNED),
        args(vec![Vec::new(); 1_024]).spawn("a thousand empty arguments", SPAWNED),
        named(b"witness").spawn("a name that somebody has", TAKEN),
        named(b"")
            .spawn("a name without a letter", 0)
            .traps("as a name is none"),
        named(b"a\x1b[2Jb")
            .spawn("a name that clears the screen", 0)
            .traps("as a name is none"),
        named(&[b'n'; 256])
            .spawn("a name of 256 letters for another", 0)
            .traps("as a name is none"),
    ]
}

/// Rights and bounds that are not its own to give.
fn wishes() -> Vec<Attack> {
    let revoking = |revoke: Vec<Vec<u8>>| Options {
        revoke,
        ..Options::plain()
    };
    let under = |profile: &[u8]| Options {
        profile: Some(profile.to_vec()),
        ..Options::plain()
    };
    let memory = |memory_mb| Options {
        memory_mb,
        ..Options::plain()
    };
    let cpu = |cpu_ms| Options {
        cpu_ms,
        ..Options::plain()
    };
    vec![
        under(b"trusted").spawn("a child that is to be trusted", ESCALATION),
        under(b"spawner").spawn("a child with its parent's profile", ESCALATION),
        under(b"").spawn("a child with a profile called nothing", ESCALATION),
        under(b"trusted\0").spawn("a child with a profile that ends in a zero", ESCALATION),
        under(&[b'p'; 60_000]).spawn("a child with a profile of a very long name", ESCALATION),
        revoking(vec![b"gravity".to_vec()]).spawn("a right taken away that nobody has", ESCALATION),
        revoking(vec![b"spawn".to_vec(); 65]).spawn("rights taken away without end", 0).traps("revoked permissions"),
        revoking(vec![b"spawn".to_vec(); 64]).spawn("one right taken away sixty-four times", SPAWNED),
        revoking(vec!["s\u{440}awn".into()]).spawn("a right of another alphabet taken away", ESCALATION),
        memory(0).spawn("a child without memory", ESCALATION),
        memory(u32::MAX - 1).spawn("a child with all memory there is", ESCALATION),
        cpu(0).spawn("a child with no bound of its time", SPAWNED),
        cpu(u64::MAX - 1).spawn("a child with time to the end of the world", ESCALATION),
        component(
            "a component nobody knows, a thousand times",
            &["spawn"],
            // The name lies at 0 and the options behind it are zeros, with an empty list of arguments.
            &times(1_000, "(call $spawn (i32.const 0) (i32.const 512)) (call $check (i32.load8_u (i32.const 512)))"),
        )
        .under(spawner()),
    ]
}

#[test]
fn nobody_breeds_without_measure() {
    fight_in(&Arena::open().warmed(350), &attacks());
}
