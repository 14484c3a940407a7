//! Default deny, through both guest paths: every import that has an effect answers no to a profile without grants.
//!
//! [`classes`] says of every import what it can do; [`walk`] goes over all imports that are linked and fails on
//! one that is not in its table. A denied import is there with the test that shows the denial, as a function.

mod actor;
mod classes;
mod preview1;
mod relatives;
mod walk;
mod wasi02;
mod wasi03;

pub(crate) use preview1::{PREVIEW1, imports as preview1_imports};
pub(crate) use walk::raw_import;
