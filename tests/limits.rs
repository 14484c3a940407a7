//! What one process may take of the node: every bound is honoured exactly, through both guest paths.

use crate::app::{probe, scripted};
use crate::forge::{Interfaces, Wasi, module};
use crate::support::{BOTH_PATHS, GuestPath, guest};
use crate::trial::{Court, Outcome, nothing};
use rusm_abi::IMPORTS;
use rusm_caps::{DirGrant, Limits, Profile, SpawnGrant};
use rusm_core::{ExitReason, Limit};

fn bounded(change: impl FnOnce(&mut Limits)) -> Profile {
    nothing()
        .to_builder("bounded")
        .with_limits(change)
        .build()
        .expect("it can be honoured")
}

fn run(profile: Profile, path: GuestPath, script: &str) -> Outcome {
    Court::new().run_as(
        profile,
        "subject",
        &guest("actor_probe", path),
        script.split(' '),
    )
}

/// The same body as a core module and as a component.
fn forged(path: GuestPath, items: &str, body: &str) -> Vec<u8> {
    match path {
        GuestPath::Core => module(items, body),
        GuestPath::Component => Interfaces::of(Wasi::V02).component(items, body),
    }
}

/// `max-memory-mb = 256` is 256 MiB to the last byte, and one page more is the end (pitfall 15).
#[test]
fn a_memory_bound_of_256_mib_yields_256_mib_and_no_page_more() {
    for path in BOTH_PATHS {
        let court = Court::new();
        let profile = || bounded(|limits| limits.max_memory_bytes = 256 << 20);
        // One of the 4,096 pages is there from the beginning.
        let grown = "
            (call $check (i32.eq (memory.grow (i32.const 4095)) (i32.const 1)))
            (i32.store8 (i32.const 0x0fffffff) (i32.const 7))
            (call $check (i32.eq (i32.load8_u (i32.const 0x0fffffff)) (i32.const 7)))";
        let outcome = court.run_as(profile(), "all", &forged(path, "", grown), [""; 0]);
        assert_eq!(outcome.reason, ExitReason::Normal, "{path:?}");
        let one_more = format!("{grown} (drop (memory.grow (i32.const 1)))");
        let outcome = court.run_as(profile(), "more", &forged(path, "", &one_more), [""; 0]);
        assert_eq!(outcome.reason, ExitReason::Limit(Limit::Memory), "{path:?}");
    }
}

/// A bound that cannot be honoured is refused when the profile is made, not when it is met.
#[test]
fn a_memory_bound_beyond_what_memories_can_have_is_an_error() {
    let profile = nothing()
        .to_builder("boundless")
        .with_limits(|limits| limits.max_memory_bytes = u64::MAX)
        .build();
    assert!(profile.is_err());
}

/// A mailbox takes as many messages as its bound says, and as many bytes; the sender of the next one is told (pitfall 18).
#[test]
fn a_mailbox_is_bounded_in_messages_and_in_bytes() {
    for path in BOTH_PATHS {
        let by_number = bounded(|limits| limits.max_mailbox_messages = 5);
        let outcome = run(
            by_number,
            path,
            "flood self 7 10 1 then drain then flood self 7 5 1",
        );
        assert!(
            outcome.lines[0].starts_with("flood=error:after 5"),
            "{path:?}: {:#?}",
            outcome.lines
        );
        assert_eq!(outcome.lines[1..], ["drain=ok:5", "flood=ok:5"], "{path:?}");
        let by_bytes = bounded(|limits| limits.max_mailbox_bytes = 64 << 10);
        let outcome = run(by_bytes, path, "flood self 7 100 4096");
        let taken: usize = outcome.lines[0]
            .strip_prefix("flood=error:after ")
            .and_then(|rest| rest.split(':').next()?.parse().ok())
            .unwrap_or_else(|| panic!("{path:?}: {:#?}", outcome.lines));
        assert!(
            (1..=16).contains(&taken),
            "{path:?}: {taken} messages of 4 KiB in 64 KiB"
        );
    }
}

/// Pending timers hold room in the receiver's mailbox, so they have its bound (pitfall 18).
#[test]
fn pending_timers_are_bounded() {
    for path in BOTH_PATHS {
        let profile = bounded(|limits| limits.max_mailbox_messages = 3);
        let timer = "send-after 3600000 self 7 x then ";
        let outcome = run(profile, path, &format!("{}say done", timer.repeat(4)));
        let answers: Vec<_> = outcome
            .lines
            .iter()
            .map(|line| line.get(..13).unwrap_or(line))
            .collect();
        assert_eq!(answers[..3], ["send-after=ok"; 3], "{path:?}");
        assert_eq!(
            answers[3], "send-after=er",
            "{path:?}: {:#?}",
            outcome.lines
        );
        assert!(
            outcome.lines[3].contains("mailbox"),
            "{path:?}: {:#?}",
            outcome.lines
        );
        assert_eq!(outcome.lines[4], "say=ok:done", "{path:?}");
    }
}

/// Timers that are pending at once have a bound of their own; one that was cancelled or has fired makes room.
#[test]
fn a_process_arms_as_many_timers_as_it_may() {
    for path in BOTH_PATHS {
        let profile = bounded(|limits| limits.max_timers = 2);
        let timer = "send-after 3600000 self 7 x then ";
        let fired = "send-after 0 self 8 x then receive-tag 8 then ";
        let script = format!("{fired}{fired}{fired}{timer}{timer}{timer}say done");
        let outcome = run(profile, path, &script);
        let armed: Vec<_> = outcome
            .lines
            .iter()
            .filter(|line| line.starts_with("send-after"))
            .map(|line| line.get(..13).unwrap_or(line))
            .collect();
        assert_eq!(
            armed[..5],
            ["send-after=ok"; 5],
            "{path:?}: {:#?}",
            outcome.lines
        );
        assert_eq!(armed[5], "send-after=er", "{path:?}: {:#?}", outcome.lines);
        assert!(
            outcome.lines.iter().any(|line| line.contains("mailbox")),
            "{path:?}: {:#?}",
            outcome.lines
        );
    }
}

/// The elements of all tables together, declared and grown.
#[test]
fn table_elements_are_bounded_over_all_tables() {
    let grow = |n: u32| format!("(drop (table.grow 1 (ref.null func) (i32.const {n})))");
    for path in BOTH_PATHS {
        let court = Court::new();
        let profile = || bounded(|limits| limits.max_table_elements = 1_000);
        let tables = "(table 400 funcref) (table 400 funcref)";
        let fits = court.run_as(
            profile(),
            "fits",
            &forged(path, tables, &grow(200)),
            [""; 0],
        );
        // What a component's own machinery declares counts as well.
        let is_fit = match path {
            GuestPath::Core => fits.reason == ExitReason::Normal,
            GuestPath::Component => true,
        };
        assert!(is_fit, "{path:?}: {}", fits.reason);
        let over = court.run_as(
            profile(),
            "over",
            &forged(path, tables, &grow(201)),
            [""; 0],
        );
        assert_eq!(over.reason, ExitReason::Limit(Limit::Memory), "{path:?}");
        let declared = forged(path, "(table 1001 funcref)", "");
        let declared = court.run_as(profile(), "declared", &declared, [""; 0]);
        let ExitReason::NotStarted(text) = &declared.reason else {
            panic!("{path:?}: {}", declared.reason)
        };
        assert!(text.contains("max-table-elements"), "{text}");
    }
}

/// Monitors and joined groups of one process have a bound, and one more ends it with its name (pitfalls 6 and 18).
#[test]
fn monitors_and_groups_of_one_process_are_bounded() {
    let items: String = IMPORTS.iter().map(crate::denials::raw_import).collect();
    let items = format!(r#"{items} (data (i32.const 16) "group")"#);
    let court = Court::new();
    let idle = scripted("idle", &probe(&court.scenario, GuestPath::Core), "forget");
    let idle = court
        .scenario
        .runtime
        .spawn(idle)
        .expect("there is room for it");
    let monitor = format!("(drop (call $monitor (i64.const {})))", idle.pid().as_u64());
    for (what, deed, most) in [
        ("monitors", monitor.as_str(), 65_536),
        (
            "joined groups",
            "(call $join (i32.const 16) (i32.const 5))",
            1_024,
        ),
    ] {
        let times = |n: u32| {
            format!(
                "(loop $next {deed} (local.set $n (i32.add (local.get $n) (i32.const 1)))
                    (br_if $next (i32.lt_u (local.get $n) (i32.const {n}))))"
            )
        };
        let most_allowed = court.run(&format!("{what} fit"), &module(&items, &times(most)));
        assert_eq!(most_allowed.reason, ExitReason::Normal, "{what}");
        let one_more = court.run(&format!("{what} over"), &module(&items, &times(most + 1)));
        let ExitReason::Trap(text) = &one_more.reason else {
            panic!("{what}: {}", one_more.reason)
        };
        assert!(text.contains(&format!("at most {most} {what}")), "{text}");
    }
    idle.kill();
}

/// What a process prints counts against its bound through preview 1 and 0.2, and what was printed before stays (pitfall 18).
#[test]
fn output_is_bounded() {
    for path in BOTH_PATHS {
        let profile = bounded(|limits| limits.max_output_bytes = 1_000);
        let outcome = run(profile, path, "print-many 1000 123456789");
        assert_eq!(outcome.reason, ExitReason::Limit(Limit::Output), "{path:?}");
        assert_eq!(outcome.lines, vec!["123456789"; 100], "{path:?}");
    }
}

/// Open files are bounded (pitfall 18).
#[test]
fn open_handles_are_bounded_through_both_paths() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    std::fs::write(folder.path().join("file"), "").expect("it can be written");
    for path in BOTH_PATHS {
        let grant = DirGrant::read_only(folder.path(), "/data").expect("it is a folder");
        let builder = nothing().to_builder("bounded").dir(grant);
        let profile = builder
            .with_limits(|limits| limits.max_handles = 4)
            .build()
            .expect("it can be honoured");
        let outcome = run(profile.clone(), path, "open-many /data/file 1000");
        assert_eq!(outcome.reason, ExitReason::Normal, "{path:?}");
        // The guest is told, and can go on: the fifth is one too many.
        assert_eq!(outcome.lines.len(), 1, "{path:?}: {:#?}", outcome.lines);
        assert!(
            outcome.lines[0].starts_with("open-many=error:after 4: "),
            "{path:?}: {:#?}",
            outcome.lines
        );
        let few = run(profile, path, "open-many /data/file 4");
        assert_eq!(few.lines, ["open-many=ok:4"], "{path:?}");
    }
}

/// Live descendants of every generation are bounded, and the refusal is an answer.
#[test]
fn live_descendants_are_bounded() {
    for path in BOTH_PATHS {
        let court = Court::new();
        let builder = nothing().to_builder("parent").spawn(SpawnGrant::Anyone);
        let profile = builder
            .with_limits(|limits| limits.max_processes = 2)
            .build()
            .expect("it can be honoured");
        court
            .scenario
            .runtime
            .declare("idle", &probe(&court.scenario, path), nothing());
        let spawn = "spawn idle args forget then ";
        let script = format!("{}kill spawned", spawn.repeat(3));
        let outcome = court.run_as(
            profile,
            "parent",
            &guest("actor_probe", path),
            script.split(' '),
        );
        let answers: Vec<_> = outcome
            .lines
            .iter()
            .map(|line| line.get(..8).unwrap_or(line))
            .collect();
        assert_eq!(
            answers,
            ["spawn=ok", "spawn=ok", "spawn=er", "kill=ok"],
            "{path:?}: {:#?}",
            outcome.lines
        );
    }
}

/// Code that a guest brings is bounded in size and in number, and over either bound the guest is told.
#[test]
fn loaded_code_is_bounded() {
    let items: String = IMPORTS.iter().map(crate::denials::raw_import).collect();
    let code = module("", "");
    let bytes: String = code.iter().map(|byte| format!("\\{byte:02x}")).collect();
    let items = format!(r#"{items} (data (i32.const 1024) "{bytes}")"#);
    let load = |length: usize| {
        format!("(call $load (i32.const 16) (i32.const 1) (i32.const 1024) (i32.const {length}))")
    };
    let (whole, too_large) = (load(code.len()), load((16 << 20) + 1));
    let body = format!(
        "(drop (memory.grow (i32.const 257)))
        (i32.store8 (i32.const 16) (i32.const 33))
        (call $check (i32.eq {too_large} (i32.const -13)))
        (call $check (i32.eqz {whole}))
        (call $check (i32.eq {whole} (i32.const -7)))
        (local.set $n (i32.const 1))
        (loop $next
            (i32.store8 (i32.const 16) (i32.add (local.get $n) (i32.const 33)))
            (call $check (i32.eqz {whole}))
            (local.set $n (i32.add (local.get $n) (i32.const 1)))
            (br_if $next (i32.lt_u (local.get $n) (i32.const 64))))
        (i32.store8 (i32.const 16) (i32.const 32))
        (call $check (i32.eq {whole} (i32.const -12)))"
    );
    let profile = nothing()
        .to_builder("loader")
        .allow_load()
        .build()
        .expect("it can be honoured");
    let outcome = Court::new().run_as(profile, "loader", &module(&items, &body), [""; 0]);
    assert_eq!(outcome.reason, ExitReason::Normal, "{:#?}", outcome.denied);
}
