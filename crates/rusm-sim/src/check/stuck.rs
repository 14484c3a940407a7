//! When nothing can run any more, whoever is alive waits for something that has not happened (statements 023,
//! 096): no wake-up was lost.

use super::{Checker, Violation, must};
use crate::fact::{Fact, LetterId, Target};
use crate::history::History;
use rusm_actor::Pid;
use std::collections::{BTreeMap, BTreeSet};

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub struct Stuck;

/// What a process did last.
#[derive(Clone, Copy, Default)]
enum Doing {
    /// Something that does not wait, or not without an end.
    #[default]
    Running,
    /// A call without a timeout.
    Calling(LetterId, Target),
}

impl Checker for Stuck {
    fn shows(&self) -> &'static str {
        "023, 096: who waits when nothing can run waits for something that has not happened"
    }

    fn check(&self, run: &History) -> Result<(), Violation> {
        let mut doing = BTreeMap::<Pid, Doing>::new();
        let mut replied = BTreeSet::new();
        let deeds = run
            .deeds()
            .take_while(|(position, ..)| *position < run.rest);
        for (_, me, entry) in deeds {
            let now = match &entry.fact {
                Fact::Calls {
                    id,
                    to,
                    until: None,
                    ..
                } => Doing::Calling(*id, *to),
                Fact::Replies { id } => {
                    replied.insert(*id);
                    Doing::Running
                }
                Fact::SliceBegins | Fact::SliceEnds | Fact::Spawned { .. } => continue,
                _ => Doing::Running,
            };
            doing.insert(me, now);
        }
        for pid in &run.remains.alive {
            match doing.get(pid).copied().unwrap_or_default() {
                Doing::Running => {
                    let what =
                        format!("{pid} waits for something that must come, and nothing runs");
                    return Err(Violation::new(run.rest, [*pid], what));
                }
                Doing::Calling(id, to) => {
                    let is_over = run.is_gone(to.pid, run.rest);
                    must!(
                        to.is_there && !is_over && !replied.contains(&id),
                        run.rest,
                        [*pid, to.pid],
                        "{pid} waits for the answer of {to:?} to {id:?}, which was given"
                    );
                }
            }
        }
        Ok(())
    }
}
