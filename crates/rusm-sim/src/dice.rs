//! Random numbers of one process or one part of a run: [`Dice`].

/// A stream of choices. Each process has its own, from a seed that its parent drew, so that what it chooses
/// does not depend on who runs when.
#[derive(Clone, Debug)]
pub struct Dice(u64);

impl Dice {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    /// Any number.
    pub fn number(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mixed = (self.0 ^ (self.0 >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`; 0 if that is 0.
    pub fn below(&mut self, bound: u64) -> u64 {
        self.number() % bound.max(1)
    }

    /// True once in so many times on average; never for 0.
    pub fn one_in(&mut self, n_times: u64) -> bool {
        n_times > 0 && self.below(n_times) == 0
    }

    /// One of these, if there is any.
    pub fn pick<'a, T>(&mut self, from: &'a [T]) -> Option<&'a T> {
        let choice = self.below(u64::try_from(from.len()).ok()?);
        from.get(usize::try_from(choice).ok()?)
    }

    /// Takes one of these out, if there is any; the others lose their order.
    pub fn take<T>(&mut self, from: &mut Vec<T>) -> Option<T> {
        let choice = self.below(u64::try_from(from.len()).ok()?);
        let choice = usize::try_from(choice).ok()?;
        (choice < from.len()).then(|| from.swap_remove(choice))
    }

    /// A stream of its own for somebody else.
    pub fn split(&mut self) -> Self {
        Self(self.number())
    }
}
