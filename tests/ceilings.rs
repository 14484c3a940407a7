//! What all processes of a node may take together, and that it comes back after every kind of end.

use crate::app::{component, plan, probe, scripted};
use crate::forge::module;
use crate::stage::actor;
use crate::support::{BOTH_PATHS, GuestPath, PATIENCE, Scenario};
use crate::trial::nothing;
use rusm_caps::{DirGrant, Profile};
use rusm_core::{ExitReason, Ledger, Limit, ProcessHandle, Program, Spawn, SpawnFailure};
use std::path::Path;
use std::time::{Duration, Instant};

const MIB: u64 = 1 << 20;

fn ledger(scenario: &Scenario) -> Ledger {
    scenario.runtime.ledger()
}

/// Waits until there is what is looked for: an end is reported before the last of it is cleared away.
#[track_caller]
fn eventually(mut look: impl FnMut() -> Option<()>) {
    let begin = Instant::now();
    while look().is_none() {
        assert!(begin.elapsed() < PATIENCE, "waited in vain");
        std::thread::yield_now();
    }
}

/// Waits until the node holds what it held.
#[track_caller]
fn comes_back(scenario: &Scenario, before: &Ledger) {
    let mut now = ledger(scenario);
    let begin = Instant::now();
    while now != *before {
        assert!(begin.elapsed() < PATIENCE, "{before:#?} {now:#?}");
        std::thread::yield_now();
        now = ledger(scenario);
    }
}

fn start(scenario: &Scenario, program: &Program, profile: Profile, script: &str) -> ProcessHandle {
    let spawn = scripted("guest", program, script).profile(profile);
    scenario.runtime.spawn(spawn).expect("there is room for it")
}

/// A process that would exceed the node's memory ends as if it had met its own bound, or does not start; both name the key.
#[test]
fn memory_over_the_nodes_ceiling_ends_or_does_not_start() {
    let scenario = Scenario::with(|builder| builder.max_memory_bytes(8 * MIB));
    let before = ledger(&scenario);
    let load = |name: &str, items: &str, body: &str| {
        let wasm = module(items, body);
        scenario.runtime.load(name, &wasm).expect("it is sound")
    };
    let run = |name: &str, program: &Program| {
        let spawn = Spawn::new(name, program).profile(nothing());
        let process = scenario.runtime.spawn(spawn);
        process.expect("there is room for it").wait()
    };
    let grows = load(
        "grows",
        "",
        "(drop (memory.grow (i32.const 127))) (drop (memory.grow (i32.const 1)))",
    );
    assert_eq!(run("grows", &grows), ExitReason::Limit(Limit::Memory));
    let breach = scenario.recorder.wait_for_exit("grows").breach;
    let told = breach.expect("it was a bound").to_string();
    assert!(told.contains("[node] max-memory-mb"), "{told}");
    let declares = load("declares", "(memory 128)", "");
    let reason = run("declares", &declares);
    let ExitReason::NotStarted(text) = &reason else {
        panic!("{reason}")
    };
    assert!(text.contains("[node] max-memory-mb"), "{text}");
    let fits = load("fits", "", "(drop (memory.grow (i32.const 127)))");
    for _ in 0..20 {
        assert_eq!(
            run("fits", &fits),
            ExitReason::Normal,
            "what ended has given it back"
        );
    }
    drop((grows, declares, fits));
    comes_back(&scenario, &before);
}

/// Normal ends, traps, kills, breaches, and starts that are denied.
#[test]
fn what_was_held_comes_back_after_every_kind_of_end() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    std::fs::write(folder.path().join("file"), "").expect("it can be written");
    for path in BOTH_PATHS {
        let scenario = Scenario::with(|builder| {
            builder
                .max_memory_bytes(256 * MIB)
                .max_handles(100)
                .max_mailbox_bytes(1 << 20)
        });
        let program = probe(&scenario, path);
        let profile = || reader("reader", folder.path());
        // The first start of all makes what stays.
        assert_eq!(
            start(&scenario, &program, profile(), "say done").wait(),
            ExitReason::Normal
        );
        let before = Ledger {
            processes: 0,
            ..ledger(&scenario)
        };
        comes_back(&scenario, &before);
        let holds = "flood self 7 10 1000 then hold /data/file then send-after 3600000 self 7 x then open-many /data/file 5 then";
        for end in ["say done", "unreachable", "exit-code 3", "panic", "hoard"] {
            start(&scenario, &program, profile(), &format!("{holds} {end}")).wait();
            comes_back(&scenario, &before);
        }
        let killed = start(
            &scenario,
            &program,
            profile(),
            &format!("{holds} say held then receive-tag 99"),
        );
        scenario.recorder.wait_for_line("guest", "say=ok:held");
        let held = ledger(&scenario);
        assert!(
            held.memory_bytes > 0 && held.mailbox_bytes >= 10_000,
            "{held:#?}"
        );
        assert_eq!(held.handles, 1, "{held:#?}");
        killed.kill();
        killed.wait();
        comes_back(&scenario, &before);
        let nowhere = reader("nowhere", &folder.path().join("gone"));
        let reason = start(&scenario, &program, nowhere, "say done").wait();
        assert!(matches!(reason, ExitReason::NotStarted(_)), "{reason}");
        comes_back(&scenario, &before);
    }
}

fn reader(name: &str, folder: &Path) -> Profile {
    let grant = DirGrant::read_only(folder, "/data").expect("it is a folder");
    let profile = actor(name, |limits| limits.max_memory_bytes = 16 * MIB);
    let profile = profile.to_builder(name).dir(grant).build();
    profile.expect("it can be honoured")
}

/// One process has what another cannot have as well; what is closed is there for others at once.
#[test]
fn handles_over_the_nodes_ceiling_are_answered() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    std::fs::write(folder.path().join("file"), "").expect("it can be written");
    for path in BOTH_PATHS {
        let scenario = Scenario::with(|builder| builder.max_handles(6));
        let program = probe(&scenario, path);
        let profile = || reader("reader", folder.path());
        let four = "hold /data/file then ".repeat(4);
        let holder = start(
            &scenario,
            &program,
            profile(),
            &format!("{four}say held then forget"),
        );
        scenario.recorder.wait_for_line("guest", "say=ok:held");
        let other = start(
            &scenario,
            &program,
            profile(),
            "open-many /data/file 2 then open-many /data/file 3",
        );
        assert_eq!(other.wait(), ExitReason::Normal);
        let lines = scenario.recorder.lines("guest");
        assert!(
            lines.contains(&"open-many=ok:2".to_owned()),
            "{path:?}: {lines:#?}"
        );
        let refused = lines
            .iter()
            .any(|line| line.starts_with("open-many=error:after 2: "));
        assert!(refused, "{path:?}: {lines:#?}");
        holder.kill();
        holder.wait();
    }
}

/// A message that would exceed what all mailboxes may hold is refused like one that exceeds its receiver's.
#[test]
fn messages_over_the_nodes_ceiling_are_refused() {
    for path in BOTH_PATHS {
        let scenario = Scenario::with(|builder| builder.max_mailbox_bytes(10_000));
        let program = probe(&scenario, path);
        let script = "flood self 7 20 1000 then drain then flood self 7 10 1000";
        let process = start(&scenario, &program, actor("flooder", |_| ()), script);
        assert_eq!(process.wait(), ExitReason::Normal);
        let lines = scenario.recorder.lines("guest");
        assert!(
            lines[0].starts_with("flood=error:after 10"),
            "{path:?}: {lines:#?}"
        );
        assert_eq!(lines[1..], ["drain=ok:10", "flood=ok:10"], "{path:?}");
    }
}

#[test]
fn processes_over_the_nodes_ceiling_are_refused_with_its_key() {
    let scenario = Scenario::with(|builder| builder.max_processes(1));
    let program = probe(&scenario, GuestPath::Core);
    let first = start(&scenario, &program, actor("idle", |_| ()), "forget");
    let second = scenario
        .runtime
        .spawn(scripted("second", &program, "forget"));
    let Err(SpawnFailure::TooMany(text)) = second else {
        panic!("{second:?}")
    };
    assert!(text.contains("[node] max-processes"), "{text}");
    first.kill();
}

/// Code that a process has loaded counts against the node's memory, and is gone when its loader is.
#[test]
fn loaded_code_is_dropped_with_its_loader() {
    let scenario = Scenario::with(|builder| builder.max_memory_bytes(64 * MIB));
    let before = ledger(&scenario);
    let (items, load) = loading();
    let forever = "(drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 0) (i32.const 0)))";
    let body = format!("(call $check (i32.eqz {load})) {forever}");
    let loader = module(&items, &body);
    let program = scenario
        .runtime
        .load("loader", &loader)
        .expect("it is sound");
    let loader = start_loader(&scenario, &program);
    // The memory of the loader, and what it loaded.
    eventually(|| {
        let now = ledger(&scenario);
        (now.code == before.code + 2 && now.memory_bytes > 65_536).then_some(())
    });
    loader.kill();
    loader.wait();
    // A handle keeps the code of its process.
    drop((loader, program));
    comes_back(&scenario, &before);
}

/// Imports and data, and a call that loads a small module as `a`.
fn loading() -> (String, String) {
    let code = module("", "");
    let text: String = code.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let imports: String = rusm_abi::IMPORTS
        .iter()
        .map(crate::denials::raw_import)
        .collect();
    let items = format!(r#"{imports} (data (i32.const 16) "a") (data (i32.const 1024) "{text}")"#);
    let load = format!(
        "(call $load (i32.const 16) (i32.const 1) (i32.const 1024) (i32.const {}))",
        code.len()
    );
    (items, load)
}

fn start_loader(scenario: &Scenario, program: &Program) -> ProcessHandle {
    let profile = nothing().to_builder("loader").allow_load().build();
    let profile = profile.expect("it can be honoured");
    let spawn = Spawn::new("loader", program).profile(profile);
    scenario.runtime.spawn(spawn).expect("there is room for it")
}

/// Who has waited its time for the compiler is told so; the compiler goes on alone and leaves nothing behind.
#[test]
fn code_that_takes_longer_than_its_budget_is_invalid_code() {
    let scenario = Scenario::with(|builder| builder.load_budget(Duration::ZERO));
    let before = ledger(&scenario);
    let (items, load) = loading();
    // The second is told the same, or that the first is still in the compiler.
    let body = format!(
        "(call $check (i32.eq {load} (i32.const -13)))
        (local.set $n {load})
        (call $check (i32.or (i32.eq (local.get $n) (i32.const -13)) (i32.eq (local.get $n) (i32.const -12))))"
    );
    let loader = module(&items, &body);
    let program = scenario
        .runtime
        .load("loader", &loader)
        .expect("it is sound");
    let process = start_loader(&scenario, &program);
    assert_eq!(process.wait(), ExitReason::Normal);
    drop((process, program));
    comes_back(&scenario, &before);
}

/// What a manifest says under `[node]` holds for every process of the app, and no guest may write to the manifest itself.
#[test]
fn a_manifest_sets_the_nodes_ceilings_and_is_no_guests_to_write() {
    let house = tempfile::tempdir().expect("there is room for a folder");
    let file = house.path().join("rusm.toml");
    for path in BOTH_PATHS {
        let boot = |components: &[String]| {
            let text = [
                "[node]\nmax-memory-mb = 8\n",
                &components.join("\n"),
                "[capabilities.reads]\npreopen = [{ host = \".\", guest = \"/data\", read-only = true }]",
                "[capabilities.writes]\npreopen = [{ host = \".\", guest = \"/data\" }]",
            ];
            let plan = plan(path, &text.join("\n"), house.path());
            let scenario = Scenario::with(|builder| builder.manifest(&plan.manifest, &file));
            scenario.runtime.boot(&plan).expect("the app starts").wait();
            scenario
        };
        let keys =
            |capability: &str| format!("capability = \"{capability}\"\nrestart = \"temporary\"");
        let scenario = boot(&[component("large", "restart = \"temporary\"", "hoard")]);
        let large = scenario.recorder.wait_for_exit("large");
        assert_eq!(large.reason, ExitReason::Limit(Limit::Memory), "{path:?}");
        let told = large.breach.expect("it was a bound").to_string();
        assert!(told.contains("[node] max-memory-mb"), "{told}");
        let scenario = boot(&[
            component("opener", &keys("reads"), "say done"),
            component("writer", &keys("writes"), "say done"),
        ]);
        let writer = scenario.recorder.wait_for_exit("writer").reason;
        let ExitReason::NotStarted(text) = &writer else {
            panic!("{path:?}: {writer}")
        };
        assert!(text.contains("the manifest"), "{text}");
        let opener = scenario.recorder.wait_for_exit("opener").reason;
        assert_eq!(opener, ExitReason::Normal, "{path:?}");
    }
}
