//! Tables: children as text, who ended and why, the steps as text.
//!
//! A child is written `id` and then, as they apply: `?` transient, `~` temporary, `*` significant, `-` not
//! running, `!` waiting for another try. Steps: `count`, `stop a`, `forget a`, `start a`, `end reason`.

use super::*;
use crate::child_spec::ChildSpec;
use crate::children::ChildState;
use crate::spec::Strategy::{OneForAll, OneForOne, RestForOne};
use rusm_actor::{Pid, Ref};

fn children(text: &str) -> Children {
    let mut children = Children::default();
    for (word, number) in text.split_whitespace().zip(1..) {
        let id = word.trim_end_matches(['?', '~', '*', '-', '!']);
        let mut spec = ChildSpec::native(id, |_| async { ExitReason::Normal });
        let mut state = ChildState::Running {
            pid: Pid::from_u64(number).unwrap(),
            monitor: Ref::from_u64(number).unwrap(),
        };
        for mark in word[id.len()..].chars() {
            match mark {
                '?' => spec = spec.restart(Restart::Transient),
                '~' => spec = spec.restart(Restart::Temporary),
                '*' => spec = spec.significant(),
                '-' => state = ChildState::Ended,
                '!' => state = ChildState::Restarting,
                other => panic!("unknown mark {other}"),
            }
        }
        let key = children.add(spec);
        children.set_state(key, state);
    }
    children
}

fn key(children: &Children, id: &str) -> ChildKey {
    children
        .iter()
        .find(|(_, child)| &*child.spec.id == id)
        .unwrap()
        .0
}

fn text(children: &Children, steps: &[Step]) -> String {
    let id = |key: &ChildKey| children.find(*key).unwrap().spec.id.to_string();
    let words: Vec<String> = steps
        .iter()
        .map(|step| match step {
            Step::CountRestart(_) => "count".to_owned(),
            Step::Stop(key) => format!("stop {}", id(key)),
            Step::Forget(key) => format!("forget {}", id(key)),
            Step::Start(key) => format!("start {}", id(key)),
            Step::End(reason) => format!("end {reason}"),
        })
        .collect();
    words.join(", ")
}

fn rules(strategy: Strategy) -> Rules {
    Rules {
        strategy,
        auto_shutdown: AutoShutdown::Never,
        when_empty: WhenEmpty::Stay,
    }
}

/// `who` ends for `reason` among the children written.
#[track_caller]
fn check(rules: Rules, written: &str, who: &str, reason: ExitReason, expected: &str) {
    let mut children = children(written);
    let who = key(&children, who);
    children.set_state(who, ChildState::Ended);
    let steps = child_ended(rules, &children, who, &reason);
    assert_eq!(text(&children, &steps), expected, "{written}: {reason}");
}

fn crash() -> ExitReason {
    ExitReason::trap("unreachable")
}

#[test]
fn sup_order_plan() {
    let children = children("a b~ c?- d");
    assert_eq!(
        text(&children, &start(&children)),
        "start a, start b, start c, start d"
    );
    let stop = stop(&children, ExitReason::Shutdown);
    assert_eq!(
        text(&children, &stop),
        "stop d, stop b, stop a, end shutdown"
    );
}

#[test]
fn restart_types_plan() {
    for (reason, transient) in [
        (ExitReason::Normal, ""),
        (ExitReason::Shutdown, ""),
        (ExitReason::Killed, "count, start b"),
        (crash(), "count, start b"),
    ] {
        check(
            rules(OneForOne),
            "a b c",
            "b",
            reason.clone(),
            "count, start b",
        );
        check(rules(OneForOne), "a b? c", "b", reason.clone(), transient);
        check(rules(OneForOne), "a b~ c", "b", reason, "forget b");
    }
}

#[test]
fn one_for_all_plan() {
    let expected = "count, stop d, stop c, stop a, start a, start b, start c, start d";
    check(rules(OneForAll), "a b c d", "b", crash(), expected);
    // One that had ended for good comes back with the others, as in OTP.
    check(
        rules(OneForAll),
        "a b c?-",
        "b",
        crash(),
        "count, stop a, start a, start b, start c",
    );
    // One that waits for another try is started with the others, and needs no stop.
    check(
        rules(OneForAll),
        "a b c!",
        "b",
        crash(),
        "count, stop a, start a, start b, start c",
    );
    check(rules(OneForAll), "a b? c", "b", ExitReason::Normal, "");
}

#[test]
fn rest_for_one_plan() {
    let expected = "count, stop d, stop c, start b, start c, start d";
    check(rules(RestForOne), "a b c d", "b", crash(), expected);
    check(rules(RestForOne), "a b c d", "d", crash(), "count, start d");
    let expected = "count, stop d, stop c, stop b, start a, start b, start c, start d";
    check(rules(RestForOne), "a b c d", "a", crash(), expected);
}

#[test]
fn bystander_plan() {
    let expected = "count, stop d, stop c, forget c, stop a, start a, start b, start d";
    check(rules(OneForAll), "a b c~ d?", "b", crash(), expected);
    let expected = "count, stop d, stop c, forget c, start b, start d";
    check(rules(RestForOne), "a~ b c~ d?", "b", crash(), expected);
}

/// A failed restart is counted again, and takes with it whom the strategy says.
#[test]
fn restart_fails_plan() {
    for (strategy, expected) in [
        (OneForOne, "count, start b"),
        (OneForAll, "count, stop a, start a, start b, start c"),
        (RestForOne, "count, start b, start c"),
    ] {
        let children = children("a b! c-");
        let steps = restart(strategy, &children, key(&children, "b"));
        assert_eq!(text(&children, &steps), expected, "{strategy:?}");
    }
}

#[test]
fn auto_shutdown_plan() {
    let any = Rules {
        auto_shutdown: AutoShutdown::AnySignificant,
        ..rules(OneForOne)
    };
    let all = Rules {
        auto_shutdown: AutoShutdown::AllSignificant,
        ..rules(OneForOne)
    };
    let ends = "stop c, stop a, end shutdown";
    check(any, "a b?* c?*", "b", ExitReason::Normal, ends);
    check(
        any,
        "a b~* c?*",
        "b",
        crash(),
        "forget b, stop c, stop a, end shutdown",
    );
    check(all, "a b?* c?*", "b", ExitReason::Normal, "");
    check(
        all,
        "a b?* c?*-",
        "b",
        ExitReason::Normal,
        "stop a, end shutdown",
    );
    check(all, "a b?* c?*!", "b", ExitReason::Normal, "");
}

/// OTP statement 137: not when it is restarted, nor for one that is not significant.
#[test]
fn auto_not_plan() {
    let any = Rules {
        auto_shutdown: AutoShutdown::AnySignificant,
        ..rules(OneForAll)
    };
    check(
        any,
        "a b?*",
        "b",
        crash(),
        "count, stop a, start a, start b",
    );
    check(any, "a b? c?*", "b", ExitReason::Normal, "");
    check(
        any,
        "a b~*",
        "a",
        crash(),
        "count, stop b, forget b, start a",
    );
}

#[test]
fn ends_when_empty_plan() {
    let end = Rules {
        when_empty: WhenEmpty::End,
        ..rules(OneForOne)
    };
    check(end, "a?- b?", "b", ExitReason::Normal, "end normal");
    check(end, "b~", "b", crash(), "forget b, end normal");
    check(end, "a?! b?", "b", ExitReason::Normal, "");
    check(end, "a? b?", "b", ExitReason::Normal, "");
    check(end, "b?", "b", crash(), "count, start b");
    check(rules(OneForOne), "b?", "b", ExitReason::Normal, "");
    assert_eq!(
        end_if_empty(end, &children("")),
        [Step::End(ExitReason::Normal)]
    );
    assert_eq!(end_if_empty(rules(OneForOne), &children("")), []);
}
