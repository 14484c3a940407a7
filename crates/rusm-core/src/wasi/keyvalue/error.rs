//! What a guest is told when there is no good answer.

use crate::host::kv::KvRefused;
use std::fmt;
use wasmtime::component::{ComponentType, Lower};
use wasmtime_wasi::TrappableError;

/// `store.error`, which is the same in both drafts.
#[derive(Clone, Debug, PartialEq, Eq, ComponentType, Lower)]
#[component(variant)]
pub(super) enum Error {
    #[component(name = "no-such-store")]
    NoSuchStore,
    #[component(name = "access-denied")]
    AccessDenied,
    #[component(name = "other")]
    Other(String),
}

/// The answer, the guest's error, or a trap.
pub(super) type Tried<T> = Result<T, TrappableError<Error>>;

impl From<KvRefused> for Error {
    fn from(refused: KvRefused) -> Error {
        match refused {
            KvRefused::Denied(_) => Error::AccessDenied,
            KvRefused::NoStore => Error::NoSuchStore,
            KvRefused::Conflict(index) => {
                Error::Other(format!("operation {index} expected another value"))
            }
            KvRefused::TooLarge(text) | KvRefused::Failed(text) => Error::Other(text),
        }
    }
}

impl From<KvRefused> for TrappableError<Error> {
    fn from(refused: KvRefused) -> Self {
        Error::from(refused).into()
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::NoSuchStore => f.write_str("the node has no store"),
            Error::AccessDenied => f.write_str("the profile does not grant it"),
            Error::Other(text) => f.write_str(text),
        }
    }
}

impl std::error::Error for Error {}
