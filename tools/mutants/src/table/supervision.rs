//! Bugs in starting, restarting and stopping children.

use super::{Mutant, PLAN, SUPERVISOR, edit, mutant};

pub(super) const MUTANTS: &[Mutant] = &[
    mutant(
        "stop-order-forward",
        "children are stopped in the order of their start (110)",
        SUPERVISOR,
        &["start::sup_order"],
        &[edit(
            "crates/rusm-plan/src",
            ".rev()
        .filter(|(_, child)| child.state().is_running());",
            ".filter(|(_, child)| child.state().is_running());",
        )],
    ),
    mutant(
        "one-for-all-counts-children",
        "a restart of several children counts once per child (125)",
        PLAN,
        &["plan::tests::intensity_plan"],
        &[edit(
            "crates/rusm-plan/src",
            "if window.count(now) == Verdict::Exceeded {",
            "let n = if rules.strategy == Strategy::OneForAll { children.iter().count() } else { 1 };
             if (0..n).any(|_| window.count(now) == Verdict::Exceeded) {",
        )],
    ),
    mutant(
        "rest-takes-all",
        "rest-for-one restarts the earlier children too (122)",
        SUPERVISOR,
        &["restart::rest_for_one"],
        &[edit(
            "crates/rusm-plan/src",
            "restart_all(children.iter_from(who))",
            "restart_all(children.iter())",
        )],
    ),
    mutant(
        "temporary-kept",
        "the spec of a temporary child that ended is kept (119)",
        SUPERVISOR,
        &["restart::a_temporary_child_is_forgotten"],
        &[edit(
            "crates/rusm-plan/src",
            ".then_some(Step::Forget(who))
        .into_iter()",
            ".then_some(Step::Forget(who))
        .filter(|_| false)
        .into_iter()",
        )],
    ),
    mutant(
        "temporary-bystander-restarted",
        "a temporary child that was stopped because of a sibling comes back (123)",
        SUPERVISOR,
        &["restart::bystander"],
        &[
            edit(
                "crates/rusm-plan/src",
                "steps.push(Step::Forget(key));",
                "",
            ),
            edit(
                "crates/rusm-plan/src",
                "concerned.filter(|(_, child)| child.policy().restart != Restart::Temporary)",
                "concerned",
            ),
        ],
    ),
    mutant(
        "transient-restarted-on-shutdown",
        "a transient child that ended with shutdown is restarted (119, pitfall 13)",
        SUPERVISOR,
        &["caught::restart_types_transient_after_shutdown"],
        &[edit(
            "crates/rusm-plan/src/policy.rs",
            "Self::Transient => end == EndKind::Abnormal,",
            "Self::Transient => end != EndKind::Normal,",
        )],
    ),
    mutant(
        "window-does-not-slide",
        "restarts count for ever (125)",
        SUPERVISOR,
        &["restart::intensity_window"],
        &[edit(
            "crates/rusm-plan/src/intensity.rs",
            "now.saturating_sub(*restart) > self.intensity.period",
            "now.saturating_sub(*restart) > Duration::MAX",
        )],
    ),
    mutant(
        "window-without-edge",
        "a restart exactly one period old no longer counts (125)",
        PLAN,
        &["intensity::tests::intensity_window"],
        &[edit(
            "crates/rusm-plan/src/intensity.rs",
            "now.saturating_sub(*restart) > self.intensity.period",
            "now.saturating_sub(*restart) >= self.intensity.period",
        )],
    ),
    mutant(
        "brutal-kill-asks-first",
        "a child that is to be killed at once is asked first (115)",
        SUPERVISOR,
        &["caught::stop_brutal_is_a_kill_to_all"],
        &[edit(
            "crates/rusm-supervisor/src",
            "Shutdown::BrutalKill => {",
            "Shutdown::BrutalKill => {
                 self.context.exit_signal(pid, ExitReason::Shutdown);",
        )],
    ),
    mutant(
        "shutdown-time-ignored",
        "a child that does not stop in its time is waited for (116)",
        SUPERVISOR,
        &["stop::stop_timeout"],
        &[edit(
            "crates/rusm-supervisor/src",
            ".receive_timeout(Selector::down(monitor), time)",
            ".receive_timeout(Selector::down(monitor), time.saturating_mul(1_000_000))",
        )],
    ),
    mutant(
        "death-swallowed",
        "the news of another child's end is lost while one is stopped (pitfall 11)",
        SUPERVISOR,
        &["stop::the_end_of_another_child_is_heard_while_one_is_stopped"],
        &[edit(
            "crates/rusm-supervisor/src",
            "if let Event::Down { reason, .. } = self.context.receive(Selector::down(monitor)).await",
            "if let Event::Down { reason, .. } = self.context.receive(Selector::any()).await",
        )],
    ),
    mutant(
        "orphans",
        "a child that its start left without a link stays without (pitfall 12)",
        SUPERVISOR,
        &["start::missing_ties_are_made_up_for"],
        &[edit(
            "crates/rusm-supervisor/src",
            "self.context.link(pid);",
            "",
        )],
    ),
    mutant(
        "start-failure-leaves-siblings",
        "when a first start fails, the children started before are not stopped in order (111)",
        SUPERVISOR,
        &["start::sup_start_fail"],
        &[edit(
            "crates/rusm-supervisor/src",
            "self.end(ExitReason::not_started(reason))",
            "Work { steps: VecDeque::new(), ..self.end(ExitReason::not_started(reason)) }",
        )],
    ),
    mutant(
        "anybody-stops-it",
        "the exit signal of anybody stops a supervisor (118)",
        SUPERVISOR,
        &["stop::sup_unrelated_exit"],
        &[edit(
            "crates/rusm-supervisor/src",
            "Event::Exit { from, reason } if self.obeys(from) =>",
            "Event::Exit { reason, .. } =>",
        )],
    ),
    mutant(
        "restart-loop-inside",
        "a restart that fails is tried again without a look at the mailbox (126)",
        SUPERVISOR,
        &["restart::restart_fails_and_can_be_stopped"],
        &[edit(
            "crates/rusm-supervisor/src",
            "if self.n_events_since_try < EVENTS_BETWEEN_TRIES_MAX",
            "if self.n_events_since_try > EVENTS_BETWEEN_TRIES_MAX",
        )],
    )
    .may_hang(),
    mutant(
        "never-gives-up",
        "a supervisor goes on when the intensity is exceeded (124)",
        SUPERVISOR,
        &["restart::intensity_exact", "restart::intensity_zero"],
        &[edit(
            "crates/rusm-plan/src",
            "if window.count(now) == Verdict::Exceeded {",
            "if window.count(now) == Verdict::Exceeded && false {",
        )],
    ),
    mutant(
        "significance-ignored",
        "the end of a significant child does not end the supervisor (136)",
        SUPERVISOR,
        &["restart::auto_shutdown"],
        &[edit(
            "crates/rusm-plan/src",
            "AutoShutdown::AnySignificant => is_significant,",
            "AutoShutdown::AnySignificant => false,",
        )],
    ),
];
