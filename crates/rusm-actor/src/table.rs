//! Who is alive: sharded slabs from slot to process.
//!
//! # Pids
//! A pid is a slot and a serial; each shard counts its serials up and never gives one out twice, so a
//! pid is never reused (OTP statement 002). When a shard's 2^40 serials or its slots are used up the next
//! shard takes its place.
//!
//! # Room
//! Each shard has room for a number of processes, which it takes from what the node allows and gives back in portions. So
//! workers do not all write to one count, and the bound is exact all the same: who finds neither room of its own nor any left of
//! the node's calls the other shards' in, again and again as long as fewer are alive than may be: others may be quicker to take what was called in.
//!
//! # Locking
//! One lock per shard, held for a look-up, an insertion or a removal; never two.

use crate::error::SpawnError;
use crate::id::{Pid, SERIAL_MAX, SLOTS_MAX};
use crate::process::Process;
use crate::sync::{Arc, AtomicBool, AtomicUsize, Mutex, MutexGuard, Ordering};
use slab::Slab;

const SHARDS: usize = if cfg!(all(loom, test)) { 2 } else { 64 };
/// How much room a shard takes at once. It keeps less than two portions of what it does not use.
const PORTION: usize = 64;

/// Two of them share no cache line: each is written to by another worker.
#[derive(Debug, Default)]
#[repr(align(128))]
struct Shard(Mutex<Slots>);

#[derive(Debug, Default)]
struct Slots {
    processes: Slab<Arc<Process>>,
    last_serial: u64,
    /// How many more processes may enter.
    room: usize,
}

impl Slots {
    /// The pid of whoever is inserted next; none when slots or serials are used up.
    fn next_pid(&mut self, index: usize, n_slots_max: usize) -> Option<Pid> {
        let vacant = self.processes.vacant_key();
        if vacant >= n_slots_max || self.last_serial == SERIAL_MAX {
            return None;
        }
        self.last_serial += 1;
        Pid::from_parts(vacant * SHARDS + index, self.last_serial)
    }
}

#[derive(Debug)]
pub(crate) struct ProcessTable {
    shards: Vec<Shard>,
    n_alive_max: usize,
    /// Room that no shard has.
    room: AtomicUsize,
    /// The slots of one shard.
    n_slots_max: usize,
    /// No process enters any more. Set before the shards are listed, read under a shard's lock.
    is_closed: AtomicBool,
    /// Somebody waits until it is empty. Set before that one looks, read after a shard's lock.
    is_awaited: AtomicBool,
}

impl ProcessTable {
    pub(crate) fn new(n_alive_max: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Shard::default()).collect(),
            n_alive_max,
            room: AtomicUsize::new(n_alive_max),
            n_slots_max: SLOTS_MAX / SHARDS,
            is_closed: AtomicBool::new(false),
            is_awaited: AtomicBool::new(false),
        }
    }

    /// Makes a process under a fresh pid. `home` picks the shard: one per worker keeps them apart; a full
    /// shard is passed over.
    pub(crate) fn insert(
        &self,
        home: usize,
        make: impl FnOnce(Pid) -> Arc<Process>,
    ) -> Result<Arc<Process>, SpawnError> {
        let shards = self.shards.iter().enumerate().cycle();
        for (index, shard) in shards.skip(home % SHARDS).take(SHARDS) {
            let mut slots = self.with_room(shard)?;
            if let Some(pid) = slots.next_pid(index, self.n_slots_max) {
                let process = make(pid);
                slots.processes.insert(Arc::clone(&process));
                slots.room -= 1;
                return Ok(process);
            }
        }
        Err(SpawnError::TooMany)
    }

    /// A shard of which one more process may become part.
    fn with_room<'a>(&self, shard: &'a Shard) -> Result<MutexGuard<'a, Slots>, SpawnError> {
        loop {
            let mut slots = shard.0.lock();
            // SeqCst pairs with `close`: whoever misses the flag is in the list made after it.
            if self.is_closed.load(Ordering::SeqCst) {
                return Err(SpawnError::ShuttingDown);
            }
            if slots.room == 0 {
                slots.room = self.take_portion();
            }
            if slots.room > 0 {
                return Ok(slots);
            }
            drop(slots);
            if self.count() >= self.n_alive_max {
                return Err(SpawnError::TooMany);
            }
            self.call_in();
        }
    }

    /// A portion of the room that is left, or all of that.
    fn take_portion(&self) -> usize {
        let mut portion = 0;
        // Relaxed, here and below: a number; the bound needs no order with anything else.
        let _none = self
            .room
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |room| {
                portion = room.min(PORTION);
                Some(room - portion)
            });
        portion
    }

    /// All room that nobody uses becomes anybody's.
    fn call_in(&self) {
        for shard in &self.shards {
            let room = std::mem::take(&mut shard.0.lock().room);
            self.room.fetch_add(room, Ordering::Relaxed);
        }
    }

    /// The process with this very pid.
    pub(crate) fn find(&self, pid: Pid) -> Option<Arc<Process>> {
        let slots = self.shards.get(pid.slot() % SHARDS)?.0.lock();
        let process = slots.processes.get(pid.slot() / SHARDS)?;
        (process.pid == pid).then(|| Arc::clone(process))
    }

    /// Takes an ended process out. Answers whether it was the last, if somebody waits for that.
    pub(crate) fn remove(&self, pid: Pid) -> bool {
        let Some(shard) = self.shards.get(pid.slot() % SHARDS) else {
            return false;
        };
        let (removed, is_empty) = {
            let mut slots = shard.0.lock();
            let index = pid.slot() / SHARDS;
            let is_it = slots
                .processes
                .get(index)
                .is_some_and(|process| process.pid == pid);
            let removed = is_it.then(|| slots.processes.remove(index));
            if is_it {
                slots.room += 1;
            }
            if slots.room >= 2 * PORTION {
                slots.room -= PORTION;
                self.room.fetch_add(PORTION, Ordering::Relaxed);
            }
            (removed, slots.processes.is_empty())
        };
        // Of two that are the last of their shards, the second sees both gone.
        removed.is_some() && is_empty && self.is_awaited.load(Ordering::SeqCst) && self.is_empty()
    }

    /// Everybody alive during the whole call, each once (OTP statement 092).
    pub(crate) fn list(&self) -> Vec<Arc<Process>> {
        let mut all = Vec::new();
        for shard in &self.shards {
            let slots = shard.0.lock();
            all.extend(
                slots
                    .processes
                    .iter()
                    .map(|(_, process)| Arc::clone(process)),
            );
        }
        all
    }

    pub(crate) fn count(&self) -> usize {
        let counts = self
            .shards
            .iter()
            .map(|shard| shard.0.lock().processes.len());
        counts.sum()
    }

    /// From now on [`ProcessTable::remove`] says of the last one that it was.
    pub(crate) fn await_empty(&self) {
        self.is_awaited.store(true, Ordering::SeqCst);
    }

    /// Whether nobody is left.
    pub(crate) fn is_empty(&self) -> bool {
        let mut shards = self.shards.iter();
        shards.all(|shard| shard.0.lock().processes.is_empty())
    }

    /// Lets nobody in from now on.
    pub(crate) fn close(&self) {
        self.is_closed.store(true, Ordering::SeqCst);
    }

    pub(crate) fn is_closed(&self) -> bool {
        self.is_closed.load(Ordering::SeqCst)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::inbox::MailboxBounds;
    use crate::kernel::KernelRef;
    use crate::process::Seed;

    fn table(n_alive_max: usize) -> (ProcessTable, impl Fn(Pid) -> Arc<Process>) {
        let node = crate::sim::Simulator::new(0).node().clone();
        let make = move |pid| {
            let seed = Seed {
                parent: None,
                label: "test".into(),
                extension: None,
                ending: None,
                bounds: MailboxBounds::default(),
                is_system: false,
            };
            Arc::new(Process::new(seed, pid, KernelRef::new(node.kernel())))
        };
        (ProcessTable::new(n_alive_max), make)
    }

    /// Ten million lives in one slot: the serials of a shard only go up, and no two shards share a slot, so no
    /// pid comes twice.
    #[test]
    fn id_not_reused_in_ten_million_lives() {
        const LIVES: u32 = if cfg!(miri) { 1_000 } else { 10_000_000 };
        let (_, make) = table(1);
        let anybody = make(Pid::from_u64(1 << 24).unwrap());
        let mut shard = Slots::default();
        let mut last = 0;
        for _ in 0..LIVES {
            let pid = shard.next_pid(3, 1).unwrap();
            assert!(pid.slot() == 3 && pid.serial() > last);
            last = pid.serial();
            let key = shard.processes.insert(Arc::clone(&anybody));
            shard.processes.remove(key);
        }
    }

    #[test]
    fn a_full_shard_is_passed_over_until_every_slot_of_the_table_is_used() {
        let (mut table, make) = table(SLOTS_MAX);
        table.n_slots_max = 2;
        let pids: Vec<Pid> = (0..2 * SHARDS)
            .map(|_| table.insert(7, &make).unwrap().pid)
            .collect();
        assert_eq!(table.insert(7, &make).err(), Some(SpawnError::TooMany));
        assert!(pids.iter().all(|pid| table.find(*pid).is_some()));
        assert!(!table.remove(pids[5]));
        let newer = table.insert(7, &make).unwrap().pid;
        assert_eq!(newer.slot(), pids[5].slot());
        assert!(table.find(pids[5]).is_none());
    }

    #[test]
    fn the_bound_holds_wherever_its_room_lies() {
        let most = 3 * PORTION + 5;
        let (table, make) = table(most);
        let insert = |home| table.insert(home, &make).map(|process| process.pid);
        // Four shards take portions that they do not use up.
        let mut pids: Vec<Pid> = (0..4).map(|home| insert(home).unwrap()).collect();
        pids.extend((4..most).map(|_| insert(9).unwrap()));
        for home in [0, 9, 30] {
            assert_eq!(insert(home), Err(SpawnError::TooMany));
        }
        assert_eq!(table.count(), most);
        // Who leaves makes room, wherever the next one comes from.
        let leaver = pids.remove(0);
        assert!(!table.remove(leaver) && !table.remove(leaver));
        pids.push(insert(30).unwrap());
        assert_eq!(insert(9), Err(SpawnError::TooMany));
        // A crowd that goes leaves its room to others.
        for pid in pids.drain(..) {
            assert!(!table.remove(pid), "nobody waits for it");
        }
        assert!(table.is_empty());
        assert!((0..most).all(|_| insert(7).is_ok()));
        assert_eq!(insert(0), Err(SpawnError::TooMany));
    }

    /// Two shards whose room is called in by each other again and again, far below the bound.
    #[test]
    #[expect(clippy::disallowed_methods, reason = "two workers at once")]
    fn nobody_is_refused_while_there_is_room_somewhere() {
        const ROUNDS: usize = if cfg!(miri) { 10 } else { 3_000 };
        for (most, alive_of_each) in [(PORTION, 20), (PORTION + PORTION / 2, 40)] {
            let (table, make) = table(most);
            let churn = |home: usize| {
                for _ in 0..ROUNDS {
                    let pids: Vec<Pid> = (0..alive_of_each)
                        .map(|_| table.insert(home, &make).unwrap().pid)
                        .collect();
                    assert!(pids.into_iter().all(|pid| !table.remove(pid)));
                }
            };
            std::thread::scope(|scope| {
                scope.spawn(|| churn(0));
                churn(1);
            });
        }
    }

    #[test]
    fn the_last_one_is_told_so_when_somebody_waits_for_it() {
        let (table, make) = table(9);
        let pids = [0, 0, 1].map(|home| table.insert(home, &make).unwrap().pid);
        table.await_empty();
        table.close();
        assert_eq!(table.insert(0, &make).err(), Some(SpawnError::ShuttingDown));
        assert_eq!(pids.map(|pid| table.remove(pid)), [false, false, true]);
        assert_eq!(table.count(), 0);
    }
}
