//! Bytes that stand for those of the file, in blocks.

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::io;

/// The page of redb, so that most writes cover whole blocks.
const BLOCK: usize = 4096;
const BLOCK_BYTES: u64 = BLOCK as u64;

/// The most bytes of blocks that follow one another and are given at once.
const RUN: usize = 16 * BLOCK;

/// The most blocks whose memory is kept.
const SPARE_BLOCKS: usize = 256;

/// Blocks by their offset, each of the same size.
#[derive(Clone, Default)]
pub(crate) struct Overlay {
    blocks: BTreeMap<u64, Vec<u8>>,
    /// Memory for blocks to come.
    spare: Vec<Vec<u8>>,
}

impl Overlay {
    /// Bytes of memory that the blocks take.
    pub(crate) fn bytes(&self) -> usize {
        self.blocks.len().saturating_mul(BLOCK)
    }

    /// Puts the blocks that are here in place of what `out` has of the file.
    pub(crate) fn read(&self, offset: u64, out: &mut [u8]) {
        let mut rest = out;
        let mut at = offset;
        while !rest.is_empty() {
            let (start, skip) = place(at);
            let here = rest.len().min(BLOCK - skip);
            let (now, later) = rest.split_at_mut(here);
            let block = self.blocks.get(&start);
            if let Some(bytes) = block.and_then(|block| block.get(skip..skip + here)) {
                now.copy_from_slice(bytes);
            }
            at += here as u64;
            rest = later;
        }
    }

    /// Takes `data`. A block that it does not cover whole begins as `file` has it.
    pub(crate) fn write(
        &mut self,
        offset: u64,
        data: &[u8],
        file: impl Fn(u64, &mut [u8]) -> io::Result<()>,
    ) -> io::Result<()> {
        let mut rest = data;
        let mut at = offset;
        while !rest.is_empty() {
            let (start, skip) = place(at);
            let here = rest.len().min(BLOCK - skip);
            let (now, later) = rest.split_at(here);
            let block = match self.blocks.entry(start) {
                Entry::Occupied(there) => there.into_mut(),
                Entry::Vacant(free) => {
                    let mut block = self.spare.pop().unwrap_or_else(|| vec![0; BLOCK]);
                    if here < BLOCK {
                        block.fill(0);
                        file(start, &mut block)?;
                    }
                    free.insert(block)
                }
            };
            if let Some(bytes) = block.get_mut(skip..skip + here) {
                bytes.copy_from_slice(now);
            }
            at += here as u64;
            rest = later;
        }
        Ok(())
    }

    /// Gives all blocks in order, those that follow one another together.
    pub(crate) fn runs(&self, give: impl Fn(u64, &[u8]) -> io::Result<()>) -> io::Result<()> {
        let mut run = Vec::new();
        let mut blocks = self.blocks.iter().peekable();
        while let Some((start, first)) = blocks.next() {
            let follows = |run: &Vec<u8>, at: u64| start + run.len() as u64 == at;
            if blocks
                .peek()
                .is_none_or(|(at, _)| start + BLOCK_BYTES != **at)
            {
                // Most stand alone, and need no copy.
                give(*start, first)?;
                continue;
            }
            run.clear();
            run.extend_from_slice(first);
            while let Some((_, block)) =
                blocks.next_if(|(at, _)| run.len() < RUN && follows(&run, **at))
            {
                run.extend_from_slice(block);
            }
            give(*start, &run)?;
        }
        Ok(())
    }

    /// Forgets all blocks, and keeps the memory of some for others: a commit has about as many as the one before.
    pub(crate) fn clear(&mut self) {
        let room = SPARE_BLOCKS.saturating_sub(self.spare.len());
        let blocks = std::mem::take(&mut self.blocks);
        self.spare.extend(blocks.into_values().take(room));
    }
}

/// The block that an offset is in, and where in it.
fn place(offset: u64) -> (u64, usize) {
    let skip = offset % BLOCK_BYTES;
    // Less than a block.
    (offset - skip, usize::try_from(skip).unwrap_or(0))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::cell::RefCell;

    fn file(at: u64, out: &mut [u8]) -> io::Result<()> {
        for (place, byte) in (at..).zip(out) {
            *byte = u8::try_from(place % 251).unwrap();
        }
        Ok(())
    }

    #[test]
    fn what_is_cleared_is_not_read_again() {
        let mut overlay = Overlay::default();
        overlay.write(0, &[9; 3 * BLOCK], file).unwrap();
        overlay.clear();
        assert_eq!(overlay.bytes(), 0);
        overlay.write(10, &[1], file).unwrap();
        let mut expected = vec![0; 3 * BLOCK];
        file(0, &mut expected).unwrap();
        let mut read = expected.clone();
        overlay.read(0, &mut read);
        expected[10] = 1;
        assert_eq!(read, expected);
    }

    /// The file leaves alone what lies behind its end, and the memory has held another block.
    #[test]
    fn what_was_cleared_is_not_written_behind_the_end_of_the_file() {
        let mut overlay = Overlay::default();
        overlay.write(0, &[9; BLOCK], file).unwrap();
        overlay.clear();
        overlay.write(10, &[1], |_, _| Ok(())).unwrap();
        let mut expected = vec![0; BLOCK];
        expected[10] = 1;
        let mut read = vec![7; BLOCK];
        overlay.read(0, &mut read);
        assert_eq!(read, expected);
    }

    #[test]
    fn blocks_that_follow_one_another_are_given_together() {
        let mut overlay = Overlay::default();
        let blocks = [1, 3, 4, 7].into_iter().chain(10..30);
        for at in blocks.map(|block| block * BLOCK_BYTES) {
            overlay.write(at, &vec![1; BLOCK], file).unwrap();
        }
        let given = RefCell::new(Vec::new());
        let give = |at, run: &[u8]| {
            let place = (at / BLOCK_BYTES, run.len() / BLOCK);
            given.borrow_mut().push(place);
            Ok(())
        };
        overlay.runs(give).unwrap();
        let expected: [(u64, usize); 5] = [(1, 1), (3, 2), (7, 1), (10, 16), (26, 4)];
        assert_eq!(given.into_inner(), expected);
    }

    #[test]
    fn what_is_written_is_read_and_the_rest_is_the_file() {
        let mut overlay = Overlay::default();
        let mut expected = vec![0; 5 * BLOCK];
        file(0, &mut expected).unwrap();
        for (offset, len, byte) in [(10, 100, 1), (4000, 5000, 2), (8192, 4096, 3), (4090, 3, 4)] {
            overlay.write(offset, &vec![byte; len], file).unwrap();
            let at = usize::try_from(offset).unwrap();
            expected[at..at + len].fill(byte);
            for (from, to) in [(0, 5 * BLOCK), (50, 60), (4095, 8193)] {
                let mut read = vec![0; to - from];
                file(from as u64, &mut read).unwrap();
                overlay.read(from as u64, &mut read);
                assert_eq!(read, expected[from..to]);
            }
        }
    }
}
