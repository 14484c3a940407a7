//! A process as its embedder holds it: [`ProcessHandle`].

use super::{Launch, RuntimeShared, Spawn, SpawnFailure};
use crate::guest::body;
use crate::identity::Identity;
use rusm_actor::{Ending, ExitReason, Node, Pid};
use std::path::Path;
use std::sync::Arc;

/// A process that was started from outside. Whoever holds it holds the code of the process as well.
#[derive(Debug)]
pub struct ProcessHandle {
    node: Node,
    pid: Pid,
    identity: Arc<Identity>,
    ending: Ending,
}

impl ProcessHandle {
    /// Who.
    pub fn pid(&self) -> Pid {
        self.pid
    }

    /// Waits on the calling thread until it has ended, and until the observer of the runtime was told. Not for worker
    /// threads.
    pub fn wait(&self) -> ExitReason {
        self.ending.wait()
    }

    /// The code that the guest itself ended with; none while it runs, or when something else ended it.
    pub fn exit_code(&self) -> Option<i32> {
        self.identity.usage.exit_code()
    }

    /// Kills it.
    pub fn kill(&self) {
        self.node.kill(self.pid);
    }

    /// Asks it to stop: an exit signal `shutdown`, which it may trap.
    pub fn stop(&self) {
        self.node.exit_signal(self.pid, ExitReason::Shutdown);
    }
}

pub(super) fn spawn(
    shared: &Arc<RuntimeShared>,
    spawn: Spawn,
) -> Result<ProcessHandle, SpawnFailure> {
    let launch = Launch {
        component: Arc::new(spawn.program.component(spawn.component, Path::new("."))),
        profile: spawn.profile,
        args: spawn.args,
        name: spawn.name,
        link: false,
        monitor: false,
        restarts: 0,
        logs_terminal: false,
    };
    let (options, start) = shared.prepare(None, launch)?;
    let (identity, ending) = (Arc::clone(&start.identity), Ending::new());
    let node = shared.node().clone();
    let options = options.ending(ending.clone());
    let pid = node.spawn(options, |context| body::run(context, start));
    let pid = pid.map_err(SpawnFailure::of)?;
    Ok(ProcessHandle {
        node,
        pid,
        identity,
        ending,
    })
}

#[cfg(test)]
mod tests {
    use crate::Runtime;
    use crate::runtime::Spawn;
    use rusm_actor::{ExitReason, Name};

    /// It starts them without waiting, so a worker may; who waits for the end does so elsewhere.
    #[test]
    fn a_native_process_may_start_guests_and_hand_their_handles_out() {
        let runtime = Runtime::builder().build().unwrap();
        let leaf = wat::parse_str("(module (func (export \"_start\")))").unwrap();
        let leaf = runtime.load("leaf", &leaf).unwrap();
        let within = runtime.clone();
        let started = runtime.node().block_on(|_| async move {
            let start = || within.spawn(Spawn::new("leaf", &leaf)).unwrap();
            [(); 3].map(|()| start())
        });
        for handle in started.unwrap() {
            assert_eq!(handle.wait(), ExitReason::Normal);
            assert_eq!(handle.exit_code(), Some(0));
        }
        assert_eq!(runtime.node().process_count(), 0, "nobody else was started");
        runtime.shutdown();
    }

    #[test]
    fn what_ends_before_it_runs_has_an_end_and_what_does_not_start_has_no_handle() {
        let runtime = Runtime::builder().build().unwrap();
        let waits = "(module (import \"rusm\" \"receive\" (func $receive (param i32 i32 i64 i32 i32) (result i32)))
            (memory (export \"memory\") 1) (func (export \"_start\")
            (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 0) (i32.const 64)))))";
        let waits = runtime
            .load("waits", &wat::parse_str(waits).unwrap())
            .unwrap();
        let named = || Spawn::new("waits", &waits).name(Name::new("one").unwrap());
        let handle = runtime.spawn(named()).unwrap();
        handle.kill();
        let second = runtime.spawn(named());
        assert_eq!(handle.wait(), ExitReason::Killed);
        if let Ok(second) = second {
            // The name was free again already.
            second.kill();
            assert_eq!(second.wait(), ExitReason::Killed);
        }
        runtime.node().shutdown();
        let late = runtime.spawn(named()).unwrap_err();
        assert!(late.to_string().contains("shutting down"), "{late}");
        runtime.shutdown();
    }
}
