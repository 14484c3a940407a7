//! The summary as text: two columns, so that people and programs can read it.

use std::fmt;

use rusm_sdk::ExitReason;
use sample_protocol::{Done, Totals};

/// How the greedy program was answered once.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) what: String,
    pub(crate) text: String,
    pub(crate) granted: bool,
}

/// Everything that is printed.
#[derive(Debug)]
pub(crate) struct Summary {
    pub(crate) done: Done,
    pub(crate) totals: Totals,
    pub(crate) answers: Vec<Answer>,
    pub(crate) greedy_ended: ExitReason,
}

impl Summary {
    /// Every line is counted once: those that a parser answered, and those that ended one.
    pub(crate) fn check(&self) -> Result<(), String> {
        let Done { lines, crashes } = self.done;
        let counted = self.totals.requests + self.totals.blank + crashes;
        if counted == lines {
            Ok(())
        } else {
            Err(format!(
                "the log has {lines} lines, but {counted} were counted"
            ))
        }
    }
}

/// Paths come from strangers: nothing in them may reach the terminal as a command.
fn printable(text: &str) -> String {
    let mut printable = String::new();
    for letter in text.chars() {
        match letter {
            '"' | '\'' | '\\' => printable.push(letter),
            _ => printable.extend(letter.escape_debug()),
        }
    }
    printable
}

impl fmt::Display for Summary {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            done,
            totals,
            answers,
            greedy_ended,
        } = self;
        let n_refused = answers.iter().filter(|answer| !answer.granted).count();
        writeln!(f, "lines                {}", done.lines)?;
        writeln!(f, "requests             {}", totals.requests)?;
        writeln!(f, "blank lines          {}", totals.blank)?;
        writeln!(f, "malformed lines      {}", done.crashes)?;
        writeln!(f, "crashes survived     {}", done.crashes)?;
        writeln!(f, "bytes sent           {}", totals.bytes)?;
        writeln!(f, "different paths      {}", totals.n_paths)?;
        writeln!(f, "\nstatus         times")?;
        for (status, times) in &totals.statuses {
            writeln!(f, "{status:03}       {times:>10}")?;
        }
        writeln!(f, "\n     times  top paths")?;
        for (path, times) in &totals.top_paths {
            writeln!(f, "{times:>10}  {}", printable(path))?;
        }
        writeln!(
            f,
            "\ngreedy asked {} times and was refused {n_refused} times",
            answers.len()
        )?;
        for Answer {
            what,
            text,
            granted,
        } in answers
        {
            let verdict = if *granted { "GRANTED" } else { "refused" };
            writeln!(f, "  {verdict}  {what}: {}", printable(text))?;
        }
        writeln!(
            f,
            "  then it took memory without end, and ended: {greedy_ended}"
        )
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn summary(lines: u64) -> Summary {
        Summary {
            done: Done { lines, crashes: 1 },
            totals: Totals {
                requests: 2,
                blank: 1,
                ..Totals::default()
            },
            answers: Vec::new(),
            greedy_ended: ExitReason::Normal,
        }
    }

    /// A summary is printed only if every line of the log is in it once.
    #[test]
    fn sums_must_add_up() {
        assert_eq!(summary(4).check(), Ok(()));
        assert!(summary(5).check().is_err());
        assert!(summary(3).check().is_err());
    }

    /// What a stranger wrote into the log is no command to the terminal.
    #[test]
    fn paths_are_escaped() {
        assert_eq!(printable("/grüße\\\"'"), "/grüße\\\"'");
        assert_eq!(
            printable("/\u{1b}[2J\u{202e}\r\n"),
            "/\\u{1b}[2J\\u{202e}\\r\\n"
        );
    }
}
