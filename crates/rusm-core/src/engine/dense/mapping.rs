//! One mapping of zeroed memory, backed by the kernel page by page as it is touched: [`Mapping`].
//!
//! Invariant: the range belongs to this value alone from [`Mapping::reserve`] until it is dropped. Nothing here reads or writes it.

#![expect(
    unsafe_code,
    reason = "address space is the kernel's; it is asked for here and nowhere else"
)]

use std::io;
use std::ptr::{self, NonNull};
use std::sync::OnceLock;

/// What a mapping is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Purpose {
    /// Slots of fiber stacks.
    Stacks,
    /// Slots of linear memories.
    Memories,
    /// One linear memory that no slot holds.
    LargeMemory,
}

#[cfg(target_os = "linux")]
impl Purpose {
    fn name(self) -> &'static std::ffi::CStr {
        match self {
            Purpose::Stacks => c"rusm-stacks",
            Purpose::Memories => c"rusm-memories",
            Purpose::LargeMemory => c"rusm-large-memory",
        }
    }
}

/// A range of address space that is readable and writable, unmapped when dropped.
#[derive(Debug)]
pub(super) struct Mapping {
    base: Address,
    bytes: usize,
}

/// An address, which any thread may know. Whoever reads or writes there says why he may.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Address(pub(super) NonNull<u8>);

// SAFETY: it is a number, and nothing here goes through it.
unsafe impl Send for Address {}
// SAFETY: as above.
unsafe impl Sync for Address {}

impl Mapping {
    /// Asks for so many bytes, a multiple of the page size. They take no memory until they are touched.
    pub(super) fn reserve(bytes: usize, purpose: Purpose) -> io::Result<Mapping> {
        // SAFETY: a new anonymous mapping where the kernel likes it touches no memory of anybody.
        let address = unsafe {
            libc::mmap(
                ptr::null_mut(),
                bytes,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        let mapping = Mapping::owning(address, bytes)?;
        #[cfg(target_os = "linux")]
        mapping.describe(purpose);
        Ok(mapping)
    }

    /// Tells the kernel what it is for. What it does not understand it refuses, which is as good.
    #[cfg(target_os = "linux")]
    fn describe(&self, purpose: Purpose) {
        let address: *mut libc::c_void = self.base.0.as_ptr().cast();
        if purpose != Purpose::LargeMemory {
            // Where few of many pages are touched, huge ones would back what nobody uses.
            // SAFETY: the range is ours; this only changes how it is backed.
            unsafe { libc::madvise(address, self.bytes, libc::MADV_NOHUGEPAGE) };
        }
        let (option, name) = (libc::PR_SET_VMA_ANON_NAME, purpose.name());
        // SAFETY: the range is ours, and the kernel copies the name, which ends with a zero. Operators see it in `/proc/PID/smaps`.
        unsafe { libc::prctl(libc::PR_SET_VMA, option, address, self.bytes, name.as_ptr()) };
    }

    fn owning(address: *mut libc::c_void, bytes: usize) -> io::Result<Mapping> {
        if address == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(address.cast()).ok_or(io::ErrorKind::AddrNotAvailable)?;
        let base = Address(base);
        Ok(Mapping { base, bytes })
    }

    /// Makes it larger, by moving its pages to another place if need be, never their contents. If it fails, nothing has changed.
    #[cfg(target_os = "linux")]
    pub(super) fn grow(&mut self, bytes: usize) -> io::Result<()> {
        // SAFETY: the old range is exactly one that `mmap` or `mremap` gave and that we own; it is invalid afterwards, and whoever asked
        // for the growth holds `&mut self`, so nobody has its address but through us.
        let address = unsafe {
            libc::mremap(
                self.base.0.as_ptr().cast(),
                self.bytes,
                bytes,
                libc::MREMAP_MAYMOVE,
            )
        };
        // The old value must not be dropped: its range is gone.
        let grown = Mapping::owning(address, bytes)?;
        std::mem::forget(std::mem::replace(self, grown));
        Ok(())
    }

    /// Other kernels cannot move pages.
    #[cfg(not(target_os = "linux"))]
    pub(super) fn grow(&mut self, _bytes: usize) -> io::Result<()> {
        Err(io::ErrorKind::Unsupported.into())
    }

    pub(super) fn base(&self) -> NonNull<u8> {
        self.base.0
    }

    /// The address so many bytes into it; none beyond its end.
    pub(super) fn at(&self, offset: usize) -> Option<Address> {
        let within = offset < self.bytes;
        let address = within.then(|| self.base.0.as_ptr().wrapping_add(offset))?;
        NonNull::new(address).map(Address)
    }

    pub(super) fn bytes(&self) -> usize {
        self.bytes
    }
}

impl Drop for Mapping {
    fn drop(&mut self) {
        // SAFETY: the range is ours, and nobody has an address in it any more: slots are counted (`slab.rs`), memories own their mapping.
        unsafe { libc::munmap(self.base.0.as_ptr().cast(), self.bytes) };
    }
}

/// Bytes of a page of this machine.
pub(super) fn page_bytes() -> usize {
    static PAGE_BYTES: OnceLock<usize> = OnceLock::new();
    *PAGE_BYTES.get_or_init(|| {
        // SAFETY: it reads a constant of the system.
        let bytes = unsafe { libc::sysconf(libc::_SC_PAGESIZE) };
        usize::try_from(bytes).unwrap_or(4_096)
    })
}
