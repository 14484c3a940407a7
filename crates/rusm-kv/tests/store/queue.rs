//! Batches that wait: for room, in their order, until they are dropped, and for the end of the store.

use crate::support::{Faults, Memory, Place, batch};
use rusm_kv::{
    Batch, MAX_BATCH_BYTES, MAX_BUCKET, MAX_KEY, MAX_OPS, MAX_VALUE, OpResult, Options, Store,
    WriteError,
};
use std::cell::Cell;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::task::{Context, Poll, Wake, Waker};

const HELD: Faults = Faults {
    writes: false,
    syncs: false,
    lengths: false,
    panics: false,
    holds: true,
};

/// A store whose commit thread stands in a sync, with one batch in it.
fn held(options: Options) -> (Memory, Store, rusm_kv::Submission) {
    let memory = Memory::default();
    let store = memory.open(options);
    // Larger than what follows: the file does not grow again, which takes a sync of its own.
    let before = batch().put("before", vec![0; 300_000]);
    store.submit(before).wait().unwrap();
    let syncs = memory.syncs();
    memory.set(HELD);
    let first = store.submit(batch().put("first", "1"));
    memory.wait_for_sync(syncs);
    (memory, store, first)
}

#[derive(Default)]
struct Wakes(AtomicUsize);

impl Wake for Wakes {
    fn wake(self: Arc<Self>) {
        self.0.fetch_add(1, Ordering::SeqCst);
    }
}

#[test]
fn what_waits_for_room_is_accepted_in_its_order_without_being_polled() {
    let options = Options::default().queue_slots(2);
    let (memory, store, first) = held(options);
    let waiting: Vec<_> = (0..50_u8)
        .map(|n| store.submit(batch().expect("n", before(n)).put("n", [n])))
        .collect();
    assert_eq!(store.status().waiting_writes, 51);
    // The last is waited for first: nobody polls the others.
    memory.set(Faults::default());
    for submission in waiting.into_iter().rev() {
        submission.wait().unwrap();
    }
    first.wait().unwrap();
    assert_eq!(store.status().waiting_writes, 0);
}

thread_local! {
    static IS_WITHIN: Cell<bool> = const { Cell::new(false) };
}

/// How often a commit was answered within [`around`].
static ROUNDS: AtomicUsize = AtomicUsize::new(0);

fn around(answer: &mut dyn FnMut()) {
    ROUNDS.fetch_add(1, Ordering::SeqCst);
    IS_WITHIN.set(true);
    answer();
    IS_WITHIN.set(false);
}

/// Counts the calls from within [`around`].
#[derive(Default)]
struct Within(AtomicUsize);

impl Wake for Within {
    fn wake(self: Arc<Self>) {
        self.0
            .fetch_add(usize::from(IS_WITHIN.get()), Ordering::SeqCst);
    }
}

/// Whoever wakes many for less than one by one is told where the answers of a commit begin and end.
#[test]
fn those_of_a_commit_are_answered_within_what_was_asked_for() {
    let (memory, store, first) = held(Options::default());
    store.answer_within(around);
    let commits = store.status().commits;
    let within = Arc::new(Within::default());
    let waker = Waker::from(Arc::clone(&within));
    let mut waiting: Vec<_> = (0..50_u8)
        .map(|n| Box::pin(store.submit(batch().put("n", [n]))))
        .collect();
    for submission in &mut waiting {
        let polled = submission.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
    }
    let last = store.submit(batch().put("last", "1"));
    memory.set(Faults::default());
    first.wait().unwrap();
    last.wait().unwrap();
    assert_eq!(within.0.load(Ordering::SeqCst), 50);
    let commits = usize::try_from(store.status().commits - commits).unwrap();
    assert_eq!(ROUNDS.load(Ordering::SeqCst), commits);
    assert!(commits < 10, "{commits}");
}

fn before(n: u8) -> Option<Vec<u8>> {
    n.checked_sub(1).map(|before| vec![before])
}

#[test]
fn a_submission_that_is_dropped_while_it_waits_is_never_written() {
    let options = Options::default().queue_slots(1);
    let (memory, store, first) = held(options);
    let dropped = store.submit(batch().put("dropped", "1"));
    let kept = store.submit(batch().put("kept", "1"));
    drop(dropped);
    assert_eq!(store.status().waiting_writes, 2);
    memory.set(Faults::default());
    first.wait().unwrap();
    kept.wait().unwrap();
    let snapshot = store.read().unwrap();
    assert_eq!(snapshot.get("orders", "dropped").unwrap(), None);
    assert!(snapshot.get("orders", "kept").unwrap().is_some());
}

#[test]
fn a_submission_that_is_dropped_after_it_was_accepted_holds_nobody_up() {
    let (memory, store, first) = held(Options::default());
    drop(store.submit(batch().put("accepted", "1")));
    drop(first);
    let last = store.submit(batch().put("last", "1"));
    memory.set(Faults::default());
    last.wait().unwrap();
    let snapshot = store.read().unwrap();
    assert!(snapshot.get("orders", "accepted").unwrap().is_some());
    assert!(snapshot.get("orders", "first").unwrap().is_some());
}

#[test]
fn bytes_are_bounded_and_a_large_batch_has_its_turn() {
    let options = Options::default().queue_bytes(10_000);
    let (memory, store, first) = held(options);
    // Larger than all the room: it goes when it is alone, and those behind it wait.
    let large = store.submit(batch().put("large", vec![0; 50_000]));
    let small = store.submit(batch().expect("large", None).put("small", "1"));
    drop(large);
    let larger = store.submit(batch().put("large", vec![1; 60_000]));
    memory.set(Faults::default());
    first.wait().unwrap();
    small.wait().unwrap();
    larger.wait().unwrap();
}

#[test]
fn the_last_waker_is_woken_once_the_batch_is_durable() {
    let (memory, store, first) = held(Options::default());
    let (stale, last) = (Arc::new(Wakes::default()), Arc::new(Wakes::default()));
    let mut first = pin!(first);
    for waker in [&stale, &last] {
        let waker = Waker::from(Arc::clone(waker));
        let polled = first.as_mut().poll(&mut Context::from_waker(&waker));
        assert!(polled.is_pending());
    }
    let second = store.submit(batch().put("second", "1"));
    memory.set(Faults::default());
    second.wait().unwrap();
    // The answers of a commit are given in order.
    assert_eq!(last.0.load(Ordering::SeqCst), 1);
    assert_eq!(stale.0.load(Ordering::SeqCst), 0);
    let polled = first.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Ok(_))));
}

#[test]
fn a_store_that_is_dropped_commits_what_was_accepted_and_answers_the_rest() {
    let options = Options::default().queue_slots(3);
    let (memory, store, first) = held(options);
    let accepted: Vec<_> = (0..2)
        .map(|n| store.submit(batch().put(n.to_string(), "1")))
        .collect();
    let waiting = store.submit(batch().put("waiting", "1"));
    let dropping = std::thread::spawn(move || drop(store));
    assert_eq!(waiting.wait(), Err(WriteError::Closed));
    memory.set(Faults::default());
    dropping.join().unwrap();
    first.wait().unwrap();
    for submission in accepted {
        submission.wait().unwrap();
    }
    let store = memory.open(Options::default());
    let buckets = store.read().unwrap().buckets(None, 1).unwrap().buckets;
    assert_eq!(buckets[0].keys, 4);
}

#[test]
fn increments_of_many_threads_through_a_narrow_gate_add_up() {
    let place = Place::new();
    let options = Options::default().queue_slots(3).queue_bytes(1_000);
    let store = Store::open(&place.path("store"), options).unwrap();
    let sums = parking_lot::Mutex::new(Vec::new());
    std::thread::scope(|scope| {
        for thread in 0..64_u64 {
            let (store, sums) = (&store, &sums);
            scope.spawn(move || {
                for round in 0..20_u64 {
                    let padding = vec![0; usize::try_from(thread * 10).unwrap()];
                    let count = batch().increment("n", 1).put(format!("{thread}"), padding);
                    let submission = store.submit(count);
                    // Some give up, before or after they are accepted.
                    if (thread + round) % 7 == 0 {
                        drop(submission);
                        continue;
                    }
                    let done = submission.wait().unwrap();
                    let OpResult::Value(sum) = done.results[0] else {
                        panic!("{done:?}");
                    };
                    sums.lock().push(sum);
                }
            });
        }
    });
    let mut sums = sums.into_inner();
    let acknowledged = sums.len();
    sums.sort_unstable();
    sums.dedup();
    assert_eq!(sums.len(), acknowledged, "no two had the same sum");
    drop(store);
    let store = place.open();
    let last = store.read().unwrap().get("orders", "n").unwrap().unwrap();
    let last: i64 = String::from_utf8(last).unwrap().parse().unwrap();
    assert!(last >= *sums.last().unwrap() && last <= 64 * 20);
    assert!(last >= i64::try_from(acknowledged).unwrap());
}

#[test]
fn writers_share_commits_and_a_commit_is_one_sync() {
    let (memory, store, first) = held(Options::default());
    let submitted: Vec<_> = (0..64)
        .map(|n| store.submit(batch().put(n.to_string(), "1")))
        .collect();
    let (commits, syncs) = (store.status().commits, memory.syncs());
    memory.set(Faults::default());
    first.wait().unwrap();
    for submission in submitted {
        submission.wait().unwrap();
    }
    // The one that stood, and one for all the others.
    assert_eq!(store.status().commits, commits + 2);
    assert_eq!(memory.syncs(), syncs + 1);
}

#[test]
fn a_batch_that_writes_nothing_costs_no_commit() {
    let memory = Memory::default();
    let store = memory.open(Options::default());
    let (commits, syncs) = (store.status().commits, memory.syncs());
    let asked = batch().expect("a", None);
    store.submit(asked.clone()).wait().unwrap();
    store
        .submit(asked.put("a", "1").expect("b", Some(vec![])))
        .wait()
        .unwrap_err();
    assert_eq!((store.status().commits, memory.syncs()), (commits, syncs));
}

#[test]
fn each_bound_has_its_error_and_what_is_at_it_is_written() {
    let place = Place::new();
    let store = place.open();
    for name in ["", "a\nb", "a\0", "\u{7f}"] {
        let error = Batch::new(name).unwrap_err();
        assert!(matches!(error, WriteError::Unusable { .. }), "{error}");
    }
    let error = Batch::new("x".repeat(MAX_BUCKET + 1)).unwrap_err();
    assert!(error.to_string().contains("256"), "{error}");
    let error = store.submit(batch().put("", "1")).wait().unwrap_err();
    assert!(
        matches!(error, WriteError::Unusable { what: "key", .. }),
        "{error}"
    );
    let value = || vec![1; MAX_VALUE / 4];
    let many = (0..=MAX_OPS).fold(batch(), |batch, n| batch.put(n.to_string(), "1"));
    let large = (0..17).fold(batch(), |batch, n| batch.put(n.to_string(), value()));
    let refused = [
        batch().put("k".repeat(MAX_KEY + 1), "1"),
        batch().delete("k".repeat(MAX_KEY + 1)),
        batch().put("k", vec![0; MAX_VALUE + 1]),
        batch().expect("k", Some(vec![0; MAX_VALUE + 1])),
        many,
        large,
    ];
    for batch in refused {
        let error = store.submit(batch).wait().unwrap_err();
        assert!(matches!(error, WriteError::TooLarge { .. }), "{error}");
    }
    assert_eq!(store.read().unwrap().buckets(None, 1).unwrap().buckets, []);
    let bucket = "b".repeat(MAX_BUCKET);
    let key = "k".repeat(MAX_KEY);
    let at_bound = Batch::new(bucket.clone())
        .unwrap()
        .put(key.clone(), vec![1; MAX_VALUE]);
    store.submit(at_bound).wait().unwrap();
    let many = (0..MAX_OPS).fold(batch(), |batch, n| batch.put(n.to_string(), "1"));
    store.submit(many).wait().unwrap();
    let room = MAX_BATCH_BYTES / MAX_VALUE * 4;
    let large = (0..room).fold(batch(), |batch, n| {
        let key = format!("{n:02}");
        let size = MAX_VALUE / 4 - key.len();
        batch.put(key, vec![2; size])
    });
    assert_eq!(large.bytes(), MAX_BATCH_BYTES);
    store.submit(large).wait().unwrap();
    let snapshot = store.read().unwrap();
    assert_eq!(
        snapshot.get(&bucket, &key).unwrap().unwrap().len(),
        MAX_VALUE
    );
}

/// Drops what it holds when it is woken, on the thread that wakes it.
struct Last(
    parking_lot::Mutex<Option<Store>>,
    std::sync::mpsc::Sender<()>,
);

impl Wake for Last {
    fn wake(self: Arc<Self>) {
        drop(self.0.lock().take());
        self.1.send(()).unwrap();
    }
}

#[test]
fn a_waker_may_drop_the_last_clone_on_the_commit_thread() {
    let (memory, store, first) = held(Options::default());
    let (sender, woken) = std::sync::mpsc::channel();
    let waker = Waker::from(Arc::new(Last(parking_lot::Mutex::new(Some(store)), sender)));
    let mut first = pin!(first);
    let polled = first.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    memory.set(Faults::default());
    woken.recv().unwrap();
    let polled = first.as_mut().poll(&mut Context::from_waker(Waker::noop()));
    assert!(matches!(polled, Poll::Ready(Ok(_))));
}

#[test]
fn what_stands_behind_a_submission_that_is_dropped_moves_up() {
    let options = Options::default().queue_bytes(400_000);
    let (memory, store, first) = held(options);
    let large = store.submit(batch().put("large", vec![0; 400_000]));
    let small = store.submit(batch().put("small", "1"));
    let last = store.submit(batch().put("last", vec![0; 400_000]));
    drop(large);
    // It was accepted by that: the end of the store leaves it in, unlike what still waits.
    let dropping = std::thread::spawn(move || drop(store));
    assert_eq!(last.wait(), Err(WriteError::Closed));
    memory.set(Faults::default());
    dropping.join().unwrap();
    first.wait().unwrap();
    small.wait().unwrap();
}

/// Two batches that are not committed together, as the first is all that fits into one commit: the sync of the first is
/// left to another thread, as the second waits.
fn one_behind_the_other(store: &Store) -> [rusm_kv::Submission; 2] {
    let large = batch().put("large", vec![1; MAX_VALUE]);
    [large, batch().put("small", "1")].map(|batch| store.submit(batch))
}

#[test]
fn a_waker_may_drop_the_last_clone_on_the_thread_that_syncs() {
    let (memory, store, first) = held(Options::default());
    let [large, small] = one_behind_the_other(&store);
    let (sender, woken) = std::sync::mpsc::channel();
    let waker = Waker::from(Arc::new(Last(parking_lot::Mutex::new(Some(store)), sender)));
    let mut large = pin!(large);
    let polled = large.as_mut().poll(&mut Context::from_waker(&waker));
    assert!(polled.is_pending());
    memory.set(Faults::default());
    woken.recv().unwrap();
    first.wait().unwrap();
    small.wait().unwrap();
}

#[test]
fn a_commit_behind_one_whose_sync_fails_is_refused_and_never_written() {
    let memory = Memory::default();
    let store = memory.open(Options::default());
    // So large that what follows does not make the file grow.
    for key in ["a", "b"] {
        let large = batch().put(key, vec![0; MAX_VALUE]);
        store.submit(large).wait().unwrap();
    }
    let syncs = memory.syncs();
    memory.set(HELD);
    let first = store.submit(batch().put("first", "1"));
    memory.wait_for_sync(syncs);
    let [large, small] = one_behind_the_other(&store);
    memory.fail_from_sync(memory.syncs());
    memory.set(Faults::default());
    first.wait().unwrap();
    for submission in [large, small] {
        let refused = submission.wait();
        assert!(matches!(refused, Err(WriteError::Poisoned { .. })));
    }
    let snapshot = store.read().unwrap();
    assert!(snapshot.get("orders", "first").unwrap().is_some());
    assert_eq!(snapshot.get("orders", "large").unwrap(), None);
    assert_eq!(snapshot.get("orders", "small").unwrap(), None);
    drop(snapshot);
    drop(store);
    let store = Memory::of(memory.bytes()).open(Options::default());
    let snapshot = store.read().unwrap();
    assert!(snapshot.get("orders", "first").unwrap().is_some());
    assert_eq!(snapshot.get("orders", "small").unwrap(), None);
}
