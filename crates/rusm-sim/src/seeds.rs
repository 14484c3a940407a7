//! Which seeds a test runs under, and what it says when one of them fails.
//!
//! `RUSM_SEEDS=n` sets how many seeds each test tries, `RUSM_SEEDS=a..b` which ones, and `RUSM_SEED=s` runs a
//! single one. Numbers are decimal, or hexadecimal with `0x`. Seeds are independent of each other, so many of
//! them are shared out among the cores.

use std::any::Any;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind, resume_unwind};
use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread;
use std::time::Instant;

/// Up to this many seeds one thread does them all; more are worth the start of others.
const SEEDS_OF_ONE_THREAD: u64 = 200;

/// Runs `test` under `n_seeds` seeds, or under those that the environment asks for; see the head of the crate
/// for `RUSM_SEEDS` and `RUSM_SEED`.
///
/// The first seed that fails is printed with the command that runs it again. `package` is the caller's
/// `env!("CARGO_PKG_NAME")`; the test is the one whose thread calls this.
///
/// # Panics
/// With the panic of the test, and when the environment asks for something that is no seed.
pub fn for_each_seed(package: &str, n_seeds: u64, test: impl Fn(u64) + Sync) {
    let asked = variable("RUSM_SEED").map(|text| single(&text));
    let asked = asked.or_else(|| variable("RUSM_SEEDS").map(|text| several(&text)));
    let is_asked = asked.is_some();
    let seeds = match asked.unwrap_or(Some(0..n_seeds)) {
        Some(seeds) => seeds,
        None => {
            panic!("RUSM_SEED is a number, RUSM_SEEDS a number or a range a..b; 0x for hexadecimal")
        }
    };
    let name = thread::current().name().unwrap_or("main").to_owned();
    let start = Instant::now();
    if let Some((seed, panic)) = first_failure(&seeds, &test) {
        say(&format!(
            "seed {seed:#x} fails; run it again: RUSM_SEED={seed:#x} cargo test -p {package} --tests -- --exact {name}"
        ));
        resume_unwind(panic);
    }
    if is_asked {
        let n_done = seeds.end - seeds.start;
        let seconds = start.elapsed().as_secs_f64();
        say(&format!("{name}: {n_done} seeds in {seconds:.1} s"));
    }
}

type Panic = Box<dyn Any + Send>;

/// Runs the seeds, on several threads if they are many; the first that fails ends it.
fn first_failure(seeds: &Range<u64>, test: &(impl Fn(u64) + Sync)) -> Option<(u64, Panic)> {
    let next = AtomicU64::new(seeds.start);
    let has_failed = AtomicBool::new(false);
    let failure = Mutex::new(None);
    let work = || {
        while !has_failed.load(Ordering::Relaxed) {
            let seed = next.fetch_add(1, Ordering::Relaxed);
            if seed >= seeds.end {
                return;
            }
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| test(seed))) {
                has_failed.store(true, Ordering::Relaxed);
                if let Ok(mut failure) = failure.lock() {
                    failure.get_or_insert((seed, panic));
                }
            }
        }
    };
    if seeds.end.saturating_sub(seeds.start) <= SEEDS_OF_ONE_THREAD {
        work();
    } else {
        let n_threads = thread::available_parallelism().map_or(1, usize::from);
        thread::scope(|scope| {
            for _ in 0..n_threads {
                scope.spawn(work);
            }
        });
    }
    failure.into_inner().ok().flatten()
}

fn variable(key: &str) -> Option<String> {
    std::env::var(key).ok()
}

fn single(text: &str) -> Option<Range<u64>> {
    let seed = number(text)?;
    Some(seed..seed.checked_add(1)?)
}

fn several(text: &str) -> Option<Range<u64>> {
    let (start, end) = match text.split_once("..") {
        None => (0, number(text)?),
        Some((start, end)) => (number(start)?, number(end)?),
    };
    (start <= end).then_some(start..end)
}

fn number(text: &str) -> Option<u64> {
    let text = text.trim().replace('_', "");
    match text.strip_prefix("0x") {
        Some(digits) => u64::from_str_radix(digits, 16).ok(),
        None => text.parse().ok(),
    }
}

#[expect(
    clippy::print_stdout,
    reason = "the test's own words, which the harness shows when it fails"
)]
fn say(text: &str) {
    println!("{text}");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn seeds_are_read_in_both_notations() {
        assert_eq!(single("7"), Some(7..8));
        assert_eq!(single("0xff"), Some(255..256));
        assert_eq!(
            single("0xffff_ffff_ffff_fffe"),
            Some(u64::MAX - 1..u64::MAX)
        );
        assert_eq!(several("10000"), Some(0..10_000));
        assert_eq!(several("0x10..20"), Some(16..20));
        for wrong in ["", "x", "-1", "1..", "3..2", "18446744073709551616"] {
            assert_eq!(single(wrong).or_else(|| several(wrong)), None, "{wrong}");
        }
    }

    #[test]
    fn every_seed_runs_once_and_the_one_that_fails_is_named() {
        for n_seeds in [10, 1_000] {
            let sum = AtomicU64::new(0);
            assert!(
                first_failure(&(0..n_seeds), &|seed| {
                    sum.fetch_add(seed + 1, Ordering::Relaxed);
                })
                .is_none()
            );
            assert_eq!(sum.into_inner(), n_seeds * (n_seeds + 1) / 2);
            let failure = first_failure(&(0..n_seeds), &|seed| {
                if seed == 7 {
                    resume_unwind(Box::new("the seventh"));
                }
            });
            let (seed, panic) = failure.expect("one fails");
            assert_eq!((seed, panic.downcast_ref()), (7, Some(&"the seventh")));
        }
    }
}
