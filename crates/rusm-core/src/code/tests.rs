//! Whole lives of processes, from bytes to reason, through both guest paths; and what hostile bytes meet.

mod component;
mod dense;
mod harness;
mod hostile;
mod module;
mod placement;
