//! A bound that a process ran into, and by how much: [`Breach`] (OTP statement 086).

use crate::ceiling::Reached;
use rusm_actor::Limit;
use std::fmt;
use std::time::Duration;

/// Where the ceiling on the memory of all processes stands in the manifest.
pub(crate) const NODE_MEMORY_KEY: &str = "[node] max-memory-mb";

/// A bound that a process ran into.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Breach {
    /// Which kind of bound. What has none of its own in `rusm:actor` is memory of the host: tables, handles, one call.
    pub limit: Limit,
    /// How much it may have.
    pub bound: Amount,
    /// How much it would have come to.
    pub asked: Amount,
    /// The manifest's key that sets the bound, of the profile or (`[node] …`) of all processes together; none when
    /// it was not the bound but the machine that could not provide what was asked.
    pub key: Option<&'static str>,
}

/// How much of something.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Amount {
    /// Memory or output.
    Bytes(u64),
    /// CPU time or wall time.
    Time(Duration),
    /// So many of what the second text names.
    Count(u64, &'static str),
}

impl Breach {
    pub(crate) fn memory(bound_bytes: u64, asked_bytes: u64) -> Self {
        Self {
            limit: Limit::Memory,
            bound: Amount::Bytes(bound_bytes),
            asked: Amount::Bytes(asked_bytes),
            key: Some("max-memory-mb"),
        }
    }

    /// All processes of the node together.
    pub(crate) fn node_memory(Reached { bound, asked }: Reached) -> Self {
        Self {
            key: Some(NODE_MEMORY_KEY),
            ..Self::memory(bound, asked)
        }
    }

    /// Elements of all tables together.
    pub(crate) fn tables(bound: u64, asked: u64) -> Self {
        Self::count("table elements", bound, asked, "max-table-elements")
    }

    /// Everything that the host keeps of WASI for the process, pollables and errors included: what could not be answered
    /// with an error.
    pub(crate) fn entries(bound: u64) -> Self {
        let asked = bound.saturating_add(1);
        Self::count("entries for handles", bound, asked, "max-handles")
    }

    /// Random bytes of one call.
    pub(crate) fn random(bound_bytes: u64, asked_bytes: u64) -> Self {
        Self {
            key: Some("max-random-kb"),
            ..Self::memory(bound_bytes, asked_bytes)
        }
    }

    /// What one call handed to the host.
    pub(crate) fn call(bound_bytes: u64, asked_bytes: u64) -> Self {
        Self {
            key: Some("max-call-kb"),
            ..Self::memory(bound_bytes, asked_bytes)
        }
    }

    /// The bound would have allowed it, the machine did not.
    pub(crate) fn out_of_memory(bound_bytes: u64, asked_bytes: u64) -> Self {
        Self {
            key: None,
            ..Self::memory(bound_bytes, asked_bytes)
        }
    }

    pub(crate) fn output(bound_bytes: u64, asked_bytes: u64) -> Self {
        Self {
            limit: Limit::Output,
            bound: Amount::Bytes(bound_bytes),
            asked: Amount::Bytes(asked_bytes),
            key: Some("max-output-kb"),
        }
    }

    /// CPU time of its whole life.
    pub(crate) fn cpu(bound: Duration, used: Duration) -> Self {
        Self::time(Limit::CpuTime, bound, used, "max-cpu-ms")
    }

    /// CPU time since it last waited.
    pub(crate) fn slice(bound: Duration, used: Duration) -> Self {
        Self::time(Limit::CpuTime, bound, used, "max-slice-ms")
    }

    /// Wall time of its life.
    pub(crate) fn wall(bound: Duration, lived: Duration) -> Self {
        Self::time(Limit::WallTime, bound, lived, "timeout-ms")
    }

    fn count(what: &'static str, bound: u64, asked: u64, key: &'static str) -> Self {
        Self {
            limit: Limit::Memory,
            bound: Amount::Count(bound, what),
            asked: Amount::Count(asked, what),
            key: Some(key),
        }
    }

    fn time(limit: Limit, bound: Duration, used: Duration, key: &'static str) -> Self {
        Self {
            limit,
            bound: Amount::Time(bound),
            asked: Amount::Time(used),
            key: Some(key),
        }
    }
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { bound, asked, .. } = self;
        match self.key {
            Some(key) => write!(f, "{asked} asked for, {bound} allowed by {key}"),
            None => write!(
                f,
                "{asked} asked for, more than the machine could provide; {bound} allowed"
            ),
        }
    }
}

impl fmt::Display for Amount {
    /// Whole KiB as such, other sizes in bytes; times in milliseconds, rounded up.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Bytes(bytes) if bytes % 1024 == 0 => write!(f, "{} KiB", bytes / 1024),
            Self::Bytes(bytes) => write!(f, "{bytes} bytes"),
            Self::Count(number, what) => write!(f, "{number} {what}"),
            Self::Time(time) => write!(f, "{} ms", time.as_nanos().div_ceil(1_000_000)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// How much, of how much, and which key of the manifest to turn.
    #[test]
    fn a_breach_says_what_to_do() {
        let breach = Breach::memory(8 << 20, (8 << 20) + 65_536);
        assert_eq!(
            breach.to_string(),
            "8256 KiB asked for, 8192 KiB allowed by max-memory-mb"
        );
        let breach = Breach::output(1024, 1030);
        assert_eq!(
            breach.to_string(),
            "1030 bytes asked for, 1 KiB allowed by max-output-kb"
        );
        let (bound, used) = (Duration::from_millis(5), Duration::from_micros(6_001));
        assert_eq!(
            Breach::slice(bound, used).to_string(),
            "7 ms asked for, 5 ms allowed by max-slice-ms"
        );
        assert_eq!(
            Breach::tables(10, 11).to_string(),
            "11 table elements asked for, 10 table elements allowed by max-table-elements"
        );
        let reached = Reached {
            bound: 2 << 20,
            asked: 3 << 20,
        };
        assert_eq!(
            Breach::node_memory(reached).to_string(),
            "3072 KiB asked for, 2048 KiB allowed by [node] max-memory-mb"
        );
        assert_eq!(
            Breach::out_of_memory(2048, 1024).to_string(),
            "1 KiB asked for, more than the machine could provide; 2 KiB allowed"
        );
    }
}
