//! The side that serves: from one event to the next.

use std::time::{Duration, Instant};

use super::{Answer, Caller, Info, Init, Next, Server, protocol};
use crate::mailbox::{self, Event, Exit, Request, Selector, stash};
use crate::wire::{self, Wire};
use crate::{ExitReason, Pid, Reference, process, tags};

/// Makes a server the life of this process; to be the last thing in a component's `main`.
///
/// `init` gets the arguments of the process without the component's name; [`start`](super::start) waits for it. In it,
/// a server that is to clean up when its parent ends it chooses to [trap exits](process::trap_exits).
///
/// Returns when the server has ended with `normal`. With any other reason the process ends in here.
pub fn run<S: Server>(init: impl FnOnce(Vec<String>) -> Init<S>) {
    let args = std::env::args().skip(1).collect();
    // It may receive, and is not to see who waits for its end.
    let begun = mailbox::holding(process::parent(), tags::START, || init(args));
    let reason = match begun {
        Init::Ok(server, first) => Engine::new(server).serve(first),
        Init::Ignore => ExitReason::Normal,
        Init::Stop(reason) => reason,
    };
    if !reason.is_normal() {
        process::exit(&reason);
    }
}

struct Engine<S: Server> {
    server: S,
    parent: Option<Pid>,
    /// A reply that waits until the server has cleaned up.
    last_reply: Option<(Reference, S::Reply)>,
}

impl<S: Server> Engine<S> {
    fn new(server: S) -> Self {
        Self {
            server,
            parent: process::parent(),
            last_reply: None,
        }
    }

    fn serve(mut self, first: Next) -> ExitReason {
        if first == Next::Continue
            && let Some(parent) = self.parent
        {
            tell_starter(parent);
        }
        let mut next = first;
        loop {
            next = match next {
                Next::Wait => self.wait(None),
                Next::WaitUpTo(time) => self.wait(Some(time)),
                Next::Continue => self.server.handle_continue(),
                Next::Stop(reason) => {
                    self.end(&reason);
                    return reason;
                }
            };
        }
    }

    fn end(&mut self, reason: &ExitReason) {
        self.server.terminate(reason);
        if let Some((request, reply)) = self.last_reply.take() {
            mailbox::reply(request, &protocol::value(&reply));
        }
    }

    /// Waits for something that concerns the server's callbacks. Questions to the engine itself do not end the wait.
    fn wait(&mut self, time: Option<Duration>) -> Next {
        // A time too long to reckon with never comes.
        let until = time.and_then(|time| Instant::now().checked_add(time));
        loop {
            let event = match until {
                None => Some(mailbox::receive()),
                Some(until) => {
                    let left = until.saturating_duration_since(Instant::now());
                    mailbox::receive_timeout(&Selector::any(), left)
                }
            };
            let Some(event) = event else {
                return self.server.handle_info(Info::Timeout);
            };
            if let Some(next) = self.handle(sort(event)) {
                return next;
            }
        }
    }

    /// None when the server has not been asked.
    fn handle(&mut self, incoming: Incoming<S::Call, S::Cast>) -> Option<Next> {
        match incoming {
            Incoming::Call(request, caller) => return Some(self.call(request, caller)),
            Incoming::Cast(message) => return Some(self.server.handle_cast(message)),
            Incoming::Exit(exit) if is_order(self.parent, &exit) => {
                return Some(Next::Stop(exit.reason));
            }
            Incoming::Exit(exit) => return Some(self.server.handle_info(Info::Exit(exit))),
            Incoming::Info(info) => return Some(self.server.handle_info(info)),
            Incoming::Stop(reason, who) if self.server.may_stop(who.process) => {
                return Some(Next::Stop(reason));
            }
            Incoming::Stop(_, who) => mailbox::reply(who.request, &protocol::refused()),
            Incoming::Start(who) => mailbox::reply(who.request, &protocol::value(&())),
            Incoming::Unreadable(who) => mailbox::reply(who.request, &protocol::unreadable()),
        }
        None
    }

    fn call(&mut self, request: S::Call, asked: Asked) -> Next {
        let caller = Caller::new(asked.request, asked.process);
        match self.server.handle_call(request, caller) {
            Answer::Reply(reply, stop @ Next::Stop(_)) => {
                self.last_reply = Some((asked.request, reply));
                stop
            }
            Answer::Reply(reply, next) => {
                mailbox::reply(asked.request, &protocol::value(&reply));
                next
            }
            Answer::NoReply(next) => next,
        }
    }
}

/// How long a server that goes on at once waits for whoever started it to ask.
const STARTER_PATIENCE: Duration = Duration::from_millis(250);

/// Answers [`start`](super::start) before what follows on the initialisation, which may take long or ask the starter (OTP statement
/// 099). The starter asks right after the spawn, so the question is the first that comes from it, and may come a moment later than
/// this. Who was spawned without it is not asked, and goes on when the time has passed or something else came.
fn tell_starter(parent: Pid) {
    let from_parent = Selector::any().sender(parent);
    match mailbox::receive_timeout(&from_parent, STARTER_PATIENCE) {
        Some(Event::Request(request)) if request.tag == tags::START => {
            let answer = match wire::decode::<()>(&request.payload) {
                Ok(()) => protocol::value(&()),
                Err(_) => protocol::unreadable(),
            };
            mailbox::reply(request.id, &answer);
        }
        Some(other) => stash::put_back(other),
        None => {}
    }
}

/// Whether an exit signal is an order of the one above, and not the news of somebody else's end.
///
/// A process that the node itself started, by a supervisor of the manifest for instance, cannot know the pid above it.
/// What it can know: an order comes from a process that lives, news of an end from one that does not.
fn is_order(parent: Option<Pid>, exit: &Exit) -> bool {
    match parent {
        Some(parent) => exit.sender == parent,
        None => {
            exit.sender == process::me()
                || (exit.reason == ExitReason::Shutdown && is_alive(exit.sender))
        }
    }
}

pub(crate) fn is_alive(pid: Pid) -> bool {
    let monitor = process::monitor(pid);
    let down = mailbox::receive_timeout(&Selector::any().monitor(monitor), Duration::ZERO);
    process::demonitor(monitor);
    down.is_none()
}

/// Who waits for an answer to a request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Asked {
    request: Reference,
    process: Pid,
}

/// What an event is to a server.
#[derive(Debug, PartialEq, Eq)]
enum Incoming<C, M> {
    Call(C, Asked),
    Cast(M),
    Start(Asked),
    Stop(ExitReason, Asked),
    /// A request of this protocol, but none that can be read.
    Unreadable(Asked),
    Exit(Exit),
    Info(Info),
}

fn sort<C: Wire, M: Wire>(event: Event) -> Incoming<C, M> {
    match event {
        Event::Message(message) if message.tag == tags::CAST => {
            match wire::decode(&message.payload) {
                Ok(cast) => Incoming::Cast(cast),
                Err(_) => Incoming::Info(Info::Message(message)),
            }
        }
        Event::Message(message) => Incoming::Info(Info::Message(message)),
        Event::Request(request) => sort_request(request),
        Event::Exit(exit) => Incoming::Exit(exit),
        Event::Down(down) => Incoming::Info(Info::Down(down)),
    }
}

fn sort_request<C: Wire, M: Wire>(request: Request) -> Incoming<C, M> {
    let asked = Asked {
        request: request.id,
        process: request.sender,
    };
    let incoming = match request.tag {
        tags::CALL => wire::decode(&request.payload).map(|call| Incoming::Call(call, asked)),
        tags::STOP => wire::decode(&request.payload).map(|reason| Incoming::Stop(reason, asked)),
        tags::START => wire::decode(&request.payload).map(|()| Incoming::Start(asked)),
        _ => return Incoming::Info(Info::Request(request)),
    };
    incoming.unwrap_or(Incoming::Unreadable(asked))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::mailbox::Message;

    fn pid(number: u64) -> Pid {
        Pid::from_u64(number).unwrap()
    }

    fn message(tag: u64, payload: Vec<u8>) -> Message {
        Message {
            sender: pid(5),
            tag,
            payload,
        }
    }

    fn request(tag: u64, payload: Vec<u8>) -> Request {
        Request {
            id: Reference::from_u64(9).unwrap(),
            sender: pid(5),
            tag,
            payload,
        }
    }

    fn asked() -> Asked {
        Asked {
            request: Reference::from_u64(9).unwrap(),
            process: pid(5),
        }
    }

    #[track_caller]
    fn check(event: Event, expected: Incoming<u64, String>) {
        assert_eq!(sort(event), expected);
    }

    #[test]
    fn calls_casts_and_questions_are_told_apart() {
        let text = wire::encode(&"note".to_owned());
        check(
            Event::Message(message(tags::CAST, text)),
            Incoming::Cast("note".into()),
        );
        check(
            Event::Request(request(tags::CALL, wire::encode(&7_u64))),
            Incoming::Call(7, asked()),
        );
        check(
            Event::Request(request(tags::START, Vec::new())),
            Incoming::Start(asked()),
        );
        check(
            Event::Request(request(tags::STOP, wire::encode(&ExitReason::Shutdown))),
            Incoming::Stop(ExitReason::Shutdown, asked()),
        );
    }

    /// What others send is answered or handed on, whatever it is; nothing is taken for what it is not.
    #[test]
    fn hostile_bytes_are_answered_or_handed_on() {
        for tag in [tags::CALL, tags::STOP, tags::START] {
            let incoming = Incoming::Unreadable(asked());
            check(Event::Request(request(tag, vec![1, 2, 3])), incoming);
        }
        let bad_cast = message(tags::CAST, vec![0xff]);
        check(
            Event::Message(bad_cast.clone()),
            Incoming::Info(Info::Message(bad_cast)),
        );
        for tag in [tags::CALL, tags::START, tags::STOP, 3] {
            let message = message(tag, wire::encode(&7_u64));
            let incoming = Incoming::Info(Info::Message(message.clone()));
            check(Event::Message(message), incoming);
        }
        for tag in [tags::CAST, 3] {
            let request = request(tag, wire::encode(&"note".to_owned()));
            let incoming = Incoming::Info(Info::Request(request.clone()));
            check(Event::Request(request), incoming);
        }
    }

    /// OTP statement 102: only the parent's signal is an order.
    #[test]
    fn parent_exit_is_an_order_and_no_other() {
        let exit = |sender, reason| Exit {
            sender: pid(sender),
            reason,
        };
        for reason in [ExitReason::Normal, ExitReason::Shutdown, ExitReason::Killed] {
            assert!(is_order(Some(pid(1)), &exit(1, reason.clone())));
            assert!(!is_order(Some(pid(1)), &exit(2, reason)));
        }
    }
}
