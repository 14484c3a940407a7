//! The second wall: a node that takes away from itself what it will not need.
//!
//! The first wall is WebAssembly and the guard: a guest reaches nothing but imports, and each import asks. This one
//! is for the day when that fails, when a bug in the compiler or in the host lets a guest run machine code. What that
//! code can then do is what the node's own process can do, so the process gives up beforehand whatever none of its
//! profiles grants: Landlock bounds files and TCP ports, a seccomp filter bounds system calls, `no_new_privs` keeps
//! programs with more rights out of reach.
//!
//! [`Needs`] says what a node does with its machine, [`Plan::of`] makes of it what stays open, and [`confine`] closes
//! the rest, for good. [`probe`] says what the kernel here could hold, and changes nothing.
//!
//! On Linux, of kernel 6.12 and newer as a whole, of older ones in part; system calls are bounded on x86-64 and AArch64.
//! Elsewhere every layer is reported as not held.
//!
//! # What a refusal looks like
//! Files and ports answer `EACCES`, system calls `EPERM`, and calls that the C library can do without `ENOSYS`; nothing
//! is ended and nothing is logged. `strace -f -Z` shows what is refused; without the wall ([`Mode::Off`]) it is not.
//!
//! # What it does not hold
//! - It is one wall around the node, not one around each process: what any profile grants stays open.
//! - Addresses are not told apart, ports are; and ports of TCP alone. UDP is open as soon as any profile has a network.
//! - Where names may be looked up, sockets in the file system can be connected to, as name services need.
//! - Looking at what exists (`stat`) is not prevented, reading it is.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod needs;
mod places;
mod plan;
mod report;

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;
#[cfg(not(target_os = "linux"))]
use elsewhere as linux;

pub use needs::{Needs, Ports};
pub use plan::{Access, Place, Plan};
pub use report::{Layer, Refused, Report, State, Unopened};

/// How much of the wall has to be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Mode {
    /// What this kernel can hold; nothing fails for lack of the rest.
    #[default]
    Auto,
    /// All of it, or no start.
    Require,
    /// None of it.
    Off,
}

/// Confines this process to the plan, for good.
///
/// Call it on the main thread and before other threads are started: before Linux 7.0 (Landlock ABI 8) threads that are
/// there already stay outside the bounds on files and ports, which the report then says.
///
/// # Errors
/// With [`Mode::Require`], [`Refused`] if any layer is not held as a whole. The process may be confined by then, and
/// is fit for nothing but to say so and end.
pub fn confine(plan: &Plan, mode: Mode) -> Result<Report, Refused> {
    if mode == Mode::Off {
        return Ok(Report::off());
    }
    let report = linux::confine(plan);
    if mode == Mode::Require && !report.is_whole() {
        return Err(Refused(Box::new(report)));
    }
    Ok(report)
}

/// What the kernel would hold here and now, found out by confining a thread that then ends.
pub fn probe() -> Report {
    linux::probe()
}
