//! Rights that one wants and has not: given up and used, asked for without end, brought in by loaded code, taken from a parent.

use super::arena::{Arena, fight};
use super::attack::{Attack, both, component_of, core, core_imports, core_with, scene, times};
use crate::app::scripted;
use crate::desk::Desk;
use crate::forge::Wasi;
use crate::stage::actor;
use crate::support::{GuestPath, guest};
use crate::trial::nothing;
use rusm_caps::{KvGrant, Profile, SendGrant, SpawnGrant};
use rusm_core::{ExitReason, Spawn};

pub(super) fn attacks() -> Vec<Attack> {
    let lists = [given_up(), variables(), strangers(), asked(), brought()];
    lists.into_iter().flatten().collect()
}

fn everything() -> Profile {
    actor("everything", |_| ())
        .to_builder("everything")
        .send(SendGrant::Anyone)
        .storage(KvGrant::every())
        .build()
        .expect("it can be honoured")
}

/// Rights that were dropped a moment ago.
fn given_up() -> Vec<Attack> {
    let after = |name, script: &str| both(name, script).under(everything());
    vec![
        after("starting others after giving it up", "drop spawn then spawn $own args forget")
            .denied(&["spawn"])
            .says(&["drop=ok", "spawn=denied:spawn"]),
        after("sending after giving it up", "drop send then send #witness 9 x")
            .denied(&["send"])
            .says(&["drop=ok", "send=denied:send"]),
        after("a timer after giving up sending", "drop send then send-after 1 #witness 9 x")
            .denied(&["send"])
            .says(&["drop=ok", "send-after=denied:send"]),
        after("a call after giving up sending", "drop send then call #witness 9 - x")
            .denied(&["send"])
            .says(&["drop=ok", "call=denied:send"]),
        after("killing after giving it up", "drop process-control then kill #witness")
            .denied(&["process-control"])
            .says(&["drop=ok", "kill=denied:process-control"]),
        after("a link after giving up control", "drop process-control then link #witness")
            .denied(&["process-control"])
            .says(&["drop=ok", "link=denied:process-control"]),
        after("a list of all after giving up control", "drop process-control then processes then inspect #witness")
            .denied(&["process-control", "process-control"])
            .says(&["drop=ok", "processes=denied:process-control", "inspect=denied:process-control"]),
        after("storing after giving it up", "drop storage then kv-put b k v then kv-get b k then kv-increment b k 1")
            .denied(&["storage", "storage", "storage"])
            .says(&["drop=ok", "kv-put=denied:storage", "kv-get=denied:storage", "kv-increment=denied:storage"]),
        after(
            "giving everything up twice and asking for it",
            "drop spawn then drop spawn then drop send then drop load then query spawn - then query send - then query load -",
        )
        .shows(|outcome| {
            let asked: Vec<_> = outcome.lines.iter().filter(|line| line.starts_with("query")).collect();
            assert_eq!(asked, ["query=ok:denied"; 3]);
        }),
        after("a bucket of somebody else's", "kv-get others secret then kv-list others - then kv-delete others secret").shows(|outcome| {
            assert!(outcome.lines.iter().all(|line| line.contains("error")), "there is no store: {:?}", outcome.lines);
        }),
        both("a bucket without a right", "kv-get others secret then kv-list others - then kv-delete others secret")
            .denied(&["storage", "storage", "storage"]),
    ]
}

/// Variables are put into a context when it is built; whether it was built before they were given up makes no difference.
fn variables() -> Vec<Attack> {
    let path = || {
        let builder = nothing().to_builder("variables");
        let builder = builder.env("PATH".parse().expect("it is a name"));
        builder.build().expect("it can be honoured")
    };
    let names = r#"(data (i32.const 16) "env")"#;
    let of_component = |wasi, name| {
        let body = "
            (call $get-environment (i32.const 64)) (call $check (i32.eq (i32.load (i32.const 68)) (i32.const 1)))
            (call $drop (i32.const 16) (i32.const 3))
            (call $get-environment (i32.const 64)) (call $check (i32.eqz (i32.load (i32.const 68))))";
        let imports = ["environment#get-environment", "permissions#drop"];
        component_of(wasi, name, &imports, body)
            .defining(names)
            .under(path())
    };
    let of_module = "
        (call $check (i32.eqz (call $environ_sizes_get (i32.const 64) (i32.const 68))))
        (call $check (i32.eq (i32.load (i32.const 64)) (i32.const 1)))
        (call $drop (i32.const 16) (i32.const 3))
        (call $check (i32.eqz (call $environ_sizes_get (i32.const 64) (i32.const 68))))
        (call $check (i32.eqz (i32.load (i32.const 64))))";
    vec![
        core_with("variables after giving them up", names, of_module).under(path()),
        of_component(Wasi::V02, "variables after giving them up, of WASI 0.2"),
        of_component(Wasi::V03, "variables after giving them up, of WASI 0.3"),
    ]
}

/// Processes that are none of its own.
fn strangers() -> Vec<Attack> {
    let to = |name, script: &str| both(name, script);
    vec![
        to("kills a stranger", "kill #witness then kill witness")
            .denied(&["process-control", "process-control"]),
        to(
            "ends a stranger by every reason",
            "signal #witness killed then signal #witness shutdown then signal #witness error: x",
        )
        .denied(&["process-control"; 3]),
        to(
            "ties itself to a stranger to take it along",
            "link #witness then unreachable",
        )
        .denied(&["process-control"])
        .traps("unreachable"),
        to(
            "looks into a stranger",
            "inspect #witness then facts #witness then lists #witness",
        )
        .denied(&["process-control"; 3]),
        to(
            "sends to a stranger by pid and by name",
            "send #witness 9 x then send witness 9 x then call witness 9 - x",
        )
        .denied(&["send"; 3]),
        to(
            "sends to a stranger by timer",
            "send-after 0 #witness 9 x then send-after 0 witness 9 x",
        )
        .denied(&["send"; 2]),
        to(
            "takes a stranger's name",
            "unregister witness then register witness",
        )
        .says(&[
            "unregister=ok",
            "register=error:cannot register: the name is taken, or this process has one",
        ]),
        to(
            "answers what was not asked of it",
            "register answerer then receive-within 0 then unregister answerer",
        )
        .shows(|outcome| {
            assert_eq!(outcome.reason, ExitReason::Normal);
        }),
        scene("its own supervisor's other children", sibling),
    ]
}

/// A child knows its sibling's pid and has no right over it.
fn sibling(arena: &Arena, path: GuestPath) {
    let runtime = &arena.court.scenario.runtime;
    let profile = nothing()
        .to_builder("parent")
        .spawn(SpawnGrant::Anyone)
        .build()
        .expect("it can be honoured");
    // Two children of one parent, of the profile that grants nothing.
    let script =
        "spawn idle name=sibling then spawn idle name=other then whereis sibling then receive";
    let parent = scripted("parent", arena.probe(path), script).profile(profile);
    let parent = runtime.spawn(parent).expect("there is room for it");
    let lines = arena.court.scenario.recorder.wait_for_lines("parent", 3);
    let sibling = lines
        .last()
        .and_then(|line| line.strip_prefix("whereis=ok:"))
        .expect("it has a pid")
        .to_owned();
    let attacker = scripted(
        "attacker",
        arena.probe(path),
        &format!("kill {sibling} then signal {sibling} killed then inspect {sibling}"),
    );
    let attacker = runtime
        .spawn(attacker.profile(nothing()))
        .expect("there is room for it");
    assert_eq!(attacker.wait(), ExitReason::Normal);
    let refused = arena.court.scenario.recorder.lines("attacker");
    assert_eq!(
        refused,
        [
            "kill=denied:process-control",
            "signal=denied:process-control",
            "inspect=denied:process-control"
        ]
    );
    assert!(arena.node().whereis("sibling").is_some(), "it lives");
    for name in ["sibling", "other"] {
        arena
            .node()
            .kill(arena.node().whereis(name).expect("it lives"));
    }
    parent.kill();
    assert_eq!(parent.wait(), ExitReason::Killed);
}

/// Questions.
fn asked() -> Vec<Attack> {
    let query = "(drop (call $query (i32.const 0) (i32.const 7) (i32.const 16) (i32.const 60000)))";
    vec![
        core_with("ten thousand long questions about one right", r#"(data (i32.const 0) "network")"#, &times(10_000, query)),
        both(
            "questions about rights that nobody knows",
            "query gravity - then query network 999.999.999.999:99999 then query network ::::: then query files ../../etc then query storage ..",
        )
        .shows(|outcome| assert_eq!(outcome.lines, ["query=ok:denied"; 5])),
        core("a question with no text", "(call $check (i32.eqz (call $query (i32.const 0) (i32.const 0) (i32.const 0) (i32.const 0))))"),
        both("a thousand refusals", "hammer signals #witness 1000").shows(|outcome| {
            assert_eq!(outcome.denied.len(), 1_000);
            assert_eq!(outcome.lines, ["hammer=ok:0"]);
        }),
    ]
}

/// Code that a guest brings along.
fn brought() -> Vec<Attack> {
    let bytes = |text: &str| -> String {
        let wasm = wat::parse_str(text).expect("it is valid");
        wasm.iter().map(|byte| format!("\\{byte:02x}")).collect()
    };
    let length = |text: &str| wat::parse_str(text).expect("it is valid").len();
    let loads = |name, called: &str, code: &str, answer: i32| {
        let items = format!(
            r#"(data (i32.const 0) "{called}") (data (i32.const 1024) "{}")"#,
            bytes(code)
        );
        let (n_name, n_code) = (called.replace("\\00", "0").len(), length(code));
        let body = format!(
            "(call $check (i32.eq (i32.const {answer}) (call $load (i32.const 0) (i32.const {n_name}) (i32.const 1024) (i32.const {n_code}))))"
        );
        core_with(name, &items, &body).under(everything())
    };
    let empty = r#"(module (func (export "_start")))"#;
    let importing =
        |import: &str| format!(r#"(module (import {import}) (func (export "_start")))"#);
    vec![
        loads("code under the name of a declared component", "component", empty, -7),
        loads("code under the path of a file", "../../etc/passwd", empty, 0),
        loads("code under a name with a zero", r"a\00b", empty, -13),
        loads("code that imports what there is not", "alien", &importing(r#""env" "system" (func (param i32) (result i32))"#), -13),
        loads("code that imports the node's own functions by another type", "typed", &importing(r#""rusm" "kill" (func (param i32))"#), -13),
        loads("code without an entry", "none", "(module)", -13),
        core(
            "code that is none",
            "(call $check (i32.eq (i32.const -13) (call $load (i32.const 65500) (i32.const 5) (i32.const 0) (i32.const 0))))
            (call $check (i32.eq (i32.const -13) (call $load (i32.const 65500) (i32.const 5) (i32.const 0) (i32.const 65000))))",
        )
        .under(everything()),
        core("code without the right to bring any", "(call $check (i32.eq (i32.const -1) (call $load (i32.const 65500) (i32.const 5) (i32.const 0) (i32.const 8))))")
            .denied(&["load"]),
        scene("loaded code that wants more than its loader", loaded_wants_more),
        scene("loaded code after its loader has ended", loaded_is_gone),
    ]
}

/// Code that kills and sends, loaded by one who may load and spawn, and nothing else.
fn loaded_wants_more(arena: &Arena, path: GuestPath) {
    let runtime = &arena.court.scenario.runtime;
    let profile = nothing()
        .to_builder("loader")
        .allow_load()
        .spawn(SpawnGrant::Anyone)
        .build()
        .expect("it can be honoured");
    let script = arena.meant("load brought then spawn brought monitor args kill #witness also send #witness 9 x also query load - then receive-down", path);
    let loader = runtime
        .spawn(scripted("loader", arena.probe(path), &script).profile(profile))
        .expect("there is room for it");
    let (desk, code) = (Desk::at(runtime), guest("actor_probe", path));
    let to = loader.pid();
    desk.does(move |context| context.send(to, 1, code))
        .expect("its mailbox has room");
    assert_eq!(loader.wait(), ExitReason::Normal);
    let lines = arena.court.scenario.recorder.lines("brought");
    assert_eq!(
        lines,
        [
            "kill=denied:process-control",
            "send=denied:send",
            "query=ok:granted"
        ]
    );
    arena.node().kill(desk.pid());
}

/// Its name means nothing to anybody else, nor to the next of the same component.
fn loaded_is_gone(arena: &Arena, path: GuestPath) {
    let runtime = &arena.court.scenario.runtime;
    let items = format!("{} (memory (export \"memory\") 1)", core_imports());
    let empty = wat::parse_str(format!(r#"(module {items} (func (export "_start")))"#))
        .expect("it is valid");
    let loader = scripted("first", arena.probe(path), "load passing").profile(everything());
    let loader = runtime.spawn(loader).expect("there is room for it");
    let (desk, to) = (Desk::at(runtime), loader.pid());
    desk.does(move |context| context.send(to, 1, empty))
        .expect("its mailbox has room");
    assert_eq!(loader.wait(), ExitReason::Normal);
    assert_eq!(arena.court.scenario.recorder.lines("first"), ["load=ok"]);
    let next = Spawn::new("second", arena.probe(path))
        .profile(everything())
        .args(["spawn", "passing"]);
    let next = runtime.spawn(next).expect("there is room for it");
    assert_eq!(next.wait(), ExitReason::Normal);
    let lines = arena.court.scenario.recorder.lines("second");
    assert!(
        matches!(lines.as_slice(), [line] if line.starts_with("spawn=error:")),
        "{lines:?}"
    );
    arena.node().kill(desk.pid());
}

#[test]
fn rights_that_were_not_granted_are_not_had() {
    fight(&attacks());
}
