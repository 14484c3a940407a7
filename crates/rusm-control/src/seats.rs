//! How many connections there are at once, and who makes room for a new one.
//!
//! A connection whose request has not arrived yet holds nothing but its seat, and loses it to a newcomer when there is no other: a
//! thousand clients that say nothing keep nobody out. A request that is being answered keeps its seat to the end.

use parking_lot::Mutex;
use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use tokio::sync::{OwnedSemaphorePermit, Semaphore, oneshot};

#[derive(Clone, Debug)]
pub(crate) struct Seats(Arc<Shared>);

#[derive(Debug)]
struct Shared {
    free: Arc<Semaphore>,
    next: AtomicU64,
    /// Connections whose request has not arrived, the oldest first. What is dropped here is given up there.
    silent: Mutex<BTreeMap<u64, oneshot::Sender<()>>>,
}

/// A seat of one connection; free again when dropped.
#[derive(Debug)]
pub(crate) struct Seat {
    _permit: OwnedSemaphorePermit,
    number: u64,
    shared: Arc<Shared>,
}

/// Ready when the seat is wanted for somebody else.
pub(crate) type Wanted = oneshot::Receiver<()>;

impl Seats {
    pub(crate) fn new(count: usize) -> Seats {
        Seats(Arc::new(Shared {
            free: Arc::new(Semaphore::new(count)),
            next: AtomicU64::new(0),
            silent: Mutex::default(),
        }))
    }

    /// A free seat, or that of the connection that has been silent for longest; none if all are busy.
    pub(crate) async fn take(&self) -> Option<(Seat, Wanted)> {
        let free = Arc::clone(&self.0.free);
        let permit = match Arc::clone(&free).try_acquire_owned() {
            Ok(permit) => permit,
            Err(_) => {
                self.0.silent.lock().pop_first()?;
                free.acquire_owned().await.ok()?
            }
        };
        let number = self.0.next.fetch_add(1, Ordering::Relaxed);
        let (keep, wanted) = oneshot::channel();
        self.0.silent.lock().insert(number, keep);
        let seat = Seat {
            _permit: permit,
            number,
            shared: Arc::clone(&self.0),
        };
        Some((seat, wanted))
    }
}

impl Seat {
    /// The request has arrived. False if the seat has been given to somebody else meanwhile.
    pub(crate) fn is_kept(&self) -> bool {
        self.shared.silent.lock().remove(&self.number).is_some()
    }
}

impl Drop for Seat {
    fn drop(&mut self) {
        self.shared.silent.lock().remove(&self.number);
    }
}
