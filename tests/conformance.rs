//! The numbered statements about processes, as guests observe them: one test per statement, named after it.
//!
//! Each plays a scene for every pair of guest paths; `stage.rs` says how. `crates/rusm-core/SEMANTICS.md` is the table of the statements.

mod calls;
mod exits;
mod limits;
mod links;
mod lives;
mod monitors;
mod names;
mod order;
mod receive;
mod timers;
mod trees;
