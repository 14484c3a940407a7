//! Names and groups: who is reached by which text.
//!
//! # Order
//! `exit.rs` releases a process's names before anybody hears of its end (OTP statement 068), so whoever
//! was told can take the name at once.
//!
//! # Locking
//! One lock for names, one for groups; never both.

use crate::error::NameError;
use crate::id::{Name, Pid};
use crate::sync::{Mutex, RwLock};
use std::collections::{BTreeMap, HashMap};

#[derive(Debug, Default)]
pub(crate) struct Registry {
    names: RwLock<Names>,
    groups: Mutex<Groups>,
}

#[derive(Debug, Default)]
struct Names {
    holders: HashMap<Name, Pid>,
    held: HashMap<Pid, Name>,
}

/// Each join has a number, so that the end of any member costs the same, however large its groups are.
#[derive(Debug, Default)]
struct Groups {
    n_joins: u64,
    /// Members in order of joining, once per join (OTP statement 070).
    members: HashMap<Name, BTreeMap<u64, Pid>>,
    /// The joins of each member.
    joined: HashMap<Pid, Vec<(Name, u64)>>,
}

impl Registry {
    /// OTP statements 064 to 066. The caller sees to it that `pid` is alive.
    pub(crate) fn register(&self, name: Name, pid: Pid) -> Result<(), NameError> {
        let mut names = self.names.write();
        if names.held.contains_key(&pid) {
            return Err(NameError::AlreadyNamed);
        }
        if names.holders.contains_key(&name) {
            return Err(NameError::Taken);
        }
        names.holders.insert(name.clone(), pid);
        names.held.insert(pid, name);
        Ok(())
    }

    /// Releases the name if this very process holds it; answers whether it did.
    pub(crate) fn unregister(&self, name: &str, holder: Pid) -> bool {
        let mut names = self.names.write();
        if names.holders.get(name) != Some(&holder) {
            return false;
        }
        names.holders.remove(name);
        names.held.remove(&holder);
        true
    }

    pub(crate) fn whereis(&self, name: &str) -> Option<Pid> {
        self.names.read().holders.get(name).copied()
    }

    pub(crate) fn name_of(&self, pid: Pid) -> Option<Name> {
        self.names.read().held.get(&pid).cloned()
    }

    pub(crate) fn join(&self, group: Name, pid: Pid) {
        let mut groups = self.groups.lock();
        groups.n_joins += 1;
        let join = groups.n_joins;
        let members = groups.members.entry(group.clone()).or_default();
        members.insert(join, pid);
        groups.joined.entry(pid).or_default().push((group, join));
    }

    /// Undoes one join; answers whether there was one.
    pub(crate) fn leave(&self, group: &str, pid: Pid) -> bool {
        let mut groups = self.groups.lock();
        let Some(joined) = groups.joined.get_mut(&pid) else {
            return false;
        };
        let Some(position) = joined.iter().position(|(name, _)| name.as_str() == group) else {
            return false;
        };
        let (_, join) = joined.remove(position);
        if joined.is_empty() {
            groups.joined.remove(&pid);
        }
        groups.undo(group, join);
        true
    }

    pub(crate) fn members(&self, group: &str) -> Vec<Pid> {
        let groups = self.groups.lock();
        let members = groups.members.get(group);
        members.map_or_else(Vec::new, |members| members.values().copied().collect())
    }

    /// How many groups the process has joined, each join counted.
    pub(crate) fn joins(&self, pid: Pid) -> usize {
        self.groups.lock().joined.get(&pid).map_or(0, Vec::len)
    }

    /// Names that are held, and joins of all groups together.
    pub(crate) fn counts(&self) -> (usize, usize) {
        let n_names = self.names.read().holders.len();
        let groups = self.groups.lock();
        (n_names, groups.members.values().map(BTreeMap::len).sum())
    }

    /// Forgets an ended process: its name, which is answered, and all its groups (OTP statements 068, 071).
    pub(crate) fn release(&self, pid: Pid) -> Option<Name> {
        let name = {
            let mut names = self.names.write();
            let name = names.held.remove(&pid);
            if let Some(name) = &name {
                names.holders.remove(name);
            }
            name
        };
        let mut groups = self.groups.lock();
        for (group, join) in groups.joined.remove(&pid).unwrap_or_default() {
            groups.undo(group.as_str(), join);
        }
        name
    }
}

impl Groups {
    fn undo(&mut self, group: &str, join: u64) {
        if let Some(members) = self.members.get_mut(group) {
            members.remove(&join);
            if members.is_empty() {
                self.members.remove(group);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pid(number: u64) -> Pid {
        Pid::from_u64(number).unwrap()
    }

    fn name(text: &str) -> Name {
        Name::new(text).unwrap()
    }

    #[test]
    fn only_the_holder_unregisters_a_name() {
        let registry = Registry::default();
        registry.register(name("a"), pid(1)).unwrap();
        assert!(!registry.unregister("a", pid(2)));
        assert_eq!(registry.whereis("a"), Some(pid(1)));
        assert!(registry.unregister("a", pid(1)));
        assert_eq!(registry.whereis("a"), None);
    }

    #[test]
    fn reg_taken_and_reg_one_name() {
        let registry = Registry::default();
        registry.register(name("a"), pid(1)).unwrap();
        assert_eq!(registry.register(name("a"), pid(2)), Err(NameError::Taken));
        assert_eq!(
            registry.register(name("b"), pid(1)),
            Err(NameError::AlreadyNamed)
        );
    }

    #[test]
    fn pg_count_and_pg_auto_leave() {
        let registry = Registry::default();
        registry.join(name("g"), pid(1));
        registry.join(name("g"), pid(1));
        registry.join(name("g"), pid(2));
        assert_eq!(registry.members("g"), [pid(1), pid(1), pid(2)]);
        assert!(registry.leave("g", pid(1)));
        assert!(registry.leave("g", pid(1)));
        assert!(!registry.leave("g", pid(1)));
        assert_eq!(registry.counts(), (0, 1));
        assert_eq!(registry.release(pid(2)), None);
        assert_eq!(registry.counts(), (0, 0));
        assert!(registry.members("g").is_empty());
        assert!(registry.groups.lock().members.is_empty());
        assert!(registry.groups.lock().joined.is_empty());
    }
}
