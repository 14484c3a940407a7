//! A plain WASI command that keeps its data by `wasi:keyvalue`, in the draft that components of Spin import, and knows nothing of actors.
//!
//! Its steps are those of `words.rs`, and these, which the first draft does not have:
//!
//! | step | answers |
//! |---|---|
//! | `cas KEY` | `ok`; later steps use this handle |
//! | `current` | the value that the handle sees, or `none` |
//! | `swap VALUE` | `ok`, or `failed` with a new handle for later steps |
//! | `hold KEY N` | how many handles could be made, up to N, and why no more |
//! | `count KEY N` | how often it was too late, while it added 1 to the key N times by swapping |

#[cfg(all(target_arch = "wasm32", target_env = "p2"))]
mod draft;
#[cfg(all(target_arch = "wasm32", target_env = "p2"))]
mod words;

#[cfg(all(target_arch = "wasm32", target_env = "p2"))]
fn main() {
    words::run();
}

/// WASI preview 1 has no key-value store.
#[cfg(not(all(target_arch = "wasm32", target_env = "p2")))]
fn main() {}
