//! What children do: wait, work and fail, linger, resist; and starts that fail, ignore or take their time.
//!
//! A child's id says what the checkers have to know of it: restart type (`p`, `t`, `x`), significance (`!` or `-`),
//! kind (`w` worker, `s` supervisor, `d` dynamic supervisor, `c` dynamic child), and a number.

use rusm_actor::{Context, Event, ExitReason, Selector, SpawnOptions};
use rusm_supervisor::{Restart, Shutdown, StartChild, StartFuture, Started};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::time::Duration;

/// Where children draw from, and whether they are to keep still.
#[derive(Debug)]
pub(super) struct Mood {
    state: AtomicU64,
    is_calm: AtomicBool,
}

impl Mood {
    pub(super) fn new(seed: u64) -> Self {
        Self {
            state: AtomicU64::new(!seed),
            is_calm: AtomicBool::new(false),
        }
    }

    /// From now on starts succeed, and nobody ends without being told to.
    pub(super) fn calm_down(&self) {
        self.is_calm.store(true, Ordering::Relaxed);
    }

    fn is_calm(&self) -> bool {
        self.is_calm.load(Ordering::Relaxed)
    }

    /// A number below `bound`. One thread draws, in the order of the simulation.
    pub(super) fn draw(&self, bound: u64) -> u64 {
        let mixed = self
            .state
            .fetch_add(0x9e37_79b9_7f4a_7c15, Ordering::Relaxed);
        let mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % bound
    }

    pub(super) fn one_in(&self, n: u64) -> bool {
        self.draw(n) == 0
    }

    fn ms(&self, most: u64) -> Duration {
        Duration::from_millis(self.draw(most))
    }

    fn reason(&self) -> ExitReason {
        match self.draw(4) {
            0 => ExitReason::Normal,
            1 => ExitReason::Shutdown,
            _ => ExitReason::error("had enough"),
        }
    }
}

#[derive(Clone, Copy, Debug)]
pub(super) enum Behaviour {
    /// Waits for a signal.
    Wait,
    /// Ends by itself, soon.
    Job,
    /// Traps exits; told to stop, it takes its time and ends for any reason.
    Linger,
    /// Traps exits and ends only when its supervisor has.
    Resist,
    /// Cuts its link, and ends when its supervisor has.
    Unlinked,
}

impl Behaviour {
    pub(super) fn draw(mood: &Mood) -> Self {
        match mood.draw(8) {
            0..=2 => Self::Wait,
            3 | 4 => Self::Job,
            5 => Self::Linger,
            6 => Self::Resist,
            _ => Self::Unlinked,
        }
    }

    /// A shutdown rule that comes to its end with this behaviour.
    pub(super) fn shutdown(self, mood: &Mood) -> Shutdown {
        match (mood.draw(4), self) {
            (0, _) => Shutdown::BrutalKill,
            (1, Self::Wait | Self::Job | Self::Linger | Self::Unlinked) => Shutdown::Infinity,
            _ => Shutdown::Timeout(mood.ms(30)),
        }
    }

    async fn live(self, context: Context, mood: Arc<Mood>) -> ExitReason {
        let parent = context.parent().unwrap();
        match self {
            Self::Wait => wait(&context).await,
            Self::Job => {
                context.sleep(mood.ms(60)).await;
                if mood.is_calm() {
                    wait(&context).await;
                }
                mood.reason()
            }
            Self::Linger => {
                context.trap_exits(true);
                while !matches!(context.receive(Selector::any()).await, Event::Exit { .. }) {}
                context.sleep(mood.ms(40)).await;
                mood.reason()
            }
            Self::Resist | Self::Unlinked => {
                let end_of_parent = context.monitor(parent);
                match self {
                    Self::Unlinked => context.unlink(parent),
                    _ => {
                        context.trap_exits(true);
                    }
                }
                context.receive(Selector::down(end_of_parent)).await;
                mood.reason()
            }
        }
    }
}

async fn wait(context: &Context) -> ExitReason {
    loop {
        context.receive(Selector::any()).await;
    }
}

/// Starts a child that behaves like this. One restart in eight fails, and a first start hardly ever.
pub(super) fn start_of(id: &str, behaviour: Behaviour, mood: &Arc<Mood>) -> StartChild {
    let (id, mood) = (Arc::<str>::from(id), Arc::clone(mood));
    let has_started = AtomicBool::new(false);
    StartChild::awaited(move |context| {
        let fails_one_in = match has_started.swap(true, Ordering::Relaxed) {
            false => 50,
            true => 8,
        };
        let (id, mood) = (Arc::clone(&id), Arc::clone(&mood));
        start(context, id, behaviour, fails_one_in, mood)
    })
}

pub(super) fn start(
    context: &Context,
    id: Arc<str>,
    behaviour: Behaviour,
    fails_one_in: u64,
    mood: Arc<Mood>,
) -> StartFuture<'_> {
    Box::pin(async move {
        if mood.one_in(5) {
            context.sleep(mood.ms(4)).await;
        }
        if !mood.is_calm() && mood.one_in(fails_one_in) {
            return Err(ExitReason::not_started("no luck"));
        }
        if mood.one_in(20) {
            return Ok(Started::Ignore);
        }
        let options = SpawnOptions::new(id).link().monitor();
        let its_mood = Arc::clone(&mood);
        let spawned = context.spawn(options, move |context| behaviour.live(context, its_mood));
        let spawned = spawned.map_err(|error| ExitReason::not_started(error.to_string()))?;
        if mood.one_in(5) {
            context.sleep(mood.ms(4)).await;
        }
        Ok(spawned.into())
    })
}

pub(super) fn id(restart: Restart, is_significant: bool, kind: char, number: usize) -> String {
    let restart = match restart {
        Restart::Permanent => 'p',
        Restart::Transient => 't',
        Restart::Temporary => 'x',
    };
    let significant = if is_significant { '!' } else { '-' };
    format!("{restart}{significant}{kind}{number}")
}

/// What an id says.
pub(super) fn restart_of(id: &str) -> Restart {
    match id.chars().next() {
        Some('p') => Restart::Permanent,
        Some('t') => Restart::Transient,
        _ => Restart::Temporary,
    }
}

pub(super) fn is_significant(id: &str) -> bool {
    id.contains('!')
}
