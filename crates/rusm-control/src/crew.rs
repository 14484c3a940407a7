//! Who is still at work, so that a node that ends can wait for them: until then they have its store.

use parking_lot::{Condvar, Mutex};
use std::sync::Arc;
use std::time::Duration;

#[derive(Clone, Debug, Default)]
pub(crate) struct Crew(Arc<State>);

#[derive(Debug, Default)]
struct State {
    members: Mutex<usize>,
    is_empty: Condvar,
}

/// One of them, until it is dropped.
#[derive(Debug)]
pub(crate) struct Member(Crew);

impl Crew {
    pub(crate) fn join(&self) -> Member {
        *self.0.members.lock() += 1;
        Member(self.clone())
    }

    /// Blocks until all have left, or for so long.
    pub(crate) fn wait_until_empty(&self, time: Duration) {
        let mut members = self.0.members.lock();
        let is_there = |members: &mut usize| *members > 0;
        let _either = self.0.is_empty.wait_while_for(&mut members, is_there, time);
    }
}

impl Member {
    /// Another one.
    pub(crate) fn join(&self) -> Member {
        self.0.join()
    }
}

impl Drop for Member {
    fn drop(&mut self) {
        let mut members = self.0.0.members.lock();
        *members = members.saturating_sub(1);
        if *members == 0 {
            self.0.0.is_empty.notify_all();
        }
    }
}
