//! Code as its embedder holds it, [`Program`], and as its processes do, [`Component`].

use crate::code::Code;
use crate::guest::GuestState;
use rusm_manifest::Placement;
use std::fmt;
use std::path::Path;
use std::sync::Arc;

/// Code whose stores hold a guest of this runtime.
pub(crate) type GuestCode = Code<GuestState>;

/// Validated, compiled, linked code, ready to be started any number of times. Clones are cheap.
#[derive(Clone)]
pub struct Program(pub(crate) Arc<GuestCode>);

/// What all processes of one component share.
#[derive(Debug)]
pub(crate) struct Component {
    pub(crate) name: Arc<str>,
    pub(crate) code: Arc<GuestCode>,
    /// A process brought the code, and chose the name.
    pub(crate) is_loaded: bool,
    /// What relative paths in a profile are relative to.
    pub(crate) folder: Arc<Path>,
}

impl Program {
    /// What it was called when it was loaded.
    pub fn name(&self) -> &str {
        self.0.name()
    }

    /// A component of this code that the operator named.
    pub(crate) fn component(&self, name: Arc<str>, folder: &Path) -> Component {
        Component {
            name,
            code: Arc::clone(&self.0),
            is_loaded: false,
            folder: folder.into(),
        }
    }

    /// SHA-256 of its bytes, in hexadecimal digits.
    pub fn digest(&self) -> String {
        self.0.digest().to_string()
    }

    /// How its processes are placed in memory, as it was loaded.
    pub fn placement(&self) -> Placement {
        self.0.placement()
    }

    /// The engine class where they are while there is room: `pooled`, `dense` or `concurrent`.
    pub fn engine_class(&self) -> &'static str {
        self.0.home().name()
    }

    /// What it imports: interfaces of a component, `module/function` of a core module.
    pub fn imports(&self) -> impl Iterator<Item = &str> {
        self.0.imports()
    }
}

impl fmt::Debug for Program {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_tuple("Program").field(&self.name()).finish()
    }
}
