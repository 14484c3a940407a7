//! The raw imports as a hostile or careless core module meets them; the table against what is linked.

use super::*;
use crate::{Program, Runtime, Spawn};
use rusm_abi::{Gate, Import, Value};
use rusm_actor::ExitReason;
use rusm_caps::Profile;
use std::collections::BTreeSet;
use std::fmt::Write;

/// Where the module below has the name `stranger`, a reason, and a free area.
const SETUP: &str = r#"
    (memory (export "memory") 1)
    (data (i32.const 16) "stranger")
    (data (i32.const 32) "\08\00\00\00\00\00\00\00\07\00\00\00welcome")
    (global $stranger (mut i64) (i64.const 0))
    (func $check (param i32)
        (if (i32.eqz (local.get 0)) (then (unreachable))))
"#;

/// A module that imports everything and runs this body.
fn module(body: &str) -> Vec<u8> {
    let mut imports = String::new();
    for import in IMPORTS {
        let types = |values: &[Value]| {
            values
                .iter()
                .map(|value| word(*value))
                .collect::<Vec<_>>()
                .join(" ")
        };
        let result = import
            .result
            .map_or(String::new(), |value| format!("(result {})", word(value)));
        let (name, params) = (import.name, types(import.params));
        let signature = format!("(func ${name} (param {params}) {result})");
        writeln!(imports, r#"(import "{MODULE}" "{name}" {signature})"#).unwrap();
    }
    let wat =
        format!(r#"(module {imports} {SETUP} (func (export "_start") (local $n i32) {body}))"#);
    wat::parse_str(&wat).unwrap_or_else(|error| panic!("{error}\n{wat}"))
}

fn word(value: Value) -> &'static str {
    match value {
        Value::I32 => "i32",
        Value::I64 => "i64",
    }
}

struct Bench(Runtime);

impl Bench {
    fn new() -> Self {
        Self(Runtime::builder().workers(1).build().unwrap())
    }

    fn load(&self, body: &str) -> Program {
        self.0.load("guest", &module(body)).unwrap()
    }

    /// Runs the body under a profile that grants nothing.
    fn run(&self, body: &str) -> ExitReason {
        self.run_as(Profile::builder("nothing").build().unwrap(), body)
    }

    fn run_as(&self, profile: Profile, body: &str) -> ExitReason {
        let spawn = Spawn::new("guest", &self.load(body)).profile(profile);
        self.0.spawn(spawn).unwrap().wait()
    }
}

impl Drop for Bench {
    fn drop(&mut self) {
        self.0.shutdown();
    }
}

#[track_caller]
fn assert_trap(reason: &ExitReason, text: &str) {
    let ExitReason::Trap(found) = reason else {
        panic!("{reason}, and not a trap that says {text:?}");
    };
    assert!(found.contains(text), "{found}");
}

/// What is linked is the table: each with its type, and nothing besides.
#[test]
fn the_raw_linker_is_the_table() {
    // A module that imports all of the table with its types loads.
    Bench::new().load("");
    let sources = [
        include_str!("raw/control.rs"),
        include_str!("raw/kv.rs"),
        include_str!("raw/mailbox.rs"),
        include_str!("raw/permissions.rs"),
        include_str!("raw/process.rs"),
        include_str!("raw/registry.rs"),
        include_str!("raw/result.rs"),
        include_str!("raw/spawner.rs"),
    ];
    let linked = sources
        .iter()
        .flat_map(|source| source.split("func_wrap").skip(1));
    let linked: BTreeSet<&str> = linked.filter_map(|rest| rest.split('"').nth(1)).collect();
    let table: BTreeSet<&str> = IMPORTS.iter().map(|import| import.name).collect();
    assert_eq!(linked, table);
}

/// Bytes outside the memory end the caller, whichever import they are given to.
#[test]
fn hostile_pointers_end_the_caller_in_every_import() {
    let bench = Bench::new();
    let takes_bytes = |import: &&Import| {
        import
            .params
            .windows(2)
            .any(|pair| pair == [Value::I32, Value::I32])
    };
    for (pointer, length) in [
        ("0xfffffff0", "0x20"),
        ("0xffff", "2"),
        ("0", "0x7fffffff"),
        ("0x10000", "1"),
    ] {
        for import in IMPORTS.iter().filter(takes_bytes) {
            let mut are_lengths = false;
            let mut arguments = String::new();
            for value in import.params {
                let argument = match value {
                    Value::I64 => "(i64.const 1)".to_owned(),
                    Value::I32 => {
                        let number = if are_lengths { length } else { pointer };
                        are_lengths = !are_lengths;
                        format!("(i32.const {number})")
                    }
                };
                arguments.push_str(&argument);
            }
            let dropped = if import.result.is_some() {
                "(drop)"
            } else {
                ""
            };
            let reason = bench.run(&format!("(call ${} {arguments}) {dropped}", import.name));
            assert_trap(&reason, "are not all inside the memory of 65536 bytes");
        }
    }
}

/// A call of each import that needs a grant, as it would be made to a stranger.
const GATED: &[(&str, &str)] = &[
    ("link", "(call $link (global.get $stranger))"),
    ("signal", "(call $signal (global.get $stranger) (i32.const 0) (i32.const 0))"),
    ("send", "(call $send (i64.const 0) (i32.const 16) (i32.const 8) (i64.const 1) (i32.const 0) (i32.const 0))"),
    (
        "call",
        "(call $call (global.get $stranger) (i32.const 0) (i32.const 0) (i64.const 1) (i32.const 0) (i32.const 0)
            (i64.const -1) (i32.const 0) (i32.const 0))",
    ),
    (
        "send-after",
        "(call $send-after (i64.const 0) (i64.const 0) (i32.const 16) (i32.const 8) (i64.const 1) (i32.const 0)
            (i32.const 0) (i32.const 0) (i32.const 0))",
    ),
    (
        "spawn",
        "(call $spawn (i32.const 16) (i32.const 8) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))",
    ),
    ("load", "(call $load (i32.const 16) (i32.const 8) (i32.const 0) (i32.const 0))"),
    ("processes", "(call $processes (i32.const 0) (i32.const 0))"),
    ("inspect", "(call $inspect (global.get $stranger) (i32.const 0) (i32.const 0))"),
    ("kill", "(call $kill (global.get $stranger))"),
    ("kv-get", "(call $kv-get (i32.const 16) (i32.const 8) (i32.const 16) (i32.const 8) (i32.const 0) (i32.const 0))"),
    ("kv-put", "(call $kv-put (i32.const 16) (i32.const 8) (i32.const 16) (i32.const 8) (i32.const 0) (i32.const 0))"),
    ("kv-delete", "(call $kv-delete (i32.const 16) (i32.const 8) (i32.const 16) (i32.const 8))"),
    (
        "kv-list",
        "(call $kv-list (i32.const 16) (i32.const 8) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1)
            (i32.const 9) (i32.const 0) (i32.const 0))",
    ),
    ("kv-transact", "(call $kv-transact (i32.const 16) (i32.const 8) (i32.const 0) (i32.const 0))"),
    (
        "kv-increment",
        "(call $kv-increment (i32.const 16) (i32.const 8) (i32.const 16) (i32.const 8) (i64.const 1) (i32.const 0)
            (i32.const 0))",
    ),
];

/// Default deny: every import with an effect answers `denied` to a profile that grants nothing, and says
/// what was asked for. `broadcast` has no code: it reaches nobody.
#[test]
fn every_import_with_an_effect_is_denied_by_default() {
    let bench = Bench::new();
    let waiting = "(drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 0) (i32.const 0)))";
    let joined = format!("(call $join (i32.const 16) (i32.const 8)) {waiting}");
    let stranger = Spawn::new("stranger", &bench.load(&joined))
        .name(rusm_actor::Name::new("stranger").unwrap());
    let stranger = bench.0.spawn(stranger).unwrap();
    let setup = "(global.set $stranger (call $whereis (i32.const 16) (i32.const 8)))
        (if (i64.eqz (global.get $stranger)) (then (unreachable)))";
    for import in IMPORTS {
        let Gate::Grant(key) = import.gate else {
            continue;
        };
        if import.name == "broadcast" {
            continue;
        }
        let call = GATED.iter().find(|(name, _)| *name == import.name);
        let (_, call) = call.unwrap_or_else(|| panic!("{} has no denial test", import.name));
        // The denial begins with the permission, as a text: behind the head of a reason it is one.
        let body = format!(
            "{setup} (if (i32.ne {call} (i32.const -1)) (then (unreachable)))
            (i32.store (i32.const 1024) (i32.const 8))
            (drop (call $take (i32.const 1032) (i32.const 4096)))
            (call $exit (i32.const 1024) (i32.add (i32.const 12) (i32.load (i32.const 1032))))"
        );
        let permission = key.trim_start_matches("allow-");
        assert_eq!(
            bench.run(&body),
            ExitReason::error(permission),
            "{}",
            import.name
        );
    }
    let broadcast = format!(
        "{setup} (call $check (i32.eqz (call $broadcast (i32.const 16) (i32.const 8) (i64.const 1) (i32.const 0) (i32.const 0))))"
    );
    assert_eq!(bench.run(&broadcast), ExitReason::Normal);
    assert!(
        bench.0.node().is_alive(stranger.pid()),
        "nothing of all this reached the stranger"
    );
    stranger.kill();
}

/// A sends to itself, which every process may.
const SEND_TO_SELF: &str =
    "(call $check (i32.eqz (call $send (call $self) (i32.const 0) (i32.const 0) (i64.const 5)
    (i32.const 44) (i32.const 7))))";

/// Bytes are handed over whole or not taken: too little room leaves the event waiting, `take` fetches it.
#[test]
fn an_event_longer_than_its_room_waits_whole() {
    let body = format!(
        "{SEND_TO_SELF}
        (call $check (i32.eq (call $receive (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 256) (i32.const 38)) (i32.const 39)))
        (call $check (i32.eqz (i32.load8_u (i32.const 288))))
        (call $check (i32.eq (call $take (i32.const 0) (i32.const 0)) (i32.const 39)))
        (call $check (i32.eq (call $take (i32.const 256) (i32.const 38)) (i32.const 39)))
        (call $check (i32.eq (call $take (i32.const 256) (i32.const 39)) (i32.const 39)))
        (call $check (i32.eqz (call $take (i32.const 256) (i32.const 39))))
        (call $check (i64.eq (i64.load (i32.const 264)) (call $self)))
        (call $check (i64.eq (i64.load (i32.const 272)) (i64.const 5)))
        (i64.store (i32.const 276) (i64.const 8))
        (i32.store (i32.const 284) (i32.const 7))
        (call $exit (i32.const 276) (i32.const 19))"
    );
    assert_eq!(Bench::new().run(&body), ExitReason::error("welcome"));
}

/// An event that fits is written at once, and nothing waits then.
#[test]
fn an_event_that_fits_is_written_at_once() {
    let body = format!(
        "{SEND_TO_SELF}
        (call $check (i32.eq (call $receive (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 256) (i32.const 39)) (i32.const 39)))
        (call $check (i32.eq (i32.load8_u (i32.const 288)) (i32.const 119)))
        (call $check (i32.eqz (call $take (i32.const 0) (i32.const 0))))
        (call $check (i32.eqz (call $receive (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0))))"
    );
    assert_eq!(Bench::new().run(&body), ExitReason::Normal);
}

/// What waits is discarded by the next call of another import.
#[test]
fn another_call_discards_what_waits() {
    let body = format!(
        "{SEND_TO_SELF}
        (call $check (i32.eq (call $receive (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0)) (i32.const 39)))
        (drop (call $self))
        (call $check (i32.eqz (call $take (i32.const 256) (i32.const 100))))"
    );
    assert_eq!(Bench::new().run(&body), ExitReason::Normal);
}

/// A reason that the guest gives is its exit reason, and no instruction behind `exit` runs.
#[test]
fn exit_does_not_return() {
    let bench = Bench::new();
    let exit = "(call $exit (i32.const 32) (i32.const 19)) (unreachable)";
    assert_eq!(bench.run(exit), ExitReason::error("welcome"));
    assert_eq!(
        bench.run("(call $exit (i32.const 0) (i32.const 0)) (unreachable)"),
        ExitReason::Normal
    );
    let kill_self = "(drop (call $kill (call $self))) (unreachable)";
    assert_eq!(bench.run(kill_self), ExitReason::Killed);
}

/// What no correct program does ends the caller and says what it was.
#[test]
fn misuse_is_named() {
    let bench = Bench::new();
    for (body, text) in [
        ("(drop (call $link (i64.const 0)))", "0 was given as a pid"),
        (
            "(drop (call $monitor (i64.const 0)))",
            "0 was given as a pid",
        ),
        (
            "(call $exit (i32.const 32) (i32.const 18))",
            "the reason at 0x20 cannot be read",
        ),
        (
            "(call $exit (i32.const 32) (i32.const 20))",
            "the bytes go on after the record has ended",
        ),
        (
            "(call $join (i32.const 0) (i32.const 1))",
            "was given as a name",
        ),
        (
            "(call $drop (i32.const 16) (i32.const 8))",
            "no permission is called 'stranger'",
        ),
        (
            "(i32.store8 (i32.const 16) (i32.const 255)) (drop (call $whereis (i32.const 16) (i32.const 8)))",
            "the text at 0x10 is not UTF-8",
        ),
    ] {
        assert_trap(&bench.run(body), text);
    }
}

/// A selector with a tag too many, arguments without end, and a payload over the bound.
#[test]
fn counts_and_sizes_are_bounded() {
    let bench = Bench::new();
    let selector = |n: u32| {
        format!(
            "(i32.store (i32.const 1040) (i32.const {n}))
            (call $check (i32.eqz (call $receive (i32.const 1024) (i32.const {}) (i64.const 0) (i32.const 0) (i32.const 0))))",
            20 + 8 * n
        )
    };
    assert_eq!(bench.run(&selector(128)), ExitReason::Normal);
    assert_trap(&bench.run(&selector(129)), "at most 128 tags in a selector");
    let claims_more = "(i32.store (i32.const 1040) (i32.const 0x7fffffff))
        (drop (call $receive (i32.const 1024) (i32.const 20) (i64.const 0) (i32.const 0) (i32.const 0)))";
    assert_trap(
        &bench.run(claims_more),
        "the bytes end before the record does",
    );
    let huge = "(drop (memory.grow (i32.const 256)))
        (call $check (i32.eq (call $send (call $self) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0)
            (i32.const 0x1000001)) (i32.const -4)))
        (call $reply (i64.const 7) (i32.const 0) (i32.const 0x1000001))";
    assert_trap(&bench.run(huge), "at most 16777216 bytes in a payload");
}

/// With every storage grant and no store configured, the answer is `no-store`.
#[test]
fn without_a_store_the_answer_is_no_store() {
    let bench = Bench::new();
    for (name, call) in GATED.iter().filter(|(name, _)| name.starts_with("kv-")) {
        let body = format!("(call $check (i32.eq {call} (i32.const -14)))");
        assert_eq!(
            bench.run_as(Profile::trusted(), &body),
            ExitReason::Normal,
            "{name}"
        );
    }
}

/// A module without an exported memory may call what needs none, and is told what is missing otherwise.
#[test]
fn a_module_without_memory_is_told_so() {
    let bench = Bench::new();
    let wat = r#"(module (import "rusm" "self" (func $self (result i64)))
        (import "rusm" "whereis" (func $whereis (param i32 i32) (result i64)))
        (func (export "_start") (drop (call $self)) (drop (call $whereis (i32.const 0) (i32.const 0)))))"#;
    let program = bench.0.load("bare", &wat::parse_str(wat).unwrap()).unwrap();
    let reason = bench.0.spawn(Spawn::new("bare", &program)).unwrap().wait();
    assert_trap(&reason, "exports no memory called 'memory'");
}

/// Only the holder releases a name; somebody else's call changes nothing.
#[test]
fn a_name_is_released_by_its_holder_alone() {
    let bench = Bench::new();
    let waiting = "(drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 0) (i32.const 0)))";
    let name = rusm_actor::Name::new("stranger").unwrap();
    let stranger = bench
        .0
        .spawn(Spawn::new("stranger", &bench.load(waiting)).name(name))
        .unwrap();
    let body = "(call $unregister (i32.const 16) (i32.const 8))
        (call $check (i64.ne (call $whereis (i32.const 16) (i32.const 8)) (i64.const 0)))
        (call $check (i32.eq (call $register (i32.const 16) (i32.const 8)) (i32.const -7)))
        (call $check (i32.eq (call $register (i32.const 16) (i32.const 0)) (i32.const -8)))
        (call $check (i32.eqz (call $register (i32.const 16) (i32.const 4))))
        (call $unregister (i32.const 16) (i32.const 4))
        (call $check (i64.eqz (call $whereis (i32.const 16) (i32.const 4))))";
    assert_eq!(bench.run_as(Profile::trusted(), body), ExitReason::Normal);
    stranger.kill();
}
