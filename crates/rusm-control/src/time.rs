//! Time, as the server sees it: replaced in tests, so that they need not wait.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;
use tokio::time::{Instant, sleep_until};

/// A wait for a moment to come.
pub type Waiting = Pin<Box<dyn Future<Output = ()> + Send + Sync>>;

/// A clock that only goes forward, and waiting on it.
pub trait Time: Send + Sync + 'static {
    /// Since a moment of its own choice.
    fn now(&self) -> Duration;

    /// Ready when so much time has passed. Called within the reactor.
    fn wait(&self, time: Duration) -> Waiting;
}

/// The reactor's time.
#[derive(Clone, Copy, Debug)]
pub(crate) struct SystemTime(Instant);

impl Default for SystemTime {
    fn default() -> Self {
        SystemTime(Instant::now())
    }
}

impl Time for SystemTime {
    fn now(&self) -> Duration {
        self.0.elapsed()
    }

    fn wait(&self, time: Duration) -> Waiting {
        Box::pin(sleep_until(Instant::now() + time))
    }
}
