//! The runtime of rusm, as a library.
//!
//! A [`Runtime`] runs WebAssembly guests as processes. Each has its own memory, mailbox and capability
//! [`Profile`](rusm_caps::Profile); it starts with no rights and has only what its profile grants. The guest
//! is hostile, whoever embeds the runtime is not.
//!
//! ```
//! use rusm_caps::Profile;
//! use rusm_core::{ExitReason, Runtime, Spawn};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let runtime = Runtime::builder().build()?;
//! let wasm = wat::parse_str(r#"(module (memory (export "memory") 1) (func (export "_start")))"#)?;
//! let program = runtime.load("hello", &wasm)?;
//! let profile = Profile::sandboxed()
//!     .to_builder("hello")
//!     .with_limits(|limits| limits.max_memory_bytes = 1 << 20)
//!     .build()?;
//! let process = runtime.spawn(Spawn::new("hello", &program).profile(profile).args(["to", "all"]))?;
//! assert_eq!(process.wait(), ExitReason::Normal);
//! runtime.shutdown();
//! # Ok(())
//! # }
//! ```
//!
//! The runtime neither prints nor logs: a [`RuntimeObserver`] is told everything, as [`RuntimeEvent`]s. A
//! whole app starts from its manifest with [`Runtime::boot`].
//!
//! What always holds:
//! - every effect of a guest is asked of its guard first; the context of its WASI is made from its profile alone;
//! - a trap, a breach of a bound, a failed start ends that process and nothing else;
//! - host memory that a guest causes is bounded, and bytes from a guest never make the host panic.

#![deny(unsafe_code)]
#![warn(missing_docs)]

mod abi;
mod boot;
mod code;
pub mod dangerous;
mod engine;
mod event;
mod guest;
mod host;
mod host_function;
mod identity;
mod lineage;
mod linked;
mod program;
mod runtime;
mod ticker;
mod wasi;

pub use boot::{App, AppEnd, BootError, BootPlan, CodeProblem};
pub use code::CodeError;
pub use engine::EngineError;
pub use event::{
    Aftermath, CrashReport, Exit, RuntimeEvent, RuntimeObserver, SupervisedBy, Unread,
};
pub use guest::breach::{Amount, Breach};
pub use guest::output::Stream;
pub use host_function::{
    CoreType, CoreValue, HostCaller, HostFunction, HostFunctionError, HostInterface,
    HostInterfaceError, RawCall, RawFunction, values,
};
pub use linked::{LinkedImports, linked_imports};
pub use program::Program;
pub use runtime::{
    BuildError, Capacity, ProcessHandle, Runtime, RuntimeBuilder, Spawn, SpawnFailure,
};
pub use rusm_actor::{ExitReason, Limit, Name, Pid};
