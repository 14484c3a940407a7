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
    let bucket = visible(&args.bucket);
    let mut exit_code = 0;
    store.delete(&args.bucket, &keys, &mut |key, was_there| {
        let key = visible(key);
        if was_there {
            return print_result(&format!("deleted '{key}' of bucket '{bucket}'\n"));
        }
        exit_code = SOME_ABSENT;
        console.print(&format!("bucket '{bucket}' has no key '{key}'\n"));
        Ok(())
    })?;
    Ok(exit_code)
}
