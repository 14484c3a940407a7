//! Whom the processes of one worker write to again and again: [`Known`].
//!
//! The table of processes is everybody's: who looks somebody up there writes to a lock that all workers write to. What a worker
//! found before it finds here, in memory of its own.
//!
//! # What is kept
//! A weak reference: who has ended is gone with all it held, but for the bare memory of the process. There are few places, so that
//! this is little. A place changes hands when somebody else is looked up twice in a row who belongs into it: in a crowd nobody is
//! remembered, and nothing is spent on remembering.
//!
//! # Why that is sound
//! A pid is never reused (OTP statement 002), and who has ended refuses what comes late by itself: whether its inbox
//! is closed, and not whether it was found, decides.

use crate::id::Pid;
use crate::process::Process;
use crate::sync::{Arc, Weak};

const PLACES: usize = 64;

#[derive(Debug)]
pub(super) struct Known([Place; PLACES]);

#[derive(Debug, Default)]
struct Place {
    known: Option<(Pid, Weak<Process>)>,
    /// Who was looked for last and is not known.
    candidate: Option<Pid>,
}

impl Default for Known {
    fn default() -> Self {
        Self(std::array::from_fn(|_| Place::default()))
    }
}

impl Known {
    /// Somebody who is known, and still there.
    pub(super) fn get(&self, pid: Pid) -> Option<Arc<Process>> {
        match &self.0.get(place(pid))?.known {
            Some((known, process)) if *known == pid => process.upgrade(),
            _ => None,
        }
    }

    /// Somebody who is not known was looked up.
    pub(super) fn met(&mut self, process: &Arc<Process>) {
        let pid = process.pid;
        let Some(place) = self.0.get_mut(place(pid)) else {
            return;
        };
        if place.candidate == Some(pid) {
            *place = Place {
                known: Some((pid, Arc::downgrade(process))),
                candidate: None,
            };
        } else {
            place.candidate = Some(pid);
        }
    }
}

/// Neighbours in the table have places of their own.
fn place(pid: Pid) -> usize {
    let slot = pid.slot();
    (slot / PLACES + slot) % PLACES
}

#[cfg(test)]
mod tests {
    use super::super::queue::process;
    use super::*;

    #[test]
    fn who_is_looked_up_twice_in_a_row_is_known_until_it_is_gone() {
        let mut known = Known::default();
        let one = process(1 << 24 | 3);
        known.met(&one);
        assert!(known.get(one.pid).is_none(), "once is not enough");
        known.met(&one);
        assert!(
            known
                .get(one.pid)
                .is_some_and(|known| Arc::ptr_eq(&known, &one))
        );
        let pid = one.pid;
        drop(one);
        assert!(known.get(pid).is_none(), "nothing holds it");
    }

    #[test]
    fn a_crowd_displaces_nobody() {
        let mut known = Known::default();
        let one = process(1 << 24 | 3);
        known.met(&one);
        known.met(&one);
        // The same slot, later serials.
        let crowd: Vec<_> = (2..9).map(|serial| process(serial << 24 | 3)).collect();
        for _ in 0..3 {
            crowd.iter().for_each(|other| known.met(other));
        }
        assert!(crowd.iter().all(|other| known.get(other.pid).is_none()));
        assert!(known.get(one.pid).is_some());
        let [other, ..] = crowd.as_slice() else {
            unreachable!("there are seven");
        };
        known.met(other);
        known.met(other);
        assert!(known.get(other.pid).is_some() && known.get(one.pid).is_none());
    }
}
