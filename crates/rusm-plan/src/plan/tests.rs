//! Tables: children as text, who ended and how, the decision and the steps as text.
//!
//! A child is written `id` and then, as they apply: `?` transient, `~` temporary, `*` significant, `-` not
//! running, `!` waiting for another try. Steps: `stop a`, `stop together`, `forget a`, `start a`.

use super::*;
use crate::children::ChildState;
use crate::intensity::Intensity;
use crate::policy::ChildPolicy;
use crate::policy::Strategy::{OneForAll, OneForOne, RestForOne};
use alloc::borrow::ToOwned;
use alloc::format;
use alloc::string::{String, ToString};

type Table = Children<(), u32, u32>;

fn children(text: &str) -> Table {
    let mut children = Table::default();
    for (word, number) in text.split_whitespace().zip(1..) {
        let id = word.trim_end_matches(['?', '~', '*', '-', '!']);
        let mut policy = ChildPolicy::default();
        let mut state = ChildState::Running {
            pid: number,
            monitor: number,
        };
        for mark in word[id.len()..].chars() {
            match mark {
                '?' => policy.restart = Restart::Transient,
                '~' => policy.restart = Restart::Temporary,
                '*' => policy.is_significant = true,
                '-' => state = ChildState::Ended,
                '!' => state = ChildState::Restarting,
                other => panic!("unknown mark {other}"),
            }
        }
        let key = children.add(Some(id.into()), policy, ());
        children.set_state(key, state);
    }
    children
}

fn text(children: &Table, steps: &[Step]) -> String {
    let id = |key: &ChildKey| children.find(*key).unwrap().id().unwrap().to_string();
    let words = steps.iter().map(|step| match step {
        Step::Stop(key) => format!("stop {}", id(key)),
        Step::StopTogether => "stop together".to_owned(),
        Step::Forget(key) => format!("forget {}", id(key)),
        Step::Start(key) => format!("start {}", id(key)),
    });
    words.collect::<Vec<String>>().join(", ")
}

fn rules(strategy: Strategy) -> Rules {
    Rules {
        strategy,
        ..Rules::default()
    }
}

fn window(max_restarts: u32) -> RestartWindow {
    RestartWindow::new(Intensity::new(max_restarts, Duration::from_secs(1)).unwrap())
}

fn written(children: &Table, plan: &Plan) -> String {
    let decision = match plan.decision {
        Decision::Restart => "restart",
        Decision::StayEnded => "stays ended",
        Decision::Forget => "forgotten",
        Decision::GiveUp => "gives up",
        Decision::ShutDown => "shuts down",
        Decision::Finish => "finished",
    };
    match text(children, &plan.steps) {
        steps if steps.is_empty() => decision.to_owned(),
        steps => format!("{decision}: {steps}"),
    }
}

/// `who` ends like this among the children written.
#[track_caller]
fn check(rules: Rules, before: &str, who: &str, end: EndKind, expected: &str) {
    let mut children = children(before);
    let who = children.by_id(who).unwrap();
    children.set_state(who, ChildState::Ended);
    let plan = child_ended(rules, &children, &mut window(1), Duration::ZERO, who, end);
    assert_eq!(written(&children, &plan), expected, "{before}: {end:?}");
}

use EndKind::{Abnormal, Normal, Shutdown};

#[test]
fn sup_order_plan() {
    let children = children("a b~ c?- d");
    assert_eq!(
        text(&children, &start(&children)),
        "start a, start b, start c, start d"
    );
    let listed = stop(rules(OneForOne), &children);
    assert_eq!(text(&children, &listed), "stop d, stop b, stop a");
    let dynamic = Rules {
        is_dynamic: true,
        ..Rules::default()
    };
    assert_eq!(stop(dynamic, &children), [Step::StopTogether]);
}

#[test]
fn restart_types_plan() {
    for (end, transient) in [
        (Normal, "stays ended"),
        (Shutdown, "stays ended"),
        (Abnormal, "restart: start b"),
    ] {
        check(rules(OneForOne), "a b c", "b", end, "restart: start b");
        check(rules(OneForOne), "a b? c", "b", end, transient);
        check(rules(OneForOne), "a b~ c", "b", end, "forgotten: forget b");
    }
}

#[test]
fn one_for_all_plan() {
    let all = |before: &str, who: &str, expected: &str| {
        check(rules(OneForAll), before, who, Abnormal, expected);
    };
    let expected = "restart: stop d, stop c, stop a, start a, start b, start c, start d";
    all("a b c d", "b", expected);
    // One that had ended for good comes back with the others, as in OTP.
    all("a b c?-", "b", "restart: stop a, start a, start b, start c");
    // One that waits for another try is started with the others, and needs no stop.
    all("a b c!", "b", "restart: stop a, start a, start b, start c");
    check(rules(OneForAll), "a b? c", "b", Normal, "stays ended");
}

#[test]
fn rest_for_one_plan() {
    let rest = |who: &str, expected: &str| {
        check(rules(RestForOne), "a b c d", who, Abnormal, expected);
    };
    rest("b", "restart: stop d, stop c, start b, start c, start d");
    rest("d", "restart: start d");
    rest(
        "a",
        "restart: stop d, stop c, stop b, start a, start b, start c, start d",
    );
}

#[test]
fn bystander_plan() {
    let expected = "restart: stop d, stop c, forget c, stop a, start a, start b, start d";
    check(rules(OneForAll), "a b c~ d?", "b", Abnormal, expected);
    let expected = "restart: stop d, stop c, forget c, start b, start d";
    check(rules(RestForOne), "a~ b c~ d?", "b", Abnormal, expected);
}

/// A failed restart is counted again, and takes with it whom the strategy says.
#[test]
fn restart_fails_plan() {
    for (strategy, expected) in [
        (OneForOne, "restart: start b"),
        (OneForAll, "restart: stop a, start a, start b, start c"),
        (RestForOne, "restart: start b, start c"),
    ] {
        let children = children("a b! c-");
        let b = children.by_id("b").unwrap();
        let mut window = window(2);
        for expected in [expected, expected, "gives up: stop a"] {
            let plan = try_again(rules(strategy), &children, &mut window, Duration::ZERO, b);
            assert_eq!(written(&children, &plan), expected, "{strategy:?}");
        }
    }
}

/// OTP statements 124, 125: one restart per event, and one too many ends the supervisor with `shutdown`.
#[test]
fn intensity_plan() {
    for strategy in [OneForOne, OneForAll, RestForOne] {
        let mut children = children("a b c");
        let mut window = window(1);
        let b = children.by_id("b").unwrap();
        children.set_state(b, ChildState::Ended);
        let mut ended = || {
            child_ended(
                rules(strategy),
                &children,
                &mut window,
                Duration::ZERO,
                b,
                Abnormal,
            )
        };
        assert_eq!(ended().decision, Decision::Restart);
        let plan = ended();
        assert_eq!(written(&children, &plan), "gives up: stop c, stop a");
        assert_eq!(plan.decision.ending(), Some(Ending::Shutdown));
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
    let ends = "shuts down: stop c, stop a";
    check(any, "a b?* c?*", "b", Normal, ends);
    check(
        any,
        "a b~* c?*",
        "b",
        Abnormal,
        "shuts down: forget b, stop c, stop a",
    );
    check(all, "a b?* c?*", "b", Normal, "stays ended");
    check(all, "a b?* c?*-", "b", Normal, "shuts down: stop a");
    check(all, "a b?* c?*!", "b", Normal, "stays ended");
    assert_eq!(Decision::ShutDown.ending(), Some(Ending::Shutdown));
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
        Abnormal,
        "restart: stop a, start a, start b",
    );
    check(any, "a b? c?*", "b", Normal, "stays ended");
    check(
        any,
        "a b~*",
        "a",
        Abnormal,
        "restart: stop b, forget b, start a",
    );
}

#[test]
fn ends_when_empty_plan() {
    let end = Rules {
        when_empty: WhenEmpty::End,
        ..rules(OneForOne)
    };
    check(end, "a?- b?", "b", Normal, "finished");
    check(end, "b~", "b", Abnormal, "finished: forget b");
    check(end, "a?! b?", "b", Normal, "stays ended");
    check(end, "a? b?", "b", Normal, "stays ended");
    check(end, "b?", "b", Abnormal, "restart: start b");
    check(rules(OneForOne), "b?", "b", Normal, "stays ended");
    assert_eq!(Decision::Finish.ending(), Some(Ending::Normal));
    assert_eq!(started(end, &children("a-")), Some(Ending::Normal));
    assert_eq!(started(end, &children("a")), None);
    assert_eq!(started(rules(OneForOne), &children("")), None);
    let dynamic = Rules {
        is_dynamic: true,
        ..end
    };
    assert_eq!(
        started(dynamic, &children("")),
        None,
        "it starts empty and waits"
    );
    check(dynamic, "b", "b", Abnormal, "restart: start b");
    check(dynamic, "b?", "b", Normal, "finished: forget b");
}

/// OTP statement 133: a dynamic supervisor keeps no spec of a child that has ended for good.
#[test]
fn dyn_same_spec_plan() {
    let dynamic = Rules {
        is_dynamic: true,
        ..rules(OneForOne)
    };
    check(dynamic, "a b c", "b", Normal, "restart: start b");
    check(dynamic, "a b? c", "b", Normal, "forgotten: forget b");
    check(dynamic, "a b~ c", "b", Abnormal, "forgotten: forget b");
}

/// OTP statement 114.
#[test]
fn child_ignore_plan() {
    let children = children("a b~");
    let [a, b] = ["a", "b"].map(|id| children.by_id(id).unwrap());
    assert_eq!(ignored(rules(OneForOne), &children, a), None);
    assert_eq!(
        ignored(rules(OneForOne), &children, b),
        Some(Step::Forget(b))
    );
    let dynamic = Rules {
        is_dynamic: true,
        ..Rules::default()
    };
    assert_eq!(ignored(dynamic, &children, a), Some(Step::Forget(a)));
}

/// OTP statements 130, 131.
#[test]
fn adm_plan() {
    use crate::request::{Refusal, if_stopped, terminate};
    let children = children("a b~ c- d!");
    let dynamic = Rules {
        is_dynamic: true,
        ..Rules::default()
    };
    let terminated = |rules, id| {
        let who = children.by_id(id).unwrap();
        text(&children, &terminate(rules, &children, who))
    };
    let listed = ["a", "b", "c", "d"].map(|id| terminated(Rules::default(), id));
    assert_eq!(listed, ["stop a", "stop b, forget b", "", "stop d"]);
    assert_eq!(terminated(dynamic, "a"), "stop a, forget a");
    let answers = ["a", "c", "d"].map(|id| {
        let child = children.find(children.by_id(id).unwrap()).unwrap();
        if_stopped(child)
    });
    assert_eq!(
        answers,
        [Err(Refusal::Running(1)), Ok(()), Err(Refusal::Restarting)]
    );
}
