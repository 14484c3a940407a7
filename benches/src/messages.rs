//! Messages: round trips, rings, many to one, calls; in several sizes and numbers.

mod guests;
mod native;
mod overload;

use crate::figure::Benchmark;

pub(crate) use guests::ping_pong as guest_ping_pong;
pub(crate) use native::ping_pong as native_ping_pong;

/// Bytes of a payload, beside the small one of 4 bytes that everything else uses.
const SIZES: [usize; 6] = [0, 16, 100, 1_024, 65_536, 1 << 20];
/// Pairs that talk at once.
const PAIRS: [u64; 3] = [10, 100, 1_000];
const SMALL: usize = 4;

/// Of a fan-in.
const SENDERS: u64 = 64;
const RING_PROCESSES: u64 = 1_000;

pub(crate) fn all() -> Vec<Benchmark> {
    [native::all(), guests::all(), overload::all()]
        .into_iter()
        .flatten()
        .collect()
}

/// Round trips of one run, so that large payloads take as long as small ones.
fn trips_of(n_bytes: usize, of_small: u64) -> u64 {
    match n_bytes {
        0..=1_024 => of_small,
        1_025..=65_536 => of_small / 10,
        _ => of_small / 200,
    }
}
