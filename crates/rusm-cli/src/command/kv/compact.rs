//! `rusm kv compact`: gives the room of what was deleted back to the disk.

use super::access::Access;
use super::shown::{count, json};
use crate::args::CompactArgs;
use crate::report::{Failure, print_result};

pub(super) fn compact(args: &CompactArgs, store: &dyn Access) -> Result<u8, Failure> {
    let size = store.compact()?;
    let text = if args.json {
        json(&size)
    } else {
        let (before, after) = (count(size.before, "byte"), count(size.after, "byte"));
        format!("{before} before, {after} now")
    };
    print_result(&(text + "\n")).map(|()| 0)
}
