//! Links, monitors, signals.

use rusm_sdk::control;
use rusm_sdk::process::{self, ExitSignals};

use crate::answer::{Answer, done};
use crate::script::{Script, fail};

pub(crate) fn run(command: &str, script: &mut Script) -> bool {
    let answer = match command {
        "trap-exits" => trap_exits(script),
        "link" => done(process::link(script.pid())),
        "unlink" => {
            process::unlink(script.pid());
            Answer::done()
        }
        "monitor" => {
            script.monitor = Some(process::monitor(script.pid()));
            Answer::done()
        }
        "demonitor" => demonitor(script),
        "signal" => {
            let (to, reason) = (script.pid(), script.reason());
            done(process::signal(to, &reason))
        }
        "kill" => done(control::kill(script.pid())),
        _ => return false,
    };
    script.report(command, &answer);
    true
}

fn trap_exits(script: &mut Script) -> Answer {
    let signals = match script.word().as_str() {
        "on" => ExitSignals::Trapped,
        "off" => ExitSignals::Obeyed,
        other => fail(format_args!("trap-exits is on or off, not {other}")),
    };
    Answer::Ok(match process::trap_exits(signals) {
        ExitSignals::Trapped => "on".into(),
        ExitSignals::Obeyed => "off".into(),
    })
}

fn demonitor(script: &mut Script) -> Answer {
    match script.monitor {
        Some(monitor) => process::demonitor(monitor),
        None => fail("there is no monitor to end"),
    }
    Answer::done()
}
