//! Many processes alive at once, and what each of them costs.

use crate::support::*;
use rusm_actor::sim::Simulator;
use rusm_actor::{Context, Event, ExitReason, Node, Pid};

const MILLION: usize = 1_000_000;
/// What a process may hold that has not been sent anything, its share of the tables included.
const FRESH_BYTES_MAX: usize = 704;
/// What it may hold when it has answered a message and waits for the next: two small buffers are kept.
const IDLE_BYTES_MAX: usize = 1_280;

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

/// Counted, not estimated: everything happens on this thread. The bodies are small futures here; a larger one
/// comes on top.
#[test]
fn bytes_of_an_idle_process() {
    const N: usize = 100_000;
    drop(Simulator::new(1));
    let whole = allocation_counter::measure(|| {
        let simulator = Simulator::new(1);
        let mut everybody = Vec::with_capacity(N);
        let idle = allocation_counter::measure(|| {
            let one = |_| simulator.node().spawn(child(), answering).unwrap();
            everybody.extend((0..N).map(one));
            simulator.run();
        });
        let worked = allocation_counter::measure(|| {
            let asks = |me: Context| async move {
                ask_all(&me, &everybody).await;
                ExitReason::Normal
            };
            simulator.node().spawn(child(), asks).unwrap();
            simulator.run();
        });
        let fresh = usize::try_from(idle.bytes_current).unwrap() / N;
        let waits_again = fresh + usize::try_from(worked.bytes_current).unwrap() / N;
        assert!(fresh <= FRESH_BYTES_MAX, "{fresh}");
        assert!(waits_again <= IDLE_BYTES_MAX, "{waits_again}");
        simulator.stop();
        assert_clean(simulator.node());
    });
    assert_eq!(
        (whole.count_current, whole.bytes_current),
        (0, 0),
        "{whole:?}"
    );
}

/// Answers every message and every request.
async fn serving(me: Context) -> ExitReason {
    loop {
        match next(&me).await {
            Event::Message(message) => me.send(message.from, message.tag, message.payload).unwrap(),
            Event::Request(request) => {
                me.reply(request.id, request.payload);
            }
            Event::Exit { .. } | Event::Down { .. } => return boom(),
        }
    }
}

/// The allocations of a whole simulation in which one process sends and calls another so often.
fn allocations_of(n_round_trips: u64) -> u64 {
    let counted = allocation_counter::measure(|| {
        let simulator = Simulator::new(1);
        let asks = move |me: Context| async move {
            let server = start(&me, serving);
            for tag in 0..n_round_trips {
                me.send(server, tag, [1, 2, 3, 4]).unwrap();
                assert_eq!(next_message(&me).await.tag, tag);
                me.call(server, tag, [5, 6], None).await.unwrap();
            }
            ExitReason::Normal
        };
        simulator.node().spawn(child(), asks).unwrap();
        simulator.run();
        simulator.stop();
    });
    counted.count_total
}

/// A small message and a call allocate nothing, once both processes have done each.
#[test]
fn small_messages_and_calls_allocate_nothing() {
    drop(Simulator::new(1));
    assert_eq!(allocations_of(1_000), allocations_of(3_000));
}
