//! Reading a log for people: every line, in order, whether or not it can be read.

use crate::folder::{Folder, FolderError, file_name};
use crate::line::{Entry, Lines};
use std::path::Path;

/// A line of the log and where it stands.
#[derive(Clone, Debug, PartialEq)]
pub struct Found {
    /// The name of the file.
    pub file: String,
    /// The line in it, counted from 1.
    pub line: u64,
    /// What it says, or why it cannot be read.
    pub entry: Result<Entry, String>,
}

/// Shows every line of the log in a folder, oldest first. Nothing is checked but whether it can be read.
///
/// # Errors
/// [`FolderError`] when the folder or a file of it cannot be read.
pub fn read(folder: &Path, mut each: impl FnMut(Found)) -> Result<(), FolderError> {
    let folder = Folder::open(folder)?;
    for day in folder.days()? {
        let name = file_name(day);
        let mut lines = Lines::of(folder.read(day)?);
        loop {
            let line = lines
                .next_line()
                .map_err(|cause| folder.unusable("read", &name, cause))?;
            let Some(line) = line else { break };
            let entry = match line.whole() {
                Some(bytes) => Entry::parse(bytes),
                None => Err("the line has no end, or is longer than any record".to_owned()),
            };
            each(Found {
                file: name.clone(),
                line: line.number,
                entry,
            });
        }
    }
    Ok(())
}

/// Whether the folder holds anything of an audit log.
///
/// # Errors
/// [`FolderError`] when the folder cannot be read.
pub fn is_log(folder: &Path) -> Result<bool, FolderError> {
    let folder = Folder::open(folder)?;
    Ok(folder.head()?.is_some() || !folder.days()?.is_empty())
}
