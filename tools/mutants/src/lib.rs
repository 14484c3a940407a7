//! Mutation check: do the tests fail when the code is wrong?
//!
//! The table ([`all`]) holds deliberate bugs, each as a small replacement of text, with the tests that must
//! fail under it. A [`Scratch`] is a copy of the crates concerned below the target folder; the source tree
//! is never written to. A [`Trial`] puts one bug into the copy, builds, runs those tests and takes the bug
//! out again. A bug that nothing catches is a missing test; one that does not compile, or whose text is not
//! in the source exactly once, is a mistake of the table.

#![forbid(unsafe_code)]
#![warn(missing_docs)]

mod edit;
mod scratch;
mod table;
mod trial;

pub use edit::Edit;
pub use scratch::{Applied, Scratch};
pub use table::{Mutant, Suite, all};
pub use trial::{Outcome, Trial};
