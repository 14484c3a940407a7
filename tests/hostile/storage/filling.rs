//! A store that is full.

use super::{data, goes_on, granted, kill, own, runs, store};
use crate::hostile::arena::Arena;
use crate::hostile::attack::{Attack, both, core_with, scene};
use crate::support::GuestPath;
use rusm_core::{ExitReason, Spawn};
use rusm_kv::Batch;

/// The bound of a store that is to be filled, in bytes.
pub(super) const FULL: u64 = 8 << 20;
/// A key of four letters for the local `$n`, at 512.
const KEY: &str = "(i32.store (i32.const 512) (i32.add (i32.const 0x61616161)
    (i32.or (i32.and (local.get $n) (i32.const 15)) (i32.shl (i32.and (local.get $n) (i32.const 240)) (i32.const 4)))))";
/// A value of 50,000 bytes under it, in the bucket whose name lies at 0.
const FILL: &str = "(call $kv-put (i32.const 0) (i32.const 9) (i32.const 512) (i32.const 4) (i32.const 1024) (i32.const 50000))";
const FILLED: &[u8] = b"mine-full";
const NEXT: &str = "(local.set $n (i32.add (local.get $n) (i32.const 1)))";

/// The store has a bound.
pub(super) fn filling() -> Vec<Attack> {
    let failed = "(i32.const -16)";
    vec![
        both("more than the store holds, at once", "kv-transact mine-full puts 1000 bytes:12000 then kv-list mine-full then kv-put mine small x then kv-get mine small then kv-get secrets key")
            .under(granted(&["mine-*", "mine", "secrets"], &["mine-*", "mine"]))
            .shows(|outcome| {
                let [refused, rest @ ..] = outcome.lines.as_slice() else { panic!("{:?}", outcome.lines) };
                assert!(refused.starts_with("kv-transact=error:"), "{refused}");
                assert_eq!(rest, ["kv-list=ok", "kv-put=ok", "kv-get=ok:x", "kv-get=ok:treasure"]);
            }),
        core_with(
            "more than the store holds, little by little",
            &data(0, FILLED),
            &format!(
                "(local $result i32)
                (loop $fill {KEY} (if (i32.eqz (local.tee $result {FILL})) (then {NEXT} (br $fill))))
                (call $check (i32.eq (local.get $result) {failed}))
                (call $check (i32.eq {FILL} {failed}))
                (call $check (i32.gt_u (local.get $n) (i32.const 20)))
                (loop $empty (local.set $n (i32.sub (local.get $n) (i32.const 1))) {KEY}
                    (call $check (i32.eq (i32.const 1) (call $kv-delete (i32.const 0) (i32.const 9) (i32.const 512) (i32.const 4))))
                    (br_if $empty (local.get $n)))
                (call $check (i32.eqz {FILL}))
                (call $check (i32.eq (i32.const 1) (call $kv-delete (i32.const 0) (i32.const 9) (i32.const 512) (i32.const 4))))"
            ),
        )
        .under(own()),
        scene("a full store that one goes on to fill", others_beside_a_full_store),
    ]
}

/// While one writes into a full store without end, others read and delete, and know their own errors alone.
fn others_beside_a_full_store(arena: &Arena, path: GuestPath) {
    let body = format!(
        "(loop $fill {KEY} {NEXT} (br_if $fill (i32.eqz {FILL}))) (call $begins) (loop $l {KEY} {NEXT} (drop {FILL}) (br $l))"
    );
    let filler = core_with("filler", &data(0, FILLED), &body);
    let wasm = filler
        .guests
        .iter()
        .find_map(|guest| guest.wasm(str::to_owned));
    let runtime = &arena.court.scenario.runtime;
    let program = runtime
        .load("filler", &wasm.expect("it has code"))
        .expect("it can run here");
    let prepared = runs(arena, path, "keeper", own(), "kv-put mine kept x");
    assert_eq!(prepared.wait(), ExitReason::Normal);
    let filler = runtime
        .spawn(Spawn::new("filler", &program).profile(own()))
        .expect("there is room for it");
    arena.begin(1);
    let script =
        "kv-get mine kept then kv-list mine kept then kv-delete mine kept then kv-get mine kept";
    let other = runs(arena, path, "other", own(), script);
    assert_eq!(other.wait(), ExitReason::Normal);
    let lines = arena.court.scenario.recorder.lines("other");
    assert_eq!(
        lines,
        [
            "kv-get=ok:x",
            "kv-list=ok:kept=x",
            "kv-delete=ok:true",
            "kv-get=ok:none"
        ]
    );
    kill(&[filler]);
    emptied(arena);
}

/// Deletes what fills the store, as those who may do.
#[track_caller]
fn emptied(arena: &Arena) {
    let keys = store(arena)
        .read()
        .expect("it can be read")
        .keys("mine-full", "", None, 1_000);
    for key in keys.expect("they can be listed").keys {
        let batch = Batch::new("mine-full").expect("it is a name").delete(key);
        store(arena)
            .submit(batch)
            .wait()
            .expect("a full store deletes");
    }
    goes_on(arena);
}
