//! Every life is reported once, and whoever hears of an end finds the body gone (statements 002, 003, 012).

use super::{Checker, Violation, must};
use crate::fact::Fact;
use crate::history::History;
use rusm_actor::Event;
use std::collections::BTreeSet;

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub struct Lives;

impl Checker for Lives {
    fn shows(&self) -> &'static str {
        "002, 003, 012: every life has one birth and one end, and who hears of the end finds body and pid gone"
    }

    fn check(&self, run: &History) -> Result<(), Violation> {
        let (mut born, mut ended) = (BTreeSet::new(), BTreeSet::new());
        for (position, pid, entry) in run.deeds() {
            match &entry.fact {
                Fact::Spawned { .. } => {
                    must!(
                        born.insert(pid),
                        position,
                        [pid],
                        "{pid} was given out twice"
                    );
                }
                Fact::Exited { .. } => {
                    must!(
                        born.contains(&pid),
                        position,
                        [pid],
                        "{pid} ended and was never born"
                    );
                    must!(ended.insert(pid), position, [pid], "{pid} ended twice");
                }
                Fact::Received {
                    event: Event::Down { pid: dead, .. },
                    ..
                } if born.contains(dead) => {
                    let dies = run.life(*dead).and_then(|life| life.dies);
                    must!(
                        dies.is_some_and(|dies| dies < position),
                        position,
                        [pid, *dead],
                        "{pid} hears of the end of {dead}, whose body is there"
                    );
                }
                Fact::Asked(dead) => {
                    let is_told = heard_of_end(run, position, pid, dead.pid);
                    must!(
                        !is_told || !dead.is_there,
                        position,
                        [pid, dead.pid],
                        "{pid} was told of the end of {} and finds it in the table",
                        dead.pid
                    );
                }
                _ => {}
            }
        }
        let endless = born.difference(&ended).next();
        match endless {
            Some(pid) => Err(Violation::new(
                run.entries().len(),
                [*pid],
                format!("{pid} was born and no end was reported"),
            )),
            None => Ok(()),
        }
    }
}

/// Whether the process has just received a down notice of the other.
fn heard_of_end(run: &History, position: usize, pid: rusm_actor::Pid, of: rusm_actor::Pid) -> bool {
    let before = run.entries().get(..position).unwrap_or_default();
    let mine = before.iter().rev().filter(|entry| entry.who == Some(pid));
    let mut received = mine.filter_map(|entry| match &entry.fact {
        Fact::Received { event, .. } => Some(event),
        _ => None,
    });
    matches!(received.next(), Some(Event::Down { pid: dead, .. }) if *dead == of)
}
