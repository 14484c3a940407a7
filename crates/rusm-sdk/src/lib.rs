//! What a WebAssembly guest needs to be an Erlang-style process of rusm.
//!
//! A guest is an ordinary command: `main` is its life, returning from `main` is the exit reason
//! `normal`, a panic is a trap that ends this process and no other. Everything WASI offers (files,
//! sockets, clocks, standard output) is reached through `std`; this crate adds what makes a process:
//!
//! - [`process`]: who am I, links, monitors, exit reasons;
//! - [`mailbox`]: sending, selective receive, calls and replies, timers;
//! - [`registry`]: names and groups; [`spawner`]: new processes;
//! - [`server`]: request servers (calls, casts, their start and end); [`state_machine`]: servers with states;
//!   [`task`]: work whose result is awaited; [`supervisor`]: children that are started, restarted and stopped;
//!   all in the shape that OTP and Elixir gave them, and numbered in `SEMANTICS.md`;
//! - [`wire`]: values as bytes, for their messages; [`tags`]: which tags are theirs;
//! - [`permissions`]: what may I, and giving it up; [`control`]: other processes; [`kv`]: durable storage.
//!
//! Each of these can be refused by the process's capability profile. A refusal is a [`Denial`], a
//! value like any other error, and says which line of the manifest would allow it.
//!
//! ```no_run
//! use rusm_sdk::mailbox::{self, Event};
//!
//! // A service: answers every request with its own bytes, until it is told to stop.
//! rusm_sdk::registry::register("echo").expect("the only process of this name");
//! loop {
//!     match mailbox::receive() {
//!         Event::Request(request) => mailbox::reply(request.id, &request.payload),
//!         Event::Message(_) => break,
//!         Event::Exit(_) | Event::Down(_) => {}
//!     }
//! }
//! ```
//!
//! The same source builds as a component (`wasm32-wasip2`) and as a core module (`wasm32-wasip1`);
//! both behave alike. On any other target the crate compiles, for documentation and for unit tests
//! of a guest's own logic, and every function that would reach the host panics.

pub mod control;
mod denial;
mod destination;
mod id;
pub mod kv;
pub mod mailbox;
pub mod permissions;
pub mod process;
mod reason;
pub mod registry;
pub mod server;
pub mod spawner;
pub mod state_machine;
pub mod supervisor;
mod sys;
pub mod tags;
pub mod task;
pub mod wire;

pub use denial::Denial;
pub use destination::Destination;
pub use id::{Pid, Reference};
pub use reason::{ExitReason, Limit};
