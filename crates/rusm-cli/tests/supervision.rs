//! What a person sees of a supervision tree: crash reports, giving up, starting, and stopping by signal.

use crate::programs;
use crate::support::{Outcome, Place, signal};
use std::io::{BufRead, BufReader};
use std::process::{Child, ChildStderr};

/// An app of these components, each a program of its name, and the tables that stand below them.
fn app(components: &[(&str, String)], tables: &str) -> Place {
    let place = Place::new();
    let mut manifest = String::from("[app]\nname = \"test\"\n");
    for (name, wat) in components {
        place.program(&format!("{name}.wasm"), wat);
        manifest += &format!("[components.{name}]\nwasm = \"{name}.wasm\"\n");
    }
    place.write("rusm.toml", manifest + tables);
    place
}

/// The lines of one report: the line that holds this, and what is indented below it.
#[track_caller]
fn report<'a>(outcome: &'a Outcome, start: &str) -> Vec<&'a str> {
    let mut lines = outcome
        .stderr
        .lines()
        .skip_while(|line| !line.contains(start));
    let first = lines.next();
    let first = first.unwrap_or_else(|| panic!("{start} is missing in: {}", outcome.stderr));
    let below = lines.take_while(|line| line.starts_with("    "));
    std::iter::once(first).chain(below).collect()
}

/// OTP statement 145: who, why, where, what was waiting, whose child it was, and what became of it; at the
/// level that nobody had to ask for (pitfall 27).
#[test]
fn crash_report() {
    let place = app(
        &[("x", programs::traps_with_mail("front"))],
        "[supervisors.pool]\nmax-restarts = 1\nchildren = [{ component = \"x\", restart = \"transient\" }]\n",
    );
    let outcome = place.rusm(["run"]).finish().ends_with(5);
    let report = report(
        &outcome,
        "crashed: trap: integer divide by zero; started again as <0.",
    );
    let [first, frames, rest] = &report[..] else {
        panic!("{report:#?}")
    };
    assert!(first.contains(" WARN x <0."), "{first}");
    assert!(frames.starts_with("    in work < function "), "{frames}");
    for particular in [
        "child=x",
        "supervisor=pool",
        "parent=<0.",
        "name=front",
        "links=1",
        "mailbox_messages=3",
        "mailbox_bytes=203",
        "mailbox_sizes=\"3 0 200\"",
    ] {
        assert!(
            rest.contains(particular),
            "{particular} is missing in {rest}"
        );
    }
    outcome.says(&["crashed: trap: integer divide by zero; its supervisor gives up"]);
}

/// For programs the same report is one object with fields.
#[test]
fn crash_report_as_json() {
    let place = app(
        &[("x", programs::traps_with_mail("front"))],
        "[supervisors.pool]\nchildren = [{ component = \"x\", restart = \"temporary\" }]\n",
    );
    let outcome = place
        .rusm(["run", "--log-format", "json"])
        .finish()
        .ends_with(0);
    let objects = outcome.stderr.lines().map(serde_json::from_str);
    let objects: Vec<serde_json::Value> = objects.map(Result::unwrap).collect();
    let mut crashes = objects
        .iter()
        .filter(|object| object["aftermath"].is_string());
    let crash = crashes.next().unwrap();
    assert!(crashes.next().is_none(), "{objects:#?}");
    for (field, value) in [
        ("level", "WARN"),
        ("component", "x"),
        ("child", "x"),
        ("supervisor", "pool"),
        ("name", "front"),
        ("reason", "trap: integer divide by zero"),
        ("aftermath", "stays-ended"),
        ("mailbox_sizes", "3 0 200"),
        (
            "message",
            "crashed: trap: integer divide by zero; it stays ended",
        ),
    ] {
        assert_eq!(crash[field], value, "{field} in {crash:#}");
    }
    for (field, value) in [
        ("mailbox_messages", 3),
        ("mailbox_bytes", 203),
        ("links", 1),
    ] {
        assert_eq!(crash[field], value, "{field} in {crash:#}");
    }
}

/// A normal end and one that was asked for give no report; no code but 0 is a normal end.
#[test]
fn crash_report_none_for_an_orderly_end() {
    let place = app(
        &[("fine", programs::exits(0)), ("bad", programs::exits(3))],
        "[supervisors.s]\nchildren = [{ component = \"fine\", restart = \"transient\" }, { component = \"bad\", restart = \"temporary\" }]\n",
    );
    let outcome = place.rusm(["run"]).finish().ends_with(0);
    outcome.says(&["crashed: error: exit code 3; it stays ended"]);
    let place = app(
        &[("fine", programs::exits(0))],
        "[supervisors.s]\nchildren = [{ component = \"fine\", restart = \"transient\" }]\n",
    );
    // A machine that cannot confine the node would say so.
    let outcome = place.rusm(["run", "--harden", "off"]).finish();
    assert_eq!(outcome.ends_with(0).stderr, "");
}

/// OTP statement 146: an orderly end that leads to a restart is news too, with the child and the reason.
#[test]
fn sup_report() {
    let place = app(
        &[("x", programs::exits(0))],
        "[supervisors.s]\nchildren = [{ component = \"x\" }]\n",
    );
    place.rusm(["run"]).finish().ends_with(5).says(&[
        "WARN s <0.",
        ">: x ended: normal; it is started again (it was <0.",
        "ERROR s <0.",
        ">: gives up: x would need more than 1 restarts in 5000 ms",
        "ERROR root <0.",
        ">: gives up: s would need more than 1 restarts in 5000 ms",
    ]);
}

/// OTP statements 085, 086: which limit, how much was allowed and how much asked for, and the key to turn.
#[test]
fn heap_report() {
    let place = app(
        &[
            ("eater", programs::eats_memory()),
            ("loud", programs::floods()),
        ],
        "[components.other]\nwasm = \"eater.wasm\"\n[supervisors.s]\nchildren = [{ component = \"eater\", restart = \"temporary\" }, { component = \"loud\", restart = \"temporary\" }]\n",
    );
    let manifest = std::fs::read_to_string(place.path("rusm.toml")).unwrap();
    let manifest = manifest.replace("wasm = ", "capability = \"tight\"\nwasm = ");
    place.write(
        "rusm.toml",
        manifest + "[capabilities.tight]\nmax-memory-mb = 2\nmax-output-kb = 1\n",
    );
    place.rusm(["run"]).finish().ends_with(0).says(&[
        "crashed: limit: memory (2176 KiB asked for, 2048 KiB allowed by max-memory-mb); it stays ended",
        "crashed: limit: output (1044 bytes asked for, 1 KiB allowed by max-output-kb); it stays ended",
    ]);
}

/// A supervisor below the root that gives up is started again with its children until the root gives up as
/// well: exit code 5, and what crashed is told (pitfall 14).
#[test]
fn escalation_ends_the_app() {
    let place = app(
        &[("x", programs::traps()), ("calm", programs::sleeps())],
        "[supervisors.outer]\nchildren = [{ component = \"calm\" }, { supervisor = \"inner\" }]\n[supervisors.inner]\nmax-restarts = 0\nchildren = [{ component = \"x\" }]\n",
    );
    let outcome = place.rusm(["run"]).finish().ends_with(5).says(&[
        "gives up: x",
        "gives up: inner",
        "gives up: outer",
        "error: app 'test' stopped: supervision gave up restarting; the last crashes were\n  x <0.",
        "divide by zero, in divide < work < function ",
        "; its supervisor gives up\nhelp:",
    ]);
    // Two tries of the root times two of `outer`; one that gives up at once has no restart of its own.
    let crashes = outcome.stderr.matches("\n  x <0.").count();
    assert_eq!(crashes, 4, "{}", outcome.stderr);
}

/// One that gives up and is left ended is not passed over in silence when the rest is done.
#[test]
fn app_types_giving_up_is_not_a_good_end() {
    let place = app(
        &[("x", programs::traps()), ("fine", programs::exits(0))],
        "[supervisors.outer]\nchildren = [{ component = \"fine\", restart = \"transient\" }, { supervisor = \"inner\", restart = \"transient\" }]\n[supervisors.inner]\nchildren = [{ component = \"x\" }]\n",
    );
    place
        .rusm(["run"])
        .finish()
        .ends_with(5)
        .says(&["gives up: x", "error: app 'test' stopped"]);
}

/// The end of a significant child is the end of its supervisor, which is no failure (OTP statement 136).
#[test]
fn auto_shutdown_ends_the_app_well() {
    let place = app(
        &[
            ("job", programs::prints(1, "done\n")),
            ("helper", programs::sleeps()),
        ],
        "[supervisors.s]\nrestart = \"transient\"\nauto-shutdown = \"any-significant\"\nchildren = [{ component = \"helper\" }, { component = \"job\", restart = \"transient\", significant = true }]\n",
    );
    place
        .rusm(["run"])
        .finish()
        .ends_with(0)
        .says(&["job <0.", "| done"]);
}

/// Starts the app and reads its log up to the line with this.
fn start_and_wait(place: &Place, line: &str) -> (Child, BufReader<ChildStderr>) {
    let mut child = place.rusm(["run"]).start();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    read_up_to(&mut log, line);
    (child, log)
}

#[track_caller]
fn read_up_to(log: &mut impl BufRead, wanted: &str) {
    let mut line = String::new();
    while !line.contains(wanted) {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "it ended early");
    }
}

/// OTP statement 144: SIGTERM stops the tree, and who does not stop in its time is killed, so that the end
/// comes within the times of the children.
#[test]
fn app_shutdown() {
    let place = app(
        &[("x", programs::clings())],
        "[supervisors.s]\nchildren = [{ component = \"x\", shutdown-ms = 100 }]\n",
    );
    let (child, _log) = start_and_wait(&place, "ready");
    signal(&child, "TERM");
    Outcome::of(child).ends_with(0);
}

/// Who may take for ever is waited for, and a second signal kills: the exit code is that of the signal.
#[test]
fn app_shutdown_is_cut_short_by_a_second_signal() {
    let place = app(
        &[("x", programs::clings())],
        "[supervisors.s]\nchildren = [{ component = \"x\", shutdown-ms = \"infinity\" }]\n",
    );
    let (child, mut log) = start_and_wait(&place, "ready");
    signal(&child, "TERM");
    read_up_to(&mut log, "stopping in order");
    signal(&child, "TERM");
    read_up_to(&mut log, "killing what is left");
    Outcome::of(child).ends_with(143);
}

/// A tree that takes minutes to start does not make a signal wait for it: the first is told, the second kills.
#[test]
fn a_start_is_cut_short_by_a_second_signal() {
    let place = app(
        &[("x", programs::sleeps())],
        "[supervisors.s]\nchildren = [{ component = \"x\", count = 2_000_000 }]\n",
    );
    let (child, mut log) = start_and_wait(&place, "ready");
    signal(&child, "TERM");
    read_up_to(&mut log, "stopping in order when all has started");
    signal(&child, "TERM");
    read_up_to(&mut log, "killing what was started so far");
    // Nobody reads what was printed until then.
    std::thread::spawn(move || std::io::copy(&mut log, &mut std::io::sink()));
    Outcome::of(child).ends_with(143);
}

/// OTP statement 141: what was stopped can be started again, and is the same.
#[test]
fn app_stop_and_start_again() {
    let place = app(
        &[("x", programs::sleeps())],
        "[supervisors.s]\nchildren = [{ component = \"x\" }]\n",
    );
    for _ in 0..2 {
        let (child, _log) = start_and_wait(&place, "ready");
        signal(&child, "TERM");
        Outcome::of(child).ends_with(0);
    }
}
