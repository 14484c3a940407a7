//! The gate of one socket: every address that it is used with is asked of the guard.
//!
//! A socket that listens knows where: whoever connects to it is taken under the grant to listen, whatever his address. The same goes for
//! datagrams: a UDP socket bound to a port that `allow-listen` grants hears everybody, and may answer whoever wrote to it, for
//! otherwise it could serve nobody. It may not write first; for that the peer has to be in `allow-network`. Any other UDP
//! socket hears only peers that it may write to; what others send is dropped before the guest sees it.

use crate::wasi::network::Network;
use parking_lot::Mutex;
use rusm_caps::{Protocol, Request};
use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::Arc;
use wasmtime_wasi::sockets::SocketAddrUse;

/// Peers of a listening UDP socket that may still be answered; of more, those that wrote longest ago go.
const PEERS_MAX: usize = 256;

/// Answers for one socket.
pub(super) struct Gate {
    network: Arc<Network>,
    proto: Protocol,
    serving: Mutex<Option<Serving>>,
}

/// What a socket serves.
#[derive(Debug)]
struct Serving {
    /// The local address that it listens at.
    at: SocketAddr,
    /// Who wrote to it by datagram, the latest last.
    peers: VecDeque<SocketAddr>,
}

impl Gate {
    pub(super) fn new(network: Arc<Network>, proto: Protocol) -> Gate {
        Gate {
            network,
            proto,
            serving: Mutex::default(),
        }
    }

    /// Whether the socket may be used with this address in this way.
    pub(super) fn allows(&self, addr: SocketAddr, usage: SocketAddrUse) -> bool {
        match usage {
            SocketAddrUse::TcpBind => self.may_bind(addr),
            SocketAddrUse::TcpListen => self.may_listen(addr),
            SocketAddrUse::TcpAccept => self.may_serve(),
            SocketAddrUse::TcpConnect => self.may_connect(addr),
            // Wasmtime asks again, for port 0, before it binds one that could not be bound as asked. So the last answer tells.
            SocketAddrUse::UdpBind => {
                *self.serving.lock() = None;
                self.may_bind(addr) && (addr.port() == 0 || self.may_listen(addr))
            }
            SocketAddrUse::UdpSend => {
                (self.was_written_to_by(addr) && self.may_serve()) || self.may_connect(addr)
            }
            SocketAddrUse::UdpReceive if self.is_serving() => {
                let is_allowed = self.may_serve();
                if is_allowed {
                    self.note_peer(addr);
                }
                is_allowed
            }
            SocketAddrUse::UdpReceive => self.may_connect(addr),
        }
    }

    fn may_bind(&self, addr: SocketAddr) -> bool {
        let proto = self.proto;
        self.asks(Request::Bind { addr, proto })
    }

    fn may_connect(&self, addr: SocketAddr) -> bool {
        self.network.may_connect(addr, self.proto).is_ok()
    }

    fn may_listen(&self, at: SocketAddr) -> bool {
        let is_allowed = self.asks(Request::Listen { addr: at });
        if is_allowed {
            *self.serving.lock() = Some(Serving {
                at,
                peers: VecDeque::new(),
            });
        }
        is_allowed
    }

    /// Whether it may still serve where it listens: the permission may have been given up since.
    fn may_serve(&self) -> bool {
        let at = self.serving.lock().as_ref().map(|serving| serving.at);
        at.is_some_and(|addr| self.asks(Request::Listen { addr }))
    }

    fn is_serving(&self) -> bool {
        self.serving.lock().is_some()
    }

    fn was_written_to_by(&self, peer: SocketAddr) -> bool {
        let serving = self.serving.lock();
        serving
            .as_ref()
            .is_some_and(|serving| serving.peers.contains(&peer))
    }

    fn note_peer(&self, peer: SocketAddr) {
        if let Some(serving) = self.serving.lock().as_mut() {
            serving.peers.retain(|known| *known != peer);
            serving.peers.push_back(peer);
            if serving.peers.len() > PEERS_MAX {
                serving.peers.pop_front();
            }
        }
    }

    fn asks(&self, request: Request<'_>) -> bool {
        self.network.guard().check(request, ()).is_ok()
    }
}

#[cfg(test)]
mod tests;
