//! What waits in an inbox beyond its messages, kept in proportion to what it means.
//!
//! Signals are never refused, so a process that does not run for a while could be sent any number of them:
//! monitors and demonitors, links and unlinks in turn. When they pile up, those that have undone each other
//! are taken out, and those that nobody would notice. What stays is as much as the processes involved hold
//! in ties anyway, and as many exit signals that nobody asked for as the mailbox would keep.
//!
//! # Why nothing is lost
//! - A monitor whose `Demonitor` waits as well is dropped with it: its watcher ignores the notice.
//! - A link whose `Unlink` waits as well is dropped; its maker ignores exit signals of it. The `Unlink` stays
//!   if it undoes a link of the receiver too, and only the last of one sender can: numbers are never reused.
//! - An exit signal that the receiver did not ask for, beyond as many as its mailbox keeps, would be shed on
//!   arrival if it traps. If it does not, the first one that ends it decides, and that one stays.
//! - After a kill only what has to be answered counts.

use super::MailboxBounds;
use crate::id::{Pid, Ref};
use crate::mailbox::Unasked;
use crate::signal::{Envelope, ExitCause, LinkId, Signal};
use std::collections::HashMap;

/// As many signals may wait before anybody looks for what can go.
const SIGNALS_MIN: usize = 1_024;

/// Counts the signals of an inbox, and says when it is worth looking for what can go.
#[derive(Debug)]
pub(super) struct Backlog {
    n_signals: usize,
    next_look: usize,
}

impl Default for Backlog {
    fn default() -> Self {
        Self {
            n_signals: 0,
            next_look: SIGNALS_MIN,
        }
    }
}

impl Backlog {
    pub(super) fn n_signals(&self) -> usize {
        self.n_signals
    }

    /// One more waits. Answers whether they pile up: the receiver should act on them soon.
    pub(super) fn grow(&mut self, envelopes: &mut Vec<Envelope>, bounds: MailboxBounds) -> bool {
        self.n_signals += 1;
        if self.n_signals < self.next_look {
            return false;
        }
        compact(envelopes, bounds);
        let is_signal = |envelope: &&Envelope| envelope.charged_bytes().is_none();
        self.n_signals = envelopes.iter().filter(is_signal).count();
        // In proportion to what is looked through, so that each signal pays for a few steps.
        self.next_look = SIGNALS_MIN
            .max(2 * self.n_signals)
            .max(self.n_signals + envelopes.len() / 4);
        true
    }
}

/// Takes out what is undone by something behind it, and what nobody would notice.
fn compact(envelopes: &mut Vec<Envelope>, bounds: MailboxBounds) {
    let mut review = Review::new(envelopes.len(), bounds);
    for (at, envelope) in envelopes.iter_mut().enumerate() {
        if let Envelope::Signal(signal) = envelope {
            review.see(at, signal);
        }
    }
    let mut goes = review.goes.into_iter();
    envelopes.retain(|_| !goes.next().unwrap_or(false));
}

/// What was seen on the way through an inbox.
struct Review {
    /// Of each envelope, whether it goes.
    goes: Vec<bool>,
    bounds: MailboxBounds,
    monitors: HashMap<Ref, usize>,
    /// The link that each sender has asked for and not undone.
    links: HashMap<Pid, (LinkId, usize)>,
    /// The `Unlink` of each sender that matters for the receiver's own number only.
    crossed: HashMap<Pid, usize>,
    unasked: Unasked,
    has_fatal: bool,
    has_kill: bool,
}

impl Review {
    fn new(n_envelopes: usize, bounds: MailboxBounds) -> Self {
        Self {
            goes: vec![false; n_envelopes],
            bounds,
            monitors: HashMap::new(),
            links: HashMap::new(),
            crossed: HashMap::new(),
            unasked: Unasked::default(),
            has_fatal: false,
            has_kill: false,
        }
    }

    fn drop_at(&mut self, at: usize) {
        if let Some(goes) = self.goes.get_mut(at) {
            *goes = true;
        }
    }

    fn see(&mut self, at: usize, signal: &mut Signal) {
        match signal {
            Signal::Monitor { id, .. } => {
                self.monitors.insert(*id, at);
            }
            Signal::Demonitor { id } => {
                if let Some(monitor) = self.monitors.remove(id) {
                    self.drop_at(monitor);
                    self.drop_at(at);
                }
            }
            Signal::Link { from, id } => {
                // Behind another of the same sender it takes that one's place.
                if let Some((_, earlier)) = self.links.insert(*from, (*id, at)) {
                    self.drop_at(earlier);
                }
            }
            Signal::Unlink { from, own, peer } => self.see_unlink(at, *from, own, *peer),
            Signal::Exit {
                from,
                reason,
                cause,
            } => {
                let is_fatal = !reason.is_normal() || *cause == ExitCause::Itself;
                self.see_exit(at, *from, *cause, reason.text_len(), is_fatal);
            }
            Signal::Down { .. } => {}
            Signal::Kill => {
                if std::mem::replace(&mut self.has_kill, true) {
                    self.drop_at(at);
                }
            }
        }
    }

    fn see_unlink(&mut self, at: usize, from: Pid, own: &mut LinkId, peer: LinkId) {
        let link = self.links.get(&from).filter(|(id, _)| id == own);
        if let Some((_, link)) = link.copied() {
            self.links.remove(&from);
            self.drop_at(link);
            *own = 0;
        }
        if *own != 0 {
            return; // It undoes a link that the receiver has met.
        }
        if peer == 0 {
            self.drop_at(at);
        } else if let Some(earlier) = self.crossed.insert(from, at) {
            self.drop_at(earlier);
        }
    }

    fn see_exit(&mut self, at: usize, from: Pid, cause: ExitCause, bytes: usize, is_fatal: bool) {
        let link = match cause {
            ExitCause::Explicit | ExitCause::Itself => None,
            // The end of a link that waits as well, and that the receiver has not asked for.
            ExitCause::Link { own, peer: 0 } => match self.links.get(&from) {
                Some((id, link)) if *id == own => Some(*link),
                _ => return,
            },
            // The receiver has asked for it, and perhaps it is the answer to that.
            ExitCause::Link { .. } => {
                self.links.remove(&from);
                return;
            }
        };
        let is_first_fatal = is_fatal && !self.has_fatal && !self.has_kill;
        if is_first_fatal || (self.unasked.has_room(bytes, self.bounds) && !self.has_kill) {
            self.unasked.add(bytes);
            self.has_fatal |= is_fatal;
            return;
        }
        self.drop_at(at);
        if let Some(link) = link {
            self.links.remove(&from);
            self.drop_at(link);
        }
    }
}

#[cfg(test)]
mod tests;
