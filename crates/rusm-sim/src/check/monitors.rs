//! Every monitor is answered exactly once, with the true reason (statements 009, 050 to 054, 057, 058).

use super::{Checker, Violation, must};
use crate::fact::{Fact, Target};
use crate::history::History;
use rusm_actor::{Event, ExitReason, Pid, Ref};
use std::collections::BTreeMap;

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub struct Monitors;

struct Monitor {
    watcher: Pid,
    target: Target,
    position: usize,
}

impl Checker for Monitors {
    fn shows(&self) -> &'static str {
        "009, 050 to 054, 057, 058: every monitor is answered once, with the true reason, and never when taken back"
    }

    fn check(&self, run: &History) -> Result<(), Violation> {
        let mut standing = BTreeMap::<Ref, Monitor>::new();
        for (position, me, entry) in run.deeds() {
            match &entry.fact {
                Fact::Monitored { monitor, target } => {
                    let made = Monitor {
                        watcher: me,
                        target: *target,
                        position,
                    };
                    standing.insert(*monitor, made);
                }
                // One that a notice used up, or that was never there: nothing.
                Fact::Demonitors(monitor) => {
                    standing.remove(monitor);
                }
                Fact::Received {
                    event:
                        Event::Down {
                            monitor,
                            pid,
                            reason,
                        },
                    ..
                } => {
                    let answered = standing.remove(monitor);
                    answer(run, position, me, answered, (*pid, reason))?;
                }
                Fact::Drained => all_answered(run, position, me, &standing)?,
                Fact::Exited { .. } => standing.retain(|_, monitor| monitor.watcher != me),
                _ => {}
            }
        }
        Ok(())
    }
}

fn answer(
    run: &History,
    position: usize,
    me: Pid,
    answered: Option<Monitor>,
    (pid, reason): (Pid, &ExitReason),
) -> Result<(), Violation> {
    let Some(monitor) = answered else {
        return Err(Violation::new(
            position,
            [me, pid],
            format!("{me} hears of the end of {pid} by a monitor that does not stand"),
        ));
    };
    let true_reason = run.end_of(monitor.target);
    must!(
        monitor.watcher == me && monitor.target.pid == pid && pid != me,
        position,
        [me, pid],
        "{me} hears of {pid} by the monitor of {} on {}",
        monitor.watcher,
        monitor.target.pid
    );
    must!(
        true_reason == Some(reason),
        position,
        [me, pid],
        "{me} hears that {pid} ended with {reason:?}; in truth: {true_reason:?}"
    );
    Ok(())
}

/// The mailbox is empty: no monitor stands on somebody who was gone when the look began.
fn all_answered(
    run: &History,
    position: usize,
    me: Pid,
    standing: &BTreeMap<Ref, Monitor>,
) -> Result<(), Violation> {
    let look = run.life(me).and_then(|life| life.look_before(position));
    let Some(look) = look else {
        return Ok(());
    };
    let is_owed = |monitor: &&Monitor| {
        let is_over = !monitor.target.is_there || run.is_gone(monitor.target.pid, look);
        let is_mine = monitor.watcher == me && monitor.target.pid != me;
        is_mine && monitor.position < look && is_over
    };
    match standing.values().find(is_owed) {
        Some(monitor) => Err(Violation::new(
            position,
            [me, monitor.target.pid],
            format!(
                "{me} never heard of the end of {:?}, which it monitors",
                monitor.target
            ),
        )),
        None => Ok(()),
    }
}
