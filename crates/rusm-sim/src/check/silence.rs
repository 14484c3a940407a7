//! After a fatal signal nothing more (statements 011, 015, 030, 031, 033, 036, 037): no slice begins, and who
//! sent it to itself is handed out nothing in the slice that is under way.

use super::{Checker, Violation, must};
use crate::fact::Fact;
use crate::history::History;
use rusm_actor::{ExitReason, Pid};
use std::collections::BTreeMap;

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub struct Silence;

impl Checker for Silence {
    fn shows(&self) -> &'static str {
        "015, 033, 036, 037: who was sent a fatal signal runs no further and receives nothing after it"
    }

    fn check(&self, run: &History) -> Result<(), Violation> {
        let mut doomed = BTreeMap::new();
        let mut silent = BTreeMap::new();
        for (position, entry) in run.entries().iter().enumerate() {
            match (&entry.fact, entry.who) {
                (Fact::Signals { to, reason }, from)
                    if to.is_there && is_fatal(run, position, from, to.pid, reason) =>
                {
                    doomed.entry(to.pid).or_insert(position);
                    if from == Some(to.pid) {
                        silent.entry(to.pid).or_insert(position);
                    }
                }
                (Fact::Shutdown, _) => {
                    for (pid, life) in run.lives() {
                        if is_alive(life, position) {
                            doomed.entry(pid).or_insert(position);
                        }
                    }
                }
                (Fact::SliceBegins, Some(pid)) => {
                    must!(
                        !doomed.contains_key(&pid),
                        position,
                        [pid],
                        "{pid} runs on, though it was sent a fatal signal before"
                    );
                }
                (Fact::Received { .. } | Fact::Called { result: Ok(_), .. }, Some(pid)) => {
                    must!(
                        !silent.contains_key(&pid),
                        position,
                        [pid],
                        "{pid} received something after a fatal signal that it sent to itself"
                    );
                }
                _ => {}
            }
        }
        Ok(())
    }
}

/// Whether the process has been born and its end was not reported.
pub(super) fn is_alive(life: &crate::history::Life, position: usize) -> bool {
    let is_before = |at: Option<usize>| at.is_some_and(|at| at < position);
    is_before(life.born) && !is_before(life.exited)
}

/// Whether a signal ends its receiver: judged by the trap flag when it arrives.
pub(super) fn is_fatal(
    run: &History,
    position: usize,
    from: Option<Pid>,
    to: Pid,
    reason: &ExitReason,
) -> bool {
    let traps = run.life(to).is_some_and(|life| life.traps_at(position));
    // From outside it is as if sent by the receiver itself.
    let is_own = from.is_none_or(|from| from == to);
    match reason {
        ExitReason::Killed => true,
        ExitReason::Normal => !traps && is_own,
        _ => !traps,
    }
}
