//! The ten bugs that a runtime of this kind must not have unnoticed.

use super::{KERNEL, KERNEL_UNITS, Mutant, PLAN, SUPERVISOR, edit, mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "batch-tail-dropped",
        "what stands behind a fatal signal in a batch is dropped, its requests unanswered (047, 051)",
        KERNEL,
        &["links::requests_behind_a_fatal_signal_are_answered"],
        &[edit(
            "crates/rusm-actor/src/process.rs",
            "doom.behind.extend(envelopes);",
            "drop(envelopes);",
        )],
    ),
    mutant(
        "signals-before-messages",
        "the signals of a batch are acted upon before its messages (015, 016)",
        KERNEL,
        &["order::order_all_signals", "order::last_words"],
        &[edit(
            "crates/rusm-actor/src/process.rs",
            "let mut envelopes = batch.drain();",
            "let mut envelopes: Vec<_> = batch.drain().collect();
             envelopes.sort_by_key(|envelope| !matches!(envelope, Envelope::Signal(_)));
             let mut envelopes = envelopes.into_iter();",
        )],
    ),
    mutant(
        "name-after-exit",
        "names and groups are released after links and watchers were told (012, 068, 071)",
        KERNEL_UNITS,
        &["exit::tests::everything_is_released_before_anybody_is_told"],
        &[
            edit(
                "crates/rusm-actor/src/exit.rs",
                "let name = is_registered.then(|| kernel.registry.release(process.pid));",
                "let name: Option<Option<Name>> = None;",
            ),
            edit(
                "crates/rusm-actor/src/exit.rs",
                "tell_relations(kernel, process.pid, owner, &reason);",
                "tell_relations(kernel, process.pid, owner, &reason);
                 let _ = is_registered;
                 kernel.registry.release(process.pid);",
            ),
        ],
    ),
    mutant(
        "intensity-off-by-one",
        "one restart more than the intensity allows (124)",
        PLAN,
        &[
            "intensity::tests::intensity_exact",
            "plan::tests::intensity_plan",
        ],
        &[edit(
            "crates/rusm-plan/src/intensity.rs",
            "self.restarts.len() >= n_allowed",
            "self.restarts.len() > n_allowed",
        )],
    ),
    mutant(
        "restart-order-reversed",
        "children that are restarted together start in reverse order (121, 122)",
        SUPERVISOR,
        &["restart::one_for_all", "restart::rest_for_one"],
        &[edit(
            "crates/rusm-plan/src/plan.rs",
            "steps.extend(back.map(",
            "steps.extend(back.rev().map(",
        )],
    ),
    mutant(
        "lost-wake-up",
        "a process that is woken during its slice is not run again (023)",
        KERNEL,
        &["order::fifo_pair_with_oneself"],
        &[edit(
            "crates/rusm-actor/src/state.rs",
            "RunState::Running | RunState::Noted => self.set(in_slice),",
            "RunState::Running | RunState::Noted => {}",
        )],
    ),
    mutant(
        "timer-after-cancel",
        "a timer that was cancelled in time fires all the same (074, 075)",
        KERNEL,
        &["timers::timer_cancel"],
        &[edit(
            "crates/rusm-actor/src/timer.rs",
            "let key = state.by_ref.remove(&id)?;",
            "let key = *state.by_ref.get(&id)?;
             if key.due > kernel.clock.now() {
                 return Some(key.due - kernel.clock.now());
             }",
        )],
    ),
    mutant(
        "kill-trapped",
        "a kill is an exit signal like any other, and is trapped (033)",
        KERNEL,
        &["exits::kill_untrappable"],
        &[edit(
            "crates/rusm-actor/src/relations.rs",
            "Signal::Kill => return Verdict::Die(ExitReason::Killed),",
            "Signal::Kill if self.is_trapping => {
                 let (from, reason) = (Pid::from_u64(1).expect(\"not 0\"), ExitReason::Killed);
                 return Verdict::Deliver(Event::Exit { from, reason });
             }
             Signal::Kill => return Verdict::Die(ExitReason::Killed),",
        )],
    ),
    mutant(
        "link-answered-twice",
        "the end of a process gives two notices for one link (047)",
        KERNEL,
        &["links::link_one_notice"],
        &[
            edit(
                "crates/rusm-actor/src/relations.rs",
                "self.links.remove(from)
        } else {",
                "self.links.get(from).copied()
        } else {",
            ),
            edit(
                "crates/rusm-actor/src/exit.rs",
                "let cause = ExitCause::Link { own, peer: theirs };",
                "let cause = ExitCause::Link { own, peer: theirs };
                 let again = Signal::Exit { from: me, reason: reason.clone(), cause };
                 tell(kernel, peer, again);",
            ),
        ],
    ),
    mutant(
        "dead-monitor-unanswered",
        "monitoring a process that has ended gives no notice (052)",
        KERNEL,
        &["monitors::mon_dead"],
        &[edit(
            "crates/rusm-actor/src/context/signals.rs",
            "self.process.owner.lock().relations.monitor(id, target);",
            "if self.process.kernel.table.find(target).is_none() {
                 return id;
             }
             self.process.owner.lock().relations.monitor(id, target);",
        )],
    ),
];
