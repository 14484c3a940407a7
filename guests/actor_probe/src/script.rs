//! The script in the arguments, and what it remembers from step to step: [`Script`].

use std::collections::VecDeque;
use std::fmt::Display;
use std::io::Write;
use std::str::FromStr;

use rusm_sdk::mailbox::{self, Event};
use rusm_sdk::{Destination, ExitReason, Pid, Reference, process, registry};

use crate::answer::Answer;

/// The tag of reports.
pub(crate) const REPORT: u64 = 1;
/// The tag of events that `watch` passes on.
pub(crate) const EVENT: u64 = 2;

/// Whom a parameter means.
#[derive(Clone, Debug)]
pub(crate) enum Who {
    Pid(Pid),
    Name(String),
}

impl<'a> From<&'a Who> for Destination<'a> {
    fn from(who: &'a Who) -> Self {
        match who {
            Who::Pid(pid) => Self::Pid(*pid),
            Who::Name(name) => Self::Name(name),
        }
    }
}

/// Steps that are left, the parameters of this one, and what earlier ones left behind.
#[derive(Debug, Default)]
pub(crate) struct Script {
    steps: VecDeque<VecDeque<String>>,
    params: VecDeque<String>,
    report_to: Option<Who>,
    /// What the order that is being carried out has reported so far.
    collected: Option<String>,
    sender: Option<Pid>,
    pub(crate) spawned: Option<Pid>,
    pub(crate) request: Option<Reference>,
    pub(crate) timer: Option<Reference>,
    pub(crate) monitor: Option<Reference>,
}

impl Script {
    pub(crate) fn from_args(args: impl Iterator<Item = String>) -> Self {
        let mut steps = VecDeque::from([VecDeque::new()]);
        for arg in args {
            match steps.back_mut() {
                Some(step) if arg != "then" => step.push_back(arg),
                _ => steps.push_back(VecDeque::new()),
            }
        }
        Self {
            steps,
            ..Self::default()
        }
    }

    /// The command of the next step.
    pub(crate) fn next_step(&mut self) -> Option<String> {
        self.params = self.steps.pop_front()?;
        self.params.pop_front()
    }

    /// Complains about parameters that the command did not want.
    pub(crate) fn end_step(&mut self, command: &str) {
        if let Some(extra) = self.params.front() {
            fail(format_args!("'{command}' has no use for '{extra}'"));
        }
    }

    /// The next parameter, if there is one.
    pub(crate) fn optional_word(&mut self) -> Option<String> {
        self.params.pop_front()
    }

    /// The next parameter.
    pub(crate) fn word(&mut self) -> String {
        self.optional_word()
            .unwrap_or_else(|| fail("a parameter is missing"))
    }

    /// The next parameter, where `-` is none.
    pub(crate) fn word_or_none(&mut self) -> Option<String> {
        Some(self.word()).filter(|word| word != "-")
    }

    /// The rest of the step.
    pub(crate) fn text(&mut self) -> String {
        Vec::from(std::mem::take(&mut self.params)).join(" ")
    }

    /// The rest of the step, word by word.
    pub(crate) fn words(&mut self) -> impl Iterator<Item = String> {
        std::mem::take(&mut self.params).into_iter()
    }

    pub(crate) fn number<N: FromStr>(&mut self) -> N {
        number(&self.word())
    }

    pub(crate) fn reason(&mut self) -> ExitReason {
        self.text().parse().unwrap_or_else(|error| fail(error))
    }

    pub(crate) fn who(&mut self) -> Who {
        let word = self.word();
        let missing = || fail(format_args!("there is no '{word}' yet"));
        match word.as_str() {
            "self" => Who::Pid(process::me()),
            "parent" => Who::Pid(process::parent().unwrap_or_else(missing)),
            "spawned" => Who::Pid(self.spawned.unwrap_or_else(missing)),
            "sender" => Who::Pid(self.sender.unwrap_or_else(missing)),
            other => match other.parse().ok().and_then(Pid::from_u64) {
                Some(pid) => Who::Pid(pid),
                None => Who::Name(word),
            },
        }
    }

    /// A parameter that must be a process now.
    pub(crate) fn pid(&mut self) -> Pid {
        match self.who() {
            Who::Pid(pid) => pid,
            Who::Name(name) => registry::whereis(&name)
                .unwrap_or_else(|| fail(format_args!("nobody is called '{name}'"))),
        }
    }

    pub(crate) fn report_to(&mut self, who: Who) {
        self.report_to = Some(who);
    }

    /// Remembers who sent an event, and what is to be replied to.
    pub(crate) fn remember(&mut self, event: &Event) {
        self.sender = Some(match event {
            Event::Message(message) => message.sender,
            Event::Request(request) => {
                self.request = Some(request.id);
                request.sender
            }
            Event::Exit(exit) => exit.sender,
            Event::Down(down) => down.process,
        });
    }

    /// Reports one line.
    pub(crate) fn report(&mut self, command: &str, answer: &Answer) {
        self.report_text(&format!("{command}={answer}"));
    }

    /// Carries the steps of an order out before those that are left, and collects what they report.
    pub(crate) fn begin_order(&mut self, order: &str) {
        let words = order.split_whitespace().map(str::to_owned);
        let ordered = Self::from_args(words).steps;
        let after = ["report-order", "obey"].map(|step| VecDeque::from([step.to_owned()]));
        for step in ordered.into_iter().chain(after).rev() {
            self.steps.push_front(step);
        }
        self.collected = Some(String::new());
    }

    /// What the order has reported.
    pub(crate) fn end_order(&mut self) -> String {
        self.collected.take().unwrap_or_default()
    }

    /// Reports a text as it is.
    pub(crate) fn report_text(&mut self, text: &str) {
        if let Some(collected) = &mut self.collected {
            collected.push_str(text);
            collected.push('\n');
            return;
        }
        match &self.report_to {
            Some(who) => {
                if let Err(error) = mailbox::send(who, REPORT, text.as_bytes()) {
                    fail(format_args!("cannot report '{text}': {error}"));
                }
            }
            None => {
                // Where nobody listens, a step is done all the same.
                let _ = writeln!(std::io::stdout(), "{text}");
            }
        }
    }
}

pub(crate) fn number<N: FromStr>(word: &str) -> N {
    word.parse()
        .unwrap_or_else(|_| fail(format_args!("'{word}' is no number of this kind")))
}

/// Ends the process because its script makes no sense.
pub(crate) fn fail(text: impl Display) -> ! {
    process::exit(&ExitReason::Error(format!("script: {text}")))
}
