//! A process that writes down what it does and what happens to it: [`Actor`].

mod calls;
mod give_up;
mod life;
mod messages;
mod names;
mod spawning;
mod ties;
mod timers;

pub(crate) use life::begin;
pub(crate) use spawning::{draw_tightness, options};

use crate::dice::Dice;
use crate::fact::{Fact, LetterId, Target};
use crate::world::World;
use rusm_actor::sim::meanwhile;
use rusm_actor::{Context, ExitReason, Node, Pid, Ref};
use std::fmt;
use std::panic::resume_unwind;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

/// A [`Context`] whose every operation is written to the ledger, and offers the simulation a moment to run
/// others in between.
///
/// Whatever a body does to others it must do through this: the checkers judge by the ledger alone.
pub struct Actor {
    context: Context,
    node: Node,
    world: Arc<World>,
    /// This process's own choices.
    pub dice: Dice,
    /// Monitors that stand, as far as this process knows.
    pub monitors: Vec<Ref>,
    /// Timers that it armed.
    pub timers: Vec<Ref>,
    /// Requests that it has received and not answered.
    pub requests: Vec<(Ref, LetterId)>,
    ending: Option<ExitReason>,
    /// Set when the body is dropped in the death sequence.
    is_dying: Arc<AtomicBool>,
}

impl Actor {
    fn new(context: Context, world: Arc<World>, dice: Dice, is_dying: Arc<AtomicBool>) -> Self {
        Self {
            node: context.node(),
            context,
            world,
            dice,
            monitors: Vec::new(),
            timers: Vec::new(),
            requests: Vec::new(),
            ending: None,
            is_dying,
        }
    }

    /// This process.
    pub fn pid(&self) -> Pid {
        self.context.pid()
    }

    /// The node.
    pub fn node(&self) -> &Node {
        &self.node
    }

    /// What it shares with the others.
    pub fn world(&self) -> &World {
        &self.world
    }

    /// Virtual time.
    pub fn now(&self) -> Duration {
        self.node.now()
    }

    /// Somebody who was spawned, alive or not; itself if there is nobody.
    pub fn anybody(&mut self) -> Pid {
        let anybody = self.world.anybody(&mut self.dice);
        anybody.unwrap_or_else(|| self.pid())
    }

    /// Writes a line for a checker of one's own.
    pub fn note(&self, text: impl Into<String>) {
        self.write(Fact::Note(text.into()));
    }

    /// Ends the process with this reason after the step.
    pub fn end(&mut self, reason: ExitReason) {
        self.ending = Some(reason);
    }

    /// Fails as host code may fail. The text names the place.
    pub fn panic(&self, text: &str) -> ! {
        let text = format!("{text} of {}", self.pid());
        self.write(Fact::Panics(text.clone()));
        // Without the hook that prints: this one is meant.
        resume_unwind(Box::new(text))
    }

    /// Lets others run.
    pub async fn yield_now(&mut self) {
        self.write(Fact::Yields);
        self.context.yield_now().await;
    }

    fn write(&self, fact: Fact) {
        self.world.ledger.write(self.now(), Some(self.pid()), fact);
    }

    /// Lets the simulation run others, as other workers would.
    fn pause(&self) {
        meanwhile(&self.node);
    }

    fn target(&self, pid: Pid) -> Target {
        let is_there = self.node.process_info(pid).is_some();
        Target { pid, is_there }
    }

    fn letter_id(&self) -> LetterId {
        LetterId(self.world.ledger.number())
    }

    /// What a body may still do while it is dropped.
    fn last_will(&mut self) {
        let temper = self.world.temper;
        if self.dice.one_in(temper.will_one_in) {
            let (one, other) = (self.anybody(), self.anybody());
            self.send(one, 0);
            self.link(other);
        }
        if self.dice.one_in(temper.panic_one_in) && !std::thread::panicking() {
            if !self.is_dying.load(Ordering::Relaxed) {
                self.panic("the drop of the body");
            }
            // The reason stands already, and this changes nothing.
            resume_unwind(Box::new("the drop of a body that ends"));
        }
    }
}

impl Drop for Actor {
    fn drop(&mut self) {
        self.last_will();
    }
}

impl fmt::Debug for Actor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Actor({})", self.pid())
    }
}
