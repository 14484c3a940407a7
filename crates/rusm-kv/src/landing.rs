//! The second half of a commit: it is written and synced, and all who are in it are answered.
//!
//! While one commit reaches the file here, the commit thread works on the next. Commits land in the order in which they were made,
//! so what anybody is shown or told rests on durable commits alone.

use crate::commit::Message;
use crate::error::WriteError;
use crate::gate::{Answer, Gate, Request};
use crate::readers::Readers;
use crate::snapshot::View;
use crate::store::Shared;
use crossbeam_channel::{Receiver, SendError, Sender, bounded};
use parking_lot::{Condvar, Mutex};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::thread::{JoinHandle, ThreadId};
use std::time::{Duration, Instant};

/// A group that is decided, and written if there was anything to write.
pub(crate) struct Flight {
    pub(crate) group: Vec<Request>,
    pub(crate) answers: Vec<Answer>,
    /// What everybody may read once it has landed; none if nothing was written.
    pub(crate) view: Option<View>,
    /// The sync that the answers rest on.
    pub(crate) sync: u64,
}

/// Where flights land.
#[derive(Clone)]
pub(crate) struct Ground {
    pub(crate) gate: Arc<Gate<Message>>,
    pub(crate) readers: Arc<Readers>,
    pub(crate) shared: Arc<Shared>,
}

impl Ground {
    /// Waits for the sync and answers all.
    fn land(&self, flight: Flight) {
        let Flight {
            group,
            mut answers,
            view,
            sync,
        } = flight;
        match self.shared.disk.settle(sync) {
            Ok(()) => {
                if let Some(view) = view {
                    self.publish(view);
                }
            }
            Err(reason) => {
                self.shared.poison(&reason);
                answers = vec![Err(WriteError::Poisoned { reason }); group.len()];
            }
        }
        // First the room, so that who is answered finds it.
        let bytes = group.iter().map(|request| request.bytes).sum();
        self.gate.release(group.len(), bytes);
        let mut answers = group.into_iter().zip(answers);
        self.shared.answer(&mut || {
            for (request, answer) in answers.by_ref() {
                drop(request.batch);
                request.reply.answer(answer);
            }
        });
    }

    /// Shows everybody what a commit has left.
    pub(crate) fn publish(&self, view: View) {
        self.shared.commits.fetch_add(1, Ordering::Relaxed);
        self.readers.publish(view);
    }
}

/// Flights that were sent and have not landed yet.
#[derive(Default)]
struct Aloft {
    count: Mutex<usize>,
    none: Condvar,
    /// How long the last one took to land, in nanoseconds.
    took_ns: AtomicU64,
}

/// The commit thread's side.
pub(crate) struct Landing {
    ground: Ground,
    flights: Sender<Flight>,
    aloft: Arc<Aloft>,
    thread: JoinHandle<()>,
}

impl Landing {
    /// Starts the thread that flights land on.
    pub(crate) fn start(ground: Ground) -> std::io::Result<Self> {
        let (flights, coming) = bounded(0);
        let aloft = Arc::new(Aloft::default());
        let run = {
            let (ground, aloft) = (ground.clone(), Arc::clone(&aloft));
            move || run(&ground, &coming, &aloft)
        };
        let thread = std::thread::Builder::new().name("rusm-kv-sync".to_owned());
        Ok(Self {
            ground,
            flights,
            aloft,
            thread: thread.spawn(run)?,
        })
    }

    /// The thread that flights land on.
    pub(crate) fn thread_id(&self) -> ThreadId {
        self.thread.thread().id()
    }

    /// Whether a flight has not landed yet: then those after it must not land here.
    pub(crate) fn is_any_aloft(&self) -> bool {
        *self.aloft.count.lock() > 0
    }

    /// How long the last flight took that landed beside this thread.
    pub(crate) fn took(&self) -> Duration {
        // Relaxed: a hint for how large groups should be.
        Duration::from_nanos(self.aloft.took_ns.load(Ordering::Relaxed))
    }

    /// Lets a flight land on this thread. None is aloft.
    pub(crate) fn land(&self, flight: Flight) {
        self.ground.land(flight);
    }

    /// Lets a flight land while this thread goes on.
    pub(crate) fn send(&self, flight: Flight) {
        *self.aloft.count.lock() += 1;
        // The other side goes on for as long as this one is there.
        if let Err(SendError(flight)) = self.flights.send(flight) {
            self.ground.land(flight);
        }
    }

    /// Waits until all have landed.
    pub(crate) fn wait(&self) {
        let mut count = self.aloft.count.lock();
        while *count > 0 {
            self.aloft.none.wait(&mut count);
        }
    }

    /// Lets all land, and ends the thread.
    pub(crate) fn end(self) {
        drop(self.flights);
        // It does not panic.
        let _ = self.thread.join();
    }
}

fn run(ground: &Ground, flights: &Receiver<Flight>, aloft: &Aloft) {
    for flight in flights {
        let start = Instant::now();
        let landed = catch_unwind(AssertUnwindSafe(|| ground.land(flight)));
        if landed.is_err() {
            // Those who were not answered are, by the drop of the flight, and take it for a failure.
            ground.shared.poison("a waker of a submission panicked");
        }
        let took_ns = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        aloft.took_ns.store(took_ns, Ordering::Relaxed);
        let mut count = aloft.count.lock();
        *count -= 1;
        if *count == 0 {
            aloft.none.notify_all();
        }
    }
}
