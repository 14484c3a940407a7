//! A name has one holder at a time, who is found by it, and an end frees it before anybody hears of it
//! (statements 012, 056, 064 to 068).

use super::silence::is_alive;
use super::{Checker, Violation, must};
use crate::fact::Fact;
use crate::history::History;
use rusm_actor::{Name, NameError, Pid, SpawnError};
use std::collections::{BTreeMap, BTreeSet};

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub struct Names;

#[derive(Default)]
struct Register {
    holders: BTreeMap<Name, Pid>,
    /// Sent a kill: dead for everybody at once.
    killed: BTreeSet<Pid>,
    births: BTreeMap<Pid, Option<Name>>,
}

/// What is certain of the holder of a name.
enum Holder {
    Nobody,
    This(Pid),
    /// It is about to end, or has been killed: found or not.
    Perhaps(Pid),
}

impl Checker for Names {
    fn shows(&self) -> &'static str {
        "012, 056, 064 to 068: a name has one holder, and an end frees it before anybody hears of it"
    }

    fn check(&self, run: &History) -> Result<(), Violation> {
        let mut register = Register::default();
        for (position, entry) in run.entries().iter().enumerate() {
            register.take_note(run, position, entry.who, &entry.fact)?;
        }
        Ok(())
    }
}

impl Register {
    fn take_note(
        &mut self,
        run: &History,
        position: usize,
        who: Option<Pid>,
        fact: &Fact,
    ) -> Result<(), Violation> {
        match (fact, who) {
            (Fact::Signals { to, reason }, _) if *reason == rusm_actor::ExitReason::Killed => {
                self.killed.insert(to.pid);
            }
            (Fact::Shutdown, _) => {
                let alive = run.lives().filter(|(_, life)| is_alive(life, position));
                self.killed.extend(alive.map(|(pid, _)| pid));
            }
            (Fact::Spawns { birth, .. }, Some(me)) => {
                self.births.insert(me, birth.name.clone());
            }
            (
                Fact::Spawned {
                    parent: Some(parent),
                },
                Some(me),
            ) => {
                if let Some(name) = self.births.get(parent).cloned().flatten() {
                    self.take(run, position, me, name)?;
                }
            }
            (Fact::Spawn(Err(SpawnError::NameTaken)), Some(me)) => {
                let name = self.births.get(&me).cloned().flatten();
                let is_held = name.is_some_and(|name| !self.is_free(run, position, &name));
                must!(
                    is_held,
                    position,
                    [me],
                    "a free name is taken for a spawn of {me}"
                );
            }
            (Fact::Registered { name, result }, Some(me)) => match result {
                Ok(()) => self.take(run, position, me, name.clone())?,
                Err(NameError::Taken) => {
                    let is_held = !self.is_free(run, position, name);
                    must!(is_held, position, [me], "{name} is free and taken for {me}");
                }
                Err(NameError::AlreadyNamed) => {
                    let has_one = self.holders.values().any(|holder| *holder == me);
                    must!(
                        has_one,
                        position,
                        [me],
                        "{me} has no name and may have none"
                    );
                }
            },
            (Fact::Unregistered { name, was_held }, Some(me)) => {
                let held = self.holders.get(name) == Some(&me);
                must!(
                    held == *was_held,
                    position,
                    [me],
                    "{me} held {name}: {held}, not {was_held}"
                );
                if held {
                    self.holders.remove(name);
                }
            }
            (Fact::Found { name, holder }, Some(me)) => {
                self.found(run, position, me, name, *holder)?
            }
            _ => {}
        }
        Ok(())
    }

    fn take(
        &mut self,
        run: &History,
        position: usize,
        me: Pid,
        name: Name,
    ) -> Result<(), Violation> {
        if let Holder::This(holder) = self.holder(run, position, &name) {
            let what = format!("{me} got {name}, which {holder} holds");
            return Err(Violation::new(position, [me, holder], what));
        }
        let other = self.holders.iter().find(|(_, holder)| **holder == me);
        must!(
            other.is_none(),
            position,
            [me],
            "{me} has the name {other:?} and got {name}"
        );
        self.holders.insert(name, me);
        Ok(())
    }

    fn found(
        &self,
        run: &History,
        position: usize,
        me: Pid,
        name: &Name,
        found: Option<Pid>,
    ) -> Result<(), Violation> {
        let fits = match self.holder(run, position, name) {
            Holder::Nobody => found.is_none(),
            Holder::This(holder) => found == Some(holder),
            Holder::Perhaps(holder) => found.is_none_or(|found| found == holder),
        };
        if fits {
            return Ok(());
        }
        let last = self.holders.get(name).copied();
        let what = format!("{me} found {found:?} under {name}, which {last:?} took last");
        let who = [Some(me), found, last];
        let who: Vec<Pid> = who.into_iter().flatten().collect();
        Err(Violation::new(position, who, what))
    }

    fn holder(&self, run: &History, position: usize, name: &Name) -> Holder {
        let Some(holder) = self.holders.get(name).copied() else {
            return Holder::Nobody;
        };
        let Some(life) = run.life(holder) else {
            return Holder::Nobody;
        };
        let is_before = |at: Option<usize>| at.is_some_and(|at| at < position);
        if is_before(life.exited) {
            Holder::Nobody
        } else if is_before(life.dies) || self.killed.contains(&holder) {
            Holder::Perhaps(holder)
        } else {
            Holder::This(holder)
        }
    }

    fn is_free(&self, run: &History, position: usize, name: &Name) -> bool {
        matches!(self.holder(run, position, name), Holder::Nobody)
    }
}
