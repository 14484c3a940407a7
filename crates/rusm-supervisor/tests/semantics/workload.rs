//! Random trees under random ends, requests and failing starts, with checkers that watch every report.
//!
//! A seed decides the tree, what each child does, what happens to it and in which order. Afterwards all is made
//! calm, and what the supervisors list is compared with what they reported; then the tree is stopped or killed, and
//! nothing may be left. [`history`] says what is checked on the way.
//!
//! `RUSM_SEEDS=10000 cargo test -p rusm-supervisor --test semantics sup_workload` runs more.

mod children;
mod clients;
mod history;
mod model;
mod tree;

use children::Mood;
use history::History;
use rusm_actor::sim::Simulator;
use rusm_actor::{ExitReason, Pid, SpawnOptions};
use rusm_supervisor::{ChildInfo, SupervisorHandle, start, stop};
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

/// How many seeds it tries unless told otherwise.
const N_SEEDS: u64 = 100;
/// How many things happen to a tree.
const N_ACTS: usize = 60;
/// More slices than any tree takes to come to rest.
const N_SLICES_MAX: usize = 100_000;

/// Restart counts are right, children stop in reverse order, no child has two processes, every end is answered as
/// the rules say, nothing is orphaned, and the table is empty at the end.
#[test]
fn sup_workload() {
    rusm_sim::for_each_seed(env!("CARGO_PKG_NAME"), N_SEEDS, run);
}

fn run(seed: u64) {
    let history = Arc::new(History::default());
    let sim = Simulator::observed(seed, Arc::clone(&history) as _);
    history.attach(sim.node());
    let mood = Arc::new(Mood::new(seed));
    let (spec, tree) = tree::grow(&sim, &mood, &history);
    let top = start(sim.node(), spec).unwrap();
    disturb(&sim, top, &tree, &mood, &history);
    mood.calm_down();
    settle(&sim, &history);
    let listed = list_all(&sim);
    let seen = history.check(&tree);
    seen.check_lists(&listed);
    match sim.draw(4) {
        0 => sim.node().kill(top),
        _ => stop(sim.node(), top),
    }
    settle(&sim, &history);
    assert_eq!(sim.node().process_count(), 0, "somebody is left");
    assert_eq!(sim.node().pending(), (0, 0), "timers or requests are left");
    history.check(&tree).check_end();
    history.detach();
}

/// Runs until nothing is left to do, which must come.
fn settle(sim: &Simulator, history: &History) {
    let has_settled = (0..N_SLICES_MAX).any(|_| !sim.step());
    assert!(has_settled, "it never settles: {:#?}", history.tail());
}

/// Lets things happen to the tree, a few slices apart.
fn disturb(sim: &Simulator, top: Pid, tree: &tree::Tree, mood: &Arc<Mood>, history: &Arc<History>) {
    for _ in 0..N_ACTS {
        match sim.draw(10) {
            0..=3 => hit_somebody(sim, top),
            4..=8 => clients::send_one(sim, tree, mood, history),
            _ => {}
        }
        for _ in 0..sim.draw(30) {
            sim.step();
        }
    }
}

/// A random signal at a random process; the top, which would end all too soon, is hit less.
fn hit_somebody(sim: &Simulator, top: Pid) {
    let alive = sim.node().processes();
    let Some(victim) = alive.get(sim.draw(alive.len())).copied() else {
        return;
    };
    if victim == top && sim.draw(40) > 0 {
        return;
    }
    let reasons = [
        ExitReason::Normal,
        ExitReason::Shutdown,
        ExitReason::Killed,
        ExitReason::trap("unreachable"),
    ];
    let reason = reasons[sim.draw(reasons.len())].clone();
    sim.node().exit_signal(victim, reason);
}

/// What every supervisor alive says of its children.
fn list_all(sim: &Simulator) -> BTreeMap<Pid, Vec<ChildInfo>> {
    let lists = Arc::new(Mutex::new(BTreeMap::new()));
    for pid in sim.node().processes() {
        let Some(supervisor) = SupervisorHandle::find(sim.node(), pid) else {
            continue;
        };
        let lists = Arc::clone(&lists);
        let client = SpawnOptions::new("lister");
        let started = sim.node().spawn(client, move |context| async move {
            let list = supervisor.which_children(&context).await.unwrap();
            lists.lock().unwrap().insert(pid, list);
            ExitReason::Normal
        });
        started.unwrap();
    }
    sim.run();
    std::mem::take(&mut *lists.lock().unwrap())
}
