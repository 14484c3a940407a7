//! The table: every deliberate bug, what it breaks, and the tests that must fail under it.
//!
//! A bug is told by the text that it replaces, which must stand in the source exactly once; `cargo test`
//! checks that, so that the table keeps up with the code.

mod demanded;
mod kernel;
mod scheduling;
mod supervision;

use crate::edit::Edit;

/// A test program.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Suite {
    /// Of which package.
    pub package: &'static str,
    /// As Cargo is told to choose it.
    pub target: &'static [&'static str],
    /// Whether it runs on the primitives of the model checker.
    pub is_model: bool,
}

/// A deliberate bug.
#[derive(Clone, Copy, Debug)]
pub struct Mutant {
    /// What it is called on the command line.
    pub name: &'static str,
    /// What it breaks.
    pub breaks: &'static str,
    /// The bug.
    pub edits: &'static [Edit],
    /// Whose tests catch it.
    pub suite: Suite,
    /// The tests of that suite that must all fail.
    pub caught_by: &'static [&'static str],
    /// Whether a test that never ends counts as one that fails. Such a mutant names one test.
    pub may_hang: bool,
}

pub(crate) const KERNEL: Suite = Suite {
    package: "rusm-actor",
    target: &["--test", "main"],
    is_model: false,
};
pub(crate) const KERNEL_UNITS: Suite = Suite {
    package: "rusm-actor",
    target: &["--lib"],
    is_model: false,
};
pub(crate) const KERNEL_MODELS: Suite = Suite {
    is_model: true,
    ..KERNEL_UNITS
};
pub(crate) const SUPERVISOR: Suite = Suite {
    package: "rusm-supervisor",
    target: &["--test", "semantics"],
    is_model: false,
};
pub(crate) const PLAN: Suite = Suite {
    package: "rusm-plan",
    target: &["--lib"],
    is_model: false,
};

const fn edit(place: &'static str, find: &'static str, replace: &'static str) -> Edit {
    Edit {
        place,
        find,
        replace,
    }
}

const fn mutant(
    name: &'static str,
    breaks: &'static str,
    suite: Suite,
    caught_by: &'static [&'static str],
    edits: &'static [Edit],
) -> Mutant {
    Mutant {
        name,
        breaks,
        edits,
        suite,
        caught_by,
        may_hang: false,
    }
}

impl Mutant {
    /// Its test may never end.
    const fn may_hang(mut self) -> Self {
        self.may_hang = true;
        self
    }
}

/// Every mutant: first those that were asked for, then those of our own.
pub fn all() -> Vec<Mutant> {
    let parts = [
        demanded::MUTANTS,
        kernel::MUTANTS,
        scheduling::MUTANTS,
        supervision::MUTANTS,
    ];
    parts.concat()
}

#[cfg(test)]
mod tests;
