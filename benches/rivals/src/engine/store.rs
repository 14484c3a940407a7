//! The store of rusm: a batch of one put, and its submission waited for, by a thread or by a future among others.

use super::{Engine, Put, Writer, keys};
use futures_util::stream::{FuturesUnordered, StreamExt};
use rusm_kv::{Batch, Options};
use std::path::Path;
use std::time::{Duration, Instant};

pub(crate) const BUCKET: &str = "puts";

#[derive(Clone)]
pub(crate) struct Store(pub(crate) rusm_kv::Store);

impl Store {
    pub(crate) fn open(folder: &Path) -> Self {
        let store = rusm_kv::Store::open(&folder.join("rusm"), Options::default());
        Self(store.expect("a new file can be made"))
    }
}

pub(crate) fn batch(puts: impl IntoIterator<Item = Put>) -> Batch {
    let batch = Batch::new(BUCKET).expect("it is a name for one");
    let puts = puts.into_iter();
    puts.fold(batch, |batch, (key, value)| batch.put(key, value))
}

impl Engine for Store {
    fn writer(&self) -> Box<dyn Writer + Send> {
        Box::new(self.clone())
    }
}

impl Writer for Store {
    fn commit(&mut self, puts: &[Put]) {
        let outcome = self.0.submit(batch(puts.to_vec())).wait();
        outcome.expect("the disk works");
    }
}

/// All writers on one thread.
pub(super) struct Futures(pub(super) Store);

impl Engine for Futures {
    fn writer(&self) -> Box<dyn Writer + Send> {
        self.0.writer()
    }

    fn drive(&self, n_writers: u64, value: &[u8], until: Instant) -> Vec<Duration> {
        let Store(store) = &self.0;
        let write = async |nth| {
            let mut took = Vec::new();
            for key in keys(nth) {
                let begin = Instant::now();
                if begin >= until {
                    break;
                }
                let outcome = store.submit(batch([(key, value.to_vec())])).await;
                outcome.expect("the disk works");
                took.push(begin.elapsed());
            }
            took
        };
        let writers: FuturesUnordered<_> = (0..n_writers).map(write).collect();
        futures_executor::block_on(writers.concat())
    }
}
