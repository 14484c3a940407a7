//! Reads and writes without end, and writes whose writers are gone before they are done.

use super::{KV, bounded, data, goes_on, kill, own, runs};
use crate::hostile::arena::Arena;
use crate::hostile::attack::{Attack, both, component, core_with, scene};
use crate::support::GuestPath;
use rusm_caps::Profile;
use rusm_core::{Limit, ProcessHandle};
use std::time::Duration;

/// Reading and writing for ever: others go on, and a kill ends it.
pub(super) fn endless() -> Vec<Attack> {
    let place = "(i32.const 0) (i32.const 4)";
    let mine = data(0, b"mine");
    let raw = |name, call: &str| {
        core_with(
            name,
            &mine,
            &format!("(call $begins) (loop $l (drop (call {call})) (br $l))"),
        )
        .under(own())
        .goes_on()
    };
    let typed = |name, call: &str| {
        let body = format!("(call $begins) (loop $l (call {call} (i32.const 4096)) (br $l))");
        component(name, KV, &body)
            .defining(&mine)
            .under(own())
            .goes_on()
    };
    vec![
        raw(
            "reads without end",
            &format!("$kv-get {place} {place} (i32.const 64) (i32.const 64)"),
        ),
        raw(
            "pages without end",
            &format!(
                "$kv-list {place} (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 1000) (i32.const 64) (i32.const 60000)"
            ),
        ),
        raw(
            "writes without end",
            &format!("$kv-put {place} {place} {place}"),
        ),
        raw(
            "sums without end",
            &format!(
                "$kv-increment {place} (i32.const 1) (i32.const 2) (i64.const 1) (i32.const 64) (i32.const 8)"
            ),
        ),
        raw(
            "deletions of nothing without end",
            &format!("$kv-delete {place} (i32.const 8) (i32.const 4)"),
        ),
        raw(
            "refusals without end",
            &format!("$kv-put {place} (i32.const 0) (i32.const 2000) {place}"),
        ),
        typed(
            "reads without end, by a component",
            &format!("$kv-get {place} {place}"),
        ),
        typed(
            "pages without end, by a component",
            &format!(
                "$kv-list {place} {place} (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 9)"
            ),
        ),
        typed(
            "writes without end, by a component",
            &format!("$kv-put {place} {place} {place}"),
        ),
        both(
            "a write after the other until its time is up",
            "kv-increment-often mine timed 1000000000",
        )
        .under(bounded(|limits| {
            limits.timeout = Some(Duration::from_millis(300))
        }))
        .runs_into(Limit::WallTime),
        both(
            "reads until its computing time is up",
            "kv-get-often mine timed 1000000000",
        )
        .under(bounded(|limits| {
            limits.max_cpu = Some(Duration::from_millis(300))
        }))
        .runs_into(Limit::CpuTime),
    ]
}

/// Writes whose writer is gone before they are done.
pub(super) fn unwaited() -> Vec<Attack> {
    vec![
        scene(
            "a thousand writers killed in the midst of it",
            killed_while_writing,
        ),
        scene("a thousand writers killed as they come", killed_at_once),
        scene(
            "large writes whose writers are killed",
            killed_with_large_values,
        ),
    ]
}

/// Writers of one crowd.
pub(super) const AT_ONCE: usize = 50;

/// Crowds that write as fast as they can, more at once than the store's queue takes, are killed while they do.
fn killed_while_writing(arena: &Arena, path: GuestPath) {
    for _ in 0..20 {
        let script = "join begun then kv-increment-often mine sum-of-the-killed 1000000000";
        let crowd = crowd(arena, path, own(), script);
        arena.begin(AT_ONCE);
        kill(&crowd);
    }
    goes_on(arena);
}

fn killed_at_once(arena: &Arena, path: GuestPath) {
    for _ in 0..20 {
        let script = "kv-increment-often mine sum-of-the-killed 1000000000";
        kill(&crowd(arena, path, own(), script));
    }
    goes_on(arena);
}

/// Ten of 5 MiB at once are more bytes than the queue takes.
fn killed_with_large_values(arena: &Arena, path: GuestPath) {
    for _ in 0..5 {
        let script = "join begun then kv-put mine large bytes:5000000 then kv-put mine large bytes:5000000 then forget";
        let crowd: Vec<_> = (0..10)
            .map(|_| runs(arena, path, "large writer", own(), script))
            .collect();
        arena.begin(10);
        kill(&crowd);
    }
    goes_on(arena);
}

fn crowd(arena: &Arena, path: GuestPath, profile: Profile, script: &str) -> Vec<ProcessHandle> {
    (0..AT_ONCE)
        .map(|_| runs(arena, path, "writer", profile.clone(), script))
        .collect()
}
