//! A store that fails in the middle of its work: those who write are told why, everybody else goes on, and what was
//! acknowledged is there when the file is opened anew.

use super::held::wait_until;
use super::{Vault, in_memory, keeper};
use crate::app::{probe, scripted};
use crate::desk::Desk;
use crate::support::{BOTH_PATHS, GuestPath};
use parking_lot::Mutex;
use redb::StorageBackend;
use redb::backends::InMemoryBackend;
use rusm_core::{ExitReason, ProcessHandle};
use rusm_kv::{Options, Store};
use std::io;
use std::sync::Arc;

/// No space is left on the device.
const ENOSPC: i32 = 28;
/// The device has failed.
const EIO: i32 = 5;

/// What stands for a file, and fails when it is told to. It outlives the stores that are opened on it.
#[derive(Clone, Debug, Default)]
struct Frail {
    file: Arc<InMemoryBackend>,
    fault: Arc<Mutex<Option<Fault>>>,
}

/// After so many more calls of this kind, they fail with this number of the operating system.
#[derive(Clone, Copy, Debug)]
struct Fault {
    call: Call,
    after: usize,
    code: i32,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Call {
    Write,
    Sync,
}

impl Frail {
    fn breaks(&self, fault: Fault) {
        *self.fault.lock() = Some(fault);
    }

    fn is_mended(&self) {
        *self.fault.lock() = None;
    }

    fn store(&self) -> Store {
        Store::with_backend(self.clone(), Options::default()).expect("it is in order")
    }

    fn enter(&self, call: Call) -> io::Result<()> {
        match &mut *self.fault.lock() {
            Some(fault) if fault.call == call && fault.after == 0 => {
                Err(io::Error::from_raw_os_error(fault.code))
            }
            Some(fault) if fault.call == call => {
                fault.after -= 1;
                Ok(())
            }
            _ => Ok(()),
        }
    }
}

impl StorageBackend for Frail {
    fn len(&self) -> io::Result<u64> {
        self.file.len()
    }

    fn read(&self, offset: u64, out: &mut [u8]) -> io::Result<()> {
        self.file.read(offset, out)
    }

    fn set_len(&self, len: u64) -> io::Result<()> {
        self.file.set_len(len)
    }

    fn sync_data(&self) -> io::Result<()> {
        self.enter(Call::Sync)?;
        self.file.sync_data()
    }

    fn write(&self, offset: u64, data: &[u8]) -> io::Result<()> {
        self.enter(Call::Write)?;
        self.file.write(offset, data)
    }
}

/// A process that has nothing to do with the store.
fn bystander(vault: &Vault) -> ProcessHandle {
    let scenario = &vault.court.scenario;
    let program = probe(scenario, vault.path);
    let spawn = scripted("bystander", &program, "echo then forget");
    scenario.runtime.spawn(spawn).expect("there is room for it")
}

/// A guest that writes until it is refused.
fn writer(vault: &Vault, number: usize) -> ProcessHandle {
    let scenario = &vault.court.scenario;
    let script = format!("kv-increment-often b {number} 1000000 then kv-get b before");
    let spawn = scripted(&name(number), &probe(scenario, vault.path), &script);
    let spawn = spawn.profile(keeper());
    scenario.runtime.spawn(spawn).expect("there is room for it")
}

fn name(number: usize) -> String {
    format!("writer-{number}")
}

fn for_both_paths_and_faults(test: impl Fn(GuestPath, Fault)) {
    for path in BOTH_PATHS {
        for (call, code) in [(Call::Sync, EIO), (Call::Write, ENOSPC)] {
            let after = 0;
            test(path, Fault { call, after, code });
        }
    }
}

/// Every kind of write is told the reason, by the commit that fails and ever after; reads go on, and so does whoever
/// writes nothing. Nothing that was refused is there, and a file that is opened anew is in order.
#[test]
fn a_failed_commit_is_told_to_those_who_write_and_hurts_nobody() {
    for_both_paths_and_faults(|path, fault| {
        let frail = Frail::default();
        let vault = Vault::over(path, frail.store());
        let bystander = bystander(&vault);
        let place = format!("{path:?} {fault:?}");
        assert_eq!(
            vault.says("kv-put b k old then kv-increment b n 1"),
            ["kv-put=ok", "kv-increment=ok:1"]
        );
        frail.breaks(fault);
        let refused = vault.says(
            "kv-put b k new then kv-put b k newer then kv-delete b k then kv-increment b n 1
            then kv-transact b put a 1 delete k",
        );
        assert_eq!(refused.len(), 5, "{refused:#?}");
        for line in &refused {
            let reason = format!("os error {}", fault.code);
            let is_told = line.contains("=error:") && line.contains(&reason);
            assert!(is_told, "{place}: {line}");
        }
        // Also when the disk works again: what it has lost meanwhile, nobody knows.
        frail.is_mended();
        let lines = vault.says("kv-put b k late then kv-get b k then kv-get b n then kv-list b");
        assert!(lines[0].starts_with("kv-put=error:"), "{place}: {lines:?}");
        let reads = ["kv-get=ok:old", "kv-get=ok:1", "kv-list=ok:k=old n=1"];
        assert_eq!(lines[1..], reads, "{place}");
        let desk = Desk::at(&vault.court.scenario.runtime);
        desk.hears_echo_of(bystander.pid());
        drop((desk, vault));

        let vault = Vault::over(path, frail.store());
        let lines = vault.says("kv-get b n then kv-get b a then kv-put b k again then kv-get b k");
        // The first of the refused writes may be there or not; those after it are not.
        let expected = [
            "kv-get=ok:1",
            "kv-get=ok:none",
            "kv-put=ok",
            "kv-get=ok:again",
        ];
        assert_eq!(lines, expected, "{place}");
    });
}

/// Twenty guests count, each for itself, until the disk fails at some commit: each has what it was acknowledged and at
/// most one more.
#[test]
fn a_disk_that_fails_under_load_takes_nothing_acknowledged() {
    const WRITERS: usize = 20;
    for path in BOTH_PATHS {
        for after in [1, 7, 40] {
            let frail = Frail::default();
            let vault = Vault::over(path, frail.store());
            let bystander = bystander(&vault);
            vault.says("kv-put b before v");
            let code = EIO;
            frail.breaks(Fault {
                call: Call::Sync,
                after,
                code,
            });
            let writers: Vec<_> = (0..WRITERS).map(|number| writer(&vault, number)).collect();
            for (number, writer) in writers.iter().enumerate() {
                assert_eq!(writer.wait(), ExitReason::Normal, "{path:?}");
                let lines = vault.court.scenario.recorder.lines(&name(number));
                assert!(lines[0].contains("os error 5"), "{path:?}: {lines:?}");
                assert_eq!(lines[1], "kv-get=ok:v", "{path:?}");
            }
            let desk = Desk::at(&vault.court.scenario.runtime);
            desk.hears_echo_of(bystander.pid());
            let acknowledged = vault.says("kv-list b");
            drop((desk, vault));
            frail.is_mended();
            is_kept(&acknowledged[0], &frail.store());
        }
    }
}

/// A listing of counters that were acknowledged, against the store that was opened anew.
fn is_kept(listing: &str, store: &Store) {
    let snapshot = store.read().expect("no compaction runs");
    let pairs = listing.trim_start_matches("kv-list=ok:").split(' ');
    for (key, value) in pairs.filter_map(|pair| pair.split_once('=')) {
        let found = snapshot.get("b", key).expect("it can be read");
        let found = String::from_utf8(found.expect("it was acknowledged")).expect("it is text");
        if let (Ok(known), Ok(found)) = (value.parse::<u64>(), found.parse::<u64>()) {
            assert!(
                found == known || found == known + 1,
                "{key}: {found}, {known} known"
            );
        } else {
            assert_eq!(found, value, "{key}");
        }
    }
}

/// A store at its bound answers its own error, to everybody who asks for more, and nothing of it is written; it is not
/// broken by it: what fits is written, deletes make room, and others neither wait nor fail.
#[test]
fn a_full_store_refuses_what_does_not_fit_and_is_not_broken() {
    for path in BOTH_PATHS {
        let store = in_memory(Options::default().max_bytes(4 << 20));
        let vault = Vault::over(path, store.clone());
        let bystander = bystander(&vault);
        let put = |n| format!("kv-put b {n:02} bytes:300000 then ");
        let fill: String = (0..20).map(put).collect();
        let lines = vault.says(&format!("{fill} kv-transact b put x 1 put y bytes:900000"));
        let n_fit = lines.iter().filter(|line| *line == "kv-put=ok").count();
        assert!((3..14).contains(&n_fit), "{path:?}: {lines:?}");
        for refused in &lines[n_fit..] {
            let is_told = refused.contains("full") && refused.contains("4194304");
            assert!(is_told, "{path:?}: {refused}");
        }
        assert_eq!(store.status().poisoned, None);

        let lines =
            vault.says("kv-get b x then kv-get b 00 then kv-delete b 00 then kv-delete b 01");
        let expected = [
            "kv-get=ok:none",
            "kv-get=ok:bytes:300000",
            "kv-delete=ok:true",
            "kv-delete=ok:true",
        ];
        assert_eq!(lines, expected, "{path:?}");
        assert_eq!(
            vault.says("kv-put b again bytes:300000"),
            ["kv-put=ok"],
            "{path:?}"
        );
        let desk = Desk::at(&vault.court.scenario.runtime);
        desk.hears_echo_of(bystander.pid());
        wait_until(|| store.status().waiting_writes == 0);
    }
}
