//! One run of a workload on one disk, and what the store must hold afterwards: [`Run`].

use crate::disk::Disk;
use crate::model::{Contents, Deed, Model, contents, difference};
use crate::workload::Step;
use rusm_kv::{Batch, Clock, Op, OpenError, Options, Outcome, Store, Submission, WriteError};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

/// A clock that stands until it is moved.
#[derive(Debug)]
pub(crate) struct Hands(AtomicU64);

impl Hands {
    pub(crate) fn new() -> Arc<Self> {
        Arc::new(Self(AtomicU64::new(1_700_000_000_000)))
    }

    pub(crate) fn pass(&self, ms: u64) {
        self.0.fetch_add(ms, Ordering::SeqCst);
    }

    /// Does something at another time, and comes back.
    pub(crate) fn at<T>(&self, ms: u64, work: impl FnOnce() -> T) -> T {
        let now = self.0.swap(ms, Ordering::SeqCst);
        let done = work();
        self.0.store(now, Ordering::SeqCst);
        done
    }
}

impl Clock for Hands {
    fn now_ms(&self) -> u64 {
        self.0.load(Ordering::SeqCst)
    }
}

pub(crate) fn open(disk: &Disk, clock: &Arc<Hands>) -> Result<Store, OpenError> {
    Store::with_backend(disk.clone(), options(clock))
}

pub(crate) fn options(clock: &Arc<Hands>) -> Options {
    Options::default().clock(clock.clone())
}

/// What has become of a workload so far.
pub(crate) struct Run {
    pub(crate) clock: Arc<Hands>,
    options: Options,
    /// What the store holds after each batch that may have been written; first what it held before all of them.
    states: Vec<Model>,
    /// The last of them that was acknowledged.
    acknowledged: usize,
    /// Whether there was a store to begin with, or it was opened: then it must open again.
    was_open: bool,
    /// How many batches did not fit.
    pub(crate) n_full: usize,
    /// What the first failed write was answered.
    pub(crate) failure: Option<WriteError>,
}

impl Run {
    /// Over a store that is known to hold this.
    pub(crate) fn from(clock: &Arc<Hands>, model: Model) -> Self {
        Self {
            clock: clock.clone(),
            options: options(clock),
            states: vec![model],
            acknowledged: 0,
            was_open: true,
            n_full: 0,
            failure: None,
        }
    }

    /// Over a file that is yet to be made.
    pub(crate) fn new() -> Self {
        Self {
            was_open: false,
            ..Self::from(&Hands::new(), Model::default())
        }
    }

    /// With other options than the usual ones.
    pub(crate) fn with(mut self, change: impl FnOnce(Options) -> Options) -> Self {
        self.options = change(self.options);
        self
    }

    /// The same options over a store that is known to hold this.
    pub(crate) fn after(&self, model: Model) -> Self {
        Self::from(&self.clock, model).with(|_| self.options.clone())
    }

    pub(crate) fn open(&self, disk: &Disk) -> Result<Store, OpenError> {
        Store::with_backend(disk.clone(), self.options.clone())
    }

    /// Does the steps; every answer of the store must be the one that the model gives.
    pub(crate) fn go(&mut self, store: &Store, steps: &[Step]) {
        self.was_open = true;
        for step in steps {
            match step {
                Step::Pass(ms) => self.clock.pass(*ms),
                // It may be refused: then nothing has happened.
                Step::Compact => drop(store.compact()),
                Step::Write(deeds) => self.write(store, deeds),
            }
        }
    }

    fn write(&mut self, store: &Store, deeds: &[Deed]) {
        let was_poisoned = self.failure.is_some();
        let answers = submit_together(store, deeds);
        for (deed, answer) in deeds.iter().zip(answers) {
            let mut next = self.latest().clone();
            let wanted = next.apply(deed, self.clock.now_ms());
            match answer {
                Ok(Outcome { results }) => {
                    assert!(
                        !was_poisoned,
                        "nothing is written after a failure: {deed:?}"
                    );
                    assert_eq!(Ok(&results), wanted.as_ref(), "{deed:?}");
                    self.states.push(next);
                    self.acknowledged = self.states.len() - 1;
                }
                // What fits is for the store to say.
                Err(WriteError::Full { .. }) => self.n_full += 1,
                Err(error) if is_refusal(&error) => {
                    assert!(wanted.is_err(), "{error}, wanted {wanted:?}: {deed:?}");
                }
                Err(error) => {
                    if !was_poisoned && wanted.is_ok() {
                        self.states.push(next);
                    }
                    self.failure.get_or_insert(error);
                }
            }
        }
    }

    /// What another write is answered by a store that takes none.
    pub(crate) fn refused(store: &Store) -> WriteError {
        let deed = Deed {
            bucket: "too-late".to_owned(),
            ops: vec![Op::Delete {
                key: "k".to_owned(),
            }],
        };
        let answer = store.submit(batch(&deed)).wait();
        answer.expect_err("it takes no more writes")
    }

    /// What the store held after each acknowledged batch, as seen now.
    pub(crate) fn history(&self) -> Vec<Contents> {
        let now = self.clock.now_ms();
        let states = &self.states[..=self.acknowledged];
        states.iter().map(|state| state.at(now)).collect()
    }

    /// What a reader of the running store must see.
    pub(crate) fn acknowledged(&self) -> Contents {
        self.states[self.acknowledged].at(self.clock.now_ms())
    }

    pub(crate) fn was_open(&self) -> bool {
        self.was_open
    }

    /// What the store holds must be one of the states from the last acknowledged one on; says which.
    #[track_caller]
    pub(crate) fn state_of(&self, store: &Store, place: &str) -> Model {
        let (found, now) = (contents(store), self.clock.now_ms());
        let candidates = &self.states[self.acknowledged..];
        // The last first: where batches changed nothing to be seen, as much as possible has been done.
        let matching = candidates.iter().rfind(|state| state.at(now) == found);
        matching.cloned().unwrap_or_else(|| {
            panic!(
                "{place}: not one of the {} states from the last acknowledged one on; from that it differs in\n{}",
                candidates.len(),
                difference(&found, &self.acknowledged())
            )
        })
    }

    /// What the store holds if all that may have been written was.
    pub(crate) fn latest(&self) -> &Model {
        self.states.last().expect("there is a first")
    }
}

/// Whether the batch alone was at fault.
fn is_refusal(error: &WriteError) -> bool {
    matches!(
        error,
        WriteError::Conflict { .. } | WriteError::NotANumber { .. } | WriteError::Overflow { .. }
    )
}

pub(crate) fn batch(deed: &Deed) -> Batch {
    let batch = Batch::new(deed.bucket.as_str()).expect("a good name");
    deed.ops.iter().cloned().fold(batch, Batch::op)
}

/// Submits all of them in order before it waits for the first.
fn submit_together(store: &Store, deeds: &[Deed]) -> Vec<Result<Outcome, WriteError>> {
    let submissions: Vec<_> = deeds.iter().map(|deed| store.submit(batch(deed))).collect();
    submissions.into_iter().map(Submission::wait).collect()
}
