//! The process of a state machine: a server that handles one event of the mailbox, and all that follows from it.

use std::time::{Duration, Instant};

use super::core::{Core, Taken};
use super::{Begin, Event, StateMachine, Transition};
use crate::server::{self, Answer, Caller, Info, Init, Next, Server};
use crate::{ExitReason, Pid};

/// Makes a state machine the life of this process; to be the last thing in a component's `main`.
///
/// As [`server::run`], with a first state.
pub fn run<M: StateMachine>(init: impl FnOnce(Vec<String>) -> Begin<M>) {
    server::run(|args| match init(args) {
        Begin::Ok(machine, state) => {
            // Entering the first state is no part of the initialisation (OTP statement 099).
            Init::Ok(Process::new(machine, state), Next::Continue)
        }
        Begin::Ignore => Init::Ignore,
        Begin::Stop(reason) => Init::Stop(reason),
    });
}

struct Process<M: StateMachine> {
    machine: M,
    core: Core<M::State, Event<M>>,
    /// What the times of timers count from.
    began: Instant,
}

impl<M: StateMachine> Process<M> {
    fn new(machine: M, state: M::State) -> Self {
        Self {
            machine,
            core: Core::new(state),
            began: Instant::now(),
        }
    }

    fn now(&self) -> Duration {
        self.began.elapsed()
    }

    /// Enters the first state.
    fn begin(&mut self) -> Next {
        self.enter(None);
        self.go_on()
    }

    fn enter(&mut self, left: Option<&M::State>) {
        let timeouts = self.machine.enter(left, self.core.state());
        let now = self.now();
        self.core.set(timeouts.0, now);
    }

    /// Handles everything that comes before the mailbox.
    fn go_on(&mut self) -> Next {
        loop {
            let event = match self.core.take(self.now()) {
                Some(Taken::Event(event)) => event,
                Some(Taken::Timeout(timeout)) => Event::Timeout(timeout),
                None => {
                    let wait = self.core.wait(self.now());
                    return wait.map_or(Next::Wait, Next::WaitUpTo);
                }
            };
            if let Some(reason) = self.step(event) {
                return Next::Stop(reason);
            }
        }
    }

    /// Handles an event from the mailbox, and what follows from it.
    fn handle(&mut self, event: Event<M>) -> Next {
        match self.step(event) {
            Some(reason) => Next::Stop(reason),
            None => self.go_on(),
        }
    }

    /// Why the machine ends, if it does.
    fn step(&mut self, event: Event<M>) -> Option<ExitReason> {
        self.core.begin();
        let Transition { effects, stop } = self.machine.handle_event(self.core.state(), event);
        if stop.is_some() {
            return stop;
        }
        let now = self.now();
        if let Some(left) = self.core.settle(effects, now) {
            self.enter(Some(&left));
        }
        None
    }
}

impl<M: StateMachine> Server for Process<M> {
    type Call = M::Call;
    type Reply = M::Reply;
    type Cast = M::Cast;

    fn handle_continue(&mut self) -> Next {
        self.begin()
    }

    fn handle_call(&mut self, call: M::Call, from: Caller<M::Reply>) -> Answer<M::Reply> {
        Answer::NoReply(self.handle(Event::Call(call, from)))
    }

    fn handle_cast(&mut self, cast: M::Cast) -> Next {
        self.handle(Event::Cast(cast))
    }

    fn handle_info(&mut self, info: Info) -> Next {
        match info {
            Info::Timeout => self.go_on(),
            Info::Message(_) | Info::Request(_) | Info::Exit(_) | Info::Down(_) => {
                self.handle(Event::Info(info))
            }
        }
    }

    fn terminate(&mut self, reason: &ExitReason) {
        self.machine.terminate(self.core.state(), reason);
    }

    fn may_stop(&self, who: Pid) -> bool {
        self.machine.may_stop(who)
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Timeout, Timeouts};
    use super::*;

    /// Writes down what it does. Casts: a capital letter is a state to go to, `z` is inserted before two others, and small
    /// letters are postponed in state `A`.
    #[derive(Default)]
    struct Scribe(String);

    impl StateMachine for Scribe {
        type State = char;
        type Call = ();
        type Reply = ();
        type Cast = u32;

        fn handle_event(&mut self, state: &char, event: Event<Self>) -> Transition<Self> {
            let Event::Cast(cast) = event else {
                self.0.push('!');
                return Transition::keep();
            };
            let letter = char::from_u32(cast).unwrap_or('?');
            match letter {
                'A'..='Z' => Transition::to(letter),
                'z' => Transition::keep()
                    .insert(Event::Cast('X'.into()))
                    .insert(Event::Cast('y'.into())),
                _ if *state == 'A' => Transition::keep().postpone(Event::Cast(cast)),
                _ => {
                    self.0.push(letter);
                    Transition::keep()
                }
            }
        }

        fn enter(&mut self, left: Option<&char>, entered: &char) -> Timeouts {
            self.0
                .push_str(&format!("<{}{entered}>", left.unwrap_or(&' ')));
            if *entered == 'T' {
                return Timeouts::none().set(Timeout::State, Duration::ZERO);
            }
            Timeouts::none()
        }
    }

    #[track_caller]
    fn check(casts: &str, expected: &str) {
        let mut process = Process::new(Scribe::default(), 'A');
        assert_eq!(process.begin(), Next::Wait);
        for letter in casts.chars() {
            assert_eq!(process.handle(Event::Cast(letter.into())), Next::Wait);
        }
        assert_eq!(process.machine.0, expected);
    }

    /// OTP statement 109: once for the first state and each change, before what is retried or inserted.
    #[test]
    fn fsm_enter_order() {
        check("", "< A>");
        check("AA", "< A>");
        check("abBc", "< A><AB>abc");
        check("BzA", "< A><AB><BX>y<XA>");
        check("aAB", "< A><AB>a");
    }

    /// A time-out of zero, set on entering, comes before the mailbox.
    #[test]
    fn fsm_timeouts_zero() {
        check("Ta", "< A><AT>!a");
    }
}
