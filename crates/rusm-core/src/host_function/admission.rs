//! Before a process starts: what its code imports of the embedder against what its profile grants, and what its profile
//! grants against what there is.

use super::HostInterfaces;
use super::interface::{HostInterface, full_name, unversioned};
use crate::code::Kind;
use rusm_caps::{Denied, Guard, HostFunctionName, Profile, Request};

/// Why a process does not start.
#[derive(Debug, thiserror::Error)]
pub(crate) enum NotAdmitted {
    #[error("{0}")]
    Denied(Denied),
    #[error("{0}")]
    Unprovided(String),
}

/// Lets a process start whose profile grants something of every host interface that its code imports, and nothing that
/// is not there. Each single call is asked about again.
pub(crate) fn admit<'a>(
    interfaces: &HostInterfaces,
    guard: &Guard,
    kind: Kind,
    imports: impl Iterator<Item = &'a str>,
) -> Result<(), NotAdmitted> {
    let profile = guard.profile();
    if let Some(problem) = interfaces.unprovided(&profile) {
        return Err(NotAdmitted::Unprovided(problem));
    }
    if interfaces.is_empty() {
        return Ok(());
    }
    for import in imports {
        let Some(name) = interfaces.imported(kind, import) else {
            continue;
        };
        let is_granted = |full: &str| profile.host_functions().covers(full);
        let any = || interfaces.functions_of(&name).any(|full| is_granted(&full));
        if !is_granted(&name) && (name.contains('#') || !any()) {
            // Asked once more by whom it has to be: this is what records the denial.
            let request = Request::HostFunction { name: &name };
            let permit = guard.check(request, ()).map_err(NotAdmitted::Denied)?;
            permit.into_inner();
        }
    }
    Ok(())
}

impl HostInterfaces {
    /// What an import is of the embedder's, as the guard calls it: a function of a module's import, an interface of a
    /// component's. None for the platform's own.
    fn imported(&self, kind: Kind, import: &str) -> Option<String> {
        match kind {
            Kind::Module => {
                let (module, function) = import.rsplit_once('/')?;
                let interface = self.all().find(|interface| interface.name() == module)?;
                Some(full_name(interface.name(), function))
            }
            Kind::Component => {
                let same = |interface: &&HostInterface| interface.name() == import;
                let base = |interface: &&HostInterface| {
                    unversioned(interface.name()) == unversioned(import)
                };
                let interface = self.all().find(same).or_else(|| self.all().find(base))?;
                Some(interface.name().to_owned())
            }
        }
    }

    fn functions_of(&self, name: &str) -> impl Iterator<Item = String> {
        let interface = self.all().find(|interface| interface.name() == name);
        interface.into_iter().flat_map(HostInterface::functions)
    }

    /// What a profile grants that nobody provides; a grant that means nothing would pass for one that is honoured.
    pub(crate) fn unprovided(&self, profile: &Profile) -> Option<String> {
        let grants = profile.host_functions().names().iter();
        let missing = grants.into_iter().find(|granted| !self.provides(granted))?;
        let known: Vec<String> = self
            .all()
            .map(|interface| interface.name().to_owned())
            .collect();
        let there_are = match known.is_empty() {
            true => "it has no host functions".to_owned(),
            false => format!("there are {}", known.join(", ")),
        };
        Some(format!(
            "profile '{}' grants the host function {missing}, which this program does not provide; {there_are}",
            rusm_caps::printable(profile.name())
        ))
    }

    fn provides(&self, granted: &HostFunctionName) -> bool {
        self.all().any(|interface| {
            granted.covers(interface.name())
                || interface.functions().any(|full| granted.covers(&full))
        })
    }
}
