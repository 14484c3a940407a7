//! Where a simulation's choices come from: [`SplitMix`].

/// A small generator with a full period over 64 bits; for choices, not for secrets.
#[derive(Clone, Debug)]
pub(super) struct SplitMix(u64);

impl SplitMix {
    pub(super) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(super) fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        mix(self.0)
    }

    /// A number below `bound`, which is not 0.
    pub(super) fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap_or(u64::MAX);
        usize::try_from(self.next() % bound).unwrap_or(0)
    }

    /// True once in so many times on average; never for 0.
    pub(super) fn one_in(&mut self, n_times: usize) -> bool {
        n_times > 0 && self.below(n_times) == 0
    }

    /// One of these.
    pub(super) fn pick<const N: usize>(&mut self, from: [usize; N]) -> usize {
        let choice = self.below(N.max(1));
        from.into_iter().nth(choice).unwrap_or(0)
    }
}

/// Spreads a number over all 64 bits.
pub(super) fn mix(number: u64) -> u64 {
    let mut mixed = number;
    mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    mixed ^ (mixed >> 31)
}
