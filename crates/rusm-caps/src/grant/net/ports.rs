//! Ports: one, a range, or all of them; written `443` or `8000-8100`.

use std::fmt;
use std::str::FromStr;

use crate::grant::GrantError;

/// Ports, both ends included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PortRange {
    first: u16,
    last: u16,
}

impl PortRange {
    /// Every port.
    pub const ALL: PortRange = PortRange {
        first: 0,
        last: u16::MAX,
    };

    /// From `first` to `last`; none if that is backwards.
    pub fn new(first: u16, last: u16) -> Option<PortRange> {
        (first <= last).then_some(PortRange { first, last })
    }

    /// Whether the port is among them.
    pub fn contains(self, port: u16) -> bool {
        (self.first..=self.last).contains(&port)
    }

    /// Whether every port of `narrower` is among them.
    pub fn covers(self, narrower: PortRange) -> bool {
        self.first <= narrower.first && narrower.last <= self.last
    }

    /// Writes `:443` behind a host; nothing for every port.
    pub(super) fn write_suffix(self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self == PortRange::ALL {
            Ok(())
        } else {
            write!(f, ":{self}")
        }
    }
}

impl FromStr for PortRange {
    type Err = GrantError;

    fn from_str(text: &str) -> Result<PortRange, GrantError> {
        let error = |reason: &str| {
            GrantError::new(
                format!("cannot read {text:?} as a port or a range of ports"),
                reason,
            )
        };
        let (first, last) = text.split_once('-').unwrap_or((text, text));
        let port = |part: &str| match part.parse::<u16>() {
            Ok(port) if port > 0 && !part.starts_with('+') => Ok(port),
            Ok(_) | Err(_) => Err(error("a port is a number from 1 to 65535")
                .hint("write 443, or 8000-8100; leave it out for every port")),
        };
        let (first, last) = (port(first)?, port(last)?);
        PortRange::new(first, last)
            .ok_or_else(|| error("the range runs backwards").hint(format!("write {last}-{first}")))
    }
}

impl fmt::Display for PortRange {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.first == self.last {
            write!(f, "{}", self.first)
        } else {
            write!(f, "{}-{}", self.first, self.last)
        }
    }
}
