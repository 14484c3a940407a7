//! Compiled code on disk, so that a second start does not compile.
//!
//! What is loaded from here is run as machine code, so the cache rests on one thing: **its folder belongs to this user, and neither it nor
//! any folder above it can be written to by others**. That is checked when the cache is opened; where it does not hold the cache is not
//! used. The checksum in each entry is against torn writes and failing disks, not against people. What was checked can change no
//! more: see [`Artefact`].
//!
//! Invariants:
//! - an entry is named by the content's digest, the engine class, and a hash of everything that makes machine code incompatible, so an
//!   entry of another version or machine is never looked at;
//! - entries are written under another name and renamed: readers see all of one or nothing;
//! - no trouble here is ever more than a [`CacheWarning`]: the code is compiled instead.

use super::{Digest, EngineClass, bounds};
use sha2::{Digest as _, Sha256};
use std::fs::{self, DirBuilder, File, OpenOptions};
use std::hash::{Hash, Hasher};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};
use wasmtime::Engine;

mod artefact;
mod trust;

pub(super) use artefact::Artefact;

/// Begins every entry; the checksum of the rest follows.
const MAGIC: &[u8; 16] = b"rusm code cache1";
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
    ) -> Result<Option<Artefact>, CacheWarning> {
        let entry = self.entry(engine, class, digest);
        match read(&entry) {
            Ok(Some(artefact)) => Ok(Some(artefact)),
            Ok(None) => Err(CacheWarning::Damaged { entry }),
            Err(cause) if cause.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(cause) => Err(CacheWarning::Unreadable { entry, cause }),
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
        // What is cached was checked when it was compiled, by the rules of then.
        bounds::RULES.hash(&mut compatibility);
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

/// The artefact, if the entry is one and is whole. The file is opened once.
fn read(entry: &Path) -> io::Result<Option<Artefact>> {
    let mut file = File::open(entry)?;
    let (mut magic, mut checksum) = ([0; MAGIC.len()], [0; 32]);
    let header = file
        .read_exact(&mut magic)
        .and_then(|()| file.read_exact(&mut checksum));
    match header {
        Ok(()) if magic == *MAGIC => {}
        Ok(()) => return Ok(None),
        Err(cause) if cause.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
        Err(cause) => return Err(cause),
    }
    let artefact = Artefact::copy(&mut file)?;
    let is_whole = artefact.digest()? == checksum;
    Ok(is_whole.then_some(artefact))
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
