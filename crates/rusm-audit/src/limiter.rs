//! Who floods is counted instead of written, and nobody else's records are: [`Limiter`].
//!
//! What a process causes costs it a token of its own, and one of its component. Tokens come back
//! slowly, so a flood that lasts takes a bounded share of the disk; what found no token is counted and
//! told by a `more` record: before the next like it that is written, when its process ends, and
//! when things have calmed down. Both tables are bounded.

use crate::record::{Kind, Record};
use std::collections::BTreeMap;
use std::time::{Duration, SystemTime};

/// Processes and kinds kept apart; what is new beyond them is limited by its component alone.
const PROCESSES_MAX: usize = 8_192;
/// Components and kinds kept apart; what is new beyond them shares one count.
const COMPONENTS_MAX: usize = 2_048;
/// How often the table of processes is cleared at most.
const CLEARING: Duration = Duration::from_secs(10);
const OTHER_COMPONENTS: &str = "other components";

/// How many at once, and how long until there may be another.
#[derive(Clone, Copy, Debug)]
struct Rate {
    burst: u64,
    every: Duration,
}

const fn rate(burst: u64, every_ms: u64) -> Rate {
    Rate {
        burst,
        every: Duration::from_millis(every_ms),
    }
}

/// The rates of one process and of all processes of its component; none for what guests do not cause.
fn rates(kind: Kind) -> Option<(Rate, Rate)> {
    match kind {
        Kind::Denial => Some((rate(100, 1_000), rate(1_000, 200))),
        Kind::Drop => Some((rate(20, 10_000), rate(200, 1_000))),
        Kind::Spawn | Kind::Exit => Some((rate(2_000, 200), rate(4_000, 100))),
        Kind::Start
        | Kind::Stop
        | Kind::Grant
        | Kind::Operator
        | Kind::More
        | Kind::Gap
        | Kind::Open
        | Kind::Recovery => None,
    }
}

#[derive(Debug)]
struct Bucket {
    n_tokens: u64,
    refilled: SystemTime,
    /// Of those that found no token, the ones that no record has told of yet.
    n_hidden: u64,
    /// Of which component they are.
    component: String,
}

impl Bucket {
    fn new(rate: Rate, now: SystemTime, component: &str) -> Bucket {
        Bucket {
            n_tokens: rate.burst,
            refilled: now,
            n_hidden: 0,
            component: component.to_owned(),
        }
    }

    fn refill(&mut self, rate: Rate, now: SystemTime) {
        let Ok(elapsed) = now.duration_since(self.refilled) else {
            // The clock was set back.
            self.refilled = now;
            return;
        };
        let n_new = elapsed.as_millis() / rate.every.as_millis().max(1);
        if n_new > 0 {
            let n_new = u64::try_from(n_new).unwrap_or(u64::MAX);
            self.n_tokens = self.n_tokens.saturating_add(n_new).min(rate.burst);
            self.refilled = now;
        }
    }

    /// Takes a token, or hides one more.
    fn take(&mut self, rate: Rate, now: SystemTime) -> Verdict {
        self.refill(rate, now);
        if self.n_tokens == 0 {
            self.n_hidden = self.n_hidden.saturating_add(1);
            return Verdict::Count;
        }
        self.n_tokens -= 1;
        Verdict::Write
    }

    fn is_idle(&self, rate: Rate) -> bool {
        self.n_hidden == 0 && self.n_tokens == rate.burst
    }

    /// The record that tells what was hidden, if anything was.
    fn tell(&mut self, pid: Option<&str>, of: Kind) -> Option<Record> {
        let count = std::mem::take(&mut self.n_hidden);
        (count > 0).then(|| Record::More {
            component: self.component.clone(),
            pid: pid.map(str::to_owned),
            of,
            count,
        })
    }
}

/// What becomes of a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// It is written.
    Write,
    /// It is counted.
    Count,
}

type Key = (String, Kind);

/// Counts by process and component.
#[derive(Debug, Default)]
pub(crate) struct Limiter {
    processes: BTreeMap<Key, Bucket>,
    components: BTreeMap<Key, Bucket>,
    is_hiding: bool,
    /// When the table of processes was last found full and cleared of those that do nothing.
    cleared: Option<SystemTime>,
}

impl Limiter {
    /// Judges a record, and adds to `before` what is to be written ahead of it.
    pub(crate) fn judge(
        &mut self,
        record: &Record,
        now: SystemTime,
        before: &mut Vec<Record>,
    ) -> Verdict {
        if let Record::Exit { pid, .. } = record {
            self.forget(pid, before);
        }
        let kind = record.kind();
        let (Some((own, all)), Some((component, actor))) = (rates(kind), cause(record)) else {
            return Verdict::Write;
        };
        if self.processes.len() >= PROCESSES_MAX {
            self.clear(now);
        }
        let process = actor.and_then(|pid| {
            let bucket = process(&mut self.processes, pid, kind, component, now)?;
            Some((pid, bucket))
        });
        let shared = self::component(&mut self.components, component, kind, all, now);
        if let Some((pid, bucket)) = process {
            if bucket.take(own, now) == Verdict::Count {
                self.is_hiding = true;
                return Verdict::Count;
            }
            before.extend(bucket.tell(Some(pid), kind));
        }
        if shared.take(all, now) == Verdict::Count {
            self.is_hiding = true;
            return Verdict::Count;
        }
        before.extend(shared.tell(None, kind));
        Verdict::Write
    }

    /// Tells of everything that was counted so far.
    pub(crate) fn tell(&mut self, told: &mut Vec<Record>) {
        if !std::mem::take(&mut self.is_hiding) {
            return;
        }
        for ((pid, kind), bucket) in &mut self.processes {
            told.extend(bucket.tell(Some(pid), *kind));
        }
        for ((_, kind), bucket) in &mut self.components {
            told.extend(bucket.tell(None, *kind));
        }
    }

    /// Whether something may have been counted that no record has told of.
    pub(crate) fn is_hiding(&self) -> bool {
        self.is_hiding
    }

    /// Forgets processes that have done nothing for long; not over and over, since it looks at all of them.
    fn clear(&mut self, now: SystemTime) {
        let is_too_soon =
            |then: SystemTime| now.duration_since(then).is_ok_and(|time| time < CLEARING);
        if self.cleared.is_some_and(is_too_soon) {
            return;
        }
        self.cleared = Some(now);
        self.processes.retain(|(_, kind), bucket| {
            rates(*kind).is_some_and(|(own, _)| {
                bucket.refill(own, now);
                !bucket.is_idle(own)
            })
        });
    }

    /// A process has ended: nothing more comes from it.
    fn forget(&mut self, pid: &str, told: &mut Vec<Record>) {
        for kind in [Kind::Denial, Kind::Drop, Kind::Spawn, Kind::Exit] {
            if let Some(mut bucket) = self.processes.remove(&(pid.to_owned(), kind)) {
                told.extend(bucket.tell(Some(pid), kind));
            }
        }
    }
}

/// The bucket of a process; none when there are too many that are in use.
fn process<'b>(
    buckets: &'b mut BTreeMap<Key, Bucket>,
    pid: &str,
    kind: Kind,
    component: &str,
    now: SystemTime,
) -> Option<&'b mut Bucket> {
    let key = (pid.to_owned(), kind);
    if buckets.len() >= PROCESSES_MAX && !buckets.contains_key(&key) {
        return None;
    }
    let (own, _) = rates(kind)?;
    let new = || Bucket::new(own, now, component);
    Some(buckets.entry(key).or_insert_with(new))
}

fn component<'b>(
    buckets: &'b mut BTreeMap<Key, Bucket>,
    name: &str,
    kind: Kind,
    rate: Rate,
    now: SystemTime,
) -> &'b mut Bucket {
    let mut key = (name.to_owned(), kind);
    if buckets.len() >= COMPONENTS_MAX && !buckets.contains_key(&key) {
        key.0 = OTHER_COMPONENTS.to_owned();
    }
    let label = key.0.clone();
    let new = || Bucket::new(rate, now, &label);
    buckets.entry(key).or_insert_with(new)
}

/// The component and the process that caused a record: starts and ends are their spawner's doing.
fn cause(record: &Record) -> Option<(&str, Option<&str>)> {
    match record {
        Record::Denial { component, pid, .. } | Record::Drop { component, pid, .. } => {
            Some((component, Some(pid)))
        }
        Record::Spawn {
            component, parent, ..
        }
        | Record::Exit {
            component, parent, ..
        } => Some((component, parent.as_deref())),
        Record::Start { .. }
        | Record::Stop { .. }
        | Record::Grant { .. }
        | Record::Operator { .. }
        | Record::More { .. }
        | Record::Gap { .. }
        | Record::Open { .. }
        | Record::Recovery { .. } => None,
    }
}

#[cfg(test)]
mod tests;
