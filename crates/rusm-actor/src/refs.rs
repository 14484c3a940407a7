//! Where references come from: a counter under a block cipher.
//!
//! The counter makes them unique, the cipher (Speck64/128, keyed by the node's seed) keeps one
//! process from guessing another's next reference out of its own.

use crate::id::Ref;
use crate::sync::{AtomicU64, Ordering};

const ROUNDS: usize = 27;

#[derive(Debug)]
pub(crate) struct RefSource {
    counter: AtomicU64,
    keys: [u32; ROUNDS],
}

impl RefSource {
    pub(crate) fn new(seed: [u64; 2]) -> Self {
        Self {
            counter: AtomicU64::new(0),
            keys: expand(seed),
        }
    }

    pub(crate) fn next(&self) -> Ref {
        loop {
            // Relaxed: only uniqueness matters, and the read-modify-write gives that.
            let plain = self.counter.fetch_add(1, Ordering::Relaxed);
            if let Some(reference) = Ref::from_u64(encrypt(&self.keys, plain)) {
                return reference;
            }
        }
    }
}

fn halves(word: u64) -> (u32, u32) {
    let low = u32::try_from(word & u64::from(u32::MAX)).expect("masked to 32 bits");
    let high = u32::try_from(word >> 32).expect("shifted to 32 bits");
    (high, low)
}

fn round(x: u32, y: u32, key: u32) -> (u32, u32) {
    let x = x.rotate_right(8).wrapping_add(y) ^ key;
    (x, y.rotate_left(3) ^ x)
}

fn expand(seed: [u64; 2]) -> [u32; ROUNDS] {
    let [first, second] = seed;
    let ((l1, l0), (l2, mut key)) = (halves(first), halves(second));
    let mut schedule = [l0, l1, l2];
    let mut keys = [0; ROUNDS];
    for (slot, index) in keys.iter_mut().zip(0u32..) {
        *slot = key;
        let [oldest, rest @ ..] = schedule;
        let (new, next_key) = round(oldest, key, index);
        key = next_key;
        let [a, b] = rest;
        schedule = [a, b, new];
    }
    keys
}

fn encrypt(keys: &[u32; ROUNDS], plain: u64) -> u64 {
    let (x, y) = keys
        .iter()
        .fold(halves(plain), |(x, y), key| round(x, y, *key));
    u64::from(x) << 32 | u64::from(y)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The test vector published with the cipher.
    #[test]
    fn cipher_matches_its_published_vector() {
        let keys = expand([0x13121110_0b0a0908, 0x1b1a1918_03020100]);
        // Key words in the order of `expand`: l0 = low of first, l1 = high of first, l2 = high of second.
        assert_eq!(encrypt(&keys, 0x3b726574_7475432d), 0x8c6fa548_454e028b);
    }

    #[test]
    fn references_are_unique_and_show_no_order() {
        let source = RefSource::new([1, 2]);
        let n_references = if cfg!(miri) { 200 } else { 10_000 };
        let seen: Vec<u64> = (0..n_references).map(|_| source.next().as_u64()).collect();
        let mut sorted = seen.clone();
        sorted.sort_unstable();
        sorted.dedup();
        assert_eq!(sorted.len(), seen.len());
        assert_ne!(sorted, seen);
    }
}
