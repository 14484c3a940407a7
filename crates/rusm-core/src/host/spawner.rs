//! New processes, and code for them.
//!
//! Who may spawn what, and under which profile it runs, is answered where it is resolved, in
//! `runtime/launch.rs`; here a guest's wish is checked for form and size.

use super::{Fault, Host, name, room_for_one_more, within};
use crate::runtime::{SpawnFailure, SpawnRequest};
use rusm_abi::SpawnOptions;
use rusm_abi::limits::{MAX_ARGS, MAX_ARGS_BYTES, MAX_CODE, MAX_LINKS, MAX_MONITORS, MAX_REVOKE};
use rusm_actor::Spawned;
use rusm_caps::Restrictions;

impl Host<'_> {
    pub(crate) fn spawn(
        &mut self,
        component: &str,
        options: &SpawnOptions<'_>,
    ) -> Result<Result<Spawned, SpawnFailure>, Fault> {
        let args_bytes = options
            .args
            .iter()
            .map(str::len)
            .fold(0, usize::saturating_add);
        within("arguments", options.args.count(), MAX_ARGS)?;
        within("bytes of arguments", args_bytes, MAX_ARGS_BYTES)?;
        within("revoked permissions", options.revoke.count(), MAX_REVOKE)?;
        if options.link || options.monitor {
            let ties = self.state.context().ties();
            room_for_one_more("links", ties.links + ties.notices, MAX_LINKS)?;
            room_for_one_more("monitors", ties.monitors + ties.notices, MAX_MONITORS)?;
        }
        let request = SpawnRequest {
            component,
            name: options.name.map(name).transpose()?,
            args: options.args.iter().map(str::to_owned).collect(),
            link: options.link,
            monitor: options.monitor,
            profile: options.profile,
            restrict: restrictions(options),
        };
        let state = &*self.state;
        Ok(state.runtime.spawn_guest(state, request))
    }

    /// Waits for the compiler.
    pub(crate) async fn load(&mut self, name: &str, code: Vec<u8>) -> Result<(), SpawnFailure> {
        let state = &*self.state;
        if code.len() > MAX_CODE {
            let size = code.len();
            return Err(SpawnFailure::InvalidCode(format!(
                "the code has {size} bytes; a guest may load {MAX_CODE}"
            )));
        }
        let loading = state.runtime.begin_load(state, name, code)?;
        loading.finish().await
    }
}

fn restrictions(options: &SpawnOptions<'_>) -> Option<Restrictions> {
    let restrict = Restrictions {
        revoke: options.revoke.iter().map(str::to_owned).collect(),
        max_memory_mb: options.max_memory_mb,
        max_cpu_ms: options.max_cpu_ms,
        timeout_ms: options.timeout_ms,
    };
    (restrict != Restrictions::default()).then_some(restrict)
}
