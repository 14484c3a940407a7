//! What a loss of power leaves of the changes that no sync has made safe: [`Loss`].
//!
//! The model is that of a page cache over a disk with sectors. A sector holds, afterwards, what it held after some
//! number of the writes to it: none, all, or anything between; and sectors know nothing of each other, so that writes
//! reach the disk in any order, in any selection, and torn in the middle. The length of the file is a fact of its own
//! that may be as old as the last sync while the data is new, or the other way round.

use rusm_sim::Dice;
use std::collections::BTreeMap;

/// One change to a file.
#[derive(Clone, Debug)]
pub(crate) enum Change {
    Write { offset: usize, data: Vec<u8> },
    Resize(usize),
}

impl Change {
    /// Changes the file; what lies beyond its end is lost.
    pub(crate) fn apply(&self, file: &mut Vec<u8>) {
        match self {
            Self::Write { offset, data } => write(file, *offset, data),
            Self::Resize(len) => file.resize(*len, 0),
        }
    }
}

fn write(file: &mut [u8], offset: usize, data: &[u8]) {
    let Some(place) = file.get_mut(offset..) else {
        return;
    };
    let len = place.len().min(data.len());
    place[..len].copy_from_slice(&data[..len]);
}

/// Which of the unsynced changes survive.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Loss {
    /// None.
    Everything,
    /// All.
    Nothing,
    /// All but one write.
    OneWrite,
    /// Only the last write to the head of the file, where a store says which of its states is the current one.
    AllButTheHead,
    /// All up to some point; of the write there, the first sectors of this size.
    Tail { sector: usize },
    /// Each write is there or not.
    SomeWrites,
    /// Each sector of this size is as some write has left it.
    SomeSectors { sector: usize },
}

impl Loss {
    pub(crate) const ALL: [Self; 9] = [
        Self::Everything,
        Self::Nothing,
        Self::OneWrite,
        Self::AllButTheHead,
        Self::Tail { sector: 512 },
        Self::Tail { sector: 4096 },
        Self::SomeWrites,
        Self::SomeSectors { sector: 512 },
        Self::SomeSectors { sector: 4096 },
    ];

    /// The file after the loss: `durable` with some of what came after it.
    pub(crate) fn strike(
        self,
        mut durable: Vec<u8>,
        unsynced: &[Change],
        dice: &mut Dice,
    ) -> Vec<u8> {
        for change in self.survivors(unsynced, dice) {
            change.apply(&mut durable);
        }
        durable
    }

    fn survivors(self, unsynced: &[Change], dice: &mut Dice) -> Vec<Change> {
        let n_changes = unsynced.len();
        match self {
            Self::Everything => Vec::new(),
            Self::Nothing => unsynced.to_vec(),
            Self::OneWrite => {
                let lost = below(dice, n_changes);
                selected(unsynced, |n, _| n != lost)
            }
            Self::AllButTheHead => {
                let is_head = |change: &Change| matches!(change, Change::Write { offset: 0, .. });
                let last = unsynced.iter().rposition(is_head);
                selected(unsynced, |n, _| Some(n) == last)
            }
            Self::Tail { sector } => {
                let end = below(dice, n_changes + 1);
                let (whole, rest) = unsynced.split_at(end);
                let mut survivors = whole.to_vec();
                if let Some(Change::Write { offset, data }) = rest.first() {
                    let kept = below(dice, data.len() / sector + 1) * sector;
                    let data = data[..kept].to_vec();
                    survivors.push(Change::Write {
                        offset: *offset,
                        data,
                    });
                }
                survivors
            }
            Self::SomeWrites => {
                let last = last_resize(unsynced, dice);
                selected(unsynced, |n, change| match change {
                    Change::Write { .. } => dice.one_in(2),
                    Change::Resize(_) => n < last,
                })
            }
            Self::SomeSectors { sector } => some_sectors(unsynced, sector, dice),
        }
    }
}

fn selected(unsynced: &[Change], mut is_kept: impl FnMut(usize, &Change) -> bool) -> Vec<Change> {
    let numbered = unsynced.iter().enumerate();
    numbered
        .filter(|(n, change)| is_kept(*n, change))
        .map(|(_, change)| change.clone())
        .collect()
}

/// Up to which change the length of the file is known to the disk.
fn last_resize(unsynced: &[Change], dice: &mut Dice) -> usize {
    // Mostly all or nothing: there are few changes of length among many writes.
    match dice.below(3) {
        0 => 0,
        1 => unsynced.len(),
        _ => below(dice, unsynced.len() + 1),
    }
}

fn some_sectors(unsynced: &[Change], sector: usize, dice: &mut Dice) -> Vec<Change> {
    let mut n_writes: BTreeMap<usize, usize> = BTreeMap::new();
    for (place, _) in pieces(unsynced, sector) {
        *n_writes.entry(place / sector).or_default() += 1;
    }
    // How many of its writes each sector has seen.
    let mut left: BTreeMap<usize, usize> = n_writes
        .into_iter()
        .map(|(number, n_writes)| (number, below(dice, n_writes + 1)))
        .collect();
    let last = last_resize(unsynced, dice);
    let mut survivors = Vec::new();
    for (n, change) in unsynced.iter().enumerate() {
        if matches!(change, Change::Resize(_)) && n < last {
            survivors.push(change.clone());
        }
        for (offset, data) in pieces(std::slice::from_ref(change), sector) {
            let left = left.entry(offset / sector).or_default();
            if *left > 0 {
                *left -= 1;
                survivors.push(Change::Write { offset, data });
            }
        }
    }
    survivors
}

/// The writes cut at the borders of sectors.
fn pieces(changes: &[Change], sector: usize) -> Vec<(usize, Vec<u8>)> {
    let mut pieces = Vec::new();
    for change in changes {
        let Change::Write { offset, data } = change else {
            continue;
        };
        let (mut offset, mut data) = (*offset, data.as_slice());
        while !data.is_empty() {
            let len = data.len().min(sector - offset % sector);
            let (piece, rest) = data.split_at(len);
            pieces.push((offset, piece.to_vec()));
            (offset, data) = (offset + len, rest);
        }
    }
    pieces
}

/// A number below this one; 0 if that is 0.
pub(crate) fn below(dice: &mut Dice, bound: usize) -> usize {
    usize::try_from(dice.below(bound as u64)).expect("it is below a usize")
}
