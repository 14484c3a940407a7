//! Bugs in who runs, when, and who is woken.

use super::{KERNEL, KERNEL_MODELS, KERNEL_UNITS, Mutant, edit, mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "arrival-in-slice-lost",
        "an envelope that arrives during a slice wakes nobody (023)",
        KERNEL_UNITS,
        &[
            "state::tests::wake_table",
            "state::tests::what_arrives_in_a_slice_asks_for_another_unless_it_is_used_up_there",
        ],
        &[edit(
            "crates/rusm-actor/src/state.rs",
            "self.rouse(RunState::Noted)",
            "self.rouse(RunState::Running)",
        )],
    ),
    mutant(
        "lifo-without-budget",
        "two processes that chat keep a worker to themselves (087)",
        KERNEL,
        &["scheduler::lifo_budget"],
        &[edit(
            "crates/rusm-actor/src/sched/queue.rs",
            "if streak <= LIFO_BUDGET || self.deque.is_empty() {",
            "if true {",
        )],
    ),
    mutant(
        "flooded-never-yields",
        "a process whose mailbox never empties keeps its worker to itself (087)",
        KERNEL,
        &["scheduler::fair_busy_when_flooded"],
        &[edit(
            "crates/rusm-actor/src/process.rs",
            "self.0.load(Ordering::Relaxed) == 0",
            "false",
        )],
    ),
    mutant(
        "second-queue-starves",
        "who used up its slice waits until nobody else has work (087)",
        KERNEL,
        &["scheduler::fair_busy"],
        &[edit(
            "crates/rusm-actor/src/sched/worker.rs",
            "if !self.queues.has_second() {",
            "if true {",
        )],
    ),
    mutant(
        "unmeasured-charged",
        "who follows a slice that nobody measured pays for it",
        KERNEL,
        &["slices::what_nobody_measured_counts_for_nobody"],
        &[edit(
            "crates/rusm-actor/src/stopwatch.rs",
            "Mark((packed & END != 0).then(",
            "Mark((packed != 0).then(",
        )],
    ),
    mutant(
        "pause-charged",
        "who ends a worker's sleep pays for it",
        KERNEL,
        &["slices::waiting_counts_for_nobody"],
        &[edit(
            "crates/rusm-actor/src/sched/worker.rs",
            "follows: false,",
            "follows: true,",
        )],
    ),
    mutant(
        "death-charged",
        "who follows a death pays for clearing it away",
        KERNEL,
        &["slices::a_death_counts_for_nobody_else"],
        &[edit(
            "crates/rusm-actor/src/slice.rs",
            "(After::Rest, Mark::NONE)",
            "(After::Rest, process.stopwatch.ended())",
        )],
    ),
    mutant(
        "brief-slice-shares",
        "a process woken within a brief slice waits behind a crowd, because a tick had passed before (087)",
        KERNEL,
        &["scheduler::brief_slice_keeps_who_it_woke"],
        &[edit(
            "crates/rusm-actor/src/sched/worker.rs",
            "if computed < BRIEF {",
            "if computed < Duration::ZERO {",
        )],
    ),
    mutant(
        "nothing-stolen",
        "a free worker leaves the work of a busy one where it is",
        KERNEL,
        &["scheduler::work_is_stolen"],
        &[edit(
            "crates/rusm-actor/src/sched/queue.rs",
            ".take(self.stealers.len().saturating_sub(1))",
            ".take(0)",
        )],
    )
    .may_hang(),
    mutant(
        "burst-wakes-one",
        "the last worker that searches and finds work wakes nobody for the rest",
        KERNEL,
        &["scheduler::a_burst_from_outside_wakes_every_worker"],
        &[edit(
            "crates/rusm-actor/src/sched/worker.rs",
            "if was_last && self.queues.has_work() {",
            "if false {",
        )],
    )
    .may_hang(),
    mutant(
        "sleeps-without-a-look",
        "a worker goes to sleep without a last look at the queues (023)",
        KERNEL_MODELS,
        &["sched::worker::models::a_worker_finds_what_comes_from_outside_and_stops"],
        &[edit(
            "crates/rusm-actor/src/sched/worker.rs",
            "if self.queues.has_work() || self.is_stopping.load(Ordering::SeqCst) {",
            "if self.is_stopping.load(Ordering::SeqCst) {",
        )],
    ),
    mutant(
        "notify-without-fence",
        "who makes work does not fence before it looks for sleepers (023)",
        KERNEL_MODELS,
        &["sched::idle::models::a_push_is_seen_by_a_worker_that_falls_asleep"],
        &[edit(
            "crates/rusm-actor/src/sched/idle.rs",
            "fence(Ordering::SeqCst); // Pairs with the fence in `announce` and the one in `end_search`.",
            "",
        )],
    ),
    mutant(
        "sleep-without-fence",
        "who goes to sleep does not fence before it looks at the queues again (023)",
        KERNEL_MODELS,
        &["sched::idle::models::a_push_is_seen_by_a_worker_that_falls_asleep"],
        &[edit(
            "crates/rusm-actor/src/sched/idle.rs",
            "fence(Ordering::SeqCst); // Pairs with the fence in `notify`.",
            "",
        )],
    ),
    mutant(
        "search-ends-without-fence",
        "the last who searches does not fence before it looks at the queues again (023)",
        KERNEL_MODELS,
        &["sched::idle::models::a_push_is_seen_by_a_searcher_that_leaves_with_other_work"],
        &[edit(
            "crates/rusm-actor/src/sched/idle.rs",
            "fence(Ordering::SeqCst);
        was_last",
            "was_last",
        )],
    ),
];
