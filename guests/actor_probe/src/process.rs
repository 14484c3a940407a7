//! Who is who: pids, names and groups.

use rusm_sdk::{Pid, mailbox, process, registry};

use crate::answer::{Answer, done};
use crate::script::Script;

pub(crate) fn run(command: &str, script: &mut Script) -> bool {
    let answer = match command {
        "self" => Answer::Ok(process::me().to_string()),
        "parent" => pid_or_none(process::parent()),
        "register" => done(registry::register(&script.word())),
        "unregister" => {
            registry::unregister(&script.word());
            Answer::done()
        }
        "whereis" => pid_or_none(registry::whereis(&script.word())),
        "join" => {
            registry::join(&script.word());
            Answer::done()
        }
        "leave" => {
            registry::leave(&script.word());
            Answer::done()
        }
        "members" => Answer::Ok(pids(&registry::members(&script.word()))),
        "broadcast" => {
            let (group, tag, text) = (script.word(), script.number(), script.text());
            Answer::Ok(registry::broadcast(&group, tag, text.as_bytes()).to_string())
        }
        "drain" => Answer::Ok(drain().to_string()),
        _ => return false,
    };
    script.report(command, &answer);
    true
}

fn pid_or_none(pid: Option<Pid>) -> Answer {
    Answer::Ok(pid.map_or("none".into(), |pid| pid.to_string()))
}

fn pids(pids: &[Pid]) -> String {
    let pids: Vec<_> = pids.iter().map(Pid::to_string).collect();
    pids.join(" ")
}

/// Takes everything that waits; the number of events.
fn drain() -> usize {
    let any = mailbox::Selector::any();
    std::iter::from_fn(|| mailbox::receive_timeout(&any, std::time::Duration::ZERO)).count()
}
