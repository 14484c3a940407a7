//! A state machine, as those see it who send it events.

use rusm_sdk::spawner::Spawn;
use rusm_sdk::{Pid, server};

use super::started;
use crate::clerk::words;
use crate::tell::{must, tell};

pub(super) fn run(scene: &str) -> bool {
    let steps: &[(&str, &str)] = match scene {
        "fsm_postpone" => &[
            ("note", "a"),
            ("note", "b"),
            ("go", "shut"),
            ("log", ""),
            ("go", "open"),
            ("note", "c"),
            ("log", ""),
        ],
        "fsm_inserted" => &[
            ("note", "a"),
            ("burst", "open"),
            ("note", "mail"),
            ("log", ""),
        ],
        "fsm_timeouts" => &[
            ("timers", ""),
            ("log", ""),
            ("cut-timers", "open"),
            ("log", ""),
        ],
        "fsm_enter" => &[
            ("log", ""),
            ("go", "shut"),
            ("go", "open"),
            ("go", "shut"),
            ("log", ""),
        ],
        _ => return false,
    };
    let gate = started(&Spawn::new("gate").arg("gate"));
    for (verb, text) in steps {
        step(gate, verb, text);
    }
    true
}

fn step(gate: Pid, verb: &str, text: &str) {
    if verb == "log" {
        tell(must(server::call::<_, String>(gate, &())));
    } else {
        server::cast(gate, &words(verb, text));
    }
}
