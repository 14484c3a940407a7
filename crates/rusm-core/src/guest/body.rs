//! A guest as the body of a process: from its first slice to its exit reason.

use super::breach::Breach;
use super::meter::{Meter, Metered};
use super::{End, GuestState, LimitBreach};
use crate::abi::raw::RawBuffers;
use crate::event::GuestLog;
use crate::guest::limits::GuestLimits;
use crate::host_function;
use crate::identity::Identity;
use crate::lineage::Lease;
use crate::program::GuestCode;
use crate::runtime::RuntimeShared;
use crate::wasi::{WasiSetup, WasiState};
use rusm_actor::{Context, ExitReason};
use rusm_caps::{AuditSink, Guard, Permission, Profile, Subject};
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use wasmtime::{Store, UpdateDeadline};

/// Everything that a guest is started with. Nothing is instantiated yet.
pub(crate) struct Start {
    pub(crate) runtime: Arc<RuntimeShared>,
    pub(crate) code: Arc<GuestCode>,
    pub(crate) profile: Arc<Profile>,
    pub(crate) args: Vec<String>,
    pub(crate) identity: Arc<Identity>,
    pub(crate) lease: Lease,
}

/// The process: sets the guest up, runs it under its bounds in time, and gives its exit reason.
pub(crate) async fn run(context: Context, start: Start) -> ExitReason {
    let context = Arc::new(context);
    let Start {
        runtime,
        code,
        profile,
        args,
        identity,
        lease,
    } = start;
    lease.lineage().set_pid(context.pid());
    let limits = profile.limits();
    let meter = Arc::new(Meter::new(
        context.node(),
        Arc::clone(&identity.usage),
        limits,
    ));
    let timeout = limits.timeout;
    let usage = Arc::clone(&identity.usage);
    let state = state(&context, &runtime, &profile, args, identity);
    let embedded = &runtime.host_interfaces;
    if let Err(refused) = host_function::admit(embedded, &state.guard, code.kind(), code.imports())
    {
        return ExitReason::not_started(refused.to_string());
    }
    let ticks = (Arc::clone(&meter), Arc::clone(&context));
    let arm = move |store: &mut Store<GuestState>| arm(store, &ticks.0, &ticks.1);
    let run = async move {
        let ended = code.run(state, &arm).await;
        if let Some(code) = ended.exit_code {
            usage.set_exit_code(code);
        }
        (ended.reason, ended.evidence)
    };
    let run = Metered::new(run, meter);
    let (reason, evidence) = match timeout {
        None => run.await,
        Some(timeout) => {
            let over = async {
                let born = context.node().now();
                context.sleep(timeout).await;
                let lived = context.node().now().saturating_sub(born);
                LimitBreach(Breach::wall(timeout, lived))
            };
            within(run, over).await
        }
    };
    runtime.reporter.note(context.pid(), evidence);
    reason
}

fn state(
    context: &Arc<Context>,
    runtime: &Arc<RuntimeShared>,
    profile: &Arc<Profile>,
    args: Vec<String>,
    identity: Arc<Identity>,
) -> GuestState {
    let subject = Subject::new(
        Arc::clone(&identity.component),
        context.pid().as_u64(),
        context.pid().to_string(),
    );
    let subject = if identity.is_loaded {
        subject.of_loaded_code()
    } else {
        subject
    };
    let sink = Arc::clone(&runtime.reporter) as Arc<dyn AuditSink>;
    let policy = Arc::clone(&runtime.policy);
    let guard = Guard::with_policy(Arc::clone(profile), subject, sink, policy);
    let log = GuestLog {
        reporter: Arc::clone(&runtime.reporter),
        component: Arc::clone(&identity.component),
        pid: context.pid(),
        on_terminal: guard.query(Permission::Stdio.name(), None),
        wants_terminal: identity.logs_terminal,
    };
    let mut argv = vec![identity.component.to_string()];
    argv.extend(args);
    let wasi = WasiState::new(WasiSetup {
        guard: guard.clone(),
        args: argv,
        folder: Arc::clone(&identity.folder),
        private_places: Arc::clone(&runtime.private_places),
        handles: runtime.ceilings.handles.clone(),
        dotenv: Arc::clone(&runtime.env),
        lines: Arc::new(log),
        reach: runtime.reach.clone(),
    });
    GuestState {
        context: Arc::clone(context),
        guard,
        limits: GuestLimits::new(profile.limits(), runtime.ceilings.memory.as_ref())
            .shown_in(Arc::clone(&identity.usage)),
        max_call_bytes: profile.limits().max_call_bytes,
        max_timers: usize::try_from(profile.limits().max_timers).unwrap_or(usize::MAX),
        identity,
        kv: runtime.store(),
        runtime: Arc::clone(runtime),
        wasi,
        raw: RawBuffers::default(),
    }
}

/// Makes a store preemptible: the callback runs at the first check after each tick.
fn arm(store: &mut Store<GuestState>, meter: &Arc<Meter>, context: &Arc<Context>) {
    let (meter, context) = (Arc::clone(meter), Arc::clone(context));
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(move |_| Ok(on_tick(&meter, &context)?));
}

/// A preemption tick reached the guest while it computed.
fn on_tick(meter: &Meter, context: &Context) -> Result<UpdateDeadline, LimitBreach> {
    let n_ticks = meter.tick()?;
    if context.should_yield(n_ticks) {
        meter.note_preempted();
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
