//! The server: takes clients on, within its bounds, and lets them go when the node ends.

use crate::budget::Budget;
use crate::connection::{Client, busy, refuse, serve};
use crate::crew::{Crew, Member};
use crate::error::{ApiError, Code};
use crate::router::Router;
use crate::seats::Seats;
use crate::socket::Socket;
use crate::time::{SystemTime, Time};
use parking_lot::Mutex;
use std::fmt;
use std::io;
use std::sync::Arc;
use std::time::Duration;
use tokio::net::{UnixListener, UnixStream};
use tokio::runtime::Handle;
use tokio::task::JoinSet;

/// Connections at once.
const CONNECTIONS_MAX: usize = 64;
/// The memory that all requests may hold together.
const MEMORY_BYTES_MAX: usize = 256 << 20;
/// How long to wait when the system has no more sockets for this process.
const PAUSE: Duration = Duration::from_millis(100);
/// How long the end of a node waits for requests that are being worked on: as long as any store can be expected to take.
const STOP_TIME: Duration = Duration::from_secs(30);

/// What all connections share.
pub(crate) struct Shared {
    pub(crate) router: Router,
    pub(crate) time: Arc<dyn Time>,
    pub(crate) budget: Budget,
}

/// A running control socket. Dropping it ends it, see [`Server::stop`].
pub struct Server {
    running: Mutex<Option<(Socket, tokio::task::AbortHandle)>>,
    crew: Crew,
}

impl Server {
    /// Answers at the socket, on this reactor, until it is stopped.
    ///
    /// # Errors
    /// When the reactor cannot take the socket.
    pub fn start(socket: Socket, router: Router, reactor: &Handle) -> io::Result<Server> {
        Self::start_with(socket, router, reactor, Arc::new(SystemTime::default()))
    }

    /// The same, with a time of one's own, for tests.
    ///
    /// # Errors
    /// When the reactor cannot take the socket.
    pub fn start_with(
        socket: Socket,
        router: Router,
        reactor: &Handle,
        time: Arc<dyn Time>,
    ) -> io::Result<Server> {
        let shared = Arc::new(Shared {
            router,
            time,
            budget: Budget::new(MEMORY_BYTES_MAX),
        });
        let _within_the_reactor = reactor.enter();
        let listener = UnixListener::from_std(socket.listener()?)?;
        let crew = Crew::default();
        let accepting = accept(crew.join(), listener, shared);
        let accepting = reactor.spawn(accepting).abort_handle();
        Ok(Server {
            running: Mutex::new(Some((socket, accepting))),
            crew,
        })
    }

    /// Removes the socket, closes every connection, and waits for the requests that are being worked on: after that, nothing here has
    /// the store. Blocks, and is not for the reactor itself.
    pub fn stop(&self) {
        if let Some((socket, accepting)) = self.running.lock().take() {
            drop(socket);
            accepting.abort();
            self.crew.wait_until_empty(STOP_TIME);
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Server")
            .field("running", &self.running)
            .finish_non_exhaustive()
    }
}

/// Takes clients on. The connections are its own: they end when it does.
async fn accept(member: Member, listener: UnixListener, shared: Arc<Shared>) {
    let own = rustix::process::geteuid().as_raw();
    let seats = Seats::new(CONNECTIONS_MAX);
    let mut connections = JoinSet::new();
    loop {
        let Ok((stream, _)) = listener.accept().await else {
            shared.time.wait(PAUSE).await;
            continue;
        };
        while connections.try_join_next().is_some() {}
        if !is_allowed(&stream, own) {
            let message = "only the node's own user and root are answered here";
            refuse(&stream, &ApiError::new(Code::Forbidden, message));
            continue;
        }
        match seats.take().await {
            Some((seat, wanted)) => {
                let client = Client {
                    stream,
                    seat,
                    member: member.join(),
                };
                connections.spawn(serve(client, wanted, Arc::clone(&shared)));
            }
            None => refuse(&stream, &busy()),
        }
    }
}

/// Whether the peer, as the kernel knows it, is the node's own user or root. The mode of the socket says the same; this holds
/// when somebody has changed it.
fn is_allowed(stream: &UnixStream, own: u32) -> bool {
    stream
        .peer_cred()
        .is_ok_and(|peer| peer.uid() == own || peer.uid() == 0)
}
