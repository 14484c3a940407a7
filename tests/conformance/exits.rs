//! Exit signals, trapping and kills (statements 030 to 040).

use crate::stage::{actor, for_all_pairs, for_both_paths};
use rusm_caps::DirGrant;
use rusm_core::{ExitReason, Limit};

/// Whatever the reason, it is the reason.
#[test]
fn untrapped_reason() {
    let reasons = [
        ("shutdown", ExitReason::Shutdown),
        ("no-process", ExitReason::NoProcess),
        ("no-connection", ExitReason::NoConnection),
        ("trap: as if", ExitReason::trap("as if")),
        ("not-started: as if", ExitReason::not_started("as if")),
        ("limit: memory", ExitReason::Limit(Limit::Memory)),
        ("limit: mailbox", ExitReason::Limit(Limit::Mailbox)),
        ("error: broken", ExitReason::error("broken")),
    ];
    for_all_pairs(|scene| {
        for (text, reason) in &reasons {
            scene.second("victim", "forget");
            scene.first(
                "sender",
                &format!("monitor @victim then signal @victim {text} then receive-down"),
            );
            scene.reports_last(
                "sender",
                &["signal=ok", &format!("receive-down=ok:down #victim {text}")],
            );
            scene.ends_with("victim", reason.clone());
        }
    });
}

/// `normal` of another is nothing to who does not trap, and the end of who sends it to itself.
#[test]
fn normal_ignored() {
    for_all_pairs(|scene| {
        scene.second("victim", "receive then say alive");
        scene.first(
            "sender",
            "signal @victim normal then send @victim 1 go then signal self normal then say alive",
        );
        scene.reports_last("victim", &["say=ok:alive"]);
        scene.reports_all("sender", &["signal=ok", "send=ok"]);
    });
}

/// Every signal but the kill is an event to who traps, in its place, one from itself included.
#[test]
fn trap_converts() {
    for_all_pairs(|scene| {
        scene.second(
            "trapping",
            "trap-exits on then signal self error: own then signal self normal then receive then receive then
            say ready then receive then receive then receive then receive",
        );
        scene.hears("trapping", "say=ok:ready");
        scene.first(
            "sender",
            "signal @trapping normal then send @trapping 1 between then signal @trapping shutdown then signal @trapping error: x",
        );
        scene.reports_last(
            "trapping",
            &[
                "signal=ok",
                "signal=ok",
                "receive=ok:exit #trapping error: own",
                "receive=ok:exit #trapping normal",
                "say=ok:ready",
                "receive=ok:exit #sender normal",
                "receive=ok:message #sender 1 between",
                "receive=ok:exit #sender shutdown",
                "receive=ok:exit #sender error: x",
            ],
        );
    });
}

/// A kill, by either import, ends who traps; others see `killed`.
#[test]
fn kill_untrappable() {
    for_all_pairs(|scene| {
        for kill in ["kill @victim", "signal @victim killed"] {
            scene.second("victim", "trap-exits on then say ready then forget");
            scene.hears("victim", "say=ok:ready");
            scene.first(
                "killer",
                &format!("trap-exits on then link @victim then monitor @victim then {kill} then receive-from #victim then receive-from #victim"),
            );
            let lines = scene.reports("killer");
            let mut notices = lines[4..].to_vec();
            notices.sort();
            assert_eq!(
                notices,
                [
                    "receive-from=ok:down #victim killed",
                    "receive-from=ok:exit #victim killed"
                ]
            );
            scene.ends_with("victim", ExitReason::Killed);
        }
        scene.first(
            "suicide",
            "trap-exits on then signal self killed then say alive",
        );
        scene.ends_with("suicide", ExitReason::Killed);
        assert_eq!(scene.lines("suicide"), ["trap-exits=ok:off"]);
    });
}

/// Passed on by a link, `killed` is a reason like any other.
#[test]
fn kill_by_link() {
    for_all_pairs(|scene| {
        scene.second("source", "receive then exit killed");
        scene.first(
            "trapping",
            "trap-exits on then link @source then say tied then receive",
        );
        scene.first("naive", "link @source then say tied then forget");
        scene.hears("trapping", "say=ok:tied");
        scene.hears("naive", "say=ok:tied");
        scene.tell("source", 1, "go");
        scene.reports_last("trapping", &["receive=ok:exit #source killed"]);
        scene.ends_with("naive", ExitReason::Killed);
    });
}

/// A chain of links ends with `killed` to its last.
#[test]
fn killed_chain() {
    for_all_pairs(|scene| {
        scene.second("enda", "say tied then forget");
        scene.first("endb", "link @enda then say tied then forget");
        scene.hears("endb", "say=ok:tied");
        scene.second("endc", "link @endb then say tied then forget");
        scene.hears("endc", "say=ok:tied");
        scene.first("killer", "kill @enda");
        for role in ["enda", "endb", "endc"] {
            scene.ends_with(role, ExitReason::Killed);
        }
    });
}

/// Nothing of a guest runs after a fatal signal was met: not after one to itself, and not after one that a link with the dead
/// brought.
#[test]
fn not_catchable() {
    for_all_pairs(|scene| {
        for (deed, reason) in [
            ("signal self error: own", ExitReason::error("own")),
            ("signal self killed", ExitReason::Killed),
            ("kill self", ExitReason::Killed),
            ("link #gone", ExitReason::NoProcess),
        ] {
            scene.second("gone", "say goodbye");
            scene.reports("gone");
            scene.first("victim", &format!("{deed} then say alive"));
            scene.ends_with("victim", reason);
            assert_eq!(scene.lines("victim"), [""; 0]);
        }
    });
}

/// A fatal signal acts in an endless loop, in a wait for an event, a reply or the clock; and what links bring is no different.
#[test]
fn acts_anywhere() {
    let doings = [
        "spin",
        "receive-tag 99",
        "call @deaf 98 -",
        "sleep 86400000",
        "doze",
        "echo",
    ];
    for_all_pairs(|scene| {
        scene.second("deaf", "receive-tag 97");
        for doing in doings {
            scene.second("victim", &format!("say now then {doing}"));
            scene.hears("victim", "say=ok:now");
            scene.first("killer", "signal @victim error: stop it");
            scene.ends_with("victim", ExitReason::error("stop it"));
            scene.reports_all("killer", &["signal=ok"]);
            scene.second(
                "victim",
                &format!("receive-tag 1 then say now then {doing}"),
            );
            scene.first(
                "peer",
                "link @victim then send @victim 1 go then receive then exit error: together",
            );
            scene.hears("victim", "say=ok:now");
            scene.tell("peer", 1, "go");
            scene.ends_with("victim", ExitReason::error("together"));
        }
    });
}

/// A wait for standard input is a wait like any other. Only a process whose input stays open can show it, so this test starts
/// itself once more with such an input.
#[test]
fn acts_anywhere_in_stdin() {
    const HAS_OPEN_INPUT: &str = "RUSM_TEST_HAS_OPEN_INPUT";
    if std::env::var_os(HAS_OPEN_INPUT).is_some() {
        return ends_in_stdin();
    }
    let me = std::env::current_exe().expect("a test is a program");
    let mut again = std::process::Command::new(me)
        .args(["--exact", "conformance::exits::acts_anywhere_in_stdin"])
        .env(HAS_OPEN_INPUT, "1")
        .stdin(std::process::Stdio::piped())
        .stdout(std::process::Stdio::null())
        .spawn()
        .expect("it can be started");
    // Closed after the end only.
    let _input = again.stdin.take();
    let status = again.wait().expect("it is a child");
    assert!(status.success(), "{status}");
}

fn ends_in_stdin() {
    for_both_paths(|scene| {
        let profile = actor("reader", |_| ()).to_builder("reader").allow_stdio();
        scene.enters_as(
            profile.build().expect("it can be honoured"),
            scene.paths().0,
            "reader",
            "to #desk then say now then stdin",
        );
        assert_eq!(scene.stage.desk.message().2, "say=ok:now");
        let (node, pid) = (scene.stage.scenario.runtime.node(), scene.pid("reader"));
        while node
            .process_info(pid)
            .is_some_and(|info| info.state != "waiting")
        {
            std::thread::yield_now();
        }
        scene.first(
            "killer",
            "monitor @reader then kill @reader then receive-down",
        );
        scene.reports_last("killer", &["receive-down=ok:down #reader killed"]);
        scene.ends_with("reader", ExitReason::Killed);
    });
}

/// The first fatal signal says why.
#[test]
fn first_wins() {
    for_all_pairs(|scene| {
        for doing in ["forget", "spin"] {
            scene.second("victim", &format!("say now then {doing}"));
            scene.hears("victim", "say=ok:now");
            scene.first(
                "killer",
                "monitor #victim then signal #victim error: one then signal #victim error: two then kill #victim then receive-down",
            );
            scene.reports_last("killer", &["receive-down=ok:down #victim error: one"]);
            scene.ends_with("victim", ExitReason::error("one"));
        }
    });
}

/// What was an event stays one when the flag is cleared; what comes then is a signal. Each setting answers the one before.
#[test]
fn trap_at_receipt() {
    for_all_pairs(|scene| {
        scene.second(
            "fickle",
            "trap-exits on then trap-exits on then say ready then receive-tag 1 then trap-exits off then trap-exits off then receive then
            say and then receive-tag 2",
        );
        scene.hears("fickle", "say=ok:ready");
        scene.first(
            "sender",
            "signal @fickle error: early then send @fickle 1 go",
        );
        scene.hears("fickle", "say=ok:and");
        assert_eq!(
            scene.lines("fickle"),
            [
                "trap-exits=ok:off",
                "trap-exits=ok:on",
                "say=ok:ready",
                "receive-tag=ok:message #sender 1 go",
                "trap-exits=ok:on",
                "trap-exits=ok:off",
                "receive=ok:exit #sender error: early",
                "say=ok:and",
            ]
        );
        scene.first("late", "signal @fickle error: late");
        scene.ends_with("fickle", ExitReason::error("late"));
    });
}

/// When a killed process is reported ended, the node holds nothing of it: no file, no timer, no call, no name, no membership.
/// (`a_kill_ends_a_read_from_a_socket_and_closes_it` has the socket.)
#[test]
fn kill_frees_host() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let file = folder.path().join("held");
    std::fs::write(&file, "").expect("it can be written");
    let n_open = || {
        let ours = std::fs::read_dir("/proc/self/fd").expect("this is Linux");
        let targets = ours.filter_map(|entry| std::fs::read_link(entry.ok()?.path()).ok());
        targets.filter(|target| *target == file).count()
    };
    for_both_paths(|scene| {
        scene.second("deaf", "receive then forget");
        let grant = DirGrant::read_only(folder.path(), "/data").expect("it is a folder");
        let profile = actor("holder", |_| ())
            .to_builder("holder")
            .dir(grant)
            .build();
        scene.enters_as(
            profile.expect("it can be honoured"),
            scene.paths().0,
            "holder",
            "join @choir then hold /data/held then send-after 3600000 self 1 x then send-after 3600000 nobody 1 x then
            call @deaf 98 - q",
        );
        scene.hears("deaf", "receive=ok:request #holder 98 q");
        assert_eq!(n_open(), 1);
        let node = scene.stage.scenario.runtime.node();
        assert_eq!(node.pending(), (2, 1));
        scene.first("killer", "kill @holder");
        scene.ends_with("holder", ExitReason::Killed);
        assert_eq!(n_open(), 0);
        assert_eq!(node.pending(), (0, 0));
        scene.first(
            "heir",
            "whereis @holder then members @choir then inspect #holder",
        );
        scene.reports_all(
            "heir",
            &["whereis=ok:none", "members=ok", "inspect=ok:none"],
        );
    });
}
