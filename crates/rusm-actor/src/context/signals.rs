//! Links, monitors, exit signals and trapping, as a body uses them.

use super::Context;
use crate::id::{Pid, Ref};
use crate::node::Ties;
use crate::reason::ExitReason;
use crate::signal::{Envelope, ExitCause, Signal};

impl Context {
    /// Links with a process, both ways; with one that is gone, an exit signal `no-process` arrives
    /// (OTP statements 041 to 046).
    pub fn link(&self, to: Pid) {
        if to == self.pid() {
            return;
        }
        let Some(id) = self.process.owner.lock().relations.link(to) else {
            return;
        };
        let from = self.pid();
        if self
            .deliver(to, Envelope::Signal(Signal::Link { from, id }))
            .is_err()
        {
            let cause = ExitCause::Link { own: 0, peer: id };
            let reason = ExitReason::NoProcess;
            self.tell(
                from,
                Envelope::Signal(Signal::Exit {
                    from: to,
                    reason,
                    cause,
                }),
            );
            self.process.settle_if_waiting();
        }
    }

    /// Removes a link; afterwards no exit signal caused by it is delivered (OTP statement 044).
    pub fn unlink(&self, to: Pid) {
        let link = self.process.owner.lock().relations.unlink(to);
        if let Some(link) = link {
            let from = self.pid();
            let (own, peer) = (link.own, link.peer);
            self.tell(to, Envelope::Signal(Signal::Unlink { from, own, peer }));
        }
    }

    /// Watches a process: exactly one [`Event::Down`](crate::Event::Down) when it ends, at once if it is gone
    /// (OTP statements 050 to 053). Watching oneself is allowed and never fires.
    pub fn monitor(&self, target: Pid) -> Ref {
        let id = self.process.kernel.refs.next();
        if target == self.pid() {
            return id;
        }
        self.process.owner.lock().relations.monitor(id, target);
        let watcher = self.pid();
        if self
            .deliver(target, Envelope::Signal(Signal::Monitor { id, watcher }))
            .is_err()
        {
            let reason = ExitReason::NoProcess;
            self.tell(
                watcher,
                Envelope::Signal(Signal::Down {
                    id,
                    pid: target,
                    reason,
                }),
            );
            self.process.settle_if_waiting();
        }
        id
    }

    /// Stops watching; afterwards no notice of this monitor is delivered, and one that waits in the mailbox
    /// is taken out (OTP statements 057, 058).
    ///
    /// Answers whether it was removed before it fired: false for one whose notice had come, taken or not, and
    /// for one that never stood (OTP statement 059).
    pub fn demonitor(&self, monitor: Ref) -> bool {
        self.process.settle_if_waiting();
        let target = {
            let mut owner = self.process.owner.lock();
            owner.mailbox.flush_down(monitor);
            owner.relations.demonitor(monitor)
        };
        if let Some(target) = target {
            self.tell(target, Envelope::Signal(Signal::Demonitor { id: monitor }));
        }
        target.is_some()
    }

    /// Turns incoming exit signals into events, or back; answers the previous setting (OTP statement 039).
    pub fn trap_exits(&self, on: bool) -> bool {
        // What arrived before this moment is judged by the old setting.
        self.process.settle_if_waiting();
        self.process.owner.lock().relations.trap_exits(on)
    }

    /// Sends an exit signal (OTP statements 030 to 033). `Killed` is the kill that cannot be trapped.
    pub fn exit_signal(&self, to: Pid, reason: ExitReason) {
        let from = self.pid();
        let signal = Signal::explicit_exit(from, to, reason);
        self.tell(to, Envelope::Signal(signal));
        if to == from {
            // Nothing is handed out any more from here on if it is fatal (OTP statement 036).
            self.process.settle_if_waiting();
        }
    }

    /// Kills a process (OTP statement 033).
    pub fn kill(&self, to: Pid) {
        self.exit_signal(to, ExitReason::Killed);
    }

    /// Acts on the signals that have arrived and answers the reason if one of them is fatal: the body must
    /// then return it, as it will not be run again.
    pub fn settle(&self) -> Option<ExitReason> {
        self.process.settle_if_waiting();
        self.process.met_doom()
    }

    /// How this process is tied to others.
    pub fn ties(&self) -> Ties {
        Ties::of(&self.process)
    }
}
