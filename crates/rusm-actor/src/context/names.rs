//! Names and groups, as a body uses them.

use super::Context;
use crate::error::NameError;
use crate::id::{Name, Pid};
use crate::message::Payload;
use crate::signal::Envelope;
use crate::sync::Ordering;

impl Context {
    /// Registers this process under a name (OTP statements 064 to 066).
    ///
    /// # Errors
    /// [`NameError`]: the name is taken, or this process has one.
    pub fn register(&self, name: Name) -> Result<(), NameError> {
        // Relaxed: read by this process's own slices.
        self.process.is_registered.store(true, Ordering::Relaxed);
        self.process.kernel.register(&name, self.pid())
    }

    /// Gives up this process's own name; answers whether it held it (OTP statement 067).
    pub fn unregister(&self, name: &str) -> bool {
        self.process.kernel.registry.unregister(name, self.pid())
    }

    /// The process that holds this name.
    pub fn whereis(&self, name: &str) -> Option<Pid> {
        self.process.kernel.holder(name).map(|process| process.pid)
    }

    /// Joins a group; n joins count n times (OTP statement 070).
    pub fn join(&self, group: Name) {
        self.process.is_registered.store(true, Ordering::Relaxed);
        self.process.kernel.registry.join(group, self.pid());
    }

    /// Undoes one join; answers whether there was one.
    pub fn leave(&self, group: &str) -> bool {
        self.process.kernel.registry.leave(group, self.pid())
    }

    /// The members of a group, in order of joining; once per join.
    pub fn members(&self, group: &str) -> Vec<Pid> {
        self.process.kernel.members(group)
    }

    /// Sends to every member of a group; answers how many mailboxes took it.
    pub fn broadcast(&self, group: &str, tag: u64, payload: impl Into<Payload>) -> u32 {
        let payload = payload.into();
        let takers = self.members(group).into_iter().filter(|member| {
            let message = self.message(tag, payload.clone());
            self.deliver(*member, Envelope::Message(message)).is_ok()
        });
        u32::try_from(takers.count()).unwrap_or(u32::MAX)
    }
}
