//! The stage: guests of both paths play roles in scenes, by scripts, on one node.
//!
//! A scene has a pair of guest paths. In a script `@role` is the name that a role is registered under, `#role` the pid that it got when it
//! entered (`#desk` is the test itself), and `$first` and `$second` are the pair's programs, for guests to spawn. In what roles
//! report, the pids of roles are written `#role` again.

use crate::app::{controller, probe, scripted};
use crate::desk::Desk;
use crate::mailboxes::PAIRS;
use crate::support::{BOTH_PATHS, GuestPath, Scenario};
use parking_lot::Mutex;
use rusm_caps::{Limits, Profile, SpawnGrant};
use rusm_core::{ExitReason, Name, Pid, ProcessHandle, Program, RuntimeBuilder, RuntimeEvent};
use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};

/// Plays a scene with every pair of guest paths.
#[track_caller]
pub(crate) fn for_all_pairs(play: impl Fn(&Scene<'_>)) {
    let stage = Stage::with(|builder| builder);
    for number in 0..PAIRS.len() {
        play(&stage.scene(number));
    }
}

/// Plays a scene of one guest path.
#[track_caller]
pub(crate) fn for_both_paths(play: impl Fn(&Scene<'_>)) {
    let stage = Stage::with(|builder| builder);
    for number in OF_A_KIND {
        play(&stage.scene(number));
    }
}

/// The pairs that are two of a kind, by their place.
pub(crate) const OF_A_KIND: [usize; 2] = [0, 3];

/// A node on which the scenes of one test are played.
pub(crate) struct Stage {
    pub(crate) scenario: Scenario,
    programs: [Program; 2],
    pub(crate) desk: Desk,
    n_parts: AtomicUsize,
}

/// What guests may do here: everything to each other, and nothing else.
pub(crate) fn actor(name: &str, change: impl FnOnce(&mut Limits)) -> Profile {
    controller()
        .to_builder(name)
        .spawn(SpawnGrant::Anyone)
        .allow_load()
        .with_limits(change)
        .build()
        .expect("it can be honoured")
}

impl Stage {
    pub(crate) fn with(set_up: impl FnOnce(RuntimeBuilder) -> RuntimeBuilder) -> Self {
        Self::in_scenario(Scenario::with(set_up))
    }

    pub(crate) fn in_scenario(scenario: Scenario) -> Self {
        let programs = BOTH_PATHS.map(|path| probe(&scenario, path));
        for (path, program) in BOTH_PATHS.into_iter().zip(&programs) {
            let child = actor("child", |_| ());
            scenario.runtime.declare(component(path), program, child);
        }
        let desk = Desk::at(&scenario.runtime);
        Self {
            scenario,
            programs,
            desk,
            n_parts: AtomicUsize::new(0),
        }
    }

    pub(crate) fn scene(&self, number: usize) -> Scene<'_> {
        Scene {
            stage: self,
            number,
            cast: Mutex::default(),
        }
    }
}

/// What the program of a path is called by those who spawn it.
pub(crate) fn component(path: GuestPath) -> &'static str {
    match path {
        GuestPath::Component => "component",
        GuestPath::Core => "module",
    }
}

/// One pair of guest paths, and who plays.
pub(crate) struct Scene<'a> {
    pub(crate) stage: &'a Stage,
    number: usize,
    cast: Mutex<BTreeMap<String, Part>>,
}

/// Who plays a role. The same role may be played again after its end.
struct Part {
    /// As its reports are labelled: no two parts have the same.
    component: String,
    guest: ProcessHandle,
}

impl Scene<'_> {
    pub(crate) fn paths(&self) -> (GuestPath, GuestPath) {
        let pair = PAIRS.get(self.number);
        *pair.expect("a scene has one of the pairs")
    }

    /// A guest of the first path runs this script.
    #[track_caller]
    pub(crate) fn first(&self, role: &str, script: &str) {
        self.enters(self.paths().0, role, script, |_| ());
    }

    /// A guest of the second path does.
    #[track_caller]
    pub(crate) fn second(&self, role: &str, script: &str) {
        self.enters(self.paths().1, role, script, |_| ());
    }

    #[track_caller]
    pub(crate) fn enters(
        &self,
        path: GuestPath,
        role: &str,
        script: &str,
        change: impl FnOnce(&mut Limits),
    ) {
        self.enters_as(actor(&self.name(role), change), path, role, script);
    }

    /// The same, with other rights.
    #[track_caller]
    pub(crate) fn enters_as(&self, profile: Profile, path: GuestPath, role: &str, script: &str) {
        let program = match path {
            GuestPath::Component => &self.stage.programs[0],
            GuestPath::Core => &self.stage.programs[1],
        };
        let n_parts = self.stage.n_parts.fetch_add(1, Ordering::Relaxed);
        let component = format!("{role}-{n_parts}");
        let name = self.name(role);
        let spawn = scripted(&component, program, &self.meant(script))
            .profile(profile)
            .name(Name::new(&name).expect("it is a name"));
        let guest = self.stage.scenario.runtime.spawn(spawn);
        let guest = guest.expect("there is room for it");
        let part = Part { component, guest };
        self.cast.lock().insert(role.to_owned(), part);
    }

    /// Roles of other scenes on the same node have other names.
    pub(crate) fn name(&self, role: &str) -> String {
        format!("{role}-{}", self.number)
    }

    #[track_caller]
    pub(crate) fn pid(&self, role: &str) -> Pid {
        match role {
            "desk" => self.stage.desk.pid(),
            _ => self.part(role, |part| part.guest.pid()),
        }
    }

    #[track_caller]
    fn part<T>(&self, role: &str, look: impl FnOnce(&Part) -> T) -> T {
        let cast = self.cast.lock();
        look(
            cast.get(role)
                .unwrap_or_else(|| panic!("there is no {role}")),
        )
    }

    /// The script as a guest gets it.
    #[track_caller]
    pub(crate) fn meant(&self, script: &str) -> String {
        let (first, second) = self.paths();
        let script = script
            .replace("$first", component(first))
            .replace("$second", component(second));
        let script = replace_each(&script, '@', |role| self.name(role));
        replace_each(&script, '#', |role| self.pid(role).as_u64().to_string())
    }

    /// A report as it is read: pids of the cast are their roles.
    pub(crate) fn read(&self, line: &str) -> String {
        let cast = self.cast.lock();
        let desk = ("desk", self.stage.desk.pid());
        let pids = cast
            .iter()
            .map(|(role, part)| (role.as_str(), part.guest.pid()));
        let roles: BTreeMap<String, &str> = pids
            .chain([desk])
            .map(|(role, pid)| (pid.as_u64().to_string(), role))
            .collect();
        let words = line.split_inclusive([' ', ':', '=']).map(|word| {
            let number = word.trim_end_matches([' ', ':', '=']);
            match roles.get(number) {
                Some(role) => word.replace(number, &format!("#{role}")),
                None => word.to_owned(),
            }
        });
        words.collect()
    }

    /// What this role has reported so far.
    pub(crate) fn lines(&self, role: &str) -> Vec<String> {
        let component = self.part(role, |part| part.component.clone());
        let lines = self.stage.scenario.recorder.lines(&component);
        lines.iter().map(|line| self.read(line)).collect()
    }

    /// What it has reported at its normal end.
    #[track_caller]
    pub(crate) fn reports(&self, role: &str) -> Vec<String> {
        let reason = self.end_of(role);
        let lines = self.lines(role);
        let pair = self.paths();
        assert_eq!(reason, ExitReason::Normal, "{role} of {pair:?}: {lines:#?}");
        lines
    }

    /// It ends normally, and has reported exactly this.
    #[track_caller]
    pub(crate) fn reports_all(&self, role: &str, expected: &[&str]) {
        let lines = self.reports(role);
        assert_eq!(lines, expected, "{role} of {:?}", self.paths());
    }

    /// It ends normally, and this is the last that it has reported.
    #[track_caller]
    pub(crate) fn reports_last(&self, role: &str, expected: &[&str]) {
        let lines = self.reports(role);
        let n_before = lines.len().saturating_sub(expected.len());
        let last: Vec<&str> = lines.iter().skip(n_before).map(String::as_str).collect();
        assert_eq!(last, expected, "{role} of {:?}", self.paths());
    }

    /// Why it ended.
    #[track_caller]
    pub(crate) fn end_of(&self, role: &str) -> ExitReason {
        let pid = self.pid(role);
        self.stage.scenario.recorder.wait_for_end(pid).reason
    }

    /// It ends for this reason.
    #[track_caller]
    pub(crate) fn ends_with(&self, role: &str, reason: ExitReason) {
        assert_eq!(self.end_of(role), reason, "{role} of {:?}", self.paths());
    }

    /// Waits until a step was reported so often, whatever it said.
    #[track_caller]
    pub(crate) fn awaits(&self, role: &str, step: &str, n_times: usize) {
        let component = self.part(role, |part| part.component.clone());
        let step = format!("{step}=");
        let mut n_seen = 0;
        self.stage.scenario.recorder.wait_for(|event| {
            let RuntimeEvent::GuestLine {
                component: of,
                line,
                ..
            } = event
            else {
                return None;
            };
            n_seen += usize::from(**of == *component && line.starts_with(&step));
            (n_seen == n_times).then_some(())
        });
    }

    /// Waits for this report.
    #[track_caller]
    pub(crate) fn hears(&self, role: &str, line: &str) {
        let component = self.part(role, |part| part.component.clone());
        let recorder = &self.stage.scenario.recorder;
        recorder.wait_for_line(&component, &self.meant(line));
    }

    /// A message from the test.
    #[track_caller]
    pub(crate) fn tell(&self, role: &str, tag: u64, text: &str) {
        self.stage.desk.send(self.pid(role), tag, text);
    }

    /// Ends a role that goes on for ever.
    pub(crate) fn dismiss(&self, role: &str) {
        self.part(role, |part| part.guest.kill());
    }
}

/// Nobody outlives its scene.
impl Drop for Scene<'_> {
    fn drop(&mut self) {
        self.cast.lock().values().for_each(|part| part.guest.kill());
    }
}

/// Replaces what begins with this sign and goes on in letters.
fn replace_each(text: &str, sign: char, meaning: impl Fn(&str) -> String) -> String {
    let mut parts = text.split(sign);
    let mut replaced = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        let end = part
            .find(|c: char| !c.is_ascii_lowercase())
            .unwrap_or(part.len());
        let (role, rest) = part.split_at(end);
        replaced.push_str(&meaning(role));
        replaced.push_str(rest);
    }
    replaced
}
