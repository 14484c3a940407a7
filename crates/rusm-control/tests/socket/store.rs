//! The store through the socket: what goes in comes out, whatever it is called.

use crate::house::{House, code};
use rusm_control::{Action, ClientError, Code, Deed, Entry, Listing};
use rusm_kv::Options;
use std::io::Read as _;

/// Names that mean something elsewhere.
const NAMES: [&str; 12] = [
    "k",
    "..",
    ".",
    "a/b",
    "%2f",
    "a b+c",
    "?x=1&y",
    "#",
    "ключ",
    "\u{1f980}",
    "keys",
    "\\",
];

#[test]
fn what_is_put_is_got_under_any_name() {
    let house = House::new();
    let client = house.client();
    for (n, bucket) in NAMES.iter().enumerate() {
        for key in NAMES.iter().chain(&["\0", "\n\r\n", "\u{202e}"]) {
            let value = format!("{n} {key}\0\u{ff}");
            client.put(bucket, key, value.clone(), None).unwrap();
            let entry = client.get(bucket, key).unwrap().unwrap();
            assert_eq!(entry.value, value.as_bytes(), "{bucket:?} {key:?}");
            assert_eq!(entry.expires_at_ms, None);
        }
    }
    let page = client.buckets(None, None).unwrap();
    assert_eq!(page.buckets.len(), NAMES.len());
    assert!(page.buckets.iter().all(|bucket| bucket.keys == 15));
    for bucket in NAMES {
        assert!(client.delete(bucket, "..").unwrap());
        assert!(!client.delete(bucket, "..").unwrap());
        assert_eq!(client.get(bucket, "..").unwrap(), None);
        assert!(client.get(bucket, ".").unwrap().is_some());
    }
}

#[test]
fn the_largest_value_goes_through_and_a_larger_one_does_not() {
    let house = House::new();
    let client = house.client();
    let largest: Vec<u8> = (0..16 << 20).map(|n: u32| n.to_le_bytes()[1]).collect();
    client.put("b", "k", largest.clone(), None).unwrap();
    assert!(client.get("b", "k").unwrap().unwrap().value == largest);
    let entries = client.entries("b", &Listing::default()).unwrap();
    assert!(entries.entries[0].value == largest);

    let larger = [largest, vec![0]].concat();
    match client.put("b", "k2", larger, None) {
        Err(ClientError::Refused(refusal)) => assert_eq!(refusal.code, Code::TooLarge),
        other => panic!("{other:?}"),
    }
    assert_eq!(client.get("b", "k2").unwrap(), None);
}

#[test]
fn pages_lead_through_a_bucket() {
    let house = House::new();
    let client = house.client();
    for key in 0..25 {
        client.put("b", &format!("a{key:02}"), "v", None).unwrap();
        client.put("b", &format!("b{key:02}"), "v", None).unwrap();
    }
    let (mut keys, mut entries, mut start) = (Vec::new(), Vec::new(), None);
    loop {
        let listing = Listing {
            prefix: "a",
            start: start.as_deref(),
            limit: Some(10),
        };
        let page = client.keys("b", &listing).unwrap();
        let values = client.entries("b", &listing).unwrap();
        assert_eq!(page.next, values.next);
        keys.extend(page.keys);
        entries.extend(values.entries);
        match page.next {
            Some(next) => start = Some(next),
            None => break,
        }
    }
    let expected: Vec<String> = (0..25).map(|key| format!("a{key:02}")).collect();
    assert_eq!(keys, expected);
    assert!(entries.iter().map(|entry| &entry.key).eq(&expected));
    for limit in [0, 1_001] {
        let (status, body) = house.ask("GET", &format!("/v1/kv/buckets/b/keys?limit={limit}"));
        assert_eq!((status, code(&body).as_str()), (400, "bad-request"));
    }
}

#[test]
fn an_export_is_what_an_import_was() {
    let house = House::new();
    let client = house.client();
    let entry = |bucket: &str, key: u32, value: Vec<u8>| Entry {
        bucket: bucket.to_owned(),
        key: format!("{key:05}"),
        value,
        expires_at_ms: key.is_multiple_of(3).then_some(4_000_000_000_000),
    };
    let mut entries: Vec<Entry> = (0..2_500)
        .map(|key| entry("a", key, vec![b'x'; 100]))
        .collect();
    entries.extend((0..2).map(|key| entry("a!", key, vec![b'y'])));
    entries.extend((0..9).map(|key| entry("b", key, vec![key.to_le_bytes()[0]; 3 << 20])));
    entries.push(entry("c/..", 1, Vec::new()));
    let mut lines = Vec::new();
    for entry in &entries {
        lines.extend(entry.to_line());
        lines.push(b'\n');
    }
    assert_eq!(client.import(&lines[..]).unwrap(), 2_512);
    let mut exported = Vec::new();
    client
        .export(None)
        .unwrap()
        .read_to_end(&mut exported)
        .unwrap();
    assert!(exported == lines);
    let mut one = String::new();
    client
        .export(Some("c/.."))
        .unwrap()
        .read_to_string(&mut one)
        .unwrap();
    assert_eq!(
        Entry::from_line(one.as_bytes()).unwrap(),
        *entries.last().unwrap()
    );
    match client.export(Some("c")) {
        Err(ClientError::Refused(refusal)) => assert_eq!(refusal.code, Code::NotFound),
        other => panic!("{other:?}"),
    }
}

#[test]
fn an_import_says_where_it_stopped() {
    let house = House::new();
    let client = house.client();
    let line = |key: u32| {
        format!(
            "{{\"bucket\":\"b\",\"key\":\"{key:05}\",\"value\":\"{}\"}}\n",
            "x".repeat(1_000)
        )
    };
    // In the second request of the client.
    let mut lines: String = (1..=5_000).map(line).collect();
    lines.push_str("{\"bucket\":\"b\"}\n");
    lines.extend((5_002..6_000).map(line));
    let refusal = match client.import(lines.as_bytes()) {
        Err(ClientError::Refused(refusal)) => refusal,
        other => panic!("{other:?}"),
    };
    assert_eq!((refusal.line, refusal.written), (Some(5_001), Some(5_000)));
    assert!(refusal.to_string().starts_with("line 5001: "), "{refusal}");
    assert!(client.get("b", "05000").unwrap().is_some());
    assert!(client.get("b", "05002").unwrap().is_none());
}

#[test]
fn a_full_store_says_so_and_writes_nothing() {
    let house = House::with(Options::default().max_bytes(4 << 20));
    let client = house.client();
    client.put("b", "first", "v", None).unwrap();
    let refused = client.put("b", "k", vec![1; 8 << 20], None);
    assert!(matches!(refused, Err(ClientError::Refused(refusal)) if refusal.code == Code::Full));
    assert_eq!(client.get("b", "k").unwrap(), None);
    assert!(client.delete("b", "first").unwrap());
}

#[test]
fn an_expiry_is_shown_and_kept() {
    let house = House::new();
    let client = house.client();
    client.put("b", "long", "v", Some(3_600_000)).unwrap();
    client.put("b", "gone", "v", Some(0)).unwrap();
    let entry = client.get("b", "long").unwrap().unwrap();
    assert!(entry.expires_at_ms.unwrap() > 1_700_000_000_000);
    assert_eq!(client.get("b", "gone").unwrap(), None);
    assert_eq!(
        client.entries("b", &Listing::default()).unwrap().entries,
        [entry]
    );
}

#[test]
fn a_node_without_a_store_says_so() {
    let house = House::without_store();
    for target in [
        "/v1/kv/status",
        "/v1/kv/buckets",
        "/v1/kv/buckets/b/keys/k",
        "/v1/kv/export",
    ] {
        let (status, body) = house.ask("GET", target);
        assert_eq!(
            (status, code(&body).as_str()),
            (404, "no-store"),
            "{target}"
        );
    }
    assert_eq!(house.ask("POST", "/v1/kv/compact").0, 404);
}

#[test]
fn changes_are_told_when_they_are_durable() {
    let house = House::new();
    let client = house.client();
    client.put("b", "k", "secret", None).unwrap();
    client.get("b", "k").unwrap();
    client.delete("b", "k").unwrap();
    client.delete("b", "k").unwrap();
    client
        .import(&b"{\"bucket\":\"i\",\"key\":\"k\",\"value\":\"\"}\n"[..])
        .unwrap();
    client.compact().unwrap();
    let deed = |action, bucket: Option<&str>, key: Option<&str>, entries| Deed {
        action,
        bucket: bucket.map(str::to_owned),
        key: key.map(str::to_owned),
        entries,
    };
    let expected = [
        deed(Action::Put, Some("b"), Some("k"), 1),
        deed(Action::Delete, Some("b"), Some("k"), 1),
        deed(Action::Import, Some("i"), None, 1),
        deed(Action::Compact, None, None, 0),
    ];
    assert_eq!(*house.deeds.lock().unwrap(), expected);
}

#[test]
fn its_status_is_the_stores() {
    let house = House::with(Options::default().max_bytes(1 << 30));
    let client = house.client();
    client.put("b", "k", "v", None).unwrap();
    let status = client.status().unwrap();
    assert_eq!(status.max_bytes, Some(1 << 30));
    assert_eq!(status.poisoned, None);
    assert!(status.commits >= 1 && status.file_bytes > 0, "{status:?}");
    let compaction = client.compact().unwrap();
    assert!(compaction.bytes_after <= compaction.bytes_before);
}
