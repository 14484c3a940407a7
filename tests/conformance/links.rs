//! Links (statements 041 to 049).

use crate::stage::for_all_pairs;
use rusm_core::ExitReason;

/// Whichever end dies, and whoever made the link, the other dies of the same, and so do those behind it.
#[test]
fn link_both_ways() {
    for_all_pairs(|scene| {
        for (dying, others) in [("one", ["two", "three"]), ("three", ["two", "one"])] {
            scene.second("one", "receive then exit error: broken");
            scene.first("two", "link @one then say tied then forget");
            scene.hears("two", "say=ok:tied");
            scene.second(
                "three",
                "link @two then say tied then receive then exit error: broken",
            );
            scene.hears("three", "say=ok:tied");
            scene.tell(dying, 1, "go");
            scene.ends_with(dying, ExitReason::error("broken"));
            for other in others {
                scene.ends_with(other, ExitReason::error("broken"));
            }
        }
    });
}

/// An orderly end leaves a peer alone, and is told to one that traps.
#[test]
fn link_normal() {
    for_all_pairs(|scene| {
        scene.second("leaving", "receive then say goodbye");
        scene.first(
            "naive",
            "link @leaving then say tied then receive then say alive",
        );
        scene.hears("naive", "say=ok:tied");
        scene.first(
            "trapping",
            "trap-exits on then link @leaving then send @leaving 1 go then receive",
        );
        scene.reports_last("trapping", &["receive=ok:exit #leaving normal"]);
        scene.tell("naive", 1, "go");
        scene.reports_last("naive", &["say=ok:alive"]);
    });
}

/// Two links are one, and one unlink of either side ends it.
#[test]
fn link_once() {
    for_all_pairs(|scene| {
        scene.second("victim", "forget");
        scene.first(
            "friend",
            "link @victim then link @victim then unlink @victim then monitor @victim then kill @victim then receive-down then say alive",
        );
        scene.reports_last(
            "friend",
            &["receive-down=ok:down #victim killed", "say=ok:alive"],
        );
        scene.second("friend", "receive-tag 1 then link @victim then send @victim 1 go then receive-tag 2 then say alive");
        scene.first(
            "victim",
            "link @friend then send @friend 1 now then receive then unlink @friend then exit error: x",
        );
        scene.ends_with("victim", ExitReason::error("x"));
        scene.tell("friend", 2, "it is over");
        scene.reports_last("friend", &["say=ok:alive"]);
    });
}

/// After the unlink nothing comes of that link; a notice that was there before stays.
#[test]
fn unlink_final() {
    for_all_pairs(|scene| {
        scene.second("victim", "forget");
        scene.first(
            "friend",
            "trap-exits on then link @victim then unlink @victim then monitor @victim then kill @victim then receive-down then receive-within 0",
        );
        scene.reports_last(
            "friend",
            &[
                "receive-down=ok:down #victim killed",
                "receive-within=error:timeout",
            ],
        );
        scene.second("victim", "forget");
        scene.first(
            "friend",
            "trap-exits on then link #victim then kill #victim then receive-tag 1 then unlink #victim then receive-within 0",
        );
        scene.ends_with("victim", ExitReason::Killed);
        scene.tell("friend", 1, "it is over");
        scene.reports_last(
            "friend",
            &["unlink=ok", "receive-within=ok:exit #victim killed"],
        );
    });
}

/// A link to oneself, and the end of a link that never was, are nothing.
#[test]
fn link_noops() {
    for_all_pairs(|scene| {
        scene.second("gone", "say goodbye");
        scene.reports("gone");
        scene.second("stranger", "forget");
        scene.first(
            "subject",
            "link self then unlink self then unlink @stranger then unlink #gone then
            trap-exits on then link self then receive-within 0",
        );
        scene.reports_last(
            "subject",
            &[
                "trap-exits=ok:off",
                "link=ok",
                "receive-within=error:timeout",
            ],
        );
    });
}

/// A link to the dead is an exit signal at once: a notice to who traps, and the end of who does not.
#[test]
fn link_dead() {
    for_all_pairs(|scene| {
        scene.second("gone", "say goodbye");
        scene.reports("gone");
        scene.first(
            "late",
            "trap-exits on then link #gone then receive-within 0 then receive-within 0",
        );
        scene.reports_last(
            "late",
            &[
                "receive-within=ok:exit #gone no-process",
                "receive-within=error:timeout",
            ],
        );
        scene.first("naive", "link #gone then say alive");
        scene.ends_with("naive", ExitReason::NoProcess);
        assert_eq!(scene.lines("naive"), [""; 0]);
    });
}

/// One end of life is one notice, however often the link was made and undone, and from whichever side.
#[test]
fn link_one_notice() {
    for_all_pairs(|scene| {
        scene.first(
            "friend",
            "trap-exits on then receive then link @victim then unlink @victim then link @victim then link @victim then
            monitor @victim then kill @victim then receive-tag 2 then receive then receive then drain",
        );
        scene.second("victim", "link @friend then send @friend 1 go then forget");
        scene.ends_with("victim", ExitReason::Killed);
        scene.tell("friend", 2, "it is over");
        let lines = scene.reports("friend");
        let mut notices = lines[9..11].to_vec();
        notices.sort();
        assert_eq!(
            notices,
            [
                "receive=ok:down #victim killed",
                "receive=ok:exit #victim killed"
            ]
        );
        assert_eq!(lines[11], "drain=ok:0");
    });
}

/// Ties that were undone count no longer: a process can tie and untie more often than it may hold ties at once.
#[test]
fn link_mon_cleanup() {
    for_all_pairs(|scene| {
        scene.second("peer", "echo");
        scene.first(
            "busy",
            "hammer links @peer 70000 then hammer monitors @peer 70000 then rounds @peer 1",
        );
        scene.reports_all(
            "busy",
            &["hammer=ok:70000", "hammer=ok:70000", "rounds=ok:1"],
        );
    });
}

/// The end of a process with many links reaches all of them, and others go on.
#[test]
fn link_fanout() {
    const PEERS: usize = 100;
    for_all_pairs(|scene| {
        scene.second("bystander", "echo");
        let spawn = "spawn $second link monitor args forget";
        scene.first(
            "hub",
            &format!(
                "{} then say tied then receive then exit error: spent",
                [spawn; PEERS].join(" then ")
            ),
        );
        scene.hears("hub", "say=ok:tied");
        let peers: Vec<u64> = scene
            .lines("hub")
            .iter()
            .filter_map(|line| line.strip_prefix("spawn=ok:")?.parse().ok())
            .collect();
        assert_eq!(peers.len(), PEERS);
        scene.tell("hub", 1, "go");
        for peer in peers {
            let peer = rusm_core::Pid::from_u64(peer).expect("it is a pid");
            let reason = scene.stage.scenario.recorder.wait_for_end(peer).reason;
            assert_eq!(reason, ExitReason::error("spent"));
        }
        scene.first("friend", "rounds @bystander 10");
        scene.reports_all("friend", &["rounds=ok:10"]);
    });
}
