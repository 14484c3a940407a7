//! How large a manifest may be, in every direction, so that no text costs more than it should.

/// The longest text that is read.
pub const TEXT_BYTES_MAX: usize = 1 << 20;

/// Components of one manifest.
pub(crate) const COMPONENTS_MAX: usize = 10_000;

/// Profiles of one manifest. Each holds a copy of what it inherits, so this times [`ENTRIES_MAX`]
/// bounds the memory of a chain.
pub(crate) const PROFILES_MAX: usize = 1_000;

/// Supervisors of one manifest.
pub(crate) const SUPERVISORS_MAX: usize = 1_000;

/// Entries of one list.
pub(crate) const ENTRIES_MAX: usize = 1_000;

/// Errors and warnings that are kept; a file with more has one cause, and it is among these.
pub(crate) const DIAGNOSTICS_MAX: usize = 100;

/// Copies of one child, far beyond what a machine holds.
pub(crate) const COUNT_MAX: u64 = 10_000_000;

/// Kilobytes of output, one terabyte.
pub(crate) const OUTPUT_KB_MAX: u64 = 1 << 30;

/// Bytes of a node's ceilings, one pebibyte: no machine has more.
pub(crate) const NODE_BYTES_MAX: u64 = 1 << 50;

/// Megabytes of a store: one tebibyte.
pub(crate) const STORE_MB_MAX: u64 = 1 << 20;

/// The longest path of a Unix socket on Linux, less the NUL behind it (`unix(7)`).
pub(crate) const SOCKET_PATH_BYTES_MAX: usize = 107;

/// Scheduler threads.
pub(crate) const WORKERS_MAX: u64 = 1_024;

/// Restarts within one period.
pub(crate) const RESTARTS_MAX: u64 = 1_000_000;
