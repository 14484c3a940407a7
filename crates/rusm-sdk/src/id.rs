//! The numbers that name things: [`Pid`] and [`Reference`]. Zero is neither.

use std::fmt;
use std::num::NonZeroU64;

/// Names one process. Never reused while anybody can hold it.
///
/// A pid alone gives no right over the process; it is an address, and can be sent to others as its number.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid(NonZeroU64);

impl Pid {
    /// Reads a pid from its number, such as one that came in a message or an argument.
    pub const fn from_u64(number: u64) -> Option<Self> {
        match NonZeroU64::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number to hand to others.
    pub const fn as_u64(self) -> u64 {
        self.0.get()
    }
}

/// The number, which [`Pid::from_u64`] reads back.
impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Pid({})", self.0)
    }
}

/// Names one request, monitor or timer; unique for the node's lifetime and not to be guessed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Reference(NonZeroU64);

impl Reference {
    /// Reads a reference from its number.
    pub const fn from_u64(number: u64) -> Option<Self> {
        match NonZeroU64::new(number) {
            Some(number) => Some(Self(number)),
            None => None,
        }
    }

    /// The number of this reference.
    pub const fn as_u64(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(&self.0, f)
    }
}

impl fmt::Debug for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reference({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Zero names nothing, any other number comes back as it went in.
    #[test]
    fn zero_is_no_identifier() {
        assert_eq!(Pid::from_u64(0), None);
        assert_eq!(Reference::from_u64(0), None);
        assert_eq!(Pid::from_u64(u64::MAX).map(Pid::as_u64), Some(u64::MAX));
        assert_eq!(
            Reference::from_u64(7).map(|r| r.to_string()),
            Some("7".into())
        );
    }
}
