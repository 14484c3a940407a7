//! Outgoing HTTP of WASI 0.2 and 0.3: what a rule opens, what is refused, and every bound.

use super::server::{Answer, Names, Server, response};
use super::{profile, profile_with};
use crate::support::{GuestPath, Scenario, guest};
use crate::trial::{Court, Outcome, assert_sentence, nothing};
use rusm_caps::Profile;
use rusm_core::ExitReason;
use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;

/// The programs that speak HTTP, one for each version of WASI.
pub(crate) const CLIENTS: [&str; 2] = ["stock_http", "stock_http_p3"];

/// Runs a client's script to its end.
#[track_caller]
pub(crate) fn run(names: &Arc<Names>, profile: Profile, client: &str, script: &str) -> Outcome {
    let court = Court {
        scenario: Scenario::with(|builder| builder.resolver(Arc::clone(names) as _)),
    };
    let wasm = guest(client, GuestPath::Component);
    let outcome = court.run_as(profile, client, &wasm, script.split(' '));
    assert_eq!(outcome.reason, ExitReason::Normal, "{:#?}", outcome.lines);
    outcome
}

fn nobody() -> Arc<Names> {
    Names::new([])
}

/// What is sent is what the guest wrote, with a `Host` of ours; what comes back is the response.
#[test]
fn a_request_reaches_what_a_rule_names() {
    for client in CLIENTS {
        let server = Server::saying("hello");
        let authority = server.authority();
        let script = format!("get http {authority} /a?b then post 5 http {authority} /");
        let outcome = run(&nobody(), profile(&[&authority]), client, &script);
        assert_eq!(
            outcome.lines,
            ["get=200 hello", "post=200 hello"],
            "{client}"
        );
        assert_eq!(outcome.denied, []);
        let head = server.arrival();
        assert!(head.starts_with("GET /a?b HTTP/1.1\r\n"), "{head}");
        assert!(head.contains(&format!("host: {authority}\r\n")), "{head}");
        assert!(server.arrival().starts_with("POST / HTTP/1.1\r\n"));
    }
}

/// Whoever has no grant starts all the same, and gets the answer that WASI has for it; nobody is asked, nothing is sent.
#[test]
pub(crate) fn without_a_grant_a_request_is_denied() {
    for client in CLIENTS {
        let (server, names) = (Server::saying("hello"), nobody());
        let authority = server.authority();
        let script = format!("get http {authority} / then get https secret.example /");
        let outcome = run(&names, nothing(), client, &script);
        let denied = "get=error:ErrorCode::HttpRequestDenied";
        assert_eq!(outcome.lines, [denied, denied], "{client}");
        let targets = [authority, "secret.example:443".to_owned()];
        assert_eq!(outcome.denied.len(), targets.len(), "{:#?}", outcome.denied);
        for (record, target) in outcome.denied.iter().zip(targets) {
            assert_sentence(record, client, "network", &format!("connect to {target}"));
        }
        assert!(names.asked().is_empty());
        server.was_left_alone();
    }
}

/// A redirect is an answer. Following it is a request of its own.
#[test]
fn a_redirect_is_checked_like_any_other_request() {
    let inner = Server::saying("inner");
    let location = format!("location: http://{}/inner\r\n", inner.authority());
    let outer = Server::answering(move |_| response("302 Found", &location, ""));
    let script = format!("get http {0} / then follow http {0} /", outer.authority());
    let outcome = run(
        &nobody(),
        profile(&[outer.authority()]),
        "stock_http",
        &script,
    );
    assert_eq!(
        outcome.lines,
        ["get=302 ", "follow=error:ErrorCode::HttpRequestDenied"]
    );
    assert_eq!(outcome.denied.len(), 1);
    inner.was_left_alone();
    let both = profile(&[outer.authority(), inner.authority()]);
    let outcome = run(&nobody(), both, "stock_http", &script);
    assert_eq!(outcome.lines, ["get=302 ", "follow=200 inner"]);
}

/// More than `max-body-kb` is not sent: neither byte by byte nor by a promise.
#[test]
fn a_body_is_bounded() {
    for client in CLIENTS {
        let server = Server::saying("all");
        let authority = server.authority();
        let profile = profile_with(&[&authority], |limits| limits.max_body_bytes = 10_000);
        let script = format!("post 10000 http {authority} / then post 10001 http {authority} /");
        let outcome = run(&nobody(), profile, client, &script);
        let too_large = "post=error:ErrorCode::HttpRequestBodySize(Some(10000))";
        assert_eq!(outcome.lines, ["post=200 all", too_large], "{client}");
    }
}

#[test]
fn a_body_that_is_announced_as_too_large_is_not_begun() {
    let server = Server::saying("hello");
    let authority = server.authority();
    let profile = profile_with(&[&authority], |limits| limits.max_body_bytes = 10_000);
    let script = format!("announce 10001 http {authority} /");
    let outcome = run(&nobody(), profile, "stock_http", &script);
    let too_large = "announce=error:ErrorCode::HttpRequestBodySize(Some(10000))";
    assert_eq!(outcome.lines, [too_large]);
    server.was_left_alone();
}

/// A response's head is bounded in bytes and in fields.
#[test]
fn the_head_of_a_response_is_bounded() {
    let long = format!("x: {}\r\n", "y".repeat(300_000));
    let many = "x: y\r\n".repeat(200);
    for client in CLIENTS {
        for fields in [&long, &many] {
            let fields = fields.clone();
            let server = Server::answering(move |_| response("200 OK", &fields, "never"));
            let script = format!("get http {} /", server.authority());
            let outcome = run(&nobody(), profile(&[server.authority()]), client, &script);
            assert_eq!(
                outcome.lines,
                ["get=error:ErrorCode::HttpResponseHeaderSectionSize(None)"],
                "{client}"
            );
        }
    }
}

/// A guest says how long it waits for a response to begin, and to go on.
#[test]
fn waiting_has_an_end() {
    let silent = Server::speaking(|stream, _| wait_for_end(stream));
    let halting = Server::speaking(|stream, _| {
        let head = "HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf";
        let _ = stream.write_all(head.as_bytes());
        wait_for_end(stream);
    });
    let (silent, halting) = (silent.authority(), halting.authority());
    let script = format!(
        "patience begun 1 then get http {silent} / then patience between 1 then get http {halting} /"
    );
    let outcome = run(
        &nobody(),
        profile(&[silent, halting]),
        "stock_http",
        &script,
    );
    assert_eq!(
        outcome.lines,
        [
            "get=error:ErrorCode::ConnectionReadTimeout",
            "get=200 then error:connection read timeout"
        ]
    );
}

pub(super) fn wait_for_end(stream: &mut TcpStream) {
    let mut rest = Vec::new();
    let _ = stream.read_to_end(&mut rest);
}

/// Exchanges at once count as handles; one too many is refused, and others go on.
#[test]
fn exchanges_at_once_are_bounded() {
    let (release, released) = std::sync::mpsc::channel::<()>();
    let released = parking_lot::Mutex::new(released);
    let server = Server::speaking(move |stream, _| {
        let _ = released.lock().recv();
        let _ = stream.write_all(response("200 OK", "", "late").as_bytes());
    });
    let authority = server.authority();
    let profile = profile_with(&[&authority], |limits| limits.max_handles = 2);
    let scenario = Scenario::new();
    let wasm = guest("stock_http", GuestPath::Component);
    let program = scenario
        .runtime
        .load("stock_http", &wasm)
        .expect("it is a component");
    let script = format!("many 4 http {authority} / then get http {authority} /");
    let spawn = rusm_core::Spawn::new("stock_http", &program).profile(profile);
    let process = scenario
        .runtime
        .spawn(spawn.args(script.split(' ')))
        .expect("there is room for it");
    scenario.recorder.wait_for_line("stock_http", "begun=4");
    drop(release);
    assert_eq!(process.wait(), ExitReason::Normal);
    let refused = "error:ErrorCode::ConnectionLimitReached";
    assert_eq!(
        scenario.recorder.lines("stock_http"),
        [
            "begun=4".to_owned(),
            format!("many=200 late 200 late {refused} {refused}"),
            "get=200 late".to_owned()
        ]
    );
}

/// Fields that belong to the connection, and `Host`, are not the guest's.
#[test]
fn fields_of_the_connection_cannot_be_set() {
    let forbidden = [
        "Host",
        "connection",
        "Keep-Alive",
        "proxy-authorization",
        "Proxy-Connection",
        "transfer-encoding",
        "Upgrade",
        "http2-settings",
    ];
    let malformed = ["a b", "a\r\nhost", "a:b", "é"];
    for client in CLIENTS {
        let court = Court::new();
        let wasm = guest(client, GuestPath::Component);
        let mut args = Vec::new();
        let mut expected = Vec::new();
        for name in forbidden {
            args.extend(["field", name, "x", "then"]);
            expected.push("field=HeaderError::Forbidden");
        }
        for name in malformed {
            args.extend(["field", name, "x", "then"]);
            expected.push("field=HeaderError::InvalidSyntax");
        }
        args.extend([
            "field",
            "x-mine",
            "a\r\nhost: evil",
            "then",
            "field",
            "x-mine",
            "x",
        ]);
        expected.extend(["field=HeaderError::InvalidSyntax", "field=ok"]);
        let outcome = court.run_as(nothing(), client, &wasm, args);
        assert_eq!(outcome.lines, expected, "{client}");
    }
}

/// It would make a tunnel through whoever is asked.
#[test]
fn a_tunnel_is_refused() {
    let server = Server::saying("hello");
    let authority = server.authority();
    let script = format!("method CONNECT http {authority} / then method PURGE http {authority} /");
    let outcome = run(&nobody(), profile(&[authority]), "stock_http", &script);
    assert_eq!(
        outcome.lines,
        [
            "method=error:ErrorCode::HttpRequestMethodInvalid",
            "method=200 hello"
        ]
    );
    assert!(server.arrival().starts_with("PURGE / "));
    server.was_left_alone();
}

/// Header fields live in the host's memory, and there is an end to that.
#[test]
fn header_fields_are_bounded() {
    let wasm = guest("stock_http", GuestPath::Component);
    let outcome = Court::new().run_as(nothing(), "modest", &wasm, ["fields", "32"]);
    assert_eq!(outcome.lines, ["fields=ok"]);
    let outcome = Court::new().run_as(nothing(), "greedy", &wasm, ["fields", "1000"]);
    assert!(
        matches!(outcome.reason, ExitReason::Trap(_)),
        "{}",
        outcome.reason
    );
}

/// So do the names in a request, of which a guest may keep many.
#[test]
fn what_a_request_says_of_itself_is_bounded() {
    const SCRIPT: &str = "long method 256 then long method 257 then long method 1000000 then \
        long authority 1024 then long authority 1025 then long authority 1000000";
    for client in CLIENTS {
        let wasm = guest(client, GuestPath::Component);
        let outcome = Court::new().run_as(nothing(), client, &wasm, SCRIPT.split_whitespace());
        let [kept, refused] = ["long=ok", "long=refused"];
        assert_eq!(
            outcome.lines,
            [kept, refused, refused, kept, refused, refused],
            "{client}"
        );
    }
}

/// A path, a query, an authority's user: none of it is reported to anybody.
#[test]
fn nothing_secret_is_reported() {
    for client in CLIENTS {
        let court = Court::new();
        let wasm = guest(client, GuestPath::Component);
        let script =
            "get https secret.example /hush?token=hush then get https user:hush@a.example /hush";
        let outcome = court.run_as(nothing(), client, &wasm, script.split(' '));
        assert_eq!(outcome.lines.len(), 2);
        assert_eq!(outcome.lines[0], "get=error:ErrorCode::HttpRequestDenied");
        // WASI 0.2 takes it for an authority, 0.3 does not.
        let refused = [
            "get=error:ErrorCode::HttpRequestUriInvalid",
            "get=not an authority",
        ];
        assert!(
            refused.contains(&&*outcome.lines[1]),
            "{:#?}",
            outcome.lines
        );
        let reported = format!("{:?}", court.scenario.recorder.events());
        assert!(!reported.contains("hush"), "{reported}");
    }
}

/// A name is reached where it leads, if the address is open too; `Host` is the name, in its canonical form.
#[test]
fn a_name_is_reached_at_an_address_that_is_open() {
    for client in CLIENTS {
        let server = Server::saying("hello");
        let port = server.port;
        let names = Names::new([("app.example", vec![Answer::of(&["127.0.0.1"])])]);
        let script = format!("get http APP.Example.:{port} / then get http localhost:{port} /");
        let by_name = [format!("app.example:{port}"), format!("localhost:{port}")];
        let outcome = run(&names, profile(&by_name), client, &script);
        let denied = "get=error:ErrorCode::HttpRequestDenied";
        assert_eq!(outcome.lines, [denied, "get=200 hello"], "{client}");
        assert!(
            server
                .arrival()
                .contains(&format!("host: localhost:{port}\r\n"))
        );
        let by_both = [format!("app.example:{port}"), format!("127.0.0.1:{port}")];
        let outcome = run(&names, profile(&by_both), client, &script);
        assert_eq!(outcome.lines, ["get=200 hello", denied], "{client}");
        assert!(
            server
                .arrival()
                .contains(&format!("host: app.example:{port}\r\n"))
        );
        assert_eq!(names.asked(), ["app.example", "app.example"]);
        server.was_left_alone();
    }
}
