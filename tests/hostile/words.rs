//! Words that look like others, or that steer whoever reads them: in names, groups, lines, reasons, crash texts and load errors.

use super::arena::{Arena, fight};
use super::attack::{Attack, both, core, core_with, scene, wat};
use crate::app::scripted;
use crate::support::GuestPath;
use crate::trial::{Outcome, nothing};
use rusm_caps::is_steering;
use rusm_core::{ExitReason, Limit, Name, RuntimeEvent};

pub(super) fn attacks() -> Vec<Attack> {
    let lists = [names(), ends(), errors(), output()];
    lists.into_iter().flatten().collect()
}

/// Nothing that the node shows of it steers a terminal or forges a line.
fn harmless(outcome: &Outcome) {
    let steers = |text: &str| text.chars().any(is_steering);
    for line in &outcome.lines {
        assert!(!steers(line), "{line:?}");
    }
    for record in &outcome.denied {
        assert!(
            !steers(&record.sentence) && !steers(&record.target),
            "{record:?}"
        );
    }
}

/// Names that a reader takes for another's.
fn names() -> Vec<Attack> {
    // None of them is the name, so nobody is found under it, and what is sent to it reaches nobody.
    let looks_like = |name, text: &str| {
        let bytes: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
        let length = text.len();
        let items = format!(r#"(data (i32.const 0) "{bytes}")"#);
        let body = format!(
            "(call $check (i64.eqz (call $whereis (i32.const 0) (i32.const {length}))))
            (call $check (i32.eqz (call $register (i32.const 0) (i32.const {length}))))
            (call $check (i64.eq (call $self) (call $whereis (i32.const 0) (i32.const {length}))))
            (call $check (i32.eq (i32.const -1) (call $spawn (i32.const 0) (i32.const {length}) (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 16))))
            (call $check (i32.eq (i32.const -1) (call $kv-get (i32.const 0) (i32.const {length}) (i32.const 0) (i32.const {length})
                (i32.const 64) (i32.const 16))))"
        );
        core_with(name, &items, &body)
            .denied(&["spawn", "storage"])
            .shows(harmless)
    };
    let is_no_name = |name, bytes: &str, length: usize| {
        let body = format!(
            "(call $check (i32.eq (i32.const -8) (call $register (i32.const 0) (i32.const {length}))))
            (call $check (i64.eqz (call $whereis (i32.const 0) (i32.const {length}))))"
        );
        core_with(name, &format!(r#"(data (i32.const 0) "{bytes}")"#), &body)
    };
    vec![
        looks_like("a name with a letter of another alphabet", "w\u{456}tness"),
        looks_like("a name with a letter of no width", "wit\u{200b}ness"),
        looks_like(
            "a name that reads from right to left",
            "\u{202e}ssentiw\u{202c}",
        ),
        looks_like("a name with a mark for emptiness", "witness\u{2060}"),
        looks_like("a name with an accent of its own", "witness\u{301}"),
        looks_like(
            "a name in letters of full width",
            "\u{ff57}\u{ff49}\u{ff54}\u{ff4e}\u{ff45}\u{ff53}\u{ff53}",
        ),
        looks_like("a name in capitals", "WITNESS"),
        looks_like("a name with a space behind it", "witness "),
        looks_like("a name that looks like a pid", "<0.1.1>"),
        looks_like(
            "a name that looks like a line of the log",
            "api (pid 0.7.12) may not connect",
        ),
        looks_like("a name that is a path", "../../witness"),
        looks_like("a name of 63 faces", &"\u{1f600}".repeat(63)),
        is_no_name("a name with a line break", "a\\0ab", 3),
        is_no_name("a name that begins an order to the terminal", "\\1b[2J", 4),
        is_no_name(
            "a name with an order of one byte to the terminal",
            "a\\c2\\9bb",
            4,
        ),
        is_no_name("a name that rings a bell", "\\07", 1),
        scene(
            "the end of one whose name reads from right to left",
            strange_end,
        ),
    ]
}

/// What is reported of its crash does not steer whoever reads it.
fn strange_end(arena: &Arena, path: GuestPath) {
    let runtime = &arena.court.scenario.runtime;
    let name = Name::new("evil\u{202e}lamron\u{2066}").expect("it is a name");
    let crasher = scripted(
        "crasher\u{202e}",
        arena.probe(path),
        "panic \u{1b}[31m\u{202e}all is well",
    )
    .name(name);
    let crasher = runtime
        .spawn(crasher.profile(nothing()))
        .expect("there is room for it");
    let reason = crasher.wait();
    assert!(matches!(reason, ExitReason::Trap(_)), "{reason}");
    assert!(!reason.to_string().chars().any(is_steering), "{reason:?}");
    let mut n_lines = 0;
    for event in arena.court.scenario.recorder.events() {
        if let RuntimeEvent::GuestLine { line, .. } = event {
            assert!(!line.chars().any(is_steering), "{line:?}");
            n_lines += 1;
        }
    }
    assert!(n_lines > 0, "a panic prints");
}

/// Reasons that lie about how it ended.
fn ends() -> Vec<Attack> {
    let exits = |name, record: &str, length: usize| {
        let items = format!(r#"(data (i32.const 0) "{record}")"#);
        core_with(
            name,
            &items,
            &format!("(call $exit (i32.const 0) (i32.const {length}))"),
        )
    };
    vec![
        exits("an end that calls itself killed", "\\02\\00\\00\\00\\00\\00\\00\\00", 8).shows_end(|reason| {
            assert!(!matches!(reason, ExitReason::Trap(_)), "{reason}");
        }),
        exits("an end that calls itself a trap", "\\05\\00\\00\\00\\00\\00\\00\\00\\04\\00\\00\\00oops", 16).shows_end(|_| ()),
        exits("an end that calls itself a breach of memory", "\\07\\00\\00\\00\\00\\00\\00\\00", 8).shows_end(|_| ()),
        exits("an end that calls itself not started", "\\06\\00\\00\\00\\00\\00\\00\\00\\04\\00\\00\\00oops", 16).shows_end(|_| ()),
        core(
            "an end of 60,000 letters",
            "(memory.fill (i32.const 0) (i32.const 120) (i32.const 65000)) (i64.store (i32.const 0) (i64.const 8))
            (i32.store (i32.const 8) (i32.const 60000)) (call $exit (i32.const 0) (i32.const 60012))",
        )
        .shows_end(|reason| assert!(reason.to_string().len() < 5_000, "{} bytes", reason.to_string().len())),
        both("a crash that prints orders to the terminal", "panic \u{1b}]0;owned\u{7}\u{9b}2J\u{202e}").traps("").shows(harmless),
        both("orders to the terminal by every stream", "print \u{1b}[2J\u{202e} then print-error \u{7}\u{9b}31m then print-hostile")
            .shows(harmless),
    ]
}

/// Words in code that was never run.
fn errors() -> Vec<Attack> {
    vec![
        wat(
            "an import whose name clears the screen",
            r#"(module (import "\1b[2J\0d\0aapi (pid 0.1.1)" "\e2\80\ae" (func)) (func (export "_start")))"#,
        )
        .fails_to_load("\\u{1b}[2J\\u{d}"),
        wat(
            "an export whose name is a line of the log",
            r#"(module (func (export "\0d\0aERROR all is lost")))"#,
        )
        .fails_to_load("_start"),
        wat(
            "a module called by an order to the terminal",
            r#"(module $"\1b[2J\u{202e}" (func $"\1b]0;owned\07" (export "_start") unreachable))"#,
        )
        .traps("unreachable")
        .shows_end(|reason| assert!(!reason.to_string().chars().any(is_steering), "{reason:?}")),
        wat(
            "a function whose name is four thousand lines",
            format!(r#"(module (func $"{}" (export "_start") unreachable))"#, "\\0a".repeat(4_000)),
        )
        .traps("unreachable")
        .shows_end(|reason| {
            let text = reason.to_string();
            assert!(!text.contains('\n') && text.len() < 8_192, "{} bytes", text.len());
        }),
    ]
}

/// Lines.
fn output() -> Vec<Attack> {
    let print = |name, fill: u32, length: u32, n: u32| {
        let body = format!(
            "(memory.fill (i32.const 64) (i32.const {fill}) (i32.const {length}))
            (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const {length}))
            {}",
            super::attack::times(
                n,
                "(drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))"
            )
        );
        core(name, &body).shows(harmless)
    };
    let few = || {
        let builder = nothing()
            .to_builder("terse")
            .with_limits(|limits| limits.max_output_bytes = 64 << 10);
        builder.build().expect("it can be honoured")
    };
    vec![
        print("one line that never ends", 120, 60_000, 1_000).runs_into(Limit::Output),
        print("a line without an end, and then none", 120, 60_000, 10).shows(|outcome| {
            assert!(outcome.lines.concat().len() <= 600_000, "{} bytes", outcome.lines.concat().len());
        }),
        print("sixty thousand empty lines at once, again and again", 10, 60_000, 10).under(few()).runs_into(Limit::Output),
        print("lines of nothing but orders to the terminal", 27, 60_000, 1).under(few()),
        print("lines of no alphabet", 255, 60_000, 1).under(few()),
        core(
            "a letter of four bytes, one byte at a time",
            "(i32.store (i32.const 64) (i32.const 0x80989ff0)) (i32.store (i32.const 4) (i32.const 1)) (i32.store (i32.const 0) (i32.const 64))
            (loop $l (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
                (i32.store (i32.const 0) (i32.add (i32.load (i32.const 0)) (i32.const 1)))
                (br_if $l (i32.lt_u (i32.load (i32.const 0)) (i32.const 68))))",
        )
        .says(&["\u{1f600}"]),
        core(
            "both streams, a byte in turn",
            "(i32.store (i32.const 64) (i32.const 0x0a0a6261)) (i32.store (i32.const 4) (i32.const 1))
            (local.set $n (i32.const 1000))
            (loop $l
                (i32.store (i32.const 0) (i32.const 64)) (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
                (i32.store (i32.const 0) (i32.const 65)) (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 16)))
                (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))",
        )
        .shows(|outcome| {
            assert!(outcome.lines.iter().all(|line| line.chars().all(|letter| letter == 'a') || line.chars().all(|letter| letter == 'b')));
            assert_eq!(outcome.lines.concat().len(), 2_000);
        }),
        both("more lines than may be", "print-many 100000 word").under(few()).runs_into(Limit::Output),
        core(
            "output after it was refused",
            "(i32.store (i32.const 4) (i32.const 60000))
            (loop $l (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 65000)))
                (drop (call $fd_write (i32.const 2) (i32.const 0) (i32.const 1) (i32.const 65000))) (br $l))",
        )
        .under(few())
        .runs_into(Limit::Output),
    ]
}

#[test]
fn words_neither_pass_for_others_nor_steer() {
    fight(&attacks());
}
