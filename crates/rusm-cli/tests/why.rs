//! `rusm why`: yes or no, the rule as typed, its place, and the way it was inherited.

use crate::support::{Outcome, Place};
use serde_json::Value;

const MANIFEST: &str = r#"[app]
name = "orders"
[components.api]
wasm = "x.wasm"
capability = "web"
profiles = ["plain"]
[components.lost]
wasm = "x.wasm"
capability = "wbe"

[capabilities.web]
inherits = "base"
allow-network = [
  "api.example.com:443",  # the partner
  "10.1.0.0/16:5432",
]
max-mailbox = { messages = 10 }
max-memory-mb = 128
preopen = [{ host = "data", guest = "/data", read-only = true }]
[capabilities.base]
inherits = "network-client"
allow-network = ["public:443"]
allow-storage = { read = ["config"], write = ["orders-*"] }
[capabilities.plain]
"#;

const CHAIN: &str = "  profile  web (line 11) inherits base (line 20) inherits network-client (built in) inherits sandboxed (built in)\n  because  api runs under 'web' (line 5)\n";

fn why(words: &[&str]) -> Outcome {
    let place = Place::new();
    place.write("rusm.toml", MANIFEST);
    place.rusm(["why"].iter().chain(words)).finish()
}

#[track_caller]
fn answers(words: &[&str], code: i32, lines: &str) {
    let outcome = why(words).ends_with(code);
    assert_eq!(outcome.stdout(), format!("{lines}{CHAIN}"));
}

/// A yes names the entry of the list, with its own line, and what the list replaces.
#[test]
fn a_yes_names_the_rule() {
    answers(
        &["api", "network", "10.1.2.3:5432"],
        0,
        "yes: api may connect to 10.1.2.3:5432\n\
         \x20 rule     allow-network = \"10.1.0.0/16:5432\" (rusm.toml:15, [capabilities.web])\n\
         \x20 replaces allow-network = [\"public:443\"] (rusm.toml:22, [capabilities.base])\n\
         \x20 replaces allow-network = [\"public\"] (network-client, built in)\n",
    );
    answers(
        &["api", "allow-storage", "write:orders-7"],
        0,
        "yes: api may write to the bucket orders-7\n\
         \x20 rule     allow-storage.write = \"orders-*\" (rusm.toml:23, [capabilities.base])\n",
    );
    answers(
        &["api", "send", "ledger"],
        0,
        "yes: api may send to ledger\n\
         \x20 rule     allow-send = true (network-client, built in)\n",
    );
}

/// A no is the denial that the process would get, with what to write, and what decided.
#[test]
fn a_no_says_what_would_allow_it() {
    answers(
        &["api", "network", "db.example:5432"],
        1,
        "no: api may not connect to db.example:5432: profile 'web' allows api.example.com:443, 10.1.0.0/16:5432. \
         To allow it: allow-network = [\"db.example:5432\"] under [capabilities.web]\n\
         \x20 decides  allow-network = [\"api.example.com:443\", \"10.1.0.0/16:5432\"] (rusm.toml:13, [capabilities.web])\n\
         \x20 replaces allow-network = [\"public:443\"] (rusm.toml:22, [capabilities.base])\n\
         \x20 replaces allow-network = [\"public\"] (network-client, built in)\n\
         \x20 note     allow-network is there already, on line 13: add to it\n",
    );
    answers(
        &["api", "files", "/data/in:rw"],
        1,
        "no: api may not open data as /data for writing: profile 'web' allows data::/data::ro. \
         To allow it: preopen = [{ host = \"data\", guest = \"/data\" }] under [capabilities.web]\n\
         \x20 decides  preopen = [{ host = \"data\", guest = \"/data\", read-only = true }] (rusm.toml:19, [capabilities.web])\n\
         \x20 note     preopen is there already, on line 19: add to it\n",
    );
    answers(
        &["api", "env", "HOME"],
        1,
        "no: api may not see the environment variable HOME: profile 'web' allows no environment. \
         To allow it: env = [\"HOME\"] under [capabilities.web]\n\
         \x20 decides  env = false (network-client, built in)\n",
    );
}

/// Every permission can be asked about, with each of its kinds of target and with none.
#[test]
fn every_kind_of_target_is_understood() {
    for (permission, target, code) in [
        ("network", "api.example.com:443", 0),
        ("network", "api.example.com", 0),
        ("network", "10.1.2.3", 0),
        ("network", "[::1]:80", 1),
        ("listen", "127.0.0.1:9000", 1),
        ("files", "/data/in", 0),
        ("files", "/data:ro", 0),
        ("preopen", "/etc:ro", 1),
        ("env", "API_KEY", 1),
        ("spawn", "lost", 1),
        ("spawn", "nobody", 2),
        ("send", "lost", 0),
        ("storage", "read:config", 0),
        ("storage", "orders-1", 1),
        ("host-functions", "acme:billing/charge", 1),
        ("process-control", "lost", 1),
    ] {
        why(&["api", permission, target]).ends_with(code);
    }
    for (permission, code) in [
        ("network", 0),
        ("files", 0),
        ("env", 1),
        ("load", 1),
        ("stdio", 1),
    ] {
        why(&["api", permission]).ends_with(code);
    }
}

/// A limit says its value and where it comes from; a mailbox has two.
#[test]
fn limits_say_where_they_come_from() {
    answers(
        &["api", "max-memory-mb"],
        0,
        "max-memory-mb of api is 128 MiB\n\
         \x20 rule     max-memory-mb = 128 (rusm.toml:18, [capabilities.web])\n\
         \x20 replaces max-memory-mb = 64 MiB (network-client, built in)\n",
    );
    answers(
        &["api", "max-mailbox"],
        0,
        "max-mailbox.messages of api is 10 messages\n\
         \x20 rule     max-mailbox.messages = 10 (rusm.toml:17, [capabilities.web])\n\
         \x20 replaces max-mailbox.messages = 10000 messages (network-client, built in)\n\
         max-mailbox.mb of api is 16 MiB\n\
         \x20 rule     max-mailbox.mb = 16 MiB (network-client, built in)\n",
    );
}

/// A profile that the component offers is asked about by name; one that does not exist is the sandbox.
#[test]
fn the_profile_is_the_one_that_counts() {
    let outcome = why(&["api", "network", "--profile", "plain"]).ends_with(1);
    assert!(outcome.stdout().contains("'plain'") && outcome.stdout().contains("(line 6)"));
    let outcome = why(&["lost", "network"])
        .ends_with(1)
        .says(&["warning", "wbe"]);
    assert!(
        outcome
            .stdout()
            .contains("lost names the profile 'wbe' (line 9), which does not exist"),
        "{}",
        outcome.stdout()
    );
}

/// Programs get the same as people.
#[test]
fn the_answer_is_json_on_request() {
    let outcome = why(&["api", "network", "10.1.2.3:5432", "--json"]).ends_with(0);
    let json: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!(json["allowed"], true);
    assert_eq!(json["answers"][0]["rules"][0]["line"], 15);
    assert_eq!(
        json["answers"][0]["rules"][0]["typed"],
        "\"10.1.0.0/16:5432\""
    );
    assert_eq!(json["inheritance"][0]["profile"], "web");
    assert_eq!(json["inheritance"][3]["built_in"], true);
    let outcome = why(&["api", "load", "--json"]).ends_with(1);
    let json: Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!(json["allowed"], false);
    assert!(
        json["answers"][0]["text"]
            .as_str()
            .unwrap()
            .contains("allow-load = true")
    );
}

/// A wrong word is answered with the nearest right one, and nothing on standard output.
#[test]
fn wrong_words_get_the_nearest_right_one() {
    for (words, code, says) in [
        (vec!["apj", "network"], 2, "did you mean 'api'?"),
        (vec!["zzzzzz", "network"], 2, "there are api, lost"),
        (vec!["<0.7.12>", "network"], 2, "running process"),
        (vec!["api", "netwrok"], 2, "did you mean 'network'?"),
        (
            vec!["api", "max-memory"],
            2,
            "did you mean 'max-memory-mb'?",
        ),
        (vec!["api", "everything"], 2, "there are network, listen"),
        (vec!["api", "network", "x:https"], 2, "from 1 to 65535"),
        (vec!["api", "network", ""], 2, "it is empty"),
        (vec!["api", "load", "x"], 2, "leave it out"),
        (vec!["api", "max-cpu-ms", "5"], 2, "a limit has no target"),
        (
            vec!["api", "network", "--profile", "plian"],
            2,
            "did you mean 'plain'?",
        ),
        (
            vec!["api", "network", "--manifest", "nowhere"],
            4,
            "no such file",
        ),
        (vec!["api"], 2, "PERMISSION"),
        (vec!["api\x1b[2J", "network"], 2, "api\\u{1b}[2J"),
        (vec!["api", "env", "A\x1b[2J"], 2, "\\u{1b}"),
    ] {
        let outcome = why(&words).ends_with(code).says(&[says]);
        assert_eq!(outcome.stdout(), "", "{words:?}");
        assert!(!outcome.stderr.contains('\x1b'), "{words:?}");
    }
}

/// A manifest with mistakes is told as everywhere, with its exit code.
#[test]
fn a_bad_manifest_has_its_own_exit_code() {
    let place = Place::new();
    place
        .rusm(["why", "a", "network"])
        .finish()
        .ends_with(3)
        .says(&["rusm.toml"]);
    place.write("rusm.toml", "[app]\nnmae = \"x\"\n");
    place
        .rusm(["why", "a", "network"])
        .finish()
        .ends_with(3)
        .says(&["did you mean `name`?"]);
}
