//! A process that waits for long (OTP statement 084): there is no call for it, as waiting is enough.

use crate::support::*;
use rusm_actor::sim::Simulator;
use rusm_actor::{Context, Event, ExitReason, Pid, Selector};
use std::time::Duration;

const DAY: Duration = Duration::from_secs(86_400);

#[test]
fn hib_keeps() {
    on_seeds(|me| async move {
        let parent = me.pid();
        let (linked, watched) = (start_waiting(&me), start_waiting(&me));
        let options = child().name(name("sleeper")).monitor();
        let sleeper = me.spawn(options, move |me| async move {
            me.trap_exits(true);
            me.link(linked);
            let monitor = me.monitor(watched);
            me.join(name("group"));
            me.send_after(DAY, me.pid(), 2, "timer").unwrap();
            me.send(me.pid(), 1, "kept").unwrap();
            // A day and a year pass.
            me.receive(Selector::tag(2)).await;
            me.receive(Selector::tag(3)).await;
            assert_eq!(next_message(&me).await.tag, 1);
            assert_eq!(next_down(&me, monitor).await, ExitReason::Shutdown);
            assert_eq!(next_exit(&me).await, (linked, boom()));
            me.send(parent, 4, "awake").unwrap();
            wait_for_ever(me).await
        });
        let sleeper = sleeper.unwrap();
        me.sleep(365 * DAY).await;
        let info = me.node().process_info(sleeper.pid).unwrap();
        assert_eq!((info.state, info.name), ("waiting", Some(name("sleeper"))));
        assert_eq!((info.ties.links, info.ties.monitors), (1, 1));
        assert_eq!((info.ties.watchers, info.ties.joins), (1, 1));
        me.exit_signal(linked, boom());
        me.exit_signal(watched, ExitReason::Shutdown);
        settle_simulation(&me).await;
        me.send(name("sleeper"), 3, "wake up").unwrap();
        assert_eq!(next_message(&me).await.tag, 4);
        me.kill(sleeper.pid);
        let end = next_down(&me, sleeper.monitor.unwrap()).await;
        assert_eq!(end, ExitReason::Killed);
    });
}

/// With a message waiting it goes on at once.
#[test]
fn hib_keeps_what_waits() {
    on_seeds(|me| async move {
        me.send(me.pid(), 1, "").unwrap();
        let start = me.node().now();
        assert!(matches!(
            me.receive(Selector::tag(1)).await,
            Event::Message(_)
        ));
        assert_eq!(me.node().now(), start);
    });
}

/// Takes what comes and answers each hundredth.
async fn busy(me: Context) -> ExitReason {
    loop {
        let message = next_message(&me).await;
        if message.tag.is_multiple_of(100) {
            me.send(message.from, message.tag, "").unwrap();
        }
    }
}

/// Who has been busy, with thousands of messages at once, holds no more when it waits again than after the
/// first message.
#[test]
fn hib_keeps_no_memory_of_busy_times() {
    let simulator = Simulator::new(1);
    let worker: Pid = simulator.node().spawn(child(), busy).unwrap();
    let work = |n_messages: u64| {
        let asks = move |me: Context| async move {
            for tag in 1..=n_messages {
                me.send(worker, tag, "").unwrap();
            }
            for _ in 0..n_messages / 100 {
                next(&me).await;
            }
            ExitReason::Normal
        };
        simulator.node().spawn(child(), asks).unwrap();
        simulator.run();
    };
    work(100);
    let burst = allocation_counter::measure(|| work(9_000));
    assert!(
        burst.bytes_max > 500_000 && burst.bytes_current <= 0,
        "{burst:?}"
    );
    simulator.stop();
}
