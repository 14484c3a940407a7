//! Handles of resources: forged, dropped, taken for another kind, and taken without end.

use super::arena::fight;
use super::attack::{Attack, component, component_of, times};
use crate::forge::Wasi;
use rusm_caps::{Limits, Profile};
use rusm_core::Limit;

const POLLABLE: &[&str] = &[
    "subscribe-duration",
    "poll#poll",
    "[method]pollable.block",
    "[method]pollable.ready",
    "poll#[resource-drop]pollable",
    "get-stdout",
    "streams#[resource-drop]output-stream",
];

const STREAMS: &[&str] = &[
    "get-stdin",
    "get-stdout",
    "[method]input-stream.read",
    "[method]input-stream.blocking-read",
    "[method]input-stream.skip",
    "[method]input-stream.subscribe",
    "[method]output-stream.check-write",
    "[method]output-stream.write",
    "[method]output-stream.write-zeroes",
    "[method]output-stream.blocking-write-and-flush",
    "[method]output-stream.blocking-write-zeroes-and-flush",
    "[method]output-stream.splice",
    "[method]output-stream.subscribe",
    "streams#[resource-drop]input-stream",
    "streams#[resource-drop]output-stream",
    "poll#[resource-drop]pollable",
    "error#[method]error.to-debug-string",
];

/// A pollable that is ready at once, in `$n`.
const NEW: &str = "(local.set $n (call $subscribe-duration (i64.const 0)))";

pub(super) fn attacks() -> Vec<Attack> {
    let lists = [forged(), streams(), endless(), too_many(), concurrent()];
    lists.into_iter().flatten().collect()
}

fn polls(name: &'static str, body: &str) -> Attack {
    component(name, POLLABLE, body)
}

/// Handles that are none.
fn forged() -> Vec<Attack> {
    vec![
        polls("waiting for a handle that nobody gave out", "(call $pollable.block (i32.const 7))")
            .traps("unknown handle index 7"),
        polls("handle 0", "(call $pollable.block (i32.const 0))").traps("unknown handle index 0"),
        polls("the last of all handles", "(call $pollable.block (i32.const -1))")
            .traps("unknown handle index 4294967295"),
        polls("dropping what nobody gave out", "(call $drop-pollable (i32.const 9))")
            .traps("unknown handle index 9"),
        polls(
            "dropping twice",
            &format!("{NEW} (call $drop-pollable (local.get $n)) (call $drop-pollable (local.get $n))"),
        )
        .traps("unknown handle index"),
        polls(
            "using what was dropped",
            &format!("{NEW} (call $drop-pollable (local.get $n)) (drop (call $pollable.ready (local.get $n)))"),
        )
        .traps("unknown handle index"),
        polls("a stream for something to wait for", "(call $pollable.block (call $get-stdout))")
            .traps("handle index 1 used with the wrong type"),
        polls("dropping a stream as something to wait for", "(call $drop-pollable (call $get-stdout))")
            .traps("handle index 1 used with the wrong type"),
        polls(
            "waiting for one thing sixteen thousand times at once",
            &format!(
                "{NEW} (memory.fill (i32.const 0) (i32.const 0) (i32.const 65000))
                (i32.store (i32.const 0) (local.get $n)) (memory.copy (i32.const 4) (i32.const 0) (i32.const 4))
                (memory.copy (i32.const 8) (i32.const 0) (i32.const 8)) (memory.copy (i32.const 16) (i32.const 0) (i32.const 16))
                (call $poll (i32.const 0) (i32.const 8) (i32.const 64))"
            ),
        ),
        polls("waiting for nothing", "(call $poll (i32.const 0) (i32.const 0) (i32.const 64))").traps("empty"),
        polls(
            "waiting for one thing that is and one that is not",
            &format!(
                "{NEW} (i32.store (i32.const 0) (local.get $n)) (i32.store (i32.const 4) (i32.const 77))
                (call $poll (i32.const 0) (i32.const 2) (i32.const 64))"
            ),
        )
        .traps("unknown handle index 77"),
        polls(
            "waiting for more things than there is memory",
            "(call $poll (i32.const 0) (i32.const 0x40000001) (i32.const 64))",
        )
        .traps("out of bounds"),
    ]
}

/// Streams used as their documents forbid.
fn streams() -> Vec<Attack> {
    let on = |name, body: &str| component(name, STREAMS, body);
    vec![
        on(
            "writing without asking how much",
            "(call $output-stream.write (call $get-stdout) (i32.const 0) (i32.const 60000) (i32.const 64))",
        )
        .ends_somehow(),
        on(
            "printing more zeros than there are",
            "(call $output-stream.write-zeroes (call $get-stdout) (i64.const -1) (i32.const 64))",
        )
        .traps("cannot write more zeroes"),
        on(
            "printing more zeros than there are, and waiting for it",
            "(call $output-stream.blocking-write-zeroes-and-flush (call $get-stdout) (i64.const -1) (i32.const 64))",
        )
        .traps("Buffer too large"),
        on(
            "printing more at once than may be",
            "(call $output-stream.blocking-write-and-flush (call $get-stdout) (i32.const 0) (i32.const 65000) (i32.const 65008))",
        )
        .traps("Buffer too large"),
        on(
            "reading all there could ever be",
            "(call $input-stream.read (call $get-stdin) (i64.const -1) (i32.const 64))
            (call $input-stream.blocking-read (call $get-stdin) (i64.const -1) (i32.const 64))
            (call $input-stream.skip (call $get-stdin) (i64.const -1) (i32.const 64))",
        ),
        on(
            "a stream that reads from itself",
            "(local.set $n (call $get-stdout))
            (call $output-stream.splice (local.get $n) (local.get $n) (i64.const -1) (i32.const 64))",
        )
        .traps("used with the wrong type"),
        on(
            "all input to the output",
            "(call $output-stream.splice (call $get-stdout) (call $get-stdin) (i64.const -1) (i32.const 64))",
        ),
        on(
            "dropping a stream while something waits for it",
            "(local.set $n (call $get-stdin)) (drop (call $input-stream.subscribe (local.get $n)))
            (call $drop-input-stream (local.get $n))",
        )
        .traps("resource has children"),
        on(
            "dropping an output as an input",
            "(call $drop-input-stream (call $get-stdout))",
        )
        .traps("used with the wrong type"),
        on(
            "the text of an error that never was",
            "(call $error.to-debug-string (i32.const 5) (i32.const 64))",
        )
        .traps("unknown handle index 5"),
    ]
}

/// As many as there are, and one more.
fn endless() -> Vec<Attack> {
    vec![
        polls(
            "a million things to wait for",
            &times(1_000_000, "(drop (call $subscribe-duration (i64.const 0)))"),
        )
        .runs_into(Limit::Memory),
        component("a million handles of one stream", STREAMS, &times(1_000_000, "(drop (call $get-stdout))"))
            .runs_into(Limit::Memory),
        component("a million handles of a closed stream", STREAMS, &times(1_000_000, "(drop (call $get-stdin))"))
            .runs_into(Limit::Memory),
        component(
            "a million things to wait for of one stream",
            STREAMS,
            &format!(
                "(local $stream i32) (local.set $stream (call $get-stdout)) {}",
                times(1_000_000, "(drop (call $output-stream.subscribe (local.get $stream)))")
            ),
        )
        .runs_into(Limit::Memory),
        component(
            "a million networks",
            &["instance-network"],
            &times(1_000_000, "(drop (call $instance-network))"),
        )
        .runs_into(Limit::Memory),
        component(
            "ten thousand sockets",
            &["create-tcp-socket", "create-udp-socket"],
            &times(
                10_000,
                "(call $create-tcp-socket (i32.const 0) (i32.const 64)) (call $create-udp-socket (i32.const 0) (i32.const 64))
                (call $check (i32.load8_u (i32.const 64)))",
            ),
        ),
        polls(
            "a hundred thousand handles, one at a time",
            &times(100_000, "(call $drop-pollable (call $subscribe-duration (i64.const 0)))"),
        ),
        component(
            "zeros without end",
            STREAMS,
            &times(
                1_000,
                "(call $output-stream.blocking-write-zeroes-and-flush (call $get-stdout) (i64.const 4096) (i32.const 64))",
            ),
        )
        .runs_into(Limit::Output),
    ]
}

/// The public network with few handles: whoever may have sockets and look-ups is told when there is no further one.
fn few_handles() -> Profile {
    let few = |limits: &mut Limits| limits.max_handles = 32;
    let profile = Profile::network_client().to_builder("few").with_limits(few);
    profile.build().expect("a small bound is one")
}

/// The last of a loop's results, at 64, is this error.
fn last_is(error: u8) -> String {
    format!(
        "(call $check (i32.load8_u (i32.const 64)))
         (call $check (i32.eq (i32.load8_u (i32.const 68)) (i32.const {error})))"
    )
}

/// One more than its handles, answered by the error that WASI has for that.
fn too_many() -> Vec<Attack> {
    const NEW_SOCKET_LIMIT: u8 = 10;
    const OUT_OF_MEMORY: u8 = 4;
    const OUT_OF_MEMORY_03: u8 = 3;
    let loops = |call: &str, error| format!("{} {}", times(33, call), last_is(error));
    vec![
        component(
            "a stream socket too many",
            &["create-tcp-socket"],
            &loops("(call $create-tcp-socket (i32.const 0) (i32.const 64))", NEW_SOCKET_LIMIT),
        )
        .under(few_handles()),
        component(
            "a datagram socket too many",
            &["create-udp-socket"],
            &loops("(call $create-udp-socket (i32.const 0) (i32.const 64))", NEW_SOCKET_LIMIT),
        )
        .under(few_handles()),
        component(
            "a look-up too many",
            &["instance-network", "resolve-addresses"],
            &format!(
                "(local $network i32) (local.set $network (call $instance-network)) {}",
                loops(
                    "(call $resolve-addresses (local.get $network) (i32.const 256) (i32.const 9) (i32.const 64))",
                    OUT_OF_MEMORY
                )
            ),
        )
        .defining(r#"(data (i32.const 256) "localhost")"#)
        .under(few_handles()),
        component_of(
            Wasi::V03,
            "a socket too many, of WASI 0.3",
            &["[static]tcp-socket.create"],
            &loops("(call $tcp-socket.create (i32.const 0) (i32.const 64))", OUT_OF_MEMORY_03),
        )
        .under(few_handles()),
    ]
}

/// The same of WASI 0.3.
fn concurrent() -> Vec<Attack> {
    vec![
        component_of(
            Wasi::V03,
            "ten thousand sockets, of WASI 0.3",
            &["[static]tcp-socket.create"],
            &times(
                10_000,
                "(call $tcp-socket.create (i32.const 0) (i32.const 64)) (call $check (i32.load8_u (i32.const 64)))",
            ),
        ),
        component_of(
            Wasi::V03,
            "a wait for the year 580,000,000",
            &["monotonic-clock#wait-until"],
            "(call $begins) (call $wait-until (i64.const -1))",
        )
        .goes_on(),
    ]
}

#[test]
fn handles_that_lie_end_their_guest_alone() {
    fight(&attacks());
}
