//! How much one call may ask for, each with its reason.
//!
//! These bounds are the same for every process; the bounds of a profile come on top. A call that
//! goes over one is answered with a code where its WIT function has one for it, and otherwise ends
//! the caller with a trap that names the bound: `abi/raw.md` says which.

const KIB: usize = 1024;
const MIB: usize = 1024 * KIB;

/// The longest payload of a message, request or reply: what a default mailbox holds in all.
pub const MAX_PAYLOAD: usize = 16 * MIB;
/// The longest name of a process or group, in bytes: fits one line of a log.
pub const MAX_NAME: usize = 255;
/// Tags of one selector. Every waiting event is compared with each of them.
pub const MAX_SELECTOR_TAGS: usize = 128;
/// The longest text of an exit reason. It goes to every link and monitor; what is longer is cut.
pub const MAX_REASON_TEXT: usize = 4 * KIB;
/// Arguments of one new process.
pub const MAX_ARGS: usize = 1_024;
/// Bytes of all arguments of one new process, as POSIX systems bound them.
pub const MAX_ARGS_BYTES: usize = 128 * KIB;
/// Permissions revoked by one spawn: more than there are.
pub const MAX_REVOKE: usize = 64;
/// Code given to `load`, in bytes. It is compiled on the node's time and memory.
pub const MAX_CODE: usize = 16 * MIB;
/// Live monitors that one process holds.
pub const MAX_MONITORS: usize = 65_536;
/// Live links that one process makes.
pub const MAX_LINKS: usize = 65_536;
/// Groups that one process is in, each join counted.
pub const MAX_GROUPS: usize = 1_024;
/// Pids that `members` names: half a MiB. A larger group is named in part.
pub const MAX_MEMBERS: usize = 65_536;
/// Processes that `processes` describes: a few MiB. A larger node is described in part.
pub const MAX_PROCESSES_LISTED: usize = 16_384;
/// The longest name of a bucket.
pub const MAX_BUCKET: usize = 255;
/// The longest key, in bytes.
pub const MAX_KEY: usize = KIB;
/// The longest value.
pub const MAX_VALUE: usize = 16 * MIB;
/// Operations of one transaction.
pub const MAX_BATCH: usize = 1_000;
/// Bytes of one transaction, keys and values together.
pub const MAX_BATCH_BYTES: usize = 64 * MIB;
/// Pairs of one page.
pub const MAX_PAGE: u32 = 1_000;

// A result's length is a non-negative `i32`, with room for the largest record's fixed parts.
const _: () = assert!(MAX_PAYLOAD + 64 * KIB < i32::MAX as usize);
const _: () = assert!(MAX_VALUE <= MAX_PAYLOAD);
