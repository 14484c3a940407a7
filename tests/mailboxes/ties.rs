//! Links, monitors and signals.

use super::{PAIRS, Stage, number};
use crate::support::BOTH_PATHS;
use rusm_core::ExitReason;

/// After the end of a monitor nothing is heard of it; another monitor is told once (pitfall 6).
#[test]
fn a_monitor_that_was_ended_is_silent() {
    for (path, other) in PAIRS {
        let stage = Stage::new();
        let victim = stage.enters(other, "victim", "forget");
        let pid = number(&victim);
        let script = format!(
            "monitor {pid} then demonitor then monitor {pid} then kill {pid} then receive then receive-within 0"
        );
        let lines = stage.plays(path, "watcher", &script);
        assert_eq!(
            lines.get(4..),
            Some(
                &[
                    format!("receive=ok:down {pid} killed"),
                    "receive-within=error:timeout".to_owned()
                ][..]
            ),
            "{lines:?}"
        );
    }
}

/// Ties to the dead are answered at once, and not with silence (pitfall 6).
#[test]
fn ties_to_the_dead_say_so() {
    for (path, other) in PAIRS {
        let stage = Stage::new();
        let gone = stage.enters(other, "gone", "say goodbye");
        stage.reports(&gone, "gone");
        let pid = number(&gone);
        let lines = stage.plays(
            path,
            "late",
            &format!("monitor {pid} then receive then trap-exits on then link {pid} then receive"),
        );
        assert_eq!(
            lines.get(1),
            Some(&format!("receive=ok:down {pid} no-process"))
        );
        assert_eq!(
            lines.get(4),
            Some(&format!("receive=ok:exit {pid} no-process"))
        );
        let naive = stage.enters(path, "naive", &format!("link {pid} then forget"));
        assert_eq!(stage.end_of(&naive), ExitReason::NoProcess);
    }
}

/// Who does not trap dies of the same reason, and of `normal` not at all (pitfall 7).
#[test]
fn a_link_passes_the_reason_on() {
    for (path, other) in PAIRS {
        for (deed, reason) in [
            ("exit error: broken", Some(ExitReason::error("broken"))),
            ("exit shutdown", Some(ExitReason::Shutdown)),
            ("say done", None),
        ] {
            let stage = Stage::new();
            let first = stage.enters(other, "first", &format!("receive then {deed}"));
            let second = stage.enters(path, "second", "link first then say tied then receive");
            stage.hears("second", "say=ok:tied");
            stage.desk.send(first.pid(), 1, "go");
            match reason {
                Some(reason) => assert_eq!(stage.end_of(&second), reason),
                None => {
                    assert_eq!(stage.end_of(&first), ExitReason::Normal);
                    stage.desk.send(second.pid(), 1, "go");
                    assert_eq!(stage.end_of(&second), ExitReason::Normal);
                }
            }
        }
    }
}

#[test]
fn an_untied_process_is_left_alone() {
    for (path, other) in PAIRS {
        let stage = Stage::new();
        stage.enters(other, "victim", "forget");
        let lines = stage.plays(path, "friend", "link victim then unlink victim then monitor victim then kill victim then receive then say alive");
        assert_eq!(
            lines.last().map(String::as_str),
            Some("say=ok:alive"),
            "{lines:?}"
        );
    }
}

/// What a signal does depends on its reason and on whether its receiver traps.
#[test]
fn a_signal_is_trapped_unless_it_kills() {
    for (path, other) in PAIRS {
        let stage = Stage::new();
        let trapping = stage.enters(
            other,
            "trapping",
            "trap-exits on then say ready then receive then receive then forget",
        );
        stage.hears("trapping", "say=ok:ready");
        let script =
            "signal trapping shutdown then signal trapping normal then signal trapping killed";
        let sender = stage.enters(path, "sender", script);
        assert_eq!(stage.reports(&sender, "sender"), ["signal=ok"; 3]);
        assert_eq!(stage.end_of(&trapping), ExitReason::Killed);
        let lines = stage.scenario.recorder.lines("trapping");
        let sender = number(&sender);
        // The kill may come before it has looked at the others.
        let heard = [
            format!("receive=ok:exit {sender} shutdown"),
            format!("receive=ok:exit {sender} normal"),
        ];
        assert!(
            lines
                .iter()
                .skip(2)
                .zip(&heard)
                .all(|(line, expected)| line == expected),
            "{lines:?}"
        );

        let plain = stage.enters(other, "plain", "receive then forget");
        let script = "signal plain normal then send plain 1 go then signal plain error: enough";
        stage.plays(path, "another", script);
        assert_eq!(stage.end_of(&plain), ExitReason::error("enough"));
    }
}

/// Each trapped signal is one event, in order.
#[test]
fn trapped_signals_arrive_in_order() {
    for path in BOTH_PATHS {
        let stage = Stage::new();
        let trapping = stage.enters(
            path,
            "trapping",
            "trap-exits on then say ready then receive then receive then trap-exits off",
        );
        stage.hears("trapping", "say=ok:ready");
        let sender = stage.enters(
            path,
            "sender",
            "signal trapping shutdown then signal trapping error: two",
        );
        stage.reports(&sender, "sender");
        let lines = stage.reports(&trapping, "trapping");
        let sender = number(&sender);
        let expected = [
            "trap-exits=ok:off".to_owned(),
            "say=ok:ready".to_owned(),
            format!("receive=ok:exit {sender} shutdown"),
            format!("receive=ok:exit {sender} error: two"),
            "trap-exits=ok:on".to_owned(),
        ];
        assert_eq!(lines, expected);
    }
}
