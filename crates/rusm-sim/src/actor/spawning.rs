//! Starting others.

use super::{Actor, begin};
use crate::fact::{Birth, Fact, Target};
use rusm_actor::{MailboxBounds, Name, SpawnOptions};
use std::sync::Arc;

impl Actor {
    /// Starts a process like this one, for so many steps.
    pub fn spawn(&mut self, n_steps: u64, link: bool, monitor: bool, name: Option<&Name>) {
        self.pause();
        let birth = Birth {
            link,
            name: name.cloned(),
            tight: draw_tightness(&mut self.dice, self.world.temper.tight_one_in),
        };
        let mut options = options(&birth);
        if monitor {
            options = options.monitor();
        }
        self.write(Fact::Spawns {
            birth,
            n_alive: self.node.process_count(),
        });
        let body = begin(Arc::clone(&self.world), self.dice.split(), n_steps);
        let spawned = self.context.spawn(options, body);
        let pid = spawned.map(|spawned| spawned.pid);
        if let Ok(pid) = pid {
            self.world.welcome(pid);
        }
        self.write(Fact::Spawn(pid));
        if let Some((pid, monitor)) = spawned.ok().and_then(|all| Some((all.pid, all.monitor?))) {
            let target = Target {
                pid,
                is_there: true,
            };
            self.write(Fact::Monitored { monitor, target });
            self.monitors.push(monitor);
        }
    }
}

pub(crate) fn draw_tightness(dice: &mut crate::dice::Dice, one_in: u64) -> Option<usize> {
    let is_tight = dice.one_in(one_in);
    let n_messages = 1 + dice.below(3);
    is_tight.then(|| usize::try_from(n_messages).unwrap_or(1))
}

pub(crate) fn options(birth: &Birth) -> SpawnOptions {
    let mut options = SpawnOptions::new("actor");
    if birth.link {
        options = options.link();
    }
    if let Some(name) = &birth.name {
        options = options.name(name.clone());
    }
    if let Some(messages) = birth.tight {
        let bounds = MailboxBounds::default();
        options = options.bounds(MailboxBounds { messages, ..bounds });
    }
    options
}
