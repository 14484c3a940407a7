//! Monitors (statements 050 to 059).

use crate::stage::for_all_pairs;
use rusm_core::ExitReason;

/// Any end gives a notice of that monitor, with who ended and why.
#[test]
fn mon_down() {
    for_all_pairs(|scene| {
        for (deed, reason) in [
            ("say done", "normal"),
            ("exit shutdown", "shutdown"),
            ("exit error: x", "error: x"),
            ("exit killed", "killed"),
            ("exit limit: output", "limit: output"),
        ] {
            scene.second("victim", &format!("receive then {deed}"));
            scene.first(
                "watcher",
                "monitor @victim then send @victim 1 go then receive-down",
            );
            scene.reports_last(
                "watcher",
                &[&format!("receive-down=ok:down #victim {reason}")],
            );
        }
    });
}

/// Each monitor fires once, whatever else watches the same process.
#[test]
fn mon_once() {
    for_all_pairs(|scene| {
        scene.second("victim", "forget");
        scene.first(
            "watcher",
            "monitor @victim then monitor @victim then monitor @victim then kill @victim then
            receive then receive then receive then receive-within 0 then drain",
        );
        scene.reports_last(
            "watcher",
            &[
                "receive=ok:down #victim killed",
                "receive=ok:down #victim killed",
                "receive=ok:down #victim killed",
                "receive-within=error:timeout",
                "drain=ok:0",
            ],
        );
    });
}

/// A monitor of the dead fires at once.
#[test]
fn mon_dead() {
    for_all_pairs(|scene| {
        scene.second("gone", "say goodbye");
        scene.reports("gone");
        scene.first(
            "late",
            "monitor #gone then receive-within 0 then receive-within 0",
        );
        scene.reports_all(
            "late",
            &[
                "monitor=ok",
                "receive-within=ok:down #gone no-process",
                "receive-within=error:timeout",
            ],
        );
    });
}

/// A watcher's end is nothing to whom it watched, and the end of who is watched does not end a watcher.
#[test]
fn mon_oneway() {
    for_all_pairs(|scene| {
        scene.second("watched", "receive-tag 1 then exit error: x");
        scene.first("crashing", "monitor @watched then exit error: first");
        scene.ends_with("crashing", ExitReason::error("first"));
        scene.first(
            "watcher",
            "monitor @watched then send @watched 1 go then receive-down then say alive",
        );
        scene.reports_last(
            "watcher",
            &["receive-down=ok:down #watched error: x", "say=ok:alive"],
        );
    });
}

/// Watching oneself never fires, and ending a monitor twice is ending it once.
#[test]
fn mon_noops() {
    for_all_pairs(|scene| {
        scene.second("victim", "forget");
        scene.first(
            "watcher",
            "monitor self then demonitor then demonitor then monitor self then monitor @victim then demonitor then demonitor then
            kill @victim then monitor #victim then receive-down then receive-within 0",
        );
        let lines = scene.reports("watcher");
        assert!(
            lines[9].starts_with("receive-down=ok:down #victim "),
            "{lines:#?}"
        );
        assert_eq!(lines[10], "receive-within=error:timeout");
    });
}

/// A monitor is of the process that had the name: a later holder is not watched.
#[test]
fn mon_name() {
    for_all_pairs(|scene| {
        scene.second(
            "holder",
            "receive then unregister @holder then say freed then forget",
        );
        scene.first("watcher", "monitor @holder then send @holder 1 go then receive-tag 1 then receive-within 0 then receive");
        scene.hears("holder", "say=ok:freed");
        scene.second(
            "heir",
            "unregister @heir then register @holder then exit error: x",
        );
        scene.ends_with("heir", ExitReason::error("x"));
        scene.tell("watcher", 1, "go");
        scene.hears("watcher", "receive-within=error:timeout");
        scene.dismiss("holder");
        scene.reports_last(
            "watcher",
            &[
                "receive-within=error:timeout",
                "receive=ok:down #holder killed",
            ],
        );
    });
}

/// When the notice is read the name is free, and can be had.
#[test]
fn mon_name_free() {
    for_all_pairs(|scene| {
        for deed in ["kill @holder", "signal @holder error: x"] {
            scene.second("holder", "forget");
            scene.first(
                "heir",
                &format!("unregister @heir then monitor @holder then {deed} then receive-down then whereis @holder then register @holder then whereis @holder"),
            );
            scene.reports_last(
                "heir",
                &["whereis=ok:none", "register=ok", "whereis=ok:#heir"],
            );
        }
    });
}

/// After the monitor is ended nothing comes of it.
#[test]
fn demon_final() {
    for_all_pairs(|scene| {
        scene.second("victim", "forget");
        scene.first(
            "watcher",
            "monitor @victim then demonitor then monitor @victim then kill @victim then receive-down then receive-within 0",
        );
        scene.reports_last(
            "watcher",
            &[
                "receive-down=ok:down #victim killed",
                "receive-within=error:timeout",
            ],
        );
    });
}

/// A notice that waits goes with its monitor.
#[test]
fn demon_flush() {
    for_all_pairs(|scene| {
        scene.second("victim", "forget");
        scene.first(
            "watcher",
            "trap-exits on then link @victim then monitor @victim then say watching then receive-tag 1 then
            demonitor then receive then receive-within 0",
        );
        scene.hears("watcher", "say=ok:watching");
        scene.dismiss("victim");
        scene.ends_with("victim", ExitReason::Killed);
        scene.tell("watcher", 1, "go");
        scene.reports_last(
            "watcher",
            &[
                "demonitor=ok",
                "receive=ok:exit #victim killed",
                "receive-within=error:timeout",
            ],
        );
    });
}
