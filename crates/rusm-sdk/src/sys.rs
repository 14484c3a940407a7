//! The border to the host: one set of functions, a backend per target.
//!
//! Everything above this module is the same for both guest paths. Unsafe code lives below it only.

#[cfg(all(target_arch = "wasm32", target_env = "p2"))]
mod component;
#[cfg(all(target_arch = "wasm32", target_env = "p2"))]
pub(crate) use component::*;

#[cfg(all(target_arch = "wasm32", target_env = "p1"))]
mod raw;
#[cfg(all(target_arch = "wasm32", target_env = "p1"))]
pub(crate) use raw::*;

#[cfg(not(all(target_arch = "wasm32", any(target_env = "p1", target_env = "p2"))))]
mod absent;
#[cfg(not(all(target_arch = "wasm32", any(target_env = "p1", target_env = "p2"))))]
pub(crate) use absent::*;
#[cfg(all(
    test,
    not(all(target_arch = "wasm32", any(target_env = "p1", target_env = "p2")))
))]
pub(crate) mod memory;
