//! Tasks: `square`, `panic`, `exit TEXT`, `forever`, `trap` (which does not end when asked to), `text` (a task of another type).

use rusm_sdk::mailbox::{self, Selector};
use rusm_sdk::process::{self, ExitSignals};
use rusm_sdk::task::serve;

use crate::tell::{arg, error, fail};

pub(crate) fn run(args: &[String]) {
    match arg(args, 0) {
        "square" => serve(|number: u64| number * number),
        "panic" => serve(|_: u64| -> u64 { panic!("asked to") }),
        "exit" => serve(|_: u64| -> u64 { process::exit(&error(arg(args, 1))) }),
        "forever" => serve(|_: u64| -> u64 { forever() }),
        "trap" => {
            process::trap_exits(ExitSignals::Trapped);
            serve(|_: u64| -> u64 { forever() });
        }
        "text" => serve(|text: String| text),
        other => fail(format_args!("no task is called '{other}'")),
    }
}

fn forever() -> ! {
    mailbox::receive_where(&Selector::any().tags([]));
    fail("nothing matches no tags")
}
