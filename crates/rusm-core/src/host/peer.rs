//! Who another process is to the caller: what the guard is told about it.
//!
//! Looking a process up costs more than a message. Where the profile lets the caller send to anybody,
//! nothing about the receiver matters to the decision, and it is not looked up.

use super::Host;
use crate::identity::Identity;
use rusm_actor::{Name, Pid, ProcessInfo};
use rusm_caps::{Peer, Permission, Relation, SendGrant};
use std::sync::Arc;

/// A process that is alive, and what it is to the caller.
pub(super) struct Known {
    pub(super) info: ProcessInfo,
    /// None for native processes of the node.
    pub(super) identity: Option<Arc<Identity>>,
    relation: Relation,
}

impl Known {
    /// As the guard is told; `addressed` is the name that the guest used, if it used one.
    pub(super) fn peer<'a>(&'a self, addressed: Option<&'a str>) -> Peer<'a> {
        Peer {
            pid: self.info.pid.as_u64(),
            name: addressed.or(self.info.name.as_ref().map(Name::as_str)),
            component: self.component(),
            relation: self.relation,
        }
    }

    pub(super) fn component(&self) -> &str {
        self.identity
            .as_ref()
            .map_or(&*self.info.label, |identity| &*identity.component.name)
    }
}

impl Host<'_> {
    /// None when the process has ended, and from the moment when it was killed (OTP statement 011).
    pub(super) fn known(&self, pid: Pid) -> Option<Known> {
        let node = self.state.context().node();
        let info = node.process_info(pid).filter(|_| node.is_alive(pid))?;
        let identity = info
            .extension
            .clone()
            .and_then(|extension| extension.downcast::<Identity>().ok());
        let relation = self.relation(&info, identity.as_deref());
        Some(Known {
            info,
            identity,
            relation,
        })
    }

    fn relation(&self, info: &ProcessInfo, identity: Option<&Identity>) -> Relation {
        let me = self.state.context().pid();
        if info.pid == me {
            Relation::Own
        } else if info.parent == Some(me) {
            Relation::Child
        } else if self.state.identity().lineage.parent() == Some(info.pid) {
            Relation::Parent
        } else if identity.is_some_and(|identity| identity.lineage.descends_from(me)) {
            Relation::Descendant
        } else {
            Relation::Other
        }
    }

    /// Whether nothing about a receiver matters: not to the profile, and no decision function looks at it.
    pub(super) fn may_send_to_anyone(&self) -> bool {
        let guard = &self.state.guard;
        guard.with_profile(|profile| matches!(profile.send(), SendGrant::Anyone))
            && !guard.is_decided(Permission::Send)
    }
}

/// A receiver of whom only this is known: where the grant is for everybody, or by name alone.
pub(super) fn stranger(pid: u64, name: Option<&str>) -> Peer<'_> {
    Peer {
        pid,
        name,
        component: "",
        relation: Relation::Other,
    }
}
