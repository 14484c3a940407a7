//! Receiving (statements 022 to 029).

use crate::stage::{for_all_pairs, for_both_paths};
use rusm_core::ExitReason;

/// The oldest of several tags, of one sender, or of one monitor is taken; the others stay in their order.
#[test]
fn selective() {
    for_all_pairs(|scene| {
        scene.second("mortal", "receive then exit error: x");
        scene.first(
            "picky",
            "monitor @mortal then say ready then receive-tag 99 then send @mortal 1 go then receive-down then
            receive-tag 4,2 then receive-tag 4,2 then receive-from #desk then receive then receive then receive-within 0",
        );
        scene.hears("picky", "say=ok:ready");
        scene.second(
            "friend",
            "send @picky 1 a then send @picky 2 b then send @picky 3 c then send @picky 4 d",
        );
        scene.reports("friend");
        scene.tell("picky", 5, "e");
        scene.tell("picky", 99, "go");
        scene.reports_last(
            "picky",
            &[
                "receive-tag=ok:message #desk 99 go",
                "send=ok",
                "receive-down=ok:down #mortal error: x",
                "receive-tag=ok:message #friend 2 b",
                "receive-tag=ok:message #friend 4 d",
                "receive-from=ok:message #desk 5 e",
                "receive=ok:message #friend 1 a",
                "receive=ok:message #friend 3 c",
                "receive-within=error:timeout",
            ],
        );
    });
}

/// A thousand times a match comes while the receiver waits, or just before, among others that do not match.
#[test]
fn wake_on_match() {
    for_all_pairs(|scene| {
        scene.second("echo", "echo");
        scene.first("waiting", "rounds @echo 1000");
        scene.second("noise", "flood @waiting 7 1000 8");
        scene.reports_all("waiting", &["rounds=ok:1000"]);
    });
}

/// Without time the whole mailbox is looked through: a match is found behind others, and none is no wait.
#[test]
fn after_zero() {
    for_both_paths(|scene| {
        scene.first(
            "hasty",
            "receive-within 0 then send self 1 a then send self 2 b then send self 3 c then
            receive-within 0 3 then receive-within 0 9 then receive-within 0 then receive-within 0",
        );
        scene.reports_last(
            "hasty",
            &[
                "receive-within=ok:message #hasty 3 c",
                "receive-within=error:timeout",
                "receive-within=ok:message #hasty 1 a",
                "receive-within=ok:message #hasty 2 b",
            ],
        );
    });
}

/// With many that wait at once, nobody's time is over early by its own clock.
#[test]
fn after_not_early() {
    for_both_paths(|scene| {
        let roles: Vec<String> = ('a'..='t')
            .map(|letter| format!("waiting{letter}"))
            .collect();
        for role in &roles {
            scene.first(
                role,
                "receive-within 1 then receive-within 7 then receive-within 30",
            );
        }
        for role in &roles {
            scene.reports_all(role, &["receive-within=error:timeout"; 3]);
        }
    });
}

/// Others that do not match go on coming for as long as the receiver waits, and it is over all the same, and not early.
#[test]
fn after_no_restart() {
    for_all_pairs(|scene| {
        scene.first(
            "waiting",
            "receive-tag 1 then receive-within 50 9 then receive-tag 1 then send @pest 1 stop",
        );
        scene.second("pest", "pester @waiting 1");
        scene.reports("pest");
        let lines = scene.reports("waiting");
        assert_eq!(lines[1], "receive-within=error:timeout", "{lines:#?}");
    });
}

/// No time is too long, and none at all waits for ever.
#[test]
fn after_bad_value() {
    for_both_paths(|scene| {
        let longest = u64::MAX;
        for ms in [1 << 32, 1 << 63, longest] {
            scene.first(
                "patient",
                &format!("receive-within {ms} then call @helper 1 {ms} question"),
            );
            scene.second(
                "helper",
                "send @patient 1 hello then receive then reply answer",
            );
            scene.reports("helper");
            scene.reports_all(
                "patient",
                &[
                    "receive-within=ok:message #helper 1 hello",
                    "call=ok:answer",
                ],
            );
        }
    });
}

/// A mailbox full of others is no hindrance to a reply.
#[test]
fn fresh_ref_cheap() {
    for_all_pairs(|scene| {
        scene.second("service", "echo");
        let calls = ["call @service 1 - well?"; 20].join(" then ");
        scene.first(
            "busy",
            &format!("flood self 7 20000 8 then {calls} then drain"),
        );
        let lines = scene.reports("busy");
        assert!(
            lines[0].starts_with("flood=error:after 10000: "),
            "{lines:#?}"
        );
        assert_eq!(lines[1..21], ["call=ok:well?"; 20]);
        assert_eq!(lines[21], "drain=ok:10000");
    });
}

/// Who waits a millisecond again and again ends for the signal's reason, at whatever moment it comes.
#[test]
fn exit_beats_timeout() {
    for_all_pairs(|scene| {
        for n in 0..5 {
            scene.second("victim", "say now then doze");
            scene.hears("victim", "say=ok:now");
            scene.first(
                "killer",
                &format!("receive-within {n} then signal @victim error: enough"),
            );
            scene.ends_with("victim", ExitReason::error("enough"));
            scene.reports("killer");
        }
    });
}
