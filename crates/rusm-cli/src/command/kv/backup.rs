//! `rusm kv backup`: a copy that is a store.

use super::access::Access;
use crate::args::BackupArgs;
use crate::report::{Console, Failure};
use crate::visible::visible;

pub(super) fn backup(
    args: &BackupArgs,
    store: &dyn Access,
    console: Console,
) -> Result<u8, Failure> {
    store.backup(&args.file)?;
    let file = args.file.display().to_string();
    console.print(&format!("the copy is in '{}'\n", visible(&file)));
    Ok(0)
}
