//! A spawn is refused at the limit, for a taken name and while the node shuts down, and else never (statements
//! 001, 007).

use super::{Checker, Violation, must};
use crate::fact::Fact;
use crate::history::History;
use rusm_actor::SpawnError;
use std::collections::BTreeMap;

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub struct Spawns;

impl Checker for Spawns {
    fn shows(&self) -> &'static str {
        "001, 007: a spawn is refused at the process limit and while shutting down, and else never"
    }

    fn check(&self, run: &History) -> Result<(), Violation> {
        let mut is_over = false;
        let mut n_alive_then = BTreeMap::new();
        for (position, entry) in run.entries().iter().enumerate() {
            match (&entry.fact, entry.who) {
                (Fact::Shutdown, _) => is_over = true,
                (Fact::Spawns { n_alive, .. }, Some(me)) => {
                    n_alive_then.insert(me, (*n_alive, is_over));
                }
                (Fact::Spawn(result), Some(me)) => {
                    let (n_alive, was_over) = n_alive_then.remove(&me).unwrap_or_default();
                    let is_full = n_alive >= run.n_processes_max;
                    let fits = match result {
                        Ok(_) => !is_full && !was_over,
                        Err(SpawnError::TooMany) => is_full,
                        Err(SpawnError::ShuttingDown) => was_over,
                        Err(SpawnError::NameTaken) => true,
                    };
                    must!(
                        fits,
                        position,
                        [me],
                        "a spawn among {n_alive} of {} gave {result:?}; shutting down: {was_over}",
                        run.n_processes_max
                    );
                }
                _ => {}
            }
        }
        Ok(())
    }
}
