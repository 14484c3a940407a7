//! What to read when a run went wrong: [`Failure`].

use crate::check::Violation;
use crate::fact::Fact;
use crate::history::History;
use crate::ledger::Entry;
use rusm_actor::Pid;
use rusm_actor::sim::Strategy;
use std::fmt;

/// How many lines of the ledger a failure shows.
const LINES_MAX: usize = 40;

/// Something did not hold under a seed.
#[derive(Clone, Debug)]
pub struct Failure {
    /// The seed.
    pub seed: u64,
    /// What the checker shows.
    pub shows: &'static str,
    /// What did not hold.
    pub violation: Violation,
    /// The last that happened to the processes involved, a line each.
    pub trace: Vec<String>,
}

impl Failure {
    pub(crate) fn new(
        seed: u64,
        shows: &'static str,
        violation: Violation,
        history: &History,
    ) -> Self {
        let trace = trace(history, &violation);
        Self {
            seed,
            shows,
            violation,
            trace,
        }
    }
}

fn trace(history: &History, violation: &Violation) -> Vec<String> {
    let entries = history.entries().iter().enumerate();
    let before = entries.take(violation.position.saturating_add(1));
    let involved = before.filter_map(|(position, entry)| {
        let line = line(position, entry);
        is_about(entry, &line, &violation.who).then_some(line)
    });
    let mut lines: Vec<String> = involved.collect();
    lines.drain(..lines.len().saturating_sub(LINES_MAX));
    lines
}

fn is_about(entry: &Entry, line: &str, who: &[Pid]) -> bool {
    if matches!(entry.fact, Fact::Step | Fact::SliceEnds) {
        return false;
    }
    who.is_empty() || who.iter().any(|pid| line.contains(&pid.to_string()))
}

fn line(position: usize, entry: &Entry) -> String {
    let who = entry.who.map(|pid| pid.to_string());
    let who = who.as_deref().unwrap_or("outside");
    format!(
        "{position:>5} {:>10.1?} {who:<10} {:?}",
        entry.at, entry.fact
    )
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let strategy = Strategy::of(self.seed);
        writeln!(f, "seed {:#x}, chosen: {strategy}", self.seed)?;
        writeln!(f, "does not hold: {}", self.shows)?;
        writeln!(f, "at {}: {}", self.violation.position, self.violation.what)?;
        for line in &self.trace {
            writeln!(f, "  {line}")?;
        }
        Ok(())
    }
}

impl std::error::Error for Failure {}
