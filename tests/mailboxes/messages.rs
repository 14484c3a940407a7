//! Sending and receiving: order, selection, size, bounds.

use super::{PAIRS, Stage, number};
use crate::support::BOTH_PATHS;
use rusm_core::ExitReason;

/// The oldest match is taken and the others stay, in order (pitfall 4).
#[test]
fn a_selective_receive_leaves_the_others_in_order() {
    for path in BOTH_PATHS {
        let stage = Stage::new();
        let script = "receive-tag 3 then receive then receive-tag 5 then receive then receive then receive-within 0";
        let picky = stage.enters(path, "picky", script);
        for (tag, text) in [(1, "a"), (2, "b"), (3, "c"), (4, "d"), (5, "e")] {
            stage.desk.send(picky.pid(), tag, text);
        }
        let desk = stage.desk.pid().as_u64();
        let taken = [
            ("receive-tag", 3, "c"),
            ("receive", 1, "a"),
            ("receive-tag", 5, "e"),
            ("receive", 2, "b"),
            ("receive", 4, "d"),
        ];
        let mut expected = taken
            .map(|(step, tag, text)| format!("{step}=ok:message {desk} {tag} {text}"))
            .to_vec();
        expected.push("receive-within=error:timeout".to_owned());
        assert_eq!(stage.reports(&picky, "picky"), expected);
    }
}

#[test]
fn a_receive_can_wait_for_one_sender() {
    for (path, other) in PAIRS {
        let stage = Stage::new();
        let choosy = stage.enters(
            path,
            "choosy",
            "receive-tag 1 then receive-from friend then receive",
        );
        let friend = stage.enters(
            other,
            "friend",
            "receive then send choosy 7 from a friend then receive",
        );
        stage.desk.send(choosy.pid(), 7, "from the desk");
        stage.desk.send(choosy.pid(), 1, "go");
        stage.desk.send(friend.pid(), 1, "go");
        let lines = stage.reports(&choosy, "choosy");
        let desk = stage.desk.pid().as_u64();
        let expected = [
            format!("receive-tag=ok:message {desk} 1 go"),
            format!(
                "receive-from=ok:message {} 7 from a friend",
                number(&friend)
            ),
            format!("receive=ok:message {desk} 7 from the desk"),
        ];
        assert_eq!(lines, expected);
    }
}

/// Whole or not at all, whatever room the receiver had (pitfall 3).
#[test]
fn bytes_arrive_whole() {
    const SIZES: [u32; 9] = [0, 1, 31, 4_095, 4_096, 4_097, 65_536, 1_000_003, 5_000_000];
    for (from, to) in PAIRS {
        let stage = Stage::new();
        let receiver = stage.enters(to, "receiver", &["receive-sum"; SIZES.len()].join(" then "));
        let sends = SIZES.map(|size| format!("send-sum receiver 1 {size}"));
        assert_eq!(
            stage.plays(from, "sender", &sends.join(" then ")),
            ["send-sum=ok"; SIZES.len()]
        );
        let expected = SIZES.map(|size| format!("receive-sum=ok:{size} whole"));
        assert_eq!(stage.reports(&receiver, "receiver"), expected);
    }
}

#[test]
fn a_payload_over_the_bound_is_an_answer() {
    for path in BOTH_PATHS {
        let lines = Stage::new().plays(
            path,
            "greedy",
            "send-bytes self 1 16777217 then receive-within 0",
        );
        let expected = [
            "send-bytes=error:cannot send: the payload is larger than the node accepts",
            "receive-within=error:timeout",
        ];
        assert_eq!(lines, expected);
    }
}

/// A full mailbox refuses, and what was in it stays. News needs no room.
#[test]
fn a_full_mailbox_sheds_what_comes_next() {
    for (from, to) in PAIRS {
        let stage = Stage::new();
        let desk = stage.desk.pid().as_u64();
        let script = format!("trap-exits on then say ready then receive-from {desk} then drain");
        let slow = stage.enters_with(to, "slow", &script, |limits| {
            limits.max_mailbox_messages = 10
        });
        stage.hears("slow", "say=ok:ready");
        let lines = stage.plays(from, "eager", "flood slow 1 20 4 then send slow 2 more");
        let full = "cannot send: the receiver's mailbox is full";
        assert_eq!(
            lines,
            [
                format!("flood=error:after 10: {full}"),
                format!("send=error:{full}")
            ]
        );
        let to = slow.pid();
        stage
            .desk
            .does(move |context| context.exit_signal(to, ExitReason::Shutdown));
        let lines = stage.reports(&slow, "slow");
        assert_eq!(
            lines.get(2..),
            Some(
                &[
                    format!("receive-from=ok:exit {desk} shutdown"),
                    "drain=ok:10".to_owned()
                ][..]
            )
        );
    }
}

/// A pid that is gone swallows; a name that nobody holds is told.
#[test]
fn sending_to_nobody() {
    for path in BOTH_PATHS {
        let stage = Stage::new();
        let gone = stage.enters(path, "gone", "say goodbye");
        stage.reports(&gone, "gone");
        let lines = stage.plays(
            path,
            "late",
            &format!("send {} 1 hello then send gone 1 hello", number(&gone)),
        );
        assert_eq!(
            lines,
            ["send=ok", "send=error:cannot send: nobody holds the name"]
        );
    }
}

/// A process's last words arrive before the news of its death.
#[test]
fn last_words_come_before_the_news() {
    for (path, other) in PAIRS {
        let stage = Stage::new();
        let dying = stage.enters(
            other,
            "dying",
            "receive then send heir 1 the key is then send heir 1 lost then exit error: spent",
        );
        let script = format!(
            "monitor dying then send dying 1 go then {}",
            ["receive"; 3].join(" then ")
        );
        let lines = stage.plays(path, "heir", &script);
        assert_eq!(stage.end_of(&dying), ExitReason::error("spent"));
        let dying = number(&dying);
        let expected = [
            "monitor=ok".to_owned(),
            "send=ok".to_owned(),
            format!("receive=ok:message {dying} 1 the key is"),
            format!("receive=ok:message {dying} 1 lost"),
            format!("receive=ok:down {dying} error: spent"),
        ];
        assert_eq!(lines, expected);
    }
}

/// What looks like news is a message to its receiver: the kind of an event is not in its bytes (pitfall 1).
#[test]
fn nobody_forges_news() {
    for (path, other) in PAIRS {
        let stage = Stage::new();
        let victim = stage.enters(other, "victim", "forget");
        let pid = number(&victim);
        let witness = stage.enters(
            path,
            "witness",
            &format!("monitor {pid} then receive then receive-within 0 then receive"),
        );
        stage.hears("witness", "monitor=ok");
        // The record of a down notice, as `abi/raw.md` has it: kind 3, whose end, no tag, a reference, reason killed.
        let mut record = [
            3_u64.to_le_bytes(),
            pid.to_le_bytes(),
            [0; 8],
            [1; 8],
            2_u64.to_le_bytes(),
        ]
        .concat();
        record.truncate(40);
        let to = witness.pid();
        stage
            .desk
            .does(move |context| context.send(to, 3, record))
            .expect("the mailbox has room");
        stage.hears("witness", "receive-within=error:timeout");
        victim.kill();
        let lines = stage.reports(&witness, "witness");
        let desk = stage.desk.pid().as_u64();
        assert!(
            lines
                .get(1)
                .is_some_and(|line| line.starts_with(&format!("receive=ok:message {desk} 3 "))),
            "{lines:?}"
        );
        assert_eq!(lines.last(), Some(&format!("receive=ok:down {pid} killed")));
    }
}
