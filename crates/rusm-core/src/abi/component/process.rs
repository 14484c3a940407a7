//! `process`, `registry` and `permissions`.

use super::wit::permissions::Status;
use super::wit::registry::NameError;
use super::wit::types::{Denial, ExitReason};
use super::{View, denial, reason, wit};
use crate::host::registry::NameRefused;
use rusm_actor::Pid;
use wasmtime::Result;

impl wit::process::Host for View<'_> {
    fn self_(&mut self) -> Result<u64> {
        Ok(self.0.own_pid().as_u64())
    }

    fn parent(&mut self) -> Result<Option<u64>> {
        Ok(self.0.parent().map(Pid::as_u64))
    }

    fn exit(&mut self, why: ExitReason) -> Result<()> {
        Err(self.0.exit(reason(&why)).into())
    }

    fn trap_exits(&mut self, on: bool) -> Result<bool> {
        Ok(self.0.trap_exits(on)?)
    }

    fn link(&mut self, to: u64) -> Result<Result<(), Denial>> {
        Ok(self.0.link(to)?.map_err(denial))
    }

    fn unlink(&mut self, to: u64) -> Result<()> {
        Ok(self.0.unlink(to)?)
    }

    fn monitor(&mut self, to: u64) -> Result<u64> {
        Ok(self.0.monitor(to)?.as_u64())
    }

    fn demonitor(&mut self, monitor: u64) -> Result<()> {
        self.0.demonitor(monitor);
        Ok(())
    }

    fn signal(&mut self, to: u64, why: ExitReason) -> Result<Result<(), Denial>> {
        Ok(self.0.signal(to, reason(&why))?.map_err(denial))
    }
}

impl wit::registry::Host for View<'_> {
    fn register(&mut self, name: String) -> Result<Result<(), NameError>> {
        Ok(self.0.register(&name).map_err(|refused| match refused {
            NameRefused::Taken => NameError::Taken,
            NameRefused::Invalid => NameError::Invalid,
        }))
    }

    fn unregister(&mut self, name: String) -> Result<()> {
        self.0.unregister(&name);
        Ok(())
    }

    fn whereis(&mut self, name: String) -> Result<Option<u64>> {
        Ok(self.0.whereis(&name).map(Pid::as_u64))
    }

    fn join(&mut self, group: String) -> Result<()> {
        Ok(self.0.join(&group)?)
    }

    fn leave(&mut self, group: String) -> Result<()> {
        self.0.leave(&group);
        Ok(())
    }

    fn members(&mut self, group: String) -> Result<Vec<u64>> {
        Ok(self
            .0
            .members(&group)
            .into_iter()
            .map(Pid::as_u64)
            .collect())
    }

    fn broadcast(&mut self, group: String, tag: u64, payload: Vec<u8>) -> Result<u32> {
        Ok(self.0.broadcast(&group, tag, payload)?)
    }
}

impl wit::permissions::Host for View<'_> {
    fn query(&mut self, permission: String, target: Option<String>) -> Result<Status> {
        let is_granted = self.0.query(&permission, target.as_deref());
        Ok(if is_granted {
            Status::Granted
        } else {
            Status::Denied
        })
    }

    fn drop(&mut self, permission: String) -> Result<()> {
        Ok(self.0.drop_permission(&permission)?)
    }
}
