//! A small random number generator, SplitMix64: the same numbers from the same seed, for ever.

/// The state is the last number's origin; the output function scrambles it.
#[derive(Clone, Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0. The bias of the remainder is far below what a log shows.
    pub(crate) fn below(&mut self, bound: u64) -> u64 {
        self.next() % bound
    }

    /// An index below `length`, which is not 0.
    pub(crate) fn index(&mut self, length: usize) -> usize {
        let bound = u64::try_from(length).expect("lengths fit 64 bits");
        usize::try_from(self.below(bound)).expect("it is below a length")
    }

    /// Small indexes far more often than large ones, as pages of a site are visited.
    pub(crate) fn skewed_index(&mut self, length: usize) -> usize {
        let draws = [self.index(length), self.index(length), self.index(length)];
        draws.into_iter().fold(length - 1, usize::min)
    }

    /// True in `part` of `whole` cases.
    pub(crate) fn chance(&mut self, part: u64, whole: u64) -> bool {
        self.below(whole) < part
    }

    /// One of these, each as likely.
    pub(crate) fn pick<'a, T: ?Sized>(&mut self, items: &[&'a T]) -> &'a T {
        items
            .get(self.index(items.len()))
            .expect("the index is below the length")
    }

    pub(crate) fn byte(&mut self) -> u8 {
        let [byte, ..] = self.next().to_le_bytes();
        byte
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The published reference output for seed 1234567, so that logs stay the same for ever.
    #[test]
    fn reference_output() {
        let mut random = Random::new(1_234_567);
        let first = [random.next(), random.next(), random.next()];
        assert_eq!(
            first,
            [
                6_457_827_717_110_365_317,
                3_203_168_211_198_807_973,
                9_817_491_932_198_370_423
            ]
        );
    }
}
