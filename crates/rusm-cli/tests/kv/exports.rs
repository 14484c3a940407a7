//! Exports and imports: every entry comes back as it was, and what is wrong is told by its line.

use super::{fails, kv, prints, put_all, shop, stopped_and_running};
use crate::support::Place;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt;

/// A value and when it goes away.
type Stored = (Vec<u8>, Option<u64>);
type Entries = BTreeMap<(String, String), Stored>;

/// Text that steers terminals, breaks lines, or looks like JSON, beside ordinary text.
fn text(bytes_max: usize) -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        '\0',
        '\n',
        '"',
        '\\',
        '\u{1b}',
        '\u{202e}',
        '\u{e0001}',
        '{',
        '\u{fffd}',
    ]);
    let character = prop_oneof![any::<char>(), odd, prop::char::range('a', 'c')];
    let text = prop::collection::vec(character, 1..40);
    text.prop_map(move |characters| {
        let mut text: String = characters.into_iter().collect();
        while text.len() > bytes_max {
            text.pop();
        }
        text
    })
}

fn entries() -> impl Strategy<Value = Entries> {
    let bucket = text(255).prop_map(|text| text.replace(char::is_control, "-"));
    let value = prop_oneof![
        prop::collection::vec(any::<u8>(), 0..200),
        text(500).prop_map(String::into_bytes),
    ];
    // Years from now, so that none goes away meanwhile.
    let expiry = prop::option::of(4_000_000_000_000..=u64::MAX);
    prop::collection::btree_map((bucket, text(1_024)), (value, expiry), 0..60)
}

/// The lines as another program would write them: nothing but base64.
fn lines(entries: &Entries) -> String {
    let line = |((bucket, key), (value, expiry)): (&(String, String), &Stored)| {
        let base64 = STANDARD.encode(value);
        let line = match expiry {
            Some(at) => json!({"bucket": bucket, "key": key, "base64": base64, "expires-at": at}),
            None => json!({"bucket": bucket, "key": key, "base64": base64}),
        };
        format!("{line}\n")
    };
    entries.iter().map(line).collect()
}

/// What another program reads in them.
fn read(lines: &str) -> Entries {
    let entry = |line: &str| {
        let line: Value = serde_json::from_str(line).unwrap();
        let text = |field: &str| Some(line.get(field)?.as_str()?.to_owned());
        let value = match text("value") {
            Some(text) => text.into_bytes(),
            None => STANDARD.decode(text("base64").unwrap()).unwrap(),
        };
        let name = (text("bucket").unwrap(), text("key").unwrap());
        (
            name,
            (value, line.get("expires-at").and_then(Value::as_u64)),
        )
    };
    lines.lines().map(entry).collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 24, ..ProptestConfig::default() })]

    /// Whatever is in a store comes out of it, and goes into another one as it was.
    #[test]
    fn an_export_is_an_import(entries in entries()) {
        let place = shop();
        let input = lines(&entries);
        kv(&place, &["import"]).input(input.as_bytes()).finish().ends_with(0);
        let exported = prints(&place, &["export"]);
        prop_assert!(!exported.chars().any(|c| c != '\n' && rusm_caps::is_steering(c)), "{}", exported);
        prop_assert_eq!(&read(&exported), &entries);
        let order: Vec<_> = exported.lines().flat_map(|line| read(line).into_keys()).collect();
        prop_assert!(order.is_sorted());
        let other = ["import", "--store", "other.redb", "--create"];
        kv(&place, &other).input(exported.as_bytes()).finish().ends_with(0);
        prop_assert_eq!(prints(&place, &["export", "--store", "other.redb"]), exported);
    }
}

/// Named buckets alone; a name that is not there is an error, and leaves no file.
#[test]
fn buckets_are_exported_by_name() {
    stopped_and_running(|place| {
        put_all(place, "a", &[("1", "x")]);
        put_all(place, "b", &[("1", "y")]);
        put_all(place, "c", &[("1", "z")]);
        let some = prints(place, &["export", "c", "a", "c"]);
        assert_eq!(
            some,
            "{\"bucket\":\"a\",\"key\":\"1\",\"value\":\"x\"}\n{\"bucket\":\"c\",\"key\":\"1\",\"value\":\"z\"}\n"
        );
        fails(
            place,
            1,
            &["export", "a", "cc", "-o", "out"],
            &["'cc': it has no keys", "'c'"],
        );
        assert!(!place.path("out").exists());
        kv(place, &["export", "-o", "out"])
            .finish()
            .ends_with(0)
            .says(&["exported 3 entries"]);
        let out = place.path("out");
        assert_eq!(
            std::fs::metadata(&out).unwrap().permissions().mode() & 0o777,
            0o600
        );
        assert_eq!(
            std::fs::read_to_string(&out).unwrap(),
            prints(place, &["export"])
        );
        fails(
            place,
            1,
            &["export", "-o", "out"],
            &["'out' is there already"],
        );
        fails(place, 1, &["export", "-o", "no/out"], &["no/out"]);
        let names: Vec<_> = std::fs::read_dir(place.path("."))
            .unwrap()
            .map(|e| e.unwrap().file_name())
            .collect();
        assert!(
            !names
                .iter()
                .any(|name| name.to_str().unwrap().contains("partial")),
            "{names:?}"
        );
    });
}

/// What stands before a wrong line is written, what stands behind it is not, and both are told.
#[test]
fn a_wrong_line_in_the_middle_is_told() {
    stopped_and_running(|place| {
        let right = |bucket: &str, key: &str| {
            format!("{}\n", json!({"bucket": bucket, "key": key, "value": ""}))
        };
        let lines = [
            &right("a", "1"),
            "\n",
            &right("b", "2"),
            "{\"bucket\":\"b\"}\n",
            &right("b", "3"),
        ]
        .concat();
        place.write("in.jsonl", &lines);
        let told = fails(
            place,
            1,
            &["import", "in.jsonl"],
            &[
                "line 4 of 'in.jsonl': missing field `key`",
                "lines 1 to 3 were written (2 entries), and nothing behind them",
            ],
        );
        assert!(told.stdout.is_empty());
        assert_eq!(prints(place, &["export"]).lines().count(), 2);
        let first = place.write("first.jsonl", "nonsense\n");
        let first = first.to_str().unwrap();
        fails(
            place,
            1,
            &["import", first],
            &["line 1 of", "nothing was written"],
        );
    });
}

/// Each mistake has its line; a dry run tells all of them and writes nothing.
#[test]
fn a_dry_run_tells_every_wrong_line() {
    let place = shop();
    let long = "k".repeat(1_025);
    let lines = [
        r#"{"bucket":"b","key":"k","value":"v"}"#.to_owned(),
        r#"{"bucket":"b","key":"k","value":"w"}"#.to_owned(),
        r#"{"bucket":"b\u0000","key":"k","value":"w"}"#.to_owned(),
        r#"{"bucket":"b","key":"l","base64":"!"}"#.to_owned(),
        format!(r#"{{"bucket":"b","key":"{long}","value":""}}"#),
        r#"{"bucket":"b","key":"m","key":"m","value":""}"#.to_owned(),
        "{\"bucket\":\"\u{1b}[2J".to_owned(),
    ];
    let told = kv(&place, &["import", "--dry-run", "-"])
        .input(lines.join("\n").as_bytes())
        .finish();
    let told = told.ends_with(1).says(&[
        "line 2 of standard input: key 'k' of bucket 'b' stands in line 1 already",
        "line 3 of standard input: the bucket name cannot be used: it has a control character",
        "line 4 of standard input: base64: Invalid symbol",
        "line 5 of standard input: the key has 1025 bytes: the most is 1024",
        "line 6 of standard input: duplicate field `key`",
        "line 7 of standard input: control character",
        "wrong lines: 6, right ones: 1",
        "nothing was written",
    ]);
    assert!(!told.stderr.contains('\u{1b}'));
    assert!(!place.path("data").exists());
    // No app is needed to look at lines.
    let place = Place::new();
    let right = kv(&place, &["import", "--dry-run"])
        .input(lines[0].as_bytes())
        .finish();
    assert_eq!(right.ends_with(0).stdout(), "1 entry would be imported\n");
}

/// A line without end takes no memory without end.
#[test]
fn an_endless_line_is_refused() {
    let place = shop();
    let endless = vec![b'x'; 100 << 20];
    let told = kv(&place, &["import"])
        .input(&endless)
        .finish()
        .ends_with(1);
    told.says(&[
        "line 1 of standard input: it is longer than 35651584 bytes",
        "nothing was written",
    ]);
}

/// The largest value goes through, and one byte more does not.
#[test]
fn the_largest_value_is_exported() {
    stopped_and_running(|place| {
        let value = vec![0xa5; 16 << 20];
        kv(place, &["put", "b", "k", "-"])
            .input(&value)
            .finish()
            .ends_with(0);
        let exported = prints(place, &["export"]);
        kv(place, &["import", "--store", "o.redb", "--create"])
            .input(exported.as_bytes())
            .finish()
            .ends_with(0);
        let got = kv(place, &["get", "b", "k", "--store", "o.redb"])
            .finish()
            .ends_with(0);
        assert!(got.stdout == value);
        let larger = kv(place, &["put", "b", "k", "-"])
            .input(&[&value[..], &[0]].concat())
            .finish();
        larger
            .ends_with(2)
            .says(&["the value has 16777217 bytes: the most is 16777216"]);
    });
}
