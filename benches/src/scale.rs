//! A million native processes alive at once: how fast they come, answer and go. What each one holds is told by `memory.rs`.

use crate::figure::{Benchmark, timed};
use crate::node::{node, start_echo};
use rusm_actor::{Context, Pid, Selector};

const MILLION: u64 = 1_000_000;

pub(crate) fn all() -> Vec<Benchmark> {
    // From the first spawn to the last end.
    let live = || {
        timed(MILLION, || {
            let node = node(0);
            let ended = node.block_on(start_and_ask);
            ended.expect("the benchmark ends by itself");
            node.shutdown();
        })
    };
    vec![Benchmark::rate("native_million_live", live)]
}

/// Starts a million, and lets each answer in turn while all the others live.
async fn start_and_ask(context: Context) {
    let everybody: Vec<Pid> = (0..MILLION).map(|_| start_echo(&context)).collect();
    for pid in everybody {
        context.send(pid, 0, []).expect("there is room");
        context.receive(Selector::any()).await;
    }
}
