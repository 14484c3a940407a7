//! The same work elsewhere, as far as it was asked for.

use crate::bare;
use crate::erlang::Erlang;
use crate::figure::{Benchmark, Work};
use crate::targets::Against;

/// Where counterparts run.
pub(crate) struct Elsewhere {
    erlang: Option<Erlang>,
    bare: Vec<Benchmark>,
}

impl Elsewhere {
    /// # Errors
    /// In words for people: the Erlang VM was asked for and does not start.
    pub(crate) fn new(erlang: bool, bare: bool) -> Result<Self, String> {
        Ok(Self {
            erlang: erlang.then(Erlang::start).transpose()?,
            bare: if bare { bare::all() } else { Vec::new() },
        })
    }

    /// What runs this counterpart once; none if it takes no part.
    pub(crate) fn counterpart(&self, against: Against) -> Option<Box<dyn Fn() -> Work + '_>> {
        match against {
            // Ours are contestants by themselves.
            Against::Itself | Against::Benchmark(_) => None,
            Against::Erlang(name) => {
                let erlang = self.erlang.as_ref()?;
                Some(Box::new(move || erlang.run(name)))
            }
            Against::Bare(name) => {
                let bare = self.bare.iter().find(|one| one.name == name)?;
                Some(Box::new(|| (bare.run)()))
            }
        }
    }
}
