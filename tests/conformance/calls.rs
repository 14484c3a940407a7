//! Requests and replies (statements 063 and 093 to 098).

use crate::stage::{for_all_pairs, for_both_paths};

/// The reply takes the watch over the callee with it: its end afterwards is no news.
#[test]
fn alias_monitor() {
    for_all_pairs(|scene| {
        scene.second("service", "receive then reply yes then exit error: x");
        scene.first("caller", "trap-exits on then call @service 1 - well? then monitor #service then receive-down then receive-within 0");
        let lines = scene.reports("caller");
        assert_eq!(lines[1], "call=ok:yes");
        assert!(
            lines[3].starts_with("receive-down=ok:down #service "),
            "{lines:#?}"
        );
        assert_eq!(lines[4], "receive-within=error:timeout");
    });
}

/// Many callers at once each get the reply to their own request, though the last is answered first.
#[test]
fn call_reply() {
    for_all_pairs(|scene| {
        scene.second("service", "answer-reversed 8");
        let callers: Vec<String> = ('a'..='h')
            .map(|letter| format!("caller{letter}"))
            .collect();
        for role in &callers {
            scene.first(role, &format!("call @service 1 - of {role}"));
        }
        for role in &callers {
            scene.reports_all(role, &[&format!("call=ok:of {role}")]);
        }
        scene.reports_all("service", &["answer-reversed=ok:8"]);
    });
}

/// A request that is handed on is answered by another, and that answer counts: the end of who was asked is no news any more.
#[test]
fn call_reply_by_another() {
    for_all_pairs(|scene| {
        scene.first(
            "helper",
            "take-over then receive-tag 1 then reply by another",
        );
        scene.second("service", "receive then hand-on @helper then receive");
        scene.first("caller", "call @service 1 - well? then receive");
        scene.hears("service", "hand-on=ok");
        scene.tell("helper", 1, "go");
        scene.reports("helper");
        scene.hears("caller", "call=ok:by another");
        scene.dismiss("service");
        scene.end_of("service");
        scene.tell("caller", 1, "go");
        scene.reports_all(
            "caller",
            &["call=ok:by another", "receive=ok:message #desk 1 go"],
        );
    });
}

/// Without an answer in time the call fails in the caller; the service still has the request, and what it answers goes nowhere.
#[test]
fn call_timeout() {
    for_all_pairs(|scene| {
        scene.second(
            "service",
            "receive-tag 9 then receive then reply late then reply later then send @caller 8 after",
        );
        scene.first(
            "caller",
            "call @service 5 20 question then call @service 5 0 another then send @service 9 now then receive then receive-within 0",
        );
        scene.reports_all(
            "caller",
            &[
                "call=error:no reply within the time given",
                "call=error:no reply within the time given",
                "send=ok",
                "receive=ok:message #service 8 after",
                "receive-within=error:timeout",
            ],
        );
        let lines = scene.reports("service");
        assert_eq!(lines[1], "receive=ok:request #caller 5 question");
    });
}

/// A reply and the end of the time given, at the same moment: it answers the call or goes nowhere, and is never a message.
#[test]
fn late_reply() {
    for_all_pairs(|scene| {
        scene.second("service", "echo");
        let call = "call @service 5 1 question";
        scene.first(
            "caller",
            &format!("{} then receive-within 0", [call; 40].join(" then ")),
        );
        let lines = scene.reports("caller");
        let (calls, rest) = lines.split_at(40);
        let timeout = "call=error:no reply within the time given";
        assert!(
            calls
                .iter()
                .all(|line| line == "call=ok:question" || line == timeout),
            "{calls:#?}"
        );
        assert_eq!(rest, ["receive-within=error:timeout"]);
    });
}

/// The end of the service ends the call at once, with the service's reason, also when the request lies unread.
#[test]
fn call_server_dies() {
    for_all_pairs(|scene| {
        for (service, reason) in [
            ("receive then exit error: gave up", "error: gave up"),
            ("receive then say never mind", "normal"),
            ("receive-tag 9 then exit shutdown", "shutdown"),
        ] {
            scene.second("service", service);
            scene.first(
                "caller",
                "send @service 9 x then call @service 9 - well? then call #service 9 - and now?",
            );
            let ended = "call=error:no reply: the process called ended";
            let lines = scene.reports("caller");
            // What it was sent first may have ended it before the request came.
            let (gone, true_reason) = (
                format!("{ended} (no-process)"),
                format!("{ended} ({reason})"),
            );
            assert!(lines[1] == true_reason || lines[1] == gone, "{lines:#?}");
            assert_eq!(lines[2], gone);
        }
        scene.second("service", "receive then receive then exit error: gave up");
        scene.first("caller", "call @service 9 - well?");
        scene.hears("service", "receive=ok:request #caller 9 well?");
        scene.tell("service", 1, "go");
        scene.reports_all(
            "caller",
            &["call=error:no reply: the process called ended (error: gave up)"],
        );
    });
}

/// A call to oneself is an error at once.
#[test]
fn call_self() {
    for_both_paths(|scene| {
        scene.first(
            "alone",
            "call self 1 - me then call @alone 1 60000 me then receive-within 0",
        );
        let lines = scene.reports("alone");
        assert!(
            lines[..2]
                .iter()
                .all(|line| line
                    .starts_with("call=error:no reply: the process called ended (error: ")),
            "{lines:#?}"
        );
        assert_eq!(lines[2], "receive-within=error:timeout");
    });
}

/// Messages and requests of one client are handled in the order in which they were sent; a message to who is gone fails nobody.
#[test]
fn cast_ok() {
    for_all_pairs(|scene| {
        scene.second("service", "receive then receive then reply b then receive then receive then reply d then exit error: x");
        scene.first(
            "client",
            "send @service 1 a then call @service 1 - b then send @service 1 c then call @service 1 - d then monitor #service then
            receive-down then send #service 1 e then say alive",
        );
        scene.reports_last("client", &["send=ok", "say=ok:alive"]);
        assert_eq!(scene.end_of("service").to_string(), "error: x");
        let heard: Vec<String> = scene
            .lines("service")
            .into_iter()
            .filter(|line| line.starts_with("receive="))
            .collect();
        assert_eq!(
            heard,
            [
                "receive=ok:message #client 1 a",
                "receive=ok:request #client 1 b",
                "receive=ok:message #client 1 c",
                "receive=ok:request #client 1 d",
            ]
        );
    });
}
