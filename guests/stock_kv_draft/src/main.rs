//! A plain WASI command that keeps its data by `wasi:keyvalue`, in the draft that components of wasmCloud import, and knows nothing of
//! actors. Its steps are those of `stock_kv/src/words.rs`.

#[cfg(all(target_arch = "wasm32", target_env = "p2"))]
mod draft;
#[cfg(all(target_arch = "wasm32", target_env = "p2"))]
#[path = "../../stock_kv/src/words.rs"]
mod words;

#[cfg(all(target_arch = "wasm32", target_env = "p2"))]
fn main() {
    words::run();
}

/// WASI preview 1 has no key-value store.
#[cfg(not(all(target_arch = "wasm32", target_env = "p2")))]
fn main() {}
