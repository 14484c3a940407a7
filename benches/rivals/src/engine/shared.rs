//! A rival with the one idea that matters: a thread gathers what waits and commits it at once.

use super::{Engine, Put, Writer};
use crossbeam_channel::{Receiver, Sender, bounded};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::{self, Thread};

/// How many may wait, and be committed at once.
const ROOM: usize = 1_024;

struct Waiting {
    put: Put,
    is_durable: Arc<AtomicBool>,
    /// Parked until then: a channel's receiver would spin for a while, and take the time of the committing thread.
    writer: Thread,
}

/// Ends its thread when the last writer is gone.
#[derive(Clone)]
pub(super) struct Shared(Sender<Waiting>);

impl Shared {
    pub(super) fn over(engine: &impl Engine) -> Self {
        let (sender, receiver) = bounded(ROOM);
        let writer = engine.writer();
        thread::spawn(move || commit_all(&receiver, writer));
        Self(sender)
    }
}

fn commit_all(receiver: &Receiver<Waiting>, mut writer: Box<dyn Writer + Send>) {
    while let Ok(first) = receiver.recv() {
        let waiting = std::iter::once(first).chain(receiver.try_iter().take(ROOM));
        let (puts, wake): (Vec<Put>, Vec<_>) = waiting
            .map(|one| (one.put, (one.is_durable, one.writer)))
            .unzip();
        writer.commit(&puts);
        for (is_durable, writer) in wake {
            is_durable.store(true, Ordering::Release);
            writer.unpark();
        }
    }
}

impl Engine for Shared {
    fn writer(&self) -> Box<dyn Writer + Send> {
        Box::new(self.clone())
    }
}

impl Writer for Shared {
    fn commit(&mut self, puts: &[Put]) {
        puts.iter().for_each(|put| self.put(put.clone()));
    }

    fn put(&mut self, put: Put) {
        let is_durable = Arc::new(AtomicBool::new(false));
        let sent = self.0.send(Waiting {
            put,
            is_durable: Arc::clone(&is_durable),
            writer: thread::current(),
        });
        sent.expect("the thread runs while there are writers");
        while !is_durable.load(Ordering::Acquire) {
            thread::park();
        }
    }
}
