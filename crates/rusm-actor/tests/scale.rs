//! Many processes alive at once, and what each of them costs.

use crate::support::*;
use rusm_actor::sim::Simulator;
use rusm_actor::{Context, Event, ExitReason, Node, Pid};

const MILLION: usize = 1_000_000;
/// What one idle process may hold, its share of the tables included.
const BYTES_MAX: usize = 1_024;

/// Answers every message with its tag.
async fn answering(me: Context) -> ExitReason {
    loop {
        let Event::Message(message) = next(&me).await else {
            return boom();
        };
        me.send(message.from, message.tag, "").unwrap();
    }
}

/// Asks each in turn, and takes its answer before the next one is asked.
async fn ask_all(me: &Context, everybody: &[Pid]) {
    for (tag, pid) in (0..).zip(everybody) {
        me.send(*pid, tag, "").unwrap();
        let answer = next_message(me).await;
        assert_eq!((answer.from, answer.tag), (*pid, tag));
    }
}

#[test]
fn a_million_processes_live_at_once_and_answer_in_turn() {
    let node = Node::builder().workers(2).build().unwrap();
    let done = node.block_on(|me| async move {
        let everybody: Vec<Pid> = (0..MILLION).map(|_| start(&me, answering)).collect();
        assert_eq!(me.node().process_count(), MILLION + 1);
        ask_all(&me, &everybody).await;
    });
    done.unwrap();
    node.shutdown();
    assert_clean(&node);
}

/// Counted, not estimated: everything happens on this thread.
#[test]
fn bytes_of_an_idle_process() {
    const N: usize = 100_000;
    let simulator = Simulator::new(1);
    let mut everybody = Vec::with_capacity(N);
    let idle = allocation_counter::measure(|| {
        everybody.extend((0..N).map(|_| simulator.node().spawn(child(), answering).unwrap()));
        simulator.run();
    });
    let bytes = usize::try_from(idle.bytes_current).unwrap() / N;
    println!("{bytes} bytes per idle process");
    assert!(bytes <= BYTES_MAX, "{bytes}");
    // One that has worked and waits again holds no more.
    let worked = allocation_counter::measure(|| {
        let started = simulator.node().spawn(child(), |me| async move {
            ask_all(&me, &everybody).await;
            ExitReason::Normal
        });
        started.unwrap();
        simulator.run();
    });
    let more = usize::try_from(worked.bytes_current.max(0)).unwrap() / N;
    println!("{more} bytes more after an answer");
    let ended = allocation_counter::measure(|| simulator.stop());
    println!("{idle:?}\n{worked:?}\n{ended:?}");
    assert_clean(simulator.node());
}
