//! Nobody starves: with endless loops of both paths on every worker, all others make progress while the loops run (statement 087).
//!
//! Nothing here looks at a clock. What is shown is that it happens at all: if the loops kept the workers, it never would.

use crate::app::{boot, component};
use crate::mailboxes::PAIRS;
use crate::stage::{Scene, Stage, component as program};
use crate::support::{BOTH_PATHS, exit, supervision};
use rusm_core::{AppEnd, ExitReason};
use rusm_supervisor::SupervisorEvent;

const WORKERS: usize = 2;
/// Three of each path for every worker.
const LOOPS: [&str; 6] = ["loopa", "loopb", "loopc", "loopd", "loope", "loopf"];

/// Plays a scene for every pair of paths while the loops run, and they run on.
#[track_caller]
fn among_endless_loops(play: impl Fn(&Scene<'_>)) {
    let stage = Stage::with(|builder| builder.workers(WORKERS));
    // A component beside a core module.
    let loops = stage.scene(1);
    for role in LOOPS {
        for (path, kind) in BOTH_PATHS.into_iter().zip(["x", "y"]) {
            let role = format!("{role}{kind}");
            loops.enters(path, &role, "say looping then spin", |_| ());
            loops.hears(&role, "say=ok:looping");
        }
    }
    for number in 0..PAIRS.len() {
        play(&stage.scene(number));
    }
    let events = stage.scenario.recorder.events();
    let ended = events.iter().filter_map(exit);
    let ended: Vec<_> = ended
        .filter(|exit| exit.component.starts_with("loop"))
        .collect();
    assert!(ended.is_empty(), "{ended:?}");
}

/// Messages and requests go to and fro.
#[test]
fn endless_loops_on_every_worker_leave_room_for_a_conversation() {
    among_endless_loops(|scene| {
        scene.second("echo", "echo");
        let calls = ["call @echo 1 - well?"; 50].join(" then ");
        scene.first("caller", &format!("rounds @echo 100 then {calls}"));
        let lines = scene.reports("caller");
        assert_eq!(lines[0], "rounds=ok:100");
        assert_eq!(lines[1..], ["call=ok:well?"; 50]);
    });
}

/// Time-outs and timers come, and processes start, run and end.
#[test]
fn endless_loops_on_every_worker_leave_room_for_timers_and_starts() {
    among_endless_loops(|scene| {
        scene.first(
            "busy",
            "receive-within 20 then timer-early 20 then relay $second 10 then sleep 20 then say done",
        );
        scene.reports_all(
            "busy",
            &[
                "receive-within=error:timeout",
                "timer-early=ok:false",
                "relay=ok:10",
                "sleep=ok",
                "say=ok:done",
            ],
        );
    });
}

/// A kill and an exit signal end one loop among others, and who watches it is told.
#[test]
fn endless_loops_on_every_worker_do_not_keep_one_of_them_from_its_end() {
    among_endless_loops(|scene| {
        for (deed, reason) in [
            ("kill @victim", ExitReason::Killed),
            ("signal @victim error: enough", ExitReason::error("enough")),
        ] {
            scene.second("victim", "say looping then spin");
            scene.hears("victim", "say=ok:looping");
            scene.first(
                "killer",
                &format!("monitor @victim then {deed} then receive-down"),
            );
            scene.reports_last(
                "killer",
                &[&format!("receive-down=ok:down #victim {reason}")],
            );
            scene.ends_with("victim", reason);
        }
    });
}

/// A supervisor restarts a child that crashes, one that loops and is killed, and stops one that loops.
#[test]
fn endless_loops_on_every_worker_leave_room_for_a_supervisor() {
    among_endless_loops(|scene| {
        let (first, second) = scene.paths();
        // One app per path is enough.
        if first != second {
            return;
        }
        let scenario = &scene.stage.scenario;
        let (crashing, looping) = (
            format!("crash-{}", program(first)),
            format!("spin-{}", program(first)),
        );
        let manifest = [
            component(&crashing, "", "receive then unreachable"),
            component(&looping, "", "say now then spin"),
            format!(
                "[supervisors.house]\nmax-restarts = 100\nchildren = [{{ component = \"{crashing}\" }}, {{ component = \"{looping}\" }}]"
            ),
        ];
        let app = boot(scenario, first, &manifest.join("\n"));
        for start in 1..=3 {
            let child = scenario.recorder.wait_for_start(&crashing, start);
            scene.stage.desk.send(child, 1, "go");
            let child = scenario.recorder.wait_for_start(&looping, start);
            scenario.recorder.wait_for_lines(&looping, start);
            scenario.runtime.node().kill(child);
        }
        scenario.recorder.wait_for_start(&crashing, 4);
        scenario.recorder.wait_for_start(&looping, 4);
        app.stop();
        assert!(matches!(app.wait(), AppEnd::Stopped));
        let events = scenario.recorder.events();
        let stopped = events.iter().filter_map(|event| {
            let SupervisorEvent::ChildStopped { id, reason, .. } = supervision(event)? else {
                return None;
            };
            (**id == *looping).then(|| reason.clone())
        });
        assert_eq!(stopped.collect::<Vec<_>>(), [ExitReason::Shutdown]);
    });
}
