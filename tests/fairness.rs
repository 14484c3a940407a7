//! Nobody starves: endless loops on more processes than there are workers leave room for all others.

use crate::app::{probe, scripted};
use crate::desk::Desk;
use crate::support::{BOTH_PATHS, Scenario};
use rusm_core::{ExitReason, Name};

const WORKERS: usize = 2;
const SPINNERS: usize = 3 * WORKERS;
const CALLS: usize = 100;

#[test]
fn endless_loops_on_every_worker_leave_room_for_a_conversation() {
    for path in BOTH_PATHS {
        let scenario = Scenario::with(|builder| builder.workers(WORKERS));
        let program = probe(&scenario, path);
        for number in 0..SPINNERS {
            let component = format!("spinner{number}");
            let spinner = scripted(&component, &program, "say spinning then spin");
            scenario
                .runtime
                .spawn(spinner)
                .expect("there is room for it");
            scenario
                .recorder
                .wait_for_line(&component, "say=ok:spinning");
        }
        let echo =
            scripted("echo", &program, "echo").name(Name::new("echo").expect("it is a name"));
        let echo = scenario.runtime.spawn(echo).expect("there is room for it");
        let script = vec!["call echo 1 - well?"; CALLS].join(" then ");
        let caller = scenario
            .runtime
            .spawn(scripted("caller", &program, &script))
            .expect("there is room for it");
        assert_eq!(caller.wait(), ExitReason::Normal);
        assert_eq!(
            scenario.recorder.lines("caller"),
            vec!["call=ok:well?"; CALLS]
        );
        Desk::at(&scenario.runtime).hears_echo_of(echo.pid());
    }
}
