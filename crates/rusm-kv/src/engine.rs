//! redb on a [`Disk`]: opened, opened again where the file has to change below it, and closed.

use crate::disk::{Disk, Growth, Handle};
use crate::snapshot::View;
use redb::{CompactionError, Database, DatabaseError, ReadOnlyDatabase, WriteTransaction};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

/// The smallest piece of a redb file.
const PAGE: u64 = 4096;

/// An open database. Dropping it closes the file.
#[derive(Debug)]
pub(crate) struct Engine {
    /// None only while the file is changed, or if it could not be opened again.
    database: Option<Database>,
    disk: Arc<Disk>,
    cache_bytes: usize,
}

impl Engine {
    /// Opens, and repairs what a crash has left. Makes a database of an empty file.
    pub(crate) fn open(disk: Arc<Disk>, cache_bytes: usize) -> Result<Self, DatabaseError> {
        let database = open(&disk, cache_bytes, false)?;
        Ok(Self {
            database: Some(database),
            disk,
            cache_bytes,
        })
    }

    pub(crate) fn disk(&self) -> &Arc<Disk> {
        &self.disk
    }

    /// A new transaction.
    pub(crate) fn begin(&self) -> Result<WriteTransaction, redb::Error> {
        Ok(self.database()?.begin_write()?)
    }

    /// Commits; an error if the disk failed, whatever redb thinks.
    pub(crate) fn commit(&self, txn: WriteTransaction) -> Result<(), String> {
        let result = self.disk.with_growth(Growth::Fatal, || txn.commit());
        match self.disk.failure() {
            Some(failure) => Err(failure),
            None => result.map_err(|error| error.to_string()),
        }
    }

    /// The same, but its sync is [owed](Disk::owing): nothing of the commit may be shown before that has happened.
    pub(crate) fn commit_owing(&self, txn: WriteTransaction) -> Result<(), String> {
        self.disk.owing(|| self.commit(txn))
    }

    /// What the last commit has left, whether or not its sync has happened.
    pub(crate) fn view(&self) -> Result<View, redb::Error> {
        View::of(self.database()?)
    }

    /// Makes the file as small as it can be. Nobody reads meanwhile.
    pub(crate) fn compact(&mut self) -> Result<bool, CompactionError> {
        let Some(database) = &mut self.database else {
            return Ok(false);
        };
        self.disk.with_growth(Growth::Lazy, || database.compact())
    }

    /// Whether the file can be longer than redb makes it, which only ever doubles it.
    pub(crate) fn can_stretch(&self) -> bool {
        self.stretched_len() > self.disk.len()
    }

    fn stretched_len(&self) -> u64 {
        self.disk.most().map_or(0, |most| most - most % PAGE)
    }

    /// Makes the file as long as its bound allows. Nobody reads meanwhile. Says whether it is longer now.
    pub(crate) fn stretch(&mut self) -> Result<bool, String> {
        let len = self.stretched_len();
        self.close_database()?;
        let stretched = self.disk.stretch(len);
        stretched.map_err(|error| format!("cannot grow the file: {error}"))?;
        let opened = open(&self.disk, self.cache_bytes, false);
        self.database = Some(opened.map_err(|error| error.to_string())?);
        Ok(true)
    }

    /// Closes the file, which dropping does without saying whether it went well.
    pub(crate) fn close(mut self) -> Result<(), String> {
        self.close_database()
    }

    fn close_database(&mut self) -> Result<(), String> {
        if let Some(database) = self.database.take() {
            let close = || database.close();
            let closed = self.disk.with_growth(Growth::Lazy, close);
            closed.map_err(|error| error.to_string())?;
        }
        self.disk.failure().map_or(Ok(()), Err)
    }

    pub(crate) fn database(&self) -> Result<&Database, redb::Error> {
        self.database.as_ref().ok_or(redb::Error::DatabaseClosed)
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // A file that is damaged below redb is left as it is, and repaired when it is opened.
        let closed = catch_unwind(AssertUnwindSafe(|| self.close_database()));
        drop(closed);
        self.disk.close();
    }
}

/// Opens for reading alone, without changing a byte; an error if the file was not closed properly.
pub(crate) fn open_read_only(disk: &Arc<Disk>) -> Result<ReadOnlyDatabase, DatabaseError> {
    redb::Builder::new().open_read_only_with_backend(Handle(Arc::clone(disk)))
}

/// Opens, repairs what a crash has left, and verifies every page if that is wanted.
pub(crate) fn open(
    disk: &Arc<Disk>,
    cache_bytes: usize,
    verified: bool,
) -> Result<Database, DatabaseError> {
    redb::Builder::new()
        .set_cache_size(cache_bytes)
        .set_check_integrity_on_open(verified)
        .create_with_backend(Handle(Arc::clone(disk)))
}
