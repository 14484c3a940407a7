//! Outcomes on their way to the counter: [`Batch`].

use rusm_sdk::mailbox;
use sample_protocol::{Reader, fail, name, tag};

/// So many bytes of outcomes go to the counter in one call.
const FULL_BYTES: usize = 32 << 10;

/// Outcomes that the counter has not been told yet, and how many it has.
#[derive(Debug, Default)]
pub(crate) struct Batch {
    outcomes: Vec<u8>,
    n_outcomes: u64,
}

impl Batch {
    /// Adds an outcome; a full batch goes to the counter.
    pub(crate) fn push(&mut self, outcome: &[u8]) {
        self.outcomes.extend(outcome);
        self.n_outcomes += 1;
        if self.outcomes.len() >= FULL_BYTES {
            self.flush();
        }
    }

    /// Tells the counter the rest. Its answer is how many it has had in all; that must be what was sent.
    pub(crate) fn flush(&mut self) {
        let reply = match mailbox::call(name::COUNTER, tag::ADD, &self.outcomes, None) {
            Ok(reply) => reply,
            Err(error) => fail(format_args!("the counter: {error}")),
        };
        if Reader::new(&reply).u64() != Some(self.n_outcomes) {
            fail("the counter has not counted what it was told");
        }
        self.outcomes.clear();
    }
}
