//! What stands before and around every host function: the guard, and whatever goes wrong inside it.

use super::HostFunctionError;
use crate::guest::GuestState;
use rusm_caps::{Denied, Permit, Request};
use std::any::Any;
use std::future::Future;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;

/// A future of the embedder's.
pub(super) type Waiting<'a, R> =
    Pin<Box<dyn Future<Output = Result<R, HostFunctionError>> + Send + 'a>>;

/// One function, as its calls see it. Clones are the same.
#[derive(Clone, Debug)]
pub(super) struct Gate {
    /// `acme:billing/charge@1.2.0#pay`.
    name: Arc<str>,
}

/// What ends the caller in the middle of a host function.
#[derive(Debug, thiserror::Error)]
enum Failed {
    #[error("{0}")]
    Denied(Denied),
    #[error("the host function {name} failed: {cause}")]
    Error {
        name: Arc<str>,
        cause: HostFunctionError,
    },
    #[error("the host function {name} panicked: {text}")]
    Panic { name: Arc<str>, text: String },
}

impl Gate {
    pub(super) fn new(name: String) -> Gate {
        Gate { name: name.into() }
    }

    /// Asks the guard, for each call.
    pub(super) fn enter(&self, state: &GuestState) -> Result<(), Denied> {
        let request = Request::HostFunction { name: &self.name };
        state.guard.check(request, ()).map(Permit::into_inner)
    }

    /// The caller's end, for a denied call without an answer of the embedder's.
    pub(super) fn end(&self, denied: Denied) -> wasmtime::Error {
        Failed::Denied(denied).into()
    }

    /// Runs a function of the embedder's to its end.
    pub(super) fn run<R>(
        &self,
        function: impl FnOnce() -> Result<R, HostFunctionError>,
    ) -> wasmtime::Result<R> {
        // What the embedder's function leaves behind is the embedder's; the guest is ended, so of its state nothing is used again.
        match catch_unwind(AssertUnwindSafe(function)) {
            Ok(outcome) => self.outcome(outcome),
            Err(panic) => Err(self.panicked(&*panic)),
        }
    }

    /// Runs one that waits.
    pub(super) async fn wait<R>(&self, mut future: Waiting<'_, R>) -> wasmtime::Result<R> {
        let polled = std::future::poll_fn(|task| {
            match catch_unwind(AssertUnwindSafe(|| future.as_mut().poll(task))) {
                Ok(poll) => poll.map(|outcome| self.outcome(outcome)),
                Err(panic) => std::task::Poll::Ready(Err(self.panicked(&*panic))),
            }
        });
        polled.await
    }

    fn outcome<R>(&self, outcome: Result<R, HostFunctionError>) -> wasmtime::Result<R> {
        outcome.map_err(|cause| {
            let name = Arc::clone(&self.name);
            Failed::Error { name, cause }.into()
        })
    }

    fn panicked(&self, panic: &(dyn Any + Send)) -> wasmtime::Error {
        let text = panic
            .downcast_ref::<&str>()
            .copied()
            .or_else(|| panic.downcast_ref::<String>().map(String::as_str))
            .unwrap_or("without a text");
        let (name, text) = (Arc::clone(&self.name), text.to_owned());
        Failed::Panic { name, text }.into()
    }
}
