//! Whether a log is as it was written: [`verify`], [`verify_files`].
//!
//! What is found, and what is not, stands in the documentation of the crate.

use crate::chain::Link;
use crate::check::{Break, Checker};
use crate::folder::{Folder, FolderError, file_name};
use crate::line::parse_head;
use std::io::Read;
use std::path::Path;

/// What a log was found to be.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Verdict {
    /// The first place where it is not as it was written; what is behind it was not looked at.
    pub broken: Option<Break>,
    /// Files looked at.
    pub files: u64,
    /// Records in them.
    pub records: u64,
    /// The number of the first record; 1, unless older files were removed.
    pub first: Option<u64>,
    /// The last record. Noted elsewhere, it shows later that nothing before it was changed.
    pub last: Option<Link>,
    /// Whether the node that wrote it stopped in order. Otherwise it still runs, or was killed.
    pub is_closed: bool,
    /// Bytes behind the last record, of a write that was broken off.
    pub torn_bytes: u64,
    /// How often a node went on behind a write that was broken off.
    pub recoveries: u64,
    /// Records that were lost, as the log itself tells.
    pub lost: u64,
    /// Records that were counted instead of written.
    pub counted: u64,
}

/// Checks the log in a folder. `anchors` are records noted earlier: the log must still hold them.
///
/// # Errors
/// [`FolderError`] when the folder cannot be read. A log that is not there, or not as it was
/// written, is a [`Verdict`].
pub fn verify(folder: &Path, anchors: &[Link]) -> Result<Verdict, FolderError> {
    let folder = Folder::open(folder)?;
    // The head first: a node that writes meanwhile only adds behind it.
    let mut checker = started(folder.head()?.as_deref(), anchors);
    for day in folder.days()? {
        let name = file_name(day);
        let walked = match folder.read(day) {
            Ok(file) => checker.file(&name, file).map_err(|error| error.to_string()),
            Err(FolderError::Unusable { cause, .. }) => Err(cause.to_string()),
            Err(error) => return Err(error),
        };
        if let Err(cause) = walked {
            checker.broken.get_or_insert(Break {
                file: name,
                line: None,
                what: format!("the file cannot be read: {cause}"),
            });
        }
    }
    Ok(finished(checker))
}

/// Checks a log that is given as the content of its head file and its other files, oldest first.
///
/// # Errors
/// What reading gives.
pub fn verify_files<'n, R: Read>(
    head: Option<&[u8]>,
    files: impl IntoIterator<Item = (&'n str, R)>,
    anchors: &[Link],
) -> std::io::Result<Verdict> {
    let mut checker = started(head, anchors);
    for (name, content) in files {
        checker.file(name, content)?;
    }
    Ok(finished(checker))
}

fn started(head: Option<&[u8]>, anchors: &[Link]) -> Checker {
    let mut checker = Checker::default();
    match head.map(parse_head) {
        Some(Some(head)) => checker.expect(head, "the head file"),
        Some(None) => checker.broken = Some(about_head("it is not what a node writes there")),
        None => checker.broken = Some(about_head("it is missing")),
    }
    for anchor in anchors {
        checker.expect(*anchor, "the note");
    }
    checker
}

fn about_head(what: &str) -> Break {
    Break {
        file: crate::folder::HEAD.to_owned(),
        line: None,
        what: what.to_owned(),
    }
}

fn finished(mut checker: Checker) -> Verdict {
    checker.finish();
    Verdict {
        files: checker.n_files,
        records: checker.n_records,
        first: checker.before.map(|before| before.seq.saturating_add(1)),
        last: checker.last,
        is_closed: checker.last_kind == "stop" && checker.region().is_none(),
        torn_bytes: checker.region().map_or(0, |region| region.torn().bytes),
        recoveries: checker.n_recoveries,
        lost: checker.n_lost,
        counted: checker.n_counted,
        broken: checker.broken,
    }
}
