//! `rusm run` and `rusm check` of whole apps.

use crate::programs;
use crate::support::{Outcome, Place, signal};
use std::io::{BufRead, BufReader};

/// An app of one component that is started once, and the grants it has.
fn app(place: &Place, wat: &str, restart: &str, grants: &str) {
    place.program("x.wasm", wat);
    let manifest = format!(
        "[app]\nname = \"test\"\n[components.x]\nwasm = \"x.wasm\"\ncapability = \"web\"\nrestart = \"{restart}\"\n[capabilities.web]\n{grants}\n"
    );
    place.write("rusm.toml", manifest);
}

/// An app whose processes all end well ends well; what they print is in the log, marked with who.
#[test]
fn an_app_ends_when_its_processes_have() {
    let place = Place::new();
    app(
        &place,
        &programs::prints(1, "hello\nsecond\x1b[2J\n"),
        "temporary",
        "",
    );
    let outcome = place.rusm(["run"]).finish().ends_with(0).says(&[
        "INFO x <0.",
        "> | hello",
        "> | second\\u{1b}[2J",
    ]);
    assert_eq!(outcome.stdout(), "");
    let outcome = place
        .rusm(["run", "--log-format", "json"])
        .finish()
        .ends_with(0);
    let line = outcome
        .stderr
        .lines()
        .find(|line| line.contains("hello"))
        .unwrap();
    for field in [
        "\"level\":\"INFO\"",
        "\"component\":\"x\"",
        "\"pid\":\"<0.",
        "\"stream\":\"stdout\"",
        "\"message\":\"hello\"",
    ] {
        assert!(line.contains(field), "{field} is missing in {line}");
    }
    let quiet = place
        .rusm(["run", "--log-level", "warn"])
        .finish()
        .ends_with(0);
    assert_eq!(quiet.stderr, "");
}

/// The root gives up: exit code 5, and a report of the last crashes with their reasons (pitfalls 14, 27).
#[test]
fn a_supervisor_that_gives_up_is_reported() {
    let place = Place::new();
    app(&place, &programs::traps(), "permanent", "");
    let outcome = place.rusm(["run"]).finish().ends_with(5);
    outcome.says(&[
        "WARN x <0.",
        "crashed: trap: ",
        "divide by zero",
        "gives up",
        "error: app 'test' stopped",
        "help:",
    ]);
}

/// Crashes that are alike are shown a few times and then counted, and the count is not lost.
#[test]
fn crashes_alike_are_counted() {
    let place = Place::new();
    place.program("x.wasm", &programs::traps());
    place.write(
        "rusm.toml",
        "[app]\nname = \"test\"\n[components.x]\nwasm = \"x.wasm\"\n[supervisors.pool]\nmax-restarts = 60\nchildren = [{ component = \"x\" }]\n",
    );
    let lines = |args: &[&str]| {
        let outcome = place.rusm(["run"].iter().chain(args)).finish().ends_with(5);
        let shown = outcome
            .stderr
            .lines()
            .filter(|line| line.contains(">: crashed: trap"))
            .count();
        (shown, outcome)
    };
    let (shown, outcome) = lines(&[]);
    assert_eq!(shown, 5);
    outcome.says(&[
        "more like this within 10 s are counted",
        " times in all: crashed: trap: ",
        "not shown; --log-level debug shows each",
    ]);
    let (shown, _) = lines(&["--log-level", "debug"]);
    assert!(shown >= 61, "{shown}");
}

/// SIGTERM and Ctrl-C stop an app in order, which is a good end (pitfall 30).
#[test]
fn signals_stop_an_app_in_order() {
    let place = Place::new();
    app(&place, &programs::sleeps(), "permanent", "");
    for name in ["TERM", "INT"] {
        let mut child = place.rusm(["run"]).start();
        let mut log = BufReader::new(child.stderr.take().unwrap());
        let mut line = String::new();
        while !line.contains("ready") {
            line.clear();
            assert!(log.read_line(&mut line).unwrap() > 0, "it ended early");
        }
        signal(&child, name);
        let outcome = Outcome::of(child).ends_with(0);
        assert_eq!(outcome.stdout(), "");
        let rest: Vec<String> = log.lines().map(Result::unwrap).collect();
        assert!(
            rest.iter().any(|line| line.contains("stopping in order")),
            "{rest:?}"
        );
    }
}

/// Variables come from the environment first and from `.env` second, and only those that are granted.
#[test]
fn app_env_is_completed_by_dot_env() {
    let place = Place::new();
    app(
        &place,
        &programs::prints_env(),
        "temporary",
        "env = [\"APP_*\"]",
    );
    place.write(".env", "APP_MODE=slow\nAPP_COLOR=\"red\"\nOTHER=secret\n");
    let outcome = place
        .rusm(["run"])
        .env("APP_MODE", "fast")
        .finish()
        .ends_with(0)
        .says(&["APP_MODE=fast", "APP_COLOR=red"]);
    assert!(
        !outcome.stderr.contains("secret") && !outcome.stderr.contains("slow"),
        "{}",
        outcome.stderr
    );
    place.write(".env", "APP_MODE hunter2\n");
    let outcome = place.rusm(["run"]).finish().ends_with(3).says(&[".env"]);
    assert!(!outcome.stderr.contains("hunter2"), "{}", outcome.stderr);
}

/// A folder is relative to the manifest, wherever the command is typed.
#[test]
fn folders_are_relative_to_the_manifest() {
    let place = Place::new();
    place.program("app/x.wasm", &programs::creates("new.txt"));
    std::fs::create_dir(place.path("app/data")).unwrap();
    let component =
        "[components.x]\nwasm = \"x.wasm\"\ncapability = \"c\"\nrestart = \"temporary\"\n";
    let profile =
        "[capabilities.c]\npreopen = [{ host = \"data\", guest = \"/data\", read-only = false }]\n";
    place.write(
        "app/rusm.toml",
        format!("[app]\nname = \"t\"\n{component}{profile}"),
    );
    let outcome = place.rusm(["run", "app"]).finish().ends_with(0);
    assert!(
        place.path("app/data/new.txt").exists(),
        "{}",
        outcome.stderr
    );
}

/// What belongs to a single file is refused for an app, which has a manifest for it.
#[test]
fn flags_of_a_single_file_are_refused() {
    let place = Place::new();
    app(&place, &programs::exits(0), "temporary", "");
    place
        .rusm(["run", "--allow-net"])
        .finish()
        .ends_with(2)
        .says(&["--allow-net", "manifest"]);
    place
        .rusm(["run", ".", "--", "arg"])
        .finish()
        .ends_with(2)
        .says(&["args ="]);
}

/// Code that is not there, or is another file, keeps the app from starting; every such component is named.
#[test]
fn code_that_cannot_run_is_named() {
    let place = Place::new();
    place.program("x.wasm", &programs::exits(0));
    let digest = format!("sha256:{}", "0".repeat(64));
    place.write(
        "rusm.toml",
        format!(
            "[app]\nname = \"t\"\n[components.a]\nwasm = \"a.wasm\"\n[components.x]\nwasm = \"x.wasm\"\ndigest = \"{digest}\"\n"
        ),
    );
    let words = ["component 'a'", "a.wasm", "component 'x'", "another file"];
    place.rusm(["run"]).finish().ends_with(4).says(&words);
    place
        .rusm(["run", "--check-only"])
        .finish()
        .ends_with(4)
        .says(&words);
    place.rusm(["check"]).finish().ends_with(4).says(&words);
}

/// An unknown profile: `run` warns and runs it sandboxed, `check` fails with the manifest's code.
#[test]
fn an_unknown_profile_fails_the_check_only() {
    let place = Place::new();
    place.program("x.wasm", &programs::prints(1, "ran\n"));
    place.write("rusm.toml", "[app]\nname = \"t\"\n[components.x]\nwasm = \"x.wasm\"\ncapability = \"wbe\"\nrestart = \"temporary\"\n[capabilities.web]\n");
    place
        .rusm(["run"])
        .finish()
        .ends_with(0)
        .says(&["warning", "wbe", "| ran"]);
    place
        .rusm(["check"])
        .finish()
        .ends_with(3)
        .says(&["wbe", "did you mean `web`?"]);
}

/// A folder that is not there is that process's end; a check says so before.
#[test]
fn a_missing_folder_is_one_process() {
    let place = Place::new();
    app(
        &place,
        &programs::prints(1, "ran\n"),
        "temporary",
        "preopen = [{ host = \"nowhere\", guest = \"/d\" }]",
    );
    let outcome = place
        .rusm(["run"])
        .finish()
        .ends_with(0)
        .says(&["crashed: not-started", "nowhere"]);
    assert!(!outcome.stderr.contains("| ran"));
    place
        .rusm(["check"])
        .finish()
        .ends_with(0)
        .says(&["warning: component 'x'", "nowhere"]);
}

/// A folder that no guest may be given is told by the check, also while the node has not made it yet.
#[test]
fn a_check_tells_of_a_folder_that_holds_the_store() {
    let place = Place::new();
    place.program("x.wasm", &programs::exits(0));
    place.write(
        "rusm.toml",
        "[app]\nname = \"t\"\n[node]\nstore = \"data/app.redb\"\n\
         [components.x]\nwasm = \"x.wasm\"\ncapability = \"c\"\nrestart = \"temporary\"\n\
         [capabilities.c]\npreopen = [{ host = \"data\", guest = \"/d\", read-only = true }]\n",
    );
    for made in [false, true] {
        assert_eq!(place.path("data/app.redb").exists(), made);
        let told = place.rusm(["check"]).finish().ends_with(0);
        told.says(&[
            "warning: component 'x'",
            "the store is",
            "give another folder",
        ]);
        let run = place.rusm(["run"]).finish().ends_with(0);
        run.says(&["crashed: not-started", "the store is"]);
    }
}

/// Processes that print to a reader which has stopped reading hold no worker: the others go on.
#[test]
fn a_terminal_that_takes_nothing_starves_nobody() {
    let place = Place::new();
    place.program("flood.wasm", &programs::floods());
    place.program("other.wasm", &programs::prints(1, "still here\n"));
    place.write(
        "rusm.toml",
        "[app]\nname = \"t\"\n[node]\nworkers = 2\n\
         [components.flood]\nwasm = \"flood.wasm\"\ncapability = \"loud\"\n\
         [components.other]\nwasm = \"other.wasm\"\n\
         [capabilities.loud]\nallow-stdio = true\nmax-output-kb = 0\n\
         [supervisors.s]\nchildren = [{ component = \"flood\", count = 4 }, { component = \"other\", restart = \"temporary\" }]\n",
    );
    let mut child = place.rusm(["run"]).start();
    let mut log = BufReader::new(child.stderr.take().unwrap()).lines();
    assert!(log.any(|line| line.unwrap().contains("| still here")));
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
}

/// Who gives the terminal up prints to the log from then on, like everybody without it.
#[test]
fn a_terminal_that_was_given_up_is_printed_to_no_more() {
    let place = Place::new();
    app(
        &place,
        &programs::leaves_the_terminal(),
        "temporary",
        "allow-stdio = true",
    );
    let outcome = place.rusm(["run"]).finish().ends_with(0);
    let outcome = outcome.says(&["INFO x <0.", "> | after"]);
    assert_eq!(outcome.stdout(), "before\n");
}

/// An app in which nothing is to be started ends at once, and says why.
#[test]
fn an_app_that_starts_nothing_says_so() {
    let place = Place::new();
    place.program("x.wasm", &programs::exits(0));
    place.write(
        "rusm.toml",
        "[app]\nname = \"t\"\n[components.x]\nwasm = \"x.wasm\"\n",
    );
    for command in ["run", "check"] {
        let told = place.rusm([command]).finish().ends_with(0);
        told.says(&["started: no component has `restart`"]);
    }
}

/// A check finds what is in the way of the node's own places, which would keep it from starting.
#[test]
fn a_check_looks_at_the_nodes_places() {
    let place = Place::new();
    place.program("x.wasm", &programs::exits(0));
    place.write("sub/file", "");
    let write = |node: &str| {
        let manifest = format!(
            "[app]\nname = \"t\"\n[node]\n{node}\n[components.x]\nwasm = \"x.wasm\"\nrestart = \"temporary\"\n"
        );
        place.write("rusm.toml", manifest);
    };
    for (node, told) in [
        ("audit = \"x.wasm\"", "it is to be a folder, and is none"),
        ("store = \"x.wasm/s.redb\"", "x.wasm is no folder"),
        ("store = \"sub\"", "it is to be a file, and is none"),
        ("control = \"x.wasm\"", "it is to be a socket, and is none"),
    ] {
        write(node);
        place.rusm(["check"]).finish().ends_with(3).says(&[told]);
        place.rusm(["run"]).finish().ends_with(4);
    }
    write("audit = \"a\"\nstore = \"b/s.redb\"\ncontrol = \"c/r.sock\"");
    place.rusm(["check"]).finish().ends_with(0);
    assert!(!place.path("a").exists() && !place.path("b").exists() && !place.path("c").exists());
}

/// A log that nobody reads stops neither processes nor signals.
#[test]
fn a_log_that_takes_nothing_holds_nobody() {
    let place = Place::new();
    app(
        &place,
        &programs::floods(),
        "permanent",
        "max-output-kb = 0",
    );
    let mut child = place.rusm(["run"]).start();
    let mut log = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("again and again") {
        line.clear();
        assert!(log.read_line(&mut line).unwrap() > 0, "it ended early");
    }
    signal(&child, "TERM");
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drop(log);
}

/// A check compares code with grants, finds variables that are set nowhere, and has a form for programs.
#[test]
fn a_check_says_all_it_finds() {
    let place = Place::new();
    app(
        &place,
        &programs::exits(0),
        "temporary",
        "env = [\"SURELY_SET_NOWHERE\"]\nallow-network = [\"public\"]",
    );
    let outcome = place.rusm(["check"]).finish().ends_with(0);
    assert_eq!(
        outcome.stdout(),
        "test: can start (0 errors, 1 warning, 1 note)\n"
    );
    outcome.says(&[
        "SURELY_SET_NOWHERE",
        "note: profile 'web' grants network, and no code that has it imports anything to use it: x",
        "rusm.toml:9:1",
        "= hint: remove allow-network; `rusm check --fix` does it",
    ]);
    let outcome = place.rusm(["check", "--json"]).finish().ends_with(0);
    assert!(outcome.stderr.is_empty(), "{}", outcome.stderr);
    let found: serde_json::Value = serde_json::from_slice(&outcome.stdout).unwrap();
    assert_eq!(
        (&found["ok"], &found["app"]),
        (&true.into(), &"test".into())
    );
    assert_eq!(found["findings"].as_array().unwrap().len(), 2);
}

/// An app that cannot have the store it names does not start: exit code 4, and why. A second node on the same file is
/// such an app.
#[test]
fn a_store_that_cannot_be_opened_stops_the_start() {
    let place = Place::new();
    let declare = |store: &str, wat: &str| {
        place.program("x.wasm", wat);
        let manifest = format!(
            "[app]\nname = \"test\"\n[node]\nstore = \"{store}\"\n[components.x]\nwasm = \"x.wasm\"\nrestart = \"temporary\"\n"
        );
        place.write("rusm.toml", manifest);
    };
    declare("rusm.toml", &programs::prints(1, "hello"));
    place
        .rusm(["run"])
        .finish()
        .ends_with(4)
        .says(&["cannot start app 'test': ", "rusm.toml is not a rusm store"]);

    declare("data/app.redb", &programs::clings());
    let mut first = place.rusm(["run"]).start();
    let stderr = first.stderr.as_mut().unwrap();
    let ready = BufReader::new(stderr).lines().map_while(Result::ok);
    assert!(ready.into_iter().any(|line| line.contains("ready")));
    place.rusm(["run"]).finish().ends_with(4).says(&[
        "cannot start app 'test': ",
        "data/app.redb is in use by another node",
    ]);
    first.kill().unwrap();
    first.wait().unwrap();
    // The lock went with the process.
    declare("data/app.redb", &programs::prints(1, "hello"));
    place
        .rusm(["run"])
        .finish()
        .ends_with(0)
        .says(&["> | hello"]);
}
