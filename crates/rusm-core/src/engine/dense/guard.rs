//! Guard pages of stacks: how this kernel makes them.
//!
//! Linux 6.13 marks pages of a mapping as a guard without a mapping of their own (`MADV_GUARD_INSTALL`). Elsewhere a guard is a protected
//! page, which cuts the mapping in two: two mappings a stack, charged to the account, so that such stacks end with the account and
//! not with the kernel's patience.

#![expect(unsafe_code, reason = "protection of pages is the kernel's")]

use super::mapping::{Mapping, Purpose, page_bytes};
use std::io;
use std::ptr::NonNull;

/// `MADV_GUARD_INSTALL` of `asm-generic/mman-common.h`.
const GUARD_INSTALL: libc::c_int = 102;

/// How guards are made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::engine) enum Guards {
    /// Marks within the mapping.
    Marked,
    /// Protected pages.
    Protected,
}

impl Guards {
    /// What this kernel has.
    pub(in crate::engine) fn probe() -> Guards {
        let Ok(scratch) = Mapping::reserve(page_bytes(), Purpose::Stacks) else {
            return Guards::Protected;
        };
        match Guards::Marked.install(scratch.base()) {
            Ok(()) => Guards::Marked,
            Err(_) => Guards::Protected,
        }
    }

    /// Mappings that one guarded stack takes.
    pub(in crate::engine) fn mappings_each(self) -> u32 {
        match self {
            Guards::Marked => 0,
            Guards::Protected => 2,
        }
    }

    /// Makes the page at this address one that nobody can touch without a fault, for as long as its mapping lives.
    ///
    /// The caller owns the page.
    pub(super) fn install(self, page: NonNull<u8>) -> io::Result<()> {
        let (address, bytes) = (page.as_ptr().cast(), page_bytes());
        let failed = match self {
            // SAFETY: a guard takes away, and gives nothing: whoever reads or writes the page faults from now on.
            #[cfg(target_os = "linux")]
            Guards::Marked => unsafe { libc::madvise(address, bytes, GUARD_INSTALL) },
            #[cfg(not(target_os = "linux"))]
            Guards::Marked => -1,
            // SAFETY: as above.
            Guards::Protected => unsafe { libc::mprotect(address, bytes, libc::PROT_NONE) },
        };
        if failed == 0 {
            Ok(())
        } else {
            Err(io::Error::last_os_error())
        }
    }
}
