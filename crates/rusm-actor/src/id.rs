//! Identifiers: [`Pid`], [`Ref`] and [`Name`].
//!
//! A pid is a slot of the process table and a serial number that the table never gives out twice,
//! so a stale pid reaches nobody (OTP statement 002). Zero is never a pid and never a reference.

use std::borrow::Borrow;
use std::fmt;
use std::num::NonZeroU64;
use std::sync::Arc;

/// How many low bits of a pid name its slot: at most 16,777,216 processes are alive at once.
pub(crate) const SLOT_BITS: u32 = 24;
/// The serial takes the remaining 40 bits.
pub(crate) const SERIAL_MAX: u64 = (1 << (64 - SLOT_BITS)) - 1;
/// One past the largest slot.
pub(crate) const SLOTS_MAX: usize = 1 << SLOT_BITS;

/// Names one process for as long as the node lives; never reused.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Pid(NonZeroU64);

impl Pid {
    /// `None` for slot or serial out of range, and for serial 0, which is never given out.
    pub(crate) fn from_parts(slot: usize, serial: u64) -> Option<Self> {
        if slot >= SLOTS_MAX || serial == 0 || serial > SERIAL_MAX {
            return None;
        }
        let slot = u64::try_from(slot).ok()?;
        NonZeroU64::new(serial << SLOT_BITS | slot).map(Self)
    }

    /// Reads a pid from its number, as guests hold it. Any number but 0 is a pid, though most are nobody's.
    pub fn from_u64(raw: u64) -> Option<Self> {
        NonZeroU64::new(raw).map(Self)
    }

    /// The number that guests hold.
    pub fn as_u64(self) -> u64 {
        self.0.get()
    }

    pub(crate) fn slot(self) -> usize {
        usize::try_from(self.0.get() & ((1 << SLOT_BITS) - 1)).expect("24 bits fit a usize")
    }

    pub(crate) fn serial(self) -> u64 {
        self.0.get() >> SLOT_BITS
    }
}

impl fmt::Display for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "<0.{}.{}>", self.slot(), self.serial())
    }
}

impl fmt::Debug for Pid {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// Names one request, monitor or timer; unique for the node's lifetime and not to be guessed.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Ref(NonZeroU64);

impl Ref {
    /// Reads a reference from its number, as guests hold it.
    pub fn from_u64(raw: u64) -> Option<Self> {
        NonZeroU64::new(raw).map(Self)
    }

    /// The number that guests hold.
    pub fn as_u64(self) -> u64 {
        self.0.get()
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#Ref<{:016x}>", self.0)
    }
}

impl fmt::Debug for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// A registered name, or the name of a group.
///
/// 1 to 255 bytes of UTF-8 without control characters.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Name(Arc<str>);

/// The text is not a [`Name`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("a name is 1 to {max} bytes of text without control characters", max = Name::MAX_BYTES)]
pub struct InvalidName;

impl Name {
    /// The longest name, in bytes.
    pub const MAX_BYTES: usize = 255;

    /// Checks and keeps a name.
    ///
    /// # Errors
    /// [`InvalidName`] for an empty or over-long text, or one with control characters.
    pub fn new(text: &str) -> Result<Self, InvalidName> {
        let fits = (1..=Self::MAX_BYTES).contains(&text.len());
        if fits && !text.chars().any(char::is_control) {
            Ok(Self(text.into()))
        } else {
            Err(InvalidName)
        }
    }

    /// The name as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl Borrow<str> for Name {
    fn borrow(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Debug::fmt(&*self.0, f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pid_zero_is_never_a_pid() {
        assert_eq!(Pid::from_u64(0), None);
        assert_eq!(Pid::from_parts(0, 0), None);
        assert_eq!(Pid::from_parts(7, 0), None);
    }

    #[test]
    fn pid_keeps_its_parts_and_refuses_what_does_not_fit() {
        let pid = Pid::from_parts(SLOTS_MAX - 1, SERIAL_MAX).unwrap();
        assert_eq!((pid.slot(), pid.serial()), (SLOTS_MAX - 1, SERIAL_MAX));
        assert_eq!(Pid::from_u64(pid.as_u64()), Some(pid));
        assert_eq!(Pid::from_parts(SLOTS_MAX, 1), None);
        assert_eq!(Pid::from_parts(1, SERIAL_MAX + 1), None);
        assert_eq!(Pid::from_parts(42, 7).unwrap().to_string(), "<0.42.7>");
    }

    #[test]
    fn name_bounds() {
        assert!(Name::new("").is_err());
        assert!(Name::new("a\u{1b}[2J").is_err());
        assert!(Name::new(&"x".repeat(256)).is_err());
        assert!(Name::new(&"x".repeat(255)).is_ok());
    }
}
