//! Host functions for components: over values whose types are known to Rust, or over any.

use super::gate::{Gate, Waiting};
use super::values::{ComponentNamedList, Lift, Lower, Val};
use super::{HostCaller, HostFunctionError};
use crate::guest::GuestState;
use rusm_caps::Denied;
use std::fmt;
use std::future::Future;
use std::sync::Arc;
use wasmtime::StoreContextMut;
use wasmtime::component::LinkerInstance;

/// Adds one function to the interface that it belongs to; called once per engine class.
pub(super) type LinkFunction =
    Arc<dyn Fn(&mut LinkerInstance<'_, GuestState>) -> wasmtime::Result<()> + Send + Sync>;

type Ready<P, R> = dyn Fn(&HostCaller, P) -> Result<R, HostFunctionError> + Send + Sync;
type Waits<P, R> = dyn Fn(HostCaller, P) -> Waiting<'static, R> + Send + Sync;
type OnDenied<R> = dyn Fn(&Denied) -> R + Send + Sync;

/// A function that components may call: from the tuple of its parameters `P` to the tuple of its results `R`.
pub struct HostFunction<P, R> {
    body: Body<P, R>,
    when_denied: Option<Arc<OnDenied<R>>>,
}

enum Body<P, R> {
    Ready(Arc<Ready<P, R>>),
    Waits(Arc<Waits<P, R>>),
}

impl<P: 'static, R: 'static> HostFunction<P, R> {
    /// A function that answers at once. It runs on a worker thread and must not wait.
    pub fn new(
        function: impl Fn(&HostCaller, P) -> Result<R, HostFunctionError> + Send + Sync + 'static,
    ) -> Self {
        HostFunction {
            body: Body::Ready(Arc::new(function)),
            when_denied: None,
        }
    }

    /// A function that may wait, in a future: workers go on meanwhile, and a kill of the caller drops it. It is polled
    /// on worker threads, inside the runtime's Tokio context.
    pub fn waiting<F>(function: impl Fn(HostCaller, P) -> F + Send + Sync + 'static) -> Self
    where
        F: Future<Output = Result<R, HostFunctionError>> + Send + 'static,
    {
        let boxed = move |caller, params| Box::pin(function(caller, params)) as Waiting<'static, R>;
        HostFunction {
            body: Body::Waits(Arc::new(boxed)),
            when_denied: None,
        }
    }

    /// What a call gets that the guard denies while the process runs. Without it such a call ends the process.
    #[must_use]
    pub fn when_denied(mut self, answer: impl Fn(&Denied) -> R + Send + Sync + 'static) -> Self {
        self.when_denied = Some(Arc::new(answer));
        self
    }
}

impl<P, R> HostFunction<P, R>
where
    P: ComponentNamedList + Lift + Send + Sync + 'static,
    R: ComponentNamedList + Lower + Send + Sync + 'static,
{
    /// Linked with its types, so that code which imports it with others is refused at load.
    pub(super) fn link(self, name: String, gate: Gate) -> LinkFunction {
        let HostFunction { body, when_denied } = self;
        match body {
            Body::Ready(function) => Arc::new(move |linker| {
                let (gate, when_denied) = (gate.clone(), when_denied.clone());
                let function = Arc::clone(&function);
                linker.func_wrap(
                    &name,
                    move |store: StoreContextMut<'_, GuestState>, params| match gate
                        .enter(store.data())
                    {
                        Ok(()) => gate.run(|| function(&HostCaller::of(store.data()), params)),
                        Err(denied) => refuse(&gate, denied, when_denied.as_deref()),
                    },
                )
            }),
            Body::Waits(function) => Arc::new(move |linker| {
                let (gate, when_denied) = (gate.clone(), when_denied.clone());
                let function = Arc::clone(&function);
                linker.func_wrap_async(
                    &name,
                    move |store: StoreContextMut<'_, GuestState>, params| {
                        let (gate, when_denied) = (gate.clone(), when_denied.clone());
                        let function = Arc::clone(&function);
                        Box::new(async move {
                            match gate.enter(store.data()) {
                                Ok(()) => {
                                    let caller = HostCaller::of(store.data());
                                    gate.wait(gate.run(|| Ok(function(caller, params)))?).await
                                }
                                Err(denied) => refuse(&gate, denied, when_denied.as_deref()),
                            }
                        })
                    },
                )
            }),
        }
    }
}

fn refuse<R>(gate: &Gate, denied: Denied, answer: Option<&OnDenied<R>>) -> wasmtime::Result<R> {
    match answer {
        Some(answer) => gate.run(|| Ok(answer(&denied))),
        None => Err(gate.end(denied)),
    }
}

impl HostFunction<Vec<Val>, Vec<Val>> {
    /// Linked for whatever types a guest's import has: the function sees to its arguments itself. Results of another
    /// number or type than that import says end the caller.
    pub(super) fn link_any(self, name: String, gate: Gate) -> LinkFunction {
        let HostFunction { body, when_denied } = self;
        let body = Arc::new(body);
        Arc::new(move |linker| {
            let (gate, when_denied) = (gate.clone(), when_denied.clone());
            let body = Arc::clone(&body);
            linker.func_new_async(&name, move |store, _, params, results| {
                let (gate, when_denied) = (gate.clone(), when_denied.clone());
                let body = Arc::clone(&body);
                Box::new(async move {
                    let caller = HostCaller::of(store.data());
                    let answer = match (gate.enter(store.data()), &*body) {
                        (Err(denied), _) => refuse(&gate, denied, when_denied.as_deref()),
                        (Ok(()), Body::Ready(function)) => {
                            gate.run(|| function(&caller, params.to_vec()))
                        }
                        (Ok(()), Body::Waits(function)) => {
                            gate.wait(gate.run(|| Ok(function(caller, params.to_vec())))?)
                                .await
                        }
                    };
                    put(answer?, results, &gate)
                })
            })
        })
    }
}

/// Moves the answer to where Wasmtime wants it, and which it checks for its types.
fn put<V>(answer: Vec<V>, results: &mut [V], gate: &Gate) -> wasmtime::Result<()> {
    let (given, wanted) = (answer.len(), results.len());
    if given != wanted {
        let text = format!("it answers {given} values and the import has {wanted}");
        return gate.run(|| Err(HostFunctionError::new(text)));
    }
    results
        .iter_mut()
        .zip(answer)
        .for_each(|(result, value)| *result = value);
    Ok(())
}

impl<P, R> fmt::Debug for HostFunction<P, R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostFunction").finish_non_exhaustive()
    }
}
