//! The border between a guest and rusm, one definition for both sides.
//!
//! Components meet it as `wit/rusm.wit`. Core modules meet it as the imports of module [`MODULE`],
//! one per WIT function and of its name, plus [`take`](IMPORTS): [`IMPORTS`] lists them all with
//! their types. This crate holds what the two sides of the raw form must agree on: the names, the
//! [`Errno`] codes, the [`limits`], and how records lie in memory.
//!
//! # Records
//! Little endian, no alignment, no padding but what a layout names. Numbers first, at fixed
//! offsets; then texts and lists one after the other. A text is its length (`u32`) and its UTF-8
//! bytes; [`NONE_LENGTH`] in the place of a length says that there is none. A list is its count
//! (`u32`) and its items. An id of 0 is none: 0 is never a pid and never a reference.
//!
//! Every record is a [`Record`]: written whole or not at all, read without an allocation and
//! without trusting a length. Reading hostile bytes gives [`Malformed`], never a panic.
//!
//! This crate knows neither the host nor the guest library, and needs no allocator.

#![no_std]
#![forbid(unsafe_code)]

mod bytes;
mod control;
mod denial;
mod errno;
mod event;
mod import;
mod kv;
pub mod limits;
mod list;
mod reason;
mod selector;
mod spawn;

pub use bytes::{Full, Malformed, NONE_LENGTH, NONE_MS, Reader, Record, Writer};
pub use control::Info;
pub use denial::Denial;
pub use errno::{Detail, Errno};
pub use event::{EVENT_HEAD, Event};
pub use import::{Gate, IMPORTS, Import, MODULE, Value};
pub use kv::{Op, Page, Pair};
pub use list::{Items, List, numbers};
pub use reason::{Limit, Reason};
pub use selector::Selector;
pub use spawn::{SpawnOptions, Spawned};
