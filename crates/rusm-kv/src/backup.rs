//! A consistent copy of a store while it runs.

use crate::apply::Tables;
use crate::error::BackupError;
use crate::open::{make_store, open};
use crate::options::Options;
use crate::place::{self, Made};
use crate::snapshot::Snapshot;
use std::fs::File;
use std::path::Path;

/// Bytes that one transaction of a copy writes, about.
const BYTES_PER_COMMIT: usize = 16 * 1024 * 1024;

/// Copies what a snapshot shows into a new store at `to`.
pub(crate) fn copy(snapshot: &Snapshot, to: &Path) -> Result<(), BackupError> {
    let failed = |error: std::io::Error| BackupError::Write {
        path: to.to_owned(),
        reason: error.to_string(),
    };
    match place::make(to, |file, partial| write(snapshot, file, partial), failed)? {
        Made::New => Ok(()),
        Made::WasThere => Err(BackupError::Exists {
            path: to.to_owned(),
        }),
    }
}

fn write(snapshot: &Snapshot, file: File, partial: &Path) -> Result<(), BackupError> {
    let failed = |reason: String| BackupError::Write {
        path: partial.to_owned(),
        reason,
    };
    make_store(file, partial)?;
    let engine = open(partial, &Options::default(), false)?;
    let mut rows = snapshot.rows()?.peekable();
    while rows.peek().is_some() {
        let txn = engine.begin().map_err(|error| failed(error.to_string()))?;
        let mut tables = Tables::open(&txn).map_err(|error| failed(error.to_string()))?;
        let mut bytes = 0_usize;
        while bytes < BYTES_PER_COMMIT {
            let Some(row) = rows.next() else {
                break;
            };
            let row = row?;
            bytes = bytes.saturating_add(row.value.len());
            let copied = tables.copy(&row);
            copied.map_err(|error| failed(error.to_string()))?;
        }
        tables.finish().map_err(|error| failed(error.to_string()))?;
        engine.commit(txn).map_err(failed)?;
    }
    engine.close().map_err(failed)
}
