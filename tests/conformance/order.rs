//! Messages, and the order of signals (statements 014 to 021).

use crate::stage::{for_all_pairs, for_both_paths};
use rusm_core::ExitReason;

const MANY: usize = 20_000;

/// Numbered messages arrive in the order they were sent: from one to another, and from one to itself.
#[test]
fn fifo_pair() {
    for_all_pairs(|scene| {
        let roomy = |limits: &mut rusm_caps::Limits| limits.max_mailbox_messages = 2 * MANY;
        let (first, second) = scene.paths();
        scene.enters(
            second,
            "receiver",
            &format!("receive then count-from sender {MANY}"),
            roomy,
        );
        scene.enters(
            first,
            "sender",
            &format!("send @receiver 1 first then count-to @receiver 2 {MANY} then receive"),
            roomy,
        );
        scene.reports_last("receiver", &[&format!("count-from=ok:{MANY}")]);
        scene.tell("sender", 1, "go");
        scene.reports("sender");
        scene.enters(
            first,
            "alone",
            &format!("count-to self 1 {MANY} then count-from self {MANY}"),
            roomy,
        );
        scene.reports_last("alone", &[&format!("count-from=ok:{MANY}")]);
    });
}

/// Messages and signals of one sender take effect in the order in which they were sent.
#[test]
fn order_all_signals() {
    for_all_pairs(|scene| {
        scene.second(
            "trapping",
            &format!(
                "trap-exits on then say ready then {}",
                ["receive"; 6].join(" then ")
            ),
        );
        scene.hears("trapping", "say=ok:ready");
        scene.first(
            "sender",
            "send @trapping 1 a then signal @trapping shutdown then send @trapping 1 b then link @trapping then
            unlink @trapping then signal @trapping error: c then send @trapping 1 d then link @trapping then exit error: e",
        );
        scene.reports_last(
            "trapping",
            &[
                "receive=ok:message #sender 1 a",
                "receive=ok:exit #sender shutdown",
                "receive=ok:message #sender 1 b",
                "receive=ok:exit #sender error: c",
                "receive=ok:message #sender 1 d",
                "receive=ok:exit #sender error: e",
            ],
        );
    });
}

/// What was sent after a fatal signal is never received.
#[test]
fn order_all_signals_fatal() {
    for_all_pairs(|scene| {
        for fatal in ["signal #talker error: x", "kill #talker"] {
            scene.second("talker", "watch #desk");
            scene.first(
                "sender",
                &format!("{fatal} then send #talker 1 never then monitor #talker then receive"),
            );
            scene.reports("sender");
            scene.end_of("talker");
            // The talker passes on what it receives, so this is the first that the desk hears.
            scene.second("witness", "to #desk then say nothing came");
            assert_eq!(scene.stage.desk.message().2, "say=ok:nothing came");
        }
    });
}

/// By pid or by name, the order is one.
#[test]
fn order_mixed_address() {
    for_all_pairs(|scene| {
        scene.second("receiver", &["receive"; 6].join(" then "));
        let sends: Vec<String> = (0..6)
            .map(|n| {
                let to = if n % 2 == 0 { "@receiver" } else { "#receiver" };
                format!("send {to} 1 {n}")
            })
            .collect();
        scene.first("sender", &sends.join(" then "));
        let lines = scene.reports("receiver");
        let expected: Vec<String> = (0..6)
            .map(|n| format!("receive=ok:message #sender 1 {n}"))
            .collect();
        assert_eq!(lines, expected);
    });
}

/// Whatever is sent to the dead, by message or by signal, is swallowed.
#[test]
fn send_dead_ok() {
    for_all_pairs(|scene| {
        scene.second("gone", "say goodbye");
        scene.reports("gone");
        scene.first(
            "sender",
            "send #gone 1 hello then signal #gone error: x then signal #gone killed then kill #gone then unlink #gone
            then send-after 0 #gone 1 hello then cancel-timer then receive-within 0",
        );
        scene.reports_all(
            "sender",
            &[
                "send=ok",
                "signal=ok",
                "signal=ok",
                "kill=ok",
                "unlink=ok",
                "send-after=ok",
                "cancel-timer=error:no such timer",
                "receive-within=error:timeout",
            ],
        );
    });
}

/// A name that nobody holds is an error of the sender, who goes on.
#[test]
fn send_unreg_fails() {
    for_both_paths(|scene| {
        scene.first(
            "sender",
            "send nobody 1 hello then call nobody 1 - hello then say alive",
        );
        scene.reports_all(
            "sender",
            &[
                "send=error:cannot send: nobody holds the name",
                "call=error:no reply: the process called ended (no-process)",
                "say=ok:alive",
            ],
        );
    });
}

/// A send waits for nobody: not for who computes, nor for who sleeps, nor for who has much unread.
#[test]
fn send_async() {
    for_all_pairs(|scene| {
        for doing in ["spin", "sleep 86400000", "receive-tag 99"] {
            scene.second("busy", &format!("say now then {doing}"));
            scene.hears("busy", "say=ok:now");
            scene.first("sender", "flood @busy 1 9999 8 then send @busy 1 more");
            scene.reports_all("sender", &["flood=ok:9999", "send=ok"]);
            scene.dismiss("busy");
            scene.ends_with("busy", ExitReason::Killed);
        }
    });
}

/// What a sender does to its memory afterwards does not change what was sent, and each receiver has its own.
#[test]
fn message_is_copy() {
    for_all_pairs(|scene| {
        scene.second(
            "one",
            "join @readers then say ready then receive then receive then receive",
        );
        scene.first(
            "two",
            "join @readers then say ready then receive then receive",
        );
        scene.hears("one", "say=ok:ready");
        scene.hears("two", "say=ok:ready");
        scene.first(
            "sender",
            "send-spoiled @one 1 as it was then broadcast @readers 2 for everybody then
            send-spoiled #one 3 and again then send-spoiled #two 3 and again",
        );
        scene.reports_last(
            "one",
            &[
                "receive=ok:message #sender 1 as it was",
                "receive=ok:message #sender 2 for everybody",
                "receive=ok:message #sender 3 and again",
            ],
        );
        scene.reports_last(
            "two",
            &[
                "receive=ok:message #sender 2 for everybody",
                "receive=ok:message #sender 3 and again",
            ],
        );
    });
}
