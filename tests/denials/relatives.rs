//! Who may be reached without a grant: relatives, and whom a list names.

use crate::app::{probe, scripted};
use crate::support::{BOTH_PATHS, guest};
use crate::trial::{Court, nothing};
use rusm_caps::{Profile, SendGrant, SpawnGrant};
use rusm_core::{ExitReason, Name};

/// May spawn, and nothing else.
fn family() -> Profile {
    Profile::builder("family")
        .spawn(SpawnGrant::Anyone)
        .build()
        .expect("it can be honoured")
}

/// A child may be linked, signalled and killed, a grandchild signalled and killed; messages go to all of them.
#[test]
fn own_descendants_may_be_controlled_without_a_grant() {
    for path in BOTH_PATHS {
        let court = Court::new();
        court
            .scenario
            .runtime
            .declare("kin", &probe(&court.scenario, path), family());
        // The child tells when its own child is there.
        let child =
            "spawn kin name=child args to parent also spawn kin name=grandchild args forget";
        let script = format!(
            "{child} then receive then link child then unlink child then link grandchild then send grandchild 7 x \
            then signal grandchild normal then inspect grandchild then signal child normal then kill grandchild then kill child"
        );
        let wasm = guest("actor_probe", path);
        // The child waits, so that it is there when it is linked to.
        let script = script.replace("args forget then", "args forget also forget then");
        let outcome = court.run_as(family(), "elder", &wasm, script.split_whitespace());
        assert_eq!(
            outcome.reason,
            ExitReason::Normal,
            "{path:?}: {:#?}",
            outcome.lines
        );
        let answers: Vec<_> = outcome
            .lines
            .iter()
            .skip(2)
            .map(|line| line.split(':').next().unwrap_or(line))
            .collect();
        let expected = [
            "link=ok",
            "unlink=ok",
            "link=denied",
            "send=ok",
            "signal=ok",
            "inspect=ok",
            "signal=ok",
            "kill=ok",
            "kill=ok",
        ];
        assert_eq!(answers, expected, "{path:?}: {:#?}", outcome.lines);
    }
}

/// A parent may be linked and sent to; it is not its child's to signal, to inspect or to kill.
#[test]
fn a_parent_is_not_its_childs_to_control() {
    for path in BOTH_PATHS {
        let court = Court::new();
        court
            .scenario
            .runtime
            .declare("kin", &probe(&court.scenario, path), family());
        let child = "to parent also link parent also unlink parent also signal parent shutdown also kill parent also inspect parent";
        let script = format!("spawn kin args {child} {}", "then receive ".repeat(5));
        let wasm = guest("actor_probe", path);
        let outcome = court.run_as(family(), "elder", &wasm, script.split_whitespace());
        assert_eq!(
            outcome.reason,
            ExitReason::Normal,
            "{path:?}: {:#?}",
            outcome.lines
        );
        let answers: Vec<_> = outcome
            .lines
            .iter()
            .skip(1)
            .filter_map(|line| line.rsplit(' ').next())
            .collect();
        let denied = |what: &str| format!("{what}=denied:process-control");
        let expected = [
            "link=ok".to_owned(),
            "unlink=ok".to_owned(),
            denied("signal"),
            denied("kill"),
            denied("inspect"),
        ];
        assert_eq!(answers, expected, "{path:?}");
    }
}

/// With a list, whoever runs a listed component or holds a listed name can be reached, by pid too, and nobody else.
#[test]
fn an_allow_send_list_is_honoured_by_every_way_to_send() {
    for path in BOTH_PATHS {
        let court = Court::new();
        let program = probe(&court.scenario, path);
        let start = |component: &str| {
            let name = Name::new(component).expect("it is a name");
            let spawn = scripted(component, &program, "join mixed then forget").name(name);
            let process = court
                .scenario
                .runtime
                .spawn(spawn)
                .expect("there is room for it");
            court.scenario.recorder.wait_for_line(component, "join=ok");
            process
        };
        let (friend, other) = (start("friend"), start("other"));
        let (to_friend, to_other) = (friend.pid().as_u64(), other.pid().as_u64());
        let script = format!(
            "send friend 7 x then send {to_friend} 7 x then send-after 60000 {to_friend} 7 x then send-after 60000 friend 7 x \
            then call friend 7 0 x then send other 7 x then send {to_other} 7 x then send-after 60000 {to_other} 7 x \
            then send-after 60000 other 7 x then call other 7 0 x then broadcast mixed 7 x"
        );
        let profile = Profile::builder("choosy")
            .send(SendGrant::listed(["friend"]))
            .build()
            .expect("it can be honoured");
        let outcome = court.run_as(
            profile,
            "sender",
            &guest("actor_probe", path),
            script.split_whitespace(),
        );
        let denied = |what: &str| format!("{what}=denied:send");
        let ok = |what: &str| format!("{what}=ok");
        let expected = [
            ok("send"),
            ok("send"),
            ok("send-after"),
            ok("send-after"),
            "call=error:timeout".to_owned(),
            denied("send"),
            denied("send"),
            denied("send-after"),
            denied("send-after"),
            denied("call"),
            "broadcast=ok:1".to_owned(),
        ];
        let cut = |line: &String| {
            if line.starts_with("call=error:") {
                "call=error:timeout".to_owned()
            } else {
                line.clone()
            }
        };
        assert_eq!(
            outcome.lines.iter().map(cut).collect::<Vec<_>>(),
            expected,
            "{path:?}"
        );
        assert_eq!(outcome.denied.len(), 6, "{:#?}", outcome.denied);
        friend.kill();
        other.kill();
    }
}

/// Whoever was asked may answer, also a process that may send to nobody; then it can send to the asker no more than before.
#[test]
fn whoever_was_asked_may_answer() {
    for path in BOTH_PATHS {
        let court = Court::new();
        let program = probe(&court.scenario, path);
        let script = "receive then reply answer then send sender 7 x then receive";
        let name = Name::new("oracle").expect("it is a name");
        let oracle = scripted("oracle", &program, script)
            .profile(nothing())
            .name(name);
        let oracle = court
            .scenario
            .runtime
            .spawn(oracle)
            .expect("there is room for it");
        // The asker lives until it is told that the oracle has tried.
        let asker = scripted("asker", &program, "call oracle 7 - question then receive");
        let asker = court
            .scenario
            .runtime
            .spawn(asker)
            .expect("there is room for it");
        let heard = |component, line| court.scenario.recorder.wait_for_line(component, line);
        heard("asker", "call=ok:answer");
        heard("oracle", "send=denied:send");
        assert_eq!(court.denied(oracle.pid()).len(), 1, "{path:?}");
        oracle.kill();
        asker.kill();
    }
}
