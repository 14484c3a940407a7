//! Who is alive: sharded slabs from slot to process.
//!
//! # Pids
//! A pid is a slot and a serial; each shard counts its serials up and never gives one out twice, so a
//! pid is never reused (OTP statement 002). When a shard's 2^40 serials or its slots are used up the next
//! shard takes its place.
//!
//! # Locking
//! One lock per shard, held for a look-up, an insertion or a removal.

use crate::error::SpawnError;
use crate::id::{Pid, SERIAL_MAX, SLOTS_MAX};
use crate::process::Process;
use crate::sync::{Arc, AtomicBool, AtomicUsize, Mutex, Ordering};
use slab::Slab;

const SHARDS: usize = 64;

#[derive(Debug, Default)]
struct Shard {
    processes: Slab<Arc<Process>>,
    last_serial: u64,
}

impl Shard {
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
    shards: Vec<Mutex<Shard>>,
    n_alive: AtomicUsize,
    n_alive_max: usize,
    /// The slots of one shard.
    n_slots_max: usize,
    /// No process enters any more. Set before the shards are listed, read under a shard's lock.
    is_closed: AtomicBool,
}

impl ProcessTable {
    pub(crate) fn new(n_alive_max: usize) -> Self {
        Self {
            shards: (0..SHARDS).map(|_| Mutex::default()).collect(),
            n_alive: AtomicUsize::new(0),
            n_alive_max,
            n_slots_max: SLOTS_MAX / SHARDS,
            is_closed: AtomicBool::new(false),
        }
    }

    /// Makes a process under a fresh pid. `home` picks the shard: one per worker keeps them apart; a full
    /// shard is passed over.
    ///
    /// A failed insertion is counted for a moment, so the end of the last process may go unnoticed: the
    /// caller looks again whether the table is empty.
    pub(crate) fn insert(
        &self,
        home: usize,
        make: impl FnOnce(Pid) -> Arc<Process>,
    ) -> Result<Arc<Process>, SpawnError> {
        // Relaxed: a counter; the bound needs no order with anything else.
        let counted = self
            .n_alive
            .fetch_update(Ordering::Relaxed, Ordering::Relaxed, |n_alive| {
                (n_alive < self.n_alive_max).then_some(n_alive + 1)
            });
        if counted.is_err() {
            return Err(SpawnError::TooMany);
        }
        self.insert_counted(home, make).inspect_err(|_| {
            self.n_alive.fetch_sub(1, Ordering::AcqRel);
        })
    }

    fn insert_counted(
        &self,
        home: usize,
        make: impl FnOnce(Pid) -> Arc<Process>,
    ) -> Result<Arc<Process>, SpawnError> {
        let shards = self.shards.iter().enumerate().cycle();
        for (index, shard) in shards.skip(home % SHARDS).take(SHARDS) {
            let mut shard = shard.lock();
            // SeqCst pairs with `close`: whoever misses the flag is in the list made after it.
            if self.is_closed.load(Ordering::SeqCst) {
                return Err(SpawnError::ShuttingDown);
            }
            if let Some(pid) = shard.next_pid(index, self.n_slots_max) {
                let process = make(pid);
                shard.processes.insert(Arc::clone(&process));
                return Ok(process);
            }
        }
        Err(SpawnError::TooMany)
    }

    /// The process with this very pid.
    pub(crate) fn find(&self, pid: Pid) -> Option<Arc<Process>> {
        let shard = self.shards.get(pid.slot() % SHARDS)?.lock();
        let process = shard.processes.get(pid.slot() / SHARDS)?;
        (process.pid == pid).then(|| Arc::clone(process))
    }

    /// Takes an ended process out. Answers whether the table is now empty.
    pub(crate) fn remove(&self, pid: Pid) -> bool {
        let Some(shard) = self.shards.get(pid.slot() % SHARDS) else {
            return false;
        };
        let removed = {
            let mut shard = shard.lock();
            let index = pid.slot() / SHARDS;
            let is_it = shard
                .processes
                .get(index)
                .is_some_and(|process| process.pid == pid);
            is_it.then(|| shard.processes.remove(index))
        };
        // AcqRel: who sees zero has everything behind it that the ended processes did.
        removed.is_some() && self.n_alive.fetch_sub(1, Ordering::AcqRel) == 1
    }

    /// Everybody alive during the whole call, each once (OTP statement 092).
    pub(crate) fn list(&self) -> Vec<Arc<Process>> {
        let mut all = Vec::with_capacity(self.count());
        for shard in &self.shards {
            let shard = shard.lock();
            all.extend(
                shard
                    .processes
                    .iter()
                    .map(|(_, process)| Arc::clone(process)),
            );
        }
        all
    }

    pub(crate) fn count(&self) -> usize {
        self.n_alive.load(Ordering::Acquire)
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
    use crate::process::Seed;

    fn table(n_alive_max: usize) -> (ProcessTable, impl Fn(Pid) -> Arc<Process>) {
        let node = crate::sim::Simulator::new(0).node().clone();
        let make = move |pid| {
            let seed = Seed {
                parent: None,
                label: "test".into(),
                extension: None,
                bounds: MailboxBounds::default(),
                is_system: false,
            };
            Arc::new(Process::new(seed, pid, Arc::clone(node.kernel())))
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
        let mut shard = Shard::default();
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
    fn the_bound_holds_and_a_refused_process_leaves_no_count() {
        let (table, make) = table(1);
        let pid = table.insert(0, &make).unwrap().pid;
        assert_eq!(table.insert(0, &make).err(), Some(SpawnError::TooMany));
        assert!(table.remove(pid));
        table.close();
        assert_eq!(table.insert(0, &make).err(), Some(SpawnError::ShuttingDown));
        assert_eq!(table.count(), 0);
    }
}
