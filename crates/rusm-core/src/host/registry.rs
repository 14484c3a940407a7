//! Names and groups.
//!
//! A process registers, releases, joins and leaves for itself alone; there is nothing here that touches
//! another's name.

use super::mailbox::payload_fits;
use super::peer::stranger;
use super::{Fault, Host, name, room_for_one_more};
use rusm_abi::limits::{MAX_GROUPS, MAX_MEMBERS};
use rusm_actor::{Name, NameError, Payload, Pid};
use rusm_caps::{Permit, Request};

/// The name was not registered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum NameRefused {
    Taken,
    Invalid,
}

impl Host<'_> {
    pub(crate) fn register(&mut self, name: &str) -> Result<(), NameRefused> {
        let name = Name::new(name).map_err(|_| NameRefused::Invalid)?;
        self.state
            .context()
            .register(name)
            .map_err(|error| match error {
                NameError::Taken | NameError::AlreadyNamed => NameRefused::Taken,
            })
    }

    /// Releases the caller's own name; another's stays.
    pub(crate) fn unregister(&mut self, name: &str) {
        self.state.context().unregister(name);
    }

    pub(crate) fn whereis(&self, name: &str) -> Option<Pid> {
        self.state.context().whereis(name)
    }

    pub(crate) fn join(&mut self, group: &str) -> Result<(), Fault> {
        let group = name(group)?;
        room_for_one_more(
            "joined groups",
            self.state.context().ties().joins,
            MAX_GROUPS,
        )?;
        self.state.context().join(group);
        Ok(())
    }

    pub(crate) fn leave(&mut self, group: &str) {
        self.state.context().leave(group);
    }

    /// At most [`MAX_MEMBERS`].
    pub(crate) fn members(&self, group: &str) -> Vec<Pid> {
        let mut members = self.state.context().members(group);
        members.truncate(MAX_MEMBERS);
        members
    }

    /// Sends to every member that the caller may send to; answers how many mailboxes took it.
    pub(crate) fn broadcast<P>(&mut self, group: &str, tag: u64, payload: P) -> Result<u32, Fault>
    where
        P: AsRef<[u8]> + Into<Payload>,
    {
        payload_fits(payload.as_ref())?;
        if self.may_send_to_anyone() {
            let request = Request::Send {
                to: stranger(0, Some(group)),
            };
            let permit = self
                .state
                .guard
                .check(request, group)
                .map(Permit::into_inner);
            return Ok(permit.map_or(0, |group| {
                self.state.context().broadcast(group, tag, payload)
            }));
        }
        let payload = payload.into();
        let node = self.state.context().node();
        let takers = self
            .state
            .context()
            .members(group)
            .into_iter()
            .filter(|member| {
                let permit = self.permit_send(*member, None);
                let sent = |to| self.state.context().send(to, tag, payload.clone()).is_ok();
                node.is_alive(*member) && permit.is_ok_and(sent)
            });
        Ok(u32::try_from(takers.count()).unwrap_or(u32::MAX))
    }
}
