//! Which pages of a range were touched, and what is done with them: cleared, or copied. Untouched pages stay untouched.
//!
//! With `PAGEMAP_SCAN` (Linux 6.7 and later) the kernel names the touched pages. Without it, clearing gives all pages back to the kernel,
//! and copying leaves out those that are all zero.

#![expect(
    unsafe_code,
    reason = "it clears and copies memory that guests leave behind"
)]

use super::mapping::page_bytes;
use std::fs::File;
use std::io;
use std::ptr::{self, NonNull};

/// Ranges that one scan tells of. Who has touched more scattered pages is cleared by the kernel.
const RANGES_MAX: usize = 32;

/// The kernel's knowledge of our pages.
#[derive(Debug)]
pub(super) struct Pages {
    /// `/proc/self/pagemap`, where it can be scanned.
    pagemap: Option<File>,
}

/// How a range was cleared.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Cleared {
    /// Its pages were zeroed in place; so many bytes stay resident.
    InPlace { resident_bytes: usize },
    /// Its pages were given back to the kernel.
    GivenBack,
}

impl Pages {
    pub(super) fn new() -> Pages {
        let pagemap = File::open("/proc/self/pagemap").ok();
        let pages = Pages { pagemap };
        let probe = 0_u8;
        if pages.touched(NonNull::from(&probe), 1).is_some() {
            pages
        } else {
            Pages { pagemap: None }
        }
    }

    /// Zeroes what was touched of a range: in place if that is at most `most_resident` bytes, else by giving all of it back.
    ///
    /// # Safety
    /// `[base, base + bytes)` are whole pages of one anonymous private mapping, and the caller alone has access to them.
    pub(super) unsafe fn clear(
        &self,
        base: NonNull<u8>,
        bytes: usize,
        most_resident: usize,
    ) -> Cleared {
        if bytes == 0 {
            return Cleared::InPlace { resident_bytes: 0 };
        }
        if most_resident > 0
            && let Some(touched) = self.touched(base, bytes)
        {
            let resident_bytes = touched.iter().map(|range| range.bytes).sum();
            if resident_bytes <= most_resident {
                for range in touched.iter() {
                    // SAFETY: the kernel names ranges within the one that it was asked about, which is the caller's alone.
                    unsafe { range.start.write_bytes(0, range.bytes) };
                }
                return Cleared::InPlace { resident_bytes };
            }
        }
        // SAFETY: whole pages that are the caller's alone (see above); anonymous private pages are zero when touched again.
        let given_back = cfg!(target_os = "linux")
            && unsafe { libc::madvise(base.as_ptr().cast(), bytes, libc::MADV_DONTNEED) } == 0;
        if given_back {
            return Cleared::GivenBack;
        }
        // Locked memory cannot be given back; it is resident anyhow.
        // SAFETY: as above.
        unsafe { base.write_bytes(0, bytes) };
        Cleared::InPlace {
            resident_bytes: bytes,
        }
    }

    /// Copies the start of one range to another that is all zero, and says how many bytes it copied.
    ///
    /// # Safety
    /// Both are at least `bytes` long, do not overlap, and are the caller's alone.
    pub(super) unsafe fn copy(&self, from: NonNull<u8>, to: NonNull<u8>, bytes: usize) -> usize {
        let mut n_copied = 0;
        let mut copy = |start: NonNull<u8>, n_bytes: usize| {
            let offset = start.addr().get() - from.addr().get();
            let n_bytes = n_bytes.min(bytes.saturating_sub(offset));
            // SAFETY: the offset is within the first range, and so is its end: the target has the same room.
            unsafe { ptr::copy_nonoverlapping(start.as_ptr(), to.as_ptr().add(offset), n_bytes) };
            n_copied += n_bytes;
        };
        if let Some(touched) = self.touched(from, bytes) {
            touched
                .iter()
                .for_each(|range| copy(range.start, range.bytes));
            return n_copied;
        }
        for offset in (0..bytes).step_by(page_bytes()) {
            // SAFETY: the offset is within the range.
            let start = unsafe { from.add(offset) };
            let n_bytes = page_bytes().min(bytes - offset);
            // SAFETY: the page is the caller's alone and initialised: anonymous memory always is.
            let page = unsafe { std::slice::from_raw_parts(start.as_ptr(), n_bytes) };
            if page.iter().any(|byte| *byte != 0) {
                copy(start, n_bytes);
            }
        }
        n_copied
    }

    /// The touched pages of a range; none if the kernel does not say or there are too many pieces.
    fn touched(&self, base: NonNull<u8>, bytes: usize) -> Option<Touched> {
        scan::touched(self.pagemap.as_ref()?, base, bytes)
            .ok()
            .flatten()
    }
}

/// Touched pages in a row.
#[derive(Clone, Copy, Debug)]
struct TouchedRange {
    start: NonNull<u8>,
    bytes: usize,
}

/// All of a range.
#[derive(Debug)]
struct Touched {
    ranges: [TouchedRange; RANGES_MAX],
    n_ranges: usize,
}

impl Touched {
    fn iter(&self) -> impl Iterator<Item = &TouchedRange> {
        self.ranges.iter().take(self.n_ranges)
    }
}

/// The one system call.
#[cfg(target_os = "linux")]
mod scan {
    use super::{NonNull, RANGES_MAX, Touched, TouchedRange, io, page_bytes};
    use std::fs::File;
    use std::os::fd::AsRawFd;

    /// `_IOWR('f', 16, struct pm_scan_arg)`.
    const PAGEMAP_SCAN: libc::Ioctl = 0xc060_6610_u32 as libc::Ioctl;
    const PRESENT: u64 = 1 << 3;
    const SWAPPED: u64 = 1 << 4;
    /// Reads of untouched memory show one page of zeroes.
    const ZERO_PAGE: u64 = 1 << 5;

    /// `struct pm_scan_arg` of `linux/fs.h`.
    #[repr(C)]
    #[derive(Default)]
    struct Scan {
        size: u64,
        flags: u64,
        start: u64,
        end: u64,
        walk_end: u64,
        vec: u64,
        vec_len: u64,
        max_pages: u64,
        category_inverted: u64,
        category_mask: u64,
        category_anyof_mask: u64,
        return_mask: u64,
    }

    /// `struct page_region`.
    #[repr(C)]
    #[derive(Clone, Copy, Default)]
    struct Region {
        start: u64,
        end: u64,
        categories: u64,
    }

    pub(super) fn touched(
        pagemap: &File,
        base: NonNull<u8>,
        bytes: usize,
    ) -> io::Result<Option<Touched>> {
        let page = page_bytes();
        let first = base.addr().get() / page * page;
        let Some(last) = base.addr().get().checked_add(bytes) else {
            return Ok(None);
        };
        let mut regions = [Region::default(); RANGES_MAX];
        let end = u64_of(last.next_multiple_of(page));
        let mut scan = Scan {
            size: u64_of(size_of::<Scan>()),
            start: u64_of(first),
            end,
            vec: u64_of(regions.as_mut_ptr().expose_provenance()),
            vec_len: u64_of(RANGES_MAX),
            category_inverted: ZERO_PAGE,
            category_mask: ZERO_PAGE,
            category_anyof_mask: PRESENT | SWAPPED,
            return_mask: PRESENT,
            ..Scan::default()
        };
        // SAFETY: the argument is what this request reads and writes, and `vec` has room for `vec_len` regions; it looks at page tables and
        // touches no memory of the range.
        let n_regions = unsafe { libc::ioctl(pagemap.as_raw_fd(), PAGEMAP_SCAN, &raw mut scan) };
        let Ok(n_ranges) = usize::try_from(n_regions) else {
            return Err(io::Error::last_os_error());
        };
        if scan.walk_end != end {
            return Ok(None);
        }
        let mut ranges = [TouchedRange {
            start: base,
            bytes: 0,
        }; RANGES_MAX];
        for (range, region) in ranges.iter_mut().zip(&regions).take(n_ranges) {
            let offset = usize_of(region.start).saturating_sub(base.addr().get());
            *range = TouchedRange {
                // Within the range that was asked about: its address has the same provenance.
                start: NonNull::new(base.as_ptr().wrapping_add(offset)).unwrap_or(base),
                bytes: usize_of(region.end.saturating_sub(region.start)),
            };
        }
        Ok(Some(Touched { ranges, n_ranges }))
    }

    fn u64_of(number: usize) -> u64 {
        u64::try_from(number).unwrap_or(u64::MAX)
    }

    fn usize_of(number: u64) -> usize {
        usize::try_from(number).unwrap_or(usize::MAX)
    }
}

#[cfg(not(target_os = "linux"))]
mod scan {
    use super::{NonNull, Touched, io};

    pub(super) fn touched(
        _: &std::fs::File,
        _: NonNull<u8>,
        _: usize,
    ) -> io::Result<Option<Touched>> {
        Ok(None)
    }
}
