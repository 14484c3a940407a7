//! Wrong words, wrong files, and names that a hostile guest would choose.

use super::{APP, fails, kv, prints, put_all, shop, stopped_and_running};
use crate::support::Place;
use rusm_kv::{Options, Store};
use serde_json::{Value, json};

/// A wrong word is met with the nearest right one, and no store is made on the way.
#[test]
fn wrong_words_are_named() {
    let place = shop();
    fails(&place, 2, &["bukets"], &["buckets"]);
    fails(&place, 2, &["put", "b", "k"], &["VALUE"]);
    fails(
        &place,
        2,
        &["put", "b", "k", "v", "--file", "f"],
        &["--file"],
    );
    fails(
        &place,
        2,
        &["put", "b", "k", "--file", "nofile"],
        &["cannot open 'nofile'"],
    );
    fails(
        &place,
        2,
        &["put", "b", "k", "!", "--base64"],
        &["wrong base64"],
    );
    fails(&place, 2, &["put", "b", "", "v"], &["the key is empty"]);
    fails(
        &place,
        2,
        &["put", "", "k", "v"],
        &["the bucket name cannot be used: it is empty"],
    );
    fails(
        &place,
        2,
        &["put", "a\nb", "k", "v"],
        &["it has a control character"],
    );
    fails(
        &place,
        2,
        &["put", "b", &"k".repeat(1_025), "v"],
        &["the most is 1024"],
    );
    fails(
        &place,
        2,
        &["put", "b", "k", "v", "--json-key"],
        &["'k' is no JSON string"],
    );
    fails(&place, 2, &["import", "nofile"], &["cannot open 'nofile'"]);
    fails(
        &place,
        2,
        &["buckets", "--store", "x", "--manifest", "."],
        &["only one of them"],
    );
    fails(
        &place,
        2,
        &["--store", "x", "buckets", "--manifest", "."],
        &["only one of them"],
    );
    fails(
        &place,
        2,
        &["put", "b", "k", "v", "--create"],
        &["--create is about --store"],
    );
    assert!(!place.path("data").exists());
    put_all(&place, "b", &[("k", "v")]);
    fails(
        &place,
        1,
        &["get", "b", &"k".repeat(1_025)],
        &["1025", "1024"],
    );
    fails(&place, 1, &["list", &"b".repeat(256)], &["256", "255"]);
}

/// An app without a store, and a folder without an app, say what to write.
#[test]
fn a_missing_store_says_what_to_write() {
    let place = Place::new();
    fails(
        &place,
        3,
        &["buckets"],
        &["no rusm.toml in the current folder"],
    );
    place.write("rusm.toml", "[app]\nname = \"x\"\n");
    fails(
        &place,
        2,
        &["buckets"],
        &[
            "'rusm.toml' asks for no store",
            "store = ",
            "[node]",
            "--store",
        ],
    );
    place.write("sub/rusm.toml", APP);
    fails(
        &place,
        1,
        &["buckets", "--manifest", "sub"],
        &["sub/data/shop.redb"],
    );
}

/// What is no store is refused, and left as it is.
#[test]
fn other_files_are_left_alone() {
    let place = Place::new();
    for (name, content) in [
        (
            "text",
            b"not a store, and longer than any header would be ".repeat(200),
        ),
        ("short", b"x".to_vec()),
    ] {
        place.write(name, &content);
        for args in [
            &["buckets"][..],
            &["export"],
            &["put", "b", "k", "v"],
            &["compact"],
        ] {
            fails(
                &place,
                1,
                &[args, &["--store", name]].concat(),
                &[name, "not a rusm store"],
            );
        }
        assert_eq!(std::fs::read(place.path(name)).unwrap(), content);
    }
    std::fs::create_dir(place.path("folder")).unwrap();
    fails(&place, 1, &["buckets", "--store", "folder"], &["folder"]);
}

/// A damaged file is an error like any other, wherever the damage is.
#[test]
fn a_damaged_store_is_an_error() {
    let place = shop();
    let line = |n| {
        format!(
            "{}\n",
            json!({"bucket": "b", "key": format!("{n:05}"), "value": "x".repeat(n % 100)})
        )
    };
    let lines: String = (0..2_000_usize).map(line).collect();
    kv(&place, &["import"])
        .input(lines.as_bytes())
        .finish()
        .ends_with(0);
    let whole = std::fs::read(place.path("data/shop.redb")).unwrap();
    // Each round damages another part of every page.
    let mut n_errors = 0;
    for round in 0..16 {
        let mut bytes = whole.clone();
        for byte in bytes.iter_mut().skip(512 + round * 256).step_by(4096) {
            *byte ^= 0x55;
        }
        std::fs::write(place.path("data/shop.redb"), bytes).unwrap();
        for args in [
            &["export"][..],
            &["list", "b", "--all"],
            &["put", "b", "k", "v"],
            &["compact"],
        ] {
            let outcome = kv(&place, args).finish();
            assert!(matches!(outcome.code, Some(0 | 1)), "{outcome:?}");
            n_errors += usize::from(outcome.code == Some(1));
        }
    }
    assert!(n_errors > 0, "nothing was damaged");
}

/// A store that somebody has open is told, with the way out.
#[test]
fn a_store_in_use_is_told() {
    let place = shop();
    put_all(&place, "b", &[("k", "v")]);
    let file = place.path("data/shop.redb");
    let held = Store::open_existing(&file, Options::default()).unwrap();
    let by_file = ["buckets", "--store", "data/shop.redb"];
    fails(
        &place,
        1,
        &by_file,
        &["'data/shop.redb' is in use", "--manifest"],
    );
    fails(&place, 1, &["put", "b", "k", "w"], &["in use"]);
    drop(held);
    assert_eq!(prints(&place, &["get", "b", "k"]), "v");
}

/// A guest's names and values neither steer the terminal nor forge a line, and each of them can be taken away.
#[test]
fn hostile_names_are_shown_and_deleted() {
    stopped_and_running(|place| {
        let bucket = "b\u{202e}";
        let keys = [
            "\0",
            "\u{1b}]0;owned\u{7}",
            "a\nb  c",
            "\u{202e}txt.exe",
            "\"",
            "-x",
        ];
        let line = |key: &str| format!("{}\n", json!({"bucket": bucket, "key": key, "value": key}));
        let lines = keys.map(line).concat();
        kv(place, &["import"])
            .input(lines.as_bytes())
            .finish()
            .ends_with(0);
        let steers = |text: &str| text.chars().any(|c| c != '\n' && rusm_caps::is_steering(c));
        for (args, n_lines) in [
            (&["buckets"][..], 1),
            (&["buckets", "--json"], 1),
            (&["list", bucket], keys.len()),
            (&["list", bucket, "--values"], keys.len()),
            (&["list", bucket, "--json", "--values"], keys.len()),
            (&["export"], keys.len()),
        ] {
            let shown = prints(place, args);
            assert!(!steers(&shown), "{shown:?}");
            assert_eq!(shown.lines().count(), n_lines, "{shown}");
        }
        for line in prints(place, &["list", bucket, "--json"]).lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let key = line["key"].to_string();
            let args = ["--json-key", "--", bucket, &key];
            kv(place, &[&["get"], &args[..]].concat())
                .finish()
                .ends_with(0);
            let gone = kv(place, &[&["delete"], &args[..]].concat())
                .finish()
                .ends_with(0);
            assert!(!steers(gone.stdout()));
            let told = kv(place, &[&["get"], &args[..]].concat())
                .finish()
                .ends_with(1);
            assert!(!steers(&told.stderr));
        }
        assert_eq!(prints(place, &["buckets"]), "");
    });
}
