//! What is compared: an engine puts a value under a key and returns when it is durable.
//!
//! Every rival commits in two ways. On its own: each put is a transaction with a sync, as its documents show it. Shared: one thread of
//! this program gathers what many writers want and commits it at once ([`shared`]), which is what the store of rusm does by itself.

mod bare;
mod fjall;
mod redb;
mod shared;
mod sqlite;
pub(crate) mod store;

use std::path::Path;
use std::time::{Duration, Instant};

/// Keys that the writers choose from, so that files stay of a size.
const KEYS: u64 = 100_000;

/// A key and its value.
pub(crate) type Put = (String, Vec<u8>);

/// Something that stores durably, opened at a path.
pub(crate) trait Engine: Sync {
    /// For one thread: a connection of its own where the engine has such.
    fn writer(&self) -> Box<dyn Writer + Send>;

    /// So many writers put this value until then. How long each put took.
    fn drive(&self, n_writers: u64, value: &[u8], until: Instant) -> Vec<Duration> {
        let write = |nth| {
            let mut writer = self.writer();
            let mut took = Vec::new();
            for key in keys(nth) {
                let begin = Instant::now();
                if begin >= until {
                    break;
                }
                writer.put((key, value.to_vec()));
                took.push(begin.elapsed());
            }
            took
        };
        std::thread::scope(|scope| {
            let threads: Vec<_> = (0..n_writers)
                .map(|nth| scope.spawn(move || write(nth)))
                .collect();
            let took = threads.into_iter().map(|thread| thread.join());
            took.flat_map(|took| took.expect("a writer goes on to the end"))
                .collect()
        })
    }
}

pub(crate) trait Writer {
    /// Returns when all of them are durable, all or none.
    fn commit(&mut self, puts: &[Put]);

    fn put(&mut self, put: Put) {
        self.commit(&[put]);
    }
}

pub(crate) struct Contestant {
    pub(crate) name: &'static str,
    pub(crate) open: fn(&Path) -> Box<dyn Engine>,
}

/// Who takes part; the ratios are to the first that is called `redb`.
pub(crate) const CONTESTANTS: [Contestant; 9] = [
    Contestant {
        name: "rusm-kv",
        open: |folder| Box::new(store::Store::open(folder)),
    },
    Contestant {
        name: "rusm-kv-futures",
        open: |folder| Box::new(store::Futures(store::Store::open(folder))),
    },
    Contestant {
        name: "redb",
        open: |folder| Box::new(redb::Redb::open(folder)),
    },
    Contestant {
        name: "redb-shared",
        open: |folder| Box::new(shared::Shared::over(&redb::Redb::open(folder))),
    },
    Contestant {
        name: "sqlite",
        open: |folder| Box::new(sqlite::Sqlite::open(folder)),
    },
    Contestant {
        name: "sqlite-shared",
        open: |folder| Box::new(shared::Shared::over(&sqlite::Sqlite::open(folder))),
    },
    Contestant {
        name: "fjall",
        open: |folder| Box::new(fjall::Fjall::open(folder)),
    },
    Contestant {
        name: "fjall-shared",
        open: |folder| Box::new(shared::Shared::over(&fjall::Fjall::open(folder))),
    },
    Contestant {
        name: "bare-file",
        open: |folder| Box::new(bare::File::open(folder)),
    },
];

/// The keys of one writer, in no order, without end.
pub(crate) fn keys(nth: u64) -> impl Iterator<Item = String> {
    (0_u64..).map(move |count| key(mixed(nth << 32 | count) % KEYS))
}

pub(crate) fn key(number: u64) -> String {
    format!("key-{number:012}")
}

/// One number of another, far from its neighbours' (the finaliser of `SplitMix64`).
pub(crate) fn mixed(number: u64) -> u64 {
    let number = number.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let number = (number ^ (number >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let number = (number ^ (number >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    number ^ (number >> 31)
}
