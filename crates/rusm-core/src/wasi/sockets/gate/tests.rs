//! Every use of an address, with and without the grants, and what a listening socket may do besides.

use super::*;
use crate::wasi::{Network, SystemResolver};
use rusm_caps::{Guard, ListenGrant, NetGrant, Profile, RecordingSink, Subject};

fn gate(proto: Protocol, connect: &[&str], listen: &[&str]) -> (Gate, Guard, Arc<RecordingSink>) {
    let rules = connect.iter().map(|rule| rule.parse().unwrap()).collect();
    let listen = listen.iter().map(|rule| rule.parse().unwrap()).collect();
    let profile = Profile::builder("net")
        .network(NetGrant::Rules(rules))
        .listen(ListenGrant::Rules(listen))
        .build()
        .unwrap();
    let sink = Arc::new(RecordingSink::denials());
    let guard = Guard::new(
        Arc::new(profile),
        Subject::new("api", 1, "<0.1.1>"),
        Arc::clone(&sink) as _,
    );
    let network = Network::new(guard.clone(), Arc::new(SystemResolver::default()));
    (Gate::new(Arc::new(network), proto), guard, sink)
}

fn addr(text: &str) -> SocketAddr {
    text.parse().unwrap()
}

#[test]
fn each_use_is_asked_of_the_guard_and_denials_are_recorded() {
    let (gate, _, sink) = gate(Protocol::Tcp, &["192.0.2.0/24:443"], &[]);
    assert!(gate.allows(addr("192.0.2.7:443"), SocketAddrUse::TcpConnect));
    assert!(
        gate.allows(addr("0.0.0.0:0"), SocketAddrUse::TcpBind),
        "every outgoing socket is bound like this"
    );
    assert!(sink.records().is_empty());
    for (text, usage) in [
        ("192.0.2.7:80", SocketAddrUse::TcpConnect),
        ("169.254.169.254:443", SocketAddrUse::TcpConnect),
        ("127.0.0.1:443", SocketAddrUse::UdpSend),
        ("127.0.0.1:443", SocketAddrUse::UdpReceive),
        ("0.0.0.0:8080", SocketAddrUse::TcpBind),
        ("0.0.0.0:8080", SocketAddrUse::UdpBind),
        ("0.0.0.0:0", SocketAddrUse::TcpListen),
    ] {
        assert!(!gate.allows(addr(text), usage), "{text} {usage:?}");
    }
    assert_eq!(sink.records().len(), 7);
    assert!(
        !gate.allows(addr("192.0.2.7:443"), SocketAddrUse::TcpAccept),
        "it listens nowhere"
    );
}

/// Whoever connects is taken, as long as the grant is held.
#[test]
fn a_listening_socket_takes_whoever_connects() {
    let (gate, guard, _) = gate(Protocol::Tcp, &[], &["127.0.0.1:9000"]);
    assert!(gate.allows(addr("127.0.0.1:9000"), SocketAddrUse::TcpBind));
    assert!(gate.allows(addr("127.0.0.1:9000"), SocketAddrUse::TcpListen));
    assert!(gate.allows(addr("127.0.0.1:40000"), SocketAddrUse::TcpAccept));
    assert!(gate.allows(addr("93.184.216.34:1"), SocketAddrUse::TcpAccept));
    assert!(!gate.allows(addr("127.0.0.1:40000"), SocketAddrUse::TcpConnect));
    guard.drop_permission("listen");
    assert!(!gate.allows(addr("127.0.0.1:40000"), SocketAddrUse::TcpAccept));
}

/// It may answer who wrote, and write to nobody first.
#[test]
fn a_listening_datagram_socket_answers_whoever_wrote_to_it() {
    let (gate, guard, sink) = gate(Protocol::Udp, &[], &["127.0.0.1:9000"]);
    assert!(gate.allows(addr("127.0.0.1:9000"), SocketAddrUse::UdpBind));
    assert!(!gate.allows(addr("127.0.0.1:40000"), SocketAddrUse::UdpSend));
    assert!(gate.allows(addr("127.0.0.1:40000"), SocketAddrUse::UdpReceive));
    assert!(gate.allows(addr("127.0.0.1:40000"), SocketAddrUse::UdpSend));
    assert!(!gate.allows(addr("127.0.0.1:40001"), SocketAddrUse::UdpSend));
    assert!(!gate.allows(addr("10.0.0.1:40000"), SocketAddrUse::UdpSend));
    assert_eq!(sink.records().len(), 3);
    guard.drop_permission("listen");
    assert!(!gate.allows(addr("127.0.0.1:40000"), SocketAddrUse::UdpSend));
    assert!(!gate.allows(addr("127.0.0.1:40000"), SocketAddrUse::UdpReceive));
}

/// A bind that the system refused leaves nothing behind once the socket is bound to something else.
#[test]
fn a_datagram_socket_serves_only_where_it_was_bound_last() {
    let (gate, _, _) = gate(Protocol::Udp, &["192.0.2.7:53"], &["127.0.0.1:9000"]);
    assert!(gate.allows(addr("127.0.0.1:9000"), SocketAddrUse::UdpBind));
    assert!(gate.allows(addr("0.0.0.0:0"), SocketAddrUse::UdpBind));
    assert!(!gate.allows(addr("127.0.0.1:40000"), SocketAddrUse::UdpReceive));
    assert!(gate.allows(addr("192.0.2.7:53"), SocketAddrUse::UdpReceive));
    assert!(gate.allows(addr("127.0.0.1:9000"), SocketAddrUse::UdpBind));
    assert!(
        !gate.allows(addr("127.0.0.1:9001"), SocketAddrUse::UdpBind),
        "and a denied one too"
    );
    assert!(!gate.allows(addr("127.0.0.1:40000"), SocketAddrUse::UdpReceive));
}

#[test]
fn the_peers_that_are_remembered_are_bounded() {
    let (gate, _, _) = gate(Protocol::Udp, &[], &["127.0.0.1:9000"]);
    assert!(gate.allows(addr("127.0.0.1:9000"), SocketAddrUse::UdpBind));
    let peer = |port: u16| SocketAddr::from(([127, 0, 0, 1], port));
    for port in 10_000..10_000 + 2 * 256 {
        assert!(gate.allows(peer(port), SocketAddrUse::UdpReceive));
    }
    assert!(
        !gate.allows(peer(10_000), SocketAddrUse::UdpSend),
        "it wrote too long ago"
    );
    assert!(gate.allows(peer(10_511), SocketAddrUse::UdpSend));
    let serving = gate.serving.lock();
    assert_eq!(
        serving.as_ref().map(|serving| serving.peers.len()),
        Some(PEERS_MAX)
    );
}
