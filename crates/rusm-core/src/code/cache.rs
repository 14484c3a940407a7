//! Compiled code on disk, so that a second start does not compile.
//!
//! What is loaded from here is run as machine code, so the cache rests on one thing: **its folder belongs to this user, and neither it nor
//! any folder above it can be written to by others**. That is checked when the cache is opened; where it does not hold the cache is not
//! used. The checksum in each entry is against torn writes and failing disks, not against people.
//!
//! Invariants:
//! - an entry is named by the content's digest, the engine class, and a hash of everything that makes machine code incompatible, so an
//!   entry of another version or machine is never looked at;
//! - entries are written under another name and renamed: readers see all of one or nothing;
//! - no trouble here is ever more than a [`CacheWarning`]: the code is compiled instead.

use super::{Digest, EngineClass};
use sha2::{Digest as _, Sha256};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use wasmtime::Engine;

mod trust;

/// Begins every entry; the checksum of the rest follows.
const MAGIC: &[u8; 16] = b"rusm code cache1";
const HEADER_BYTES: usize = MAGIC.len() + 32;
/// More than any compiled program has.
const ENTRY_BYTES_MAX: u64 = 4 << 30;
/// The folder is kept below this by dropping what was written longest ago.
const FOLDER_BYTES_MAX: u64 = 2 << 30;

/// Makes names of unfinished entries unique within this process.
static SERIAL: AtomicU64 = AtomicU64::new(0);

/// A folder of compiled code.
#[derive(Clone, Debug)]
pub(crate) struct CodeCache {
    folder: PathBuf,
}

/// The cache is of no use this time.
#[derive(Debug, thiserror::Error)]
pub(crate) enum CacheWarning {
    /// The folder cannot be made or used.
    #[error("compiled code is not cached: cannot use the folder {}: {cause}", .folder.display())]
    Unusable {
        /// The cache's folder.
        folder: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// Others could put code of theirs there.
    #[error("compiled code is not cached: {} {reason}, so its content cannot be trusted", .folder.display())]
    Untrusted {
        /// The folder in question: the cache's, or one above it.
        folder: PathBuf,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// An entry cannot be read although it is there.
    #[error("compiled code in {} is not used: {cause}", .entry.display())]
    Unreadable {
        /// The entry.
        entry: PathBuf,
        /// Why not.
        cause: io::Error,
    },
    /// An entry is torn or was changed. It is replaced.
    #[error("compiled code in {} is damaged and is compiled again", .entry.display())]
    Damaged {
        /// The entry.
        entry: PathBuf,
    },
    /// An entry cannot be written; the disk may be full.
    #[error("compiled code is not kept: cannot write {}: {cause}", .entry.display())]
    Unwritable {
        /// The entry.
        entry: PathBuf,
        /// Why not.
        cause: io::Error,
    },
}

impl CodeCache {
    /// Opens the cache in a folder, which is made if it is missing.
    pub(crate) fn open(folder: &Path) -> Result<CodeCache, CacheWarning> {
        let unusable = |cause| CacheWarning::Unusable {
            folder: folder.to_owned(),
            cause,
        };
        make_private_folder(folder).map_err(unusable)?;
        let real = folder.canonicalize().map_err(unusable)?;
        trust::check(&real)?;
        Ok(CodeCache { folder: real })
    }

    /// The compiled form for an engine, if it is there and whole.
    pub(super) fn get(
        &self,
        engine: &Engine,
        class: EngineClass,
        digest: Digest,
    ) -> Result<Option<Vec<u8>>, CacheWarning> {
        let entry = self.entry(engine, class, digest);
        let bytes = match read(&entry) {
            Ok(bytes) => bytes,
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => return Ok(None),
            Err(cause) => return Err(CacheWarning::Unreadable { entry, cause }),
        };
        match unseal(bytes) {
            Some(artefact) => Ok(Some(artefact)),
            None => Err(CacheWarning::Damaged { entry }),
        }
    }

    /// Keeps a compiled form.
    pub(super) fn put(
        &self,
        engine: &Engine,
        class: EngineClass,
        digest: Digest,
        artefact: &[u8],
    ) -> Result<(), CacheWarning> {
        let entry = self.entry(engine, class, digest);
        let unfinished = self.folder.join(format!(
            ".unfinished-{}-{}",
            std::process::id(),
            SERIAL.fetch_add(1, Ordering::Relaxed)
        ));
        self.prune();
        let written =
            write_new(&unfinished, artefact).and_then(|()| fs::rename(&unfinished, &entry));
        written.map_err(|cause| {
            // What is left of it is of no use to anybody; if it cannot be removed either, pruning will find it.
            let _ = fs::remove_file(&unfinished);
            CacheWarning::Unwritable { entry, cause }
        })
    }

    fn entry(&self, engine: &Engine, class: EngineClass, digest: Digest) -> PathBuf {
        let mut compatibility = Sha256Hasher(Sha256::new());
        engine
            .precompile_compatibility_hash()
            .hash(&mut compatibility);
        self.folder.join(format!(
            "{digest}-{}-{:016x}.code",
            class.name(),
            compatibility.finish()
        ))
    }

    /// Drops what was written longest ago until the folder is within its bound. Best effort: nothing depends on it.
    fn prune(&self) {
        let Ok(listing) = fs::read_dir(&self.folder) else {
            return;
        };
        let mut entries: Vec<_> = listing
            .filter_map(|entry| {
                let entry = entry.ok()?;
                let metadata = entry.metadata().ok()?;
                Some((metadata.modified().ok()?, metadata.len(), entry.path()))
            })
            .collect();
        entries.sort_unstable();
        let mut total: u64 = entries.iter().map(|(_, n_bytes, _)| n_bytes).sum();
        for (_, n_bytes, path) in entries {
            if total <= FOLDER_BYTES_MAX {
                break;
            }
            let _ = fs::remove_file(path);
            total = total.saturating_sub(n_bytes);
        }
    }
}

fn make_private_folder(folder: &Path) -> io::Result<()> {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn read(entry: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(entry)?
        .take(ENTRY_BYTES_MAX)
        .read_to_end(&mut bytes)?;
    Ok(bytes)
}

fn write_new(path: &Path, artefact: &[u8]) -> io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    let mut file = options.open(path)?;
    file.write_all(MAGIC)?;
    file.write_all(&Sha256::digest(artefact))?;
    file.write_all(artefact)
}

/// The artefact, if the entry is one and is whole.
fn unseal(mut entry: Vec<u8>) -> Option<Vec<u8>> {
    let (header, artefact) = entry.split_at_checked(HEADER_BYTES)?;
    let (magic, checksum) = header.split_at_checked(MAGIC.len())?;
    if magic != MAGIC || checksum != Sha256::digest(artefact).as_slice() {
        return None;
    }
    entry.drain(..HEADER_BYTES);
    Some(entry)
}

/// A hash that is the same in every process and every build.
struct Sha256Hasher(Sha256);

impl Hasher for Sha256Hasher {
    fn write(&mut self, bytes: &[u8]) {
        self.0.update(bytes);
    }

    fn finish(&self) -> u64 {
        let digest: [u8; 32] = self.0.clone().finalize().into();
        digest
            .first_chunk()
            .map_or(0, |first| u64::from_be_bytes(*first))
    }
}

#[cfg(test)]
mod tests;
