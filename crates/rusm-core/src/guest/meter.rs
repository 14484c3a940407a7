//! How long a guest computes, and when it has to stop: [`Meter`], and the [`Metered`] future.
//!
//! CPU time is measured at both ends of a slice, by the node's own clock; the epoch callback looks at it
//! once per preemption tick. So a bound in time holds to within a tick, also in an endless loop.
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
use std::sync::atomic::{AtomicBool, AtomicU32, AtomicU64, Ordering::Relaxed};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

#[derive(Debug)]
pub(crate) struct Meter {
    /// For the node's clock.
    context: Arc<Context>,
    identity: Arc<Identity>,
    max_cpu: Duration,
    max_slice: Duration,
    timeout: Duration,
    /// When its life began, on the node's clock.
    born: Duration,
    /// When the running slice began, in nanoseconds of the node's clock.
    slice_start: AtomicU64,
    /// CPU time since the guest last waited for something of its own accord.
    since_wait: AtomicU64,
    n_ticks: AtomicU32,
    /// The slice ends because the guest was told to give way, not because it waits.
    is_preempted: AtomicBool,
}

impl Meter {
    pub(crate) fn new(context: Arc<Context>, identity: Arc<Identity>) -> Self {
        let limits = identity.granted.limits();
        Self {
            born: context.now(),
            timeout: limits.timeout.unwrap_or(Duration::MAX),
            max_cpu: limits.max_cpu.unwrap_or(Duration::MAX),
            max_slice: limits.max_slice.unwrap_or(Duration::MAX),
            context,
            identity,
            slice_start: AtomicU64::new(0),
            since_wait: AtomicU64::new(0),
            n_ticks: AtomicU32::new(0),
            is_preempted: AtomicBool::new(false),
        }
    }

    /// One preemption tick passed while the guest ran: how many in this slice, or the bound it is over.
    pub(crate) fn tick(&self) -> Result<u32, LimitBreach> {
        let now = self.context.now();
        let slice = self.slice_so_far(now);
        self.check(
            now,
            self.identity.usage.cpu() + slice,
            self.waited() + slice,
        )?;
        Ok(self.n_ticks.fetch_add(1, Relaxed) + 1)
    }

    /// The guest is told to give way now.
    pub(crate) fn note_preempted(&self) {
        self.is_preempted.store(true, Relaxed);
    }

    fn begin_slice(&self) {
        self.slice_start.store(nanos(self.context.now()), Relaxed);
        self.n_ticks.store(0, Relaxed);
        self.is_preempted.store(false, Relaxed);
    }

    /// Books the slice.
    fn end_slice(&self) -> Result<(), LimitBreach> {
        let now = self.context.now();
        let slice = self.slice_so_far(now);
        let cpu = self.identity.usage.cpu() + slice;
        let waited = self.waited() + slice;
        self.identity.usage.set_cpu(cpu);
        let carried = if self.is_preempted.load(Relaxed) {
            waited
        } else {
            Duration::ZERO
        };
        self.since_wait.store(nanos(carried), Relaxed);
        self.check(now, cpu, waited)
    }

    fn check(&self, now: Duration, cpu: Duration, slice: Duration) -> Result<(), LimitBreach> {
        let lived = now.saturating_sub(self.born);
        let breach = if cpu > self.max_cpu {
            Breach::cpu(self.max_cpu, cpu)
        } else if slice > self.max_slice {
            Breach::slice(self.max_slice, slice)
        } else if lived >= self.timeout {
            Breach::wall(self.timeout, lived)
        } else {
            return Ok(());
        };
        Err(LimitBreach(breach))
    }

    fn slice_so_far(&self, now: Duration) -> Duration {
        now.saturating_sub(Duration::from_nanos(self.slice_start.load(Relaxed)))
    }

    fn waited(&self) -> Duration {
        Duration::from_nanos(self.since_wait.load(Relaxed))
    }
}

fn nanos(time: Duration) -> u64 {
    u64::try_from(time.as_nanos()).unwrap_or(u64::MAX)
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
