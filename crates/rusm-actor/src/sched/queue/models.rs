//! The run queues under every schedule of two workers and somebody outside.

use super::*;
use crate::sync::{AtomicBool, Ordering, explore};
use loom::thread;

/// Everything that one worker finds until there is nothing more, wherever it is.
fn drain(shared: &SharedQueues, index: usize, local: &LocalQueue) -> Vec<u64> {
    let next = || {
        local
            .pop()
            .or_else(|| shared.pop_injected(local))
            .or_else(|| shared.steal(index, local))
            .or_else(|| shared.pop_second())
    };
    std::iter::from_fn(next)
        .map(|process| process.pid.as_u64())
        .collect()
}

fn queues() -> (Arc<SharedQueues>, [LocalQueue; 2]) {
    let locals = [LocalQueue::new(), LocalQueue::new()];
    (Arc::new(SharedQueues::new(&locals)), locals)
}

/// What is in the LIFO slot, a deque, the injector or the second queue is handed out to one worker, once.
#[test]
fn each_process_is_handed_out_once() {
    explore(Some(3), || {
        let (shared, [own, others]) = queues();
        let [next, earlier, behind, injected, second] = [1, 2, 3, 4, 5].map(process);
        assert_eq!(own.push_next(earlier), Pushed::Own);
        let thief = {
            let shared = Arc::clone(&shared);
            thread::spawn(move || {
                shared.inject(injected);
                shared.push_second(second);
                let mut found = drain(&shared, 1, &others);
                found.extend(drain(&shared, 1, &others));
                assert!(others.pop().is_none());
                found
            })
        };
        assert_eq!(own.push_next(next), Pushed::Stealable);
        assert_eq!(own.push_back(behind), Pushed::Stealable);
        let mut found: Vec<u64> = own.pop().iter().map(|first| first.pid.as_u64()).collect();
        assert_eq!(found, [1], "the process woken last runs first");
        own.share();
        found.extend(drain(&shared, 0, &own));
        found.extend(thief.join().unwrap());
        found.extend(drain(&shared, 0, &own));
        found.sort_unstable();
        assert_eq!(found, [1, 2, 3, 4, 5]);
        assert!(!shared.has_work());
    });
}

/// A worker is told `Stealable` exactly when there is something for others to find: a thief that hears of it
/// finds it, and the process woken last stays with its worker until that shares it.
#[test]
fn what_is_called_stealable_is_found_by_a_thief() {
    explore(None, || {
        let (shared, [own, others]) = queues();
        let [next, earlier] = [1, 2].map(process);
        let [is_stealable, is_shared] = [(); 2].map(|()| Arc::new(AtomicBool::new(false)));
        let thief = {
            let shared = Arc::clone(&shared);
            let (is_stealable, is_shared) = (Arc::clone(&is_stealable), Arc::clone(&is_shared));
            thread::spawn(move || {
                let had_shared = is_shared.load(Ordering::Acquire);
                let had_stealable = is_stealable.load(Ordering::Acquire);
                let found = drain(&shared, 1, &others);
                assert!(!had_stealable || found.contains(&2), "{found:?}");
                assert!(!had_shared || found == [2, 1], "{found:?}");
                found
            })
        };
        assert_eq!(own.push_next(earlier), Pushed::Own);
        assert_eq!(own.push_next(next), Pushed::Stealable);
        is_stealable.store(true, Ordering::Release);
        own.share();
        is_shared.store(true, Ordering::Release);
        let n_stolen = thief.join().unwrap().len();
        assert_eq!(drain(&shared, 0, &own).len(), 2 - n_stolen);
    });
}
