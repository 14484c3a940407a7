//! Listening: `allow-listen` opens its addresses and ports, for connections and for datagrams, and no way out.

use super::{at, listening, profile};
use crate::app::scripted;
use crate::forge::{Interfaces, Wasi};
use crate::support::{GuestPath, Scenario, guest};
use crate::trial::{Court, assert_sentence, nothing};
use rusm_caps::Profile;
use rusm_core::{ExitReason, ProcessHandle};
use std::io::{ErrorKind, Read, Write};
use std::net::{Shutdown, SocketAddr, TcpListener, TcpStream, UdpSocket};

/// Every port of loopback, and a socket there to begin with: so that a test need not know which port is free.
fn on_loopback() -> Profile {
    let everywhere = ["127.0.0.1".to_owned()];
    listening(&profile(&["127.0.0.1:9".to_owned()]), &everywhere)
}

fn begin(scenario: &Scenario, profile: Profile, script: &str) -> ProcessHandle {
    let wasm = guest("actor_probe", GuestPath::Component);
    let program = scenario.runtime.load("actor_probe", &wasm);
    let program = program.expect("it is a component");
    let spawn = scripted("server", &program, script).profile(profile);
    scenario.runtime.spawn(spawn).expect("there is room for it")
}

/// Where the guest listens.
#[track_caller]
fn address(scenario: &Scenario) -> SocketAddr {
    let line = scenario.recorder.wait_for_lines("server", 1).remove(0);
    let address = line
        .strip_prefix("listening=")
        .and_then(|text| text.parse().ok());
    address.unwrap_or_else(|| panic!("{line}"))
}

/// A grant to listen is enough to serve whoever connects.
#[test]
fn a_server_takes_connections_where_it_may_listen() {
    let scenario = Scenario::new();
    let server = begin(&scenario, on_loopback(), "accept 127.0.0.1:0");
    let mut stream = TcpStream::connect(address(&scenario)).expect("it listens");
    stream.write_all(b"hello").expect("it takes what comes");
    stream.shutdown(Shutdown::Write).expect("it is open");
    let mut text = String::new();
    stream.read_to_string(&mut text).expect("it answers");
    assert_eq!(text, "hello");
    assert_eq!(server.wait(), ExitReason::Normal);
    let lines = scenario.recorder.lines("server");
    assert_eq!(lines.last().map(String::as_str), Some("accept=ok:5"));
}

/// One port of one address is that and nothing else: no other port, no other address, no way out.
#[test]
fn a_grant_to_listen_opens_its_address_and_nothing_beside_it() {
    let free = || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        listener.local_addr().expect("it is bound").port()
    };
    let target = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
    let target = target.local_addr().expect("it is bound");
    let (open, closed) = (free(), free());
    let profile = listening(&nothing(), &[format!("127.0.0.1:{open}")]);
    let script = format!(
        "listen 127.0.0.1:{open} then listen 127.0.0.1:{closed} then listen 127.0.0.2:{open} then listen 0.0.0.0:{open}
        then connect {target} then udp {target}"
    );
    let script: Vec<_> = script.split_whitespace().collect();
    let outcome = super::run(profile, &script.join(" "));
    assert_eq!(outcome.lines[0], format!("listen=ok:127.0.0.1:{open}"));
    let denied = &outcome.lines[1..];
    assert_eq!(denied.len(), 5);
    assert!(
        denied.iter().all(|line| line.ends_with("=denied:wasi")),
        "{:#?}",
        outcome.lines
    );
    // Without a grant to connect there is not even a local port to connect from.
    let deeds = [
        ("listen", format!("bind to 127.0.0.1:{closed}")),
        ("listen", format!("bind to 127.0.0.2:{open}")),
        ("listen", format!("bind to 0.0.0.0:{open}")),
        ("network", "open a socket".to_owned()),
        ("network", "open a socket".to_owned()),
    ];
    assert_eq!(outcome.denied.len(), deeds.len(), "{:#?}", outcome.denied);
    for (record, (permission, deed)) in outcome.denied.iter().zip(deeds) {
        assert_sentence(record, "api", permission, &deed);
    }
}

/// A datagram server may answer who wrote to it, and write to nobody else.
#[test]
fn a_datagram_server_answers_who_wrote_to_it_and_nobody_else() {
    let client = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
    let other = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
    other.set_nonblocking(true).expect("it can be asked");
    let free = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
    let at = free.local_addr().expect("it is bound");
    drop(free);
    let scenario = Scenario::new();
    let others = other.local_addr().expect("it is bound");
    let profile = listening(&nothing(), &[at.to_string()]);
    let server = begin(&scenario, profile, &format!("answer-udp {at} {others}"));
    assert_eq!(address(&scenario), at);
    client.send_to(b"ping", at).expect("it is sent");
    let mut block = [0; 64];
    let (length, from) = client.recv_from(&mut block).expect("it answers");
    assert_eq!((block.get(..length), from), (Some(&b"ping"[..]), at));
    assert_eq!(server.wait(), ExitReason::Normal);
    let lines = scenario.recorder.lines("server");
    assert_eq!(
        lines.last().map(String::as_str),
        Some("answer-udp=denied:wasi")
    );
    let heard = other.recv_from(&mut block).map_err(|error| error.kind());
    assert_eq!(heard, Err(ErrorKind::WouldBlock));
}

/// Any other socket hears only whom it may write to: what a stranger sends is dropped, and recorded.
#[test]
fn a_datagram_client_hears_only_whom_it_may_write_to() {
    let friend = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
    let stranger = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
    let friends = friend.local_addr().expect("it is bound").to_string();
    let scenario = Scenario::new();
    let court = Court { scenario };
    let client = begin(
        &court.scenario,
        profile(&[&friends]),
        &format!("ask-udp 127.0.0.1:0 {friends}"),
    );
    let mut block = [0; 64];
    let (_, from) = friend.recv_from(&mut block).expect("it writes");
    stranger.send_to(b"strange", from).expect("it is sent");
    friend.send_to(b"friendly", from).expect("it is sent");
    assert_eq!(client.wait(), ExitReason::Normal);
    let heard = format!("ask-udp=ok:friendly from {friends}");
    assert_eq!(court.scenario.recorder.lines("server"), [heard]);
    let denied = court.denied(client.pid());
    assert_eq!(denied.len(), 1, "{denied:#?}");
    let strange = stranger.local_addr().expect("it is bound");
    assert_sentence(
        denied.first().expect("there is one"),
        "server",
        "network",
        &format!("exchange datagrams with {strange}"),
    );
}

/// The sockets of WASI 0.3 listen where they may, as those of 0.2 do.
#[test]
fn the_sockets_of_wasi_03_listen_where_they_may() {
    let free = || {
        let listener = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        listener.local_addr().expect("it is bound").port()
    };
    let (open, closed) = (free(), free());
    let interfaces = Interfaces::of(Wasi::V03);
    let functions = interfaces.functions();
    let find = |name: &str| {
        let found = functions.iter().find(|function| function.name == name);
        found.expect("it is in the WIT")
    };
    let (create, bind, listen) = (
        find("[static]tcp-socket.create"),
        find("[method]tcp-socket.bind"),
        find("[method]tcp-socket.listen"),
    );
    let items: String = [("create", create), ("bind", bind), ("listen", listen)]
        .iter()
        .map(|(name, function)| function.import().replace("$it", &format!("${name}")))
        .collect();
    let new = "(call $create (i32.const 0) (i32.const 64)) (call $check (i32.eqz (i32.load8_u (i32.const 64))))";
    let begin = "(i64.store (i32.const 128) (i64.const -1))";
    let is_ok = "(call $check (i32.eqz (i32.load8_u (i32.const 128))))";
    let is_denied = "
        (call $check (i32.eq (i32.load8_u (i32.const 128)) (i32.const 1)))
        (call $check (i32.eqz (i32.load8_u (i32.const 132))))";
    let bound_to = |port: u16| at("bind", bind, &[0, u32::from(port), 127, 0, 0, 1]);
    let listened = "(call $listen (i32.load (i32.const 68)) (i32.const 128))";
    // Without a bind, listening is at every address of the machine.
    let body = format!(
        "{new} {begin} {} {is_ok} {begin} {listened} {is_ok} {new} {begin} {} {is_denied} {new} {begin} {listened} {is_denied}",
        bound_to(open),
        bound_to(closed)
    );
    let profile = listening(&nothing(), &[format!("127.0.0.1:{open}")]);
    let wasm = interfaces.component(&items, &body);
    let outcome = Court::new().run_as(profile, "api", &wasm, [""; 0]);
    assert_eq!(outcome.reason, ExitReason::Normal, "{:#?}", outcome.denied);
    assert_eq!(outcome.denied.len(), 2, "{:#?}", outcome.denied);
}
