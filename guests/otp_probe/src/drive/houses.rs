//! Supervisors, as their parent sees them: it is called `driver`, and their reports come to it.

use std::time::Duration;

use rusm_sdk::mailbox::{self, Event, Selector};
use rusm_sdk::process::{self, ExitSignals};
use rusm_sdk::server::{self, StartError};
use rusm_sdk::supervisor::{self, Presence};
use rusm_sdk::{ExitReason, Pid, control, registry};

use super::{reason, started};
use crate::clerk::{helper, words};
use crate::house::{REPORT, house};
use crate::tell::{fail, must, show, tell};

pub(super) fn run(scene: &str) -> bool {
    match scene {
        "sup_order" => sup_order(),
        "sup_start_fail" => sup_start_fail(),
        "child_ignore" => child_ignore(),
        "stop_brutal" | "stop_timeout" | "stop_race" => stops(scene),
        "sup_parent_exit" => sup_parent_exit(),
        "restart_types" => restart_types(),
        "one_for_one" | "one_for_all" | "rest_for_one" => strategy(scene),
        "bystander" => bystander(),
        "intensity_exact" => intensity_exact(),
        "restart_fails" => restart_fails(),
        "restart_fails_too_often" => restart_fails_too_often(),
        "escalation" => escalation(),
        "auto_shutdown" => auto_shutdown(),
        "auto_not" => auto_not(),
        "sup_bad_spec" => sup_bad_spec(),
        "two_ends" => two_ends(),
        "killed" => killed(),
        _ => return false,
    }
    true
}

/// Starts a house whose reports come here.
pub(super) fn open(line: &str) -> Pid {
    // It has the name from the first house on.
    let _again = registry::register("driver");
    started(&house(&line.split_whitespace().collect::<Vec<_>>()))
}

/// Says each report up to this one.
pub(super) fn until(report: &str) {
    loop {
        let Event::Message(message) = mailbox::receive_where(&Selector::any().tags([REPORT]))
        else {
            fail("a report is a message");
        };
        let text = String::from_utf8_lossy(&message.payload).into_owned();
        tell(&text);
        if text == report {
            return;
        }
    }
}

/// Says the reports that are there.
pub(super) fn reports() {
    while let Some(report) = waiting_report() {
        tell(report);
    }
}

/// There may be many, or more than the mailbox has taken.
fn forget_reports() {
    while waiting_report().is_some() {}
}

fn waiting_report() -> Option<String> {
    let reports = Selector::any().tags([REPORT]);
    match mailbox::receive_timeout(&reports, Duration::ZERO)? {
        Event::Message(message) => Some(String::from_utf8_lossy(&message.payload).into_owned()),
        Event::Request(_) | Event::Exit(_) | Event::Down(_) => None,
    }
}

/// Stops a house, and says all that it has reported.
pub(super) fn close(house: Pid) {
    must(server::stop(house, &ExitReason::Shutdown, None));
    reports();
}

pub(super) fn holder(name: &str) -> Pid {
    registry::whereis(name).unwrap_or_else(|| fail(format_args!("nobody is called '{name}'")))
}

/// Makes a child end with this reason, by itself.
fn end(name: &str, reason: &str) {
    server::cast(name, &words("end", reason));
}

fn sup_order() {
    let house = open(
        "h one-for-one 1 5 child a clerk permanent 60000 trap child b clerk permanent 60000 trap
         child c clerk permanent 60000 trap",
    );
    close(house);
}

fn sup_start_fail() {
    must(registry::register("driver"));
    let line = "h one-for-one 1 5 child a clerk permanent 60000 child b clerk permanent 60000 child c clerk permanent 60000 stop no";
    let spawn = house(&line.split_whitespace().collect::<Vec<_>>());
    show("start", server::start(&spawn, None));
    reports();
    show("left", ["a", "b", "c"].map(registry::whereis));
}

fn child_ignore() {
    let house = open(
        "h one-for-one 1 5 child a clerk permanent 1 ignore child b clerk temporary 1 ignore child c clerk permanent 60000",
    );
    for child in must(supervisor::which_children(house)) {
        let is_running = matches!(child.presence, Presence::Running(_));
        show("child", (child.id, is_running));
    }
    close(house);
}

fn stops(scene: &str) {
    let children = match scene {
        "stop_brutal" => "child a clerk permanent brutal trap",
        "stop_timeout" => {
            "child obeys clerk permanent 60000 child cleans clerk permanent 60000 trap
             child stubborn clerk permanent 20 trap stubborn child slow clerk permanent infinity trap pushes other"
        }
        // The last one makes the others end before their turn.
        _ => {
            "child a clerk permanent 60000 child b clerk permanent infinity child c clerk permanent brutal
             child d clerk permanent infinity trap pushes a child e clerk permanent infinity trap pushes b
             child f clerk permanent infinity trap pushes c"
        }
    };
    if scene == "stop_timeout" {
        started(&super::clerk("other").name("other"));
    }
    close(open(&format!("h one-for-one 1 5 {children}")));
}

/// The house ends, after its children, when its parent does.
fn sup_parent_exit() {
    must(registry::register("driver"));
    let line =
        "owner h one-for-one 1 5 child a clerk permanent 60000 trap child b clerk permanent 60000";
    let owner = helper(&line.split_whitespace().collect::<Vec<_>>()).monitor();
    // Watched from its start: it may end at once.
    let monitor = must(owner.start()).monitor;
    show("owner", reason(monitor.expect("one was asked for")));
    until("h: stopped a, shutdown, InTime");
}

/// Each type with each kind of end; what comes back is stopped at the end.
fn restart_types() {
    let house = open(
        "h one-for-one 100 5 child p1 clerk permanent 60000 child p2 clerk permanent 60000 child p3 clerk permanent 60000
         child t1 clerk transient 60000 child t2 clerk transient 60000 child t3 clerk transient 60000
         child x1 clerk temporary 60000 child x2 clerk temporary 60000 child x3 clerk temporary 60000",
    );
    until("h: started x3");
    for kind in ["p", "t", "x"] {
        for (number, reason) in [(1, "normal"), (2, "shutdown"), (3, "error: e")] {
            let name = format!("{kind}{number}");
            let is_restarted = kind == "p" || (kind == "t" && number == 3);
            end(&name, reason);
            until(&if is_restarted {
                format!("h: started {name}")
            } else if kind == "t" {
                format!("h: ended {name}, {reason}, StayEnded")
            } else {
                format!("h: ended {name}, {reason}, Forget")
            });
        }
    }
    let left = must(supervisor::which_children(house)).into_iter();
    show(
        "left",
        left.filter_map(|child| child.id).collect::<Vec<_>>(),
    );
    must(server::stop(house, &ExitReason::Shutdown, None));
}

/// The middle one of three ends.
fn strategy(scene: &str) {
    let house = open(&format!(
        "h {} 1 5 child a clerk permanent 60000 child b clerk permanent 60000 child c clerk permanent 60000",
        scene.replace('_', "-")
    ));
    let before = ["a", "b", "c"].map(holder);
    end("b", "error: e");
    let last = if scene == "one_for_one" { "b" } else { "c" };
    until("h: ended b, error: e, Restart");
    until(&format!("h: started {last}"));
    let after = ["a", "b", "c"].map(holder);
    let same: Vec<bool> = before.iter().zip(after).map(|(b, a)| *b == a).collect();
    show("the same process", same);
    must(server::stop(house, &ExitReason::Shutdown, None));
}

fn bystander() {
    let house = open(
        "h one-for-all 1 5 child a clerk permanent 60000 child t clerk transient 60000 child x clerk temporary 60000",
    );
    until("h: started x");
    end("a", "error: e");
    until("h: started t");
    let left = must(supervisor::which_children(house)).into_iter();
    show(
        "left",
        left.filter_map(|child| child.id).collect::<Vec<_>>(),
    );
    must(server::stop(house, &ExitReason::Shutdown, None));
}

/// Two restarts are allowed, the third is one too many; none is allowed where the number is 0.
fn intensity_exact() {
    for (most, n_ends) in [(2, 3), (0, 1)] {
        let house = open(&format!(
            "h one-for-one {most} 3600 child a clerk permanent 60000 child b clerk permanent 60000"
        ));
        until("h: started b");
        let monitor = process::monitor(house);
        for number in 1..=n_ends {
            end("a", "error: e");
            if number < n_ends {
                until("h: started a");
            }
        }
        show("house", reason(monitor));
        reports();
    }
}

/// A child cannot come back for want of another: it is tried again and again, while the house answers; at last it can.
fn restart_fails() {
    let permit = started(&super::clerk("permit").name("permit"));
    let house = open(
        "h one-for-one 1000000000 3600 child a clerk permanent 60000 needs permit child b clerk permanent 60000",
    );
    until("h: started b");
    must(server::stop(permit, &ExitReason::Normal, None));
    end("a", "error: e");
    until("h: ended a, error: e, Restart");
    until("h: failed a, error: it has not what it needs");
    until("h: failed a, error: it has not what it needs");
    let child = must(supervisor::which_children(house)).into_iter().next();
    show("while it is tried", child.map(|child| child.presence));
    show("cannot be restarted", supervisor::restart_child(house, "a"));
    started(&super::clerk("permit").name("permit"));
    while !is_first_running(house) {}
    forget_reports();
    tell("it came back");
    must(server::stop(holder("permit"), &ExitReason::Normal, None));
    end("a", "error: e");
    until("h: ended a, error: e, Restart");
    show("stop", server::stop(house, &ExitReason::Shutdown, None));
}

/// The restart and one more try are allowed; both fail, and the third is one too many.
fn restart_fails_too_often() {
    let permit = started(&super::clerk("permit").name("permit"));
    let house = open("h one-for-one 2 3600 child a clerk permanent 60000 needs permit");
    until("h: started a");
    let monitor = process::monitor(house);
    must(server::stop(permit, &ExitReason::Normal, None));
    end("a", "error: e");
    show("house", reason(monitor));
    reports();
}

fn is_first_running(house: Pid) -> bool {
    let children = must(supervisor::which_children(house));
    children
        .first()
        .is_some_and(|child| matches!(child.presence, Presence::Running(_)))
}

/// The inner house gives up and is started again from its original list.
fn escalation() {
    let outer = open(
        "outer one-for-one 1 3600 child x clerk permanent 60000
         child inner house permanent infinity inner one-for-one 0 5 open also y clerk permanent 60000",
    );
    until("outer: started inner");
    let monitor = process::monitor(outer);
    let extra = supervisor::ChildSpec::server("z", super::clerk("z").name("z"));
    must(supervisor::start_child("inner", &extra));
    until("inner: started z");
    end("y", "error: e");
    until("outer: started inner");
    let left = must(supervisor::which_children("inner")).into_iter();
    show(
        "left",
        left.filter_map(|child| child.id).collect::<Vec<_>>(),
    );
    // Once more is too often for the outer house as well.
    end("y", "error: e");
    show("outer", reason(monitor));
    reports();
}

fn auto_shutdown() {
    let children = "child a clerk transient 60000 significant child b clerk temporary 60000 significant child c clerk permanent 60000";
    let any = open(&format!("any one-for-one 1 5 any {children}"));
    until("any: started c");
    let monitor = process::monitor(any);
    end("a", "normal");
    show("any", reason(monitor));
    reports();
    let all = open(&format!("all one-for-one 1 5 all {children}"));
    until("all: started c");
    let monitor = process::monitor(all);
    end("a", "shutdown");
    until("all: ended a, shutdown, StayEnded");
    end("b", "error: e");
    show("all", reason(monitor));
    reports();
}

/// Neither a request, nor a restart, nor the end of a child that is not significant shuts the house down.
fn auto_not() {
    let house = open(
        "h one-for-one 1 5 any child a clerk transient 60000 significant child b clerk transient 60000 significant
         child c clerk temporary 60000",
    );
    until("h: started c");
    must(supervisor::terminate_child(house, "a"));
    end("b", "error: e");
    until("h: started b");
    end("c", "normal");
    until("h: ended c, normal, Forget");
    show("counts", supervisor::count_children(house));
    must(server::stop(house, &ExitReason::Shutdown, None));
}

/// Nothing starts.
fn sup_bad_spec() {
    must(registry::register("driver"));
    let child = "child a clerk permanent 60000";
    for line in [
        format!("h one-for-one 1 5 {child} {child}"),
        format!("h one-for-one 1 5 any {child} significant"),
        "h one-for-one 1 5 child a clerk transient 60000 significant".to_owned(),
    ] {
        let spawn = house(&line.split_whitespace().collect::<Vec<_>>());
        if let Err(StartError::Failed(reason)) = server::start(&spawn, None) {
            tell(reason);
        }
    }
    reports();
}

/// While one child is being stopped another ends: that is heard next (pitfall 11).
fn two_ends() {
    let house = open(
        "h one-for-one 2 3600 child timed clerk permanent 60000 trap pushes b child slow clerk permanent infinity trap pushes b
         child b clerk permanent 60000",
    );
    until("h: started b");
    for id in ["timed", "slow"] {
        must(supervisor::terminate_child(house, id));
        until("h: started b");
    }
    must(server::stop(house, &ExitReason::Shutdown, None));
}

/// A house that is killed leaves no orphan, whether a child traps exits or not (pitfall 12).
fn killed() {
    process::trap_exits(ExitSignals::Trapped);
    let house = open(
        "h one-for-one 1 5 child a clerk permanent 60000 child b clerk permanent 60000 trap
         child inner house permanent infinity inner one-for-one 1 5 also c clerk permanent 60000",
    );
    until("h: started inner");
    let monitors = ["a", "b", "c", "inner"].map(|name| process::monitor(holder(name)));
    must(control::kill(house));
    for monitor in monitors {
        tell(reason(monitor));
    }
    show("left", ["a", "b", "c", "inner"].map(registry::whereis));
}
