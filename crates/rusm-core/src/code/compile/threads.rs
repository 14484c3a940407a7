//! Where the compiler runs: whose turn it is, on how many cores, and on a stack of its own.
//!
//! Deeply nested code needs more stack than a guest's host call has, and a panic in the compiler ends its thread and becomes an error.

use crate::code::error::{CodeError, chain};
use parking_lot::{Condvar, Mutex};
use std::panic::{AssertUnwindSafe, catch_unwind};

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
    /// Every core: by the pool of the whole program, whose size and stacks are Rayon's defaults.
    All,
    One,
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
        Threads::All => std::thread::scope(|scope| {
            let thread = std::thread::Builder::new()
                .name("rusm-compile".to_owned())
                .stack_size(COMPILER_STACK_BYTES)
                .spawn_scoped(scope, compile);
            thread.map(|thread| thread.join().ok())
        })
        .map_err(|cause| no_thread(&cause))?,
        // Where the compiler shares out its work, it does so among the threads of the pool it runs in.
        Threads::One => {
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
