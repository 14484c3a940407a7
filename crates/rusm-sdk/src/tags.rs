//! The tags that this crate keeps for its own messages.
//!
//! A guest's own messages use any tag below [`RESERVED`]. Nothing depends on good manners: a message
//! with a reserved tag is a message like any other, anybody can send one, and what it may do is decided
//! by who sent it. A plain message is never taken for a request, nor a request for a message.

use std::ops::RangeInclusive;

/// All of them.
pub const RESERVED: RangeInclusive<u64> = 0xffff_ffff_0000_0000..=u64::MAX;

/// A request to a [`Server`](crate::server::Server): the encoded `Call`. The reply is one byte, 0 and then the
/// encoded `Reply`; 1 if the request could not be read; 2 if it was refused.
pub const CALL: u64 = 0xffff_ffff_0000_0001;

/// A message to a server: the encoded `Cast`.
pub const CAST: u64 = 0xffff_ffff_0000_0002;

/// A request to a server, answered once its initialisation has ended.
pub const START: u64 = 0xffff_ffff_0000_0003;

/// A request to a server to end with the encoded reason. Its end is the answer.
pub const STOP: u64 = 0xffff_ffff_0000_0004;

/// From the owner of a [`Task`](crate::task::Task) to its process: the encoded input.
pub const TASK_INPUT: u64 = 0xffff_ffff_0000_0005;

/// From a task to its owner: the encoded output.
pub const TASK_OUTPUT: u64 = 0xffff_ffff_0000_0006;
