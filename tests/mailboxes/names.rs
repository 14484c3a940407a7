//! Names, groups, pids and timers.

use super::{PAIRS, Stage, number};
use crate::support::BOTH_PATHS;
use rusm_core::ExitReason;

/// Only the holder gives a name back (pitfall 8).
#[test]
fn nobody_unregisters_another() {
    for (path, other) in PAIRS {
        let stage = Stage::new();
        let holder = stage.enters(
            other,
            "holder",
            "receive then unregister holder then whereis holder",
        );
        let thief = stage.plays(
            path,
            "thief",
            "unregister thief then unregister holder then whereis holder then register holder",
        );
        let found = format!("whereis=ok:{}", number(&holder));
        assert_eq!(thief.get(2), Some(&found));
        assert!(
            thief
                .get(3)
                .is_some_and(|line| line.starts_with("register=error:")),
            "{thief:?}"
        );
        stage.desk.send(holder.pid(), 1, "go");
        assert_eq!(
            stage.reports(&holder, "holder").get(2).map(String::as_str),
            Some("whereis=ok:none")
        );
    }
}

/// A name is free when its holder has ended, and goes to whoever takes it then.
#[test]
fn a_name_outlives_no_holder() {
    for (path, other) in PAIRS {
        let stage = Stage::new();
        let first = stage.enters(
            other,
            "first",
            "unregister first then register service then say ready then receive",
        );
        stage.hears("first", "say=ok:ready");
        let lines = stage.plays(path, "early", "unregister early then register service");
        assert!(
            lines
                .get(1)
                .is_some_and(|line| line.starts_with("register=error:")),
            "{lines:?}"
        );
        first.kill();
        assert_eq!(stage.end_of(&first), ExitReason::Killed);
        let second = stage.enters(
            path,
            "second",
            "unregister second then register service then whereis service then self",
        );
        let pid = number(&second);
        let lines = stage.reports(&second, "second");
        assert_eq!(
            lines.get(1..),
            Some(
                &[
                    "register=ok".to_owned(),
                    format!("whereis=ok:{pid}"),
                    format!("self=ok:{pid}")
                ][..]
            )
        );
    }
}

/// 0 is nobody: neither the first process nor the one that nobody started (pitfall 9).
#[test]
fn no_process_is_number_0() {
    for path in BOTH_PATHS {
        let stage = Stage::new();
        let lines = stage.plays(
            path,
            "first",
            "self then parent then whereis nobody then members nobody",
        );
        assert_eq!(
            lines.get(1..),
            Some(
                &[
                    "parent=ok:none".to_owned(),
                    "whereis=ok:none".to_owned(),
                    "members=ok".to_owned()
                ][..]
            )
        );
        assert_ne!(lines.first().map(String::as_str), Some("self=ok:0"));
    }
}

#[test]
fn a_broadcast_reaches_every_member_once() {
    for (path, other) in PAIRS {
        let stage = Stage::new();
        let member = "join choir then say joined then receive-tag 4 then leave choir then say left then forget";
        let members = ["alto", "bass", "tenor"].map(|name| {
            let guest = stage.enters(other, name, member);
            stage.hears(name, "say=ok:joined");
            guest
        });
        let pids = members
            .each_ref()
            .map(|guest| number(guest).to_string())
            .join(" ");
        let lines = stage.plays(
            path,
            "conductor",
            "members choir then broadcast choir 4 sing then broadcast nobody 4 sing",
        );
        assert_eq!(
            lines,
            [
                format!("members=ok:{pids}"),
                "broadcast=ok:3".to_owned(),
                "broadcast=ok:0".to_owned()
            ]
        );
        for name in ["alto", "bass", "tenor"] {
            stage.hears(name, "say=ok:left");
            assert!(
                stage
                    .scenario
                    .recorder
                    .lines(name)
                    .iter()
                    .any(|line| line.ends_with(" 4 sing"))
            );
        }
        assert_eq!(stage.plays(path, "critic", "members choir"), ["members=ok"]);
    }
}

/// The dead are no members.
#[test]
fn the_end_of_a_member_is_the_end_of_its_membership() {
    for path in BOTH_PATHS {
        let stage = Stage::new();
        let member = stage.enters(
            path,
            "member",
            "join choir then join choir then say joined then receive",
        );
        stage.hears("member", "say=ok:joined");
        member.kill();
        stage.end_of(&member);
        assert_eq!(
            stage.plays(
                path,
                "conductor",
                "members choir then broadcast choir 4 sing"
            ),
            ["members=ok", "broadcast=ok:0"]
        );
    }
}

/// Taken back in time it never comes; afterwards there is nothing to take back (pitfall 5).
#[test]
fn a_timer_is_cancelled_or_fires() {
    for path in BOTH_PATHS {
        let stage = Stage::new();
        let script = "send-after 3600000 self 4 never then cancel-timer then cancel-timer then send-after 1 self 4 now
            then receive then cancel-timer then receive-within 0";
        let timed = stage.enters(path, "timed", script);
        let lines = stage.reports(&timed, "timed");
        let left = lines
            .get(1)
            .and_then(|line| line.strip_prefix("cancel-timer=ok:"))
            .expect("it had time left");
        assert!(
            (1..=3_600_000).contains(&left.parse::<u64>().expect("it is a number")),
            "{left}"
        );
        let none = "cancel-timer=error:no such timer".to_owned();
        let fired = format!("receive=ok:message {} 4 now", number(&timed));
        let expected = [
            none.clone(),
            "send-after=ok".to_owned(),
            fired,
            none,
            "receive-within=error:timeout".to_owned(),
        ];
        assert_eq!(lines.get(2..), Some(&expected[..]));
        assert_eq!(stage.scenario.runtime.node().pending(), (0, 0));
    }
}

/// A timer to a pid fires there, or vanishes with its receiver; who set it may be long gone.
#[test]
fn a_timer_to_a_pid_lives_as_long_as_its_receiver() {
    for (path, other) in PAIRS {
        let stage = Stage::new();
        let receiver = stage.enters(other, "receiver", "receive then say heard then receive");
        let pid = number(&receiver);
        let setter = stage.enters(
            path,
            "setter",
            &format!("send-after 50 {pid} 4 tick then send-after 3600000 {pid} 4 never"),
        );
        assert_eq!(stage.reports(&setter, "setter"), ["send-after=ok"; 2]);
        stage.hears("receiver", "say=ok:heard");
        let line = format!("receive=ok:message {} 4 tick", number(&setter));
        assert_eq!(
            stage.scenario.recorder.lines("receiver").first(),
            Some(&line)
        );
        assert_eq!(stage.scenario.runtime.node().pending().0, 1);
        receiver.kill();
        stage.end_of(&receiver);
        assert_eq!(stage.scenario.runtime.node().pending().0, 0);
    }
}

/// A timer to a name fires at its holder. It takes room in the mailbox of who set it, and goes when they do.
#[test]
fn a_timer_to_a_name_lives_as_long_as_who_set_it() {
    for (path, other) in PAIRS {
        let stage = Stage::new();
        let holder = stage.enters(other, "holder", "receive then receive");
        let setter = stage.enters(path, "setter", "send-after 1 holder 4 tick then send-after 3600000 holder 4 never then say set then receive");
        stage.hears(
            "holder",
            &format!("receive=ok:message {} 4 tick", number(&setter)),
        );
        stage.hears("setter", "say=ok:set");
        holder.kill();
        stage.end_of(&holder);
        assert_eq!(stage.scenario.runtime.node().pending().0, 1);
        setter.kill();
        stage.end_of(&setter);
        assert_eq!(stage.scenario.runtime.node().pending().0, 0);
    }
}
