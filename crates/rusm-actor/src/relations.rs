//! Links, monitors and the trap flag of one process, and what a signal does to them.
//!
//! # Ownership
//! Only the owning process reads or changes its relations; others send it signals. The functions here
//! are pure in that they change this value and return a [`Verdict`]; they send nothing.
//!
//! # Links
//! Each end keeps, per peer, the number it gave the link and the number the peer gave it. A notice is
//! acted upon only when it carries one of the numbers that still stand, so `unlink` is final at once and
//! needs no acknowledgement (OTP statements 043, 044, 047).

use crate::id::{Pid, Ref};
use crate::message::Event;
use crate::reason::ExitReason;
use crate::signal::{ExitCause, LinkId, Signal};
use crate::small_map::SmallMap;

/// The numbers of one link; 0 where that end has not asked for it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Link {
    pub(crate) own: LinkId,
    pub(crate) peer: LinkId,
}

/// What a signal asks of the process.
#[derive(Debug, PartialEq, Eq)]
#[must_use]
pub(crate) enum Verdict {
    /// Nothing that anybody sees.
    GoOn,
    /// Put this notice into the mailbox: the process asked for it.
    Deliver(Event),
    /// Put this notice into the mailbox if there is room: any process may cause any number of them.
    DeliverUnasked(Event),
    /// A request of this process will not be answered: its callee ended.
    CalleeEnded(Ref, ExitReason),
    /// End, for this reason.
    Die(ExitReason),
}

// Ordered maps, so that notices go out in an order that a seed reproduces.
#[derive(Debug, Default)]
pub(crate) struct Relations {
    is_trapping: bool,
    links: SmallMap<Pid, Link>,
    last_link: LinkId,
    /// Whom this process watches.
    monitors: SmallMap<Ref, Pid>,
    /// Who watches this process, or waits for an answer from it.
    watchers: SmallMap<Ref, Pid>,
}

impl Relations {
    /// Sets the trap flag and answers the previous setting (OTP statement 039).
    pub(crate) fn trap_exits(&mut self, on: bool) -> bool {
        std::mem::replace(&mut self.is_trapping, on)
    }

    /// The number to send with a link signal; `None` when the link stands already.
    pub(crate) fn link(&mut self, to: Pid) -> Option<LinkId> {
        if self.links.get(to).is_some() {
            return None;
        }
        self.last_link += 1;
        let own = self.last_link;
        self.links.insert(to, Link { own, peer: 0 });
        Some(own)
    }

    /// Forgets the link; what to tell the peer, if there was one.
    pub(crate) fn unlink(&mut self, to: Pid) -> Option<Link> {
        self.links.remove(to)
    }

    /// The end that a new process has of a link made with it.
    pub(crate) fn linked_by(&mut self, from: Pid, id: LinkId) {
        match self.links.get_mut(from) {
            Some(link) => link.peer = id,
            None => self.links.insert(from, Link { own: 0, peer: id }),
        }
    }

    pub(crate) fn monitor(&mut self, id: Ref, target: Pid) {
        self.monitors.insert(id, target);
    }

    /// Stops watching; whom to tell, if the monitor stood.
    pub(crate) fn demonitor(&mut self, id: Ref) -> Option<Pid> {
        self.monitors.remove(id)
    }

    pub(crate) fn watched_by(&mut self, id: Ref, watcher: Pid) {
        self.watchers.insert(id, watcher);
    }

    /// The process that waits for an answer to this request, or watches by it; forgotten with the asking.
    pub(crate) fn answered(&mut self, id: Ref) -> Option<Pid> {
        self.watchers.remove(id)
    }

    #[cfg(test)]
    pub(crate) fn links(&self) -> &SmallMap<Pid, Link> {
        &self.links
    }

    #[cfg(test)]
    pub(crate) fn watchers(&self) -> &SmallMap<Ref, Pid> {
        &self.watchers
    }

    /// Links, monitors and watchers, counted.
    pub(crate) fn counts(&self) -> (usize, usize, usize) {
        (self.links.len(), self.monitors.len(), self.watchers.len())
    }

    pub(crate) fn is_trapping(&self) -> bool {
        self.is_trapping
    }

    /// Everything that has to be told when the process ends.
    pub(crate) fn into_parts(
        self,
    ) -> (SmallMap<Pid, Link>, SmallMap<Ref, Pid>, SmallMap<Ref, Pid>) {
        (self.links, self.monitors, self.watchers)
    }

    /// What this signal does to the process.
    pub(crate) fn on_signal(&mut self, signal: Signal) -> Verdict {
        match signal {
            Signal::Link { from, id } => self.linked_by(from, id),
            Signal::Unlink { from, own, peer } => self.unlinked_by(from, own, peer),
            Signal::Monitor { id, watcher } => self.watched_by(id, watcher),
            Signal::Demonitor { id } => {
                self.watchers.remove(id);
            }
            Signal::Down { id, pid, reason } => return self.on_down(id, pid, reason),
            Signal::Kill => return Verdict::Die(ExitReason::Killed),
            Signal::Exit {
                from,
                reason,
                cause,
            } => {
                let is_asked = match cause {
                    ExitCause::Explicit | ExitCause::Itself => false,
                    ExitCause::Link { own, peer } => match self.use_up(from, own, peer) {
                        Some(link) => link.own != 0,
                        None => return Verdict::GoOn,
                    },
                };
                return self.on_exit(from, reason, cause, is_asked);
            }
        }
        Verdict::GoOn
    }

    fn unlinked_by(&mut self, from: Pid, own: LinkId, peer: LinkId) {
        if let Some(link) = self.links.get_mut(from) {
            if link.peer == own {
                link.peer = 0;
            }
            if link.own == peer {
                link.own = 0;
            }
            if *link == Link::default() {
                self.links.remove(from);
            }
        }
    }

    fn on_down(&mut self, id: Ref, pid: Pid, reason: ExitReason) -> Verdict {
        match self.monitors.remove(id) {
            Some(_) => Verdict::Deliver(Event::Down {
                monitor: id,
                pid,
                reason,
            }),
            None => Verdict::CalleeEnded(id, reason),
        }
    }

    /// The link that an exit signal belongs to, taken out, if it still stands.
    fn use_up(&mut self, from: Pid, own: LinkId, peer: LinkId) -> Option<Link> {
        let link = self.links.get(from)?;
        let stands = (own != 0 && link.peer == own) || (peer != 0 && link.own == peer);
        if stands {
            self.links.remove(from)
        } else {
            None
        }
    }

    /// OTP statements 030 to 032.
    fn on_exit(&self, from: Pid, reason: ExitReason, cause: ExitCause, is_asked: bool) -> Verdict {
        if !self.is_trapping {
            return if reason.is_normal() && cause != ExitCause::Itself {
                Verdict::GoOn
            } else {
                Verdict::Die(reason)
            };
        }
        let notice = Event::Exit { from, reason };
        if is_asked {
            Verdict::Deliver(notice)
        } else {
            Verdict::DeliverUnasked(notice)
        }
    }
}

#[cfg(test)]
mod tests;
