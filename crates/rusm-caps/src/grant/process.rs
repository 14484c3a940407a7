//! Whom a process may start, and whom it may address.

use std::collections::BTreeSet;

use crate::request::Peer;

/// Which components a process may start.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum SpawnGrant {
    /// None.
    #[default]
    Nobody,
    /// Any component of the manifest.
    Anyone,
    /// Those named.
    Listed(BTreeSet<String>),
}

impl SpawnGrant {
    /// Exactly these components.
    pub fn listed<I: IntoIterator<Item: Into<String>>>(components: I) -> SpawnGrant {
        SpawnGrant::Listed(components.into_iter().map(Into::into).collect())
    }

    /// Whether the component may be started.
    pub fn covers(&self, component: &str) -> bool {
        match self {
            SpawnGrant::Nobody => false,
            SpawnGrant::Anyone => true,
            SpawnGrant::Listed(components) => components.contains(component),
        }
    }

    /// Whether nothing may be started.
    pub fn is_empty(&self) -> bool {
        match self {
            SpawnGrant::Nobody => true,
            SpawnGrant::Anyone => false,
            SpawnGrant::Listed(components) => components.is_empty(),
        }
    }

    /// Whether everyone whom `narrower` may start may be started by this.
    pub fn covers_grant(&self, narrower: &SpawnGrant) -> bool {
        match (self, narrower) {
            (SpawnGrant::Anyone, _) | (_, SpawnGrant::Nobody) => true,
            (SpawnGrant::Nobody, inner) => inner.is_empty(),
            (SpawnGrant::Listed(_), SpawnGrant::Anyone) => false,
            (SpawnGrant::Listed(outer), SpawnGrant::Listed(inner)) => inner.is_subset(outer),
        }
    }
}

/// Whom a process may address besides its relatives and those it answers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum SendGrant {
    /// Every process.
    Anyone,
    /// Processes that run a component of that name, or are addressed by that registered name.
    Listed(BTreeSet<String>),
}

impl SendGrant {
    /// No process but the relatives.
    pub fn nobody() -> SendGrant {
        SendGrant::Listed(BTreeSet::new())
    }

    /// Exactly these names and components.
    pub fn listed<I: IntoIterator<Item: Into<String>>>(names: I) -> SendGrant {
        SendGrant::Listed(names.into_iter().map(Into::into).collect())
    }

    /// Whether that process may be addressed. Its relation is not looked at here.
    pub fn covers(&self, peer: &Peer<'_>) -> bool {
        match self {
            SendGrant::Anyone => true,
            SendGrant::Listed(names) => {
                names.contains(peer.component) || peer.name.is_some_and(|name| names.contains(name))
            }
        }
    }

    /// Whether nobody but the relatives may be addressed.
    pub fn is_empty(&self) -> bool {
        match self {
            SendGrant::Anyone => false,
            SendGrant::Listed(names) => names.is_empty(),
        }
    }

    /// Whether everyone whom `narrower` may address may be addressed by this.
    pub fn covers_grant(&self, narrower: &SendGrant) -> bool {
        match (self, narrower) {
            (SendGrant::Anyone, _) => true,
            (SendGrant::Listed(_), SendGrant::Anyone) => false,
            (SendGrant::Listed(outer), SendGrant::Listed(inner)) => inner.is_subset(outer),
        }
    }
}
