//! What code could use, told from its bytes alone: [`inspect`].
//!
//! Nothing is run, compiled or validated. The bytes are hostile: their size is bounded first, reading
//! takes one pass, lists are cut at [`Inspection::LISTED_MAX`], and every text from the code is
//! escaped and cut before it is handed out.

mod reading;
mod risk;

pub use risk::Risk;

use crate::code::{CodeError, Kind, OPERATOR_BYTES_MAX, shown};
use crate::needs::{Need, needs_of};
use crate::{abi, code};
use reading::Reading;
use std::collections::BTreeSet;
use std::sync::Arc;

/// How every WebAssembly binary begins.
const WASM: &[u8] = b"\0asm";

/// The two forms of code.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CodeKind {
    /// A component: WASI 0.2 and 0.3, `rusm:actor`.
    Component,
    /// A core module: WASI preview 1 and the imports of module `rusm`.
    Module,
}

/// One import.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// An interface (`wasi:cli/stdout@0.2.3`), or `module/function` of a core module.
    pub name: String,
    /// The functions of the interface that are imported; none for a core module.
    pub functions: Vec<String>,
    /// What it can be used for.
    pub needs: Vec<Need>,
}

/// How large a memory or a table is: in pages of 64 KiB (unless it says otherwise), or in elements.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Extent {
    /// At the start.
    pub initial: u64,
    /// At most, if it says so.
    pub maximum: Option<u64>,
}

/// A line of the `producers` section: what is said to have made the code. Nobody checks it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Producer {
    /// `language`, `processed-by` or `sdk`.
    pub field: String,
    /// Its name.
    pub name: String,
    /// Its version.
    pub version: String,
}

/// What the bytes of code say.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct Inspection {
    /// Component or core module.
    pub kind: CodeKind,
    /// The versions of WASI that it imports or exports: `preview 1`, `0.2`, `0.3`.
    pub wasi: Vec<&'static str>,
    /// What a process of it runs: `_start`, `wasi:cli/run@0.2.3`. None: it is no command.
    pub entry: Option<String>,
    /// Its size.
    pub n_bytes: u64,
    /// Its imports, sorted by name.
    pub imports: Vec<Imported>,
    /// How many imports there are besides these.
    pub n_more_imports: usize,
    /// Everything that its imports can be used for, those included that are not listed.
    pub needs: BTreeSet<Need>,
    /// Its exports, in their order.
    pub exports: Vec<String>,
    /// How many exports there are besides these.
    pub n_more_exports: usize,
    /// The memories of all its core modules.
    pub memories: Vec<Extent>,
    /// The tables of all its core modules.
    pub tables: Vec<Extent>,
    /// What is said to have made it.
    pub producers: Vec<Producer>,
    /// Why it would not load here, as far as its imports and its entry tell: the rules of
    /// WebAssembly are checked when it is loaded.
    pub obstacles: Vec<CodeError>,
}

impl Inspection {
    /// The most entries that each list has.
    pub const LISTED_MAX: usize = 1_000;
    /// The most bytes that are read.
    pub const BYTES_MAX: u64 = OPERATOR_BYTES_MAX;

    /// The worst of what it could do, under a profile that grants it.
    pub fn risk(&self) -> Risk {
        let risks = self.needs.iter().map(|need| Risk::of(*need));
        risks.max().unwrap_or(Risk::None)
    }
}

/// Reads what code says about itself.
///
/// # Errors
/// [`CodeError::TooLarge`], [`CodeError::NotWasm`], or [`CodeError::Invalid`] at the first byte that
/// cannot be read. What would only keep it from being loaded is in [`Inspection::obstacles`].
pub fn inspect(wasm: &[u8]) -> Result<Inspection, CodeError> {
    let n_bytes = u64::try_from(wasm.len()).unwrap_or(u64::MAX);
    if n_bytes > Inspection::BYTES_MAX {
        return Err(CodeError::TooLarge {
            n_bytes,
            max_bytes: Inspection::BYTES_MAX,
        });
    }
    let reading = match Reading::of(wasm) {
        Ok(reading) => reading,
        // What is no WebAssembly at all is told by what it looks like instead.
        Err(_) if !wasm.starts_with(WASM) => code::read_shape(wasm).map(|_| Reading::default())?,
        Err(error) => return Err(error),
    };
    let links = abi::links(&Arc::default()).names;
    let mut obstacles: Vec<CodeError> = code::read_shape(wasm).err().into_iter().collect();
    let mut needs = BTreeSet::new();
    let mut imports = Vec::new();
    let n_imports = reading.imports.len();
    for (name, functions) in &reading.imports {
        let of_import = needs_of(name, functions);
        needs.extend(of_import.iter().copied());
        // Looking for the nearest known name takes time: not for ever.
        if obstacles.len() < Inspection::LISTED_MAX {
            obstacles.extend(code::check_import(reading.kind(), name, &links).err());
        }
        if imports.len() < Inspection::LISTED_MAX {
            imports.push(Imported {
                name: shown(name),
                functions: functions.iter().map(|name| shown(name)).collect(),
                needs: of_import,
            });
        }
    }
    let n_exports = reading.exports.len();
    let exports = reading.exports.iter().take(Inspection::LISTED_MAX);
    Ok(Inspection {
        kind: match reading.kind() {
            Kind::Component => CodeKind::Component,
            Kind::Module => CodeKind::Module,
        },
        wasi: reading.wasi(),
        entry: reading.entry().map(shown),
        n_bytes,
        n_more_imports: n_imports.saturating_sub(Inspection::LISTED_MAX),
        imports,
        needs,
        exports: exports.map(|name| shown(name)).collect(),
        n_more_exports: n_exports.saturating_sub(Inspection::LISTED_MAX),
        memories: reading.memories,
        tables: reading.tables,
        producers: reading.producers,
        obstacles,
    })
}

#[cfg(test)]
mod tests;
