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
