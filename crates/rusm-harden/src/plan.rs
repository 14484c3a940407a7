//! From what a node needs to what stays open to it. Pure.

use crate::needs::{Needs, Ports};
use crate::places::{ALWAYS, DNS_PORT, FOR_NAMES};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What may be done with a file, or with everything in a folder.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Access {
    /// Read, and list.
    Read,
    /// Read, list, write, make, rename and remove files, folders and symbolic links.
    Write,
}

/// A path that stays open.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place {
    /// What for.
    pub access: Access,
    /// Whether somebody asked for it, and so wants to know if it is not there.
    pub is_asked_for: bool,
}

/// What stays open to a node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plan {
    places: BTreeMap<PathBuf, Place>,
    remove: Vec<PathBuf>,
    connect: Ports,
    bind: Ports,
    names: bool,
}

impl Plan {
    /// The needs, and what the runtime itself reads: figures of the kernel and, if names are looked up, what the C
    /// library has for it.
    pub fn of(needs: &Needs) -> Plan {
        let mut plan = Plan {
            places: BTreeMap::new(),
            remove: needs.remove.clone(),
            connect: needs.connect.clone(),
            bind: needs.bind.clone(),
            names: needs.names,
        };
        plan.open(ALWAYS, Access::Read, false);
        if needs.names {
            plan.open(FOR_NAMES, Access::Read, false);
            plan.connect.extend([DNS_PORT]);
        }
        plan.open(&needs.read, Access::Read, true);
        plan.open(&needs.write, Access::Write, true);
        plan
    }

    /// A plan under which nothing stays open, for probing.
    #[cfg(target_os = "linux")]
    pub(crate) fn nothing() -> Plan {
        Plan {
            places: BTreeMap::new(),
            remove: Vec::new(),
            connect: Ports::NONE,
            bind: Ports::NONE,
            names: false,
        }
    }

    fn open(&mut self, paths: &[impl AsRef<Path>], access: Access, is_asked_for: bool) {
        for path in paths {
            let place = self.places.entry(path.as_ref().to_owned());
            let place = place.or_insert(Place {
                access,
                is_asked_for,
            });
            place.access = place.access.max(access);
            place.is_asked_for |= is_asked_for;
        }
    }

    /// The paths, and what stays open of each.
    pub fn places(&self) -> impl Iterator<Item = (&Path, Place)> {
        let places = self.places.iter();
        places.map(|(path, place)| (path.as_path(), *place))
    }

    /// Folders in which, and below which, files can be removed.
    pub fn remove(&self) -> &[PathBuf] {
        &self.remove
    }

    /// TCP ports that can be connected to.
    pub fn connect(&self) -> &Ports {
        &self.connect
    }

    /// TCP ports that can be bound.
    pub fn bind(&self) -> &Ports {
        &self.bind
    }

    /// Whether names can be looked up.
    pub fn names(&self) -> bool {
        self.names
    }

    /// Whether there are sockets of the internet at all.
    pub fn sockets(&self) -> bool {
        !self.connect.is_empty() || !self.bind.is_empty()
    }

    /// Whether the path is, by its text, a place of the plan or in one.
    pub fn opens(&self, path: &Path, access: Access) -> bool {
        let mut above = path.ancestors();
        above.any(|folder| {
            let place = self.places.get(folder);
            place.is_some_and(|place| place.access >= access)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::collection::vec;
    use proptest::prelude::*;

    fn paths() -> impl Strategy<Value = Vec<PathBuf>> {
        vec("/[ab](/[ab]){0,3}", 0..6)
            .prop_map(|texts| texts.into_iter().map(PathBuf::from).collect())
    }

    proptest! {
        /// What is needed stays open, for writing only what is written to, and nothing else does but what the runtime
        /// itself reads.
        #[test]
        fn the_plan_is_what_is_needed_and_no_more(
            read in paths(),
            write in paths(),
            ports in vec(any::<u16>(), 0..4),
            asked in "/[abc](/[abc]){0,4}",
            port: u16,
        ) {
            let mut connect = Ports::NONE;
            connect.extend(ports.iter().copied());
            let needs = Needs { read: read.clone(), write: write.clone(), connect, ..Needs::default() };
            let plan = Plan::of(&needs);
            let asked = Path::new(&asked);
            let lies_in = |places: &[PathBuf]| places.iter().any(|place| asked.starts_with(place));
            prop_assert_eq!(plan.opens(asked, Access::Write), lies_in(&write));
            prop_assert_eq!(plan.opens(asked, Access::Read), lies_in(&write) || lies_in(&read));
            prop_assert_eq!(plan.connect().contains(port), ports.contains(&port));
            prop_assert!(plan.bind().is_empty());
            prop_assert_eq!(plan.sockets(), !ports.is_empty());
        }
    }

    /// The runtime reads figures of its own process and of nobody else's; looking names up brings its files and port.
    #[test]
    fn the_runtime_has_what_it_reads() {
        let bare = Plan::of(&Needs::default());
        assert!(bare.opens(Path::new("/proc/self/maps"), Access::Read));
        assert!(!bare.opens(Path::new("/proc/1/maps"), Access::Read));
        assert!(!bare.opens(Path::new("/proc/self/maps"), Access::Write));
        assert!(!bare.opens(Path::new("/etc/hosts"), Access::Read) && !bare.sockets());
        let named = Plan::of(&Needs {
            names: true,
            ..Needs::default()
        });
        assert!(named.opens(Path::new("/etc/hosts"), Access::Read));
        assert!(!named.opens(Path::new("/etc/passwd"), Access::Read));
        assert!(named.connect().contains(53) && named.sockets());
    }
}
