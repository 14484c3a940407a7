//! Where the compiler runs: whose turn it is, on how many cores, and on a stack of its own.
//!
//! Deeply nested code needs more stack than a guest's host call has, and a panic in the compiler ends its thread and becomes an error.

use crate::code::error::{CodeError, chain};
use parking_lot::{Condvar, Mutex};
use std::error::Error;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::OnceLock;

/// Stack of the compiling thread. Code may nest blocks as deep as its functions are long.
const COMPILER_STACK_BYTES: usize = 64 << 20;

/// So many at a time; who comes later waits.
#[derive(Debug)]
pub(super) struct Turns {
    free: Mutex<usize>,
    freed: Condvar,
}

/// A turn, until it is dropped.
#[derive(Debug)]
pub(super) struct Turn<'a>(&'a Turns);

impl Turns {
    pub(super) fn new(n_turns: usize) -> Turns {
        Turns {
            free: Mutex::new(n_turns),
            freed: Condvar::new(),
        }
    }

    /// Blocks until there is one.
    pub(super) fn take(&self) -> Turn<'_> {
        let mut free = self.free.lock();
        self.freed.wait_while(&mut free, |free| *free == 0);
        *free -= 1;
        Turn(self)
    }
}

impl Drop for Turn<'_> {
    fn drop(&mut self) {
        *self.0.free.lock() += 1;
        self.0.freed.notify_one();
    }
}

/// How much of the machine the compiler may use.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Threads {
    /// Every core: by the pool of the whole program, whose size and stacks are Rayon's defaults. One, if there is no such pool.
    All,
    One,
}

/// Whether there is a pool of the whole program. Made here, because Rayon panics where it would make one by the way and has no thread.
fn has_pool_of_all() -> bool {
    static HAS_POOL: OnceLock<bool> = OnceLock::new();
    // An error without a cause says that there is one already.
    let made = || rayon::ThreadPoolBuilder::new().build_global();
    *HAS_POOL.get_or_init(|| made().map_or_else(|error| error.source().is_none(), |()| true))
}

/// Runs the compiler on a thread with a large stack; a panic is an error.
pub(super) fn on_own_stack(
    threads: Threads,
    compile: impl FnOnce() -> wasmtime::Result<Vec<u8>> + Send,
) -> Result<Vec<u8>, CodeError> {
    let no_thread = |cause: &dyn std::fmt::Display| CodeError::NotCompiled {
        cause: format!("no thread to compile on: {cause}"),
    };
    let joined = match threads {
        Threads::All if has_pool_of_all() => std::thread::scope(|scope| {
            let thread = std::thread::Builder::new()
                .name("rusm-compile".to_owned())
                .stack_size(COMPILER_STACK_BYTES)
                .spawn_scoped(scope, compile);
            thread.map(|thread| thread.join().ok())
        })
        .map_err(|cause| no_thread(&cause))?,
        // Where the compiler shares out its work, it does so among the threads of the pool it runs in.
        Threads::All | Threads::One => {
            let pool = rayon::ThreadPoolBuilder::new()
                .num_threads(1)
                .thread_name(|_| "rusm-compile-guest".to_owned())
                .stack_size(COMPILER_STACK_BYTES)
                .build()
                .map_err(|cause| no_thread(&cause))?;
            catch_unwind(AssertUnwindSafe(|| pool.install(compile))).ok()
        }
    };
    match joined {
        Some(Ok(artefact)) => Ok(artefact),
        Some(Err(error)) => Err(CodeError::Invalid {
            cause: chain(&error),
        }),
        None => Err(CodeError::NotCompiled {
            cause: "the compiler failed on it".to_owned(),
        }),
    }
}
