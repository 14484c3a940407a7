//! The store: buckets of others under names like one's own, the wrong kind of access, questions about what is not one's business,
//! writes that nobody waits for, more of everything than fits, and records and numbers that lie.

use super::arena::{Arena, eventually, fight_in};
use super::attack::{Attack, both, component, core, core_with, scene, times};
use crate::app::scripted;
use crate::support::GuestPath;
use crate::trial::nothing;
use rusm_caps::{BucketSet, KvGrant, Limits, Profile};
use rusm_core::{ExitReason, Limit, ProcessHandle};
use rusm_kv::{Batch, Options, Store};
use std::collections::BTreeSet;
use std::time::Duration;

const OUTSIDE: &str = "are not all inside the memory";
const CUT: &str = "cannot be read";
const NO_TEXT: &str = "is not UTF-8";

/// What the bucket of others holds, before and after.
const SECRETS: [(&str, &str); 2] = [("key", "treasure"), ("number", "7")];

/// Every import of a component.
const KV: &[&str] = &[
    "kv-get",
    "kv-put",
    "kv-delete",
    "kv-list",
    "kv-transact",
    "kv-increment",
];

pub(super) fn attacks() -> Vec<Attack> {
    let lists = [
        of_others(),
        look_alikes(),
        wrong_access(),
        records(),
        sizes(),
        numbers(),
        endless(),
        unwaited(),
    ];
    lists.into_iter().flatten().collect()
}

/// May read some buckets and write some.
fn granted(read: &[&str], write: &[&str]) -> Profile {
    let set = |patterns: &[&str]| {
        let patterns = patterns.iter().map(|text| text.parse());
        let patterns: Result<_, _> = patterns.collect();
        BucketSet::Listed(patterns.expect("they are names"))
    };
    storing(KvGrant {
        read: set(read),
        write: set(write),
    })
}

/// A bucket of its own, and those whose names begin in a certain way.
fn own() -> Profile {
    granted(&["mine", "mine-*"], &["mine", "mine-*"])
}

fn everything() -> Profile {
    storing(KvGrant::every())
}

fn storing(grant: KvGrant) -> Profile {
    let builder = nothing().to_builder("storing").storage(grant);
    builder.build().expect("it can be honoured")
}

fn bounded(change: impl Fn(&mut Limits)) -> Profile {
    let builder = own().to_builder("bounded").with_limits(change);
    builder.build().expect("the bounds are in range")
}

/// Bytes as the text format writes them.
fn data(at: usize, bytes: &[u8]) -> String {
    let bytes: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!(r#"(data (i32.const {at}) "{bytes}")"#)
}

/// One operation as the raw path writes it; `abi/raw.md` has the table.
fn op(kind: u32, expires_ms: u64, key: &[u8], value: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend([0; 4]);
    bytes.extend(expires_ms.to_le_bytes());
    for text in [Some(key), value].into_iter().flatten() {
        bytes.extend(u32::try_from(text.len()).expect("it is short").to_le_bytes());
        bytes.extend(text);
    }
    bytes
}

fn ops(count: u32, ops: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = count.to_le_bytes().to_vec();
    bytes.extend(ops.concat());
    bytes
}

/// What is of others, asked for by its name.
fn of_others() -> Vec<Attack> {
    let every = "kv-get secrets key then kv-put secrets key x then kv-delete secrets key then kv-list secrets
        then kv-transact secrets put key x then kv-transact secrets delete key then kv-transact secrets expect key treasure
        then kv-transact secrets expect key treasure put key x then kv-increment secrets number 1";
    vec![
        both("the bucket of others, by every import", every).under(own()).denied(&["storage"; 9]),
        both("the bucket of others, with no right at all", every).denied(&["storage"; 9]),
        both("whether there is such a bucket and such a key", "kv-get secrets key then kv-get secrets other then kv-get nowhere key
            then kv-delete secrets key then kv-delete secrets other then kv-delete nowhere key
            then kv-list secrets then kv-list secrets k then kv-list nowhere
            then kv-transact secrets absent key then kv-transact secrets absent other then kv-transact nowhere absent key
            then kv-transact secrets expect key treasure then kv-transact secrets expect key x then kv-transact nowhere expect key x
            then kv-increment secrets key 1 then kv-increment secrets number 1 then kv-increment nowhere key 1")
            .under(own())
            .shows(|outcome| {
                assert_eq!(outcome.lines.len(), 18);
                let answers: BTreeSet<_> = outcome.lines.iter().filter_map(|line| line.split_once('=')).map(|(_, answer)| answer).collect();
                assert_eq!(answers, BTreeSet::from(["denied:storage"]));
                // The records differ in the words that the guest itself chose.
                let asked = |record: &rusm_caps::Recorded| record.sentence.replace("nowhere", "secrets").replace("other", "key");
                for kind in outcome.denied.chunks(3) {
                    let sentences: BTreeSet<_> = kind.iter().map(asked).collect();
                    assert!(sentences.len() <= 2, "{sentences:#?}");
                }
            }),
        both("a size or a name that cannot be, of what is not one's own", "kv-get letters:300 key then kv-get control:x key then kv-get - key
            then kv-get secrets letters:2000 then kv-get secrets - then kv-put secrets letters:2000 x then kv-delete secrets -
            then kv-list secrets - - 4000000000 then kv-transact secrets puts 1001 x then kv-increment control:x - 9223372036854775807")
            .under(own())
            .denied(&["storage"; 10])
            .shows(|outcome| assert!(outcome.lines.iter().all(|line| line.ends_with("=denied:storage")), "{:?}", outcome.lines)),
        both("everything again after giving it up", "kv-put mine kept x then drop storage then kv-get mine kept then kv-put mine kept y
            then kv-list mine then kv-delete mine kept then kv-transact mine absent kept")
            .under(own())
            .denied(&["storage"; 5]),
    ]
}

/// A bucket that is almost one's own, for each path.
struct LookAlike {
    core: &'static str,
    component: &'static str,
    name: &'static str,
}

const LOOK_ALIKES: [LookAlike; 16] = [
    LookAlike { core: "a bucket with a space behind", component: "a bucket with a space behind, by a component", name: "mine " },
    LookAlike { core: "a bucket with a space before", component: "a bucket with a space before, by a component", name: " mine" },
    LookAlike { core: "a bucket in capitals", component: "a bucket in capitals, by a component", name: "MINE" },
    LookAlike { core: "a bucket with one capital", component: "a bucket with one capital, by a component", name: "Mine" },
    LookAlike { core: "a bucket with a zero behind", component: "a bucket with a zero behind, by a component", name: "mine\0" },
    LookAlike { core: "a bucket that is another before its zero", component: "a bucket that is another before its zero, by a component", name: "secrets\0mine" },
    LookAlike { core: "a bucket with a zero and another behind", component: "a bucket with a zero and another behind, by a component", name: "mine\0secrets" },
    LookAlike { core: "a bucket whose name is a beginning", component: "a bucket whose name is a beginning, by a component", name: "min" },
    LookAlike { core: "a bucket whose name goes on", component: "a bucket whose name goes on, by a component", name: "mine2" },
    LookAlike { core: "a bucket of Cyrillic letters", component: "a bucket of Cyrillic letters, by a component", name: "mіnе" },
    LookAlike { core: "a bucket of wide letters", component: "a bucket of wide letters, by a component", name: "ｍｉｎｅ" },
    LookAlike { core: "a bucket with a letter of no width", component: "a bucket with a letter of no width, by a component", name: "mine\u{200b}-x" },
    LookAlike { core: "a bucket named as a pattern", component: "a bucket named as a pattern, by a component", name: "*" },
    LookAlike { core: "a bucket below one's own", component: "a bucket below one's own, by a component", name: "mine/../secrets" },
    LookAlike { core: "a bucket with another hyphen", component: "a bucket with another hyphen, by a component", name: "mine‐x" },
    LookAlike { core: "a bucket that ends its line", component: "a bucket that ends its line, by a component", name: "mine\n" },
];

/// Each of them closed to every import, through both paths.
fn look_alikes() -> Vec<Attack> {
    LOOK_ALIKES.iter().flat_map(|one| [closed_to_core(one), closed_to_component(one)]).collect()
}

/// The bucket's name lies at 0, a key at 512.
fn closed_to_core(one: &LookAlike) -> Attack {
    let put = ops(1, &[op(0, u64::MAX, b"key", Some(b"x"))]);
    let items = [data(0, one.name.as_bytes()), data(512, b"key"), data(1024, &put)].concat();
    let bucket = format!("(i32.const 0) (i32.const {})", one.name.len());
    let key = "(i32.const 512) (i32.const 3)";
    let calls = [
        format!("$kv-get {bucket} {key} (i32.const 4096) (i32.const 64)"),
        format!("$kv-put {bucket} {key} {key}"),
        format!("$kv-delete {bucket} {key}"),
        format!("$kv-list {bucket} {key} (i32.const 0) (i32.const -1) (i32.const 9) (i32.const 4096) (i32.const 64)"),
        format!("$kv-transact {bucket} (i32.const 1024) (i32.const {})", put.len()),
        format!("$kv-increment {bucket} {key} (i64.const 1) (i32.const 4096) (i32.const 8)"),
    ];
    let body = calls.map(|call| format!("(call $check (i32.eq (i32.const -1) (call {call})))"));
    core_with(one.core, &items, &body.concat()).under(own()).denied(&["storage"; 6])
}

/// The same; an operation lies at 1024, and answers at 4096.
fn closed_to_component(one: &LookAlike) -> Attack {
    let items = [data(0, one.name.as_bytes()), data(512, b"key")].concat();
    let bucket = format!("(i32.const 0) (i32.const {})", one.name.len());
    let key = "(i32.const 512) (i32.const 3)";
    let put = "(i32.store (i32.const 1032) (i32.const 512)) (i32.store (i32.const 1036) (i32.const 3))";
    // What is called, and where its answer has the kind of the error.
    let calls = [
        (format!("$kv-get {bucket} {key}"), 4100),
        (format!("$kv-put {bucket} {key} {key}"), 4100),
        (format!("$kv-delete {bucket} {key}"), 4100),
        (format!("$kv-list {bucket} {key} (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 9)"), 4100),
        (format!("$kv-transact {bucket} (i32.const 1024) (i32.const 1)"), 4100),
        (format!("$kv-increment {bucket} {key} (i64.const 1)"), 4104),
    ];
    let call = |(call, kind): (String, u32)| format!(
        "(i32.store8 (i32.const {kind}) (i32.const 99)) (call {call} (i32.const 4096))
        (call $check (i32.load8_u (i32.const 4096))) (call $check (i32.eqz (i32.load8_u (i32.const {kind}))))"
    );
    let body = calls.map(call).concat();
    component(one.component, KV, &format!("{put} {body}")).defining(&items).under(own()).denied(&["storage"; 6])
}

/// Reading by whoever may write, and the reverse.
fn wrong_access() -> Vec<Attack> {
    vec![
        both("writing where one may read", "kv-put secrets key x then kv-delete secrets key then kv-transact secrets put key x
            then kv-transact secrets delete key then kv-increment secrets number 1 then kv-get secrets key")
            .under(granted(&["secrets"], &["mine"]))
            .denied(&["storage"; 5])
            .shows(|outcome| assert_eq!(outcome.lines.last().map(String::as_str), Some("kv-get=ok:treasure"))),
        both("reading where one may write", "kv-get mine-r key then kv-list mine-r then kv-transact mine-r expect key x
            then kv-transact mine-r absent key then kv-transact mine-r then kv-increment mine-r number 1 then kv-put mine-r key x")
            .under(granted(&["other"], &["mine-r"]))
            .denied(&["storage"; 6]),
        both("a comparison among writes where one may not read", "kv-put mine-c a 1 then kv-transact mine-c put a 2 expect a 2 put b 3")
            .under(granted(&["other"], &["mine-c"]))
            .says(&["kv-put=ok", "kv-transact=denied:storage"]),
        both("a write among comparisons where one may not write", "kv-transact secrets expect key treasure expect number 7 delete key expect key treasure")
            .under(granted(&["secrets"], &[]))
            .says(&["kv-transact=denied:storage"]),
        both("the value of others by trying them", "kv-transact secrets expect key treasurd then kv-transact secrets expect key treasure
            then kv-transact secrets expect key treasurf")
            .under(granted(&[], &["secrets"]))
            .says(&["kv-transact=denied:storage"; 3]),
    ]
}

/// Records that are none, and places that are nowhere.
fn records() -> Vec<Attack> {
    const NEVER: u64 = u64::MAX;
    let put = |key: &[u8]| op(0, NEVER, key, Some(b"x"));
    let cut = |whole: Vec<u8>, n: usize| whole[..whole.len() - n].to_vec();
    let with = |whole: Vec<u8>, at: usize, byte: u8| {
        let mut whole = whole;
        whole[at] = byte;
        whole
    };
    let transacts = |name, record: Vec<u8>| {
        let body = format!("(drop (call $kv-transact (i32.const 0) (i32.const 4) (i32.const 16) (i32.const {})))", record.len());
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
            .traps("unaligned"),
    ]
}

/// Keys, values, batches and pages beyond their bounds.
fn sizes() -> Vec<Attack> {
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

fn refused_each_time(outcome: &crate::trial::Outcome) {
    assert_eq!(outcome.reason, ExitReason::Normal);
    assert!(outcome.denied.is_empty(), "{:?}", outcome.denied);
    let all = outcome.lines.iter().all(|line| line.contains("=error:"));
    assert!(all, "{:?}", outcome.lines);
}

/// Records of 1,000 puts of 33 bytes, from 256 on; the key is the number of the put as eight letters.
fn a_thousand_keys_at_a_time(n_times: u32) -> String {
    let letter = |nth: u32| format!(
        "(i32.store8 (i32.add (local.get $at) (i32.const {})) (i32.add (i32.const 97) (i32.and (i32.const 15) (i32.shr_u (local.get $key) (i32.const {})))))",
        20 + nth, 28 - 4 * nth
    );
    let letters: String = (0..8).map(letter).collect();
    let field = |at: u32, value: i32| format!("(i32.store (i32.add (local.get $at) (i32.const {at})) (i32.const {value}))");
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
    let put = Batch::new("mine").expect("it is a name").put("large", vec![1; 1 << 20]);
    store(arena).submit(put).wait().expect("there is room");
    let small = bounded(|limits| limits.max_call_bytes = 64 << 10);
    let reader = runs(arena, path, "small reader", small, "kv-get mine large then kv-list mine large");
    assert!(matches!(reader.wait(), ExitReason::Normal | ExitReason::Limit(Limit::Memory)), "{}", reader.wait());
}

/// Times and sums at their edges.
fn numbers() -> Vec<Attack> {
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

/// Reading and writing for ever: others go on, and a kill ends it.
fn endless() -> Vec<Attack> {
    let place = "(i32.const 0) (i32.const 4)";
    let mine = data(0, b"mine");
    let raw = |name, call: &str| {
        core_with(name, &mine, &format!("(call $begins) (loop $l (drop (call {call})) (br $l))")).under(own()).goes_on()
    };
    let typed = |name, call: &str| {
        let body = format!("(call $begins) (loop $l (call {call} (i32.const 4096)) (br $l))");
        component(name, KV, &body).defining(&mine).under(own()).goes_on()
    };
    vec![
        raw("reads without end", &format!("$kv-get {place} {place} (i32.const 64) (i32.const 64)")),
        raw("pages without end", &format!("$kv-list {place} (i32.const 0) (i32.const 0) (i32.const 0) (i32.const -1) (i32.const 1000) (i32.const 64) (i32.const 60000)")),
        raw("writes without end", &format!("$kv-put {place} {place} {place}")),
        raw("sums without end", &format!("$kv-increment {place} (i32.const 1) (i32.const 2) (i64.const 1) (i32.const 64) (i32.const 8)")),
        raw("deletions of nothing without end", &format!("$kv-delete {place} (i32.const 8) (i32.const 4)")),
        raw("refusals without end", &format!("$kv-put {place} (i32.const 0) (i32.const 2000) {place}")),
        typed("reads without end, by a component", &format!("$kv-get {place} {place}")),
        typed("pages without end, by a component", &format!("$kv-list {place} (i32.const 8) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 9)")),
        typed("writes without end, by a component", &format!("$kv-put {place} {place} {place}")),
        both("a write after the other until its time is up", "kv-increment-often mine timed 1000000000")
            .under(bounded(|limits| limits.timeout = Some(Duration::from_millis(300))))
            .runs_into(Limit::WallTime),
        both("reads until its computing time is up", "kv-get-often mine timed 1000000000")
            .under(bounded(|limits| limits.max_cpu = Some(Duration::from_millis(300))))
            .runs_into(Limit::CpuTime),
    ]
}

/// Writes whose writer is gone before they are done.
fn unwaited() -> Vec<Attack> {
    vec![
        scene("a thousand writers killed in the midst of it", killed_while_writing),
        scene("a thousand writers killed as they come", killed_at_once),
        scene("large writes whose writers are killed", killed_with_large_values),
    ]
}

const AT_ONCE: usize = 50;

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
        let crowd: Vec<_> = (0..10).map(|_| runs(arena, path, "large writer", own(), script)).collect();
        arena.begin(10);
        kill(&crowd);
    }
    goes_on(arena);
}

fn crowd(arena: &Arena, path: GuestPath, profile: Profile, script: &str) -> Vec<ProcessHandle> {
    (0..AT_ONCE).map(|_| runs(arena, path, "writer", profile.clone(), script)).collect()
}

fn runs(arena: &Arena, path: GuestPath, name: &str, profile: Profile, script: &str) -> ProcessHandle {
    let spawn = scripted(name, arena.probe(path), script).profile(profile);
    arena.court.scenario.runtime.spawn(spawn).expect("there is room for it")
}

#[track_caller]
fn kill(crowd: &[ProcessHandle]) {
    crowd.iter().for_each(ProcessHandle::kill);
    for one in crowd {
        assert_eq!(one.wait(), ExitReason::Killed);
    }
}

/// What was accepted is done soon, nothing waits then, and the next write is as good as ever.
#[track_caller]
fn goes_on(arena: &Arena) {
    eventually(|| match store(arena).status().waiting_writes {
        0 => Ok(()),
        waiting => Err(format!("{waiting} writes wait for nobody")),
    });
    let next = Batch::new("mine").expect("it is a name").increment("goes-on", 1);
    store(arena).submit(next).wait().expect("the store goes on");
}

fn store(arena: &Arena) -> Store {
    arena.store().expect("the arena has one")
}

/// An arena with a store on the disk, whose queue is short, and what others keep in it.
fn arena(options: Options) -> Arena {
    let arena = Arena::with_store(options.queue_slots(16).queue_bytes(32 << 20).cache_bytes(8 << 20));
    let batch = Batch::new("secrets").expect("it is a name");
    let batch = SECRETS.iter().fold(batch, |batch, (key, value)| batch.put(*key, *value));
    store(&arena).submit(batch).wait().expect("there is room");
    arena
}

/// Nothing of others was changed, and there are no buckets but theirs and those of the grants.
#[track_caller]
fn assert_untouched(arena: &Arena) {
    let snapshot = store(arena).read().expect("nothing is compacted");
    for (key, value) in SECRETS {
        let kept = snapshot.get("secrets", key).expect("it can be read");
        assert_eq!(kept.as_deref(), Some(value.as_bytes()), "{key}");
    }
    let buckets = snapshot.buckets(None, 1_000).expect("it can be read");
    for bucket in &buckets.buckets {
        let is_own = bucket.name == "mine" || bucket.name.starts_with("mine-");
        assert!(is_own || bucket.name == "secrets", "{bucket:?}");
    }
}

#[test]
fn what_others_store_is_out_of_reach() {
    let arena = arena(Options::default());
    fight_in(&arena, &[of_others(), look_alikes(), wrong_access()].into_iter().flatten().collect::<Vec<_>>());
    assert_untouched(&arena);
}

#[test]
fn the_store_outlives_its_abusers() {
    let arena = arena(Options::default());
    fight_in(&arena, &[records(), sizes(), numbers(), endless(), unwaited()].into_iter().flatten().collect::<Vec<_>>());
    assert_untouched(&arena);
}

