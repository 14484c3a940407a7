//! Timers.

use super::Actor;
use crate::fact::{Fact, Target};
use rusm_actor::{Destination, Name, Pid, Ref};
use std::time::Duration;

impl Actor {
    /// Arms a timer that sends a letter to a process.
    pub fn send_after(&mut self, delay: Duration, to: Pid, tag: u64) {
        self.pause();
        let target = self.target(to);
        self.arm(delay, to.into(), Some(target), tag);
    }

    /// Arms a timer that sends a letter to whoever holds the name then.
    pub fn send_after_to_name(&mut self, delay: Duration, to: &Name, tag: u64) {
        self.pause();
        self.arm(delay, to.clone().into(), None, tag);
    }

    fn arm(&mut self, delay: Duration, to: Destination, target: Option<Target>, tag: u64) {
        let letter = self.new_letter(None);
        let due = self.now().saturating_add(delay);
        match self.context.send_after(delay, to, tag, letter.write()) {
            Ok(timer) => {
                self.write(Fact::Armed {
                    timer,
                    id: letter.id,
                    to: target,
                    tag,
                    due,
                });
                self.timers.push(timer);
            }
            Err(_) => self.write(Fact::NotArmed { to: target }),
        }
    }

    /// Takes a timer back.
    pub fn cancel(&mut self, timer: Ref) {
        self.pause();
        let left = self.context.cancel_timer(timer);
        self.write(Fact::Cancelled { timer, left });
    }
}
