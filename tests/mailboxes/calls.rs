//! Requests and replies.

use super::{PAIRS, Stage, number};
use crate::support::BOTH_PATHS;
use rusm_core::ExitReason;

#[test]
fn a_call_gets_its_reply() {
    for (path, other) in PAIRS {
        let stage = Stage::new();
        let service = stage.enters(other, "service", "echo");
        let script = format!(
            "call service 5 - by name then call {} 5 60000 by pid then call service 5 -",
            number(&service)
        );
        assert_eq!(
            stage.plays(path, "caller", &script),
            ["call=ok:by name", "call=ok:by pid", "call=ok"]
        );
    }
}

/// A reply belongs to its request: a message that comes first stays one (pitfalls 1 and 2).
#[test]
fn only_the_reply_ends_a_call() {
    for (path, other) in PAIRS {
        let stage = Stage::new();
        let service = stage.enters(
            other,
            "service",
            "receive then receive-tag 9 then reply right",
        );
        let caller = stage.enters(path, "caller", "call service 5 - question then receive");
        stage.hears(
            "service",
            &format!("receive=ok:request {} 5 question", number(&caller)),
        );
        stage.desk.send(caller.pid(), 5, "wrong");
        stage.desk.send(service.pid(), 9, "go on");
        let desk = stage.desk.pid().as_u64();
        assert_eq!(
            stage.reports(&caller, "caller"),
            [
                "call=ok:right".to_owned(),
                format!("receive=ok:message {desk} 5 wrong")
            ]
        );
    }
}

/// Who gave up waiting hears nothing more of it: the reply would have come before the message (pitfall 2).
#[test]
fn a_late_reply_is_never_delivered() {
    for (path, other) in PAIRS {
        let stage = Stage::new();
        let service = stage.enters(
            other,
            "service",
            "receive then receive-tag 9 then reply late then send caller 8 after",
        );
        let caller = stage.enters(
            path,
            "caller",
            "call service 5 20 question then send service 9 now then receive then receive-within 0",
        );
        let expected = [
            "call=error:no reply within the time given".to_owned(),
            "send=ok".to_owned(),
            format!("receive=ok:message {} 8 after", number(&service)),
            "receive-within=error:timeout".to_owned(),
        ];
        assert_eq!(stage.reports(&caller, "caller"), expected);
    }
}

/// A second answer goes nowhere.
#[test]
fn a_request_is_answered_once() {
    for (path, other) in PAIRS {
        let stage = Stage::new();
        let service = stage.enters(
            other,
            "service",
            "receive then reply one then reply two then send sender 8 after",
        );
        let lines = stage.plays(
            path,
            "caller",
            "call service 5 - question then receive then receive-within 0",
        );
        let expected = [
            "call=ok:one".to_owned(),
            format!("receive=ok:message {} 8 after", number(&service)),
            "receive-within=error:timeout".to_owned(),
        ];
        assert_eq!(lines, expected);
    }
}

#[test]
fn a_call_ends_with_its_callee() {
    for (path, other) in PAIRS {
        let stage = Stage::new();
        let service = stage.enters(other, "service", "receive then exit error: gave up");
        let ended = "call=error:no reply: the process called ended";
        let script = format!(
            "call service 5 - question then call {} 5 - still there? then call service 5 - anybody? then call self 5 - me",
            number(&service)
        );
        let lines = stage.plays(path, "caller", &script);
        assert_eq!(stage.end_of(&service), ExitReason::error("gave up"));
        assert_eq!(
            lines.get(..2),
            Some(
                &[
                    format!("{ended} (error: gave up)"),
                    format!("{ended} (no-process)")
                ][..]
            )
        );
        assert_eq!(lines.get(2), Some(&format!("{ended} (no-process)")));
        assert!(
            lines
                .get(3)
                .is_some_and(|line| line.starts_with(&format!("{ended} (error: "))),
            "{lines:?}"
        );
    }
}

/// A request waits in the mailbox like a message, and is bounded like one.
#[test]
fn a_call_to_a_full_mailbox_is_refused() {
    for path in BOTH_PATHS {
        let stage = Stage::new();
        let full = stage.enters(path, "full", "receive-tag 99");
        let script = "flood full 1 1000000 4 then call full 5 - question";
        let lines = stage.plays(path, "caller", script);
        assert!(
            matches!(&*lines, [flood, call] if flood.contains("mailbox is full") && call == "call=error:cannot call: the receiver's mailbox is full"),
            "{lines:?}"
        );
        full.kill();
    }
}
