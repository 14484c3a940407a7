//! Random graphs of links under random deaths leave exactly the processes alive that the rules say, with
//! the reasons that they say (OTP statements 030 to 035, 041 to 047, 050 to 053).
//!
//! A case is a number of processes, what they do one after the other, and some deaths at the end that race.
//! Between the actions everything comes to rest, so there is one outcome, that of [`Model`]. For the race the
//! model says who must be dead, and of each the reasons it may have died of.
//!
//! Cases are drawn from the seed; a failing one is made small, printed, and run again by its seed.

use crate::support::*;
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use rusm_actor::sim::Simulator;
use rusm_actor::{Context, Event, ExitReason, LifecycleEvent, Observer, Pid, Ref};
use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, OnceLock};

/// Cases per seed.
const CASES: u32 = 10;
/// The process that starts the others and is none of them.
const DRIVER: usize = usize::MAX;

/// What one process does; processes are numbered.
#[derive(Clone, Debug)]
enum Action {
    Link(usize),
    Unlink(usize),
    Monitor(usize),
    /// Takes back the monitor made last.
    Demonitor,
    Trap(bool),
    Signal(usize, ExitReason),
    Return(ExitReason),
}

#[derive(Clone, Debug)]
struct Case {
    /// Of each process, whether it traps exits.
    traps: Vec<bool>,
    actions: Vec<(usize, Action)>,
    /// Who is hit at the end, all at once, and whether by a kill.
    race: Vec<(usize, bool)>,
    /// Of the simulation.
    schedule: u64,
}

/// What a process has heard.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Heard {
    Exit(usize, ExitReason),
    Down(usize, ExitReason),
    /// A demonitor, and its answer.
    Removed(bool),
}

// The rules.

#[derive(Clone, Debug, Default)]
struct Member {
    traps: bool,
    links: BTreeSet<usize>,
    /// Whom it watches, oldest first; none where the notice has come.
    monitors: Vec<Option<usize>>,
    heard: Vec<Heard>,
}

#[derive(Clone, Debug, Default)]
struct Model {
    alive: BTreeMap<usize, Member>,
    ended: BTreeMap<usize, ExitReason>,
}

impl Model {
    fn signal(&mut self, from: usize, to: usize, reason: &ExitReason, is_kill: bool) {
        match self.alive.get_mut(&to) {
            Some(member) if member.traps && !is_kill => {
                member.heard.push(Heard::Exit(from, reason.clone()))
            }
            Some(_) if !reason.is_normal() || from == to => self.end(to, reason),
            _ => {}
        }
    }

    fn end(&mut self, who: usize, reason: &ExitReason) {
        let Some(ended) = self.alive.remove(&who) else {
            return;
        };
        self.ended.insert(who, reason.clone());
        for member in self.alive.values_mut() {
            member.links.remove(&who);
            for monitor in member
                .monitors
                .iter_mut()
                .filter(|monitor| **monitor == Some(who))
            {
                *monitor = None;
                member.heard.push(Heard::Down(who, reason.clone()));
            }
        }
        ended
            .links
            .iter()
            .for_each(|peer| self.signal(who, *peer, reason, false));
    }

    fn act(&mut self, who: usize, action: &Action) {
        if !self.alive.contains_key(&who) {
            return;
        }
        let is_there = |model: &Self, other: &usize| model.alive.contains_key(other);
        match action {
            Action::Link(to) if *to == who => {}
            Action::Link(to) if is_there(self, to) => self.set_link(who, *to, true),
            Action::Link(to) => self.signal(*to, who, &ExitReason::NoProcess, false),
            Action::Unlink(to) => self.set_link(who, *to, false),
            Action::Signal(to, reason) => {
                self.signal(who, *to, reason, *reason == ExitReason::Killed)
            }
            Action::Return(reason) => self.end(who, reason),
            Action::Monitor(to) => {
                let (stands, is_gone) = (*to != who && is_there(self, to), !is_there(self, to));
                let member = self.alive.get_mut(&who).unwrap();
                member.monitors.push(stands.then_some(*to));
                if is_gone {
                    member.heard.push(Heard::Down(*to, ExitReason::NoProcess));
                }
            }
            Action::Demonitor => {
                let member = self.alive.get_mut(&who).unwrap();
                if let Some(monitor) = member.monitors.pop() {
                    member.heard.push(Heard::Removed(monitor.is_some()));
                }
            }
            Action::Trap(on) => self.alive.get_mut(&who).unwrap().traps = *on,
        }
    }

    fn set_link(&mut self, one: usize, other: usize, on: bool) {
        for (end, peer) in [(one, other), (other, one)] {
            if let Some(member) = self.alive.get_mut(&end) {
                if on {
                    member.links.insert(peer);
                } else {
                    member.links.remove(&peer);
                }
            }
        }
    }

    /// Who dies of this hit, if it comes first.
    fn reach(&self, hit: usize, is_kill: bool) -> BTreeSet<usize> {
        let mut model = self.clone();
        model.signal(DRIVER, hit, &boom(), is_kill);
        let dead = self
            .alive
            .keys()
            .filter(|who| !model.alive.contains_key(who));
        dead.copied().collect()
    }
}

// The processes.

#[derive(Default)]
struct World {
    pids: OnceLock<Vec<Pid>>,
    heard: Mutex<BTreeMap<usize, Vec<Heard>>>,
    ended: Mutex<BTreeMap<Pid, ExitReason>>,
}

impl Observer for World {
    fn observe(&self, event: &LifecycleEvent) {
        if let LifecycleEvent::Exited { pid, reason, .. } = event {
            self.ended.lock().unwrap().insert(*pid, reason.clone());
        }
    }
}

impl World {
    fn pid(&self, who: usize) -> Pid {
        self.pids.get().unwrap()[who]
    }

    fn number(&self, pid: Pid) -> usize {
        let mut pids = self.pids.get().unwrap().iter();
        pids.position(|known| *known == pid).unwrap_or(DRIVER)
    }

    fn hears(&self, who: usize, heard: Heard) {
        self.heard
            .lock()
            .unwrap()
            .entry(who)
            .or_default()
            .push(heard);
    }

    /// What each process has heard since the last time, in no order.
    fn take_heard(&self, who: usize) -> Vec<Heard> {
        let mut heard = self.heard.lock().unwrap().remove(&who).unwrap_or_default();
        heard.sort();
        heard
    }

    fn ended(&self, n_members: usize) -> BTreeMap<usize, ExitReason> {
        let ended = self.ended.lock().unwrap();
        let of = |who| Some((who, ended.get(&self.pid(who))?.clone()));
        (0..n_members).filter_map(of).collect()
    }
}

/// Does the actions whose numbers it is sent, and takes down what it hears.
async fn member(me: Context, who: usize, case: Arc<Case>, world: Arc<World>) -> ExitReason {
    me.trap_exits(case.traps[who]);
    let mut monitors = Vec::new();
    loop {
        match next(&me).await {
            Event::Message(message) => {
                let (_, action) = &case.actions[usize::try_from(message.tag).unwrap()];
                if let Action::Return(reason) = action {
                    return reason.clone();
                }
                act(&me, who, action, &world, &mut monitors);
            }
            Event::Exit { from, reason } => {
                world.hears(who, Heard::Exit(world.number(from), reason))
            }
            Event::Down { pid, reason, .. } => {
                world.hears(who, Heard::Down(world.number(pid), reason))
            }
            Event::Request(request) => panic!("{request:?}"),
        }
    }
}

fn act(me: &Context, who: usize, action: &Action, world: &World, monitors: &mut Vec<Ref>) {
    match action {
        Action::Link(to) => me.link(world.pid(*to)),
        Action::Unlink(to) => me.unlink(world.pid(*to)),
        Action::Monitor(to) => monitors.push(me.monitor(world.pid(*to))),
        Action::Demonitor => {
            if let Some(monitor) = monitors.pop() {
                world.hears(who, Heard::Removed(me.demonitor(monitor)));
            }
        }
        Action::Trap(on) => drop(me.trap_exits(*on)),
        Action::Signal(to, reason) => me.exit_signal(world.pid(*to), reason.clone()),
        Action::Return(_) => {}
    }
}

// The comparison.

/// Plays the case and compares, after each action and after the race.
async fn play(me: Context, case: Arc<Case>, world: Arc<World>) {
    let start = |who| {
        let (case, world) = (Arc::clone(&case), Arc::clone(&world));
        me.spawn(child(), move |me| member(me, who, case, world))
            .unwrap()
            .pid
    };
    let pids = (0..case.traps.len()).map(start).collect();
    world.pids.set(pids).unwrap();
    let mut model = Model::default();
    for (who, traps) in case.traps.iter().enumerate() {
        let member = Member {
            traps: *traps,
            ..Member::default()
        };
        model.alive.insert(who, member);
    }
    settle_simulation(&me).await;
    for (number, (who, action)) in (0..).zip(&case.actions) {
        me.send(world.pid(*who), number, "").unwrap();
        settle_simulation(&me).await;
        model.act(*who, action);
        assert_as_modelled(&me, &mut model, &world, case.traps.len());
    }
    race(&me, &case, &model, &world).await;
}

/// One outcome is right: who lives, with which ties; who ended, of what; and what was heard.
fn assert_as_modelled(me: &Context, model: &mut Model, world: &World, n_members: usize) {
    assert_eq!(world.ended(n_members), model.ended);
    for (who, member) in &mut model.alive {
        let mut heard = std::mem::take(&mut member.heard);
        heard.sort();
        assert_eq!(world.take_heard(*who), heard, "heard by {who}");
        let ties = me.node().process_info(world.pid(*who)).unwrap().ties;
        let n_monitors = member.monitors.iter().flatten().count();
        assert_eq!(
            (ties.links, ties.monitors),
            (member.links.len(), n_monitors),
            "ties of {who}"
        );
    }
}

/// Several deaths at once: it is known who dies, and of each what it may have died of; survivors have heard
/// of each dead peer once, and what it died of.
async fn race(me: &Context, case: &Case, before: &Model, world: &World) {
    let mut allowed: BTreeMap<usize, BTreeSet<ExitReason>> = BTreeMap::new();
    let mut direct: BTreeMap<usize, Vec<Heard>> = BTreeMap::new();
    for (number, (hit, is_kill)) in case.race.iter().enumerate() {
        let reason = if *is_kill {
            ExitReason::Killed
        } else {
            ExitReason::error(format!("hit {number}"))
        };
        for dead in before.reach(*hit, *is_kill) {
            allowed.entry(dead).or_default().insert(reason.clone());
        }
        let notice = Heard::Exit(DRIVER, reason.clone());
        direct.entry(*hit).or_default().push(notice);
        me.exit_signal(world.pid(*hit), reason);
    }
    settle_simulation(me).await;
    let ended = world.ended(case.traps.len());
    let dead = |who: &usize| allowed.contains_key(who);
    for (who, member) in &before.alive {
        if let Some(allowed) = allowed.get(who) {
            let reason = ended.get(who).expect("the rules say that it dies");
            assert!(allowed.contains(reason), "{who} died of {reason}");
            continue;
        }
        assert_eq!(ended.get(who), None, "the rules say that {who} lives");
        let reason = |who: &usize| ended[who].clone();
        let exits = member.links.iter().filter(|peer| dead(peer));
        let exits = exits.map(|peer| Heard::Exit(*peer, reason(peer)));
        let downs = member
            .monitors
            .iter()
            .flatten()
            .filter(|target| dead(target));
        let downs = downs.map(|target| Heard::Down(*target, reason(target)));
        let mut heard: Vec<Heard> = exits.chain(downs).collect();
        heard.extend(direct.remove(who).unwrap_or_default());
        heard.sort();
        assert_eq!(world.take_heard(*who), heard, "heard by {who}");
    }
}

fn check(case: &Case) -> Result<(), TestCaseError> {
    let world = Arc::new(World::default());
    let observer: Arc<dyn Observer> = Arc::<World>::clone(&world);
    let simulator = Simulator::observed(case.schedule, observer);
    let (case, seen) = (Arc::new(case.clone()), Arc::clone(&world));
    let driver = simulator.node().spawn(child(), |me| async move {
        play(me, case, seen).await;
        ExitReason::Normal
    });
    simulator.run();
    let end = world.ended.lock().unwrap().remove(&driver.unwrap());
    prop_assert_eq!(end, Some(ExitReason::Normal));
    simulator.stop();
    assert_clean(simulator.node());
    Ok(())
}

fn reasons() -> impl Strategy<Value = ExitReason> {
    prop_oneof![
        Just(ExitReason::Normal),
        Just(ExitReason::Shutdown),
        Just(ExitReason::Killed),
        (0..3_u8).prop_map(|n| ExitReason::error(format!("reason {n}"))),
    ]
}

fn actions(n_members: usize) -> impl Strategy<Value = Action> {
    let other = 0..n_members;
    prop_oneof![
        12 => other.clone().prop_map(Action::Link),
        2 => other.clone().prop_map(Action::Unlink),
        4 => other.clone().prop_map(Action::Monitor),
        1 => Just(Action::Demonitor),
        1 => any::<bool>().prop_map(Action::Trap),
        2 => (other, reasons()).prop_map(|(to, reason)| Action::Signal(to, reason)),
        1 => reasons().prop_map(Action::Return),
    ]
}

fn cases() -> impl Strategy<Value = Case> {
    let sized = |n_members: usize| {
        let deeds = vec((0..n_members, actions(n_members)), 0..40);
        let race = vec((0..n_members, any::<bool>()), 0..4);
        (vec(any::<bool>(), n_members), deeds, race, any::<u64>())
    };
    let case = |(traps, actions, race, schedule)| Case {
        traps,
        actions,
        race,
        schedule,
    };
    (2..10_usize).prop_flat_map(sized).prop_map(case)
}

#[test]
fn link_trees() {
    for_each_seed(|seed| {
        let mut bytes = [0; 32];
        bytes[..8].copy_from_slice(&seed.to_le_bytes());
        let random = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
        let config = Config {
            cases: CASES,
            failure_persistence: None,
            ..Config::default()
        };
        let checked = TestRunner::new_with_rng(config, random).run(&cases(), |case| check(&case));
        if let Err(failure) = checked {
            panic!("{failure}");
        }
    });
}
