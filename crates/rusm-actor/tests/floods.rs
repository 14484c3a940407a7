//! A process that floods another does not fill the node's memory: whatever it does, what is held for the
//! other one stays bounded, and the flooder is told, or pays for it itself.
//!
//! In the simulator nobody else runs while a process is in its slice: that is the worst case for what piles
//! up in another's inbox.

use crate::large::{once, once_on_threads};
use crate::support::*;
use rusm_actor::{
    CallError, Context, Event, ExitReason, FULL_SLICE, MailboxBounds, NameError, Node, Pid,
    Selector, SendError, SpawnError, SpawnOptions,
};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc;
use std::time::Duration;

/// How often a flooder does what it does, without letting anybody else run.
const FLOOD: u64 = 20_000;
/// How many signals may wait before those that undo each other are taken out.
const SIGNALS_MAX: usize = 1_024;

const BOUNDS: MailboxBounds = MailboxBounds {
    messages: 10,
    bytes: 1_000,
};

fn bounded() -> SpawnOptions {
    child().bounds(BOUNDS)
}

fn signals_waiting(me: &Context, pid: Pid) -> usize {
    me.node().process_info(pid).unwrap().signals_waiting
}

/// Floods a process that does not come to run meanwhile, and answers how many signals waited for it at most.
fn peak(me: &Context, victim: Pid, mut flood: impl FnMut(u64)) -> usize {
    let flood = (1..=FLOOD).map(|n| {
        flood(n);
        signals_waiting(me, victim)
    });
    flood.max().unwrap()
}

/// Afterwards the victim lives, and nothing of the flood is left of it.
async fn assert_unharmed(me: &Context, victim: Pid) {
    settle_simulation(me).await;
    let info = me.node().process_info(victim).unwrap();
    assert_eq!(info.signals_waiting, 0);
    assert_eq!((info.ties.links, info.ties.watchers), (0, 0));
    assert_eq!(
        (me.ties().links, me.ties().monitors, me.ties().notices),
        (0, 0, 0)
    );
    assert_eq!(me.try_receive(&Selector::any()), None);
}

/// What a trapping process has heard of others' ends, once it is asked.
fn start_deaf(me: &Context) -> Pid {
    let parent = me.pid();
    let body = move |me: Context| async move {
        me.trap_exits(true);
        me.receive(Selector::tag(1)).await;
        let notices = std::iter::from_fn(|| me.try_receive(&Selector::any()));
        let n_notices = u64::try_from(notices.count()).unwrap();
        me.send(parent, n_notices, "heard").unwrap();
        wait_for_ever(me).await
    };
    me.spawn(bounded(), body).unwrap().pid
}

async fn notices_of(me: &Context, deaf: Pid) -> u64 {
    me.send(deaf, 1, "").unwrap();
    next_message(me).await.tag
}

#[test]
fn flood_of_messages() {
    once(|me| async move {
        let victim = me.spawn(bounded(), wait_for_ever).unwrap().pid;
        let n_sent = (0..FLOOD)
            .filter(|_| me.send(victim, 0, "x").is_ok())
            .count();
        assert_eq!(n_sent, BOUNDS.messages);
        assert_eq!(me.send(victim, 0, "x"), Err(SendError::MailboxFull));
    });
}

/// A request that is given up stays a message that waits; the watch that came with it goes.
#[test]
fn flood_of_requests() {
    once(|me| async move {
        let victim = me.spawn(bounded(), wait_for_ever).unwrap().pid;
        let n_waiting = peak(&me, victim, |_| drop(me.call(victim, 0, "x", None)));
        assert!(n_waiting <= BOUNDS.messages, "{n_waiting}");
        let refused = me.call(victim, 0, "x", None).await;
        assert_eq!(refused, Err(CallError::MailboxFull));
        assert_eq!(me.node().pending(), (0, 0));
        assert_unharmed(&me, victim).await;
    });
}

/// A server that reads the requests and answers none of them keeps no watch on callers that gave up.
#[test]
fn flood_of_requests_that_are_read() {
    once(|me| async move {
        let sink = start(&me, |me| async move {
            loop {
                next(&me).await;
            }
        });
        for _ in 0..FLOOD / 100 {
            for _ in 0..100 {
                drop(me.call(sink, 0, "x", None));
            }
            me.yield_now().await;
        }
        assert_unharmed(&me, sink).await;
    });
}

#[test]
fn flood_of_monitors() {
    once(|me| async move {
        let victim = start_waiting(&me);
        let n_waiting = peak(&me, victim, |_| {
            let monitor = me.monitor(victim);
            assert!(me.demonitor(monitor));
        });
        assert!(n_waiting < SIGNALS_MAX, "{n_waiting}");
        assert_unharmed(&me, victim).await;
    });
}

/// The monitors that stand are kept through the flood, and answered.
#[test]
fn flood_of_monitors_around_some_that_stand() {
    once(|me| async move {
        let victim = start_waiting(&me);
        let mut standing = Vec::new();
        let n_waiting = peak(&me, victim, |n| {
            let monitor = me.monitor(victim);
            if n % 100 == 0 {
                standing.push(monitor);
            } else {
                me.demonitor(monitor);
            }
        });
        assert!(n_waiting < SIGNALS_MAX + 2 * standing.len(), "{n_waiting}");
        me.exit_signal(victim, boom());
        for monitor in standing {
            assert_eq!(next_down(&me, monitor).await, boom());
        }
        silence(&me).await;
    });
}

#[test]
fn flood_of_links() {
    once(|me| async move {
        let victim = start_waiting(&me);
        let n_waiting = peak(&me, victim, |_| {
            me.link(victim);
            me.unlink(victim);
        });
        assert!(n_waiting < SIGNALS_MAX, "{n_waiting}");
        assert_unharmed(&me, victim).await;
        // The last of them counts, as ever.
        me.trap_exits(true);
        peak(&me, victim, |_| {
            me.unlink(victim);
            me.link(victim);
        });
        me.exit_signal(victim, boom());
        assert_eq!(next_exit(&me).await, (victim, boom()));
        silence(&me).await;
    });
}

/// `Normal` does nothing to who does not trap; somebody may send it all day.
#[test]
fn flood_of_exit_signals() {
    once(|me| async move {
        let victim = me.spawn(bounded(), wait_for_ever).unwrap().pid;
        let n_waiting = peak(&me, victim, |_| me.exit_signal(victim, ExitReason::Normal));
        assert!(n_waiting < SIGNALS_MAX, "{n_waiting}");
        // The one that ends it is not lost among them.
        me.exit_signal(victim, boom());
        peak(&me, victim, |_| me.exit_signal(victim, ExitReason::Normal));
        assert_eq!(end_of(&me, victim).await, boom());
    });
}

/// Who traps keeps as many notices as its mailbox holds messages, whatever their reasons say.
#[test]
fn flood_of_exit_signals_to_who_traps() {
    once(|me| async move {
        let victim = start_deaf(&me);
        settle_simulation(&me).await;
        let flood = allocation_counter::measure(|| {
            let n_waiting = peak(&me, victim, |n| {
                let reason = format!("{n:0100}");
                me.exit_signal(victim, ExitReason::error(reason.as_str()));
            });
            assert!(n_waiting < SIGNALS_MAX, "{n_waiting}");
        });
        assert!(flood.bytes_max < 1 << 20, "{flood:?}");
        // 1,000 bytes hold nine such reasons besides the hundredth part of another.
        assert_eq!(notices_of(&me, victim).await, 10);
        // There is room again, and the signals of links are not counted among them.
        me.exit_signal(victim, boom());
        settle_simulation(&me).await;
        assert_eq!(me.node().process_info(victim).unwrap().signals_waiting, 0);
    });
}

#[test]
fn flood_of_kills() {
    once(|me| async move {
        let victim = start_deaf(&me);
        let monitor = me.monitor(victim);
        let n_waiting = peak(&me, victim, |_| me.kill(victim));
        assert!(n_waiting < SIGNALS_MAX, "{n_waiting}");
        assert_eq!(next_down(&me, monitor).await, ExitReason::Killed);
    });
}

/// What a process asks of the dead comes back to itself, and is counted among its ties.
#[test]
fn flood_of_ties_to_the_dead() {
    once(|me| async move {
        let dead = start(&me, |_| async { ExitReason::Normal });
        end_of(&me, dead).await;
        let n_waiting = peak(&me, me.pid(), |_| {
            let monitor = me.monitor(dead);
            assert!(!me.demonitor(monitor), "it had fired");
        });
        assert!(n_waiting < SIGNALS_MAX, "{n_waiting}");
        me.trap_exits(true);
        for n in 1..=100 {
            me.link(dead);
            me.monitor(dead);
            assert_eq!((me.ties().links, me.ties().monitors), (0, 0));
            assert_eq!(me.ties().notices, 2 * n);
        }
        while me.try_receive(&Selector::any()).is_some() {}
        assert_eq!(me.ties().notices, 0);
    });
}

/// Children that end at once, linked and watched, are the spawner's own affair: it sees how many it has not
/// heard.
#[test]
fn flood_of_children_that_end_at_once() {
    once(|me| async move {
        me.trap_exits(true);
        for n in 1..=100 {
            me.spawn(child().link().monitor(), |_| async { boom() })
                .unwrap();
            let ties = me.ties();
            assert_eq!(ties.links + ties.monitors + ties.notices, 2 * n);
            me.yield_now().await;
        }
        settle_simulation(&me).await;
        assert_eq!(me.ties().notices, 200);
        while me.try_receive(&Selector::any()).is_some() {}
        assert_eq!(me.ties().notices, 0);
    });
}

/// Strangers that link with a process and end: it has not asked for that, and keeps a bounded number of
/// notices. Those it has asked for all come.
#[test]
fn flood_of_strangers_that_link_and_end() {
    let (says, said) = mpsc::channel();
    let (go_on, goes_on) = mpsc::channel::<()>();
    let node = node(2);
    let done = node.block_on(move |me| async move {
        let (parent, own) = (me.pid(), start_waiting(&me));
        let victim = me.spawn(bounded(), move |me| async move {
            me.trap_exits(true);
            me.link(own);
            // Lets the peer act on it: this worker takes nobody else from here on.
            me.yield_now().await;
            // In one slice until the flood is over.
            says.send("linked").unwrap();
            goes_on.recv().unwrap();
            let mut n_strangers = 0;
            while !matches!(next(&me).await, Event::Exit { from, .. } if from == own) {
                n_strangers += 1;
            }
            assert_eq!(me.ties().links, 0);
            me.send(parent, n_strangers, "").unwrap();
            wait_for_ever(me).await
        });
        let victim = victim.unwrap().pid;
        while said.try_recv().is_err() {
            me.yield_now().await;
        }
        let mut n_waiting = 0;
        for _ in 0..FLOOD / 2 {
            let stranger = me.spawn(child().monitor(), move |me| async move {
                me.link(victim);
                ExitReason::Normal
            });
            next_down(&me, stranger.unwrap().monitor.unwrap()).await;
            n_waiting = n_waiting.max(signals_waiting(&me, victim));
        }
        assert!(n_waiting <= SIGNALS_MAX, "{n_waiting}");
        me.kill(own);
        end_of(&me, own).await;
        go_on.send(()).unwrap();
        let n_strangers = next_message(&me).await.tag;
        assert_eq!(n_strangers, u64::try_from(BOUNDS.messages).unwrap());
    });
    done.unwrap();
    node.shutdown();
    assert_clean(&node);
}

/// A link made at spawn is one that both ends have asked for: strangers do not crowd out a parent's end.
#[test]
fn flood_does_not_hide_the_end_of_a_parent() {
    once(|me| async move {
        let grandparent = me.pid();
        let parent = start(&me, move |me| async move {
            let body = move |me: Context| async move {
                me.trap_exits(true);
                me.send(grandparent, 0, "ready").unwrap();
                me.receive(Selector::tag(1)).await;
                let of_parent = Selector {
                    sender: me.parent(),
                    ..Selector::any()
                };
                let notice = me.try_receive(&of_parent);
                me.send(grandparent, u64::from(notice.is_some()), "")
                    .unwrap();
                ExitReason::Normal
            };
            me.spawn(bounded().link(), body).unwrap();
            wait_for_ever(me).await
        });
        let linked = next_message(&me).await.from;
        peak(&me, linked, |_| me.exit_signal(linked, boom()));
        me.kill(parent);
        settle_simulation(&me).await;
        me.send(linked, 1, "").unwrap();
        assert_eq!(next_message(&me).await.tag, 1, "the parent's end was heard");
    });
}

/// A body that computes sees at its ticks that signals pile up, though none of them is an exit signal and
/// nobody else wants to run.
#[test]
fn flood_makes_who_computes_give_way() {
    once_on_threads(|me| async move {
        let victim = me.pid();
        let is_over = Arc::new(AtomicBool::new(false));
        let told = Arc::clone(&is_over);
        let flooder = me.spawn(child().monitor(), move |me| async move {
            while !told.load(Ordering::Relaxed) {
                let monitor = me.monitor(victim);
                me.demonitor(monitor);
            }
            ExitReason::Normal
        });
        // Before its slice is used up only a signal is a reason to give way.
        let less = FULL_SLICE - Duration::from_nanos(1);
        while !me.should_yield(less) {
            std::hint::spin_loop();
        }
        is_over.store(true, Ordering::Relaxed);
        next_down(&me, flooder.unwrap().monitor.unwrap()).await;
    });
}

#[test]
fn flood_of_names_and_groups() {
    once(|me| async move {
        me.register(name("mine")).unwrap();
        let flood = allocation_counter::measure(|| {
            for n in 0..FLOOD {
                let taken = me.register(name(&format!("{n}")));
                assert_eq!(taken, Err(NameError::AlreadyNamed));
                me.join(name("group"));
                assert!(me.leave("group"));
                assert!(me.unregister("mine"));
                me.register(name("mine")).unwrap();
            }
        });
        assert!(flood.bytes_max < 10_000, "{flood:?}");
        me.join(name("a"));
        me.join(name("a"));
        assert_eq!(me.ties().joins, 2, "an embedder sees what to bound");
    });
}

#[test]
fn flood_of_timers() {
    once(|me| async move {
        let victim = me.spawn(bounded(), wait_for_ever).unwrap().pid;
        let minute = Duration::from_secs(60);
        let arm = || me.send_after(minute, victim, 0, "x");
        let n_armed = (0..FLOOD).filter(|_| arm().is_ok()).count();
        assert_eq!(
            (n_armed, me.node().pending().0),
            (BOUNDS.messages, BOUNDS.messages)
        );
        assert_eq!(arm(), Err(SendError::MailboxFull));
        let other = me.spawn(bounded(), wait_for_ever).unwrap().pid;
        for _ in 0..FLOOD {
            let timer = me.send_after(minute, other, 0, "x").unwrap();
            assert_eq!(me.cancel_timer(timer), Some(minute));
        }
        assert_eq!(me.node().pending().0, BOUNDS.messages);
        me.kill(victim);
        end_of(&me, victim).await;
        assert_eq!(me.node().pending().0, 0);
    });
}

#[test]
fn flood_of_spawns() {
    let node = Node::builder()
        .workers(2)
        .max_processes(100)
        .build()
        .unwrap();
    let done = node.block_on(|me| async move {
        let started = (0..FLOOD).filter(|_| me.spawn(child(), wait_for_ever).is_ok());
        assert_eq!(started.count(), 99);
        let refused = me.spawn(child(), wait_for_ever);
        assert_eq!(refused.unwrap_err(), SpawnError::TooMany);
    });
    done.unwrap();
    node.shutdown();
    assert_clean(&node);
}

/// A process that a fatal signal has met takes nothing more in, however long its last slice is.
#[test]
fn flood_of_the_doomed() {
    once(|me| async move {
        let (says, said) = mpsc::channel();
        let doomed = me.spawn(bounded().monitor(), move |me| async move {
            me.exit_signal(me.pid(), boom());
            let n_waiting = peak(&me, me.pid(), |_| {
                me.exit_signal(me.pid(), ExitReason::Normal);
                assert_eq!(me.settle(), Some(boom()));
            });
            says.send(n_waiting).unwrap();
            wait_for_ever(me).await
        });
        let reason = next_down(&me, doomed.unwrap().monitor.unwrap()).await;
        assert_eq!(reason, boom());
        let n_waiting = said.recv().unwrap();
        assert!(n_waiting < SIGNALS_MAX, "{n_waiting}");
    });
}
