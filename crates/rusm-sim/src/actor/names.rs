//! Names and groups.

use super::Actor;
use crate::fact::Fact;
use rusm_actor::Name;

impl Actor {
    /// Asks for a name.
    pub fn register(&mut self, name: &Name) {
        self.pause();
        let result = self.context.register(name.clone());
        let name = name.clone();
        self.write(Fact::Registered { name, result });
    }

    /// Gives its own name up.
    pub fn unregister(&mut self, name: &Name) {
        self.pause();
        let was_held = self.context.unregister(name.as_str());
        let name = name.clone();
        self.write(Fact::Unregistered { name, was_held });
    }

    /// Looks a name up.
    pub fn find(&mut self, name: &Name) {
        self.pause();
        let holder = self.context.whereis(name.as_str());
        let name = name.clone();
        self.write(Fact::Found { name, holder });
    }

    /// Joins a group.
    pub fn join(&mut self, group: &Name) {
        self.pause();
        self.context.join(group.clone());
        self.write(Fact::Joined(group.clone()));
    }

    /// Undoes one join.
    pub fn leave(&mut self, group: &Name) {
        self.pause();
        let was_member = self.context.leave(group.as_str());
        let group = group.clone();
        self.write(Fact::Left { group, was_member });
    }

    /// Lists a group.
    pub fn list(&mut self, group: &Name) {
        self.pause();
        let members = self.context.members(group.as_str());
        let group = group.clone();
        self.write(Fact::Members { group, members });
    }
}
