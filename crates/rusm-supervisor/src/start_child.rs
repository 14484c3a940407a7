//! How a child is started: [`StartChild`], and [`StartWith`] for children that are started with arguments.
//!
//! Both are functions, kept behind an `Arc` and called again for every restart, in a slice of the supervisor.

use rusm_actor::{Context, ExitReason, Payload, SpawnOptions, Spawned};
use std::any::Any;
use std::fmt;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::pin::Pin;
use std::sync::Arc;
use std::task::Poll;

/// What a start that did not fail came to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Started {
    /// The child has this process.
    Child(Spawned),
    /// The same, and whoever asked for the child is told this (OTP statement 129).
    ChildWithInfo(Spawned, Payload),
    /// There is nothing to run: the child has no process, which is no failure (OTP statement 114).
    Ignore,
}

impl From<Spawned> for Started {
    fn from(spawned: Spawned) -> Self {
        Self::Child(spawned)
    }
}

/// What starting a child gives: the child, or why there is none.
pub type StartFuture<'a> = Pin<Box<dyn Future<Output = Result<Started, ExitReason>> + Send + 'a>>;

type StartFn = dyn for<'a> Fn(&'a Context) -> StartFuture<'a> + Send + Sync;

/// How a child is started, in a slice of its supervisor; called again for every restart.
///
/// It must spawn the child **linked and monitored** ([`SpawnOptions::link`], [`SpawnOptions::monitor`]):
/// only a tie made in the same step as the process itself sees the true reason of a child that ends at
/// once. A missing tie is made up for after the start, too late for such a child. A start that panics has
/// failed, as one that crashes has in OTP.
#[derive(Clone)]
pub struct StartChild(Arc<StartFn>);

impl StartChild {
    /// A start that needs no waiting: the child initialises itself later, on its own time.
    pub fn immediate<F, S>(start: F) -> Self
    where
        F: Fn(&Context) -> Result<S, ExitReason> + Send + Sync + 'static,
        S: Into<Started>,
    {
        Self(Arc::new(move |context| {
            let started = start(context).map(Into::into);
            Box::pin(std::future::ready(started))
        }))
    }

    /// A start that waits until the child is ready; the next sibling starts after it. Meanwhile the
    /// supervisor can be killed, but does nothing else: the child must not ask it anything.
    pub fn awaited<F>(start: F) -> Self
    where
        F: for<'a> Fn(&'a Context) -> StartFuture<'a> + Send + Sync + 'static,
    {
        Self(Arc::new(start))
    }

    /// Spawns a future of the host.
    pub(crate) fn native<F, Fut>(label: Arc<str>, body: F) -> Self
    where
        F: Fn(Context) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ExitReason> + Send + 'static,
    {
        let body = Arc::new(body);
        Self::immediate(move |context| {
            let body = Arc::clone(&body);
            spawn(context, &label, move |context| body(context))
        })
    }

    pub(crate) async fn start(&self, context: &Context) -> Result<Started, ExitReason> {
        let mut start: Option<StartFuture<'_>> = None;
        std::future::poll_fn(|task| {
            let polled = catch_unwind(AssertUnwindSafe(|| {
                let start = start.get_or_insert_with(|| (self.0)(context));
                start.as_mut().poll(task)
            }));
            polled.unwrap_or_else(|panic| Poll::Ready(Err(panicked(&*panic))))
        })
        .await
    }
}

impl fmt::Debug for StartChild {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StartChild")
    }
}

type StartWithFn<A> = dyn for<'a> Fn(&'a Context, Arc<A>) -> StartFuture<'a> + Send + Sync;

/// How a child of a dynamic supervisor is started, with the arguments it was asked for with; the same ones at
/// every restart (OTP statement 133). What is said of [`StartChild`] holds here too.
pub struct StartWith<A>(Arc<StartWithFn<A>>);

impl<A: Send + Sync + 'static> StartWith<A> {
    /// A start that needs no waiting.
    pub fn immediate<F, S>(start: F) -> Self
    where
        F: Fn(&Context, &A) -> Result<S, ExitReason> + Send + Sync + 'static,
        S: Into<Started>,
    {
        Self(Arc::new(move |context, arguments| {
            let started = start(context, &arguments).map(Into::into);
            Box::pin(std::future::ready(started))
        }))
    }

    /// A start that waits until the child is ready.
    pub fn awaited<F>(start: F) -> Self
    where
        F: for<'a> Fn(&'a Context, Arc<A>) -> StartFuture<'a> + Send + Sync + 'static,
    {
        Self(Arc::new(start))
    }

    /// Spawns a future of the host.
    pub(crate) fn native<F, Fut>(label: Arc<str>, body: F) -> Self
    where
        F: Fn(Context, Arc<A>) -> Fut + Send + Sync + 'static,
        Fut: Future<Output = ExitReason> + Send + 'static,
    {
        let body = Arc::new(body);
        Self(Arc::new(move |context, arguments| {
            let body = Arc::clone(&body);
            let spawned = spawn(context, &label, move |context| body(context, arguments));
            Box::pin(std::future::ready(spawned.map(Into::into)))
        }))
    }

    /// The start of one child.
    pub(crate) fn bind(&self, arguments: A) -> StartChild {
        let (start, arguments) = (Arc::clone(&self.0), Arc::new(arguments));
        StartChild::awaited(move |context| start(context, Arc::clone(&arguments)))
    }
}

impl<A> fmt::Debug for StartWith<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("StartWith")
    }
}

fn spawn<F, Fut>(context: &Context, label: &Arc<str>, body: F) -> Result<Spawned, ExitReason>
where
    F: FnOnce(Context) -> Fut + Send + 'static,
    Fut: Future<Output = ExitReason> + Send + 'static,
{
    let options = SpawnOptions::new(Arc::clone(label)).link().monitor();
    let spawned = context.spawn(options, body);
    spawned.map_err(|error| ExitReason::not_started(error.to_string()))
}

fn panicked(panic: &(dyn Any + Send)) -> ExitReason {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    ExitReason::trap(format!(
        "the start panicked: {}",
        text.unwrap_or("without a text")
    ))
}
