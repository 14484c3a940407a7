//! A folder for a test: in memory where there is such a place, since the log waits for the disk.

use std::path::Path;
use tempfile::TempDir;

pub(crate) fn place() -> TempDir {
    let memory = Path::new("/dev/shm");
    let made = tempfile::tempdir_in(memory);
    made.or_else(|_| tempfile::tempdir())
        .expect("there is room for a folder")
}
