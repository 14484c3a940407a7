//! A supervisor, made from its arguments:
//!
//! ```text
//! LABEL STRATEGY MAX PERIOD [any | all] [open] child ID KIND RESTART SHUTDOWN [significant] WORDS.. child ..
//! LABEL dynamic MAX PERIOD [open] child ID KIND RESTART SHUTDOWN WORDS..
//! ```
//!
//! PERIOD is in seconds, SHUTDOWN `brutal`, `infinity` or milliseconds. KIND is `clerk`, a server that is registered under its
//! id (not in a dynamic house), or `house`, whose WORDS are a house in its turn, with `also` for `child`. An `open` house is
//! administered by anybody. What happens is sent to who is called `driver`, behind the label.

use std::collections::VecDeque;
use std::time::Duration;

use rusm_sdk::spawner::Spawn;
use rusm_sdk::supervisor::{
    AutoShutdown, ChildSpec, Intensity, Report, Restart, Shutdown, Strategy, Supervisor,
};
use rusm_sdk::{ExitReason, mailbox};

use crate::drive::clerk;
use crate::tell::{fail, must};

/// The tag of reports.
pub(crate) const REPORT: u64 = 9;

/// A house to start.
pub(crate) fn house(words: &[&str]) -> Spawn {
    words
        .iter()
        .fold(Spawn::new("house").arg("house"), |spawn, word| {
            spawn.arg(*word)
        })
}

pub(crate) fn run(args: Vec<String>) {
    let mut words = VecDeque::from(args);
    let label = next(&mut words);
    let kind = next(&mut words);
    let intensity = must(Intensity::new(
        must(next(&mut words).parse()),
        Duration::from_secs(must(next(&mut words).parse())),
    ));
    let is_dynamic = kind == "dynamic";
    let mut settings = Vec::new();
    while words.front().is_some_and(|word| word != "child") {
        settings.push(next(&mut words));
    }
    let mut children = Vec::new();
    while words.pop_front().is_some() {
        children.push(child(&mut words, !is_dynamic));
    }
    let mut spec = if is_dynamic {
        Supervisor::dynamic(
            children
                .pop()
                .unwrap_or_else(|| fail("a template is missing")),
        )
    } else {
        let spec = Supervisor::new().strategy(strategy(&kind));
        children.into_iter().fold(spec, Supervisor::child)
    };
    for setting in settings {
        spec = match setting.as_str() {
            "any" => spec.auto_shutdown(AutoShutdown::AnySignificant),
            "all" => spec.auto_shutdown(AutoShutdown::AllSignificant),
            "open" => spec.admits(|_| true),
            other => fail(format_args!("no house is '{other}'")),
        };
    }
    spec.intensity(intensity)
        .reports(move |report| send(&label, report))
        .run();
}

fn next(words: &mut VecDeque<String>) -> String {
    words
        .pop_front()
        .unwrap_or_else(|| fail("a word is missing"))
}

fn strategy(word: &str) -> Strategy {
    match word {
        "one-for-one" => Strategy::OneForOne,
        "one-for-all" => Strategy::OneForAll,
        "rest-for-one" => Strategy::RestForOne,
        other => fail(format_args!("no strategy is called '{other}'")),
    }
}

/// One child, from the words up to the next.
fn child(words: &mut VecDeque<String>, is_named: bool) -> ChildSpec {
    let (id, kind) = (next(words), next(words));
    let (restart, shutdown) = (restart(&next(words)), shutdown(&next(words)));
    let is_significant = words.front().is_some_and(|word| word == "significant");
    if is_significant {
        words.pop_front();
    }
    let mut rest = Vec::new();
    while words.front().is_some_and(|word| word != "child") {
        rest.push(next(words));
    }
    let spec = match kind.as_str() {
        "clerk" => ChildSpec::server(&id, named(clerk_of(&id, is_named, &rest), &id, is_named)),
        "house" => ChildSpec::supervisor(&id, named(nested(&rest), &id, is_named)),
        other => fail(format_args!("no child is a '{other}'")),
    };
    let spec = spec.restart(restart).shutdown(shutdown);
    if is_significant {
        spec.significant()
    } else {
        spec
    }
}

/// Children of a dynamic house get their label with the arguments that each is started with.
fn clerk_of(id: &str, is_named: bool, words: &[String]) -> Spawn {
    let spawn = if is_named {
        clerk(id)
    } else {
        Spawn::new("clerk").arg("clerk")
    };
    words.iter().fold(spawn, |spawn, word| spawn.arg(word))
}

fn nested(words: &[String]) -> Spawn {
    let words: Vec<&str> = words
        .iter()
        .map(|word| if word == "also" { "child" } else { word })
        .collect();
    house(&words)
}

fn named(spawn: Spawn, id: &str, is_named: bool) -> Spawn {
    if is_named { spawn.name(id) } else { spawn }
}

fn restart(word: &str) -> Restart {
    match word {
        "permanent" => Restart::Permanent,
        "transient" => Restart::Transient,
        "temporary" => Restart::Temporary,
        other => fail(format_args!("no restart type is called '{other}'")),
    }
}

fn shutdown(word: &str) -> Shutdown {
    match word {
        "brutal" => Shutdown::BrutalKill,
        "infinity" => Shutdown::Infinity,
        ms => Shutdown::Timeout(Duration::from_millis(must(ms.parse()))),
    }
}

fn send(label: &str, report: &Report) {
    let text = format!("{label}: {}", shown(report));
    // Where nobody listens, or nobody keeps up with it, it is reported all the same.
    let _lost = mailbox::send("driver", REPORT, text.as_bytes());
}

fn shown(report: &Report) -> String {
    match report {
        Report::Started { id, .. } => format!("started {id}"),
        Report::Ignored { id } => format!("ignored {id}"),
        Report::StartFailed { id, reason } => format!("failed {id}, {}", short(reason)),
        Report::Ended {
            id,
            reason,
            decision,
        } => format!("ended {id}, {}, {decision:?}", short(reason)),
        Report::Stopped {
            id,
            reason,
            outcome,
        } => format!("stopped {id}, {}, {outcome:?}", short(reason)),
        Report::GaveUp { id } => format!("gave up {id}"),
    }
}

/// A trap's text differs from build to build.
fn short(reason: &ExitReason) -> String {
    match reason {
        ExitReason::Trap(_) => "trap".into(),
        ExitReason::Normal
        | ExitReason::Shutdown
        | ExitReason::Killed
        | ExitReason::NoProcess
        | ExitReason::NoConnection
        | ExitReason::NotStarted(_)
        | ExitReason::Limit(_)
        | ExitReason::Error(_) => reason.to_string(),
    }
}
