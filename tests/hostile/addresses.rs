//! Addresses in disguise: however a guest writes an address that is not public, and whichever interface it uses, a right to the public
//! network does not reach it.
//!
//! Servers wait at the loopback addresses, and nobody comes. Nothing here leaves the machine.

use crate::forge::{Interfaces, Wasi};
use crate::network::server::Names;
use crate::network::{at, http, profile};
use crate::support::{GuestPath, guest};
use crate::trial::{Court, nothing};
use rusm_caps::{NetGrant, Profile};
use rusm_core::ExitReason;
use std::io::ErrorKind;
use std::net::{SocketAddr, TcpListener, UdpSocket};

/// Somebody at every loopback address with the same port, who must be left alone.
struct Trap {
    streams: Vec<TcpListener>,
    datagrams: UdpSocket,
    port: u16,
}

impl Trap {
    fn set() -> Self {
        let streams = TcpListener::bind("127.0.0.1:0").expect("there is a free port");
        let port = streams.local_addr().expect("it is bound").port();
        // Where there is no IPv6 it cannot be reached.
        let v6 = TcpListener::bind(("::1", port)).ok();
        let streams: Vec<_> = [streams].into_iter().chain(v6).collect();
        let datagrams = UdpSocket::bind(("127.0.0.1", port)).expect("nobody else has it");
        for stream in &streams {
            stream.set_nonblocking(true).expect("it can be asked");
        }
        datagrams.set_nonblocking(true).expect("it can be asked");
        Self {
            streams,
            datagrams,
            port,
        }
    }

    #[track_caller]
    fn caught_nobody(&self) {
        for listener in &self.streams {
            let taken = listener.accept().map_err(|error| error.kind());
            assert_eq!(taken.expect_err("nobody comes"), ErrorKind::WouldBlock);
        }
        let heard = self.datagrams.recv_from(&mut [0; 8]);
        let heard = heard.map_err(|error| error.kind());
        assert_eq!(heard, Err(ErrorKind::WouldBlock));
    }
}

/// Addresses of IPv4 that are not public, as they are.
const V4: &[&str] = &[
    "127.0.0.1",
    "127.255.255.254",
    "0.0.0.0",
    "0.1.2.3",
    "10.0.0.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "172.16.0.1",
    "172.31.255.255",
    "192.0.0.192",
    "192.168.0.1",
    "198.18.0.1",
    "224.0.0.1",
    "239.255.255.250",
    "240.0.0.1",
    "255.255.255.255",
];

/// The same of IPv6: local ones, and those that carry IPv4 within.
const V6: &[&str] = &[
    "::",
    "::1",
    // Mapped, compatible, translated.
    "::ffff:127.0.0.1",
    "::ffff:169.254.169.254",
    "::127.0.0.1",
    "::169.254.169.254",
    "::ffff:0:127.0.0.1",
    // NAT64, of everybody and of one site.
    "64:ff9b::127.0.0.1",
    "64:ff9b::169.254.169.254",
    "64:ff9b:1::127.0.0.1",
    // 6to4, Teredo, ISATAP.
    "2002:7f00:1::1",
    "2002:a9fe:a9fe::1",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "fe80::5efe:127.0.0.1",
    "fe80::1",
    "fec0::1",
    "fd00:ec2::254",
    "fc00::1",
    "ff02::1",
    "ff0e::1",
    "100::1",
    "5f00::1",
];

/// Texts in place of a host that come to an address of this machine.
const DISGUISES: &[&str] = &[
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "0177.0.0.1",
    "017700000001",
    "127.1",
    "127.0.1",
    "0",
    "0x0",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "LocalHost.",
    "sub.localhost",
    "127.0.0.1.",
];

/// The widest right that is not about reserved addresses: every public one, and every name of a domain.
fn public() -> Profile {
    let rules = ["public", "0.0.0.0/0", "*.example"];
    let rules = rules.map(|rule| rule.parse().expect("it is a rule"));
    nothing()
        .to_builder("public")
        .network(NetGrant::Rules(rules.into()))
        .build()
        .expect("it can be honoured")
}

fn bracketed(address: &str) -> String {
    if address.contains(':') {
        format!("[{address}]")
    } else {
        address.to_owned()
    }
}

/// Steps of a script for each host.
fn steps(verb: &str, hosts: impl Iterator<Item = String>, tail: &str) -> String {
    let steps: Vec<_> = hosts.map(|host| format!("{verb} {host}{tail}")).collect();
    steps.join(" then ")
}

#[test]
fn no_disguise_opens_this_machine_to_the_sockets_of_wasi_02() {
    let (trap, names) = (Trap::set(), Names::new([]));
    let hosts = || {
        V4.iter()
            .chain(V6)
            .chain(DISGUISES)
            .map(|host| bracketed(host))
    };
    let scoped = ["[fe80::1%1]", "[::1%1]"].map(str::to_owned);
    let port = format!(":{}", trap.port);
    let script = steps("connect", hosts().chain(scoped), &port);
    let outcome = http::run(&names, public(), "actor_probe", &script);
    assert_eq!(outcome.lines.len(), hosts().count() + 2);
    for line in &outcome.lines {
        // Wasmtime refuses some forms before anybody is asked: mapped ones, multicast, the unspecified.
        let is_refused = line == "connect=denied:wasi" || line.starts_with("connect=error:");
        assert!(is_refused, "{line}");
    }
    let is_v4 = |host: &&&str| {
        !["0.0.0.0", "224.0.0.1", "239.255.255.250", "255.255.255.255"].contains(host)
    };
    for host in V4.iter().filter(is_v4) {
        let target = format!("{host}{port}");
        let is_recorded = outcome.denied.iter().any(|record| record.target == target);
        assert!(is_recorded, "{target}: {:#?}", outcome.denied);
    }
    let script = steps(
        "udp",
        V4.iter().chain(DISGUISES).map(|host| bracketed(host)),
        &port,
    );
    let outcome = http::run(&names, public(), "actor_probe", &script);
    assert_eq!(outcome.lines.len(), V4.len() + DISGUISES.len());
    for line in &outcome.lines {
        let is_refused = line == "udp=denied:wasi" || line.starts_with("udp=error:");
        assert!(is_refused, "{line}");
    }
    trap.caught_nobody();
    assert!(names.asked().is_empty(), "{:?}", names.asked());
}

#[test]
fn no_disguise_opens_this_machine_to_the_sockets_of_wasi_03() {
    let trap = Trap::set();
    let interfaces = Interfaces::of(Wasi::V03);
    let functions = interfaces.functions();
    let find = |name: &str| {
        let found = functions.iter().find(|function| function.name == name);
        found.expect("it is in the WIT")
    };
    let (create, connect) = (
        find("[static]tcp-socket.create"),
        find("[method]tcp-socket.connect"),
    );
    let (udp, send) = (
        find("[static]udp-socket.create"),
        find("[method]udp-socket.connect"),
    );
    let items: String = [
        ("create", create),
        ("connect", connect),
        ("udp", udp),
        ("send", send),
    ]
    .iter()
    .map(|(name, function)| function.import().replace("$it", &format!("${name}")))
    .collect();
    // A socket of its family is at 68; an answer that is no error would be a zero at 128.
    let attempt = |host: &&str| {
        let address = SocketAddr::new(host.parse().expect("it is an address"), trap.port);
        let family = u8::from(address.is_ipv6());
        [("create", "connect", connect), ("udp", "send", send)]
            .map(|(create, call, function)| {
                format!(
                    "(call ${create} (i32.const {family}) (i32.const 64)) (call $check (i32.eqz (i32.load8_u (i32.const 64))))
                    (i64.store (i32.const 128) (i64.const 0)) {}
                    (call $check (i32.eq (i32.load8_u (i32.const 128)) (i32.const 1)))",
                    at(call, function, &flat(address))
                )
            })
            .concat()
    };
    let body: String = V4.iter().chain(V6).map(attempt).collect();
    let wasm = interfaces.component(&items, &body);
    let outcome = Court::new().run_as(public(), "api", &wasm, [""; 0]);
    assert_eq!(outcome.reason, ExitReason::Normal, "{:#?}", outcome.denied);
    assert!(outcome.denied.len() > V4.len(), "{:#?}", outcome.denied);
    trap.caught_nobody();
}

/// An address as the variant `ip-socket-address` lies in parameters.
fn flat(address: SocketAddr) -> Vec<u32> {
    let port = u32::from(address.port());
    match address {
        SocketAddr::V4(address) => {
            let octets = address.ip().octets().map(u32::from);
            [0, port].into_iter().chain(octets).collect()
        }
        SocketAddr::V6(address) => {
            let segments = address.ip().segments().map(u32::from);
            [1, port, 0]
                .into_iter()
                .chain(segments)
                .chain([0])
                .collect()
        }
    }
}

#[test]
fn no_disguise_opens_this_machine_to_http() {
    for client in http::CLIENTS {
        let (trap, names) = (Trap::set(), Names::new([]));
        let tricks = [
            "good.example@127.0.0.1",
            "good.example:80@127.0.0.1",
            "good.example%2f@127.0.0.1",
            "127.0.0.1%00.good.example",
            "%31%32%37.0.0.1",
            "[::1%25lo]",
            "[fe80::1%251]",
        ];
        let hosts = || {
            let plain = V4.iter().chain(V6).chain(DISGUISES).chain(&tricks);
            plain.map(|host| {
                if host.starts_with('[') || host.contains('@') {
                    (*host).to_owned()
                } else {
                    bracketed(host)
                }
            })
        };
        let script = steps("get http", hosts(), &format!(":{} /", trap.port));
        let outcome = http::run(&names, public(), client, &script);
        assert_eq!(outcome.lines.len(), hosts().count());
        for (line, host) in outcome.lines.iter().zip(hosts()) {
            let expected = if tricks.contains(&host.as_str()) {
                &[
                    "get=error:ErrorCode::HttpRequestUriInvalid",
                    "get=not an authority",
                    DENIED,
                ][..]
            } else {
                &[DENIED]
            };
            assert!(
                expected.contains(&line.as_str()),
                "{client}, {host}: {line}"
            );
        }
        trap.caught_nobody();
        assert!(names.asked().is_empty(), "{:?}", names.asked());
    }
}

const DENIED: &str = "get=error:ErrorCode::HttpRequestDenied";

/// A disguise gains nothing and loses nothing: an address that a rule names is open however it is written.
#[test]
fn a_disguise_of_an_open_address_is_that_address() {
    for client in http::CLIENTS {
        let server = crate::network::server::Server::saying("hello");
        let hosts = ["127.0.0.1", "2130706433", "0x7f.1", "[::ffff:127.0.0.1]"];
        let script = steps(
            "get http",
            hosts.iter().map(|host| (*host).to_owned()),
            &format!(":{} /", server.port),
        );
        let outcome = http::run(
            &Names::new([]),
            profile(&[server.authority()]),
            client,
            &script,
        );
        assert_eq!(outcome.lines, ["get=200 hello"; 4], "{client}");
        let field = format!("host: {}\r\n", server.authority());
        assert!(hosts.iter().all(|_| server.arrival().contains(&field)));
    }
}

/// Not even a look-up: the address that stands for none is no target.
#[test]
fn the_unspecified_address_is_never_a_target() {
    let trap = Trap::set();
    let rules = ["0.0.0.0/8", "127.0.0.2"];
    let script = format!(
        "connect 0.0.0.0:{0} then connect [::]:{0} then connect 0:{0}",
        trap.port
    );
    let wasm = guest("actor_probe", GuestPath::Component);
    let outcome = Court::new().run_as(profile(&rules), "api", &wasm, script.split(' '));
    assert_eq!(outcome.lines.len(), 3);
    assert!(
        outcome.lines.iter().all(|line| !line.contains("=ok")),
        "{:#?}",
        outcome.lines
    );
    trap.caught_nobody();
}
