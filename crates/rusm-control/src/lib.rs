//! The control socket of a node: HTTP/1.1 and JSON over a Unix socket, for the people who run the node. Both ends of it.
//!
//! A node makes a [`Socket`] before it confines itself, and starts a [`Server`] on it with the endpoints of its [`Router`]. The command
//! line speaks to it by a [`Client`]. What goes over the wire is in `docs/control.md`.
//!
//! # What always holds
//! - The socket is of mode 0600 from its first moment, and only the node's own user and root are answered.
//! - Everything is bounded: connections, the head and the body of a request, the time that a client may keep the node waiting in either
//!   direction, the memory that all requests hold together.
//! - What is no request gets a 4xx with a JSON error, and hurts nobody. One connection carries one request.
//! - The reactor only moves bytes: whatever computes or waits for a disk does so on threads for that, or as a future.
//!
//! This crate knows nothing of Wasm, processes or profiles.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod body;
mod budget;
mod client;
mod client_io;
mod condition;
mod connection;
mod crew;
mod entry;
mod error;
mod json;
mod kv;
mod patience;
mod reply;
mod request;
mod router;
mod seats;
mod server;
mod socket;
mod stream_io;
mod target;
mod time;
mod wire;

pub use client::{Client, ClientError, Export, Listing};
pub use condition::Condition;
pub use entry::{Entry, LINE_BYTES_MAX};
pub use error::{ApiError, Code};
pub use json::line as json_line;
pub use kv::{Action, Deed, EXPIRES_AT};
pub use reply::Reply;
pub use request::{Names, Query, Request};
pub use router::{Answer, Router};
pub use server::Server;
pub use socket::{PATH_BYTES_MAX, Socket, SocketError};
pub use target::Target;
pub use time::{Time, Waiting};
pub use wire::{
    BucketInfo, BucketPage, Compaction, Deleted, EntryPage, KeyPage, StoreStatus, Written,
};
