//! The calling process itself, and its ties to others.

use super::{Fault, Host, Misuse, pid, room_for_one_more};
use rusm_abi::Reason;
use rusm_abi::limits::{MAX_LINKS, MAX_MONITORS, MAX_REASON_TEXT};
use rusm_actor::{ExitReason, Limit, Pid, Ref};
use rusm_caps::{Denied, Permit, Request};

impl Host<'_> {
    pub(crate) fn own_pid(&self) -> Pid {
        self.state.context().pid()
    }

    pub(crate) fn parent(&self) -> Option<Pid> {
        self.state.identity().lineage.parent()
    }

    /// Never returns to the guest.
    pub(crate) fn exit(&self, reason: Reason<'_>) -> Fault {
        Fault::Exit(exit_reason(reason))
    }

    /// Answers the previous setting. What arrived before is judged by that one, and may be the caller's end.
    pub(crate) fn trap_exits(&mut self, on: bool) -> Result<bool, Fault> {
        let before = self.state.context().trap_exits(on);
        self.go_on().map(|()| before)
    }

    pub(crate) fn link(&mut self, to: u64) -> Result<Result<(), Denied>, Fault> {
        let to = pid(to)?;
        let ties = self.state.context().ties();
        room_for_one_more("links", ties.links + ties.notices, MAX_LINKS)?;
        let permit = match self.known(to) {
            // The exit signal that tells so is the caller's own affair.
            None => Ok(to),
            Some(known) => self
                .state
                .guard
                .check(
                    Request::Link {
                        to: known.peer(None),
                    },
                    to,
                )
                .map(Permit::into_inner),
        };
        match permit {
            Ok(to) => {
                self.state.context().link(to);
                self.go_on().map(Ok)
            }
            Err(denied) => Ok(Err(denied)),
        }
    }

    pub(crate) fn unlink(&mut self, to: u64) -> Result<(), Fault> {
        self.state.context().unlink(pid(to)?);
        Ok(())
    }

    pub(crate) fn monitor(&mut self, to: u64) -> Result<Ref, Fault> {
        let to = pid(to)?;
        let ties = self.state.context().ties();
        room_for_one_more("monitors", ties.monitors + ties.notices, MAX_MONITORS)?;
        Ok(self.state.context().monitor(to))
    }

    pub(crate) fn demonitor(&mut self, monitor: u64) {
        if let Some(monitor) = Ref::from_u64(monitor) {
            self.state.context().demonitor(monitor);
        }
    }

    pub(crate) fn signal(
        &mut self,
        to: u64,
        reason: Reason<'_>,
    ) -> Result<Result<(), Denied>, Fault> {
        let to = pid(to)?;
        let Some(known) = self.known(to) else {
            return Ok(Ok(()));
        };
        match self.state.guard.check(
            Request::Signal {
                to: known.peer(None),
            },
            to,
        ) {
            Ok(permit) => {
                self.state
                    .context()
                    .exit_signal(permit.into_inner(), exit_reason(reason));
                self.go_on().map(Ok)
            }
            Err(denied) => Ok(Err(denied)),
        }
    }

    /// A signal that the caller sent to itself, or got for a link with the dead, may have been its end: then it
    /// does not go on.
    pub(super) fn go_on(&self) -> Result<(), Fault> {
        self.state
            .context()
            .settle()
            .map_or(Ok(()), |reason| Err(Fault::Exit(reason)))
    }
}

/// A reference that a guest named, where 0 makes no sense.
pub(super) fn reference(raw: u64) -> Result<Ref, Fault> {
    Ref::from_u64(raw).ok_or(Fault::Misuse(Misuse::ZeroReference))
}

/// The reason that a guest gave, with a text of bounded length: it will be copied to every link and monitor.
fn exit_reason(reason: Reason<'_>) -> ExitReason {
    match reason {
        Reason::Normal => ExitReason::Normal,
        Reason::Shutdown => ExitReason::Shutdown,
        Reason::Killed => ExitReason::Killed,
        Reason::NoProcess => ExitReason::NoProcess,
        Reason::NoConnection => ExitReason::NoConnection,
        Reason::Trap(text) => ExitReason::trap(cut(text)),
        Reason::NotStarted(text) => ExitReason::not_started(cut(text)),
        Reason::Limit(limit) => ExitReason::Limit(match limit {
            rusm_abi::Limit::Memory => Limit::Memory,
            rusm_abi::Limit::CpuTime => Limit::CpuTime,
            rusm_abi::Limit::WallTime => Limit::WallTime,
            rusm_abi::Limit::Output => Limit::Output,
            rusm_abi::Limit::Mailbox => Limit::Mailbox,
        }),
        Reason::Error(text) => ExitReason::error(cut(text)),
    }
}

fn cut(text: &str) -> &str {
    text.get(..text.floor_char_boundary(MAX_REASON_TEXT))
        .unwrap_or(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A long text is cut between characters, a short one is left alone.
    #[test]
    fn reasons_are_cut_between_characters() {
        let long = format!("x{}", "é".repeat(MAX_REASON_TEXT));
        let ExitReason::Error(text) = exit_reason(Reason::Error(&long)) else {
            unreachable!()
        };
        assert_eq!(text.len(), MAX_REASON_TEXT - 1);
        assert!(text.starts_with("xéé"));
        assert_eq!(
            exit_reason(Reason::Error("short")),
            ExitReason::error("short")
        );
    }
}
