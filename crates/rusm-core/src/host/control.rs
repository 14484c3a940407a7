//! Other processes: listing, inspecting, killing.

use super::peer::Known;
use super::{Fault, Host, pid};
use rusm_abi::limits::MAX_PROCESSES_LISTED;
use rusm_actor::{Name, Pid};
use rusm_caps::{Denied, Permit, Request};

/// What is known of a process.
#[derive(Debug)]
pub(crate) struct Inspected {
    pub(crate) process: Pid,
    pub(crate) parent: Option<Pid>,
    pub(crate) component: String,
    pub(crate) name: Option<Name>,
    /// Empty for native processes of the node, which have none.
    pub(crate) profile: String,
    pub(crate) state: &'static str,
    pub(crate) mailbox_length: u32,
    pub(crate) memory_bytes: u64,
    pub(crate) cpu_time_us: u64,
    pub(crate) restarts: u32,
}

impl Host<'_> {
    /// At most [`MAX_PROCESSES_LISTED`].
    pub(crate) fn processes(&self) -> Result<Vec<Inspected>, Denied> {
        let node = self
            .state
            .guard
            .check(Request::ListProcesses, self.state.context().node())?;
        let alive = node
            .processes()
            .into_iter()
            .filter_map(|pid| self.known(pid));
        Ok(alive
            .take(MAX_PROCESSES_LISTED)
            .map(|known| inspected(&known))
            .collect())
    }

    /// None when the process has ended.
    pub(crate) fn inspect(&self, process: u64) -> Result<Result<Option<Inspected>, Denied>, Fault> {
        let Some(known) = self.known(pid(process)?) else {
            return Ok(Ok(None));
        };
        let request = Request::ProcessControl {
            to: known.peer(None),
        };
        Ok(self
            .state
            .guard
            .check(request, &known)
            .map(|permit| Some(inspected(&permit))))
    }

    pub(crate) fn kill(&mut self, process: u64) -> Result<Result<(), Denied>, Fault> {
        let to = pid(process)?;
        let Some(known) = self.known(to) else {
            return Ok(Ok(()));
        };
        let request = Request::ProcessControl {
            to: known.peer(None),
        };
        match self.state.guard.check(request, to).map(Permit::into_inner) {
            Ok(to) => {
                self.state.context().kill(to);
                self.go_on().map(Ok)
            }
            Err(denied) => Ok(Err(denied)),
        }
    }
}

fn inspected(known: &Known) -> Inspected {
    let (info, identity) = (&known.info, known.identity.as_deref());
    let cpu = identity.map_or(0, |identity| identity.usage.cpu().as_micros());
    Inspected {
        process: info.pid,
        parent: identity.and_then(|identity| identity.lineage.parent()),
        component: known.component().to_owned(),
        name: info.name.clone(),
        profile: identity.map_or_else(String::new, |identity| identity.granted.name().to_owned()),
        state: info.state,
        mailbox_length: u32::try_from(info.mailbox_len).unwrap_or(u32::MAX),
        memory_bytes: identity.map_or(0, |identity| identity.usage.memory_bytes()),
        cpu_time_us: u64::try_from(cpu).unwrap_or(u64::MAX),
        restarts: identity.map_or(0, |identity| identity.restarts),
    }
}
