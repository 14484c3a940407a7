//! The names of everything that guests can import: for tests that walk all of it.
//!
//! Code that imports a name which is not here is refused at load (`code/link/known.rs`), so nothing else can be reached.

use crate::abi;
use crate::code::{self, Kind};
use std::sync::Arc;

/// What can be imported, by guest path. Hidden: this is no interface for embedders.
#[doc(hidden)]
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LinkedImports {
    /// Functions of core modules, `module/function`.
    pub functions: Vec<String>,
    /// Interfaces of components, without versions.
    pub interfaces: Vec<String>,
}

/// Lists what can be imported.
#[doc(hidden)]
pub fn linked_imports() -> LinkedImports {
    let names = abi::links(&Arc::default()).names;
    LinkedImports {
        functions: code::known_names(Kind::Module, &names),
        interfaces: code::known_names(Kind::Component, &names),
    }
}
