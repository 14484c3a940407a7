//! From the first slice to the last: [`begin`].

use super::Actor;
use crate::dice::Dice;
use crate::fact::Fact;
use crate::world::{LAST, LATE, World};
use rusm_actor::{Context, ExitReason, Node, Pid, Selector};
use std::panic::resume_unwind;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

/// What is spawned: makes the body when the process gets its first slice.
pub(crate) fn begin(
    world: Arc<World>,
    mut dice: Dice,
    n_steps: u64,
) -> impl FnOnce(Context) -> Body + Send + 'static {
    move |context| {
        let (node, pid) = (context.node(), context.pid());
        if dice.one_in(world.temper.panic_one_in) {
            let text = format!("the making of the body of {pid}");
            let fact = Fact::Panics(text.clone());
            world.ledger.write(node.now(), Some(pid), fact);
            // Without the hook that prints: this one is meant.
            resume_unwind(Box::new(text));
        }
        let is_dying = Arc::new(AtomicBool::new(false));
        let actor = Actor::new(context, Arc::clone(&world), dice, Arc::clone(&is_dying));
        Body {
            script: Box::pin(live(actor, n_steps)),
            world,
            node,
            pid,
            is_dying,
        }
    }
}

/// The script of an actor; writes down when it runs and when it is dropped.
pub(crate) struct Body {
    script: Pin<Box<dyn Future<Output = ExitReason> + Send>>,
    world: Arc<World>,
    node: Node,
    pid: Pid,
    is_dying: Arc<AtomicBool>,
}

impl Body {
    fn write(&self, fact: Fact) {
        let now = self.node.now();
        self.world.ledger.write(now, Some(self.pid), fact);
    }
}

impl Future for Body {
    type Output = ExitReason;

    fn poll(mut self: Pin<&mut Self>, task: &mut TaskContext<'_>) -> Poll<ExitReason> {
        self.write(Fact::SliceBegins);
        let polled = self.script.as_mut().poll(task);
        if let Poll::Ready(reason) = &polled {
            self.write(Fact::Returns(reason.clone()));
        }
        self.write(Fact::SliceEnds);
        polled
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        self.write(Fact::Dies);
        self.is_dying.store(true, Ordering::Relaxed);
    }
}

/// Does its steps, rests until everybody does, looks through its mailbox, and ends.
async fn live(mut me: Actor, n_steps: u64) -> ExitReason {
    for _ in 0..n_steps {
        step(&mut me).await;
        if let Some(reason) = me.ending.take() {
            return reason;
        }
    }
    if me.dice.one_in(me.world.temper.lazy_one_in) {
        me.sleep(left(&me, LATE)).await;
    }
    serve_until(&mut me, LATE).await;
    serve_until(&mut me, LAST).await;
    while me.try_receive(&Selector::any()).is_some() {}
    ExitReason::Normal
}

async fn step(me: &mut Actor) {
    if me.dice.one_in(me.world.temper.panic_one_in) {
        me.panic("a step");
    }
    let world = Arc::clone(&me.world);
    if let Some(workload) = world.draw_workload(&mut me.dice) {
        workload.step(me).await;
    }
}

/// Takes what comes and answers what is asked, until that time.
async fn serve_until(me: &mut Actor, time: Duration) {
    loop {
        let left = left(me, time);
        if me.receive_timeout(Selector::any(), left).await.is_none() {
            return;
        }
        while let Some(request) = me.requests.pop() {
            me.reply(request);
        }
    }
}

fn left(me: &Actor, time: Duration) -> Duration {
    time.saturating_sub(me.now())
}
