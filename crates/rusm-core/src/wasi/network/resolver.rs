//! Names to addresses: the one seam through which they enter, [`Resolver`], and the system's own.

use std::future::Future;
use std::net::{IpAddr, ToSocketAddrs};
use std::pin::Pin;
use std::sync::Arc;
use tokio::sync::Semaphore;

/// Look-ups that the system is asked for at once, by all processes of the node together. Each holds a thread until it is answered,
/// for the C library cannot be interrupted; a process that was killed meanwhile waits for none of them.
const AT_ONCE_MAX: usize = 32;

/// Why a name has no addresses.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum ResolveError {
    /// There is no such name, or it has no addresses.
    #[error("the name has no addresses")]
    NotFound,
    /// Nobody could be asked; it may work later.
    #[error("the name could not be looked up")]
    Unavailable,
    /// There was no answer in time.
    #[error("the look-up took too long")]
    TimedOut,
}

/// A look-up under way. Dropping it is giving it up.
pub type Resolving = Pin<Box<dyn Future<Output = Result<Vec<IpAddr>, ResolveError>> + Send>>;

/// Turns names into addresses, for every process of a runtime.
///
/// It is asked only for what a profile allows to look up, and never for `localhost` or a name below it (RFC 6761). What it answers is
/// trusted for nothing: each address is checked again at the moment it is dialled, and a rule that names a host opens no address that
/// is not public. The runtime bounds the time and takes the first 32 addresses of an answer.
pub trait Resolver: Send + Sync + 'static {
    /// Looks up a name: lower case, ASCII, without a dot at its end. Must not block; runs within a tokio runtime.
    fn resolve(&self, name: &Arc<str>) -> Resolving;
}

/// Asks the system, as `getaddrinfo` does: `/etc/hosts`, DNS, and whatever else the machine is set up for.
#[derive(Debug)]
pub(crate) struct SystemResolver {
    at_once: Arc<Semaphore>,
}

impl Default for SystemResolver {
    fn default() -> Self {
        Self {
            at_once: Arc::new(Semaphore::new(AT_ONCE_MAX)),
        }
    }
}

impl Resolver for SystemResolver {
    fn resolve(&self, name: &Arc<str>) -> Resolving {
        let (at_once, name) = (Arc::clone(&self.at_once), Arc::clone(name));
        Box::pin(async move {
            let Ok(turn) = at_once.acquire_owned().await else {
                return Err(ResolveError::Unavailable);
            };
            let asked = tokio::task::spawn_blocking(move || {
                // Given back when the system has answered, not when the asker has lost patience.
                let _turn = turn;
                let found = (&*name, 0).to_socket_addrs();
                found.map(|addresses| addresses.map(|address| address.ip()).collect())
            });
            match asked.await {
                Ok(found) => found.map_err(|_| ResolveError::NotFound),
                Err(_) => Err(ResolveError::Unavailable),
            }
        })
    }
}
