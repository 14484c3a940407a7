//! What of the wall stands, layer by layer, and what does not.

use std::fmt;
use std::path::PathBuf;

/// One layer of the wall.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Layer {
    /// Files and folders outside the plan cannot be read or changed (Landlock ABI 3).
    Files,
    /// TCP ports outside the plan can neither be connected to nor bound (Landlock ABI 4).
    Ports,
    /// Devices that are opened cannot be controlled (Landlock ABI 5).
    Devices,
    /// Processes outside the node cannot be signalled, nor met at abstract sockets (Landlock ABI 6).
    Signals,
    /// System calls that the node never makes are refused (seccomp).
    Calls,
    /// Programs cannot give more rights than there are (`no_new_privs`).
    Privileges,
}

impl Layer {
    /// Every layer.
    pub const ALL: [Layer; 6] = [
        Layer::Files,
        Layer::Ports,
        Layer::Devices,
        Layer::Signals,
        Layer::Calls,
        Layer::Privileges,
    ];

    /// What it is called in reports.
    pub fn name(self) -> &'static str {
        match self {
            Layer::Files => "files",
            Layer::Ports => "TCP ports",
            Layer::Devices => "devices",
            Layer::Signals => "signals",
            Layer::Calls => "system calls",
            Layer::Privileges => "privileges",
        }
    }
}

/// How a layer stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum State {
    /// All of it.
    Held,
    /// Some of it, and what is missing.
    Partly(String),
    /// Nothing of it, and why.
    Missing(String),
    /// It was not asked for.
    Off,
}

/// A path of the plan that could not be opened, and so stays closed to this node.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unopened {
    /// Which.
    pub path: PathBuf,
    /// Why.
    pub cause: String,
}

/// What stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Report {
    states: [State; Layer::ALL.len()],
    /// The version of Landlock's interface that the kernel has; none without Landlock.
    pub landlock_abi: Option<u32>,
    /// Paths that somebody asked for and that were not there.
    pub unopened: Vec<Unopened>,
}

impl Report {
    /// Each layer in the state that the function says.
    pub(crate) fn of(
        landlock_abi: Option<u32>,
        unopened: Vec<Unopened>,
        state: impl Fn(Layer) -> State,
    ) -> Report {
        Report {
            states: Layer::ALL.map(state),
            landlock_abi,
            unopened,
        }
    }

    pub(crate) fn off() -> Report {
        Report::of(None, Vec::new(), |_| State::Off)
    }

    /// Every layer with its state.
    pub fn layers(&self) -> impl Iterator<Item = (Layer, &State)> {
        Layer::ALL.into_iter().zip(&self.states)
    }

    /// How a layer stands.
    pub fn state(&self, layer: Layer) -> &State {
        let mut layers = self.layers();
        let found = layers.find_map(|(other, state)| (other == layer).then_some(state));
        found.unwrap_or(&State::Off)
    }

    /// Whether all that was asked for stands.
    pub fn is_whole(&self) -> bool {
        self.states.iter().all(|state| match state {
            State::Held => true,
            State::Partly(_) | State::Missing(_) | State::Off => false,
        })
    }

    /// What is not held, with the reason, a sentence each.
    pub fn gaps(&self) -> impl Iterator<Item = String> {
        self.layers()
            .filter_map(|(layer, state)| Some(format!("{}: {}", layer.name(), state.gap()?)))
    }
}

impl State {
    /// What is missing; none if nothing is.
    fn gap(&self) -> Option<String> {
        match self {
            State::Held => None,
            State::Partly(what) => Some(format!("only in part: {what}")),
            State::Missing(why) => Some(why.clone()),
            State::Off => Some("switched off".to_owned()),
        }
    }
}

/// One line: what stands and what does not.
impl fmt::Display for Report {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let held: Vec<&str> = self
            .layers()
            .filter(|(_, state)| **state == State::Held)
            .map(|(layer, _)| layer.name())
            .collect();
        match held.as_slice() {
            [] => f.write_str("holds nothing")?,
            names => write!(f, "holds {}", names.join(", "))?,
        }
        let mut reason = None;
        for (layer, state) in self.layers() {
            let Some(why) = state.gap() else {
                continue;
            };
            // Layers that share a reason share its words.
            match reason.replace(why.clone()) {
                None => write!(f, "; does not hold {}", layer.name())?,
                Some(last) if last == why => write!(f, ", {}", layer.name())?,
                Some(last) => write!(f, ": {last}; {}", layer.name())?,
            }
        }
        if let Some(last) = reason {
            write!(f, ": {last}")?;
        }
        Ok(())
    }
}

/// The wall was required and is not whole.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the node's own confinement was required, and this machine cannot give all of it")]
pub struct Refused(pub Box<Report>);

#[cfg(test)]
mod tests {
    use super::*;

    /// One line names what stands and what does not, each with its reason.
    #[test]
    fn a_report_is_one_line() {
        let report = Report::of(Some(3), Vec::new(), |layer| match layer {
            Layer::Files => State::Held,
            Layer::Ports | Layer::Devices => State::Missing("too old".to_owned()),
            Layer::Signals => State::Partly("half".to_owned()),
            Layer::Calls | Layer::Privileges => State::Held,
        });
        assert_eq!(
            report.to_string(),
            "holds files, system calls, privileges; does not hold TCP ports, devices: too old; signals: only in part: half"
        );
        assert!(!report.is_whole());
        assert_eq!(
            report.state(Layer::Ports),
            &State::Missing("too old".to_owned())
        );
        assert!(Report::of(None, Vec::new(), |_| State::Held).is_whole());
        assert!(Report::off().to_string().starts_with("holds nothing; "));
    }
}
