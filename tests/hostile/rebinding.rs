//! Resolvers that lie: what a name leads to is whatever its owner says, and says next time, so that it opens nothing by itself.
//!
//! Each name below is one that the guest's profile lets it look up. The answers lead to servers of this machine, which only a rule that
//! names their address opens.

use crate::forge::{Interfaces, Wasi};
use crate::network::server::{Answer, Names, Server};
use crate::network::{at, http, profile};
use crate::support::Scenario;
use crate::trial::{Court, Outcome};
use rusm_caps::Recorded;
use rusm_core::{ExitReason, ResolveError};
use std::io::ErrorKind;
use std::net::TcpListener;
use std::sync::Arc;

const DENIED: &str = "get=error:ErrorCode::HttpRequestDenied";

/// Every way to reach a name: the sockets of WASI 0.2, HTTP 0.2, HTTP 0.3. The third is for sockets of 0.3, below.
fn reach(names: &Arc<Names>, rules: &[String], host: &str, port: u16) -> [Outcome; 3] {
    [
        ("actor_probe", format!("connect {host}:{port}")),
        ("stock_http", format!("get http {host}:{port} /")),
        ("stock_http_p3", format!("get http {host}:{port} /")),
    ]
    .map(|(client, script)| http::run(names, profile(rules), client, &script))
}

fn is_denied(outcome: &Outcome) -> bool {
    let line = outcome.lines.first().map(String::as_str);
    line == Some(DENIED) || line == Some("connect=denied:wasi")
}

/// The owner of a name points it at this machine: a rule for the name does not open it, a rule for the address does.
#[test]
fn a_name_that_leads_to_this_machine_opens_nothing() {
    let server = Server::saying("inner");
    let port = server.port;
    let names = Names::new([("evil.example", vec![Answer::of(&["127.0.0.1"])])]);
    for rule in ["evil.example", "*.example", "public"] {
        for outcome in reach(&names, &[format!("{rule}:{port}")], "evil.example", port) {
            assert!(is_denied(&outcome), "{rule}: {:#?}", outcome.lines);
            let target = format!("evil.example:{port}");
            let is_told = |record: &Recorded| {
                record.target == target && record.sentence.contains("at 127.0.0.1")
            };
            assert_eq!(outcome.denied.len(), 1, "{:#?}", outcome.denied);
            assert!(outcome.denied.iter().all(is_told), "{:#?}", outcome.denied);
        }
    }
    server.was_left_alone();
    let rules = [format!("evil.example:{port}"), format!("127.0.0.1:{port}")];
    for outcome in reach(&names, &rules, "evil.example", port) {
        assert!(!is_denied(&outcome), "{:#?}", outcome.lines);
    }
}

/// The first answer is harmless, the next is not: each connection is checked for the address that it dials.
#[test]
fn an_answer_that_changes_gains_nothing() {
    let (open, closed) = (Server::saying("open"), Server::saying("closed"));
    let answers = [
        &["127.0.0.1"][..],
        &["127.0.0.2"],
        &["169.254.169.254"],
        &["::ffff:127.0.0.2"],
        &["127.0.0.1"],
    ];
    for client in http::CLIENTS {
        let answers = answers.iter().map(|answer| Answer::of(answer)).collect();
        let names = Names::new([("fickle.example", answers)]);
        let rules = [
            format!("fickle.example:{}", open.port),
            format!("127.0.0.1:{}", open.port),
        ];
        let step = format!("get http fickle.example:{} /", open.port);
        let script = vec![step; 5].join(" then ");
        let outcome = http::run(&names, profile(&rules), client, &script);
        let ok = "get=200 open";
        assert_eq!(outcome.lines, [ok, DENIED, DENIED, DENIED, ok], "{client}");
        assert_eq!(names.asked().len(), 5, "each request asks anew");
    }
    // The sockets of 0.2: looked up once for show, then again to connect.
    let answers = ["93.184.216.34", "127.0.0.1"].map(|answer| Answer::of(&[answer]));
    let names = Names::new([("fickle.example", answers.into())]);
    let host = format!("fickle.example:{}", closed.port);
    let script = format!(
        "resolve {host} then connect {host} then connect 127.0.0.1:{}",
        closed.port
    );
    let outcome = http::run(&names, profile(&[host]), "actor_probe", &script);
    let denied = "connect=denied:wasi";
    assert_eq!(outcome.lines, ["resolve=ok:93.184.216.34", denied, denied]);
    closed.was_left_alone();
}

/// One answer is open, the other is not: only the open one is dialled, in whichever order they come.
#[test]
fn of_two_answers_only_the_open_one_is_dialled() {
    let server = Server::saying("open");
    let port = server.port;
    let other = TcpListener::bind(("127.0.0.2", port)).expect("nobody else has it");
    other.set_nonblocking(true).expect("it can be asked");
    let rules = [format!("two.example:{port}"), format!("127.0.0.1:{port}")];
    for order in [["127.0.0.2", "127.0.0.1"], ["127.0.0.1", "127.0.0.2"]] {
        let names = Names::new([("two.example", vec![Answer::of(&order)])]);
        for (outcome, ok) in reach(&names, &rules, "two.example", port).iter().zip([
            &*format!("connect=ok:127.0.0.1:{port}"),
            "get=200 open",
            "get=200 open",
        ]) {
            assert_eq!(outcome.lines, [ok], "{order:?}");
            let n_denied = usize::from(order[0] == "127.0.0.2");
            assert_eq!(outcome.denied.len(), n_denied, "{:#?}", outcome.denied);
        }
    }
    let taken = other.accept().map_err(|error| error.kind());
    assert_eq!(taken.expect_err("nobody comes"), ErrorKind::WouldBlock);
}

/// A thousand answers are as many as the node takes of them, and no more records.
#[test]
fn an_endless_answer_is_bounded() {
    let server = Server::saying("open");
    let port = server.port;
    let many: Vec<_> = (0..1_000)
        .map(|n| format!("127.1.{}.{}", n / 250, n % 250 + 1))
        .collect();
    let many: Vec<_> = many.iter().map(String::as_str).collect();
    let with_the_open_one_last = [many.as_slice(), &["127.0.0.1"]].concat();
    let names = Names::new([("many.example", vec![Answer::of(&with_the_open_one_last)])]);
    let rules = [format!("many.example:{port}"), format!("127.0.0.1:{port}")];
    for outcome in reach(&names, &rules, "many.example", port) {
        assert!(is_denied(&outcome), "{:#?}", outcome.lines);
        assert_eq!(outcome.denied.len(), 32);
    }
    server.was_left_alone();
}

/// No address, no such name, nobody to ask: an error of its own, and nothing else.
#[test]
fn no_answer_is_an_error() {
    let names = Names::new([
        ("empty.example", vec![Answer::of(&[])]),
        ("none.example", vec![Answer::Fails(ResolveError::NotFound)]),
        (
            "down.example",
            vec![Answer::Fails(ResolveError::Unavailable)],
        ),
        ("slow.example", vec![Answer::Fails(ResolveError::TimedOut)]),
    ]);
    let rules = ["*.example".to_owned()];
    for (host, rcode) in [
        ("empty.example", Some("NXDOMAIN")),
        ("none.example", Some("NXDOMAIN")),
        ("down.example", Some("SERVFAIL")),
        ("slow.example", None),
    ] {
        let [sockets, http @ ..] = reach(&names, &rules, host, 80);
        let line = sockets.lines.first().expect("it answers");
        assert!(line.starts_with("connect=error:"), "{host}: {line}");
        for outcome in http {
            let line = outcome.lines.first().expect("it answers");
            let says = rcode.map_or("ErrorCode::DnsTimeout".to_owned(), |rcode| {
                format!("Some(\"{rcode}\")")
            });
            assert!(
                line.starts_with("get=error:") && line.contains(&says),
                "{host}: {line}"
            );
            assert_eq!(outcome.denied, []);
        }
        assert_eq!(sockets.denied, []);
    }
}

/// Nobody is asked for a name that no rule covers, so that a name carries nothing out.
#[test]
fn a_name_that_no_rule_covers_is_asked_of_nobody() {
    let names = Names::new([("secret.elsewhere", vec![Answer::of(&["127.0.0.1"])])]);
    let rules = ["*.example".to_owned(), "127.0.0.1".to_owned()];
    for host in [
        "secret.elsewhere",
        "example",
        "example.elsewhere",
        "xexample",
    ] {
        for outcome in reach(&names, &rules, host, 80) {
            assert!(is_denied(&outcome), "{host}: {:#?}", outcome.lines);
            assert_eq!(outcome.denied.len(), 1, "{:#?}", outcome.denied);
        }
    }
    assert!(names.asked().is_empty(), "{:?}", names.asked());
}

/// What one process looked up is nothing to another of the same profile, nor an address that was only guessed.
#[test]
fn an_address_is_open_by_name_only_to_who_looked_the_name_up() {
    let names = Names::new([("app.example", vec![Answer::of(&["93.184.216.34"])])]);
    let court = Court {
        scenario: Scenario::with(|builder| builder.resolver(Arc::clone(&names) as _)),
    };
    let wasm = crate::support::guest("actor_probe", crate::support::GuestPath::Component);
    let rules = ["app.example:80".to_owned()];
    let first = court.run_as(
        profile(&rules),
        "first",
        &wasm,
        ["resolve", "app.example:80"],
    );
    assert_eq!(first.lines, ["resolve=ok:93.184.216.34"]);
    let second = court.run_as(
        profile(&rules),
        "second",
        &wasm,
        ["connect", "93.184.216.34:80"],
    );
    assert_eq!(second.lines, ["connect=denied:wasi"]);
}

/// The sockets of WASI 0.3: the look-up is answered, the address that it gave stays closed.
#[test]
fn the_sockets_of_wasi_03_are_not_led_astray() {
    let server = Server::saying("inner");
    let names = Names::new([("evil.example", vec![Answer::of(&["127.0.0.1"])])]);
    let interfaces = Interfaces::of(Wasi::V03);
    let functions = interfaces.functions();
    let find = |name: &str| {
        let found = functions.iter().find(|function| function.name == name);
        found.expect("it is in the WIT")
    };
    let (create, connect, resolve) = (
        find("[static]tcp-socket.create"),
        find("[method]tcp-socket.connect"),
        find("resolve-addresses"),
    );
    let items: String = [
        ("create", create),
        ("connect", connect),
        ("resolve", resolve),
    ]
    .iter()
    .map(|(name, function)| function.import().replace("$it", &format!("${name}")))
    .collect();
    let items = format!("{items} (data (i32.const 16) \"evil.example\")");
    let address = [0, u32::from(server.port), 127, 0, 0, 1];
    // One address of IPv4 (0), 127.0.0.1; then `access-denied` (0).
    let body = format!(
        "(call $resolve (i32.const 16) (i32.const 12) (i32.const 64))
        (call $check (i32.eqz (i32.load8_u (i32.const 64))))
        (call $check (i32.eq (i32.load (i32.const 72)) (i32.const 1)))
        (call $check (i32.eqz (i32.load8_u (i32.load (i32.const 68)))))
        (call $check (i32.eq (i32.load8_u offset=2 (i32.load (i32.const 68))) (i32.const 127)))
        (call $create (i32.const 0) (i32.const 64)) (call $check (i32.eqz (i32.load8_u (i32.const 64))))
        {}
        (call $check (i32.eq (i32.load8_u (i32.const 128)) (i32.const 1)))
        (call $check (i32.eqz (i32.load8_u (i32.const 132))))",
        at("connect", connect, &address)
    );
    let court = Court {
        scenario: Scenario::with(|builder| builder.resolver(Arc::clone(&names) as _)),
    };
    let rules = [format!("evil.example:{}", server.port)];
    let wasm = interfaces.component(&items, &body);
    let outcome = court.run_as(profile(&rules), "api", &wasm, [""; 0]);
    assert_eq!(outcome.reason, ExitReason::Normal, "{:#?}", outcome.denied);
    assert_eq!(outcome.denied.len(), 1, "{:#?}", outcome.denied);
    assert_eq!(names.asked(), ["evil.example"]);
    server.was_left_alone();
}
