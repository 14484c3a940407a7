//! `rusm kv delete`: takes keys away, and says which of them were there.

use super::access::Access;
use crate::args::DeleteArgs;
use crate::report::{Console, Failure, print_result};
use crate::visible::visible;

/// The exit code if a key was not there, as `rm` has it.
const SOME_ABSENT: u8 = 1;

pub(super) fn delete(
    args: &DeleteArgs,
    store: &dyn Access,
    console: Console,
) -> Result<u8, Failure> {
    let keys = args.keys.iter().map(|key| args.spelling.read(key));
    let keys = keys.collect::<Result<Vec<_>, _>>()?;
    let were_there = store.delete(&args.bucket, &keys)?;
    let bucket = visible(&args.bucket);
    let mut deleted = String::new();
    for (key, was_there) in keys.iter().zip(&were_there) {
        let key = visible(key);
        if *was_there {
            deleted.push_str(&format!("deleted '{key}' of bucket '{bucket}'\n"));
        } else {
            console.print(&format!("bucket '{bucket}' has no key '{key}'\n"));
        }
    }
    print_result(&deleted)?;
    Ok(if were_there.contains(&false) {
        SOME_ABSENT
    } else {
        0
    })
}
