//! Opening a file: what it is, whether it is free, and whether its content is known here.

use crate::disk::{Disk, Growth};
use crate::engine::{self, Engine};
use crate::error::OpenError;
use crate::layout::{BUCKETS, CHUNKS, ENTRIES, EXPIRY, FORMAT, FORMAT_KEY, META};
use crate::options::{LEAST_MAX_BYTES, Options};
use crate::place;
use redb::backends::FileBackend;
use redb::{DatabaseError, ReadableDatabase, StorageBackend, StorageError, TableError};
use std::fs::{File, OpenOptions};
use std::io::ErrorKind;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::Path;
use std::sync::Arc;

/// A file up to this size is verified whole before it is opened: it takes a fraction of a second.
const VERIFIED_BYTES: u64 = 64 * 1024 * 1024;

/// How long redb makes a new file, its page, and the bytes that every file of it begins with.
const NEW_FILE_BYTES: u64 = 1_056_768;
const PAGE: usize = 4_096;
const MAGIC_BYTES: usize = 9;

/// Opens the store at `path`, and makes it if it may be made and nothing is there. A file that was made so is whole, so an
/// empty one is no beginning of a store: something has emptied it.
pub(crate) fn open(path: &Path, options: &Options, make: bool) -> Result<Engine, OpenError> {
    check_options(options)?;
    if make {
        make_if_missing(path)?;
    }
    let backend = FileBackend::new(open_file(path)?).map_err(|error| refused(path, error))?;
    on_backend(backend, path, options, false)
}

/// Opens what stands for a file. If a store may be made, it is made where there is nothing, or what is left of a
/// making that was broken off.
pub(crate) fn on_backend(
    backend: impl StorageBackend,
    path: &Path,
    options: &Options,
    make: bool,
) -> Result<Engine, OpenError> {
    check_options(options)?;
    // redb reports most of what is wrong with a file, and panics on some of it.
    let work = || {
        let disk = Disk::new(backend, options.max_bytes).map_err(io(path, "measure"))?;
        let disk = Arc::new(disk);
        if make && is_half_made(&disk).map_err(io(path, "read"))? {
            disk.empty().map_err(io(path, "make"))?;
        }
        let engine = open_disk(&disk, path, options.cache_bytes);
        if engine.is_err() {
            disk.close();
        }
        engine
    };
    let opened = catch_unwind(AssertUnwindSafe(work));
    opened.unwrap_or_else(|_| Err(corrupt(path, "its pages do not fit together")))
}

/// Makes a new store in an empty file, as small as it can be: redb begins with more than the least bound.
pub(crate) fn make_store(file: File, path: &Path) -> Result<(), OpenError> {
    let backend = FileBackend::new(file).map_err(|error| refused(path, error))?;
    let engine = on_backend(backend, path, &Options::default(), true)?;
    engine
        .close()
        .map_err(|why| io(path, "write")(std::io::Error::other(why)))
}

fn make_if_missing(path: &Path) -> Result<(), OpenError> {
    let failed = |source: std::io::Error| match (source.kind(), place::folder(path)) {
        (ErrorKind::NotFound, folder) if !folder.exists() => OpenError::NoFolder {
            path: path.to_owned(),
            folder: folder.to_owned(),
        },
        _ => io(path, "make")(source),
    };
    place::make(path, make_store, failed).map(drop)
}

fn check_options(options: &Options) -> Result<(), OpenError> {
    match options.max_bytes {
        Some(actual) if actual < LEAST_MAX_BYTES => Err(OpenError::TooSmall {
            what: "a bound of its file",
            actual,
            least: LEAST_MAX_BYTES,
        }),
        _ => Ok(()),
    }
}

fn open_file(path: &Path) -> Result<File, OpenError> {
    let about = std::fs::metadata(path).map_err(|source| {
        if source.kind() != ErrorKind::NotFound {
            return io(path, "open")(source);
        }
        if path.symlink_metadata().is_ok() {
            return not_a_store(path, "it is a link to what does not exist");
        }
        OpenError::Missing {
            path: path.to_owned(),
        }
    })?;
    if about.is_dir() {
        return Err(not_a_store(path, "it is a directory"));
    }
    if !about.is_file() {
        return Err(not_a_store(path, "it is no regular file"));
    }
    if about.len() == 0 {
        return Err(not_a_store(path, "it is empty"));
    }
    let opened = OpenOptions::new().read(true).write(true).open(path);
    opened.map_err(io(path, "open for reading and writing"))
}

fn open_disk(disk: &Arc<Disk>, path: &Path, cache_bytes: usize) -> Result<Engine, OpenError> {
    if disk.len() == 0 {
        return disk.with_growth(Growth::Granted, || make_on_disk(disk, path, cache_bytes));
    }
    look(disk, path, cache_bytes)?;
    let engine = Engine::open(Arc::clone(disk), cache_bytes);
    let engine = engine.map_err(|error| refused(path, error))?;
    if let Some(failure) = disk.failure() {
        return Err(io(path, "repair")(std::io::Error::other(failure)));
    }
    match identify(engine.database().map_err(failed(path))?, path)? {
        Content::Store => Ok(engine),
        Content::Nothing => initialise(&engine, path).map(|()| engine),
    }
}

/// Makes a store as small as it can be: redb begins with more than the least bound.
fn make_on_disk(disk: &Arc<Disk>, path: &Path, cache_bytes: usize) -> Result<Engine, OpenError> {
    let engine = Engine::open(Arc::clone(disk), cache_bytes);
    let mut engine = engine.map_err(|error| refused(path, error))?;
    if let Some(failure) = disk.failure() {
        return Err(io(path, "write")(std::io::Error::other(failure)));
    }
    initialise(&engine, path)?;
    engine.compact().map_err(failed(path))?;
    Ok(engine)
}

/// Whether this is what redb leaves when it is killed while it makes a file: it writes the first bytes of its header last.
/// Nothing else of this length begins with these zeros and goes on with nothing but zeros.
fn is_half_made(disk: &Disk) -> std::io::Result<bool> {
    if disk.len() != NEW_FILE_BYTES {
        return Ok(false);
    }
    let mut start = [0; PAGE];
    disk.read(0, &mut start)?;
    let (magic, _) = start.split_at(MAGIC_BYTES);
    if magic.iter().any(|byte| *byte != 0) {
        return Ok(false);
    }
    let mut page = [0; PAGE];
    for at in (PAGE as u64..NEW_FILE_BYTES).step_by(PAGE) {
        disk.read(at, &mut page)?;
        if page.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Looks at a file without a change: it may not be ours. A large one that was not closed properly is not looked at:
/// it has to be repaired first, which takes its time.
fn look(disk: &Arc<Disk>, path: &Path, cache_bytes: usize) -> Result<(), OpenError> {
    if disk.len() <= VERIFIED_BYTES {
        return disk.rehearse(|| {
            let opened = engine::open(disk, cache_bytes, true);
            let database = opened.map_err(|error| refused(path, error))?;
            identify(&database, path).map(drop)
        });
    }
    match engine::open_read_only(disk) {
        Ok(database) => identify(&database, path).map(drop),
        Err(DatabaseError::RepairAborted) => Ok(()),
        Err(error) => Err(refused(path, error)),
    }
}

/// What a redb file holds.
enum Content {
    Store,
    Nothing,
}

fn identify(database: &impl ReadableDatabase, path: &Path) -> Result<Content, OpenError> {
    let txn = database.begin_read().map_err(failed(path))?;
    let meta = match txn.open_table(META) {
        Ok(meta) => meta,
        Err(TableError::TableDoesNotExist(_)) => {
            let mut tables = txn.list_tables().map_err(failed(path))?;
            let mut multimaps = txn.list_multimap_tables().map_err(failed(path))?;
            if tables.next().is_none() && multimaps.next().is_none() {
                return Ok(Content::Nothing);
            }
            return Err(not_a_store(
                path,
                "it is the redb database of another program",
            ));
        }
        Err(error) => return Err(failed(path)(error)),
    };
    let format = meta.get(FORMAT_KEY).map_err(failed(path))?;
    match format.map(|row| row.value()) {
        Some(FORMAT) => Ok(Content::Store),
        Some(found) if found > FORMAT => Err(OpenError::NewerFormat {
            path: path.to_owned(),
            found,
            known: FORMAT,
        }),
        _ => Err(corrupt(path, "it does not say its format")),
    }
}

fn initialise(engine: &Engine, path: &Path) -> Result<(), OpenError> {
    let txn = engine.begin().map_err(failed(path))?;
    {
        let mut meta = txn.open_table(META).map_err(failed(path))?;
        meta.insert(FORMAT_KEY, FORMAT).map_err(failed(path))?;
        txn.open_table(ENTRIES).map_err(failed(path))?;
        txn.open_table(CHUNKS).map_err(failed(path))?;
        txn.open_table(EXPIRY).map_err(failed(path))?;
        txn.open_table(BUCKETS).map_err(failed(path))?;
    }
    let made = engine.commit(txn);
    made.map_err(|reason| io(path, "write")(std::io::Error::other(reason)))
}

fn corrupt(path: &Path, why: &str) -> OpenError {
    OpenError::Corrupt {
        path: path.to_owned(),
        why: why.to_owned(),
    }
}

fn not_a_store(path: &Path, why: &str) -> OpenError {
    OpenError::NotAStore {
        path: path.to_owned(),
        why: why.to_owned(),
    }
}

fn io(path: &Path, doing: &'static str) -> impl Fn(std::io::Error) -> OpenError {
    move |source| OpenError::Io {
        path: path.to_owned(),
        doing,
        source,
    }
}

/// What an error means in a file that redb could open.
fn failed<E: Into<redb::Error>>(path: &Path) -> impl Fn(E) -> OpenError {
    move |error| {
        let error = error.into();
        if let redb::Error::Io(source) = error {
            return io(path, "read")(source);
        }
        corrupt(path, &error.to_string())
    }
}

/// What redb's refusal to open a file means.
fn refused(path: &Path, error: DatabaseError) -> OpenError {
    use DatabaseError::{DatabaseAlreadyOpen, LockProtocolMismatch, Storage, UpgradeRequired};
    if matches!(error, DatabaseAlreadyOpen | LockProtocolMismatch) {
        return OpenError::InUse {
            path: path.to_owned(),
        };
    }
    if let UpgradeRequired(version) = error {
        let why = format!("it has version {version} of the redb format");
        return not_a_store(path, &why);
    }
    let Storage(StorageError::Io(source)) = error else {
        return corrupt(path, &error.to_string());
    };
    // redb's word for a file that does not begin as its files do.
    if source.kind() == ErrorKind::InvalidData {
        return not_a_store(path, "it does not begin as one");
    }
    if source.kind() == ErrorKind::UnexpectedEof {
        return corrupt(path, "it is cut off");
    }
    io(path, "open")(source)
}
