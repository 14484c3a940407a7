//! Host functions for core modules: over numbers, with access to the caller's memory.

use super::gate::{Gate, Waiting};
use super::memory;
use super::number::{CoreType, CoreValue};
use super::{HostCaller, HostFunctionError};
use crate::guest::GuestState;
use rusm_caps::Denied;
use std::fmt;
use std::sync::Arc;
use wasmtime::{Caller, FuncType, Linker, Val, ValType};

/// Adds one function to the module that it belongs to; called once per engine class.
pub(super) type LinkFunction =
    Arc<dyn Fn(&mut Linker<GuestState>, &str) -> wasmtime::Result<()> + Send + Sync>;

type Ready = dyn Fn(&mut RawCall<'_>, &[CoreValue]) -> Result<Vec<CoreValue>, HostFunctionError>
    + Send
    + Sync;
type Waits = dyn for<'a> Fn(&'a mut RawCall<'_>, Vec<CoreValue>) -> Waiting<'a, Vec<CoreValue>>
    + Send
    + Sync;
type OnDenied =
    dyn Fn(&mut RawCall<'_>, &Denied) -> Result<Vec<CoreValue>, HostFunctionError> + Send + Sync;

/// A function that core modules may call.
pub struct RawFunction {
    params: Vec<CoreType>,
    results: Vec<CoreType>,
    body: Body,
    when_denied: Option<Arc<OnDenied>>,
}

#[derive(Clone)]
enum Body {
    Ready(Arc<Ready>),
    Waits(Arc<Waits>),
}

/// One call of a core module: who calls, and its memory.
pub struct RawCall<'a> {
    caller: Caller<'a, GuestState>,
    who: HostCaller,
    /// Bytes that may still be copied out of the guest in this call.
    bytes_left: u64,
}

impl RawFunction {
    /// A function that answers at once, with as many results as its type says. It runs on a worker thread and must not wait.
    pub fn new(
        params: impl Into<Vec<CoreType>>,
        results: impl Into<Vec<CoreType>>,
        function: impl Fn(&mut RawCall<'_>, &[CoreValue]) -> Result<Vec<CoreValue>, HostFunctionError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        let body = Body::Ready(Arc::new(function));
        Self::of(params.into(), results.into(), body)
    }

    /// A function that may wait, in a future: workers go on meanwhile, and a kill of the caller drops it.
    pub fn waiting(
        params: impl Into<Vec<CoreType>>,
        results: impl Into<Vec<CoreType>>,
        function: impl for<'a> Fn(
            &'a mut RawCall<'_>,
            Vec<CoreValue>,
        ) -> std::pin::Pin<
            Box<dyn Future<Output = Result<Vec<CoreValue>, HostFunctionError>> + Send + 'a>,
        > + Send
        + Sync
        + 'static,
    ) -> Self {
        let body = Body::Waits(Arc::new(function));
        Self::of(params.into(), results.into(), body)
    }

    fn of(params: Vec<CoreType>, results: Vec<CoreType>, body: Body) -> Self {
        Self {
            params,
            results,
            body,
            when_denied: None,
        }
    }

    /// What a call gets that the guard denies while the process runs. Without it such a call ends the process.
    #[must_use]
    pub fn when_denied(
        mut self,
        answer: impl Fn(&mut RawCall<'_>, &Denied) -> Result<Vec<CoreValue>, HostFunctionError>
        + Send
        + Sync
        + 'static,
    ) -> Self {
        self.when_denied = Some(Arc::new(answer));
        self
    }

    pub(super) fn link(self, name: String, gate: Gate) -> LinkFunction {
        let Self {
            params,
            results,
            body,
            when_denied,
        } = self;
        Arc::new(move |linker, module| {
            let (gate, body, when_denied) = (gate.clone(), body.clone(), when_denied.clone());
            let params = params.iter().copied().map(ValType::from);
            let results = results.iter().copied().map(ValType::from);
            let ty = FuncType::new(linker.engine(), params, results);
            match body {
                Body::Ready(function) => {
                    linker.func_new(module, &name, ty, move |caller, params, results| {
                        let mut call = RawCall::of(caller);
                        let answer = match gate.enter(call.caller.data()) {
                            Ok(()) => gate.run(|| function(&mut call, &values(params)?)),
                            Err(denied) => refuse(&gate, denied, &mut call, when_denied.as_deref()),
                        };
                        put(answer?, results, &gate)
                    })?
                }
                Body::Waits(function) => {
                    linker.func_new_async(module, &name, ty, move |caller, params, results| {
                        let (gate, when_denied) = (gate.clone(), when_denied.clone());
                        let function = Arc::clone(&function);
                        Box::new(async move {
                            let mut call = RawCall::of(caller);
                            let answer = match gate.enter(call.caller.data()) {
                                Ok(()) => {
                                    let future =
                                        gate.run(|| Ok(function(&mut call, values(params)?)))?;
                                    gate.wait(future).await
                                }
                                Err(denied) => {
                                    refuse(&gate, denied, &mut call, when_denied.as_deref())
                                }
                            };
                            put(answer?, results, &gate)
                        })
                    })?
                }
            };
            Ok(())
        })
    }
}

fn refuse(
    gate: &Gate,
    denied: Denied,
    call: &mut RawCall<'_>,
    answer: Option<&OnDenied>,
) -> wasmtime::Result<Vec<CoreValue>> {
    match answer {
        Some(answer) => gate.run(|| answer(call, &denied)),
        None => Err(gate.end(denied)),
    }
}

impl<'a> RawCall<'a> {
    fn of(caller: Caller<'a, GuestState>) -> RawCall<'a> {
        RawCall {
            who: HostCaller::of(caller.data()),
            bytes_left: memory::call_bytes_max(caller.data()),
            caller,
        }
    }
}

impl RawCall<'_> {
    /// Who calls.
    pub fn caller(&self) -> &HostCaller {
        &self.who
    }

    /// A copy of these bytes of the memory that the module exports as `memory`.
    ///
    /// # Errors
    /// Bytes outside that memory, no such memory, or more in one call than the caller's profile allows (`max-call-kb`).
    /// Passed on with `?`, each ends the caller.
    pub fn read(&mut self, pointer: i32, length: i32) -> Result<Vec<u8>, HostFunctionError> {
        let n_bytes = u64::from(length.cast_unsigned());
        let left = self.bytes_left.checked_sub(n_bytes).ok_or_else(|| {
            HostFunctionError::new(
                "the caller hands in more bytes than its profile allows: raise max-call-kb",
            )
        })?;
        let bytes = memory::read(&mut self.caller, pointer, length)?;
        self.bytes_left = left;
        Ok(bytes)
    }

    /// The same as a text.
    ///
    /// # Errors
    /// Also bytes that are not UTF-8.
    pub fn read_text(&mut self, pointer: i32, length: i32) -> Result<String, HostFunctionError> {
        String::from_utf8(self.read(pointer, length)?)
            .map_err(|_| HostFunctionError::new("the caller's text is not UTF-8"))
    }

    /// Copies bytes into the caller's memory, all of them or none.
    ///
    /// # Errors
    /// Room outside that memory, or no such memory.
    pub fn write(&mut self, pointer: i32, bytes: &[u8]) -> Result<(), HostFunctionError> {
        memory::write(&mut self.caller, pointer, bytes)
    }
}

/// What arrives has the types that the function was linked with, which are all numbers.
fn values(params: &[Val]) -> Result<Vec<CoreValue>, HostFunctionError> {
    let value = |param: &Val| {
        CoreValue::of(param).ok_or_else(|| HostFunctionError::new("an argument is no number"))
    };
    params.iter().map(value).collect()
}

/// Moves the answer to where Wasmtime wants it, and which it checks for its types.
fn put(answer: Vec<CoreValue>, results: &mut [Val], gate: &Gate) -> wasmtime::Result<()> {
    let (given, wanted) = (answer.len(), results.len());
    if given != wanted {
        let text = format!("it answers {given} values and its type says {wanted}");
        return gate.run(|| Err(HostFunctionError::new(text)));
    }
    let places = results.iter_mut().zip(answer);
    places.for_each(|(result, value)| *result = value.into());
    Ok(())
}

impl fmt::Debug for RawFunction {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawFunction")
            .field("params", &self.params)
            .field("results", &self.results)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for RawCall<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RawCall")
            .field("who", &self.who)
            .finish_non_exhaustive()
    }
}
