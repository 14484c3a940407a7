//! The vocabulary of a supervisor's and a child's spec, as far as decisions depend on it.

use core::time::Duration;

/// Who is restarted together with a child that ended.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Strategy {
    /// Nobody (OTP statement 120).
    #[default]
    OneForOne,
    /// Everybody: all stop in reverse order, then start in order (OTP statement 121).
    OneForAll,
    /// Those that were started after it (OTP statement 122).
    RestForOne,
}

/// Whether the end of significant children ends the supervisor, with `shutdown` (OTP statement 136).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum AutoShutdown {
    /// No.
    #[default]
    Never,
    /// When one of them has ended by itself and is not restarted.
    AnySignificant,
    /// When the last of them has.
    AllSignificant,
}

/// What a supervisor does when a child has ended by itself and none runs or is to run again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum WhenEmpty {
    /// It stays, as in OTP.
    #[default]
    Stay,
    /// It ends with `normal`: its work is done.
    End,
}

/// When a child that ended is started again (OTP statement 119).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Restart {
    /// After any end.
    #[default]
    Permanent,
    /// After an end that was neither `normal` nor `shutdown`.
    Transient,
    /// Never; its spec is forgotten when it ends.
    Temporary,
}

impl Restart {
    /// Whether a child of this type that ended like this is started again.
    pub fn applies_to(self, end: EndKind) -> bool {
        match self {
            Self::Permanent => true,
            Self::Transient => end == EndKind::Abnormal,
            Self::Temporary => false,
        }
    }
}

/// How a child is stopped (OTP statements 115, 116).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shutdown {
    /// It is killed at once.
    BrutalKill,
    /// It gets an exit signal `shutdown`, and is killed if it has not ended after this time.
    Timeout(Duration),
    /// It gets an exit signal `shutdown` and is waited for as long as it takes.
    Infinity,
}

/// How long a worker has to stop, unless its spec says otherwise (OTP statement 113).
const WORKER_SHUTDOWN: Duration = Duration::from_secs(5);

impl Shutdown {
    /// What a child of this kind has unless its spec says otherwise: five seconds, and for a supervisor as
    /// long as it takes (OTP statement 113).
    pub fn default_of(kind: ChildKind) -> Self {
        match kind {
            ChildKind::Worker => Self::Timeout(WORKER_SHUTDOWN),
            ChildKind::Supervisor => Self::Infinity,
        }
    }
}

/// What a child is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ChildKind {
    /// It does the work.
    #[default]
    Worker,
    /// It supervises children of its own.
    Supervisor,
}

/// What an exit reason means to a supervisor.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EndKind {
    /// `normal`.
    Normal,
    /// `shutdown`.
    Shutdown,
    /// Any other reason.
    Abnormal,
}

/// The part of a child's spec that decisions depend on.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChildPolicy {
    /// When it is started again.
    pub restart: Restart,
    /// What it is.
    pub kind: ChildKind,
    /// Whether its end can end the supervisor.
    pub is_significant: bool,
    /// Whether an end with `normal` says that it has done all it was there for, so that no restart type brings
    /// it back: a nested supervisor with [`WhenEmpty::End`].
    pub is_done_when_normal: bool,
}

impl ChildPolicy {
    /// Whether the child is started again after it ended by itself like this.
    pub fn is_restarted_after(&self, end: EndKind) -> bool {
        let is_done = self.is_done_when_normal && end == EndKind::Normal;
        !is_done && self.restart.applies_to(end)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// OTP statement 119, as a table: all types times all kinds of ends.
    #[test]
    fn restart_types_table() {
        let ends = [EndKind::Normal, EndKind::Shutdown, EndKind::Abnormal];
        let table = [
            (Restart::Permanent, [true, true, true]),
            (Restart::Transient, [false, false, true]),
            (Restart::Temporary, [false, false, false]),
        ];
        for (restart, expected) in table {
            assert_eq!(
                ends.map(|end| restart.applies_to(end)),
                expected,
                "{restart:?}"
            );
            let policy = ChildPolicy {
                restart,
                ..ChildPolicy::default()
            };
            assert_eq!(
                ends.map(|end| policy.is_restarted_after(end)),
                expected,
                "{restart:?}"
            );
        }
    }

    #[test]
    fn what_is_done_stays_ended() {
        let done = ChildPolicy {
            is_done_when_normal: true,
            ..ChildPolicy::default()
        };
        let ends = [EndKind::Normal, EndKind::Shutdown, EndKind::Abnormal];
        assert_eq!(
            ends.map(|end| done.is_restarted_after(end)),
            [false, true, true]
        );
    }
}
