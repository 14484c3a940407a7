//! Opening a file: what it is, whether it is free, and its tables.

use crate::error::OpenError;
use crate::layout::{BUCKETS, ENTRIES, EXPIRY, FORMAT, FORMAT_KEY, META};
use crate::options::Options;
use redb::backends::FileBackend;
use redb::{
    Builder, Database, DatabaseError, ReadableTable, StorageBackend, StorageError, TableHandle,
};
use std::fs::OpenOptions;
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;

/// Opens the file at `path`, and makes it if it may be made.
pub(crate) fn open(path: &Path, options: &Options, make: bool) -> Result<Database, OpenError> {
    let io = |source: std::io::Error| match source.kind() {
        ErrorKind::NotFound if !make => OpenError::Missing {
            path: path.to_owned(),
        },
        _ => OpenError::Io {
            path: path.to_owned(),
            doing: "open",
            source,
        },
    };
    let file = OpenOptions::new()
        .read(true)
        .write(true)
        .create(make)
        .truncate(false)
        .mode(0o600)
        .open(path)
        .map_err(io)?;
    let backend = FileBackend::new(file).map_err(|error| refused(path, error))?;
    on_backend(backend, path, options)
}

/// Opens what stands for a file.
pub(crate) fn on_backend(
    backend: impl StorageBackend,
    path: &Path,
    options: &Options,
) -> Result<Database, OpenError> {
    let mut builder = Builder::new();
    builder.set_cache_size(options.cache_bytes);
    let work = || -> Result<Database, OpenError> {
        let database = builder
            .create_with_backend(backend)
            .map_err(|error| refused(path, error))?;
        prepare(&database, path)?;
        Ok(database)
    };
    // redb checks what it reads, and panics where it trusts what it has written.
    catch_unwind(AssertUnwindSafe(work)).unwrap_or_else(|_| Err(corrupt(path, "it cannot be read")))
}

/// Makes the tables of a new store, or asks for the format of one that is there.
fn prepare(database: &Database, path: &Path) -> Result<(), OpenError> {
    let failed = |error: redb::Error| corrupt(path, &error.to_string());
    let txn = database.begin_write().map_err(|e| failed(e.into()))?;
    let names: Vec<String> = txn
        .list_tables()
        .map_err(|e| failed(e.into()))?
        .map(|table| table.name().to_owned())
        .collect();
    if !names.is_empty() && !names.iter().any(|name| name == META.name()) {
        return Err(OpenError::NotAStore {
            path: path.to_owned(),
            why: "it is a redb database of another program".to_owned(),
        });
    }
    {
        let mut meta = txn.open_table(META).map_err(|e| failed(e.into()))?;
        let found = meta.get(FORMAT_KEY).map_err(|e| failed(e.into()))?;
        let found = found.map(|row| row.value());
        match found {
            Some(FORMAT) => return Ok(()),
            Some(found) => {
                return Err(OpenError::NewerFormat {
                    path: path.to_owned(),
                    found,
                    known: FORMAT,
                });
            }
            None => meta
                .insert(FORMAT_KEY, FORMAT)
                .map_err(|e| failed(e.into()))?,
        };
        txn.open_table(ENTRIES).map_err(|e| failed(e.into()))?;
        txn.open_table(EXPIRY).map_err(|e| failed(e.into()))?;
        txn.open_table(BUCKETS).map_err(|e| failed(e.into()))?;
    }
    txn.commit().map_err(|e| failed(e.into()))
}

fn corrupt(path: &Path, why: &str) -> OpenError {
    OpenError::Corrupt {
        path: path.to_owned(),
        why: why.to_owned(),
    }
}

/// What redb's refusal means.
fn refused(path: &Path, error: DatabaseError) -> OpenError {
    match error {
        DatabaseError::DatabaseAlreadyOpen => OpenError::InUse {
            path: path.to_owned(),
        },
        DatabaseError::Storage(StorageError::Io(source))
            if source.kind() == ErrorKind::InvalidData =>
        {
            OpenError::NotAStore {
                path: path.to_owned(),
                why: "it does not begin as one".to_owned(),
            }
        }
        DatabaseError::Storage(StorageError::Io(source)) => OpenError::Io {
            path: path.to_owned(),
            doing: "open",
            source,
        },
        other => corrupt(path, &other.to_string()),
    }
}
