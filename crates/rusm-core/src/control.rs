//! The control socket of a runtime: what the people who run it may ask of it, and do to it.
//!
//! What comes over it is the operator's: no guard is asked, and nothing of it is within a guest's reach, since WASI has no Unix sockets
//! and the socket's folder is a private place. Another endpoint is a function, and a line in [`router`].

use crate::event::RuntimeEvent;
use crate::runtime::{Runtime, RuntimeShared};
use rusm_control::{Router, Server, Socket};
use std::io;
use std::sync::Arc;

impl Runtime {
    /// Answers at this socket until [`Runtime::shutdown`], which removes it: whoever may connect to it, the user that this process runs
    /// as and root, may read and change the store. A second socket replaces the first.
    ///
    /// # Errors
    /// When the reactor cannot take the socket, or the runtime has been shut down.
    pub fn control(&self, socket: Socket) -> io::Result<()> {
        let io = self.0.io.lock();
        let reactor = io.as_ref().map(tokio::runtime::Runtime::handle);
        let reactor = reactor.ok_or_else(|| io::Error::other("the runtime has been shut down"))?;
        let server = Server::start(socket, router(&self.0), reactor)?;
        let before = self.0.control.lock().replace(server);
        drop(io);
        // It waits for its last requests, without a lock.
        drop(before);
        Ok(())
    }
}

/// It keeps no runtime alive, whose last handle must not be dropped on its own reactor.
fn router(runtime: &RuntimeShared) -> Router {
    let (store, reporter) = (Arc::clone(&runtime.store), Arc::clone(&runtime.reporter));
    let on_deed = move |deed| reporter.report(&RuntimeEvent::Operated(deed));
    Router::new().with_store(move || store.lock().clone(), on_deed)
}
