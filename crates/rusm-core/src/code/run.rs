//! One process's whole life as WebAssembly: a place, a store, an instance, a call, a reason.
//!
//! Invariants:
//! - what goes wrong before guest code ran is `not-started`; afterwards it is what the guest met;
//! - dropping the future at any point frees everything: the fiber is unwound, store and instance go, then the place is given back;
//! - a full pool is invisible: the process is placed elsewhere before any of its code ran;
//! - a process is kept in its future for as long as it lives, so what sets it up is a step of its own, [`Code::start`], and what is large and
//!   for some only lies in a box.

use super::link::Linked;
use super::trap::{self, Stage, by_exit_code};
use super::{Code, EngineClass, Guest, Origin};
use crate::engine::{Place, Wish};
use crate::event::Evidence;
use crate::guest::LimitBreach;
use crate::guest::output::GuestOutput;
use crate::wasi;
use rusm_actor::ExitReason;
use rusm_manifest::Placement;
use std::future::Future;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use wasmtime::{PoolConcurrencyLimitError, Store, TypedFunc};
use wasmtime_wasi::{p2, p3};

/// Makes a fresh store preemptible: sets its epoch deadline and callback. Called once per store, before any guest code.
pub(crate) type Arm<T> = fn(&mut Store<T>);

/// How a process ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Ended {
    pub(crate) reason: ExitReason,
    /// What the guest gave to `proc_exit` or `wasi:cli/exit`, or 0 and 1 for the result of `run`. None if it ended otherwise.
    pub(crate) exit_code: Option<i32>,
    /// What the node knows of an end that went wrong.
    pub(crate) evidence: Evidence,
    /// The most linear memory it had.
    pub(crate) peak_memory_bytes: u64,
}

impl Ended {
    pub(super) fn of(reason: ExitReason) -> Ended {
        Ended {
            reason,
            exit_code: None,
            evidence: Evidence::default(),
            peak_memory_bytes: 0,
        }
    }

    pub(super) fn over(breach: LimitBreach) -> Ended {
        let (reason, evidence) = breach.end();
        Ended {
            evidence,
            ..Ended::of(reason)
        }
    }

    pub(super) fn not_started(text: impl std::fmt::Display) -> Ended {
        Ended::of(ExitReason::not_started(text.to_string()))
    }

    pub(super) fn by_exit_code(code: i32) -> Ended {
        Ended {
            exit_code: Some(code),
            ..Ended::of(by_exit_code(code))
        }
    }
}

/// How the data of a process's store comes to be.
enum Data<F, T> {
    /// Made where it is put, so that it is not copied on the way there.
    Make(F),
    /// Handed back by a pool that had no room.
    Made(Box<T>),
}

/// What became of one attempt.
enum Attempt<'a, T: 'static> {
    Started(Started<'a, T>),
    Ended(Box<Ended>),
    /// The pool had no room after all; the data is handed back for another place.
    NoRoom(Box<T>),
}

/// A process that is instantiated and has not run its entry yet.
pub(crate) struct Started<'a, T: 'static> {
    /// Declared before the place, so dropped before it.
    store: Store<T>,
    entry: Entry,
    _place: Place<'a>,
}

/// What is called. A process is kept with it for as long as it lives, so what is large lies in a box.
enum Entry {
    Module(TypedFunc<(), ()>),
    Command(Box<p2::bindings::Command>),
    Concurrent(Box<p3::bindings::Command>),
}

impl<T: Guest> Code<T> {
    /// Sets a process up: one that may have so many table elements, and whose store holds what `make` makes. What of the guest's code
    /// runs before its entry has run then. The future is large and soon over.
    pub(crate) async fn start<F>(
        self: &Arc<Self>,
        max_table_elements: u32,
        make: F,
        arm: Arm<T>,
    ) -> Result<Started<'_, T>, Box<Ended>>
    where
        F: FnOnce() -> T + Send,
    {
        let mut wish = Wish {
            home: self.home,
            placement: self.placement,
            footprint: self.footprint,
            max_table_elements,
            // What a guest brings is held once: it counts against that guest.
            in_any_pool: self.origin == Origin::Operator,
        };
        let mut data = Data::Make(make);
        loop {
            let place = self.engines.admit(&wish).map_err(not_started)?;
            match self.attempt(place, data, arm).await {
                Attempt::Started(started) => return Ok(started),
                Attempt::Ended(ended) => return Err(ended),
                // It has a seat, so the pool has room for all that it is known to need.
                Attempt::NoRoom(_) if self.placement == Placement::Guarded => {
                    return Err(not_started(self.engines.pool_is_full()));
                }
                Attempt::NoRoom(mut returned) => {
                    returned.limits().restart();
                    data = Data::Made(returned);
                    wish.home = EngineClass::Dense;
                }
            }
        }
    }

    async fn attempt<'a, F>(
        self: &'a Arc<Self>,
        place: Place<'a>,
        data: Data<F, T>,
        arm: Arm<T>,
    ) -> Attempt<'a, T>
    where
        F: FnOnce() -> T + Send,
    {
        let linked = match self.linked(place.site()).await {
            Ok(linked) => linked,
            Err(error) => return Attempt::Ended(not_started(error)),
        };
        // Declared after the place, so dropped before it.
        let mut store = match self.store(&place, data, arm) {
            Ok(store) => store,
            Err(ended) => return Attempt::Ended(ended),
        };
        match instantiate(linked, &mut store).await {
            Ok(entry) => {
                store.data_mut().limits().started();
                Attempt::Started(Started {
                    store,
                    entry,
                    _place: place,
                })
            }
            Err(error)
                if place.class() == EngineClass::Pooled
                    && error.is::<PoolConcurrencyLimitError>() =>
            {
                Attempt::NoRoom(Box::new(store.into_data()))
            }
            Err(error) => {
                let ended = met(&error, Stage::Instantiating, &mut store);
                Attempt::Ended(Box::new(finish(&mut store, ended)))
            }
        }
    }

    /// A store at this place, under the bounds of its profile, with whatever has to be open before any guest code runs.
    fn store<F: FnOnce() -> T>(
        &self,
        place: &Place<'_>,
        data: Data<F, T>,
        arm: Arm<T>,
    ) -> Result<Store<T>, Box<Ended>> {
        let mut data = match data {
            Data::Make(make) => make(),
            Data::Made(made) => *made,
        };
        data.wasi().open(self.kind()).map_err(not_started)?;
        let engine = self.engines.engine(place.site()).map_err(not_started)?;
        let mut store = Store::try_new(engine, data).map_err(not_started)?;
        store.limiter(|state| state.limits());
        bound(&mut store);
        arm(&mut store);
        Ok(store)
    }
}

fn not_started(why: impl std::fmt::Display) -> Box<Ended> {
    Box::new(Ended::not_started(why))
}

/// Wasmtime's own bounds, as the profile has them.
fn bound<T: Guest>(store: &mut Store<T>) {
    let limits = store.data_mut().wasi().limits();
    let fuel = usize::try_from(limits.max_call_bytes).unwrap_or(usize::MAX);
    let max_handles = wasi::max_component_handles(limits);
    let max_entries = wasi::max_table_entries(limits);
    store.set_hostcall_fuel(fuel);
    store.set_max_component_handles(max_handles);
    // Streams, futures and tasks of WASI 0.3.
    if let Some(table) = store.concurrent_resource_table() {
        table.set_max_capacity(max_entries);
    }
}

/// How a guest ended that met this error.
fn met<T: Guest>(error: &wasmtime::Error, stage: Stage, store: &mut Store<T>) -> Ended {
    trap::ended(error, stage, store.data_mut().wasi().limits())
}

async fn instantiate<T: Guest>(
    linked: &Linked<T>,
    store: &mut Store<T>,
) -> wasmtime::Result<Entry> {
    Ok(match linked {
        Linked::Module(pre) => {
            let instance = pre.instantiate_async(&mut *store).await?;
            Entry::Module(instance.get_typed_func(&mut *store, "_start")?)
        }
        Linked::Command(pre) => Entry::Command(Box::new(pre.instantiate_async(store).await?)),
        Linked::Concurrent(pre, indices) => {
            let instance = pre.instantiate_async(&mut *store).await?;
            Entry::Concurrent(Box::new(indices.load(&mut *store, &instance)?))
        }
    })
}

impl<T: Guest> Started<'_, T> {
    /// Runs it to its end. Once.
    pub(crate) async fn run(&mut self) -> Ended {
        let Self { store, entry, .. } = self;
        let result = match entry {
            Entry::Module(entry) => entry.call_async(&mut *store, ()).await.map(Ok),
            Entry::Command(command) => Box::pin(command.wasi_cli_run().call_run(&mut *store)).await,
            Entry::Concurrent(command) => Box::pin(run_concurrently(command, store)).await,
        };
        let ended = match result {
            Ok(result) => Ended::by_exit_code(i32::from(result.is_err())),
            Err(error) => met(&error, Stage::Running, store),
        };
        let printed = store.data_mut().wasi().printed().cloned();
        if let Some(output) = printed.filter(|output| output.is_waiting()) {
            Box::pin(async move { output.drain().await }).await;
        }
        finish(store, ended)
    }
}

async fn run_concurrently<T: Guest>(
    command: &p3::bindings::Command,
    store: &mut Store<T>,
) -> wasmtime::Result<Result<(), ()>> {
    let output = Arc::clone(store.data_mut().wasi().output());
    let result = store
        .run_concurrent(async move |accessor| {
            let run = command.wasi_cli_run().call_run(accessor);
            unless_breached(run, &output).await
        })
        .await;
    result.flatten()
}

/// What remains to be seen to when guest code has run.
fn finish<T: Guest>(store: &mut Store<T>, mut ended: Ended) -> Ended {
    let guest = store.data_mut();
    if let Some(output) = guest.wasi().printed() {
        output.finish();
        // A guest may have ignored that its output was refused.
        if let Some(breach) = output.breach() {
            ended = Ended::over(breach);
        }
    }
    ended.peak_memory_bytes = guest.limits().peak_bytes();
    ended
}

/// The guest's run, cut short when its output exceeds the bound: a stream of WASI 0.3 cannot end it.
async fn unless_breached<R>(
    run: impl Future<Output = wasmtime::Result<R>>,
    output: &GuestOutput,
) -> wasmtime::Result<R> {
    let (mut run, mut breach) = (pin!(run), pin!(output.wait_for_breach()));
    std::future::poll_fn(|context| match run.as_mut().poll(context) {
        Poll::Ready(result) => Poll::Ready(result),
        Poll::Pending => breach
            .as_mut()
            .poll(context)
            .map(|breach| Err(breach.into())),
    })
    .await
}
