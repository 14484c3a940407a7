//! A server that does as it is asked: [`Clerk`].
//!
//! A call and a cast are a verb and a text. The arguments are a label, which stands before every line that the clerk
//! says, and what its initialisation does: any of `trap`, `continue`, `consults` (it asks its parent, after the initialisation),
//! `listens MS` (it receives whatever comes within that time), `idle MS`, `tell-parent TEXT`,
//! `needs NAME` (it stops if nobody has this name), `stubborn`, `pushes NAME`, `crew N` (`leaving.rs`), and last
//! `ignore`, `stop TEXT`, `panic` or `forever`, without which it ends well.

mod leaving;

use std::str::FromStr;
use std::time::Duration;

use rusm_sdk::mailbox::{self, Selector};
use rusm_sdk::process::{self, ExitSignals};
use rusm_sdk::server::{self, Answer, Caller, Info, Init, Next, Server};
use rusm_sdk::spawner::Spawn;
use rusm_sdk::{ExitReason, registry, wire};

use self::leaving::Leaving;
use crate::tell::{error, fail, must, tell};

/// As many callers as are held before all are answered.
pub(crate) const CROWD: usize = 8;

pub(crate) type Words = (String, String);

/// A verb and its text.
pub(crate) fn words(verb: &str, text: &str) -> Words {
    (verb.into(), text.into())
}

pub(crate) fn run() {
    server::run(Clerk::init);
}

#[derive(Debug, Default)]
struct Clerk {
    label: String,
    log: Vec<String>,
    held: Vec<(Caller<String>, String)>,
    leaving: Leaving,
    consults: bool,
}

impl Server for Clerk {
    type Call = Words;
    type Reply = String;
    type Cast = Words;

    fn handle_call(&mut self, (verb, text): Words, from: Caller<String>) -> Answer<String> {
        let reply = match verb.as_str() {
            "echo" => text,
            "log" => std::mem::take(&mut self.log).join(" "),
            "call-self" => calls_itself(),
            "hold" => return self.hold(from, text),
            "forward" => return forward(&from, text),
            "bystander" => return self.bystander(from, text),
            "stop" => return Answer::Reply(text.clone(), Next::Stop(error(&text))),
            "vanish" => return Answer::NoReply(Next::Stop(error(&text))),
            "panic" => panic!("asked to"),
            "continue" => return Answer::Reply(String::new(), self.continued(&text)),
            "idle" => return Answer::Reply(String::new(), Next::WaitUpTo(milliseconds(&text))),
            "idle-full" => return self.idle_with_mail(),
            _ => return Answer::Reply(format!("cannot {verb}"), Next::Wait),
        };
        Answer::Reply(reply, Next::Wait)
    }

    fn handle_cast(&mut self, (verb, text): Words) -> Next {
        match verb.as_str() {
            "note" => self.log.push(text),
            "release" => self.release(),
            "fail" => return Next::Stop(error(&text)),
            "end" => return Next::Stop(must(text.parse())),
            _ => self.log.push(format!("cannot {verb}")),
        }
        Next::Wait
    }

    fn handle_info(&mut self, info: Info) -> Next {
        match info {
            Info::Message(message) if self.leaving.hears(message.tag) => {}
            Info::Message(message) => self.log.push(format!("message-{:x}", message.tag)),
            Info::Request(request) => mailbox::reply(request.id, b"not a call"),
            Info::Exit(exit) => {
                self.tell(&format!("exit {}", exit.reason));
                for (from, _) in self.held.drain(..) {
                    from.reply(&format!("seen {}", exit.reason));
                }
            }
            Info::Down(down) => self.log.push(format!("down {}", down.reason)),
            Info::Timeout => {
                self.log.push("timeout".into());
                tell_parent("timeout");
            }
        }
        Next::Wait
    }

    fn handle_continue(&mut self) -> Next {
        self.log.push("continued".into());
        if std::mem::take(&mut self.consults) {
            self.consult();
        }
        Next::Wait
    }

    fn terminate(&mut self, reason: &ExitReason) {
        self.tell(&format!("terminate {reason}"));
        self.leaving.leave();
    }
}

impl Clerk {
    fn init(args: Vec<String>) -> Init<Self> {
        // The first is the role.
        let mut args = args.into_iter().skip(1);
        let mut clerk = Self {
            label: args.next().unwrap_or_default(),
            ..Self::default()
        };
        let mut next = Next::Wait;
        while let Some(word) = args.next() {
            let mut text = || args.next().unwrap_or_default();
            match word.as_str() {
                "trap" => {
                    process::trap_exits(ExitSignals::Trapped);
                }
                "continue" => next = clerk.continued("early"),
                "consults" => {
                    clerk.consults = true;
                    next = Next::Continue;
                }
                "listens" => clerk.listen(milliseconds(&text())),
                "idle" => next = Next::WaitUpTo(milliseconds(&text())),
                "ignore" => return Init::Ignore,
                "stop" => return Init::Stop(error(&text())),
                "panic" => panic!("asked to"),
                "forever" => {
                    mailbox::receive_where(&Selector::any().tags([]));
                }
                "tell-parent" => tell_parent(&text()),
                "needs" if registry::whereis(&text()).is_none() => {
                    return Init::Stop(error("it has not what it needs"));
                }
                "needs" => {}
                "stubborn" => clerk.leaving = Leaving::Never,
                "pushes" => clerk.leaving = Leaving::Pushing(text()),
                "crew" => clerk.leaving = Leaving::together(number(&text())),
                other => fail(format_args!("the clerk cannot begin with '{other}'")),
            }
        }
        clerk.tell("initialised");
        Init::Ok(clerk, next)
    }

    fn tell(&self, text: &str) {
        tell(format_args!("{}: {text}", self.label));
    }

    /// Whoever started it answers, so the start must be over; should it not be, the time passes.
    fn consult(&mut self) {
        let Some(parent) = process::parent() else {
            return;
        };
        let time = Some(server::CALL_TIMEOUT);
        let answer = mailbox::call(parent, crate::helper::ORDER, b"", time);
        self.log.push(format!("{answer:?}"));
    }

    fn listen(&mut self, time: Duration) {
        while let Some(event) = mailbox::receive_timeout(&Selector::any(), time) {
            self.log.push(format!("{event:?}"));
        }
    }

    /// A cast waits in the mailbox when the continuation begins.
    fn continued(&self, text: &str) -> Next {
        server::cast(process::me(), &words("note", text));
        Next::Continue
    }

    fn idle_with_mail(&self) -> Answer<String> {
        server::cast(process::me(), &words("note", "mail"));
        Answer::Reply(String::new(), Next::WaitUpTo(Duration::ZERO))
    }

    fn hold(&mut self, from: Caller<String>, text: String) -> Answer<String> {
        self.log.push(format!("hold-{text}"));
        self.held.push((from, text));
        if self.held.len() == CROWD {
            self.release();
        }
        Answer::NoReply(Next::Wait)
    }

    /// Answers all that are held, last come first served.
    fn release(&mut self) {
        for (from, text) in self.held.drain(..).rev() {
            from.reply(&format!("answer to {text}"));
        }
    }

    /// Links with a helper that ends with this error; the call is answered when that is seen.
    fn bystander(&mut self, from: Caller<String>, text: String) -> Answer<String> {
        must(helper(&["exit", &text]).link().start());
        self.held.push((from, text));
        Answer::NoReply(Next::Wait)
    }
}

/// Lets another process reply.
fn forward(from: &Caller<String>, text: String) -> Answer<String> {
    let spawned = must(helper(&["answer"]).start());
    let order = wire::encode(&(wire::encode(from), text));
    must(mailbox::send(spawned.process, crate::helper::ORDER, &order));
    Answer::NoReply(Next::Wait)
}

fn calls_itself() -> String {
    let request = words("echo", "");
    let by_pid = server::call::<_, String>(process::me(), &request);
    let by_name = server::call::<_, String>("clerk", &request);
    format!("{by_pid:?} {by_name:?}")
}

fn tell_parent(text: &str) {
    if let Some(parent) = process::parent() {
        must(mailbox::send(parent, crate::helper::ORDER, text.as_bytes()));
    }
}

pub(crate) fn helper(args: &[&str]) -> Spawn {
    args.iter()
        .fold(Spawn::new("helper").arg("helper"), |spawn, arg| {
            spawn.arg(*arg)
        })
}

fn milliseconds(text: &str) -> Duration {
    Duration::from_millis(number(text))
}

fn number<N: FromStr>(text: &str) -> N {
    text.parse()
        .unwrap_or_else(|_| fail(format_args!("'{text}' is no number")))
}
