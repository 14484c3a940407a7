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
//! # What an embedder adds
//!
//! A profile is declarative. Where a decision needs more than that, a **decision function** has the last word on what a
//! profile allows ([`RuntimeBuilder::decide`]); it can refuse, with a reason, and never widen. **Host functions** of the
//! embedding program are registered by their WIT names ([`RuntimeBuilder::host_interface`]) and called by those whose
//! profile grants them. Here a plug-in may look a price up in `acme:shop/prices`, and nothing else; it is written as a
//! core module, which speaks numbers, while a component would import the function with its WIT type.
//!
//! ```
//! use rusm_caps::{Decision, HostFunctionGrant, Permission, Profile, Request};
//! use rusm_core::{
//!     CoreType, CoreValue, ExitReason, HostFunction, HostInterface, RawFunction, Runtime, Spawn,
//! };
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! fn price(article: &str) -> u64 {
//!     u64::try_from(article.len()).unwrap_or(u64::MAX) * 100
//! }
//!
//! let prices = HostInterface::new("acme:shop/prices")?
//!     // price: func(article: string) -> result<u64, string>
//!     .function(
//!         "price",
//!         HostFunction::new(|_, (article,): (String,)| Ok((Ok::<u64, String>(price(&article)),)))
//!             .when_denied(|denied| (Err(denied.to_string()),)),
//!     )
//!     // For core modules: the article by pointer and length.
//!     .raw_function(
//!         "price",
//!         RawFunction::new([CoreType::I32, CoreType::I32], [CoreType::I64], |call, args| {
//!             let &[CoreValue::I32(pointer), CoreValue::I32(length)] = args else {
//!                 unreachable!("these are the types that it was made with");
//!             };
//!             let article = call.read_text(pointer, length)?;
//!             Ok(vec![CoreValue::I64(price(&article).cast_signed())])
//!         }),
//!     );
//!
//! let runtime = Runtime::builder()
//!     .host_interface(prices)
//!     .decide(Permission::HostFunctions, |question| match question.request {
//!         Request::HostFunction { name } if name.ends_with("#buy") => Decision::deny("ask a person"),
//!         _ => Decision::Allow,
//!     })
//!     .build()?;
//!
//! let plugin = Profile::sandboxed()
//!     .to_builder("plugin")
//!     .host_functions(HostFunctionGrant::listed(["acme:shop/prices".parse()?]))
//!     .with_limits(|limits| limits.max_memory_bytes = 1 << 20)
//!     .build()?;
//! let wasm = wat::parse_str(
//!     r#"(module
//!         (import "acme:shop/prices" "price" (func $price (param i32 i32) (result i64)))
//!         (memory (export "memory") 1) (data (i32.const 0) "tea")
//!         (func (export "_start")
//!             (if (i64.ne (call $price (i32.const 0) (i32.const 3)) (i64.const 300)) (then unreachable))))"#,
//! )?;
//! let program = runtime.load("plugin", &wasm)?;
//! let granted = runtime.spawn(Spawn::new("plugin", &program).profile(plugin))?;
//! assert_eq!(granted.wait(), ExitReason::Normal);
//!
//! // The same code without the grant does not start, and the reason says what would allow it.
//! let denied = runtime.spawn(Spawn::new("plugin", &program))?.wait();
//! assert!(denied.to_string().contains(r#"host-functions = ["acme:shop/prices"#));
//! runtime.shutdown();
//! # Ok(())
//! # }
//! ```
//!
//! Code that is trusted as much as the embedder itself has presets in [`dangerous`].
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
mod ceiling;
mod code;
mod control;
pub mod dangerous;
mod engine;
mod event;
mod guest;
mod host;
mod host_function;
mod identity;
mod inspect;
mod ledger;
mod lineage;
mod linked;
mod needs;
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
pub use inspect::{CodeKind, Extent, Imported, Inspection, Producer, Risk, inspect};
pub use ledger::Ledger;
pub use linked::{LinkedImports, linked_imports};
pub use needs::{Need, needs_of};
pub use program::Program;
pub use runtime::{
    BuildError, Capacity, ProcessHandle, Runtime, RuntimeBuilder, Spawn, SpawnFailure,
};
pub use rusm_actor::{ExitReason, Limit, Name, Pid};
pub use rusm_manifest::Placement;
pub use wasi::{ResolveError, Resolver, Resolving, TlsError};
