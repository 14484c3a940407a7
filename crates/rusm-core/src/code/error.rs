//! Why bytes did not become code.

use crate::engine::EngineError;
use crate::guest::output::escape;

/// One error per load. Texts that come from the code itself are escaped and cut.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CodeError {
    /// More bytes than such code may have.
    #[error("the code is too large: {n_bytes} bytes, and {max_bytes} are allowed")]
    TooLarge {
        /// Its size.
        n_bytes: u64,
        /// The bound.
        max_bytes: u64,
    },
    /// More of something than such code may have; the compiler has not seen it.
    #[error("the code is too large to compile: {found} {what}, and {most} are allowed")]
    TooMuch {
        /// Of what.
        what: &'static str,
        /// How much of it there is at least.
        found: u64,
        /// The bound.
        most: u64,
    },
    /// Something else than WebAssembly.
    #[error("not a WebAssembly binary: {found}")]
    NotWasm {
        /// What it looks like.
        found: &'static str,
    },
    /// It begins like WebAssembly and then breaks its rules, or asks for a feature that is not supported.
    #[error("the code is not valid: {cause}")]
    Invalid {
        /// What the validator says.
        cause: String,
    },
    /// It imports what no part of the node provides.
    #[error("the code imports {import}, which nothing here provides{}", .nearest.as_ref().map(|near| format!("; did you mean {near}?")).unwrap_or_default())]
    UnknownImport {
        /// The import's full name.
        import: String,
        /// The known import that resembles it most.
        nearest: Option<String>,
    },
    /// It imports something that exists, with another type.
    #[error("the code imports {import} with a type that does not fit what is provided: {cause}")]
    IncompatibleImport {
        /// The import's full name.
        import: String,
        /// What differs.
        cause: String,
    },
    /// It has no entry that a process could run.
    #[error("the code has no entry: {expected}, but it exports {exports}")]
    NoEntry {
        /// What a command would export.
        expected: &'static str,
        /// What it exports.
        exports: String,
    },
    /// The compiler gave up on it.
    #[error("the code could not be compiled: {cause}")]
    NotCompiled {
        /// What the compiler says.
        cause: String,
    },
    /// It is to be placed densely and cannot be.
    #[error(
        "a component of WASI 0.3 cannot be placed densely: say `placement = \"auto\"`, or build it for WASI 0.2"
    )]
    NotDense,
    /// The engine it needs could not be made.
    #[error("{0}")]
    Engine(String),
}

impl From<EngineError> for CodeError {
    fn from(error: EngineError) -> CodeError {
        CodeError::Engine(error.to_string())
    }
}

/// Longest text shown of an error's cause.
const SHOWN_CHARS_MAX: usize = 600;

/// An error with its causes in one line that is fit to be shown.
pub(super) fn chain(error: &wasmtime::Error) -> String {
    let mut text = String::new();
    for (depth, cause) in error.chain().enumerate() {
        let cause = cause.to_string();
        if text.ends_with(&cause) {
            continue;
        }
        if depth > 0 {
            text.push_str(": ");
        }
        text.push_str(&cause);
    }
    shown(&text)
}

/// Text from the code, escaped and cut.
pub(crate) fn shown(text: &str) -> String {
    let mut escaped = escape(text.replace('\n', " ").trim().as_bytes());
    if let Some((cut, _)) = escaped.char_indices().nth(SHOWN_CHARS_MAX) {
        escaped.truncate(cut);
        escaped.push('…');
    }
    escaped
}
