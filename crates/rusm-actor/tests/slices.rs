//! Slices that are measured: with one look at the clock where one follows another, and nothing counted that is not theirs.

use crate::support::*;
use rusm_actor::{Context, Event, ExitReason, Pid, Selector};
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

/// From when to when.
type Slice = (Duration, Duration);
/// Of all measured slices, in the order of their ends.
type Slices = Arc<Mutex<Vec<Slice>>>;

/// Measures each slice of a body, as the runtime does with guests.
struct Measured<F> {
    body: Pin<Box<F>>,
    context: Arc<Context>,
    slices: Slices,
}

impl<F: Future> Future for Measured<F> {
    type Output = F::Output;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<F::Output> {
        let began = self.context.slice_began();
        let polled = self.body.as_mut().poll(task);
        let ended = self.context.slice_ends();
        self.slices.lock().unwrap().push((began, ended));
        polled
    }
}

fn start_measured<F, Fut>(me: &Context, slices: &Slices, body: F) -> Pid
where
    F: FnOnce(Arc<Context>) -> Fut + Send + 'static,
    Fut: Future<Output = ExitReason> + Send + 'static,
{
    let slices = Arc::clone(slices);
    start(me, move |me| async move {
        let context = Arc::new(me);
        let body = Box::pin(body(Arc::clone(&context)));
        Measured {
            body,
            context,
            slices,
        }
        .await
    })
}

async fn message(me: &Context) -> Pid {
    match me.receive(Selector::any()).await {
        Event::Message(message) => message.from,
        other => panic!("{other:?}"),
    }
}

/// Answers this many messages.
async fn answer(me: Arc<Context>, n_messages: usize) -> ExitReason {
    for _ in 0..n_messages {
        let asker = message(&me).await;
        me.send(asker, 0, "").unwrap();
    }
    ExitReason::Normal
}

/// Tells somebody once it was told.
async fn tell(me: Arc<Context>, to: Pid) -> ExitReason {
    message(&me).await;
    me.send(to, 0, "").unwrap();
    ExitReason::Normal
}

/// What was measured once the body, on one worker, has ended and all that it has started.
fn measured<F, Fut>(body: F) -> Vec<Slice>
where
    F: FnOnce(Context, Slices) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let (node, slices) = (node(1), Slices::default());
    let given = Arc::clone(&slices);
    node.block_on(|me| body(me, given)).unwrap();
    node.shutdown();
    std::mem::take(&mut *slices.lock().unwrap())
}

#[test]
fn a_measured_slice_begins_where_the_one_before_it_ended() {
    let slices = measured(|me, slices| async move {
        let pong = start_measured(&me, &slices, |me| answer(me, 100));
        let parent = me.pid();
        start_measured(&me, &slices, move |me| async move {
            for _ in 0..100 {
                me.send(pong, 0, "").unwrap();
                message(&me).await;
            }
            me.send(parent, 0, "").unwrap();
            ExitReason::Normal
        });
        message(&me).await;
    });
    let pairs = || slices.iter().zip(slices.iter().skip(1));
    for ((_, ended), (began, _)) in pairs() {
        assert!(began >= ended, "no moment counts twice");
    }
    let n_joined = pairs().filter(|((_, ended), (began, _))| began == ended);
    assert!(n_joined.count() > 100, "{slices:?}");
}

/// Nobody pays for a slice that measures nothing.
#[test]
fn what_nobody_measured_counts_for_nobody() {
    let between = Arc::new(Mutex::new(Duration::ZERO));
    let when = Arc::clone(&between);
    let slices = measured(|me, slices| async move {
        let parent = me.pid();
        let last = start_measured(&me, &slices, move |me| tell(me, parent));
        let unmeasured = start(&me, move |me| async move {
            message(&me).await;
            *when.lock().unwrap() = me.now();
            me.send(last, 0, "").unwrap();
            wait_for_ever(me).await
        });
        me.yield_now().await;
        start_measured(&me, &slices, move |me| async move {
            me.send(unmeasured, 0, "").unwrap();
            message(&me).await;
            ExitReason::Normal
        });
        message(&me).await;
    });
    let [_, (_, first_ended), (last_began, _), ..] = *slices else {
        panic!("{slices:?}");
    };
    let between = *between.lock().unwrap();
    assert!(
        first_ended <= between && between <= last_began,
        "{between:?} {slices:?}"
    );
}

/// Says when it was dropped.
struct Burden(Arc<Context>, Arc<Mutex<Duration>>);

impl Drop for Burden {
    fn drop(&mut self) {
        *self.1.lock().unwrap() = self.0.now();
    }
}

/// Who is next does not pay for clearing away a process that has ended.
#[test]
fn a_death_counts_for_nobody_else() {
    let dropped = Arc::new(Mutex::new(Duration::ZERO));
    let when = Arc::clone(&dropped);
    let slices = measured(|me, slices| async move {
        let parent = me.pid();
        let heir = start_measured(&me, &slices, move |me| tell(me, parent));
        me.yield_now().await;
        start(&me, move |me| async move {
            let context = Arc::new(me);
            let _burden = Burden(Arc::clone(&context), when);
            let dying = Arc::clone(&context);
            let body = Box::pin(async move {
                dying.send(heir, 0, "").unwrap();
                ExitReason::Normal
            });
            Measured {
                body,
                context,
                slices,
            }
            .await
        });
        message(&me).await;
    });
    let (began, _) = slices.last().expect("the heir ran last");
    let dropped = *dropped.lock().unwrap();
    assert!(dropped > Duration::ZERO && *began >= dropped, "{slices:?}");
}

/// A pause is nobody's time.
#[test]
fn waiting_counts_for_nobody() {
    const PAUSE: Duration = Duration::from_millis(1);
    let slices = measured(|me, slices| async move {
        let parent = me.pid();
        start_measured(&me, &slices, move |me| async move {
            me.sleep(PAUSE).await;
            me.send(parent, 0, "").unwrap();
            ExitReason::Normal
        });
        message(&me).await;
    });
    let [(began, _), (went_on, _)] = *slices else {
        panic!("{slices:?}");
    };
    assert!(went_on >= began + PAUSE, "{slices:?}");
}
