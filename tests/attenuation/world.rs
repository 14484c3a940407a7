//! Worlds drawn from a seed: a manifest of random profiles, and random calls of its processes.

#![expect(
    clippy::indexing_slicing,
    reason = "the number of a process is an index into what gave it"
)]

use super::oracle::{Declared, Oracle, Rights, Spawned, family};
use super::place::{BROUGHT, Dice, Surroundings};
use super::{hand, order, spawned};
use crate::app::{plan, scripted};
use crate::support::{BOTH_PATHS, GuestPath, guest};
use rusm_core::{Pid, Program, Spawn};
use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::Path;

/// Worlds of a run that nobody asked to be longer.
const SEEDS: u64 = 100;
/// Calls in one world.
const CALLS: usize = 14;
/// Components of a world.
const COMPONENTS: usize = 3;
/// What can be revoked and dropped.
const FAMILIES: [&str; 11] = [
    "network",
    "listen",
    "spawn",
    "storage",
    "process-control",
    "send",
    "load",
    "stdio",
    "env",
    "files",
    "host-functions",
];

/// One world: its manifest, and who lives in it.
struct World<'a> {
    around: &'a Surroundings,
    dice: Dice,
    seed: u64,
    oracle: Oracle,
    /// In the oracle's order.
    pids: Vec<Pid>,
    paths: Vec<GuestPath>,
    component_paths: BTreeMap<String, GuestPath>,
    /// For whoever reads a failure.
    story: String,
}

/// Whoever calls what in whichever order: what is allowed is what the oracle says, and never more than was granted.
#[test]
fn no_sequence_of_calls_widens_anything() {
    let around = Surroundings::new();
    rusm_sim::for_each_seed(env!("CARGO_PKG_NAME"), SEEDS, |seed| {
        let mut world = World::new(&around, seed);
        for _ in 0..CALLS {
            world.step();
        }
        for who in 0..world.pids.len() {
            world.try_everything(who);
        }
        world.close();
    });
}

impl<'a> World<'a> {
    fn new(around: &'a Surroundings, seed: u64) -> Self {
        let mut world = Self {
            around,
            dice: Dice(seed),
            seed,
            oracle: Oracle::default(),
            pids: Vec::new(),
            paths: Vec::new(),
            component_paths: BTreeMap::new(),
            story: String::new(),
        };
        let manifest = world.draw();
        let plan = plan(GuestPath::Core, &manifest, Path::new("."));
        let runtime = &around.scenario.runtime;
        for name in plan.manifest.components.keys() {
            world
                .component_paths
                .insert(name.clone(), world.path_of(name));
        }
        runtime
            .declare_all(&plan)
            .unwrap_or_else(|error| panic!("{error}\n{manifest}"));
        let root = world.name(0);
        let path = world.component_paths[&root];
        let profile = plan.manifest.components[&root].profile.clone();
        let spawn: Spawn = scripted(&root, world.program(path), "obey").profile(profile);
        let root_process = runtime.spawn(spawn).expect("there is room for it");
        world.oracle.begin(&root);
        world.pids.push(root_process.pid());
        world.paths.push(path);
        world
    }

    fn name(&self, index: usize) -> String {
        format!("c{index}-{}", self.seed)
    }

    /// Components of odd numbers are core modules.
    fn path_of(&self, name: &str) -> GuestPath {
        BOTH_PATHS[usize::from(name.starts_with("c1"))]
    }

    fn program(&self, path: GuestPath) -> &Program {
        &self.around.programs[usize::from(path == GuestPath::Core)]
    }

    /// A manifest of random profiles, which the oracle is told as well.
    fn draw(&mut self) -> String {
        let names: Vec<String> = (0..COMPONENTS).map(|index| self.name(index)).collect();
        let spawnable: Vec<String> = names
            .iter()
            .cloned()
            .chain(BROUGHT.map(str::to_owned))
            .collect();
        let mut manifest = String::new();
        for (index, name) in names.iter().enumerate() {
            let mut profiles = BTreeMap::new();
            for number in 0..=(self.dice.roll() % 2) {
                let profile = format!("p{index}-{number}-{}", self.seed);
                let rights = self.draw_rights(&spawnable, index == 0);
                manifest.push_str(&self.profile_text(&profile, &rights));
                profiles.insert(profile, rights);
            }
            let own = profiles.keys().next().cloned().expect("there is one");
            let offered: Vec<String> = profiles.keys().map(|name| format!("{name:?}")).collect();
            let wasm = crate::support::guest_file("actor_probe", self.path_of(name));
            let _ = writeln!(
                manifest,
                "[components.{name}]\nwasm = {:?}\nargs = [\"obey\"]\ncapability = \"{own}\"\nprofiles = [{}]",
                wasm.display().to_string(),
                offered.join(", ")
            );
            let declared = Declared {
                profile: own,
                profiles,
            };
            self.oracle.declared.insert(name.clone(), declared);
        }
        self.story.push_str(&manifest);
        manifest
    }

    /// The first component has more, or nothing would ever happen.
    fn draw_rights(&mut self, spawnable: &[String], is_first: bool) -> Rights {
        let likely = if is_first { 8 } else { 5 };
        let spawns = spawnable.iter().map(|name| format!("spawn:{name}"));
        let all: Vec<String> = self.around.rights().into_iter().chain(spawns).collect();
        let drawn = all.into_iter().filter(|_| self.dice.chance(likely));
        let mut rights: Rights = drawn.collect();
        if !rights.contains("load") {
            // A manifest names what is declared, or may be brought.
            rights.retain(|right| !BROUGHT.iter().any(|name| *right == format!("spawn:{name}")));
        }
        rights
    }

    /// A profile as an operator writes it.
    fn profile_text(&self, name: &str, rights: &Rights) -> String {
        let list = |prefix: &str| {
            let targets = rights.iter().filter_map(|right| right.strip_prefix(prefix));
            let quoted: Vec<String> = targets.map(|target| format!("{target:?}")).collect();
            format!("[{}]", quoted.join(", "))
        };
        let has = |right: &str| rights.contains(right);
        let folder = self.around.folder.path().display().to_string();
        let preopen = match has("files:/data") {
            true => format!("[{{ host = {folder:?}, guest = \"/data\" }}]"),
            false => "[]".to_owned(),
        };
        format!(
            "[capabilities.{name}]\nallow-network = {}\nallow-listen = {}\nallow-spawn = {}\n\
             allow-storage = {{ read = {}, write = {} }}\nallow-process-control = {}\nallow-send = {}\n\
             allow-load = {}\nallow-stdio = {}\nenv = {}\npreopen = {preopen}\nhost-functions = {}\n\
             max-processes = 100\n",
            list("network:"),
            list("listen:"),
            list("spawn:"),
            list("storage:read:"),
            list("storage:write:"),
            has("process-control"),
            list("send:"),
            has("load"),
            has("stdio"),
            list("env:"),
            list("host-functions:"),
        )
    }

    /// One random call of a random process, and a look at whoever it concerns.
    fn step(&mut self) {
        let living: Vec<usize> = (0..self.pids.len())
            .filter(|who| self.oracle.lives[*who].is_alive)
            .collect();
        let who = *self.dice.one_of(&living);
        match self.dice.roll() % 10 {
            0..=4 => self.spawns(who),
            5..=6 => self.loads(who),
            7..=8 => self.gives_up(who),
            _ if living.len() > 2 && who != 0 => self.ends(who),
            _ => self.try_everything(who),
        }
    }

    fn orders(&mut self, who: usize, script: &str) -> Vec<String> {
        let _ = writeln!(self.story, "{who}: {script}");
        let lines = order(&self.around.scenario, self.pids[who], script);
        let _ = writeln!(self.story, "   {lines:?}");
        lines
    }

    fn family(&mut self) -> &'static str {
        self.dice.one_of::<&str>(&FAMILIES)
    }

    fn spawns(&mut self, who: usize) {
        let mut names: Vec<String> = self.oracle.declared.keys().cloned().collect();
        names.extend(BROUGHT.map(str::to_owned));
        let name = self.dice.one_of(&names).clone();
        let offered = self
            .oracle
            .declared
            .values()
            .flat_map(|declared| declared.profiles.keys());
        let offered: Vec<String> = offered.cloned().collect();
        let profile = self
            .dice
            .chance(3)
            .then(|| self.dice.one_of(&offered).clone());
        let revoked: Vec<&str> = (0..self.dice.roll() % 3).map(|_| self.family()).collect();
        let mut script = format!("spawn {name}");
        if let Some(profile) = &profile {
            let _ = write!(script, " profile={profile}");
        }
        for family in &revoked {
            let _ = write!(script, " revoke={family}");
        }
        script.push_str(" args obey");
        let lines = self.orders(who, &script);
        let [line] = &*lines else {
            panic!("{}", self.story);
        };
        let expected = self.oracle.spawns(who, &name, profile.as_deref(), &revoked);
        match expected {
            Spawned::As(child) => {
                let pid = spawned(line).unwrap_or_else(|| panic!("{}", self.story));
                self.pids.push(pid);
                // For probes of what only one path can try; of brought code it is not remembered.
                let path = self.component_paths.get(&name).copied();
                self.paths.push(path.unwrap_or(GuestPath::Core));
                self.try_everything(child);
            }
            Spawned::Denied => assert_eq!(line, "spawn=denied:spawn", "{}", self.story),
            Spawned::Escalation | Spawned::Unknown => {
                assert!(
                    line.starts_with("spawn=error:"),
                    "{expected:?}\n{}",
                    self.story
                );
            }
        }
    }

    fn loads(&mut self, who: usize) {
        let taken = self.name(1);
        let name = if self.dice.chance(1) {
            taken
        } else {
            (*self.dice.one_of(&BROUGHT)).to_owned()
        };
        let path = *self.dice.one_of(&BOTH_PATHS);
        hand(
            &self.around.scenario,
            self.pids[who],
            guest("actor_probe", path),
        );
        let lines = self.orders(who, &format!("load {name}"));
        let may = self.oracle.may(who, "load");
        let registered = self.oracle.loads(who, &name);
        let expected = match (may, registered) {
            (false, _) => "load=denied:load",
            (true, true) => "load=ok",
            (true, false) => "load=error:",
        };
        assert!(
            matches!(&*lines, [line] if line.starts_with(expected)),
            "{expected}\n{}",
            self.story
        );
    }

    fn gives_up(&mut self, who: usize) {
        let family = self.family();
        assert_eq!(
            self.orders(who, &format!("drop {family}")),
            ["drop=ok"],
            "{}",
            self.story
        );
        self.oracle.gives_up(who, family);
        self.try_everything(who);
    }

    fn ends(&mut self, who: usize) {
        let _ = writeln!(self.story, "{who} is killed");
        let scenario = &self.around.scenario;
        scenario.runtime.node().kill(self.pids[who]);
        scenario.recorder.wait_for_end(self.pids[who]);
        self.oracle.ends(who);
    }

    /// Every right there is, asked about and, where that shows, used.
    fn try_everything(&mut self, who: usize) {
        if !self.oracle.lives[who].is_alive {
            return;
        }
        let mut rights = self.around.rights();
        rights.extend(
            self.oracle
                .declared
                .keys()
                .map(|name| format!("spawn:{name}")),
        );
        rights.extend(BROUGHT.map(|name| format!("spawn:{name}")));
        let queries: Vec<String> = rights.iter().map(|right| query(right)).collect();
        let lines = self.orders(who, &queries.join(" then "));
        assert_eq!(lines.len(), rights.len(), "{}", self.story);
        for (right, line) in rights.iter().zip(&lines) {
            self.judge(who, right, line == "query=ok:granted");
        }
        let deeds: Vec<(String, String)> = rights
            .iter()
            .filter_map(|right| Some((right.clone(), self.deed(who, right)?)))
            .collect();
        let script: Vec<&str> = deeds.iter().map(|(_, deed)| &**deed).collect();
        let lines = self.orders(who, &script.join(" then "));
        self.around.take_connections();
        assert_eq!(lines.len(), deeds.len(), "{}", self.story);
        for ((right, _), line) in deeds.iter().zip(&lines) {
            self.judge_deed(who, right, line);
        }
    }

    /// The deed that only this right allows, where there is one without a lasting effect.
    fn deed(&self, who: usize, right: &str) -> Option<String> {
        let (family, target) = right.split_once(':').unwrap_or((right, ""));
        Some(match (family, target) {
            ("storage", target) => match target.split_once(':')? {
                ("read", bucket) => format!("kv-get {bucket} k"),
                (_, bucket) => format!("kv-put {bucket} k v"),
            },
            ("process-control", _) => "processes".to_owned(),
            ("env", name) => format!("env {name}"),
            ("files", folder) => format!("read {folder}/f"),
            // Preview 1 has no call to connect.
            ("network", address) if self.paths[who] == GuestPath::Component => {
                format!("connect {address}")
            }
            _ => return None,
        })
    }

    fn judge_deed(&self, who: usize, right: &str, line: &str) {
        let is_denied = line.contains("=denied:");
        match family(right) {
            // What it was given at its start it reads as long as it has the right; what it has read before it keeps.
            "env" => {
                let life = &self.oracle.lives[who];
                let (is_read, was_given) = (line == "env=ok:value", life.at_start.contains(right));
                let story = || format!("{who} {right}: {line}\n{}", self.story);
                assert!(!is_read || was_given, "{}", story());
                assert!(
                    is_read || !(was_given && life.rights.contains(right)),
                    "{}",
                    story()
                );
            }
            // There is no store behind the interface, and the file is there to be read.
            "files" => self.judge(who, right, line == "read=ok:content"),
            _ => self.judge(who, right, !is_denied),
        }
    }

    /// The law, and that it is not kept by allowing nothing.
    fn judge(&self, who: usize, right: &str, is_allowed: bool) {
        let life = &self.oracle.lives[who];
        assert!(
            !is_allowed || life.granted.contains(right),
            "{who} may {right}, which nobody granted\n{}",
            self.story
        );
        assert_eq!(
            is_allowed,
            life.rights.contains(right),
            "{who} {right}\n{}",
            self.story
        );
    }

    /// Ends whoever still lives.
    fn close(&self) {
        let scenario = &self.around.scenario;
        for (pid, life) in self.pids.iter().zip(&self.oracle.lives) {
            if life.is_alive {
                scenario.runtime.node().kill(*pid);
            }
        }
    }
}

fn query(right: &str) -> String {
    match right.split_once(':') {
        Some((family, target)) => format!("query {family} {target}"),
        None => format!("query {right} -"),
    }
}
