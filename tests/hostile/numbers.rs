//! Pointers, lengths and counts that lie, one by one; `pointers.rs` walks all imports with the same few lies.

use super::arena::fight;
use super::attack::{Attack, component, component_of, core, core_with, times};
use crate::forge::Wasi;
use crate::stage::actor;
use rusm_core::Limit;

const OUTSIDE: &str = "are not all inside the memory";
const CUT: &str = "cannot be read";
const NO_TEXT: &str = "is not UTF-8";

pub(super) fn attacks() -> Vec<Attack> {
    let lists = [raw_places(), raw_records(), texts(), preview1(), lowered()];
    lists.into_iter().flatten().chain(reallocations()).collect()
}

/// Where bytes lie, and how many there are.
fn raw_places() -> Vec<Attack> {
    vec![
        core(
            "a length that overflows its pointer",
            "(drop (call $whereis (i32.const -1) (i32.const -1)))",
        )
        .traps(OUTSIDE),
        core(
            "a length that wraps around to the beginning",
            "(drop (call $whereis (i32.const 16) (i32.const -8)))",
        )
        .traps(OUTSIDE),
        core(
            "a name that ends one byte behind the memory",
            "(drop (call $register (i32.const 65535) (i32.const 2)))",
        )
        .traps(OUTSIDE),
        core(
            "a pointer that is negative to whoever signs it",
            "(drop (call $send (call $self) (i32.const 0) (i32.const 0) (i64.const 1) (i32.const 0x80000000) (i32.const 1)))",
        )
        .traps(OUTSIDE),
        core(
            "a payload of 4 GiB less one byte",
            "(drop (call $send (call $self) (i32.const 0) (i32.const 0) (i64.const 1) (i32.const 0) (i32.const -1)))",
        )
        .traps(OUTSIDE),
        core(
            "nothing at a place that is nowhere",
            "(call $check (i32.eqz (call $send (call $self) (i32.const 0) (i32.const 0) (i64.const 1) (i32.const -1) (i32.const 0))))
            (call $check (i32.eq (i32.const 32) (call $receive (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 32))))",
        ),
        core(
            "the last byte of the memory as a name",
            "(i32.store8 (i32.const 65535) (i32.const 97))
            (call $check (i32.eqz (call $register (i32.const 65535) (i32.const 1))))
            (call $check (i64.eq (call $whereis (i32.const 65535) (i32.const 1)) (call $self)))",
        ),
        core(
            "a spawn whose answer has no place starts nobody",
            "(i32.store (i32.const 0) (i32.const 0x75646f6d)) (i32.store16 (i32.const 4) (i32.const 0x656c))
            (drop (call $spawn (i32.const 0) (i32.const 6) (i32.const 0) (i32.const 0) (i32.const 65530) (i32.const 16)))",
        )
        .under(actor("spawner", |_| ()))
        .traps(OUTSIDE),
        core(
            "a message received into nowhere",
            "(drop (call $send (call $self) (i32.const 0) (i32.const 0) (i64.const 1) (i32.const 0) (i32.const 8)))
            (drop (call $receive (i32.const 0) (i32.const 0) (i64.const 0) (i32.const -40) (i32.const 41)))",
        )
        .traps(OUTSIDE),
        core(
            "what waits is taken into nowhere",
            "(call $begins) (call $check (i32.eq (i32.const 8) (call $members (i32.const 65500) (i32.const 5) (i32.const 0) (i32.const 0))))
            (drop (call $take (i32.const 65535) (i32.const 8)))",
        )
        .traps(OUTSIDE),
        core(
            "what waits is taken with all the room there is not",
            "(call $begins) (drop (call $members (i32.const 65500) (i32.const 5) (i32.const 0) (i32.const 0)))
            (drop (call $take (i32.const 8) (i32.const -1)))",
        )
        .traps(OUTSIDE),
        core(
            "what waited is taken twice, and then what another call discarded",
            "(call $begins) (drop (call $members (i32.const 65500) (i32.const 5) (i32.const 0) (i32.const 0)))
            (call $check (i32.eq (i32.const 8) (call $take (i32.const 0) (i32.const 8))))
            (call $check (i32.eqz (call $take (i32.const 0) (i32.const 8))))
            (drop (call $members (i32.const 65500) (i32.const 5) (i32.const 0) (i32.const 0)))
            (drop (call $self))
            (call $check (i32.eqz (call $take (i32.const 0) (i32.const 8))))",
        ),
        core(
            "an answer over the name that was asked for",
            "(call $begins) (call $check (i32.eq (i32.const 8) (call $members (i32.const 65500) (i32.const 5) (i32.const 65499) (i32.const 8))))
            (call $check (i64.eq (i64.load (i32.const 65499)) (call $self)))",
        ),
    ]
}

/// What lies there.
fn raw_records() -> Vec<Attack> {
    let selector =
        r#"(data (i32.const 0) "\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\00\fe\ff\ff\ff")"#;
    // No flags and no bounds; no name, no profile; then as many arguments as fit nowhere.
    let no_bounds = "\\ff".repeat(20);
    let options = format!(
        r#"(data (i32.const 0) "\00\00\00\00{no_bounds}\ff\ff\ff\ff\ff\ff\ff\ff\f0\ff\ff\ff")"#
    );
    let reason = r#"(data (i32.const 0) "\08\00\00\00\00\00\00\00\f0\ff\ff\ff")"#;
    let limit = r#"(data (i32.const 0) "\07\00\00\00\63\00\00\00")"#;
    let ops = r#"(data (i32.const 0) "\ff\ff\ff\ff")"#;
    vec![
        core_with(
            "a selector that promises four billion tags",
            selector,
            "(drop (call $receive (i32.const 0) (i32.const 20) (i64.const 0) (i32.const 64) (i32.const 64)))",
        )
        .traps(CUT),
        core_with(
            "options that promise four billion arguments",
            &options,
            "(drop (call $spawn (i32.const 65500) (i32.const 5) (i32.const 0) (i32.const 36) (i32.const 64) (i32.const 64)))",
        )
        .under(actor("spawner", |_| ()))
        .traps(CUT),
        core_with(
            "a reason whose text is 4 GiB long",
            reason,
            "(call $exit (i32.const 0) (i32.const 12))",
        )
        .traps(CUT),
        core_with(
            "a bound that there is none of",
            limit,
            "(call $exit (i32.const 0) (i32.const 8))",
        )
        .traps(CUT),
        core_with(
            "a transaction of four billion operations",
            ops,
            "(drop (call $kv-transact (i32.const 65500) (i32.const 5) (i32.const 0) (i32.const 4)))",
        )
        .traps(CUT),
        core(
            "a page of four billion pairs",
            "(call $check (i32.eq (i32.const -1) (call $kv-list (i32.const 65500) (i32.const 5) (i32.const 0) (i32.const 0)
                (i32.const 0) (i32.const -1) (i32.const -1) (i32.const 0) (i32.const 0))))",
        )
        .denied(&["storage"]),
        core(
            "pid 0",
            "(drop (call $kill (i64.const 0)))",
        )
        .traps("0 was given as a pid"),
        core(
            "a timer in half a billion years",
            "(call $check (i32.eq (i32.const 8) (call $send-after (i64.const -1) (call $self) (i32.const 0) (i32.const 0) (i64.const 1)
                (i32.const 0) (i32.const 9) (i32.const 64) (i32.const 8))))
            (call $check (i64.gt_u (call $cancel-timer (i64.load (i32.const 64))) (i64.const 3000000000000)))
            (call $check (i64.eq (call $cancel-timer (i64.load (i32.const 64))) (i64.const -9)))",
        ),
        core(
            "timers that its end leaves behind",
            &times(
                100,
                "(drop (call $send-after (i64.const 86400000) (call $self) (i32.const 0) (i32.const 0) (i64.const 1)
                    (i32.const 0) (i32.const 9) (i32.const 64) (i32.const 8)))",
            ),
        ),
    ]
}

/// Bytes that are no text, or no name.
fn texts() -> Vec<Attack> {
    let data = |bytes: &str| format!(r#"(data (i32.const 0) "{bytes}")"#);
    let register = "(drop (call $register (i32.const 0) (i32.const 3)))";
    vec![
        core_with("bytes of no alphabet as a name", &data(r"\ff\fe\fd"), register).traps(NO_TEXT),
        core_with("half a pair of surrogates as a name", &data(r"\ed\a0\80"), register).traps(NO_TEXT),
        core_with("a zero written longer than it is", &data(r"\c0\80a"), register).traps(NO_TEXT),
        core_with(
            "a name with a zero in its midst",
            &data(r"a\00b"),
            "(call $check (i32.eq (i32.const -8) (call $register (i32.const 0) (i32.const 3))))",
        ),
        core_with(
            "a name of 256 letters",
            &data(&"n".repeat(256)),
            "(call $check (i32.eq (i32.const -8) (call $register (i32.const 0) (i32.const 256))))
            (call $check (i32.eqz (call $register (i32.const 0) (i32.const 255))))",
        ),
        core_with(
            "a group that is called nothing",
            "",
            "(call $join (i32.const 0) (i32.const 0))",
        )
        .traps("was given as a name is none"),
        core_with(
            "a permission written with a letter of another alphabet",
            &data(r"s\d1\80awn"),
            "(call $drop (i32.const 0) (i32.const 6))",
        )
        .traps("no permission is called"),
        component(
            "a component's name of no alphabet",
            &[],
            "(i32.store (i32.const 0) (i32.const 0xfdfeff)) (call $join (i32.const 0) (i32.const 3))",
        )
        .traps("utf-8"),
    ]
}

/// The same by way of WASI.
fn preview1() -> Vec<Attack> {
    vec![
        core(
            "one page printed a hundred times",
            &times(
                100,
                "(i32.store (i32.const 4) (i32.const 60000))
                (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64000)))",
            ),
        )
        .runs_into(Limit::Output),
        core(
            "four billion vectors to write",
            "(drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const -1) (i32.const 64)))",
        )
        .ends_somehow(),
        core(
            "vectors that lie behind the memory",
            "(i32.store (i32.const 0) (i32.const 65535)) (i32.store (i32.const 4) (i32.const 2))
            (call $check (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))",
        )
        .ends_somehow(),
        core(
            "four billion random bytes",
            "(call $check (call $random_get (i32.const 0) (i32.const -1)))",
        )
        .runs_into(Limit::Memory),
        core(
            "four billion things to wait for",
            "(call $check (call $poll_oneoff (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 64)))",
        )
        .ends_somehow(),
        core(
            "a time written over the edge",
            "(call $check (call $clock_time_get (i32.const 0) (i64.const 1) (i32.const 65532)))",
        )
        .ends_somehow(),
        core(
            "its own arguments over the edge",
            "(call $check (call $args_get (i32.const 65534) (i32.const 65535)))",
        )
        .with("some arguments")
        .ends_somehow(),
    ]
}

/// Values of a component that are none of their types.
fn lowered() -> Vec<Attack> {
    let send = &["send"][..];
    vec![
        component(
            "a string that overflows its pointer",
            &["whereis"],
            "(call $whereis (i32.const -1) (i32.const -1) (i32.const 64))",
        )
        .traps("out of bounds"),
        component(
            "an answer with no place",
            &["parent"],
            "(call $parent (i32.const -8))",
        )
        .traps("out of bounds"),
        component(
            "an answer at an odd place",
            &["parent"],
            "(call $parent (i32.const 1))",
        )
        .traps("aligned"),
        component(
            "a destination that is neither pid nor name",
            send,
            "(call $send (i32.const 7) (i64.const 1) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i32.const 64))",
        )
        .traps("discriminant"),
        component(
            "a payload of 4 GiB less one byte, by a component",
            send,
            "(call $send (i32.const 0) (i64.const 1) (i32.const 0) (i64.const 0) (i32.const 0) (i32.const -1) (i32.const 64))",
        )
        .traps("out of bounds"),
        component(
            "arguments whose count times their size wraps around",
            &["spawn"],
            // The parameters lie in memory: component, options, and among them the list of arguments.
            "(i32.store (i32.const 20) (i32.const 0)) (i32.store (i32.const 24) (i32.const 0x20000001))
            (call $spawn (i32.const 0) (i32.const 512))",
        )
        .under(actor("spawner", |_| ()))
        .traps("out of bounds"),
        component(
            "a kind of reason that there is none of",
            &["process#exit"],
            "(call $exit (i32.const 99) (i32.const 0) (i32.const 0))",
        )
        .traps("discriminant"),
        component(
            "pid 0 from a component",
            &["control#kill"],
            "(call $kill (i64.const 0) (i32.const 64))",
        )
        .traps("0 was given as a pid"),
        component(
            "all random numbers at once",
            &["get-random-bytes"],
            "(call $get-random-bytes (i64.const -1) (i32.const 64))",
        )
        .runs_into(Limit::Memory),
        component(
            "all insecure random numbers at once",
            &["get-insecure-random-bytes"],
            "(call $get-insecure-random-bytes (i64.const -1) (i32.const 64))",
        )
        .runs_into(Limit::Memory),
        component_of(
            Wasi::V03,
            "all random numbers at once, of WASI 0.3",
            &["get-random-bytes"],
            "(call $get-random-bytes (i64.const -1) (i32.const 64))",
        )
        .traps("beyond end of memory"),
    ]
}

/// The host asks a component where to put something, and is told lies.
fn reallocations() -> Vec<Attack> {
    let asks = |name| {
        let body = "(call $begins) (call $begins) (call $members (i32.const 65500) (i32.const 5) (i32.const 64))";
        component(name, &["members"], body)
    };
    vec![
        asks("room behind the memory")
            .reallocating("(i32.const -8)")
            .traps("beyond end of memory"),
        asks("room at an odd place")
            .reallocating("(i32.const 32769)")
            .traps("aligned"),
        asks("room over the edge")
            .reallocating("(i32.const 65528)")
            .traps("beyond end of memory"),
        asks("a trap instead of room")
            .reallocating("(unreachable)")
            .traps("unreachable"),
        asks("room that is looked for in a loop without end")
            .reallocating("(loop $l (br $l)) (unreachable)")
            .goes_on(),
        asks("room that is looked for ever deeper")
            .reallocating(
                "(call $members (i32.const 65500) (i32.const 5) (i32.const 64)) (i32.const 32768)",
            )
            .traps("cannot leave component instance"),
    ]
}

#[test]
fn numbers_that_lie_end_their_guest_alone() {
    fight(&attacks());
}
