//! One thing, and then the end.
//!
//! | helper | does |
//! |---|---|
//! | `ask VERB TEXT` | calls the clerk, and says the reply behind the text |
//! | `answer` | replies to a caller that somebody else passes on |
//! | `exit TEXT` | ends with this error |
//! | `stop-clerk` | tries to stop a clerk that is not its child |
//! | `list-house` | asks a supervisor that is not its parent for its children |
//! | `owner WORDS..` | starts a house with these words, and ends with the error `over` |
//! | `parent` | starts a clerk that traps exits, and ends with the error `over` once that has seen another's end |

use rusm_sdk::mailbox::{self, Event, Selector};
use rusm_sdk::server::{self, Caller};
use rusm_sdk::{ExitReason, process, supervisor, wire};

use crate::clerk::words;
use crate::drive::clerk;
use crate::house::house;
use crate::tell::{arg, error, fail, must, show, tell};

/// What one process of the probe tells another outside of all protocols.
pub(crate) const ORDER: u64 = 7;

pub(crate) fn run(args: &[String]) {
    match arg(args, 0) {
        "ask" => ask(arg(args, 1), arg(args, 2)),
        "answer" => answer(),
        "exit" => process::exit(&error(arg(args, 1))),
        "stop-clerk" => show("stop", server::stop("clerk", &ExitReason::Normal, None)),
        "list-house" => show("list", supervisor::which_children("house")),
        "owner" => owner(args),
        "parent" => parent(),
        other => fail(format_args!("no helper can '{other}'")),
    }
}

fn ask(verb: &str, text: &str) {
    let reply: String = must(server::call_timeout("clerk", &words(verb, text), None));
    tell(format_args!("{text}: {reply}"));
}

fn answer() {
    let Event::Message(message) = mailbox::receive_where(&Selector::any().tags([ORDER])) else {
        fail("an order is a message");
    };
    let (caller, text): (Vec<u8>, String) = must(wire::decode(&message.payload));
    let caller: Caller<String> = must(wire::decode(&caller));
    caller.reply(&format!("{text} by another"));
}

fn owner(args: &[String]) {
    let words: Vec<&str> = args.iter().skip(1).map(String::as_str).collect();
    must(server::start(&house(&words).link(), None));
    process::exit(&error("over"));
}

fn parent() {
    let clerk = must(server::start(&clerk("child").arg("trap").link(), None)).process;
    let seen: String = must(server::call(clerk, &words("bystander", "stumbled")));
    tell(seen);
    process::exit(&error("over"));
}
