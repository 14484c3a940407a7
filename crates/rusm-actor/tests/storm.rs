//! Everything at once: processes that do random things to each other, and what must hold at the end
//! whatever happened.

use crate::support::*;
use rusm_actor::sim::Simulator;
use rusm_actor::{Context, Event, ExitReason, LifecycleEvent, Node, Observer, Pid, Ref, Selector};
use std::collections::HashMap;
use std::pin::Pin;
use std::sync::{Arc, Mutex};
use std::time::Duration;

/// Random numbers of one process, from the seed that its parent drew.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, bound: u64) -> u64 {
        self.0 = self
            .0
            .wrapping_mul(6_364_136_223_846_793_005)
            .wrapping_add(1_442_695_040_888_963_407);
        (self.0 >> 33) % bound
    }
}

type Crowd = Arc<Mutex<Vec<Pid>>>;

/// What a process has heard, and may still hear.
#[derive(Default)]
struct Books {
    /// The last message of each sender: they come in order.
    heard: HashMap<Pid, u64>,
    /// Monitors that stand.
    monitors: Vec<Ref>,
    sent: u64,
}

impl Books {
    fn take(&mut self, me: &Context, event: Event) {
        match event {
            Event::Message(message) => {
                let last = self.heard.insert(message.from, message.tag);
                assert!(last.is_none_or(|last| last < message.tag), "out of order");
            }
            Event::Request(request) => me.reply(request.id, request.payload),
            Event::Exit { .. } => {}
            Event::Down { monitor, .. } => {
                let position = self
                    .monitors
                    .iter()
                    .position(|standing| *standing == monitor);
                self.monitors
                    .swap_remove(position.expect("one notice per monitor, none after demonitor"));
            }
        }
    }
}

async fn act(me: &Context, books: &mut Books, dice: &mut Dice, crowd: &Crowd) {
    let other = {
        let crowd = crowd.lock().unwrap();
        let n_known = u64::try_from(crowd.len()).unwrap();
        crowd[usize::try_from(dice.roll(n_known)).unwrap()]
    };
    match dice.roll(16) {
        0 => me.link(other),
        1 => me.unlink(other),
        2 | 3 if other != me.pid() => books.monitors.push(me.monitor(other)),
        4 => {
            if let Some(monitor) = books.monitors.pop() {
                me.demonitor(monitor);
            }
        }
        5 if other != me.pid() => me.exit_signal(other, ExitReason::error("storm")),
        6 if dice.roll(4) == 0 && other != me.pid() => me.kill(other),
        7 => {
            let timeout = Some(Duration::from_millis(dice.roll(5)));
            if let Ok(reply) = me.call(other, 0, [9], timeout).await {
                assert_eq!(reply.as_slice(), [9]);
            }
        }
        8 => {
            let reborn = Arc::clone(crowd);
            let seed = dice.roll(u64::from(u32::MAX));
            let spawned = me.spawn(child().monitor(), move |me| live(me, seed, reborn, 10));
            let spawned = spawned.unwrap();
            books.monitors.push(spawned.monitor.unwrap());
            crowd.lock().unwrap().push(spawned.pid);
        }
        9 => {
            let timer = me.send_after(Duration::from_millis(dice.roll(5)), me.pid(), u64::MAX, "");
            let tag = u64::MAX;
            if me.cancel_timer(timer.unwrap()).is_none() {
                me.receive(Selector {
                    sender: Some(me.pid()),
                    ..Selector::tag(tag)
                })
                .await;
            }
        }
        10 => me.yield_now().await,
        _ => {
            books.sent += 1;
            let _full = me.send(other, books.sent, "");
        }
    }
}

/// Boxed, as it starts others like itself.
fn live(
    me: Context,
    seed: u64,
    crowd: Crowd,
    n_steps: usize,
) -> Pin<Box<dyn Future<Output = ExitReason> + Send>> {
    Box::pin(async move {
        let mut dice = Dice(seed);
        let mut books = Books::default();
        me.trap_exits(dice.roll(2) == 0);
        for _ in 0..n_steps {
            act(&me, &mut books, &mut dice, &crowd).await;
            while let Some(event) = me.try_receive(&Selector::any()) {
                books.take(&me, event);
            }
        }
        // Every monitor that stands is answered, as everybody ends.
        while !books.monitors.is_empty() {
            let event = me.receive(Selector::any()).await;
            books.take(&me, event);
        }
        ExitReason::Normal
    })
}

async fn storm(me: Context, seed: u64) {
    let crowd: Crowd = Arc::default();
    // Somebody who never moves, so that nobody is alone.
    crowd.lock().unwrap().push(start_waiting(&me));
    for n in 0..12 {
        let others = Arc::clone(&crowd);
        let spawned = me
            .spawn(child(), move |me| live(me, seed + n, others, often(60)))
            .unwrap();
        crowd.lock().unwrap().push(spawned.pid);
    }
    for _ in 0..200 {
        me.yield_now().await;
    }
    // Some wait for the end of each other, in a circle; it comes from here.
    loop {
        let alive: Vec<Pid> = {
            let crowd = crowd.lock().unwrap();
            let is_alive = |pid: &Pid| me.node().is_alive(*pid);
            crowd.iter().copied().filter(is_alive).collect()
        };
        let Some(victim) = alive.last() else { break };
        let monitor = me.monitor(*victim);
        me.exit_signal(*victim, ExitReason::Shutdown);
        me.kill(*victim);
        let end = next_down(&me, monitor).await;
        assert!(!matches!(end, ExitReason::Trap(_)), "{end}");
    }
}

/// Takes down every trap: no body of a storm may have found something wrong.
#[derive(Default)]
struct Traps(Mutex<Vec<String>>);

impl Observer for Traps {
    fn observe(&self, event: &LifecycleEvent) {
        if let LifecycleEvent::Exited {
            reason: ExitReason::Trap(text),
            ..
        } = event
        {
            self.0.lock().unwrap().push(text.to_string());
        }
    }
}

#[test]
fn storm_on_every_seed() {
    for_each_seed(|seed| {
        let traps = Arc::new(Traps::default());
        let observer: Arc<dyn Observer> = Arc::<Traps>::clone(&traps);
        let simulator = Simulator::observed(seed, observer);
        let body = move |me| async move {
            storm(me, seed).await;
            ExitReason::Normal
        };
        simulator.node().spawn(child(), body).unwrap();
        simulator.run();
        assert_eq!(*traps.0.lock().unwrap(), Vec::<String>::new());
        simulator.stop();
        assert_clean(simulator.node());
    });
}

#[test]
fn storm_on_threads() {
    for seed in 0..often(20) as u64 {
        let traps = Arc::new(Traps::default());
        let observer: Arc<dyn Observer> = Arc::<Traps>::clone(&traps);
        let node = Node::builder()
            .workers(3)
            .observer(observer)
            .build()
            .unwrap();
        node.block_on(move |me| storm(me, seed * 1_000))
            .expect("the storm is over");
        node.shutdown();
        assert_eq!(*traps.0.lock().unwrap(), Vec::<String>::new());
        assert_clean(&node);
    }
}
