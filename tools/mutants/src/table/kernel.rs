//! Bugs in signals, links, monitors, names, timers and calls.

use super::{KERNEL, KERNEL_UNITS, Mutant, edit, mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "unlink-not-final",
        "an exit signal of a link that was undone still acts (044)",
        KERNEL,
        &["caught::unlink_final_when_the_end_of_the_peer_comes_first"],
        &[edit(
            "crates/rusm-actor/src/relations.rs",
            "None => return Verdict::GoOn,",
            "None => true,",
        )],
    ),
    mutant(
        "old-link-acts",
        "an exit signal of an earlier link of the same pair acts on the later one (044)",
        KERNEL_UNITS,
        &[
            "relations::tests::unlink_final_even_when_the_notice_is_on_its_way_and_the_link_is_made_anew",
        ],
        &[edit(
            "crates/rusm-actor/src/relations.rs",
            "(own != 0 && link.peer == own) || (peer != 0 && link.own == peer)",
            "own != 0 || peer != 0 || link.own != 0",
        )],
    ),
    mutant(
        "link-kept-after-notice",
        "a link that has told its end is kept (048)",
        KERNEL,
        &["links::link_mon_cleanup", "links::link_one_notice"],
        &[edit(
            "crates/rusm-actor/src/relations.rs",
            "self.links.remove(from)
        } else {",
            "self.links.get(from).copied()
        } else {",
        )],
    ),
    mutant(
        "normal-ends-linked",
        "the normal end of a process ends those linked with it (031, 042)",
        KERNEL,
        &["links::link_normal", "exits::normal_ignored"],
        &[edit(
            "crates/rusm-actor/src/relations.rs",
            "reason.is_normal() && cause != ExitCause::Itself",
            "false",
        )],
    ),
    mutant(
        "normal-to-self-ignored",
        "an exit signal normal that a process sends itself is ignored (031)",
        KERNEL,
        &["exits::normal_ignored"],
        &[edit(
            "crates/rusm-actor/src/relations.rs",
            "reason.is_normal() && cause != ExitCause::Itself",
            "reason.is_normal()",
        )],
    ),
    mutant(
        "last-fatal-wins",
        "a later fatal signal changes the reason (038)",
        KERNEL,
        &["exits::first_wins"],
        &[edit(
            "crates/rusm-actor/src/process.rs",
            "while self.doom.is_none() {",
            "loop {",
        )],
    ),
    mutant(
        "trap-flag-early",
        "the trap flag acts on signals that arrived before it was set (039)",
        KERNEL,
        &["caught::trap_at_receipt_of_what_arrived_in_the_slice"],
        &[edit(
            "crates/rusm-actor/src/context/signals.rs",
            "pub fn trap_exits(&self, on: bool) -> bool {",
            "pub fn trap_exits(&self, on: bool) -> bool {
                 return self.process.owner.lock().relations.trap_exits(on);",
        )],
    ),
    mutant(
        "exit-notices-unbounded",
        "explicit exit signals to a trapping process pile up without end (pitfall 18)",
        KERNEL,
        &["exits::explicit_exit_notices_are_bounded"],
        &[edit(
            "crates/rusm-actor/src/process.rs",
            "self.mailbox.push_unasked(event, me.inbox.bounds())",
            "self.mailbox.push_asked(event)",
        )],
    ),
    mutant(
        "demonitor-keeps-notice",
        "demonitor leaves a notice that waits in the mailbox (058)",
        KERNEL,
        &["monitors::demon_flush"],
        &[edit(
            "crates/rusm-actor/src/context/signals.rs",
            "owner.mailbox.flush_down(monitor);",
            "",
        )],
    ),
    mutant(
        "demonitor-not-final",
        "a notice that is on its way after demonitor is delivered (057)",
        KERNEL,
        &["monitors::demon_final"],
        &[edit(
            "crates/rusm-actor/src/context/signals.rs",
            "owner.relations.demonitor(monitor)",
            "None::<Pid>",
        )],
    ),
    mutant(
        "dead-watchers-kept",
        "the monitors of a process that ended stay on their targets (048, pitfall 6)",
        KERNEL,
        &[
            "links::link_mon_cleanup_of_dead_watchers",
            "pitfalls::ties_of_the_dead_are_forgotten",
        ],
        &[edit(
            "crates/rusm-actor/src/exit.rs",
            "for (id, target) in monitors.into_entries() {",
            "for (id, target) in monitors.into_entries().into_iter().take(0) {",
        )],
    ),
    mutant(
        "link-to-dead-silent",
        "linking with a process that has ended gives no signal (046)",
        KERNEL,
        &["links::link_dead"],
        &[edit(
            "crates/rusm-actor/src/context/signals.rs",
            "if to == self.pid() {",
            "if self.process.kernel.table.find(to).is_none() {",
        )],
    ),
    mutant(
        "spawn-link-late",
        "a child learns of the link with its spawner only when it runs (008)",
        KERNEL,
        &["links::link_mon_cleanup"],
        &[edit(
            "crates/rusm-actor/src/spawn.rs",
            "let ours = spawner.owner.lock().relations.link(child.pid);",
            "let ours = spawner.owner.lock().relations.link(child.pid);
             if let Some(id) = ours {
                 let link = crate::signal::Signal::Link { from: spawner.pid, id };
                 let _ = child.inbox.push(crate::signal::Envelope::Signal(link));
                 return;
             }",
        )],
    ),
    mutant(
        "reply-overwritten",
        "the end of a server takes the place of the reply that it gave before (096)",
        KERNEL,
        &["caught::call_reply_then_the_end_of_the_server"],
        &[edit(
            "crates/rusm-actor/src/process.rs",
            "if let Some(call @ PendingCall::Waiting { .. }) = self.calls.get_mut(id) {",
            "if let Some(call) = self.calls.get_mut(id) {",
        )],
    ),
    mutant(
        "reply-twice",
        "a request can be answered twice (095)",
        KERNEL,
        &["calls::a_second_reply_goes_nowhere"],
        &[edit(
            "crates/rusm-actor/src/context.rs",
            "self.process.kernel.calls.remove(request)",
            "self.process.kernel.calls.remove(request).inspect(|caller| {
                 self.process.kernel.calls.insert(request, *caller);
             })",
        )],
    ),
    mutant(
        "call-never-forgotten",
        "a call that was given up stays pending (095, pitfall 2)",
        KERNEL,
        &["calls::a_call_that_is_dropped_is_forgotten"],
        &[edit(
            "crates/rusm-actor/src/context/call.rs",
            "forget(self.context, id);",
            "",
        )],
    ),
    mutant(
        "self-call-waits",
        "a process that calls itself waits for ever (097)",
        KERNEL,
        &["calls::call_self"],
        &[edit(
            "crates/rusm-actor/src/context/call.rs",
            "if callee == context.pid() {",
            "if false {",
        )],
    ),
    mutant(
        "timer-early",
        "a timer fires up to a millisecond before it is due (073)",
        KERNEL_UNITS,
        &["timer::queue::tests::due_order_never_early_and_removed_ones_never"],
        &[edit(
            "crates/rusm-actor/src/timer/queue.rs",
            "first.key().due <= now",
            "first.key().due <= now + Duration::from_millis(1)",
        )],
    ),
    mutant(
        "timer-outlives-receiver",
        "timers addressed to a process stay when it ends (077, pitfall 5)",
        KERNEL_UNITS,
        &["exit::tests::an_end_leaves_nothing_in_the_kernel"],
        &[edit(
            "crates/rusm-actor/src/exit.rs",
            "process.kernel.timers.drop_charged(process.pid);",
            "",
        )],
    ),
    mutant(
        "timer-handle-kept",
        "the reference of a timer that fired is kept for ever (pitfall 5)",
        KERNEL_UNITS,
        &["timer::tests::nothing_is_kept_of_a_timer_that_fired"],
        &[edit(
            "crates/rusm-actor/src/timer.rs",
            "self.by_ref.remove(id);",
            "let _ = id;",
        )],
    ),
    mutant(
        "timeout-restarted",
        "a message that does not match restarts a receive's timeout (026)",
        KERNEL,
        &["receive::after_no_restart"],
        &[
            edit(
                "crates/rusm-actor/src/context/sleep.rs",
                "armed: Option<TimerKey>,",
                "armed: Option<TimerKey>,
                 after: Duration,",
            ),
            edit(
                "crates/rusm-actor/src/context/sleep.rs",
                "armed: None,",
                "armed: None,
                 after,",
            ),
            edit(
                "crates/rusm-actor/src/context/sleep.rs",
                "if self.armed.is_none() {",
                "if let Some(key) = self.armed.take() {
                     kernel.timers.cancel_wake(key);
                     self.due = kernel.clock.now().saturating_add(self.after);
                 }
                 if self.armed.is_none() {",
            ),
        ],
    ),
    mutant(
        "timeout-beats-exit",
        "a timeout that expires is answered though a fatal signal was met (029)",
        KERNEL,
        &["exits::not_catchable"],
        &[edit(
            "crates/rusm-actor/src/context/receive.rs",
            "!self.receive.context.process.is_doomed() && self.alarm.is_due()",
            "self.alarm.is_due()",
        )],
    ),
    mutant(
        "mailbox-off-by-one",
        "a mailbox takes one message more than its bound",
        KERNEL_UNITS,
        &["inbox::tests::bound_sheds_messages_and_never_signals"],
        &[edit(
            "crates/rusm-actor/src/inbox.rs",
            "held.messages < self.bounds.messages",
            "held.messages <= self.bounds.messages",
        )],
    ),
    mutant(
        "signals-shed",
        "a full mailbox refuses signals as well",
        KERNEL_UNITS,
        &["inbox::tests::bound_sheds_messages_and_never_signals"],
        &[edit(
            "crates/rusm-actor/src/inbox.rs",
            "if let Some(bytes) = charge {",
            "if let Some(bytes) = charge.or(Some(0)) {",
        )],
    ),
    mutant(
        "pid-reused",
        "the serial of a pid does not advance, so a stale pid reaches a stranger (002)",
        KERNEL,
        &["spawn::id_not_reused"],
        &[edit(
            "crates/rusm-actor/src/table.rs",
            "self.last_serial += 1;",
            "self.last_serial = 1;",
        )],
    ),
    mutant(
        "name-held-twice",
        "a name that is taken is given to the next who asks (065)",
        KERNEL,
        &["names::reg_taken"],
        &[edit(
            "crates/rusm-actor/src/registry.rs",
            "return Err(NameError::Taken);",
            "",
        )],
    ),
    mutant(
        "name-taken-from-the-living",
        "who takes over the name of a killed process takes it from a rival who was faster (065)",
        KERNEL_UNITS,
        &["kernel::tests::reg_taken_over_from_the_killed_by_one_alone"],
        &[edit(
            "crates/rusm-actor/src/kernel.rs",
            "self.registry.unregister(name.as_str(), holder);",
            "let holder = self.registry.whereis(name.as_str()).unwrap_or(holder);
             self.registry.unregister(name.as_str(), holder);",
        )],
    ),
    mutant(
        "name-kept",
        "the registry keeps the names of processes that ended (pitfall 18)",
        KERNEL_UNITS,
        &["exit::tests::an_end_leaves_nothing_in_the_kernel"],
        &[edit(
            "crates/rusm-actor/src/exit.rs",
            "let name = is_registered.then(|| kernel.registry.release(process.pid));",
            "let name: Option<Option<Name>> = is_registered.then_some(None);",
        )],
    ),
    mutant(
        "body-dropped-late",
        "links and watchers are told before the body is dropped (012, 040)",
        KERNEL_UNITS,
        &["exit::tests::everything_is_released_before_anybody_is_told"],
        &[edit(
            "crates/rusm-actor/src/exit.rs",
            "drop_body(task);",
            "",
        )],
    ),
    mutant(
        "table-left-late",
        "links and watchers are told before the process has left the table (012)",
        KERNEL_UNITS,
        &["exit::tests::everything_is_released_before_anybody_is_told"],
        &[
            edit(
                "crates/rusm-actor/src/exit.rs",
                "let was_last = kernel.table.remove(process.pid);
    let mut unread",
                "let mut unread",
            ),
            edit(
                "crates/rusm-actor/src/exit.rs",
                "tell_relations(kernel, process.pid, owner, &reason);",
                "tell_relations(kernel, process.pid, owner, &reason);
                 let was_last = kernel.table.remove(process.pid);",
            ),
        ],
    ),
    mutant(
        "group-not-left",
        "a process that ended stays a member of its groups (071)",
        KERNEL,
        &["names::pg_auto_leave"],
        &[edit(
            "crates/rusm-actor/src/registry.rs",
            "groups.joined.remove(&pid).unwrap_or_default()",
            "Vec::<Name>::new()",
        )],
    ),
    mutant(
        "anybody-unregisters",
        "anybody takes away anybody's name (pitfall 8)",
        KERNEL,
        &["pitfalls::nobody_unregisters_anothers_name"],
        &[edit(
            "crates/rusm-actor/src/registry.rs",
            "if names.holders.get(name) != Some(&holder) {",
            "if names.holders.get(name).is_none() {",
        )],
    ),
    mutant(
        "receive-throws-away",
        "a receive drops what it was not looking for (022, pitfall 4)",
        KERNEL,
        &["receive::selective", "pitfalls::a_receive_leaves_the_rest"],
        &[edit(
            "crates/rusm-actor/src/mailbox.rs",
            "cursor.position += found;",
            "self.events.drain(..found.min(self.events.len()));",
        )],
    ),
];
