//! Joins are counted, and an end leaves all groups before anybody hears of it (statements 012, 070, 071).

use super::{Checker, Violation, must};
use crate::fact::Fact;
use crate::history::History;
use rusm_actor::{Event, Name, Pid};
use std::collections::{BTreeMap, BTreeSet};

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub struct Groups;

#[derive(Default)]
struct Joins {
    counts: BTreeMap<(Name, Pid), usize>,
    /// Who has heard of whose end.
    heard: BTreeSet<(Pid, Pid)>,
}

impl Checker for Groups {
    fn shows(&self) -> &'static str {
        "012, 070, 071: n joins count n times, and an end leaves all groups before anybody hears of it"
    }

    fn check(&self, run: &History) -> Result<(), Violation> {
        let mut joins = Joins::default();
        for (position, me, entry) in run.deeds() {
            match &entry.fact {
                Fact::Joined(group) => *joins.count(group, me) += 1,
                Fact::Left { group, was_member } => {
                    let count = joins.count(group, me);
                    let was = *count > 0;
                    *count = count.saturating_sub(1);
                    must!(
                        was == *was_member,
                        position,
                        [me],
                        "{me} was in {group}: {was}, not {was_member}"
                    );
                }
                Fact::Received {
                    event: Event::Down { pid, .. },
                    ..
                } => {
                    joins.heard.insert((me, *pid));
                }
                Fact::Members { group, members } => {
                    joins.listed(run, position, me, (group, members))?;
                }
                _ => {}
            }
        }
        Ok(())
    }
}

impl Joins {
    fn count(&mut self, group: &Name, pid: Pid) -> &mut usize {
        self.counts.entry((group.clone(), pid)).or_default()
    }

    fn listed(
        &self,
        run: &History,
        position: usize,
        me: Pid,
        (group, members): (&Name, &[Pid]),
    ) -> Result<(), Violation> {
        let everybody = self.counts.iter().filter(|((of, _), _)| of == group);
        for ((_, pid), n_joined) in everybody {
            let n_listed = members.iter().filter(|member| *member == pid).count();
            let dies = run.life(*pid).and_then(|life| life.dies);
            let is_alive = dies.is_none_or(|dies| position < dies);
            let is_over = self.heard.contains(&(me, *pid)) || run.is_gone(*pid, position);
            let n_due = if is_over { 0 } else { *n_joined };
            let may_be_dead = || !is_alive || run.is_killed(*pid, position);
            must!(
                n_listed == n_due || (n_listed == 0 && may_be_dead()),
                position,
                [me, *pid],
                "{me} finds {pid} {n_listed} times in {group}, not {n_due} times"
            );
        }
        let stranger = members
            .iter()
            .find(|member| !self.counts.contains_key(&(group.clone(), **member)));
        must!(
            stranger.is_none(),
            position,
            [me],
            "{stranger:?} is in {group} and never joined"
        );
        Ok(())
    }
}
