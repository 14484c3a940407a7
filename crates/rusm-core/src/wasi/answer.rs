//! What a shadowed function of WASI answers.

use wasmtime_wasi::TrappableError;

/// What a WIT function that may fail returns.
pub(super) type Answer<R, E> = wasmtime::Result<(Result<R, E>,)>;

/// An error of the interface is the guest's, anything else ends it.
pub(super) fn answer<R, E: std::error::Error + Send + Sync + 'static>(
    result: Result<R, TrappableError<E>>,
) -> Answer<R, E> {
    match result {
        Ok(value) => Ok((Ok(value),)),
        Err(error) => Ok((Err(error.downcast()?),)),
    }
}
