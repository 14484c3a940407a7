//! How long a guest computes, and when it has to stop: [`Meter`], and the [`Metered`] future.
//!
//! CPU time is measured at both ends of a slice, by the node's own clock, with one look where measured slices follow each other; the
//! epoch callback looks at it once per preemption tick. So a bound in time holds to within a tick, also in an endless loop.
//!
//! The meter holds the process's context and its identity, as it is what the store and the future around it share.
//!
//! # Ownership
//! Only the worker that runs the slice writes; the fields are atomics because the callback lives inside
//! the store and the future around it.

use super::breach::Breach;
use super::{End, LimitBreach};
use crate::identity::Identity;
use rusm_actor::Context;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering::Relaxed};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

/// Times are nanoseconds, `u64::MAX` where there is no bound: 584 years, and a slice costs no conversions.
#[derive(Debug)]
pub(crate) struct Meter {
    pub(super) context: Context,
    pub(super) identity: Arc<Identity>,
    max_cpu: u64,
    max_slice: u64,
    timeout: u64,
    /// When its life began, on the node's clock.
    born: u64,
    /// When the running slice began, on the node's clock.
    slice_start: AtomicU64,
    /// CPU time since the guest last waited for something of its own accord.
    since_wait: AtomicU64,
    /// The slice ends because the guest was told to give way, not because it waits.
    is_preempted: AtomicBool,
}

impl Meter {
    pub(crate) fn new(context: Context, identity: Arc<Identity>) -> Self {
        let limits = identity.granted.limits();
        let bound = |bound: Option<Duration>| bound.map_or(u64::MAX, nanos);
        Self {
            born: nanos(context.now()),
            timeout: bound(limits.timeout),
            max_cpu: bound(limits.max_cpu),
            max_slice: bound(limits.max_slice),
            context,
            identity,
            slice_start: AtomicU64::new(0),
            since_wait: AtomicU64::new(0),
            is_preempted: AtomicBool::new(false),
        }
    }

    /// A preemption tick reached the guest: how long it has computed since it last waited, or the bound it is over. That may be next to
    /// nothing: a tick that passed while it waited reaches it as well.
    pub(crate) fn tick(&self) -> Result<Duration, LimitBreach> {
        let now = self.now();
        let slice = self.slice_so_far(now);
        let cpu = self.identity.usage.cpu_nanos().saturating_add(slice);
        let computed = self.waited().saturating_add(slice);
        self.check(now, cpu, computed)?;
        Ok(Duration::from_nanos(computed))
    }

    /// How long its life has lasted.
    pub(crate) fn lived(&self) -> Duration {
        Duration::from_nanos(self.now().saturating_sub(self.born))
    }

    /// The guest is told to give way now.
    pub(crate) fn note_preempted(&self) {
        self.is_preempted.store(true, Relaxed);
    }

    fn begin_slice(&self) {
        let began = nanos(self.context.slice_began());
        self.slice_start.store(began, Relaxed);
        self.is_preempted.store(false, Relaxed);
    }

    /// Books the slice.
    fn end_slice(&self) -> Result<(), LimitBreach> {
        let now = nanos(self.context.slice_ends());
        let slice = self.slice_so_far(now);
        let cpu = self.identity.usage.add_cpu_nanos(slice);
        let waited = self.waited().saturating_add(slice);
        let carried = if self.is_preempted.load(Relaxed) {
            waited
        } else {
            0
        };
        self.since_wait.store(carried, Relaxed);
        self.check(now, cpu, waited)
    }

    fn check(&self, now: u64, cpu: u64, slice: u64) -> Result<(), LimitBreach> {
        let lived = now.saturating_sub(self.born);
        if cpu <= self.max_cpu && slice <= self.max_slice && lived < self.timeout {
            return Ok(());
        }
        let [max_cpu, cpu, max_slice, slice, timeout, lived] = [
            self.max_cpu,
            cpu,
            self.max_slice,
            slice,
            self.timeout,
            lived,
        ]
        .map(Duration::from_nanos);
        Err(LimitBreach(if cpu > max_cpu {
            Breach::cpu(max_cpu, cpu)
        } else if slice > max_slice {
            Breach::slice(max_slice, slice)
        } else {
            Breach::wall(timeout, lived)
        }))
    }

    fn now(&self) -> u64 {
        nanos(self.context.now())
    }

    fn slice_so_far(&self, now: u64) -> u64 {
        now.saturating_sub(self.slice_start.load(Relaxed))
    }

    fn waited(&self) -> u64 {
        self.since_wait.load(Relaxed)
    }
}

/// At most `u64::MAX`.
fn nanos(time: Duration) -> u64 {
    let seconds = time.as_secs().saturating_mul(1_000_000_000);
    seconds.saturating_add(time.subsec_nanos().into())
}

/// The guest's run, measured; it ends when the guest does or when a bound in time is reached.
pub(crate) struct Metered<'a, F> {
    run: Pin<&'a mut F>,
    meter: &'a Meter,
}

impl<'a, F> Metered<'a, F> {
    pub(crate) fn new(run: Pin<&'a mut F>, meter: &'a Meter) -> Self {
        Self { run, meter }
    }
}

impl<F: Future<Output = End>> Future for Metered<'_, F> {
    type Output = End;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<End> {
        self.meter.begin_slice();
        let polled = self.run.as_mut().poll(task);
        match (polled, self.meter.end_slice()) {
            (Poll::Ready(end), _) => Poll::Ready(end),
            (Poll::Pending, Ok(())) => Poll::Pending,
            (Poll::Pending, Err(breach)) => Poll::Ready(breach.end()),
        }
    }
}
