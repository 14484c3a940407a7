//! Text that a guest chose, on its way to people: nothing in it steers a terminal or forges a line.

use crate::app::{probe, scripted};
use crate::forge::module;
use crate::support::{BOTH_PATHS, GuestPath, guest};
use crate::trial::{Court, nothing};
use rusm_abi::IMPORTS;
use rusm_caps::is_steering;
use rusm_core::{ExitReason, Name};

#[track_caller]
fn assert_harmless(text: &str) {
    let steering: Vec<char> = text
        .chars()
        .filter(|character| is_steering(*character))
        .collect();
    assert!(steering.is_empty(), "{steering:?} in {text:?}");
}

/// Escape sequences, carriage returns, bells, other control characters and bytes that are no text: all shown, none acted on.
#[test]
fn what_a_guest_prints_cannot_steer_a_terminal() {
    for path in BOTH_PATHS {
        let outcome = Court::new().run_as(
            nothing(),
            "painter",
            &guest("actor_probe", path),
            ["print-hostile"],
        );
        assert_eq!(outcome.reason, ExitReason::Normal, "{path:?}");
        outcome.lines.iter().for_each(|line| assert_harmless(line));
        let text = outcome.lines.join("\n");
        let begin = "one\\u{d}\\u{1b}[2K\\u{1b}]0;title\\u{7}\\u{1b}[31mred\n\\xff\\xfe\\u{0}two\\u{8}\\u{7f}\\u{9b}31m\nunfinished";
        assert!(text.starts_with(begin), "{path:?}: {text}");
    }
}

/// Names that a guest asks for: in the audit record they are escaped and cut.
#[test]
fn what_a_guest_asks_for_cannot_forge_the_audit() {
    let items: String = IMPORTS.iter().map(crate::denials::raw_import).collect();
    let items = format!(
        r#"{items} (data (i32.const 16) "\1b[2Jwor\e2\80\aeker\0d\0aapi (pid 0.1.1) may") (data (i32.const 1024) "{}")"#,
        "x".repeat(20_000)
    );
    let body = "
        (drop (call $spawn (i32.const 16) (i32.const 38) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
        (drop (call $spawn (i32.const 1024) (i32.const 20000) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0)))
        (drop (call $kv-put (i32.const 16) (i32.const 38) (i32.const 16) (i32.const 38) (i32.const 0) (i32.const 0)))";
    let outcome = Court::new().run("forger", &module(&items, body));
    assert_eq!(outcome.reason, ExitReason::Normal);
    assert_eq!(outcome.denied.len(), 3);
    for record in &outcome.denied {
        for text in [&record.sentence, &record.target] {
            assert_harmless(text);
            assert!(text.len() < 4_096, "{} bytes", text.len());
        }
    }
    assert!(
        outcome.denied[0]
            .sentence
            .contains("\\u{1b}[2Jwor\\u{202e}ker"),
        "{}",
        outcome.denied[0].sentence
    );
}

/// A registered name may hold any printable text, and a direction mark in it is escaped where the name is shown.
#[test]
fn a_registered_name_cannot_forge_a_denial() {
    let court = Court::new();
    let program = probe(&court.scenario, GuestPath::Core);
    assert!(
        Name::new("a\u{1b}b").is_err(),
        "control characters are in no name"
    );
    let name = Name::new("a\u{202e}b").unwrap();
    let stranger = court
        .scenario
        .runtime
        .spawn(scripted("stranger", &program, "forget").name(name))
        .unwrap();
    let script = format!("kill {}", stranger.pid().as_u64());
    let outcome = court.run_as(
        nothing(),
        "attacker",
        &guest("actor_probe", GuestPath::Core),
        script.split(' '),
    );
    let [record] = outcome.denied.as_slice() else {
        panic!("{:#?}", outcome.denied)
    };
    assert_harmless(&record.sentence);
    assert!(
        record.sentence.contains("a\\u{202e}b"),
        "{}",
        record.sentence
    );
    stranger.kill();
}

/// Names of functions, which a crash report shows, are escaped as well, and a crash text has a bounded length.
#[test]
fn a_crash_cannot_forge_its_report() {
    let long = "n".repeat(50_000);
    for name in [
        "\\1b]0;title\\07",
        "a\\0d\\0aforged: line",
        "\\e2\\80\\ae",
        &long,
    ] {
        let wat = format!(r#"(module (func (@name "{name}") (export "_start") unreachable))"#);
        let outcome = Court::new().run("crasher", &wat::parse_str(&wat).unwrap());
        let text = outcome.reason.to_string();
        assert!(matches!(outcome.reason, ExitReason::Trap(_)), "{text}");
        assert_harmless(&text);
        assert!(text.len() < 8_192, "{} bytes", text.len());
    }
}
