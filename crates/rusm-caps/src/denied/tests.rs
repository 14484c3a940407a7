//! The sentences that people read.

use std::path::Path;

use super::*;
use crate::{Access, BucketSet, Obstacle, Peer, Protocol, Relation, SendGrant, decide};

fn web() -> Profile {
    Profile::sandboxed()
        .to_builder("web")
        .network(crate::NetGrant::Rules(vec![
            "public:443".parse().unwrap(),
            "10.1.0.0/16:5432".parse().unwrap(),
        ]))
        .send(SendGrant::listed(["ledger"]))
        .storage(crate::KvGrant {
            read: BucketSet::Listed(vec!["config".parse().unwrap()]),
            write: BucketSet::Nothing,
        })
        .env("APP_*".parse().unwrap())
        .dir("data::/data::ro".parse().unwrap())
        .build()
        .unwrap()
}

fn sentence(profile: &Profile, request: &Request<'_>) -> String {
    let subject = Subject::new("api", 12, "<0.7.12>");
    decide(profile, request)
        .expect_err("must be denied")
        .of(&subject)
        .to_string()
}

/// The shape of a denial: who, what, which rule, and the manifest line, for each kind of request.
#[test]
fn a_denial_reads_as_one_sentence() {
    let to = Peer {
        pid: 3,
        name: None,
        component: "bank",
        relation: Relation::Other,
    };
    let connect = |addr: &str| Request::Connect {
        addr: addr.parse().unwrap(),
        proto: Protocol::Tcp,
        names: &[],
    };
    let host = Path::new("data");
    let rows: [(Request<'_>, &str); 16] = [
        (
            connect("8.8.8.8:5432"),
            "connect to 8.8.8.8:5432: profile 'web' allows public:443, 10.1.0.0/16:5432. To allow it: allow-network = [\"8.8.8.8:5432\"] under [capabilities.web]",
        ),
        (
            connect("[::1]:80"),
            "connect to [::1]:80: profile 'web' allows public:443, 10.1.0.0/16:5432, and ::1 is loopback, which only a rule that names it opens. To allow it: allow-network = [\"[::1]:80\"] under [capabilities.web]",
        ),
        (
            Request::Send { to },
            "send to bank: profile 'web' allows ledger. To allow it: allow-send = [\"bank\"] under [capabilities.web]",
        ),
        (
            Request::Link { to },
            "link to bank: profile 'web' allows no process control. To allow it: allow-process-control = true under [capabilities.web]",
        ),
        (
            Request::Signal { to },
            "send an exit signal to bank: profile 'web' allows no process control. To allow it: allow-process-control = true under [capabilities.web]",
        ),
        (
            Request::Spawn {
                component: "worker",
            },
            "spawn worker: profile 'web' allows no spawning. To allow it: allow-spawn = [\"worker\"] under [capabilities.web]",
        ),
        (
            Request::Load,
            "load code: profile 'web' allows no loading. To allow it: allow-load = true under [capabilities.web]",
        ),
        (
            Request::Storage {
                bucket: "orders",
                key: "k 1",
                access: Access::Write,
            },
            "write to the bucket orders (key 'k 1'): profile 'web' allows reading config. To allow it: allow-storage = { write = [\"orders\"] } under [capabilities.web]",
        ),
        (
            Request::OpenDir {
                host,
                guest: "/data",
                access: Access::Write,
            },
            "open data as /data for writing: profile 'web' allows data::/data::ro. To allow it: preopen = [{ host = \"data\", guest = \"/data\" }] under [capabilities.web]",
        ),
        (
            Request::Beneath {
                folder: "/data",
                path: "new",
                obstacle: Obstacle::ReadOnly,
            },
            "change /data/new, which is for reading only: profile 'web' allows data::/data::ro. To allow it: preopen = [{ host = \"data\", guest = \"/data\" }] under [capabilities.web]",
        ),
        (
            Request::Beneath {
                folder: "",
                path: "",
                obstacle: Obstacle::ReadOnly,
            },
            "change an open file, which is for reading only: profile 'web' allows data::/data::ro. The folder that it lies in would have to be granted for writing",
        ),
        (
            Request::Beneath {
                folder: "/data",
                path: "../x\u{1b}",
                obstacle: Obstacle::LeadsOut,
            },
            "use '/data/../x\\u{1b}', which leads out of the folder: profile 'web' allows data::/data::ro. No path leads out of a granted folder; grant the folder that it leads to",
        ),
        (
            Request::Env { name: "HOME" },
            "see the environment variable HOME: profile 'web' allows APP_*. To allow it: env = [\"HOME\"] under [capabilities.web]",
        ),
        (
            Request::Stdio,
            "use the terminal: profile 'web' allows no stdio. To allow it: allow-stdio = true under [capabilities.web]",
        ),
        (
            Request::Listen {
                addr: "127.0.0.1:80".parse().unwrap(),
            },
            "listen on 127.0.0.1:80: profile 'web' allows no listening. To allow it: allow-listen = [\"127.0.0.1:80\"] under [capabilities.web]",
        ),
        (
            Request::HostFunction {
                name: "acme:billing/charge",
            },
            "call the host function acme:billing/charge: profile 'web' allows no host functions. To allow it: host-functions = [\"acme:billing/charge\"] under [capabilities.web]",
        ),
    ];
    for (request, expected) in rows {
        assert_eq!(
            sentence(&web(), &request),
            format!("api (pid 0.7.12) may not {expected}")
        );
    }
}

/// Nobody can edit a built-in profile, so the advice is to inherit it.
#[test]
fn a_built_in_profile_is_to_be_inherited() {
    let said = sentence(
        &Profile::sandboxed(),
        &Request::Spawn {
            component: "worker",
        },
    );
    let expected = "To allow it: allow-spawn = [\"worker\"] in a profile of the manifest that inherits \"sandboxed\"";
    assert!(said.ends_with(expected), "{said}");
}

/// A right that was given up is not to be had by editing the manifest.
#[test]
fn a_revoked_right_has_no_remedy() {
    let said = sentence(
        &Profile::trusted().revoke("spawn").unwrap(),
        &Request::Spawn {
            component: "worker",
        },
    );
    assert!(said.ends_with("profile 'trusted' allows no spawning. It was given up or taken away when the process was spawned, and does not come back"), "{said}");
}

/// A guest cannot forge a line, hide text or flood the log through what it asks for.
#[test]
fn what_the_guest_chose_is_escaped_and_cut() {
    let name = format!("x'\r\nroot (pid 0.0.1) may \u{202e}{}", "y".repeat(100_000));
    for request in [
        Request::Env { name: &name },
        Request::Spawn { component: &name },
        Request::Storage {
            bucket: &name,
            key: &name,
            access: Access::Read,
        },
        Request::ResolveName { name: &name },
    ] {
        let denied = decide(&Profile::sandboxed(), &request)
            .unwrap_err()
            .of(&Subject::new(&*name, 1, "<0.0.9>"));
        for text in [
            denied.to_string(),
            denied.target.clone(),
            denied.help.clone(),
        ] {
            assert!(text.len() < 1500, "{} bytes", text.len());
            assert!(!text.contains(['\r', '\n', '\u{202e}']), "{text}");
        }
    }
}

/// The three fields that a guest is given stand for themselves.
#[test]
fn the_parts_of_a_denial() {
    let denied = decide(&web(), &Request::Env { name: "A-B" }).unwrap_err();
    assert_eq!(denied.permission, "env");
    assert_eq!(denied.target, "A-B");
    assert_eq!(denied.help, "env = [\"A-B\"] under [capabilities.web]");
    assert!(denied.to_string().starts_with("the process may not see"));
}

/// A profile with rules by name, and with somewhere to listen.
fn named() -> Profile {
    web()
        .to_builder("web")
        .network(crate::NetGrant::Rules(vec![
            "api.example.com:443".parse().unwrap(),
            "localhost:80".parse().unwrap(),
        ]))
        .listen(crate::ListenGrant::Rules(vec![
            "127.0.0.1:9000".parse().unwrap(),
        ]))
        .host_functions(crate::HostFunctionGrant::listed(["acme:billing/charge"
            .parse()
            .unwrap()]))
        .build()
        .unwrap()
}

/// Connections read by the name that was looked up, and say why an address stays closed.
#[test]
fn connections_read_by_name() {
    let api: [std::sync::Arc<str>; 1] = ["api.example.com".into()];
    let connect = |addr: &str, names| Request::Connect {
        addr: addr.parse().unwrap(),
        proto: Protocol::Tcp,
        names,
    };
    let allows = "profile 'web' allows api.example.com:443, localhost:80";
    let rows = [
        (
            Request::ConnectName {
                name: "db.example",
                port: 5432,
            },
            "connect to db.example:5432",
            "",
            "allow-network = [\"db.example:5432\"] under [capabilities.web]",
        ),
        (
            Request::ConnectName {
                name: "DB.example.",
                port: 5432,
            },
            "connect to DB.example.:5432",
            "",
            "allow-network = [\"db.example:5432\"] under [capabilities.web]",
        ),
        (
            Request::ResolveName { name: "db.example" },
            "look up db.example",
            "",
            "allow-network = [\"db.example\"] under [capabilities.web]",
        ),
        (
            connect("8.8.8.8:80", &api),
            "connect to api.example.com:80 at 8.8.8.8",
            "",
            "allow-network = [\"api.example.com:80\"] under [capabilities.web]",
        ),
        (
            connect("10.0.0.5:443", &api),
            "connect to api.example.com:443 at 10.0.0.5",
            ", and 10.0.0.5 is private, which only a rule that names it opens",
            "allow-network = [\"10.0.0.5:443\"] under [capabilities.web]",
        ),
        (
            connect("8.8.8.8:443", &[]),
            "connect to 8.8.8.8:443",
            ", and 8.8.8.8 was not looked up by such a name",
            "allow-network = [\"8.8.8.8:443\"] under [capabilities.web]",
        ),
        (
            connect("[::ffff:10.0.0.5]:443", &[]),
            "connect to [::ffff:10.0.0.5]:443",
            ", and ::ffff:10.0.0.5 is private, which only a rule that names it opens",
            "allow-network = [\"10.0.0.5:443\"] under [capabilities.web]",
        ),
        (
            Request::ConnectName {
                name: "::1",
                port: 80,
            },
            "connect to [::1]:80",
            ", and ::1 is loopback, which only a rule that names it opens",
            "allow-network = [\"[::1]:80\"] under [capabilities.web]",
        ),
    ];
    for (request, deed, why, line) in rows {
        assert_eq!(
            sentence(&named(), &request),
            format!("api (pid 0.7.12) may not {deed}: {allows}{why}. To allow it: {line}")
        );
    }
}

/// What no rule can be written for has no line to paste, and says so.
#[test]
fn what_no_rule_can_say_has_no_line() {
    let long = "x".repeat(200);
    let network = |addr: &str| Request::Connect {
        addr: addr.parse().unwrap(),
        proto: Protocol::Udp,
        names: &[],
    };
    let rows = [
        (
            Request::ResolveName { name: "2130706433" },
            "no name of a host",
        ),
        (
            Request::ResolveName {
                name: "a_b.example",
            },
            "no name of a host",
        ),
        // A host may be called so; the rule of that name is another.
        (Request::ResolveName { name: "public" }, "no name of a host"),
        (
            Request::ConnectName {
                name: "public",
                port: 80,
            },
            "no name of a host",
        ),
        (
            Request::ResolveName {
                name: "*.example.com",
            },
            "no name of a host",
        ),
        (
            Request::ResolveName {
                name: "x.example:443",
            },
            "no name of a host",
        ),
        (network("0.0.0.0:80"), "never a target"),
        (network("[::]:80"), "never a target"),
        (Request::Env { name: "A=B" }, "No grant can be written"),
        // Pasted, these would open more than was asked for.
        (Request::Env { name: "SECRET*" }, "No grant can be written"),
        (
            Request::Storage {
                bucket: "*",
                key: "",
                access: Access::Write,
            },
            "No grant can be written",
        ),
        (
            Request::Storage {
                bucket: "a*",
                key: "",
                access: Access::Read,
            },
            "No grant can be written",
        ),
        (Request::Env { name: &long }, "too long"),
        (Request::Spawn { component: &long }, "too long"),
        (
            Request::HostFunction { name: "pay" },
            "no name of a host function",
        ),
    ];
    for (request, reason) in rows {
        let denied = decide(&named(), &request).unwrap_err();
        assert!(denied.help.contains(reason), "{request:?}: {}", denied.help);
        assert!(!denied.to_string().contains("To allow it"), "{request:?}");
    }
}

/// Listening and host functions say what there is, and the line that adds to it.
#[test]
fn listening_and_host_functions_read_alike() {
    let bind = |addr: &str| Request::Bind {
        addr: addr.parse().unwrap(),
        proto: Protocol::Udp,
    };
    let listen = |addr: &str| Request::Listen {
        addr: addr.parse().unwrap(),
    };
    let at = |addr: &str| format!("allow-listen = [\"{addr}\"] under [capabilities.web]");
    let rows = [
        (
            bind("0.0.0.0:53"),
            "bind to 0.0.0.0:53: profile 'web' allows 127.0.0.1:9000",
            at("0.0.0.0:53"),
        ),
        (
            listen("[::]:80"),
            "listen on [::]:80: profile 'web' allows 127.0.0.1:9000",
            at("[::]:80"),
        ),
        (
            listen("127.0.0.1:0"),
            "listen on 127.0.0.1:0: profile 'web' allows 127.0.0.1:9000",
            at("127.0.0.1"),
        ),
        (
            Request::HostFunction {
                name: "acme:billing/refund@1.0.0#pay",
            },
            "call the host function 'acme:billing/refund@1.0.0#pay': profile 'web' allows acme:billing/charge",
            "host-functions = [\"acme:billing/refund@1.0.0#pay\"] under [capabilities.web]"
                .to_owned(),
        ),
    ];
    for (request, claim, line) in rows {
        assert_eq!(
            sentence(&named(), &request),
            format!("api (pid 0.7.12) may not {claim}. To allow it: {line}")
        );
    }
}
