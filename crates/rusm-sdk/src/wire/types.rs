//! The types that are [`Wire`] from the start: integers, texts, bytes, lists, tuples, and those of this crate.

use std::convert::Infallible;
use std::time::Duration;

use super::{Malformed, Reader, Wire, write_length};
use crate::{ExitReason, Limit, Pid, Reference};

/// Fixed-size integers, little-endian.
macro_rules! integers {
    ($($integer:ty),*) => {
        $(impl Wire for $integer {
            fn write(&self, to: &mut Vec<u8>) {
                to.extend_from_slice(&self.to_le_bytes());
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
                let bytes = from.take(size_of::<Self>())?;
                let bytes = bytes.try_into().map_err(|_| Malformed)?;
                Ok(Self::from_le_bytes(bytes))
            }
        })*
    };
}

integers!(u16, u32, u64, i8, i16, i32, i64);

impl Wire for u8 {
    fn write(&self, to: &mut Vec<u8>) {
        to.push(*self);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        from.take(1)?.first().copied().ok_or(Malformed)
    }

    fn write_all(items: &[Self], to: &mut Vec<u8>) {
        to.extend_from_slice(items);
    }

    fn read_all(count: usize, from: &mut Reader<'_>) -> Result<Vec<Self>, Malformed> {
        Ok(from.take(count)?.to_vec())
    }
}

impl Wire for bool {
    fn write(&self, to: &mut Vec<u8>) {
        u8::from(*self).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        match u8::read(from)? {
            0 => Ok(false),
            1 => Ok(true),
            _ => Err(Malformed),
        }
    }
}

impl Wire for String {
    fn write(&self, to: &mut Vec<u8>) {
        write_length(self.len(), to);
        to.extend_from_slice(self.as_bytes());
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let length = from.length()?;
        let text = str::from_utf8(from.take(length)?).map_err(|_| Malformed)?;
        Ok(text.to_owned())
    }
}

/// At most as many elements as there are bytes, so that a count is never trusted.
impl<T: Wire> Wire for Vec<T> {
    fn write(&self, to: &mut Vec<u8>) {
        write_length(self.len(), to);
        T::write_all(self, to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let count = from.length()?;
        T::read_all(count, from)
    }
}

impl<T: Wire> Wire for Option<T> {
    fn write(&self, to: &mut Vec<u8>) {
        self.is_some().write(to);
        if let Some(value) = self {
            value.write(to);
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        bool::read(from)?.then(|| T::read(from)).transpose()
    }
}

impl<T: Wire, E: Wire> Wire for Result<T, E> {
    fn write(&self, to: &mut Vec<u8>) {
        self.is_ok().write(to);
        match self {
            Ok(value) => value.write(to),
            Err(error) => error.write(to),
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        if bool::read(from)? {
            T::read(from).map(Ok)
        } else {
            E::read(from).map(Err)
        }
    }
}

/// The element types of a tuple, one after the other.
macro_rules! tuples {
    ($(($($name:ident),*))*) => {
        $(impl<$($name: Wire),*> Wire for ($($name,)*) {
            #[expect(non_snake_case, reason = "each element is called like its type")]
            fn write(&self, to: &mut Vec<u8>) {
                let ($($name,)*) = self;
                $($name.write(to);)*
            }

            fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
                Ok(($($name::read(from)?,)*))
            }
        })*
    };
}

tuples! { (A, B) (A, B, C) (A, B, C, D) }

impl Wire for () {
    fn write(&self, _: &mut Vec<u8>) {}

    fn read(_: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(())
    }
}

/// A message that cannot be: for servers without casts, say.
impl Wire for Infallible {
    fn write(&self, _: &mut Vec<u8>) {
        match *self {}
    }

    fn read(_: &mut Reader<'_>) -> Result<Self, Malformed> {
        Err(Malformed)
    }
}

impl Wire for Pid {
    fn write(&self, to: &mut Vec<u8>) {
        self.as_u64().write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Self::from_u64(u64::read(from)?).ok_or(Malformed)
    }
}

impl Wire for Reference {
    fn write(&self, to: &mut Vec<u8>) {
        self.as_u64().write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Self::from_u64(u64::read(from)?).ok_or(Malformed)
    }
}

/// Seconds and nanoseconds.
impl Wire for Duration {
    fn write(&self, to: &mut Vec<u8>) {
        (self.as_secs(), self.subsec_nanos()).write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        let (seconds, nanos) = Wire::read(from)?;
        if nanos >= 1_000_000_000 {
            return Err(Malformed);
        }
        Ok(Self::new(seconds, nanos))
    }
}

impl Wire for Limit {
    fn write(&self, to: &mut Vec<u8>) {
        let kind: u8 = match self {
            Self::Memory => 0,
            Self::CpuTime => 1,
            Self::WallTime => 2,
            Self::Output => 3,
            Self::Mailbox => 4,
        };
        kind.write(to);
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match u8::read(from)? {
            0 => Self::Memory,
            1 => Self::CpuTime,
            2 => Self::WallTime,
            3 => Self::Output,
            4 => Self::Mailbox,
            _ => return Err(Malformed),
        })
    }
}

impl Wire for ExitReason {
    fn write(&self, to: &mut Vec<u8>) {
        match self {
            Self::Normal => 0_u8.write(to),
            Self::Shutdown => 1_u8.write(to),
            Self::Killed => 2_u8.write(to),
            Self::NoProcess => 3_u8.write(to),
            Self::NoConnection => 4_u8.write(to),
            Self::Trap(text) => with_text(5, text, to),
            Self::NotStarted(text) => with_text(6, text, to),
            Self::Limit(limit) => (7_u8, *limit).write(to),
            Self::Error(text) => with_text(8, text, to),
        }
    }

    fn read(from: &mut Reader<'_>) -> Result<Self, Malformed> {
        Ok(match u8::read(from)? {
            0 => Self::Normal,
            1 => Self::Shutdown,
            2 => Self::Killed,
            3 => Self::NoProcess,
            4 => Self::NoConnection,
            5 => Self::Trap(String::read(from)?),
            6 => Self::NotStarted(String::read(from)?),
            7 => Self::Limit(Limit::read(from)?),
            8 => Self::Error(String::read(from)?),
            _ => return Err(Malformed),
        })
    }
}

fn with_text(kind: u8, text: &str, to: &mut Vec<u8>) {
    kind.write(to);
    write_length(text.len(), to);
    to.extend_from_slice(text.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::super::{decode, encode};
    use super::*;

    #[test]
    fn every_reason_travels() {
        let limits = [
            Limit::Memory,
            Limit::CpuTime,
            Limit::WallTime,
            Limit::Output,
            Limit::Mailbox,
        ];
        let reasons = [
            ExitReason::Normal,
            ExitReason::Shutdown,
            ExitReason::Killed,
            ExitReason::NoProcess,
            ExitReason::NoConnection,
            ExitReason::Trap("  kept as it is".into()),
            ExitReason::NotStarted(String::new()),
            ExitReason::Error("e".into()),
        ];
        for reason in reasons.into_iter().chain(limits.map(ExitReason::Limit)) {
            assert_eq!(decode(&encode(&reason)), Ok(reason));
        }
        assert_eq!(decode::<Limit>(&[5]), Err(Malformed));
    }

    #[test]
    fn a_time_of_too_many_nanoseconds_is_refused() {
        assert_eq!(
            decode::<Duration>(&encode(&(1_u64, 1_000_000_000_u32))),
            Err(Malformed)
        );
    }
}
