//! The network through the host's own sockets: a rule opens its address, and nothing beside it.
//!
//! Preview 1 has no function that makes a socket or looks a name up; [`preview1`] shows what it has. The rest is about components.

pub(crate) mod http;
mod kills;
mod listening;
mod preview1;
pub(crate) mod server;
mod tls;

use crate::forge::{Imported, Interfaces, Wasi};
use crate::support::{GuestPath, guest};
use crate::trial::{Court, Outcome, assert_sentence, nothing};
use rusm_caps::{Limits, ListenGrant, NetGrant, Profile};
use rusm_core::ExitReason;
use std::net::TcpListener;

/// A listener of this machine that takes connections, and its port.
fn listener() -> (TcpListener, u16) {
    let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let port = listener.local_addr().expect("it is bound").port();
    (listener, port)
}

/// Who may connect where these rules say, and nothing else.
pub(crate) fn profile(rules: &[impl AsRef<str>]) -> Profile {
    profile_with(rules, |_| ())
}

/// The same, with other bounds.
pub(crate) fn profile_with(rules: &[impl AsRef<str>], change: impl FnOnce(&mut Limits)) -> Profile {
    let rules = rules.iter().map(|rule| rule.as_ref().parse());
    let rules = rules.map(|rule| rule.expect("it is a rule"));
    nothing()
        .to_builder("web")
        .network(NetGrant::Rules(rules.collect()))
        .with_limits(change)
        .build()
        .expect("it can be honoured")
}

/// The same profile, which may listen besides.
fn listening(profile: &Profile, rules: &[String]) -> Profile {
    let rules = rules.iter().map(|rule| rule.parse().expect("it is a rule"));
    profile
        .to_builder("server")
        .listen(ListenGrant::Rules(rules.collect()))
        .build()
        .expect("it can be honoured")
}

pub(crate) fn run(profile: Profile, script: &str) -> Outcome {
    let outcome = Court::new().run_as(
        profile,
        "api",
        &guest("actor_probe", GuestPath::Component),
        script.split(' '),
    );
    assert_eq!(outcome.reason, ExitReason::Normal, "{:#?}", outcome.lines);
    outcome
}

/// The address and the port that a rule names can be connected to; another port, another address of this machine and
/// the cloud's metadata address answer `access-denied`, and the audit is told of each.
#[test]
fn a_rule_opens_its_address_and_nothing_beside_it() {
    let ((_open, open), (_closed, closed)) = (listener(), listener());
    let script = format!(
        "connect 127.0.0.1:{open} then connect 127.0.0.1:{closed} then connect 127.0.0.2:{open} then connect 169.254.169.254:80"
    );
    let outcome = run(profile(&[format!("127.0.0.1:{open}")]), &script);
    let denied = "connect=denied:wasi";
    assert_eq!(
        outcome.lines,
        [
            &format!("connect=ok:127.0.0.1:{open}"),
            denied,
            denied,
            denied
        ]
    );
    let targets = [
        format!("127.0.0.1:{closed}"),
        format!("127.0.0.2:{open}"),
        "169.254.169.254:80".to_owned(),
    ];
    assert_eq!(outcome.denied.len(), targets.len(), "{:#?}", outcome.denied);
    for (record, target) in outcome.denied.iter().zip(targets) {
        assert_sentence(record, "api", "network", &format!("connect to {target}"));
        assert!(
            record
                .sentence
                .contains(&format!("allow-network = [\"{target}\"]")),
            "{}",
            record.sentence
        );
    }
}

/// `network-client` reaches public addresses: nothing of this machine, its link or its site, however it is written,
/// and not by a name that leads there.
#[test]
fn the_public_network_opens_nothing_of_this_machine() {
    let (_listener, port) = listener();
    let addresses = [
        format!("127.0.0.1:{port}"),
        format!("[::1]:{port}"),
        format!("localhost:{port}"),
        "10.0.0.1:80".to_owned(),
        "192.168.1.1:80".to_owned(),
        "169.254.169.254:80".to_owned(),
        "[fe80::1]:80".to_owned(),
        "[fd00::1]:80".to_owned(),
        "[64:ff9b::7f00:1]:80".to_owned(),
        format!("[2002:7f00:1::]:{port}"),
    ];
    let script: Vec<_> = addresses
        .iter()
        .map(|address| format!("connect {address}"))
        .collect();
    let outcome = run(Profile::network_client(), &script.join(" then "));
    assert_eq!(outcome.lines.len(), addresses.len());
    for (line, address) in outcome.lines.iter().zip(&addresses) {
        // A machine without IPv6 has another reason to say no.
        let is_v6 = address.starts_with('[');
        assert!(
            line == "connect=denied:wasi" || (is_v6 && line.starts_with("connect=error")),
            "{address}: {line}"
        );
        let is_recorded = outcome
            .denied
            .iter()
            .any(|record| record.target == *address);
        assert!(
            is_recorded || is_v6 || address.starts_with("localhost"),
            "{address}: {:#?}",
            outcome.denied
        );
    }
    // The mapped form is no address that WASI takes.
    let mapped = run(
        Profile::network_client(),
        &format!("connect [::ffff:127.0.0.1]:{port}"),
    );
    assert!(
        !mapped.lines[0].starts_with("connect=ok"),
        "{:#?}",
        mapped.lines
    );
}

/// Whoever may connect may not listen, nor send datagrams where he may not connect.
#[test]
fn a_network_grant_is_no_grant_to_listen() {
    let (listener, port) = listener();
    drop(listener);
    let script = format!("listen 127.0.0.1:{port} then listen 0.0.0.0:{port} then udp 127.0.0.1:9");
    let outcome = run(Profile::network_client(), &script);
    for line in &outcome.lines {
        assert!(line.ends_with("=denied:wasi"), "{:#?}", outcome.lines);
    }
    assert_eq!(outcome.lines.len(), 3);
    let permissions: Vec<_> = outcome
        .denied
        .iter()
        .map(|record| record.permission)
        .collect();
    assert_eq!(
        permissions,
        ["listen", "listen", "network"],
        "{:#?}",
        outcome.denied
    );
}

/// The sockets of WASI 0.3 ask for each address as those of 0.2 do.
#[test]
fn the_sockets_of_wasi_03_ask_for_each_address() {
    let ((_open, open), (_closed, closed)) = (listener(), listener());
    let interfaces = Interfaces::of(Wasi::V03);
    let functions = interfaces.functions();
    let find = |name: &str| {
        functions
            .iter()
            .find(|function| function.name == name)
            .expect("it is in the WIT")
    };
    let (create, connect, bind) = (
        find("[static]tcp-socket.create"),
        find("[method]tcp-socket.connect"),
        find("[method]tcp-socket.bind"),
    );
    let items: String = [("create", create), ("connect", connect), ("bind", bind)]
        .iter()
        .map(|(name, function)| function.import().replace("$it", &format!("${name}")))
        .collect();
    // A new socket of IPv4 is at 68; the answer of what is done with it at 128: an error (1), `access-denied` (0).
    let new = "(call $create (i32.const 0) (i32.const 64)) (call $check (i32.eqz (i32.load8_u (i32.const 64))))";
    let is_ok = "(call $check (i32.eqz (i32.load8_u (i32.const 128))))";
    let is_denied = "
        (call $check (i32.eq (i32.load8_u (i32.const 128)) (i32.const 1)))
        (call $check (i32.eqz (i32.load8_u (i32.const 132))))";
    let begin = "(i64.store (i32.const 128) (i64.const -1))";
    let body = format!(
        "{new} {begin} {} {is_ok} {new} {begin} {} {is_denied} {new} {begin} {} {is_denied}",
        on_loopback("connect", connect, open),
        on_loopback("connect", connect, closed),
        on_loopback("bind", bind, closed),
    );
    let rules = [format!("127.0.0.1:{open}")];
    let outcome = Court::new().run_as(
        profile(&rules),
        "api",
        &interfaces.component(&items, &body),
        [""; 0],
    );
    assert_eq!(outcome.reason, ExitReason::Normal, "{:#?}", outcome.denied);
    let deeds = [("network", "connect to"), ("listen", "bind to")];
    assert_eq!(outcome.denied.len(), deeds.len(), "{:#?}", outcome.denied);
    for (record, (permission, deed)) in outcome.denied.iter().zip(deeds) {
        assert_sentence(
            record,
            "api",
            permission,
            &format!("{deed} 127.0.0.1:{closed}"),
        );
    }
}

/// Calls a method of the socket at 68 with 127.0.0.1 and this port; the answer goes to 128.
fn on_loopback(name: &str, function: &Imported, port: u16) -> String {
    at(name, function, &[0, u32::from(port), 127, 0, 0, 1])
}

/// The same with any address, as WIT's variant lies flat in parameters.
pub(crate) fn at(name: &str, function: &Imported, address: &[u32]) -> String {
    let n_rest = function.params.len() - 1 - address.len() - 1;
    let numbers = address
        .iter()
        .copied()
        .chain(std::iter::repeat_n(0, n_rest))
        .chain([128]);
    let numbers: String = numbers
        .map(|number| format!("(i32.const {number})"))
        .collect();
    format!("(call ${name} (i32.load (i32.const 68)) {numbers})")
}
