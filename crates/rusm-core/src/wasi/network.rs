//! The network of a context: every address is asked of the guard at the moment of its use.
//!
//! Without a network grant no socket can be made at all. With one, each address that a socket is bound to, connected to, sent to or
//! received from is checked and, where it is denied, recorded; the guest gets `access-denied`.

use rusm_caps::{Guard, NetGrant, NetHost, Protocol, Request};
use std::net::SocketAddr;
use wasmtime_wasi::WasiCtxBuilder;
use wasmtime_wasi::sockets::SocketAddrUse;

/// Grants what the profile does.
pub(super) fn grant(builder: &mut WasiCtxBuilder, guard: &Guard) {
    let profile = guard.profile();
    match profile.network() {
        NetGrant::Off => {}
        NetGrant::Rules(rules) => {
            let guard = guard.clone();
            builder
                .allow_tcp(true)
                .allow_udp(true)
                // Asked again for each name, see `sockets.rs`.
                .allow_ip_name_lookup(rules.iter().any(|rule| match rule.host() {
                    NetHost::Public | NetHost::Name(_) => true,
                    NetHost::Range(_) => false,
                }))
                .socket_addr_check(move |addr, usage| {
                    let is_allowed = allows(&guard, addr, usage);
                    Box::pin(std::future::ready(is_allowed))
                });
        }
    }
}

/// Whether the guard allows this use of an address.
fn allows(guard: &Guard, addr: SocketAddr, usage: SocketAddrUse) -> bool {
    let request = match usage {
        SocketAddrUse::TcpConnect => Request::Connect {
            addr,
            proto: Protocol::Tcp,
            names: &[],
        },
        SocketAddrUse::UdpSend | SocketAddrUse::UdpReceive => Request::Connect {
            addr,
            proto: Protocol::Udp,
            names: &[],
        },
        SocketAddrUse::TcpBind => Request::Bind {
            addr,
            proto: Protocol::Tcp,
        },
        SocketAddrUse::UdpBind => Request::Bind {
            addr,
            proto: Protocol::Udp,
        },
        // Whoever may not listen has nothing to accept.
        SocketAddrUse::TcpListen | SocketAddrUse::TcpAccept => Request::Listen { addr },
    };
    guard.check(request, ()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusm_caps::{NetRule, Profile, RecordingSink, Subject};
    use std::sync::Arc;

    #[test]
    fn each_use_is_asked_of_the_guard_and_denials_are_recorded() {
        let rule: NetRule = "192.0.2.0/24:443".parse().unwrap();
        let profile = Profile::builder("net")
            .network(NetGrant::Rules(vec![rule]))
            .build()
            .unwrap();
        let sink = Arc::new(RecordingSink::denials());
        let guard = Guard::new(
            Arc::new(profile),
            Subject::new("api", 1, "<0.1.1>"),
            Arc::clone(&sink) as _,
        );
        let addr = |text: &str| text.parse::<SocketAddr>().unwrap();
        assert!(allows(
            &guard,
            addr("192.0.2.7:443"),
            SocketAddrUse::TcpConnect
        ));
        assert!(
            allows(&guard, addr("0.0.0.0:0"), SocketAddrUse::TcpBind),
            "every outgoing socket is bound like this"
        );
        assert!(sink.records().is_empty());
        for (text, usage) in [
            ("192.0.2.7:80", SocketAddrUse::TcpConnect),
            ("169.254.169.254:443", SocketAddrUse::TcpConnect),
            ("127.0.0.1:443", SocketAddrUse::UdpSend),
            ("0.0.0.0:8080", SocketAddrUse::TcpBind),
            ("0.0.0.0:0", SocketAddrUse::TcpListen),
            ("192.0.2.7:443", SocketAddrUse::TcpAccept),
        ] {
            assert!(!allows(&guard, addr(text), usage), "{text} {usage:?}");
        }
        assert_eq!(sink.records().len(), 6);
    }
}
