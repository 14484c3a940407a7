//! More of everything that one can send, set, join or hold: to oneself, to others, and to the node's own processes.

use super::arena::{Arena, eventually, fight_in};
use super::attack::{Attack, both, component, core, scene, times};
use crate::app::{boot, scripted};
use crate::stage::actor;
use crate::support::GuestPath;
use rusm_caps::{Profile, SendGrant};
use rusm_core::{ExitReason, Name, ProcessHandle};

pub(super) fn attacks() -> Vec<Attack> {
    let lists = [own(), others(), scenes()];
    lists.into_iter().flatten().collect()
}

fn sender() -> Profile {
    let builder = actor("sender", |_| ())
        .to_builder("sender")
        .send(SendGrant::Anyone);
    builder.build().expect("it can be honoured")
}

/// To itself.
fn own() -> Vec<Attack> {
    vec![
        both("messages to itself without end", "hammer messages self 30000").says(&["hammer=ok:10000"]),
        both("large messages to itself without end", "flood self 9 1000 1000000").shows(|outcome| {
            assert!(matches!(outcome.lines.as_slice(), [line] if line.starts_with("flood=error:after 16: ")), "{:?}", outcome.lines);
        }),
        both("timers for itself without end", "hammer timers self 30000").shows(|outcome| {
            let n_set: Option<u32> = outcome.lines.first().and_then(|line| line.strip_prefix("hammer=ok:")?.parse().ok());
            assert!(n_set.is_some_and(|n_set| n_set <= 10_000), "{:?}", outcome.lines);
        }),
        both("timers set and taken back without end", "hammer timers-undone self 30000").says(&["hammer=ok:30000"]),
        both("timers for a name that nobody has", "hammer timers nobody 30000").under(sender()).shows(|outcome| {
            let n_set: Option<u32> = outcome.lines.first().and_then(|line| line.strip_prefix("hammer=ok:")?.parse().ok());
            assert!(n_set.is_some_and(|n_set| n_set <= 10_000), "{:?}", outcome.lines);
        }),
        both("names taken and given back without end", "hammer names self 30000").says(&["hammer=ok:30000"]),
        both("groups joined and left without end", "hammer groups self 30000").says(&["hammer=ok:30000"]),
        core("one group joined without end", &times(100_000, "(call $join (i32.const 65500) (i32.const 5))"))
            .traps("at most 1024 joined groups"),
        core(
            "a new group each time without end",
            &times(100_000, "(i32.store (i32.const 0) (i32.or (local.get $n) (i32.const 0x30303030))) (call $join (i32.const 0) (i32.const 4))"),
        )
        .ends_somehow(),
        component(
            "a component that joins one group without end",
            &[],
            &times(100_000, "(call $begins)"),
        )
        .traps("at most 1024 joined groups"),
        core(
            "a message of 16 MiB and a byte",
            "(drop (memory.grow (i32.const 300)))
            (call $check (i32.eq (i32.const -4) (call $send (call $self) (i32.const 0) (i32.const 0) (i64.const 1) (i32.const 0) (i32.const 16777217))))",
        ),
        core(
            "a full mailbox searched for what is not there",
            &format!(
                "{} (local.set $n (i32.const 200))
                (i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 20) (i64.const 99))
                (loop $l (call $check (i32.eqz (call $receive (i32.const 0) (i32.const 28) (i64.const 0) (i32.const 64) (i32.const 64))))
                    (br_if $l (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))",
                times(10_000, "(drop (call $send (call $self) (i32.const 0) (i32.const 0) (i64.const 1) (i32.const 0) (i32.const 0)))")
            ),
        ),
    ]
}

/// To those who are to be left alone.
fn others() -> Vec<Attack> {
    vec![
        both(
            "a stranger watched 70,000 times",
            "hammer monitors-kept #witness 70000",
        )
        .traps("at most 65536 monitors"),
        both(
            "a stranger watched and let go without end",
            "hammer monitors #witness 50000",
        )
        .says(&["hammer=ok:50000"]),
        both(
            "itself watched without end",
            "hammer monitors-kept self 70000",
        )
        .says(&["hammer=ok:70000"]),
        both(
            "links to a stranger without end",
            "hammer links #witness 1000",
        )
        .says(&["hammer=ok:0"])
        .shows(|outcome| {
            assert_eq!(outcome.denied.len(), 1_000);
        }),
        both(
            "links to the dead without end",
            "hammer links 4294967297 20000",
        )
        .under(actor("linker", |_| ()))
        .shows_end(|reason| {
            assert!(matches!(reason, ExitReason::NoProcess), "{reason}");
        }),
        both(
            "words to a crowd that is nobody",
            "hammer broadcasts self 20000",
        )
        .says(&["hammer=ok:0"]),
        both(
            "answers that nobody asked for",
            "call self 1 0 x then call self 1 0 x",
        )
        .ends_somehow(),
    ]
}

fn scenes() -> Vec<Attack> {
    vec![
        scene("one mailbox flooded by many", by_many),
        scene("a flood to its supervisor", to_the_supervisor),
        scene(
            "a flood of signals to a supervisor's other child",
            to_a_sibling,
        ),
    ]
}

fn start(arena: &Arena, path: GuestPath, name: &str, script: &str) -> ProcessHandle {
    let spawn = scripted(name, arena.probe(path), script).profile(sender());
    let spawn = spawn.name(Name::new(name).expect("it is a name"));
    arena
        .court
        .scenario
        .runtime
        .spawn(spawn)
        .expect("there is room for it")
}

/// What ten have sent is no more than one mailbox holds, and its owner still takes it out.
fn by_many(arena: &Arena, path: GuestPath) {
    let victim = start(arena, path, "victim", "receive-tag 7 then drain");
    let names: Vec<String> = (0..10).map(|number| format!("flooder-{number}")).collect();
    let flooders: Vec<_> = names
        .iter()
        .map(|name| start(arena, path, name, "hammer messages victim 5000"))
        .collect();
    for flooder in &flooders {
        assert_eq!(flooder.wait(), ExitReason::Normal);
    }
    let info = arena.node().process_info(victim.pid()).expect("it waits");
    assert!(info.mailbox_len <= 10_000, "{} messages", info.mailbox_len);
    assert!(
        info.mailbox_bytes <= 16 << 20,
        "{} bytes",
        info.mailbox_bytes
    );
    // Its mailbox is full, also for the message that it waits for.
    victim.kill();
    assert_eq!(victim.wait(), ExitReason::Killed);
}

const APP: &str = "[capabilities.loud]\nallow-send = true\nallow-process-control = true\n";

/// It goes on to supervise: who crashes is started again.
fn to_the_supervisor(arena: &Arena, path: GuestPath) {
    let victim = crate::app::component(
        "victim",
        "restart = \"permanent\"",
        "receive then unreachable",
    );
    let scenario = &arena.court.scenario;
    let app = boot(scenario, path, &format!("{APP}{victim}"));
    let first = scenario.recorder.wait_for_start("victim", 1);
    let supervisor = arena
        .node()
        .process_info(first)
        .and_then(|info| info.parent)
        .expect("it has one");
    let script = format!(
        "hammer messages {0} 20000 then hammer requests {0} 200",
        supervisor.as_u64()
    );
    assert_eq!(
        start(arena, path, "flooder", &script).wait(),
        ExitReason::Normal
    );
    eventually(|| {
        let info = arena.node().process_info(supervisor);
        let n_kept = info.expect("it goes on").mailbox_len;
        (n_kept == 0)
            .then_some(())
            .ok_or_else(|| format!("it keeps {n_kept} messages"))
    });
    arena.desk.send(first, 1, "crash");
    let second = scenario.recorder.wait_for_start("victim", 2);
    assert_ne!(first, second);
    app.stop();
    app.wait();
}

/// A process without the right to signal cannot make it crash so often that its supervisor gives up.
fn to_a_sibling(arena: &Arena, path: GuestPath) {
    let victim = crate::app::component("victim", "restart = \"permanent\"", "forget");
    let scenario = &arena.court.scenario;
    let app = boot(scenario, path, &victim);
    let first = scenario.recorder.wait_for_start("victim", 1);
    let spawn = scripted(
        "flooder",
        arena.probe(path),
        &format!("hammer signals {} 2000", first.as_u64()),
    );
    let flooder = scenario.runtime.spawn(spawn).expect("there is room for it");
    assert_eq!(flooder.wait(), ExitReason::Normal);
    assert_eq!(scenario.recorder.lines("flooder"), ["hammer=ok:0"]);
    assert!(arena.node().is_alive(first), "nobody has ended it");
    app.stop();
    app.wait();
}

#[test]
fn floods_fill_nothing_but_their_bounds() {
    fight_in(&Arena::open().warmed(20), &attacks());
}
