//! Creation, identity and end of life (statements 001 to 013).

use crate::mailboxes::PAIRS;
use crate::stage::{Stage, for_all_pairs, for_both_paths};
use rusm_core::ExitReason;

/// A child that never gives its worker back of its own accord, and one that traps at once, do not hold their spawner up.
#[test]
fn spawn_returns() {
    for_all_pairs(|scene| {
        scene.first(
            "spawner",
            "spawn $second monitor args spin then kill spawned then receive then
            spawn $second monitor args unreachable then receive then say alive",
        );
        let lines = scene.reports("spawner");
        let is_down = |line: &str, reason: &str| {
            line.starts_with("receive=ok:down ") && line.contains(reason)
        };
        assert!(is_down(&lines[2], "killed"), "{lines:#?}");
        assert!(is_down(&lines[4], "unreachable"), "{lines:#?}");
        assert_eq!(lines[5], "say=ok:alive");
    });
}

/// Processes that follow each other in the same place have different pids, and what is sent to an old one reaches nobody.
#[test]
fn id_not_reused() {
    for_all_pairs(|scene| {
        scene.second("gone", "say goodbye");
        scene.reports("gone");
        scene.first(
            "spawner",
            "relay $second 50 then spawn $second monitor name=@heir args receive-within 0 then
            send #gone 1 hello then signal #gone error: x then kill #gone then receive",
        );
        let lines = scene.reports("spawner");
        assert_eq!(lines[0], "relay=ok:50");
        assert_eq!(lines[2..5], ["send=ok", "signal=ok", "kill=ok"]);
        assert!(lines[5].ends_with(" normal"), "{lines:#?}");
    });
}

/// The fault's name and the frames reach whoever watches.
#[test]
fn fault_is_abnormal() {
    let faults = [
        (
            "unreachable",
            "wasm `unreachable` instruction executed, in ",
        ),
        (
            "panic so it goes",
            // What a library does between a panic and its trap is left out.
            "wasm `unreachable` instruction executed, in actor_probe::",
        ),
        ("overflow", "call stack exhausted, in "),
        ("overflow-data", ", in "),
    ];
    for_all_pairs(|scene| {
        scene.second("bystander", "echo");
        for (fault, text) in faults {
            scene.first(
                "watcher",
                &format!("spawn $second monitor args {fault} then receive"),
            );
            let lines = scene.reports("watcher");
            let reason = lines[1].split_once(" trap: ");
            let reason = reason.unwrap_or_else(|| panic!("{lines:#?}")).1;
            assert!(reason.contains(text), "{reason}");
            assert!(
                reason.contains("actor_probe"),
                "no frame of its own: {reason}"
            );
        }
        scene.first(
            "watcher",
            "spawn $second monitor memory-mb=8 args hoard then receive then rounds @bystander 1",
        );
        let lines = scene.reports("watcher");
        assert!(lines[1].ends_with(" limit: memory"), "{lines:#?}");
        assert_eq!(lines[2], "rounds=ok:1");
    });
}

/// Whole up to 4 KiB of text, and cut there: a reason is copied to every link and monitor.
#[test]
fn explicit_reason() {
    for_all_pairs(|scene| {
        for (given, seen) in [(4_096, 4_096), (100_000, 4_096)] {
            scene.second("talker", &format!("receive then exit-long {given}"));
            scene.first(
                "watcher",
                "trap-exits on then link @talker then to #desk then send @talker 1 go then receive",
            );
            let desk = &scene.stage.desk;
            assert_eq!(desk.message().2, "send=ok");
            let heard = desk.message().2;
            let text = heard
                .split_once(" error: ")
                .expect("it ended by an error")
                .1;
            assert_eq!(text, "x".repeat(seen));
            scene.ends_with("talker", ExitReason::error("x".repeat(seen)));
            // Its name is free for the next one.
            scene.ends_with("watcher", ExitReason::Normal);
        }
    });
}

/// A name that nobody declared is refused at the spawn, and code without an entry when it is loaded: there is never a child without one.
#[test]
fn spawn_missing_entry() {
    let entryless =
        ["(component)", "(module)"].map(|wat| wat::parse_str(wat).expect("it is valid"));
    for_both_paths(|scene| {
        scene.first(
            "spawner",
            "spawn nowhere then load first then load second then spawn first",
        );
        for code in entryless.clone() {
            let to = scene.pid("spawner");
            let sent = scene
                .stage
                .desk
                .does(move |context| context.send(to, 1, code));
            sent.expect("the mailbox has room");
        }
        let lines = scene.reports("spawner");
        let refused = |line: &str, text: &str| line.contains("=error:") && line.contains(text);
        assert!(refused(&lines[0], "component"), "{lines:#?}");
        assert!(refused(&lines[1], "no entry"), "{lines:#?}");
        assert!(refused(&lines[2], "no entry"), "{lines:#?}");
        assert!(refused(&lines[3], "component"), "{lines:#?}");
    });
}

/// At the limit the spawner is told, goes on, and can spawn again when somebody has ended.
#[test]
fn spawn_limit() {
    const TRIES: usize = 70;
    for number in 0..PAIRS.len() {
        let stage = Stage::with(|builder| builder.max_processes(64));
        let scene = stage.scene(number);
        scene.second("bystander", "echo");
        let spawns = ["spawn $second monitor args forget"; TRIES].join(" then ");
        let script = [
            spawns.as_str(),
            "kill spawned",
            "receive-down",
            "spawn $second args forget",
            "rounds @bystander 1",
        ];
        scene.first("spawner", &script.join(" then "));
        let lines = scene.reports("spawner");
        let (spawns, rest) = lines.split_at(TRIES);
        let n_spawned = spawns
            .iter()
            .take_while(|line| line.starts_with("spawn=ok:"))
            .count();
        assert!((16..64).contains(&n_spawned), "{n_spawned}");
        let refusals = &spawns[n_spawned..];
        assert!(
            refusals.iter().all(|line| line.starts_with("spawn=error:")),
            "{refusals:#?}"
        );
        assert_eq!(rest[0], "kill=ok");
        assert!(rest[2].starts_with("spawn=ok:"), "{rest:#?}");
        assert_eq!(rest[3], "rounds=ok:1");
    }
}

/// A child that is gone before its spawner looks has its true reason, through a link.
#[test]
fn spawn_link_atomic() {
    for_all_pairs(|scene| {
        let spawn = "spawn $second link args exit error: at once then receive";
        scene.first(
            "spawner",
            &format!("trap-exits on then {}", [spawn; 10].join(" then ")),
        );
        let lines = scene.reports("spawner");
        let notices = lines.iter().filter(|line| {
            line.starts_with("receive=ok:exit ") && line.ends_with(" error: at once")
        });
        assert_eq!(notices.count(), 10, "{lines:#?}");
        scene.first(
            "naive",
            "spawn $second link args exit error: at once then forget",
        );
        scene.ends_with("naive", ExitReason::error("at once"));
    });
}

/// And through a monitor.
#[test]
fn spawn_monitor_atomic() {
    for_all_pairs(|scene| {
        let spawn = "spawn $second monitor args exit error: at once then receive-down";
        scene.first("spawner", &[spawn; 10].join(" then "));
        let lines = scene.reports("spawner");
        let notices = lines.iter().filter(|line| {
            line.starts_with("receive-down=ok:down ") && line.ends_with(" error: at once")
        });
        assert_eq!(notices.count(), 10, "{lines:#?}");
    });
}

/// Whether its spawner ends well or badly, a child that is not linked lives on.
#[test]
fn orphan_lives() {
    for_all_pairs(|scene| {
        for (deed, orphan) in [
            ("say done", "@one"),
            ("exit error: x", "@two"),
            ("forget", "@three"),
        ] {
            scene.first(
                "parent",
                &format!("spawn $second name={orphan} args echo then say left then {deed}"),
            );
            scene.hears("parent", "say=ok:left");
            scene.dismiss("parent");
            scene.end_of("parent");
            scene.first("friend", &format!("rounds {orphan} 2 then kill {orphan}"));
            scene.reports_all("friend", &["rounds=ok:2", "kill=ok"]);
        }
    });
}

/// Who kills and then asks hears that nobody is there, also about a process in the middle of a loop.
#[test]
fn alive_after_kill() {
    for_all_pairs(|scene| {
        for doing in ["forget", "spin", "sleep 86400000"] {
            scene.second("victim", &format!("say now then {doing}"));
            scene.hears("victim", "say=ok:now");
            scene.first(
                "killer",
                "kill #victim then inspect #victim then whereis @victim then lists #victim",
            );
            scene.reports_all(
                "killer",
                &[
                    "kill=ok",
                    "inspect=ok:none",
                    "whereis=ok:none",
                    "lists=ok:0",
                ],
            );
        }
    });
}

/// When a notice is read, name and groups are free: the reader can have the name at once.
#[test]
fn resources_before_notice() {
    for_all_pairs(|scene| {
        for doing in [
            "receive then exit error: x",
            "receive then unreachable",
            "receive then spin",
        ] {
            scene.second(
                "holder",
                &format!("join @choir then say ready then {doing}"),
            );
            scene.hears("holder", "say=ok:ready");
            let kill = if doing.ends_with("spin") {
                "kill #holder"
            } else {
                "say on"
            };
            scene.first("heir", &format!("unregister @heir then trap-exits on then link #holder then send #holder 1 go then {kill} then
                receive then whereis @holder then members @choir then register @holder then inspect #holder"));
            scene.reports_last(
                "heir",
                &[
                    "whereis=ok:none",
                    "members=ok",
                    "register=ok",
                    "inspect=ok:none",
                ],
            );
        }
    });
}

/// What was not read is gone, and nobody who sent it is told.
#[test]
fn mailbox_dies() {
    for_all_pairs(|scene| {
        scene.second("victim", "receive-tag 99");
        scene.first(
            "sender",
            "trap-exits on then flood @victim 1 100 100 then monitor @victim then kill @victim then
            receive-down then send #victim 1 more then receive-within 0",
        );
        scene.reports_last(
            "sender",
            &[
                "receive-down=ok:down #victim killed",
                "send=ok",
                "receive-within=error:timeout",
            ],
        );
    });
}
