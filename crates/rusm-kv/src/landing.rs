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

/// Where a flight goes from one thread to the other. Neither spins before it sleeps: one of them waits in every commit, and
/// would spin away the time of processes that do not write.
#[derive(Default)]
struct Strip {
    state: Mutex<State>,
    /// There is a flight to take, or no more will come.
    coming: Condvar,
    /// A flight was taken, or has landed.
    moved: Condvar,
    /// How long the last one took to land, on either thread, in nanoseconds.
    took_ns: AtomicU64,
}

#[derive(Default)]
struct State {
    /// Sent and not taken yet.
    next: Option<Flight>,
    /// Flights that were sent and have not landed yet.
    aloft: usize,
    is_closed: bool,
}

impl Strip {
    /// Lets a flight land.
    fn land(&self, ground: &Ground, flight: Flight) {
        let start = Instant::now();
        ground.land(flight);
        let took_ns = u64::try_from(start.elapsed().as_nanos()).unwrap_or(u64::MAX);
        // Relaxed: a hint for how large groups should be.
        self.took_ns.store(took_ns, Ordering::Relaxed);
    }

    /// Hands a flight over: it is taken when this returns.
    fn send(&self, flight: Flight) {
        let mut state = self.state.lock();
        state.aloft += 1;
        state.next = Some(flight);
        self.coming.notify_one();
        while state.next.is_some() {
            self.moved.wait(&mut state);
        }
    }

    /// The next flight; none if no more will come.
    fn take(&self) -> Option<Flight> {
        let mut state = self.state.lock();
        while state.next.is_none() && !state.is_closed {
            self.coming.wait(&mut state);
        }
        let flight = state.next.take();
        self.moved.notify_all();
        flight
    }

    fn has_landed(&self) {
        self.state.lock().aloft -= 1;
        self.moved.notify_all();
    }

    /// Waits until all have landed.
    fn wait(&self) {
        let mut state = self.state.lock();
        while state.aloft > 0 {
            self.moved.wait(&mut state);
        }
    }

    fn close(&self) {
        self.state.lock().is_closed = true;
        self.coming.notify_one();
    }
}

/// The commit thread's side.
pub(crate) struct Landing {
    ground: Ground,
    strip: Arc<Strip>,
    thread: Option<JoinHandle<()>>,
    thread_id: ThreadId,
}

impl Landing {
    /// Starts the thread that flights land on.
    pub(crate) fn start(ground: Ground) -> std::io::Result<Self> {
        let strip = Arc::new(Strip::default());
        let run = {
            let (ground, strip) = (ground.clone(), Arc::clone(&strip));
            move || run(&ground, &strip)
        };
        let thread = std::thread::Builder::new().name("rusm-kv-sync".to_owned());
        let thread = thread.spawn(run)?;
        Ok(Self {
            ground,
            strip,
            thread_id: thread.thread().id(),
            thread: Some(thread),
        })
    }

    /// The thread that flights land on.
    pub(crate) fn thread_id(&self) -> ThreadId {
        self.thread_id
    }

    /// Whether a flight has not landed yet: then those after it must not land here.
    pub(crate) fn is_any_aloft(&self) -> bool {
        self.strip.state.lock().aloft > 0
    }

    /// How long the last flight took to land.
    pub(crate) fn took(&self) -> Duration {
        Duration::from_nanos(self.strip.took_ns.load(Ordering::Relaxed))
    }

    /// Lets a flight land on this thread. None is aloft.
    pub(crate) fn land(&self, flight: Flight) {
        self.strip.land(&self.ground, flight);
    }

    /// Lets a flight land while this thread goes on.
    pub(crate) fn send(&self, flight: Flight) {
        self.strip.send(flight);
    }

    /// Waits until all have landed.
    pub(crate) fn wait(&self) {
        self.strip.wait();
    }
}

impl Drop for Landing {
    /// Lets all land, and ends the thread.
    fn drop(&mut self) {
        self.strip.close();
        if let Some(thread) = self.thread.take() {
            // It does not panic.
            let _ = thread.join();
        }
    }
}

fn run(ground: &Ground, strip: &Strip) {
    while let Some(flight) = strip.take() {
        let landed = catch_unwind(AssertUnwindSafe(|| strip.land(ground, flight)));
        if landed.is_err() {
            // Those who were not answered are, by the drop of the flight, and take it for a failure.
            ground.shared.poison("a waker of a submission panicked");
        }
        strip.has_landed();
    }
}
