//! Each command, on the file of a stopped node.

use super::{Node, fails, kv, prints, put_all, shop, stopped_and_running};
use crate::support::{Place, typed};
use serde_json::{Value, json};
use std::os::unix::fs::PermissionsExt;

fn parsed(lines: &str) -> Vec<Value> {
    let line = |line| serde_json::from_str(line).unwrap();
    lines.lines().map(line).collect()
}

/// Buckets are shown with what they hold, keys in byte order, values beside them.
#[test]
fn a_store_is_looked_at() {
    stopped_and_running(|place| {
        put_all(
            place,
            "orders",
            &[("10", "ten"), ("9", "nine"), ("a\tb", "c\nd")],
        );
        put_all(place, "users", &[("1", "ann")]);
        assert_eq!(
            prints(place, &["buckets"]),
            "orders  3 keys  16 bytes\nusers    1 key   4 bytes\n"
        );
        let buckets = parsed(&prints(place, &["buckets", "--json"]));
        assert_eq!(
            buckets[1],
            json!({"bucket": "users", "keys": 1, "bytes": 4})
        );
        assert_eq!(prints(place, &["list", "orders"]), "10\n9\na\\u{9}b\n");
        assert_eq!(
            prints(place, &["list", "orders", "--values"]),
            "10       ten\n9        nine\na\\u{9}b  c\\u{a}d\n"
        );
        let keys = parsed(&prints(place, &["list", "orders", "--json"]));
        assert_eq!(keys[2], json!({"bucket": "orders", "key": "a\tb"}));
        let entries = parsed(&prints(place, &["list", "orders", "--json", "--values"]));
        assert_eq!(
            entries[2],
            json!({"bucket": "orders", "key": "a\tb", "value": "c\nd"})
        );
    });
}

/// A part of a bucket, and where it goes on.
#[test]
fn a_bucket_is_listed_in_part() {
    stopped_and_running(|place| {
        let lines: String = (0..2_500)
            .map(|n| {
                format!(
                    "{}\n",
                    json!({"bucket": "b", "key": format!("{n:04}"), "value": ""})
                )
            })
            .collect();
        kv(place, &["import"])
            .input(lines.as_bytes())
            .finish()
            .ends_with(0);
        let n_lines = |args: &[&str]| {
            prints(place, &[&["list", "b"], args].concat())
                .lines()
                .count()
        };
        assert_eq!(n_lines(&["--all"]), 2_500);
        assert_eq!(n_lines(&["--limit", "2001"]), 2_001);
        assert_eq!(n_lines(&["--limit", "0"]), 0);
        assert_eq!(n_lines(&["--prefix", "00"]), 100);
        assert_eq!(n_lines(&["--prefix", "00", "--start", "0090"]), 10);
        assert_eq!(n_lines(&["--start", "2490", "--values"]), 10);
        let cut = kv(place, &["list", "b"]).finish().ends_with(0);
        let cut = cut.says(&["there are more, from \"1000\" on", "--all"]);
        assert_eq!(cut.stdout().lines().count(), 1_000);
        let nothing = kv(place, &["list", "b", "--prefix", "x"]).finish();
        nothing.ends_with(0).says(&["no key matches"]);
        let typo = kv(place, &["list", "bb"]).finish();
        typo.ends_with(0)
            .says(&["'bb' has no keys; did you mean 'b'?"]);
    });
}

/// Behind a pipe a value is its very bytes, without a line break; every byte goes in and out.
#[test]
fn every_byte_goes_in_and_out() {
    stopped_and_running(|place| {
        let bytes: Vec<u8> = (0..=255).cycle().take(100_000).collect();
        place.write("value.bin", &bytes);
        let get = |key: &str| kv(place, &["get", "b", key]).finish().ends_with(0).stdout;
        kv(place, &["put", "b", "input", "-"])
            .input(&bytes)
            .finish()
            .ends_with(0);
        assert_eq!(get("input"), bytes);
        kv(place, &["put", "b", "file", "--file", "value.bin"])
            .finish()
            .ends_with(0);
        assert_eq!(get("file"), bytes);
        // As `base64` writes it: with line breaks.
        let base64 = b"AAEC\n/w==\n";
        let put = ["put", "b", "base64", "--base64", "-"];
        kv(place, &put).input(base64).finish().ends_with(0);
        assert_eq!(get("base64"), [0, 1, 2, 255]);
        let json: Value =
            serde_json::from_str(&prints(place, &["get", "b", "base64", "--json"])).unwrap();
        assert_eq!(
            json,
            json!({"bucket": "b", "key": "base64", "base64": "AAEC/w=="})
        );
        kv(place, &["put", "b", "empty", ""]).finish().ends_with(0);
        assert_eq!(get("empty"), b"");
        kv(place, &["put", "b", "minus", "-5"])
            .finish()
            .ends_with(0);
        assert_eq!(get("minus"), b"-5");
        assert!(
            prints(place, &["list", "b", "--values"]).contains("binary, 100000 bytes: 00 01 02")
        );
    });
}

/// A key that is not there is exit code 1, with the nearest one that is.
#[test]
fn an_absent_key_is_told() {
    stopped_and_running(|place| {
        put_all(place, "orders", &[("order-17", "x")]);
        let args = ["get", "orders", "order-71"];
        let told = fails(
            place,
            1,
            &args,
            &["no key 'order-71'", "did you mean 'order-17'?"],
        );
        assert!(told.stdout.is_empty());
        fails(
            place,
            1,
            &["get", "order", "k"],
            &["did you mean bucket 'orders'?"],
        );
    });
}

/// What was there is deleted, what was not is told, as `rm` does.
#[test]
fn keys_are_deleted() {
    stopped_and_running(|place| {
        put_all(place, "b", &[("1", ""), ("2", ""), ("3", "")]);
        assert_eq!(
            prints(place, &["delete", "b", "1"]),
            "deleted '1' of bucket 'b'\n"
        );
        let told = fails(place, 1, &["delete", "b", "2", "1", "3"], &["no key '1'"]);
        assert_eq!(told.stdout().lines().count(), 2);
        assert_eq!(prints(place, &["buckets"]), "");
    });
}

/// A condition that does not hold writes nothing, and is exit code 1.
#[test]
fn a_put_may_depend_on_what_is_there() {
    stopped_and_running(|place| {
        let put = |args: &[&str], code| {
            kv(place, &[&["put", "b", "k"], args].concat())
                .finish()
                .ends_with(code)
        };
        put(&["1", "--if-absent"], 0);
        put(&["2", "--if-absent"], 1).says(&["nothing was written", "is there already"]);
        put(&["3", "--if", "2"], 1).says(&["nothing was written", "another value"]);
        assert_eq!(prints(place, &["get", "b", "k"]), "1");
        put(&["AA==", "--base64", "--if", "MQ=="], 0);
        assert_eq!(prints(place, &["get", "b", "k"]), "\0");
        put(&["4", "--if", "1", "--if-absent"], 2);
    });
}

/// An entry says when it goes away, and is gone then.
#[test]
fn entries_go_away() {
    stopped_and_running(|place| {
        kv(place, &["put", "b", "long", "x", "--expires-ms", "3600000"])
            .finish()
            .ends_with(0);
        kv(place, &["put", "b", "gone", "x", "--expires-ms", "0"])
            .finish()
            .ends_with(0);
        let listed = prints(place, &["list", "b", "--values"]);
        assert!(
            listed.starts_with("long  x  (until 20") && listed.ends_with("Z)\n"),
            "{listed}"
        );
        fails(place, 1, &["get", "b", "gone"], &["no key 'gone'"]);
        let entry = parsed(&prints(place, &["get", "b", "long", "--json"])).remove(0);
        assert!(
            entry["expires-at"].as_u64().unwrap() > 1_700_000_000_000,
            "{entry}"
        );
    });
}

/// A copy is a store, private, and never takes the place of anything.
#[test]
fn a_backup_is_a_store() {
    stopped_and_running(|place| {
        put_all(place, "b", &[("k", "v")]);
        kv(place, &["backup", "copy.redb"]).finish().ends_with(0);
        assert_eq!(
            prints(place, &["get", "b", "k", "--store", "copy.redb"]),
            "v"
        );
        let mode = std::fs::metadata(place.path("copy.redb"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o777, 0o600);
        place.write("mine", "mine");
        fails(place, 1, &["backup", "mine"], &["mine", "already"]);
        assert_eq!(std::fs::read(place.path("mine")).unwrap(), b"mine");
        fails(place, 1, &["backup", "no/such/folder"], &["no/such/folder"]);
        let names = std::fs::read_dir(place.path(".")).unwrap();
        assert!(
            !names
                .map(|entry| typed(&entry.unwrap().path()))
                .any(|name| name.contains("partial"))
        );
    });
}

/// What was deleted is given back.
#[test]
fn a_store_is_compacted() {
    stopped_and_running(|place| {
        let value = vec![7; 4 << 20];
        kv(place, &["put", "b", "large", "-"])
            .input(&value)
            .finish()
            .ends_with(0);
        kv(place, &["delete", "b", "large"]).finish().ends_with(0);
        let size: Value = serde_json::from_str(&prints(place, &["compact", "--json"])).unwrap();
        let (before, after) = (
            size["before"].as_u64().unwrap(),
            size["after"].as_u64().unwrap(),
        );
        assert!(after < before, "{size}");
        let length = std::fs::metadata(place.path("data/shop.redb"));
        assert!(length.unwrap().len() < before);
        assert!(prints(place, &["compact"]).contains(" bytes before, "));
    });
}

/// Reading makes nothing. Writing makes the store that a manifest names, and a file only if that is asked for.
#[test]
fn who_makes_a_store() {
    let place = shop();
    for args in [
        &["buckets"][..],
        &["list", "b"],
        &["export"],
        &["compact"],
        &["backup", "x"],
    ] {
        fails(
            &place,
            1,
            args,
            &["no store at './data/shop.redb' yet", "rusm kv put"],
        );
    }
    assert!(!place.path("data").exists());
    let put = ["put", "b", "k", "v", "--store", "other.redb"];
    fails(&place, 2, &put, &["no store at 'other.redb'", "--create"]);
    assert!(!place.path("other.redb").exists());
    kv(&place, &[&put[..], &["--create"]].concat())
        .finish()
        .ends_with(0);
    put_all(&place, "b", &[("k", "v")]);
    let mode = |name: &str| {
        std::fs::metadata(place.path(name))
            .unwrap()
            .permissions()
            .mode()
            & 0o777
    };
    assert_eq!(
        (mode("data"), mode("data/shop.redb"), mode("other.redb")),
        (0o700, 0o600, 0o600)
    );
    fails(
        &place,
        2,
        &["buckets", "--store", "othr.redb"],
        &["did you mean 'other.redb'?"],
    );
}

/// The bound of the manifest holds for the command line, too.
#[test]
fn a_full_store_is_full_for_everybody() {
    let small = super::APP.replace("store-max-mb = 256", "store-max-mb = 1");
    let is_full = |place: &Place| {
        let value = vec![7; 2 << 20];
        let put = kv(place, &["put", "b", "k", "-"]).input(&value).finish();
        put.ends_with(1).says(&["full", "1048576"]);
        fails(place, 1, &["get", "b", "k"], &["no key"]);
        let line = json!({"bucket": "b", "key": "k", "base64": "AAAA".repeat(500_000)});
        let lines = format!(
            "{}\n{line}\n",
            json!({"bucket": "a", "key": "k", "value": ""})
        );
        let import = kv(place, &["import"]).input(lines.as_bytes()).finish();
        import
            .ends_with(1)
            .says(&["full", "lines 1 to 1 were written (1 entry)"]);
        put_all(place, "b", &[("k", "small")]);
    };
    let place = shop();
    place.write("rusm.toml", small);
    is_full(&place);
    let _node = Node::of(&place);
    kv(&place, &["delete", "b", "k"]).finish().ends_with(0);
    is_full(&place);
}

/// A reader who leaves early is no failure.
#[test]
fn a_pipe_may_be_closed() {
    stopped_and_running(|place| {
        let lines: String = (0..50_000)
            .map(|n| {
                format!(
                    "{}\n",
                    json!({"bucket": "b", "key": n.to_string(), "value": "x"})
                )
            })
            .collect();
        kv(place, &["import"])
            .input(lines.as_bytes())
            .finish()
            .ends_with(0);
        for args in [
            &["export"][..],
            &["list", "b", "--all"],
            &["list", "b", "--all", "--values", "--json"],
        ] {
            let mut child = kv(place, args).start();
            drop(child.stdout.take());
            crate::support::Outcome::of(child).ends_with(0);
        }
    });
}
