//! Timers (statements 073 to 079).

use crate::stage::{for_all_pairs, for_both_paths};

/// A timer comes once, and not early by its owner's clock.
#[test]
fn timer_once() {
    for_both_paths(|scene| {
        scene.first(
            "timed",
            "timer-early 0 then timer-early 1 then timer-early 13 then timer-early 40 then receive-within 0",
        );
        let early = "timer-early=ok:false";
        scene.reports_all(
            "timed",
            &[early, early, early, early, "receive-within=error:timeout"],
        );
    });
}

/// Taken back in time a timer answers what was left and never comes; later, twice, or never set: none.
#[test]
fn timer_cancel() {
    for_both_paths(|scene| {
        scene.first(
            "timed",
            "send-after 60000 self 4 never then cancel-timer then cancel-timer then send-after 1 self 4 now then
            receive then cancel-timer then receive-within 0",
        );
        let lines = scene.reports("timed");
        let left = lines[1]
            .strip_prefix("cancel-timer=ok:")
            .expect("it had time left");
        assert!(
            left.parse::<u64>()
                .is_ok_and(|left| (1..=60_000).contains(&left)),
            "{left}"
        );
        let none = "cancel-timer=error:no such timer";
        assert_eq!(
            lines[2..],
            [
                none,
                "send-after=ok",
                "receive=ok:message #timed 4 now",
                none,
                "receive-within=error:timeout"
            ]
        );
    });
}

/// Taken back at the moment when it is due, a timer has time left or comes, and never both or neither.
#[test]
fn timer_race() {
    for_both_paths(|scene| {
        scene.first("racer", "timer-race 300");
        scene.reports_all("racer", &["timer-race=ok:300"]);
    });
}

/// Timers of one receiver come in the order in which they are due, whatever the order they were set in.
#[test]
fn timer_order() {
    for_both_paths(|scene| {
        scene.first("timed", "timer-order 60 20 40 1 50 30 10");
        scene.reports_all("timed", &["timer-order=ok:7"]);
    });
}

/// A name that a timer is for is looked up when it is due; nobody there is no error, and a later holder is not asked before.
#[test]
fn timer_name_dest() {
    for_all_pairs(|scene| {
        scene.second("service", "receive");
        scene.first(
            "setter",
            "send-after 0 nobody 4 x then send-after 1 @service 4 tick then monitor #service then receive-down then receive-within 0",
        );
        scene.reports_all("service", &["receive=ok:message #setter 4 tick"]);
        scene.reports_last("setter", &["receive-within=error:timeout"]);
    });
}

/// No time is out of range; what is too long to come due never does, and can be taken back.
#[test]
fn timer_bad() {
    for_both_paths(|scene| {
        for ms in [1_u64 << 31, 1 << 32, 1 << 63, u64::MAX] {
            scene.first(
                "timed",
                &format!("send-after {ms} self 4 never then cancel-timer then receive-within 0"),
            );
            let lines = scene.reports("timed");
            let left = lines[1]
                .strip_prefix("cancel-timer=ok:")
                .expect("it had time left");
            let left: u64 = left.parse().expect("it is a number");
            assert!(left > 1 << 30 && left <= ms, "{left} of {ms}");
            assert_eq!(lines[2], "receive-within=error:timeout");
        }
    });
}
