//! Records that are none, sizes beyond their bounds, and numbers at their edges.

use super::{KV, bounded, data, everything, op, ops, own, runs, store};
use crate::hostile::arena::Arena;
use crate::hostile::attack::{Attack, both, component, core, core_with, scene, times};
use crate::support::GuestPath;
use crate::trial::Outcome;
use rusm_core::{ExitReason, Limit};
use rusm_kv::Batch;

const OUTSIDE: &str = "are not all inside the memory";
const CUT: &str = "cannot be read";
const NO_TEXT: &str = "is not UTF-8";

/// Records that are none, and places that are nowhere.
pub(super) fn records() -> Vec<Attack> {
    const NEVER: u64 = u64::MAX;
    let put = |key: &[u8]| op(0, NEVER, key, Some(b"x"));
    let cut = |mut whole: Vec<u8>, n: usize| {
        whole.truncate(whole.len() - n);
        whole
    };
    let with = |whole: Vec<u8>, at: usize, byte: u8| {
        let mut whole = whole;
        *whole.get_mut(at).expect("it is that long") = byte;
        whole
    };
    let transacts = |name, record: Vec<u8>| {
        let body = format!(
            "(drop (call $kv-transact (i32.const 0) (i32.const 4) (i32.const 16) (i32.const {})))",
            record.len()
        );
        core_with(name, &[data(0, b"mine"), data(16, &record)].concat(), &body).under(own())
    };
    vec![
        transacts("a transaction that is cut in its count", vec![1, 0, 0]).traps(CUT),
        transacts("a transaction that is cut in its value", cut(ops(1, &[put(b"k")]), 1)).traps(CUT),
        transacts("a transaction that is cut in its key", cut(ops(1, &[op(1, NEVER, b"long key", None)]), 3)).traps(CUT),
        transacts("a transaction of one operation more than there are", ops(2, &[put(b"k")])).traps(CUT),
        transacts("a transaction of one operation less than there are", ops(1, &[put(b"k"), put(b"l")])).traps(CUT),
        transacts("an operation that there is none of", ops(1, &[op(3, NEVER, b"k", None)])).traps(CUT),
        transacts("an operation whose zero is none", with(ops(1, &[put(b"k")]), 8, 1)).traps(CUT),
        transacts("a deletion that expires", ops(1, &[op(1, 5, b"k", None)])).traps(CUT),
        transacts("an expectation that expires", ops(1, &[op(2, 0, b"k", Some(b"x"))])).traps(CUT),
        transacts("a key that is no text", ops(1, &[put(&[0xff, 0xfe])])).traps(CUT),
        transacts("a key of 4 GiB less a byte", with(with(ops(1, &[put(b"k")]), 20, 0xfe), 23, 0xff)).traps(CUT),
        transacts("a good operation before a bad one", ops(2, &[put(b"before-bad"), op(9, NEVER, b"k", None)])).traps(CUT),
        core_with("a bucket that is no text", &data(0, &[0xc3, 0x28]), "(drop (call $kv-get (i32.const 0) (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 64) (i32.const 8)))")
            .under(own())
            .traps(NO_TEXT),
        core("a value that is written behind the memory", "(drop (call $kv-get (i32.const 65500) (i32.const 5) (i32.const 65500) (i32.const 5) (i32.const 65530) (i32.const 64)))")
            .under(own())
            .traps(OUTSIDE),
        core("a sum that is written behind the memory", "(drop (call $kv-increment (i32.const 65500) (i32.const 5) (i32.const 65500) (i32.const 5) (i64.const 1) (i32.const -4) (i32.const 8)))")
            .under(own())
            .traps(OUTSIDE),
        component("a transaction whose count times its size wraps around", KV, "(call $kv-transact (i32.const 65500) (i32.const 4) (i32.const 0) (i32.const 0x06666667) (i32.const 4096))")
            .under(own())
            .traps("out of bounds"),
        component("an operation of no kind", KV, "(i32.store8 (i32.const 1024) (i32.const 3))
            (call $kv-transact (i32.const 65500) (i32.const 5) (i32.const 1024) (i32.const 1) (i32.const 4096))")
            .under(own())
            .traps("discriminant"),
        component("a start that neither is nor is not", KV, "(call $kv-list (i32.const 65500) (i32.const 5) (i32.const 0) (i32.const 0) (i32.const 2) (i32.const 0) (i32.const 0) (i32.const 9) (i32.const 4096))")
            .under(own())
            .traps("discriminant"),
        component("an answer behind the memory, of the store", KV, "(call $kv-get (i32.const 65500) (i32.const 5) (i32.const 65500) (i32.const 5) (i32.const 65534))")
            .under(own())
            .traps("not aligned"),
    ]
}

/// Keys, values, batches and pages beyond their bounds.
pub(super) fn sizes() -> Vec<Attack> {
    let large = |bytes: u64| bounded(move |limits| limits.max_call_bytes = bytes);
    vec![
        both("keys and names beyond their bounds", "kv-put mine letters:1025 x then kv-get mine letters:1025 then kv-delete mine letters:1025
            then kv-increment mine letters:1025 1 then kv-transact mine put letters:1025 x then kv-list mine letters:1025")
            .under(own())
            .shows(refused_each_time),
        both("names of buckets that cannot be", "kv-put letters:256 k x then kv-get letters:256 k then kv-put control:x k x then kv-get control:x k
            then kv-put - k x then kv-list - then kv-transact - put k x then kv-increment control:x k 1")
            .under(everything())
            .shows(refused_each_time),
        both("a key that is empty", "kv-put mine - x then kv-increment mine - 1 then kv-transact mine put - x").under(own()).shows(refused_each_time),
        both("one operation too many", "kv-transact mine-s puts 1001 x then kv-list mine-s").under(own()).shows(|outcome| {
            let [refused, nothing] = outcome.lines.as_slice() else { panic!("{:?}", outcome.lines) };
            assert!(refused.starts_with("kv-transact=error:") && nothing == "kv-list=ok", "{:?}", outcome.lines);
        }),
        both("a page of one pair too many", "kv-list mine - - 1001 then kv-list mine - - 4294967295").under(own()).shows(refused_each_time),
        both("a page of nothing", "kv-list mine - - 0").under(own()).ends_somehow(),
        both("a value of one byte too many", "kv-put mine k bytes:16777217").under(own()).ends_somehow_or(Limit::Memory),
        both("a value larger than a call", "kv-put mine k bytes:200000").under(large(64 << 10)).runs_into(Limit::Memory),
        both("a transaction larger than a call", "kv-transact mine puts 100 bytes:1000").under(large(64 << 10)).runs_into(Limit::Memory),
        both("a transaction of more than 64 MiB", "kv-transact mine-h puts 70 bytes:1000000").under(own()).ends_somehow_or(Limit::Memory),
        core("a value of 4 GiB less a byte", "(drop (call $kv-put (i32.const 65500) (i32.const 5) (i32.const 65500) (i32.const 5) (i32.const 0) (i32.const -1)))")
            .under(own())
            .traps(OUTSIDE),
        scene("a value larger than its reader's call", larger_than_its_reader),
        core_with(
            "a hundred thousand keys, a thousand at a time",
            &data(0, b"mine-many"),
            &a_thousand_keys_at_a_time(100),
        )
        .under(own()),
        both("pages over a hundred thousand keys", "kv-list mine-many - - 1 then kv-list mine-many ffff then kv-list mine-many - zzzz").under(own()),
    ]
}

fn refused_each_time(outcome: &Outcome) {
    assert_eq!(outcome.reason, ExitReason::Normal);
    assert!(outcome.denied.is_empty(), "{:?}", outcome.denied);
    let all = outcome.lines.iter().all(|line| line.contains("=error:"));
    assert!(all, "{:?}", outcome.lines);
}

/// Records of 1,000 puts of 33 bytes, from 256 on; the key is the number of the put as eight letters.
fn a_thousand_keys_at_a_time(n_times: u32) -> String {
    let letter = |nth: u32| {
        format!(
            "(i32.store8 (i32.add (local.get $at) (i32.const {})) (i32.add (i32.const 97) (i32.and (i32.const 15) (i32.shr_u (local.get $key) (i32.const {})))))",
            20 + nth,
            28 - 4 * nth
        )
    };
    let letters: String = (0..8).map(letter).collect();
    let field = |at: u32, value: i32| {
        format!("(i32.store (i32.add (local.get $at) (i32.const {at})) (i32.const {value}))")
    };
    let fields = [field(8, -1), field(12, -1), field(16, 8), field(28, 1)].concat();
    times(n_times, &format!(
        "(i32.store (i32.const 256) (i32.const 1000)) (local.set $at (i32.const 260)) (local.set $left (i32.const 1000))
        (loop $record {fields} {letters}
            (local.set $key (i32.add (local.get $key) (i32.const 1))) (local.set $at (i32.add (local.get $at) (i32.const 33)))
            (br_if $record (local.tee $left (i32.sub (local.get $left) (i32.const 1)))))
        (call $check (i32.eqz (call $kv-transact (i32.const 0) (i32.const 9) (i32.const 256) (i32.const 33004))))"
    )).replacen("(local.set $n", "(local $at i32) (local $key i32) (local $left i32) (local.set $n", 1)
}

/// Whoever may take 64 KiB at a time is not given a megabyte, and others are.
fn larger_than_its_reader(arena: &Arena, path: GuestPath) {
    let put = Batch::new("mine")
        .expect("it is a name")
        .put("large", vec![1; 1 << 20]);
    store(arena).submit(put).wait().expect("there is room");
    let small = bounded(|limits| limits.max_call_bytes = 64 << 10);
    let reader = runs(
        arena,
        path,
        "small reader",
        small,
        "kv-get mine large then kv-list mine large",
    );
    assert!(
        matches!(
            reader.wait(),
            ExitReason::Normal | ExitReason::Limit(Limit::Memory)
        ),
        "{}",
        reader.wait()
    );
}

/// Times and sums at their edges.
pub(super) fn numbers() -> Vec<Attack> {
    vec![
        both("times of expiry at their edges", "kv-transact mine put-for 0 now x then kv-get mine now then kv-transact mine put-for 18446744073709551615 never x
            then kv-get mine never then kv-transact mine put-for 18446744073709551614 late x then kv-get mine late then kv-delete mine never then kv-delete mine late")
            .under(own())
            .says(&["kv-transact=ok", "kv-get=ok:none", "kv-transact=ok", "kv-get=ok:x", "kv-transact=ok", "kv-get=ok:x", "kv-delete=ok:true", "kv-delete=ok:true"]),
        both("sums beyond their edges", "kv-delete mine sum then kv-increment mine sum 9223372036854775807 then kv-increment mine sum 1 then kv-get mine sum
            then kv-increment mine sum -9223372036854775808 then kv-increment mine sum -9223372036854775808 then kv-get mine sum then kv-delete mine sum")
            .under(own())
            .shows(|outcome| {
                let [_, first, beyond, kept, down, below, kept_again, _] = outcome.lines.as_slice() else { panic!("{:?}", outcome.lines) };
                assert_eq!([first, kept], ["kv-increment=ok:9223372036854775807", "kv-get=ok:9223372036854775807"]);
                assert_eq!([down, kept_again], ["kv-increment=ok:-1", "kv-get=ok:-1"]);
                assert!([beyond, below].iter().all(|line| line.starts_with("kv-increment=error:")), "{:?}", outcome.lines);
            }),
        both("sums of what is no number", "kv-put mine text 12a then kv-increment mine text 1 then kv-put mine text hex:ff then kv-increment mine text 1
            then kv-put mine text 9223372036854775808 then kv-increment mine text -1 then kv-put mine text bytes:100000 then kv-increment mine text 1 then kv-delete mine text")
            .under(own())
            .shows(|outcome| {
                let sums: Vec<_> = outcome.lines.iter().filter(|line| line.starts_with("kv-increment")).collect();
                assert!(sums.len() == 4 && sums.iter().all(|line| line.starts_with("kv-increment=error:")), "{:?}", outcome.lines);
            }),
        both("a transaction that contradicts itself", "kv-put mine self 1 then kv-transact mine delete self absent self put self 2 expect self 2 delete self expect self 2
            then kv-get mine self")
            .under(own())
            .shows(|outcome| assert_eq!(outcome.lines.last().map(String::as_str), Some("kv-get=ok:1"), "{:?}", outcome.lines)),
        both("keys with everything in them", "kv-put mine control:x 1 then kv-put mine ../../secrets/key 2 then kv-put mine secrets 3 then kv-put mine * 4 then kv-list mine ../")
            .under(own())
            .shows(|outcome| assert_eq!(outcome.lines.last().map(String::as_str), Some("kv-list=ok:../../secrets/key=2"), "{:?}", outcome.lines)),
    ]
}
