//! `control`: other processes.

use super::wit::control::Info;
use super::wit::types::Denial;
use super::{View, denial, wit};
use crate::host::control::Inspected;
use rusm_actor::Pid;
use wasmtime::Result;

impl wit::control::Host for View<'_> {
    fn processes(&mut self) -> Result<Result<Vec<Info>, Denial>> {
        let processes = self.0.processes();
        Ok(processes
            .map(|processes| processes.into_iter().map(info).collect())
            .map_err(denial))
    }

    fn inspect(&mut self, process: u64) -> Result<Result<Option<Info>, Denial>> {
        Ok(self
            .0
            .inspect(process)?
            .map(|known| known.map(info))
            .map_err(denial))
    }

    fn kill(&mut self, process: u64) -> Result<Result<(), Denial>> {
        Ok(self.0.kill(process)?.map_err(denial))
    }
}

fn info(inspected: Inspected) -> Info {
    Info {
        process: inspected.process.as_u64(),
        parent: inspected.parent.map(Pid::as_u64),
        component: inspected.component,
        name: inspected.name.map(|name| name.as_str().to_owned()),
        profile: inspected.profile,
        state: inspected.state.to_owned(),
        mailbox_length: inspected.mailbox_length,
        memory_bytes: inspected.memory_bytes,
        cpu_time_us: inspected.cpu_time_us,
        restarts: inspected.restarts,
    }
}
