//! One hostile guest, as a few lines: its name, what runs, under which rights, and how it must end.
//!
//! ```text
//! core("a length that overflows its pointer", "(drop (call $whereis (i32.const -1) (i32.const -1)))").traps("not all inside"),
//! component("a handle that nobody gave out", &["[method]pollable.block"], "(call $pollable.block (i32.const 7))").traps("unknown handle"),
//! both("signals a stranger", "signal #witness killed").denied(&["process-control"]),
//! core("an endless loop", "(call $begins) (loop $l (br $l))").goes_on(),
//! ```
//!
//! Unless it says otherwise a guest has no rights at all and must end normally. In a script `#witness` is the pid of a process that is
//! to be left alone, in WAT `WITNESS` is that number. Whoever goes on for ever calls `$begins` when it has got there.

use super::arena::{Arena, shown};
use crate::denials::{preview1_imports, raw_import};
use crate::forge::{Imported, Interfaces, Wasi, module_text};
use crate::support::{BOTH_PATHS, GuestPath, guest};
use crate::trial::{Outcome, nothing};
use rusm_abi::IMPORTS;
use rusm_caps::Profile;
use rusm_core::{ExitReason, Limit};
use std::path::Path;

/// A group that whoever has begun joins.
pub(crate) const BEGUN: &str = "begun";
/// Where its name lies in a module of [`core`] and [`component`].
const BEGINS: &str = r#"(data (i32.const 65500) "begun") (func $begins (call $join (i32.const 65500) (i32.const 5)))"#;

/// What runs.
pub(crate) enum Guest {
    /// The text of a whole core module or component.
    Wat(String),
    /// What [`Interfaces::component_with`] makes of these.
    Component {
        wasi: Wasi,
        items: String,
        realloc: &'static str,
        body: String,
    },
    /// The probe of this path, with a script.
    Probe(GuestPath),
    /// Whatever happens in a scene.
    Scene(GuestPath, fn(&Arena, GuestPath)),
}

/// How a guest must end.
pub(crate) enum End {
    For(ExitReason),
    /// Traps, and the report says this.
    Trap(&'static str),
    /// Never runs, and this is why.
    NotStarted(&'static str),
    /// Is refused when it is loaded, and this is why.
    NotLoaded(&'static str),
    /// Never ends by itself; others go on, and a kill ends it.
    Never,
    /// For whatever reason it gave.
    Anyhow,
    /// Has an end of its own making: it is answered, or ends by a trap or by an error of its own.
    Somehow,
    /// The same, or runs into this bound: as much as the machine and the bound give.
    SomehowOr(Limit),
}

type Check = Box<dyn Fn(&Outcome)>;
type Rights = Box<dyn Fn(&Path) -> Profile>;

/// One attempt, by one guest or by one of each path.
pub(crate) struct Attack {
    pub(crate) name: &'static str,
    pub(crate) guests: Vec<Guest>,
    pub(crate) profile: Rights,
    pub(crate) script: String,
    pub(crate) end: End,
    pub(crate) checks: Vec<Check>,
    pub(crate) leaves_others: bool,
}

/// A core module with every import of rusm and of preview 1, one page of memory, and this body; `$n` is a local.
pub(crate) fn core(name: &'static str, body: &str) -> Attack {
    core_with(name, "", body)
}

/// The same, with further definitions.
pub(crate) fn core_with(name: &'static str, items: &str, body: &str) -> Attack {
    let items = format!("{} {BEGINS} {items}", core_imports());
    Attack::new(name, vec![Guest::Wat(module_text(&items, body))])
}

/// Every import of rusm and of preview 1, each called by its name.
pub(crate) fn core_imports() -> String {
    let rusm: String = IMPORTS.iter().map(raw_import).collect();
    format!("{}{rusm}", preview1_imports())
}

/// A component with these imports, called by their names without what stands in brackets, and this body.
///
/// A name that several interfaces have is written `interface#name`. A resource is given back by `interface#[resource-drop]NAME`.
/// What is no function of an interface is written as a whole import.
pub(crate) fn component(name: &'static str, imports: &[&str], body: &str) -> Attack {
    component_of(Wasi::V02, name, imports, body)
}

/// The same for either version of WASI.
pub(crate) fn component_of(wasi: Wasi, name: &'static str, imports: &[&str], body: &str) -> Attack {
    let functions = Interfaces::of(wasi).functions();
    let imports = imports.iter().chain(&["registry#join"]);
    let imports: String = imports.map(|name| import(&functions, name)).collect();
    let items = format!("{imports} {BEGINS}");
    let guest = Guest::Component {
        wasi,
        items,
        realloc: "(i32.const 32768)",
        body: body.to_owned(),
    };
    Attack::new(name, vec![guest])
}

/// A whole core module or component in the text format.
pub(crate) fn wat(name: &'static str, text: impl Into<String>) -> Attack {
    Attack::new(name, vec![Guest::Wat(text.into())])
}

/// The probe with this script, once through each path. `$own` is the probe of the same path, to spawn.
pub(crate) fn both(name: &'static str, script: impl Into<String>) -> Attack {
    Attack {
        script: script.into(),
        ..Attack::new(name, BOTH_PATHS.map(Guest::Probe).into())
    }
}

/// Something that takes more than one guest and its end, once through each path.
pub(crate) fn scene(name: &'static str, play: fn(&Arena, GuestPath)) -> Attack {
    let guests = BOTH_PATHS.map(|path| Guest::Scene(path, play));
    Attack::new(name, guests.into())
}

/// A loop around a body, so many times.
pub(crate) fn times(n: u32, body: &str) -> String {
    format!(
        "(local.set $n (i32.const {n})) (loop $next {body}
            (br_if $next (local.tee $n (i32.sub (local.get $n) (i32.const 1)))))"
    )
}

impl Attack {
    fn new(name: &'static str, guests: Vec<Guest>) -> Self {
        Self {
            name,
            guests,
            profile: Box::new(|_| nothing()),
            script: String::new(),
            end: End::For(ExitReason::Normal),
            checks: Vec::new(),
            leaves_others: false,
        }
    }

    /// Runs with these rights.
    pub(crate) fn under(self, profile: Profile) -> Self {
        self.under_in(move |_| profile.clone())
    }

    /// Runs with rights that depend on where the arena's folder lies.
    pub(crate) fn under_in(self, profile: impl Fn(&Path) -> Profile + 'static) -> Self {
        let profile = Box::new(profile);
        Self { profile, ..self }
    }

    /// Of a component: tells the host where to put what it hands over.
    pub(crate) fn reallocating(mut self, how: &'static str) -> Self {
        for guest in &mut self.guests {
            if let Guest::Component { realloc, .. } = guest {
                *realloc = how;
            }
        }
        self
    }

    /// Of a component: has further definitions.
    pub(crate) fn defining(mut self, text: &str) -> Self {
        for guest in &mut self.guests {
            if let Guest::Component { items, .. } = guest {
                items.push_str(text);
            }
        }
        self
    }

    /// Gets these arguments.
    pub(crate) fn with(self, script: impl Into<String>) -> Self {
        let script = script.into();
        Self { script, ..self }
    }

    pub(crate) fn ends(self, end: End) -> Self {
        Self { end, ..self }
    }

    pub(crate) fn traps(self, text: &'static str) -> Self {
        self.ends(End::Trap(text))
    }

    pub(crate) fn fails_to_load(self, text: &'static str) -> Self {
        self.ends(End::NotLoaded(text))
    }

    pub(crate) fn fails_to_start(self, text: &'static str) -> Self {
        self.ends(End::NotStarted(text))
    }

    pub(crate) fn runs_into(self, limit: Limit) -> Self {
        self.ends(End::For(ExitReason::Limit(limit)))
    }

    /// Goes on for ever, and is killed.
    pub(crate) fn goes_on(self) -> Self {
        self.ends(End::Never)
    }

    pub(crate) fn ends_somehow(self) -> Self {
        self.ends(End::Somehow)
    }

    pub(crate) fn ends_somehow_or(self, limit: Limit) -> Self {
        self.ends(End::SomehowOr(limit))
    }

    /// What it started outlives it, and is killed by the arena.
    pub(crate) fn leaves_others(self) -> Self {
        Self {
            leaves_others: true,
            ..self
        }
    }

    /// It was refused exactly these permissions, in order.
    pub(crate) fn denied(self, permissions: &'static [&'static str]) -> Self {
        self.shows(move |outcome| {
            let denied: Vec<_> = outcome
                .denied
                .iter()
                .map(|record| record.permission)
                .collect();
            assert_eq!(denied, permissions, "{}", shown(outcome));
        })
    }

    /// It wrote exactly these lines.
    pub(crate) fn says(self, lines: &'static [&'static str]) -> Self {
        self.shows(move |outcome| assert_eq!(outcome.lines, lines, "{}", shown(outcome)))
    }

    /// Ends as it likes, and this must be true of how.
    pub(crate) fn shows_end(mut self, check: impl Fn(&ExitReason) + 'static) -> Self {
        if matches!(self.end, End::For(ExitReason::Normal)) {
            self.end = End::Anyhow;
        }
        self.shows(move |outcome| check(&outcome.reason))
    }

    /// What else must be true of it.
    pub(crate) fn shows(mut self, check: impl Fn(&Outcome) + 'static) -> Self {
        self.checks.push(Box::new(check));
        self
    }
}

impl Guest {
    /// Its code; none for a scene. `meant` replaces what stands for numbers.
    pub(crate) fn wasm(&self, meant: impl Fn(&str) -> String) -> Option<Vec<u8>> {
        match self {
            Self::Wat(text) => {
                let text = meant(text);
                let wasm = wat::parse_str(&text);
                Some(wasm.unwrap_or_else(|error| panic!("{error}\n{text}")))
            }
            Self::Component {
                wasi,
                items,
                realloc,
                body,
            } => Some(Interfaces::of(*wasi).component_with(items, realloc, &meant(body))),
            Self::Probe(path) => Some(guest("actor_probe", *path)),
            Self::Scene(..) => None,
        }
    }

    /// Which path it takes.
    pub(crate) fn path(&self) -> GuestPath {
        match self {
            Self::Wat(text) if text.trim_start().starts_with("(component") => GuestPath::Component,
            Self::Wat(_) => GuestPath::Core,
            Self::Component { .. } => GuestPath::Component,
            Self::Probe(path) | Self::Scene(path, _) => *path,
        }
    }

    /// Whether it was written by hand.
    pub(crate) fn is_forged(&self) -> bool {
        matches!(self, Self::Wat(_) | Self::Component { .. })
    }
}

fn import(functions: &[Imported], wanted: &str) -> String {
    if wanted.starts_with("(import ") {
        return wanted.to_owned();
    }
    let (interface, name) = wanted.split_once('#').unwrap_or(("", wanted));
    let is_of = |function: &&Imported| {
        interface.is_empty()
            || function
                .interface_name()
                .ends_with(&format!("/{interface}"))
    };
    let of_interface = || functions.iter().filter(is_of);
    if let Some(resource) = name.strip_prefix("[resource-drop]") {
        let interface = of_interface().next().map(|function| &function.interface);
        let interface = interface.unwrap_or_else(|| panic!("there is no interface of {wanted}"));
        return format!(r#"(import "{interface}" "{name}" (func $drop-{resource} (param i32)))"#);
    }
    let found: Vec<&Imported> = of_interface()
        .filter(|function| function.name == name)
        .collect();
    let [function] = found.as_slice() else {
        panic!("{} functions are called {wanted}", found.len())
    };
    let called = name.rsplit(']').next().unwrap_or(name);
    function.import_as(called)
}
