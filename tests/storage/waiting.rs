//! Who waits for a commit, who does not, and what becomes of those who end while they wait.

use super::held::{Brake, Held, wait_until};
use super::{granted, keeper};
use crate::app::{probe, scripted};
use crate::support::{BOTH_PATHS, GuestPath, Scenario};
use rusm_caps::{BucketSet, Profile};
use rusm_core::{ExitReason, Limit, ProcessHandle};
use rusm_kv::{Options, Store};
use std::sync::Arc;
use std::time::Duration;

/// A node with one worker, over a store whose commits can be held up.
struct Slow {
    path: GuestPath,
    scenario: Scenario,
    store: Store,
    brake: Arc<Brake>,
}

impl Slow {
    fn new(path: GuestPath, options: Options) -> Self {
        let held = Held::default();
        let brake = held.brake();
        let store = Store::with_backend(held, options).expect("there is memory for it");
        let for_node = store.clone();
        Self {
            path,
            scenario: Scenario::with(|builder| builder.workers(1).store(for_node)),
            store,
            brake,
        }
    }

    fn starts(&self, component: &str, script: &str) -> ProcessHandle {
        self.starts_as(keeper(), component, script)
    }

    #[track_caller]
    fn starts_as(&self, profile: Profile, component: &str, script: &str) -> ProcessHandle {
        let program = probe(&self.scenario, self.path);
        let spawn = scripted(component, &program, script).profile(profile);
        let process = self.scenario.runtime.spawn(spawn);
        process.expect("there is room for it")
    }

    /// What a guest reports that runs to its end now.
    #[track_caller]
    fn says(&self, component: &str, script: &str) -> Vec<String> {
        let guest = self.starts(component, script);
        assert_eq!(guest.wait(), ExitReason::Normal, "{:?}", self.path);
        self.scenario.recorder.lines(component)
    }

    fn waits_for_writes(&self, n_writes: usize) {
        wait_until(|| self.store.status().waiting_writes == n_writes);
    }
}

#[track_caller]
fn for_both_paths(options: Options, test: impl Fn(&Slow)) {
    for path in BOTH_PATHS {
        let slow = Slow::new(path, options.clone());
        test(&slow);
    }
}

/// The one worker runs others meanwhile, which read what was committed before, and the write ends when its commit does.
#[test]
fn a_write_that_waits_holds_no_worker() {
    for_both_paths(Options::default(), |slow| {
        slow.says("before", "kv-put b k old");
        slow.brake.pull();
        let writers: Vec<_> = [
            "kv-put b k new",
            "kv-delete b other",
            "kv-increment b n 1",
            "kv-transact b put a 1",
        ]
        .iter()
        .map(|script| slow.starts("writer", script))
        .collect();
        slow.brake.wait_until_felt();
        slow.waits_for_writes(4);
        assert_eq!(
            slow.says("other", "say here then kv-get b k then kv-list b"),
            ["say=ok:here", "kv-get=ok:old", "kv-list=ok:k=old"]
        );
        assert_eq!(slow.scenario.recorder.lines("writer"), [""; 0]);
        slow.brake.release();
        for writer in writers {
            assert_eq!(writer.wait(), ExitReason::Normal);
        }
        assert_eq!(
            slow.says("after", "kv-list b"),
            ["kv-list=ok:a=1 k=new n=1"]
        );
    });
}

/// However many processes write while one commit is under way, the next is theirs together.
#[test]
fn those_who_wait_share_a_commit() {
    const WRITERS: usize = 50;
    for_both_paths(Options::default(), |slow| {
        // The first transaction of all syncs before it begins, and whoever comes meanwhile joins it.
        slow.says("before", "kv-put b k v");
        slow.brake.pull();
        let first = slow.starts("first", "kv-increment b n 1");
        slow.brake.wait_until_felt();
        let others: Vec<_> = (0..WRITERS)
            .map(|_| slow.starts("other", "kv-increment b n 1"))
            .collect();
        slow.waits_for_writes(1 + WRITERS);
        let n_commits = slow.store.status().commits;
        slow.brake.release();
        for writer in others.iter().chain([&first]) {
            assert_eq!(writer.wait(), ExitReason::Normal);
        }
        assert_eq!(slow.store.status().commits, n_commits + 2);
        assert_eq!(
            slow.says("after", "kv-get b n"),
            [format!("kv-get=ok:{}", 1 + WRITERS)]
        );
    });
}

/// A kill takes effect while the commit still waits, and of what was not accepted nothing is written.
#[test]
fn a_kill_ends_a_write_that_waits() {
    for_both_paths(Options::default().queue_slots(1), |slow| {
        slow.brake.pull();
        let accepted = slow.starts("accepted", "kv-put b accepted v");
        slow.brake.wait_until_felt();
        let waiting = slow.starts("waiting", "kv-put b waiting v then say on");
        slow.waits_for_writes(2);
        for victim in [&waiting, &accepted] {
            victim.kill();
            assert_eq!(victim.wait(), ExitReason::Killed, "{:?}", slow.path);
        }
        // The one that had no room yet has left.
        slow.waits_for_writes(1);
        slow.brake.release();
        slow.waits_for_writes(0);
        assert_eq!(slow.says("after", "kv-get b waiting"), ["kv-get=ok:none"]);
        assert_eq!(slow.scenario.recorder.lines("waiting"), [""; 0]);
    });
}

/// While the store is compacted reads wait as well, without a worker, and can be killed; then they are answered.
#[test]
fn a_read_waits_for_the_end_of_a_compaction() {
    for_both_paths(Options::default(), |slow| {
        slow.says("before", "kv-put b k v");
        slow.brake.pull();
        let store = slow.store.clone();
        let compacting = std::thread::spawn(move || store.compact());
        slow.brake.wait_until_felt();
        let reader = slow.starts("reader", "say now then kv-get b k then kv-list b");
        let victim = slow.starts("victim", "say now then kv-list b");
        for component in ["reader", "victim"] {
            let recorder = &slow.scenario.recorder;
            recorder.wait_for_line(component, "say=ok:now");
        }
        assert_eq!(slow.says("other", "say here"), ["say=ok:here"]);
        victim.kill();
        assert_eq!(victim.wait(), ExitReason::Killed);
        assert_eq!(slow.scenario.recorder.lines("reader"), ["say=ok:now"]);
        slow.brake.release();
        assert_eq!(reader.wait(), ExitReason::Normal);
        assert_eq!(
            slow.scenario.recorder.lines("reader"),
            ["say=ok:now", "kv-get=ok:v", "kv-list=ok:k=v"]
        );
        let compacted = compacting.join().expect("it compacts");
        assert!(compacted.is_ok(), "{compacted:?}");
    });
}

/// Its time is over while it waits, and so is it.
#[test]
fn a_time_out_ends_a_write_that_waits() {
    for_both_paths(Options::default(), |slow| {
        slow.brake.pull();
        let builder = keeper().to_builder("hasty");
        let hasty = builder.with_limits(|limits| limits.timeout = Some(Duration::from_millis(50)));
        let hasty = hasty.build().expect("it can be honoured");
        let guest = slow.starts_as(hasty, "hasty", "kv-put b k v");
        assert_eq!(guest.wait(), ExitReason::Limit(Limit::WallTime));
        slow.brake.release();
    });
}

/// What was accepted is committed before the node is down, and its file is free then.
#[test]
fn a_shutdown_commits_what_was_accepted() {
    for path in BOTH_PATHS {
        let held = Held::default();
        let brake = held.brake();
        let open = || Store::with_backend(held.clone(), Options::default());
        let store = open().expect("there is memory for it");
        let slow = Slow {
            path,
            scenario: Scenario::with(|builder| builder.workers(1).store(store.clone())),
            store,
            brake,
        };
        slow.brake.pull();
        slow.starts("writer", "kv-put b k v");
        slow.brake.wait_until_felt();
        let Slow {
            scenario,
            store,
            brake,
            ..
        } = slow;
        drop(store);
        let runtime = scenario.runtime.clone();
        let shutting_down = std::thread::spawn(move || runtime.shutdown());
        scenario.recorder.wait_for_exit("writer");
        brake.release();
        shutting_down.join().expect("it shuts down");
        assert_eq!(scenario.runtime.store().map(|_| ()), None);
        let store = open().expect("nobody has it any more");
        let value = store.read().and_then(|snapshot| snapshot.get("b", "k"));
        assert_eq!(value, Ok(Some(b"v".to_vec())), "{path:?}");
    }
}

/// A loop of reads is preempted like any other, and its time in the store is its own: the one worker serves others
/// between, and its CPU bound ends it.
#[test]
fn a_loop_of_reads_is_preempted_and_booked() {
    for_both_paths(Options::default(), |slow| {
        slow.says("before", "kv-put b k bytes:100000");
        let read_only = granted(BucketSet::Every, BucketSet::Nothing);
        let reader = slow.starts_as(
            read_only.clone(),
            "reader",
            "say now then kv-get-often b k 18446744073709551615",
        );
        slow.scenario.recorder.wait_for_line("reader", "say=ok:now");
        assert_eq!(slow.says("other", "say here"), ["say=ok:here"]);
        reader.kill();
        assert_eq!(reader.wait(), ExitReason::Killed);

        let bounded = read_only
            .to_builder("bounded")
            .with_limits(|limits| limits.max_cpu = Some(Duration::from_millis(50)))
            .build()
            .expect("it can be honoured");
        let reader = slow.starts_as(bounded, "bounded", "kv-get-often b k 18446744073709551615");
        assert_eq!(reader.wait(), ExitReason::Limit(Limit::CpuTime));
    });
}
