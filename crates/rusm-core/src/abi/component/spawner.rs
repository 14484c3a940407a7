//! `spawner`: new processes, and code for them.

use super::wit::spawner::{Options, SpawnError, Spawned};
use super::{View, denial, wit};
use crate::runtime::SpawnFailure;
use rusm_abi::{List, SpawnOptions};
use rusm_actor::Ref;
use wasmtime::Result;

impl wit::spawner::Host for View<'_> {
    fn spawn(
        &mut self,
        component: String,
        options: Options,
    ) -> Result<Result<Spawned, SpawnError>> {
        let args: Vec<&str> = options.args.iter().map(String::as_str).collect();
        let restrict = options.restrict.as_ref();
        let revoke = restrict
            .map(|restrict| restrict.revoke.as_slice())
            .unwrap_or_default();
        let revoke: Vec<&str> = revoke.iter().map(String::as_str).collect();
        let asked = SpawnOptions {
            link: options.link,
            monitor: options.monitor,
            name: options.name.as_deref(),
            profile: options.profile.as_deref(),
            args: List::Slice(&args),
            revoke: List::Slice(&revoke),
            max_memory_mb: restrict.and_then(|restrict| restrict.max_memory_mb),
            max_cpu_ms: restrict.and_then(|restrict| restrict.max_cpu_ms),
            timeout_ms: restrict.and_then(|restrict| restrict.timeout_ms),
        };
        let spawned = self.0.spawn(&component, &asked)?.map(|spawned| Spawned {
            process: spawned.pid.as_u64(),
            monitor: spawned.monitor.map(Ref::as_u64),
        });
        Ok(spawned.map_err(spawn_error))
    }

    async fn load(&mut self, name: String, code: Vec<u8>) -> Result<Result<(), SpawnError>> {
        Ok(self.0.load(&name, code).await.map_err(spawn_error))
    }
}

fn spawn_error(failure: SpawnFailure) -> SpawnError {
    match failure {
        SpawnFailure::Denied(denied) => SpawnError::Denied(denial(denied)),
        SpawnFailure::UnknownComponent(_) => SpawnError::UnknownComponent,
        SpawnFailure::Escalation(text) => SpawnError::Escalation(text),
        SpawnFailure::NameTaken => SpawnError::NameTaken,
        SpawnFailure::TooMany(_) => SpawnError::TooMany,
        SpawnFailure::InvalidCode(text) => SpawnError::InvalidCode(text),
    }
}
