//! A guest as the body of a process: from its first slice to its exit reason.

use super::breach::Breach;
use super::meter::{Meter, Metered};
use super::{End, GuestState, LimitBreach};
use crate::abi::raw::RawBuffers;
use crate::code::Ended;
use crate::guest::limits::GuestLimits;
use crate::host_function;
use crate::identity::Identity;
use crate::lineage::Lease;
use crate::runtime::RuntimeShared;
use crate::wasi::{WasiSetup, WasiState};
use rusm_actor::{Context, ExitReason, Pid};
use rusm_caps::{AuditSink, Guard, PidText, Subject};
use std::pin::pin;
use std::sync::{Arc, OnceLock};
use std::task::Poll;
use wasmtime::{Store, UpdateDeadline};

/// Everything that a guest is started with. Nothing is instantiated yet.
pub(crate) struct Start {
    pub(crate) runtime: Arc<RuntimeShared>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) args: Box<[String]>,
    pub(crate) lease: Lease,
}

/// The process: sets the guest up, runs it under its bounds in time, and gives its exit reason.
///
/// Every process that waits holds this future. So nothing lies in it twice: what is made here is made before it, and what sets the
/// guest up is in a box that is gone by then.
pub(crate) fn run(context: Context, start: Start) -> impl Future<Output = ExitReason> + Send {
    let Start {
        runtime,
        identity,
        args,
        lease,
    } = start;
    lease.lineage().set_pid(context.pid());
    let guard = guard(&context, &runtime, &identity);
    let meter = Arc::new(Meter::new(context, identity));
    async move {
        let Meter {
            context, identity, ..
        } = &*meter;
        let code = &identity.component.code;
        let embedded = &runtime.host_interfaces;
        if let Err(refused) = host_function::admit(embedded, &guard, code.kind(), code.imports()) {
            return ExitReason::not_started(refused.to_string());
        }
        let limits = identity.granted.limits();
        let make = || state(guard, args, &runtime, &meter);
        let setup = Box::pin(code.start(limits.max_table_elements, make, arm));
        let run = pin!(async {
            let mut started = match setup.await {
                Ok(started) => started,
                Err(ended) => return finish(*ended, identity),
            };
            finish(started.run().await, identity)
        });
        let run = Metered::new(run, &meter);
        let (reason, evidence) = match limits.timeout {
            None => run.await,
            Some(timeout) => {
                // From its birth on, and not from when it first waits: its first slice may be a long one.
                let alarm = context.sleep(timeout.saturating_sub(meter.lived()));
                let over = async {
                    alarm.await;
                    LimitBreach(Breach::wall(timeout, meter.lived()))
                };
                Box::pin(within(run, over)).await
            }
        };
        runtime.reporter.note(context.pid(), evidence);
        drop(lease);
        reason
    }
}

fn finish(ended: Ended, identity: &Identity) -> End {
    if let Some(code) = ended.exit_code {
        identity.usage.set_exit_code(code);
    }
    (ended.reason, ended.evidence)
}

fn guard(context: &Context, runtime: &Arc<RuntimeShared>, identity: &Identity) -> Guard {
    let component = &identity.component;
    let text =
        PidText::Of(|pid| Pid::from_u64(pid).map_or_else(String::new, |pid| pid.to_string()));
    let subject = Subject::new(Arc::clone(&component.name), context.pid().as_u64(), text);
    let subject = if component.is_loaded {
        subject.of_loaded_code()
    } else {
        subject
    };
    let sink = Arc::clone(&runtime.reporter) as Arc<dyn AuditSink>;
    let policy = Arc::clone(&runtime.policy);
    Guard::with_policy(Arc::clone(&identity.granted), subject, sink, policy)
}

fn state(
    guard: Guard,
    args: Box<[String]>,
    runtime: &Arc<RuntimeShared>,
    meter: &Arc<Meter>,
) -> GuestState {
    let identity = &meter.identity;
    let limits = identity.granted.limits();
    GuestState {
        wasi: WasiState::new(WasiSetup {
            guard: guard.clone(),
            args,
            folder: Arc::clone(&identity.component.folder),
            logs_terminal: identity.logs_terminal,
            surroundings: Arc::clone(&runtime.surroundings),
        }),
        guard,
        limits: GuestLimits::new(limits, runtime.ceilings.memory.as_ref())
            .shown_in(Arc::clone(identity)),
        max_call_bytes: limits.max_call_bytes,
        max_timers: usize::try_from(limits.max_timers).unwrap_or(usize::MAX),
        runtime: Arc::clone(runtime),
        kv: OnceLock::new(),
        raw: RawBuffers::default(),
        meter: Arc::clone(meter),
    }
}

/// Makes a store preemptible: the callback runs at the first check after each tick.
fn arm(store: &mut Store<GuestState>) {
    store.set_epoch_deadline(1);
    // It holds nothing, so it costs no allocation.
    store.epoch_deadline_callback(|store| Ok(on_tick(store.data())?));
}

/// A preemption tick reached the guest while it computed.
fn on_tick(state: &GuestState) -> Result<UpdateDeadline, LimitBreach> {
    let computed = state.meter.tick()?;
    if state.context().should_yield(computed) {
        state.meter.note_preempted();
        Ok(UpdateDeadline::Yield(1))
    } else {
        Ok(UpdateDeadline::Continue(1))
    }
}

/// Runs until the guest ends or its wall time is over.
async fn within(run: impl Future<Output = End>, over: impl Future<Output = LimitBreach>) -> End {
    let (mut run, mut over) = (pin!(run), pin!(over));
    std::future::poll_fn(|task| {
        if let Poll::Ready(end) = run.as_mut().poll(task) {
            return Poll::Ready(end);
        }
        over.as_mut().poll(task).map(LimitBreach::end)
    })
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    fn size_of_future<Given, Future>(_: fn(Context, Given) -> Future) -> usize {
        size_of::<Future>()
    }

    /// Every process that waits holds its future, and its data besides: neither may come to lie in it twice.
    #[test]
    fn what_a_process_waits_in_is_small() {
        let (future, data) = (size_of_future(run), size_of::<GuestState>());
        assert!(future <= 512, "the future takes {future} bytes");
        assert!(data <= 384, "the data takes {data} bytes");
    }
}
