//! `rusm.toml`: text in, a typed plan out, every mistake of a file in one run.
//!
//! [`parse`] is the whole crate. It reads the text into what was typed (`raw`), then works out
//! what it means (`lower`): names resolved, profiles built, supervisors arranged. Neither stage
//! stops at an error; both report into one list, sorted by place.
//!
//! What always holds:
//!
//! - A [`Manifest`] has no unknown key, no unknown reference, no cycle and no value out of range.
//!   One exception by design: a component that names an unknown capability profile runs
//!   sandboxed, with a warning.
//! - What this release does not implement is an error that names the key. Nothing is ignored.
//! - No text makes it panic, and the work and the diagnostics are bounded by [`TEXT_BYTES_MAX`].
//!
//! ```
//! let manifest = rusm_manifest::parse("rusm.toml", r#"
//!     [app]
//!     name = "hello"
//!     [components.greeter]
//!     wasm = "greeter.wasm"
//!     restart = "transient"
//! "#)?;
//! assert_eq!(manifest.components["greeter"].profile.name(), "sandboxed");
//! assert_eq!(manifest.root.children.len(), 1);
//!
//! let errors = rusm_manifest::parse("rusm.toml", "[app]\nnmae = 'hello'").unwrap_err();
//! assert_eq!(errors.iter().next().and_then(|error| error.hint()), Some("did you mean `name`?"));
//! # Ok::<(), rusm_manifest::Diagnostics>(())
//! ```
//!
//! It opens no file, knows nothing of processes or Wasm, and prints nothing. Paths stay as they
//! were typed; they are relative to the manifest's folder.

#![forbid(unsafe_code)]

mod bounds;
mod diagnostic;
mod digest;
mod fix;
mod lower;
mod manifest;
mod name;
mod origin;
mod parse;
mod raw;
mod report;
mod source;
mod suggest;
mod table;

pub use bounds::TEXT_BYTES_MAX;
pub use diagnostic::{Diagnostic, Diagnostics, Severity, Style};
pub use digest::{Digest, DigestError};
pub use fix::{Change, Edit, FixError, fix};
pub use manifest::{
    AutoShutdownDecl, CeilingsDecl, ChildDecl, ChildTarget, CodeSource, ComponentDecl, HardenDecl,
    Manifest, NodeDecl, Placement, RestartDecl, ShutdownDecl, StoreDecl, StrategyDecl,
    SupervisorDecl,
};
pub use name::is_valid_name;
pub use origin::{Ancestor, Origin, Origins, Spot, TableOrigin};
pub use parse::parse;
