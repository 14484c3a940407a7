//! The network of one process: looking names up, and leave to dial an address.
//!
//! Everything a guest does with the network comes by here, whichever interface it speaks: `sockets` (WASI 0.2 and 0.3) and `http`.
//! Preview 1 has no function that makes a socket.
//!
//! Invariants:
//! - nothing leaves the machine before the guard has allowed it: a look-up by the name, a connection by the address;
//! - an address is checked at the moment it is dialled, and what was checked is what is dialled;
//! - what a look-up answers opens nothing by itself: an answer that changes, or that was a lie, is an address like any other.

mod found;
mod host;
mod resolver;

pub(crate) use host::Host;
pub(crate) use resolver::SystemResolver;
pub use resolver::{ResolveError, Resolver, Resolving};

use found::Found;
use parking_lot::Mutex;
use rusm_caps::{Denied, Guard, Permit, Protocol, Request};
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;
use tokio::sync::Semaphore;

/// How long a look-up may take, waiting for its turn included.
const LOOK_UP_TIME: Duration = Duration::from_secs(10);
/// Addresses of one answer that are taken; the rest of it is ignored.
const ADDRESSES_MAX: usize = 32;
/// Look-ups of one process at once; others wait for their turn.
const AT_ONCE_MAX: usize = 8;

/// The network as one process may use it.
pub(crate) struct Network {
    guard: Guard,
    resolver: Arc<dyn Resolver>,
    found: Mutex<Found>,
    at_once: Semaphore,
    look_up_time: Duration,
}

impl Network {
    pub(crate) fn new(guard: Guard, resolver: Arc<dyn Resolver>) -> Network {
        Network {
            guard,
            resolver,
            found: Mutex::default(),
            at_once: Semaphore::new(AT_ONCE_MAX),
            look_up_time: LOOK_UP_TIME,
        }
    }

    /// Says what is granted.
    pub(crate) fn guard(&self) -> &Guard {
        &self.guard
    }

    /// Whether a host may be looked up. Who writes an address gets it back and asks nobody, but only under a rule that is about it.
    pub(crate) fn may_look_up(&self, host: Host) -> Result<Permit<Host>, Denied> {
        let name = host.to_string();
        self.guard.check(Request::ResolveName { name: &name }, host)
    }

    /// The same for who says at once what for: a port of the host.
    pub(crate) fn may_connect_by_name(
        &self,
        host: Host,
        port: u16,
    ) -> Result<Permit<Host>, Denied> {
        let name = host.to_string();
        self.guard
            .check(Request::ConnectName { name: &name, port }, host)
    }

    /// The addresses of a host that may be looked up; at least one.
    pub(crate) async fn look_up(&self, host: Permit<Host>) -> Result<Vec<IpAddr>, ResolveError> {
        let name = match host.into_inner() {
            Host::Address(address) => return Ok(vec![address]),
            Host::Name(name) => name,
        };
        let addresses = match host::loopback(&name) {
            Some(addresses) => addresses.to_vec(),
            None => self.ask(&name).await?,
        };
        self.found.lock().remember(&name, &addresses);
        Ok(addresses)
    }

    async fn ask(&self, name: &Arc<str>) -> Result<Vec<IpAddr>, ResolveError> {
        let asked = async {
            let _turn = self.at_once.acquire().await;
            self.resolver.resolve(name).await
        };
        let mut answer = tokio::time::timeout(self.look_up_time, asked)
            .await
            .map_err(|_| ResolveError::TimedOut)??;
        answer.truncate(ADDRESSES_MAX);
        let mut addresses = Vec::with_capacity(answer.len());
        for address in answer {
            let address = address.to_canonical();
            if !addresses.contains(&address) {
                addresses.push(address);
            }
        }
        if addresses.is_empty() {
            return Err(ResolveError::NotFound);
        }
        Ok(addresses)
    }

    /// Leave to dial an address now, or to exchange datagrams with it.
    pub(crate) fn may_connect(
        &self,
        addr: SocketAddr,
        proto: Protocol,
    ) -> Result<Permit<SocketAddr>, Denied> {
        let names = self.found.lock().names_of(addr.ip());
        let names = names.as_deref().unwrap_or_default();
        self.guard
            .check(Request::Connect { addr, proto, names }, addr)
    }
}

#[cfg(test)]
mod tests;
