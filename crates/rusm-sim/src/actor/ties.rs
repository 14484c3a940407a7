//! Links, monitors, exit signals.

use super::Actor;
use crate::fact::Fact;
use rusm_actor::{ExitReason, Pid, Ref};

impl Actor {
    /// Links.
    pub fn link(&mut self, to: Pid) {
        self.pause();
        self.write(Fact::Links(self.target(to)));
        self.context.link(to);
    }

    /// Removes a link.
    pub fn unlink(&mut self, from: Pid) {
        self.pause();
        self.write(Fact::Unlinks(from));
        self.context.unlink(from);
    }

    /// Watches a process.
    pub fn monitor(&mut self, pid: Pid) {
        self.pause();
        let target = self.target(pid);
        self.write(Fact::Monitors(target));
        let monitor = self.context.monitor(pid);
        self.write(Fact::Monitored { monitor, target });
        self.monitors.push(monitor);
    }

    /// Stops watching.
    pub fn demonitor(&mut self, monitor: Ref) {
        self.pause();
        self.write(Fact::Demonitors(monitor));
        self.context.demonitor(monitor);
        self.monitors.retain(|standing| *standing != monitor);
    }

    /// Sends an exit signal.
    pub fn exit_signal(&mut self, to: Pid, reason: ExitReason) {
        self.pause();
        self.write(Fact::Signals {
            to: self.target(to),
            reason: reason.clone(),
        });
        self.context.exit_signal(to, reason);
    }

    /// Sets the trap flag.
    pub fn trap_exits(&mut self, on: bool) {
        self.pause();
        self.context.trap_exits(on);
        self.write(Fact::Traps(on));
    }
}
