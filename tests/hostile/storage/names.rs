//! Names that are almost those of one's own buckets.

use super::{KV, data, op, ops, own};
use crate::hostile::attack::{Attack, component, core_with};

/// A bucket that is almost one's own, for each path.
struct LookAlike {
    core: &'static str,
    component: &'static str,
    name: &'static str,
}

const LOOK_ALIKES: [LookAlike; 16] = [
    LookAlike {
        core: "a bucket with a space behind",
        component: "a bucket with a space behind, by a component",
        name: "mine ",
    },
    LookAlike {
        core: "a bucket with a space before",
        component: "a bucket with a space before, by a component",
        name: " mine",
    },
    LookAlike {
        core: "a bucket in capitals",
        component: "a bucket in capitals, by a component",
        name: "MINE",
    },
    LookAlike {
        core: "a bucket with one capital",
        component: "a bucket with one capital, by a component",
        name: "Mine",
    },
    LookAlike {
        core: "a bucket with a zero behind",
        component: "a bucket with a zero behind, by a component",
        name: "mine\0",
    },
    LookAlike {
        core: "a bucket that is another before its zero",
        component: "a bucket that is another before its zero, by a component",
        name: "secrets\0mine",
    },
    LookAlike {
        core: "a bucket with a zero and another behind",
        component: "a bucket with a zero and another behind, by a component",
        name: "mine\0secrets",
    },
    LookAlike {
        core: "a bucket whose name is a beginning",
        component: "a bucket whose name is a beginning, by a component",
        name: "min",
    },
    LookAlike {
        core: "a bucket whose name goes on",
        component: "a bucket whose name goes on, by a component",
        name: "mine2",
    },
    LookAlike {
        core: "a bucket of Cyrillic letters",
        component: "a bucket of Cyrillic letters, by a component",
        name: "mіnе",
    },
    LookAlike {
        core: "a bucket of wide letters",
        component: "a bucket of wide letters, by a component",
        name: "ｍｉｎｅ",
    },
    LookAlike {
        core: "a bucket with a letter of no width",
        component: "a bucket with a letter of no width, by a component",
        name: "mine\u{200b}-x",
    },
    LookAlike {
        core: "a bucket named as a pattern",
        component: "a bucket named as a pattern, by a component",
        name: "*",
    },
    LookAlike {
        core: "a bucket below one's own",
        component: "a bucket below one's own, by a component",
        name: "mine/../secrets",
    },
    LookAlike {
        core: "a bucket with another hyphen",
        component: "a bucket with another hyphen, by a component",
        name: "mine‐x",
    },
    LookAlike {
        core: "a bucket that ends its line",
        component: "a bucket that ends its line, by a component",
        name: "mine\n",
    },
];

/// Each of them closed to every import, through both paths.
pub(super) fn look_alikes() -> Vec<Attack> {
    LOOK_ALIKES
        .iter()
        .flat_map(|one| [closed_to_core(one), closed_to_component(one)])
        .collect()
}

/// The bucket's name lies at 0, a key at 512.
fn closed_to_core(one: &LookAlike) -> Attack {
    let put = ops(1, &[op(0, u64::MAX, b"key", Some(b"x"))]);
    let items = [
        data(0, one.name.as_bytes()),
        data(512, b"key"),
        data(1024, &put),
    ]
    .concat();
    let bucket = format!("(i32.const 0) (i32.const {})", one.name.len());
    let key = "(i32.const 512) (i32.const 3)";
    let calls = [
        format!("$kv-get {bucket} {key} (i32.const 4096) (i32.const 64)"),
        format!("$kv-put {bucket} {key} {key}"),
        format!("$kv-delete {bucket} {key}"),
        format!(
            "$kv-list {bucket} {key} (i32.const 0) (i32.const -1) (i32.const 9) (i32.const 4096) (i32.const 64)"
        ),
        format!(
            "$kv-transact {bucket} (i32.const 1024) (i32.const {})",
            put.len()
        ),
        format!("$kv-increment {bucket} {key} (i64.const 1) (i32.const 4096) (i32.const 8)"),
    ];
    let body = calls.map(|call| format!("(call $check (i32.eq (i32.const -1) (call {call})))"));
    core_with(one.core, &items, &body.concat())
        .under(own())
        .denied(&["storage"; 6])
}

/// The same; an operation lies at 1024, and answers at 4096.
fn closed_to_component(one: &LookAlike) -> Attack {
    let items = [data(0, one.name.as_bytes()), data(512, b"key")].concat();
    let bucket = format!("(i32.const 0) (i32.const {})", one.name.len());
    let key = "(i32.const 512) (i32.const 3)";
    let put =
        "(i32.store (i32.const 1032) (i32.const 512)) (i32.store (i32.const 1036) (i32.const 3))";
    // What is called, and where its answer has the kind of the error.
    let calls = [
        (format!("$kv-get {bucket} {key}"), 4100),
        (format!("$kv-put {bucket} {key} {key}"), 4100),
        (format!("$kv-delete {bucket} {key}"), 4100),
        (
            format!(
                "$kv-list {bucket} {key} (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 9)"
            ),
            4100,
        ),
        (
            format!("$kv-transact {bucket} (i32.const 1024) (i32.const 1)"),
            4100,
        ),
        (format!("$kv-increment {bucket} {key} (i64.const 1)"), 4104),
    ];
    let call = |(call, kind): (String, u32)| {
        format!(
        "(i32.store8 (i32.const {kind}) (i32.const 99)) (call {call} (i32.const 4096))
        (call $check (i32.load8_u (i32.const 4096))) (call $check (i32.eqz (i32.load8_u (i32.const {kind}))))"
    )
    };
    let body = calls.map(call).concat();
    component(one.component, KV, &format!("{put} {body}"))
        .defining(&items)
        .under(own())
        .denied(&["storage"; 6])
}
