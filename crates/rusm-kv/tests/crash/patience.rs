//! Nothing that a store is asked may hang: [`within_patience`].

use std::sync::mpsc::{RecvTimeoutError, channel};
use std::time::Duration;

/// How long a test waits for what must come, on a machine that does much else. No test passes because of it.
const PATIENCE: Duration = Duration::from_secs(300);

/// Does the work on a thread of its own, with the name of this one, and fails if that never ends.
#[track_caller]
pub(crate) fn within_patience<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> T {
    let (done, is_done) = channel();
    let name = std::thread::current().name().unwrap_or("main").to_owned();
    let named = std::thread::Builder::new().name(name);
    let worker = named.spawn(move || {
        let result = work();
        done.send(()).expect("somebody waits");
        result
    });
    if is_done.recv_timeout(PATIENCE) == Err(RecvTimeoutError::Timeout) {
        panic!("it hangs");
    }
    let result = worker.expect("a thread").join();
    result.unwrap_or_else(|panic| std::panic::resume_unwind(panic))
}
