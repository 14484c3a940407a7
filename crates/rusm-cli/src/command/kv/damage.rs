//! A damaged file as an error.
//!
//! redb trusts what it finds in a file that begins as its own, and panics where it does not add up.
//! The store answers that with an error; here the report of the panic is kept off the terminal, and
//! a panic that nobody answers becomes an error as well.

use crate::report::{Failure, Kind};
use std::panic::{self, AssertUnwindSafe};
use std::sync::{Arc, Mutex, PoisonError};

/// Does the work of a command; a panic is its failure.
pub(super) fn told<T>(work: impl FnOnce() -> Result<T, Failure>) -> Result<T, Failure> {
    let first = Arc::new(Mutex::new(None));
    let seen = Arc::clone(&first);
    let hook = panic::take_hook();
    panic::set_hook(Box::new(move |panic| {
        let mut seen = seen.lock().unwrap_or_else(PoisonError::into_inner);
        seen.get_or_insert_with(|| panic.to_string());
    }));
    let done = panic::catch_unwind(AssertUnwindSafe(work));
    panic::set_hook(hook);
    done.unwrap_or_else(|_| {
        let message = "the store's file is damaged: it holds what no store writes";
        let first = first.lock().unwrap_or_else(PoisonError::into_inner);
        let failure = Failure::new(Kind::General, message).help("go back to a backup of it");
        Err(match first.as_ref() {
            Some(panic) => failure.detail(panic),
            None => failure,
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A panic is a failure that says where it was; what fails by itself is told as it is.
    #[test]
    fn a_panic_is_a_failure() {
        let failure = told::<()>(|| panic!("page 7")).unwrap_err().to_string();
        assert!(
            failure.contains("damaged") && failure.contains("page 7"),
            "{failure}"
        );
        assert!(failure.contains("damage.rs:"), "{failure}");
        let own = || Err::<(), _>(Failure::new(Kind::Usage, "no"));
        assert_eq!(told(own), own());
        assert_eq!(told(|| Ok(7)), Ok(7));
    }
}
