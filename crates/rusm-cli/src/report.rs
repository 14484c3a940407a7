//! Failures on a terminal, and which exit code each kind has.
//!
//! A failure says what was attempted and why it did not work; the nearest right thing is its help.
//! Everything here goes to standard error.

use crate::args::ColorWhen;
use crate::visible::visible;
use rusm_manifest::{Diagnostic, Diagnostics, Style};
use std::fmt;
use std::io::{IsTerminal, Write};

/// What kind of failure it was, which decides the exit code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A failure without a code of its own, or the guest's own.
    General,
    /// What was typed cannot be meant.
    Usage,
    /// The manifest, or what belongs to it, is wrong.
    Manifest,
    /// What was asked for is clear, and could not be started.
    NotStarted,
    /// The root supervisor gave up.
    GaveUp,
    /// A bound on time ended the run.
    TimeLimit,
}

impl Kind {
    pub(crate) fn exit_code(self) -> u8 {
        match self {
            Self::General => 1,
            Self::Usage => 2,
            Self::Manifest => 3,
            Self::NotStarted => 4,
            Self::GaveUp => 5,
            Self::TimeLimit => 124,
        }
    }
}

/// Why a command did not do what was asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    kind: Kind,
    text: Text,
    help: Option<String>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
enum Text {
    /// One sentence, and lines that belong to it.
    Message {
        message: String,
        details: Vec<String>,
    },
    /// Text that is laid out already, such as a compiler's own report, and a sentence below it.
    LaidOut {
        block: String,
        message: Option<String>,
    },
}

impl Failure {
    pub(crate) fn new(kind: Kind, message: impl Into<String>) -> Self {
        Self {
            kind,
            text: Text::Message {
                message: message.into(),
                details: Vec::new(),
            },
            help: None,
        }
    }

    /// The diagnostics of a manifest.
    pub(crate) fn manifest(diagnostics: &Diagnostics, console: Console) -> Self {
        let block = diagnostics.render(console.style());
        Self {
            kind: Kind::Manifest,
            text: Text::LaidOut {
                block,
                message: None,
            },
            help: None,
        }
    }

    /// Another program's own report, as it wrote it, with what it was about below it.
    pub(crate) fn with_output(kind: Kind, output: String, message: impl Into<String>) -> Self {
        Self {
            kind,
            text: Text::LaidOut {
                block: output,
                message: Some(message.into()),
            },
            help: None,
        }
    }

    /// A command that has printed its findings already.
    pub(crate) fn printed(kind: Kind) -> Self {
        Self {
            kind,
            text: Text::LaidOut {
                block: String::new(),
                message: None,
            },
            help: None,
        }
    }

    pub(crate) fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    pub(crate) fn maybe_help(mut self, help: Option<String>) -> Self {
        self.help = help.or(self.help);
        self
    }

    pub(crate) fn detail(mut self, detail: impl Into<String>) -> Self {
        if let Text::Message { details, .. } = &mut self.text {
            details.push(detail.into());
        }
        self
    }

    /// The same failure met on the way to something else.
    pub(crate) fn of_kind(self, kind: Kind) -> Self {
        Self { kind, ..self }
    }

    pub(crate) fn kind(&self) -> Kind {
        self.kind
    }

    fn render(&self, colour: Colour) -> String {
        let error = colour.paint("1;31", "error:");
        let mut text = String::new();
        match &self.text {
            Text::Message { message, details } => {
                text.push_str(&format!("{error} {}\n", visible(message)));
                for detail in details {
                    text.push_str(&format!("  {}\n", visible(detail)));
                }
            }
            Text::LaidOut { block, message } => {
                text.push_str(block);
                if let Some(message) = message {
                    text.push_str(&format!("{error} {}\n", visible(message)));
                }
            }
        }
        if let Some(help) = &self.help {
            text.push_str(&format!(
                "{} {}\n",
                colour.paint("1;32", "help:"),
                visible(help)
            ));
        }
        text
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.render(Colour::Off))
    }
}

/// Whether text carries colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Colour {
    On,
    Off,
}

impl Colour {
    /// The text in an ANSI colour, or as it is.
    pub(crate) fn paint(self, code: &str, text: &str) -> String {
        match self {
            Self::On => format!("\x1b[{code}m{text}\x1b[0m"),
            Self::Off => text.to_owned(),
        }
    }
}

/// Standard error as a place for people to read.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Console {
    pub(crate) colour: Colour,
    /// Whether somebody watches it live.
    pub(crate) is_terminal: bool,
}

impl Console {
    /// What `--color`, NO_COLOR and the terminal say together.
    pub(crate) fn new(when: ColorWhen) -> Self {
        let is_terminal = std::io::stderr().is_terminal();
        let is_refused = std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty());
        let is_dumb = std::env::var_os("TERM").is_some_and(|term| term == "dumb");
        let is_on = match when {
            ColorWhen::Always => true,
            ColorWhen::Never => false,
            ColorWhen::Auto => is_terminal && !is_refused && !is_dumb,
        };
        let colour = if is_on { Colour::On } else { Colour::Off };
        Self {
            colour,
            is_terminal: is_terminal && !is_dumb,
        }
    }

    pub(crate) fn style(self) -> Style {
        match self.colour {
            Colour::On => Style::Colour,
            Colour::Off => Style::Plain,
        }
    }

    pub(crate) fn fail(self, failure: &Failure) {
        self.print(&failure.render(self.colour));
    }

    pub(crate) fn diagnostic(self, diagnostic: &Diagnostic) {
        self.print(&(diagnostic.render(self.style()) + "\n"));
    }

    /// Text that is laid out and safe already.
    pub(crate) fn print(self, text: &str) {
        // Nobody reads standard error any more: there is nowhere left to say so.
        let _unread = std::io::stderr().lock().write_all(text.as_bytes());
    }
}

/// Prints a result. A reader who left early (`| head`) is not a failure.
pub(crate) fn print_result(text: &str) -> Result<(), Failure> {
    print_bytes(text.as_bytes())
}

/// Prints a result that need not be text.
pub(crate) fn print_bytes(bytes: &[u8]) -> Result<(), Failure> {
    let mut stdout = std::io::stdout().lock();
    match stdout.write_all(bytes).and_then(|()| stdout.flush()) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(Failure::new(
            Kind::General,
            format!("cannot write to standard output: {error}"),
        )),
    }
}

/// Prints a result as JSON, indented.
pub(crate) fn print_json(value: &serde_json::Value) -> Result<(), Failure> {
    let text = serde_json::to_string_pretty(value).map_err(|error| {
        Failure::new(
            Kind::General,
            format!("cannot write the result as JSON: {error}"),
        )
    })?;
    print_result(&(text + "\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The exit codes are a promise to scripts.
    #[test]
    fn every_kind_has_its_exit_code() {
        let kinds = [
            Kind::General,
            Kind::Usage,
            Kind::Manifest,
            Kind::NotStarted,
            Kind::GaveUp,
            Kind::TimeLimit,
        ];
        assert_eq!(kinds.map(Kind::exit_code), [1, 2, 3, 4, 5, 124]);
    }

    /// The sentence, what belongs to it, and the help, in that order; nothing of it steers the terminal.
    #[test]
    fn a_failure_reads_top_down() {
        let failure = Failure::new(Kind::Usage, "cannot do\x1b[2J that")
            .detail("because\nof this")
            .help("do that");
        assert_eq!(
            failure.to_string(),
            "error: cannot do\\u{1b}[2J that\n  because\\u{a}of this\nhelp: do that\n"
        );
        let painted = failure.render(Colour::On);
        assert!(painted.starts_with("\x1b[1;31merror:\x1b[0m cannot"));
    }
}
