//! What is fuzzed: parsers of bytes that a stranger chooses. Each target is one function that takes any bytes and
//! panics if what is promised of them does not hold.
//!
//! `fuzz_targets/` hands these functions to libFuzzer; `tests/main.rs` runs them over the kept corpus and
//! mutations of it, which needs neither. See `README.md`.

#![forbid(unsafe_code)]

mod abi;
mod audit;
mod audit_edits;
mod control;
mod manifest;
mod oracle;
mod rules;
mod wire;

pub use abi::abi;
pub use audit::audit;
pub use audit_edits::audit_edits;
pub use control::control;
pub use manifest::manifest;
pub use rules::rules;
pub use wire::wire;

/// A function that takes any bytes.
pub type Target = fn(&[u8]);

/// Every target, by the name of its corpus.
pub const TARGETS: [(&str, Target); 7] = [
    ("abi", abi),
    ("audit", audit),
    ("audit_edits", audit_edits),
    ("control", control),
    ("manifest", manifest),
    ("rules", rules),
    ("wire", wire),
];
