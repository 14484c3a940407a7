//! `cas` and `swap` of the second draft.

use super::Node;

#[test]
fn a_swap_compares_with_what_the_handle_saw() {
    let lines = Node::new().says(
        "stock_kv",
        "open b then cas k then current then swap one then get k
        then cas k then current then set k two then swap three then get k
        then current then swap four then get k",
    );
    let expected = [
        "open=ok",
        "cas=ok",
        "current=none",
        "swap=ok",
        "get=one",
        "cas=ok",
        "current=one",
        "set=ok",
        "swap=failed",
        "get=two",
        "current=two",
        "swap=ok",
        "get=four",
    ];
    assert_eq!(lines, expected);
}

/// A handle that was never read compares with what was there when it was made; one that was read, with what was read last.
#[test]
fn a_handle_has_seen_what_was_there_when_it_was_made() {
    let lines = Node::new().says(
        "stock_kv",
        "open b then set k one then cas k then set k two then swap three then get k
        then cas k then set k three then current then swap four then get k",
    );
    let expected = [
        "open=ok",
        "set=ok",
        "cas=ok",
        "set=ok",
        "swap=failed",
        "get=two",
        "cas=ok",
        "set=ok",
        "current=three",
        "swap=ok",
        "get=four",
    ];
    assert_eq!(lines, expected);
}

/// Absent is not the same as empty, and a key that came or went in between is another value.
#[test]
fn absent_counts_as_a_value() {
    let lines = Node::new().says(
        "stock_kv",
        "open b then cas k then set k %0 then swap v then get k
        then cas k then delete k then swap v then get k then swap v then get k",
    );
    let expected = [
        "open=ok",
        "cas=ok",
        "set=ok",
        "swap=failed",
        "get=",
        "cas=ok",
        "delete=ok",
        "swap=failed",
        "get=none",
        "swap=ok",
        "get=v",
    ];
    assert_eq!(lines, expected);
}

/// A failed swap's handle has seen the value that made it fail, so the next one succeeds if nobody comes between.
#[test]
fn a_swap_that_failed_is_tried_again_with_its_new_handle() {
    let lines = Node::new().says(
        "stock_kv",
        "open b then cas k then set k theirs then swap mine then swap mine then get k",
    );
    let expected = [
        "open=ok",
        "cas=ok",
        "set=ok",
        "swap=failed",
        "swap=ok",
        "get=mine",
    ];
    assert_eq!(lines, expected);
}

/// Two processes look at the same key, then both swap: the first wins, the second learns that it was late.
#[test]
fn of_two_processes_that_saw_the_same_one_wins() {
    let node = Node::new();
    let slow = node.start(
        "slow",
        "stock_kv",
        "open b then cas k then set slow-looked 1 then until fast-swapped then swap slow then get k",
    );
    let fast = node.start(
        "fast",
        "stock_kv",
        "open b then until slow-looked then cas k then swap fast then set fast-swapped 1",
    );
    slow.wait();
    fast.wait();
    let lines = |name| node.court.scenario.recorder.lines(name);
    assert_eq!(lines("fast")[3], "swap=ok");
    assert_eq!(lines("slow")[4..], ["swap=failed", "get=fast"]);
}

/// Whatever the order in which processes swap, no addition is lost.
#[test]
fn additions_by_swapping_are_never_lost() {
    const N_PROCESSES: usize = 4;
    const N_TIMES: usize = 50;
    let node = Node::new();
    let script = format!("open b then count n {N_TIMES}");
    let start = |n| node.start(&format!("counter-{n}"), "stock_kv", &script);
    let counters: Vec<_> = (0..N_PROCESSES).map(start).collect();
    for counter in counters {
        assert_eq!(counter.wait(), rusm_core::ExitReason::Normal);
    }
    let sum = N_PROCESSES * N_TIMES;
    let lines = node.says("stock_kv", "open b then get n");
    assert_eq!(lines[1], format!("get={sum}"));
}
