//! What a node does with its machine besides computing, as whoever starts it knows.

use std::collections::BTreeSet;
use std::path::PathBuf;

/// More ports than this are taken for all: each is a rule of its own in the kernel.
const PORTS_MAX: usize = 1_024;

/// Files and ports that a node uses. What its runtime itself reads need not be named, see [`Plan::of`](crate::Plan::of).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Needs {
    /// Folders, with everything in them, and files that are read.
    pub read: Vec<PathBuf>,
    /// Folders, with everything in them, and files that are read and written.
    pub write: Vec<PathBuf>,
    /// Folders from which files are removed, and in which nothing else is done.
    pub remove: Vec<PathBuf>,
    /// TCP ports that are connected to. If there are any, UDP is used as well.
    pub connect: Ports,
    /// TCP ports that are bound; 0 is a port that the kernel chooses.
    pub bind: Ports,
    /// Whether names are looked up.
    pub names: bool,
}

/// A set of ports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Ports {
    /// Every port.
    Any,
    /// These.
    Some(BTreeSet<u16>),
}

impl Default for Ports {
    fn default() -> Self {
        Ports::NONE
    }
}

impl Ports {
    /// No port.
    pub const NONE: Ports = Ports::Some(BTreeSet::new());

    /// Adds ports. Beyond 1,024 of them it becomes [`Ports::Any`].
    pub fn extend(&mut self, ports: impl IntoIterator<Item = u16>) {
        for port in ports {
            let Ports::Some(set) = self else {
                return;
            };
            set.insert(port);
            if set.len() > PORTS_MAX {
                *self = Ports::Any;
            }
        }
    }

    /// Whether the port is among them.
    pub fn contains(&self, port: u16) -> bool {
        match self {
            Ports::Any => true,
            Ports::Some(set) => set.contains(&port),
        }
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        match self {
            Ports::Any => false,
            Ports::Some(set) => set.is_empty(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A few ports are themselves; very many are all.
    #[test]
    fn many_ports_are_all() {
        let mut ports = Ports::NONE;
        assert!(ports.is_empty());
        ports.extend(8_000..8_100);
        assert!(ports.contains(8_099) && !ports.contains(8_100) && !ports.is_empty());
        ports.extend(10_000..=20_000);
        assert_eq!(ports, Ports::Any);
        assert!(ports.contains(1));
    }
}
