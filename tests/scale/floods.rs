//! A guest that floods another, with whatever it can send, does not make the node grow without bound.
//!
//! Each flood is done twice: the first fills what the bounds leave room for, the second finds no more. The node's memory is what
//! the operating system says, so nothing else runs meanwhile.

use crate::stage::{OF_A_KIND, Stage, for_all_pairs, for_both_paths};
use crate::support::Scenario;
use rusm_core::ExitReason;

const MIB: usize = 1 << 20;
/// What the first flood of a kind may take: a mailbox has room for 16 MiB, and so have exit notices that nobody asked for.
const FILLED_MAX: usize = 64 * MIB;
/// What the second may add: less than it would take if all of it stayed.
const GROWTH_MAX: usize = 12 * MIB;

/// What the flooder does, to whom, and how often. Each would leave more than [`GROWTH_MAX`] behind if it left anything.
const FLOODS: [(&str, &str, usize); 11] = [
    ("messages", "#waiting", 20_000),
    ("requests", "#waiting", 20_000),
    ("timers", "#waiting", 20_000),
    ("timers-undone", "#waiting", 20_000),
    ("broadcasts", "#waiting", 20_000),
    ("signals", "#waiting", 20_000),
    ("signals", "#spinning", 20_000),
    ("monitors", "#spinning", 150_000),
    ("links", "#spinning", 150_000),
    ("names", "#waiting", 150_000),
    ("groups", "#waiting", 150_000),
];

/// Of this operating system process, in bytes.
fn resident() -> usize {
    const PAGE: usize = 4_096;
    let statm = std::fs::read_to_string("/proc/self/statm").expect("this is Linux");
    let pages = statm
        .split(' ')
        .nth(1)
        .and_then(|word| word.parse::<usize>().ok());
    pages.expect("the second figure is resident pages") * PAGE
}

#[test]
fn a_flood_is_bounded() {
    for number in OF_A_KIND {
        let stage = Stage::in_scenario(Scenario::alone());
        let scene = stage.scene(number);
        // Neither takes anything out of its mailbox; one of them also never waits.
        scene.second(
            "waiting",
            "trap-exits on then join crowd then say ready then receive-tag 99",
        );
        scene.second("spinning", "trap-exits on then say ready then spin");
        scene.hears("waiting", "say=ok:ready");
        scene.hears("spinning", "say=ok:ready");
        for (deed, whom, n_times) in FLOODS {
            let flood = format!("hammer {deed} {whom} {n_times}");
            scene.first(
                "flooder",
                &format!("unregister @flooder then {flood} then receive then {flood} then receive"),
            );
            let step = |n_floods| {
                scene.awaits("flooder", "hammer", n_floods);
                resident()
            };
            let before = resident();
            let filled = step(1);
            scene.tell("flooder", 1, "go on");
            let after = step(2);
            let (filled, growth) = (filled.saturating_sub(before), after.saturating_sub(filled));
            let pair = scene.paths();
            assert!(filled < FILLED_MAX, "{pair:?} {flood}: {filled} bytes");
            assert!(growth < GROWTH_MAX, "{pair:?} {flood}: {growth} bytes more");
            scene.dismiss("flooder");
            scene.end_of("flooder");
        }
        scene.first("killer", "kill @waiting then kill @spinning");
        for role in ["waiting", "spinning"] {
            scene.ends_with(role, ExitReason::Killed);
        }
    }
}

/// Who ties itself to the dead again and again gets a notice each time. What it does not take counts as what it holds.
#[test]
fn ties_with_the_dead_are_bounded() {
    for_both_paths(|scene| {
        scene.second("gone", "say goodbye");
        scene.reports("gone");
        for (ties, what) in [("monitors-kept", "monitors"), ("links-kept", "links")] {
            let half = format!("hammer {ties} #gone 40000");
            scene.first(
                "mourner",
                &format!("trap-exits on then {half} then receive-within 0 99 then {half}"),
            );
            let reason = scene.end_of("mourner").to_string();
            let bound = format!("a process may have at most 65536 {what}");
            assert!(reason.contains(&bound), "{reason}");
            assert_eq!(scene.lines("mourner")[1], "hammer=ok:40000");
        }
    });
}

/// Nor do new processes pile up: as many live as the spawner's profile allows.
#[test]
fn spawns_are_bounded() {
    for_all_pairs(|scene| {
        let (first, _) = scene.paths();
        scene.enters(first, "breeder", "hammer spawns $second 200", |limits| {
            limits.max_processes = 20;
        });
        scene.reports_all("breeder", &["hammer=ok:20"]);
        let node = scene.stage.scenario.runtime.node();
        let children = node.processes().into_iter();
        let children = children.filter(|pid| {
            node.process_info(*pid)
                .is_some_and(|info| info.parent == Some(scene.pid("breeder")))
        });
        children.for_each(|pid| node.kill(pid));
    });
}

/// The bound sheds messages and never signals: with a full mailbox a guest hears of its links and monitors, and can be killed.
#[test]
fn bound_sheds_messages_and_never_signals() {
    for_all_pairs(|scene| {
        scene.second("peer", "receive then exit error: x");
        scene.first(
            "flooded",
            "trap-exits on then link @peer then monitor @peer then say ready then receive-down then receive-from sender then
            say heard then receive-tag 99",
        );
        scene.hears("flooded", "say=ok:ready");
        scene.second(
            "flooder",
            "flood @flooded 7 1000000 100 then call @flooded 7 0 x then send @flooded 99 x then send @peer 1 go",
        );
        let lines = scene.reports("flooder");
        assert!(
            lines[0].starts_with("flood=error:after 10000: "),
            "{lines:#?}"
        );
        assert!(lines[1].contains("mailbox is full"), "{lines:#?}");
        assert!(lines[2].contains("mailbox is full"), "{lines:#?}");
        scene.hears("flooded", "say=ok:heard");
        assert_eq!(
            scene.lines("flooded")[4..6],
            [
                "receive-down=ok:down #peer error: x",
                "receive-from=ok:exit #peer error: x"
            ]
        );
        scene.first("killer", "kill @flooded");
        scene.ends_with("flooded", ExitReason::Killed);
    });
}
