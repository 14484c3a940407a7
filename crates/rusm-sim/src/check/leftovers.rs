//! When everybody has ended nothing is left (statements 040, 048, 068, 071, 077).

use super::{Checker, Violation, must};
use crate::history::History;

/// See the head of this file.
#[derive(Clone, Copy, Debug)]
pub struct Leftovers;

impl Checker for Leftovers {
    fn shows(&self) -> &'static str {
        "040, 048, 068, 071, 077: no process, timer, request, name or membership is left over"
    }

    fn check(&self, run: &History) -> Result<(), Violation> {
        let (left, end) = (&run.remains, run.entries().len());
        must!(
            left.n_processes == 0,
            end,
            [],
            "{} processes are left over",
            left.n_processes
        );
        must!(
            left.n_timers == 0,
            end,
            [],
            "{} timers are left over",
            left.n_timers
        );
        must!(
            left.n_requests == 0,
            end,
            [],
            "{} requests are left over",
            left.n_requests
        );
        must!(
            left.names.is_empty(),
            end,
            [],
            "names are left over: {:?}",
            left.names
        );
        Ok(())
    }
}
