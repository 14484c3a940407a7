//! Machine code as the cache gives it out: a copy that nobody can change any more.
//!
//! Mapping the entry itself would tie the node's code to a file that stays writable: whoever restores a backup over it, or truncates it,
//! changes what runs or ends the node by `SIGBUS`, and a page that was dropped under pressure is read from the disk again, unchecked.
//! So the entry is copied once, inside the kernel, to memory that has a file descriptor, and that file is **sealed**: it can neither be written nor
//! resized, by anybody. Then it is checked, and then mapped.
//!
//! Invariant: what was checked is what is mapped.

use sha2::{Digest as _, Sha256};
use std::fs::File;
use std::io::{self, Read, Seek};
use std::path::Path;

/// More than any compiled program has.
const BYTES_MAX: u64 = 4 << 30;
const READ_BYTES: usize = 64 << 10;

/// Machine code of one program for one engine class.
#[derive(Debug)]
pub(in crate::code) enum Artefact {
    /// In a sealed file.
    Sealed(Sealed),
    /// In memory of its own: just compiled, or of a system without sealed files.
    Bytes(Vec<u8>),
}

/// A file that nobody can change.
#[derive(Debug)]
pub(in crate::code) struct Sealed {
    /// Keeps the path valid.
    file: File,
    path: String,
    n_bytes: u64,
}

impl Artefact {
    /// A copy of the rest of a file.
    pub(super) fn copy(file: &mut File) -> io::Result<Artefact> {
        let begin = file.stream_position()?;
        if let Ok(sealed) = Sealed::copy(file) {
            return Ok(Artefact::Sealed(sealed));
        }
        file.seek(io::SeekFrom::Start(begin))?;
        Artefact::read(file)
    }

    /// The same where no file can be sealed.
    pub(super) fn read(file: &mut File) -> io::Result<Artefact> {
        let mut bytes = Vec::new();
        file.take(BYTES_MAX).read_to_end(&mut bytes)?;
        Ok(Artefact::Bytes(bytes))
    }

    /// SHA-256 of the copy.
    pub(super) fn digest(&self) -> io::Result<[u8; 32]> {
        match self {
            Artefact::Sealed(sealed) => digest(&sealed.file),
            Artefact::Bytes(bytes) => Ok(Sha256::digest(bytes).into()),
        }
    }

    pub(in crate::code) fn n_bytes(&self) -> u64 {
        match self {
            Artefact::Sealed(sealed) => sealed.n_bytes,
            Artefact::Bytes(bytes) => u64::try_from(bytes.len()).unwrap_or(u64::MAX),
        }
    }
}

impl Sealed {
    /// Where it can be opened while this is there: for mapping.
    pub(in crate::code) fn path(&self) -> &Path {
        Path::new(&self.path)
    }

    #[cfg(target_os = "linux")]
    fn copy(file: &mut File) -> io::Result<Sealed> {
        use rustix::fs::{MemfdFlags, SealFlags, fcntl_add_seals, memfd_create};
        use std::os::fd::AsRawFd;
        let path = |file: &File| format!("/proc/self/fd/{}", file.as_raw_fd());
        let memory = memfd_create("rusm-code", MemfdFlags::CLOEXEC | MemfdFlags::ALLOW_SEALING)?;
        let mut memory = File::from(memory);
        let n_bytes = io::copy(&mut file.take(BYTES_MAX), &mut memory)?;
        let every = SealFlags::WRITE | SealFlags::GROW | SealFlags::SHRINK | SealFlags::SEAL;
        fcntl_add_seals(&memory, every)?;
        // Opened again, from its beginning, by the name that it is mapped by: so that name is known to work here.
        let file = File::open(path(&memory))?;
        let path = path(&file);
        Ok(Sealed {
            file,
            path,
            n_bytes,
        })
    }

    #[cfg(not(target_os = "linux"))]
    fn copy(_file: &mut File) -> io::Result<Sealed> {
        Err(io::ErrorKind::Unsupported.into())
    }
}

fn digest(mut file: &File) -> io::Result<[u8; 32]> {
    let mut digest = Sha256::new();
    let mut buffer = vec![0; READ_BYTES];
    loop {
        match file.read(&mut buffer)? {
            0 => return Ok(digest.finalize().into()),
            n_read => digest.update(buffer.get(..n_read).unwrap_or_default()),
        }
    }
}
