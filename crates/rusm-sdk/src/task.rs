//! Work done elsewhere, whose result is awaited: Elixir's `Task`, over links and monitors alone.
//!
//! A process cannot hand a closure to another, each has a memory of its own. So a task is a component: its
//! `main` calls [`serve`] with the function from input to output, and its owner makes a [`Task`] of it.
//!
//! ```no_run
//! // All of `main` in the component `adder`.
//! rusm_sdk::task::serve(|numbers: Vec<i64>| numbers.iter().sum::<i64>());
//! ```
//!
//! ```no_run
//! use std::time::Duration;
//! use rusm_sdk::spawner::Spawn;
//! use rusm_sdk::task::{AWAIT_TIMEOUT, Task};
//!
//! // Its owner. Both sums are under way before the first is awaited.
//! let adder = Spawn::new("adder");
//! let first: Task<i64> = Task::spawn(&adder, &vec![1_i64, 2])?;
//! let second: Task<i64> = Task::spawn(&adder, &vec![3_i64, 4])?;
//! let sum = first.await_result(AWAIT_TIMEOUT)? + second.await_result(AWAIT_TIMEOUT)?;
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! # Whose crash is whose
//! [`Task::spawn`] links: a task that crashes ends its owner too, unless that traps exits, and an owner that ends
//! takes its tasks along. [`Task::spawn_nolink`] does not: the crash is a [`TaskError::Exited`] and nothing else.
//! An owner that traps exits gets the exit notice of a linked task besides, also of one that ended well, as in Elixir.

mod owner;
mod serve;

pub use owner::{AWAIT_TIMEOUT, Task, TaskError, Yield};
pub use serve::serve;
