//! A state machine that writes down what it does: [`Gate`]. Its states are words; it begins in `shut`, in which notes are
//! postponed.

use std::time::Duration;

use rusm_sdk::state_machine::{self, Begin, Event, StateMachine, Timeout, Timeouts, Transition};

use crate::clerk::{Words, words};

pub(crate) fn run() {
    state_machine::run(|_args| Begin::Ok(Gate::default(), "shut".to_owned()));
}

#[derive(Debug, Default)]
struct Gate {
    log: Vec<String>,
}

impl StateMachine for Gate {
    type State = String;
    type Call = ();
    type Reply = String;
    type Cast = Words;

    fn handle_event(&mut self, state: &String, event: Event<Self>) -> Transition<Self> {
        match event {
            Event::Call((), from) => from.reply(&std::mem::take(&mut self.log).join(" ")),
            Event::Cast((verb, text)) => return self.take(state, &verb, text),
            Event::Timeout(timeout) => self.log.push(format!("{timeout:?}")),
            Event::Info(_) => self.log.push("info".into()),
        }
        Transition::keep()
    }

    fn enter(&mut self, _left: Option<&String>, entered: &String) -> Timeouts {
        self.log.push(format!("<{entered}>"));
        Timeouts::none()
    }
}

impl Gate {
    fn take(&mut self, state: &str, verb: &str, text: String) -> Transition<Self> {
        match verb {
            "go" => Transition::to(text),
            "note" if state == "shut" => {
                Transition::keep().postpone(Event::Cast(words("note", &text)))
            }
            "burst" => burst(text),
            "timers" => timers(),
            "cut-timers" => timers().insert(Event::Cast(words("go", &text))),
            _ => {
                self.log.push(text);
                Transition::keep()
            }
        }
    }
}

/// Goes on with two inserted notes.
fn burst(state: String) -> Transition<Gate> {
    Transition::to(state)
        .insert(Event::Cast(words("note", "one")))
        .insert(Event::Cast(words("note", "two")))
}

/// One time-out of each kind, all due at once.
fn timers() -> Transition<Gate> {
    [Timeout::Event, Timeout::State, Timeout::Named("own")]
        .into_iter()
        .fold(Transition::keep(), |transition, which| {
            transition.timeout(which, Duration::ZERO)
        })
}
