//! Crash reports: who, why, what was left, whose child it was, and what became of it, as typed events.

use super::House;
use crate::app::{boot, component, controller, probe, scripted};
use crate::desk::Desk;
use crate::support::{BOTH_PATHS, GuestPath, Scenario};
use rusm_core::{Aftermath, Amount, Breach, CrashReport, ExitReason, Limit, RuntimeEvent, Unread};
use std::time::Duration;

fn crashes(scenario: &Scenario) -> Vec<CrashReport> {
    let events = scenario.recorder.events().into_iter();
    let reports = events.filter_map(|event| {
        if let RuntimeEvent::Crashed(report) = event {
            Some(report)
        } else {
            None
        }
    });
    reports.collect()
}

/// OTP statement 145, for a supervised process: everything that is known, once, when it is known.
#[test]
fn crash_report() {
    for path in BOTH_PATHS {
        let manifest = [
            component("victim", "", "register front then say ready then receive-tag 9 then unreachable"),
            component("mate", "", "echo"),
            "[supervisors.house]\nchildren = [{ component = \"mate\" }, { component = \"victim\" }]".to_owned(),
        ];
        let house = House::of(path, &manifest);
        let recorder = &house.scenario.recorder;
        let victim = recorder.wait_for_start("victim", 1);
        recorder.wait_for_line("victim", "say=ok:ready");
        let desk = Desk::at(&house.scenario.runtime);
        desk.send(victim, 1, "secret");
        desk.send(victim, 2, "");
        desk.send(victim, 9, "go");
        let reborn = recorder.wait_for_start("victim", 2);
        let report = recorder.wait_for_crash("victim");

        let exit = &report.exit;
        assert_eq!(exit.pid, victim);
        assert_eq!(exit.name.as_ref().map(|name| name.as_str()), Some("front"));
        assert_eq!(exit.parent, Some(recorder.wait_for_start("house", 1)));
        assert!(matches!(&exit.reason, ExitReason::Trap(text) if text.contains("unreachable")));
        assert!(
            exit.frames
                .iter()
                .any(|frame| frame.contains("actor_probe")),
            "{:?}",
            exit.frames
        );
        assert_eq!(exit.breach, None);
        let (messages, bytes, sizes) = (2, 6, vec![6, 0]);
        assert_eq!(
            exit.unread,
            Unread {
                messages,
                bytes,
                sizes
            }
        );
        assert_eq!(exit.links, 1);
        let by = report.supervisor.as_ref().expect("it is supervised");
        assert_eq!((&*by.label, by.child.as_deref()), ("house", Some("victim")));
        assert_eq!(Some(by.pid), exit.parent);
        assert_eq!(report.aftermath, Aftermath::Restarted(reborn));

        // The name was free when the next one started, and what a message held is nowhere in the report.
        let ready = |line: &String| line == "register=ok";
        recorder.wait_for_lines("victim", 4);
        assert_eq!(
            recorder
                .lines("victim")
                .iter()
                .filter(|line| ready(line))
                .count(),
            2
        );
        assert!(!format!("{report:?}").contains("secret"));
        assert_eq!(crashes(&house.scenario), [report]);
    }
}

/// An orderly end gives none, whoever asked for it.
#[test]
fn crash_report_none() {
    for path in BOTH_PATHS {
        let manifest = [
            component("normal", "", "say done"),
            component("shutdown", "", "exit shutdown"),
            component("service", "", "echo"),
            component("stubborn", "", "trap-exits on then say trapping then forget"),
            "[supervisors.house]\nchildren = [{ component = \"normal\", restart = \"transient\" }, { component = \"shutdown\", restart = \"temporary\" },".to_owned(),
            "{ component = \"service\" }, { component = \"stubborn\", shutdown-ms = 10 }]".to_owned(),
        ];
        let house = House::of(path, &manifest);
        for name in ["normal", "shutdown"] {
            house.wait_for_step(&format!("end {name}"));
        }
        house
            .scenario
            .recorder
            .wait_for_line("stubborn", "say=ok:trapping");
        house.app.stop();
        house.app.wait();
        // Killed by its supervisor, as it is written: no end in order, and no news either.
        house.scenario.recorder.wait_for_crash("stubborn");
        let reports = crashes(&house.scenario);
        let [stubborn] = &reports[..] else {
            panic!("{path:?}: {reports:#?}")
        };
        assert_eq!(
            (stubborn.exit.reason.clone(), stubborn.aftermath.clone()),
            (ExitReason::Killed, Aftermath::BeingStopped)
        );
        assert!(stubborn.is_deliberate());
    }
}

/// What became of each, by its restart type and its supervisor's patience.
#[test]
fn crash_report_tells_what_became_of_it() {
    for path in BOTH_PATHS {
        let manifest = [
            component("once", "", "exit error: once"),
            component("again", "", "receive then exit error: again"),
            "[supervisors.outer]\nmax-restarts = 5\nchildren = [{ component = \"once\", restart = \"temporary\" }, { supervisor = \"inner\" }]\n[supervisors.inner]\nmax-restarts = 0\nchildren = [{ component = \"again\" }]".to_owned(),
        ];
        let house = House::of(path, &manifest);
        let recorder = &house.scenario.recorder;
        let once = recorder.wait_for_crash("once");
        assert_eq!(once.aftermath, Aftermath::StaysEnded);
        let again = recorder.wait_for_start("again", 1);
        Desk::at(&house.scenario.runtime).send(again, 1, "go");
        let again = recorder.wait_for_crash("again");
        assert_eq!(again.aftermath, Aftermath::GaveUp);
        assert_eq!(
            again.supervisor.expect("it is supervised").label,
            "inner".into()
        );
    }
}

/// A process that no supervisor started is reported at once, with who spawned it.
#[test]
fn crash_report_of_the_unsupervised() {
    for path in BOTH_PATHS {
        let scenario = Scenario::new();
        let program = probe(&scenario, path);
        let (runtime, recorder) = (&scenario.runtime, &scenario.recorder);
        runtime.declare("child", &program, controller());
        let profile = rusm_caps::Profile::trusted();
        let parent = scripted(
            "parent",
            &program,
            "spawn child args exit error: mine then receive",
        )
        .profile(profile);
        let parent = runtime.spawn(parent).expect("there is room for it");
        let report = recorder.wait_for_crash("child");
        assert_eq!(report.exit.parent, Some(parent.pid()), "{path:?}");
        assert_eq!(
            (report.supervisor, report.aftermath),
            (None, Aftermath::Unsupervised)
        );
    }
}

/// A guest's own words are its own: they make no frames and no breach, and no second report.
#[test]
fn crash_report_cannot_be_forged() {
    for path in BOTH_PATHS {
        let scenario = Scenario::new();
        let script = "exit trap: divide by zero, in main < _start";
        let forger = scripted("forger", &probe(&scenario, path), script);
        scenario
            .runtime
            .spawn(forger)
            .expect("there is room for it")
            .wait();
        let report = scenario.recorder.wait_for_crash("forger");
        assert_eq!(
            (report.exit.frames, report.exit.breach),
            (Vec::new(), None),
            "{path:?}"
        );
        assert_eq!(crashes(&scenario).len(), 1);
    }
}

/// The breach that a process of this profile ends with when it does this.
#[track_caller]
fn breach(path: GuestPath, profile: &str, deed: &str) -> Breach {
    let scenario = Scenario::new();
    let manifest = [
        component(
            "greedy",
            "capability = \"tight\"\nrestart = \"temporary\"",
            deed,
        ),
        format!("[capabilities.tight]\n{profile}"),
    ];
    let _app = boot(&scenario, path, &manifest.join("\n"));
    let report = scenario.recorder.wait_for_crash("greedy");
    let breach = report.exit.breach.expect("a bound was passed");
    assert_eq!(report.exit.reason, ExitReason::Limit(breach.limit));
    breach
}

/// Its first slice counts for its wall time, also when nobody else wants the worker: it lives a little over two seconds, not nearly four.
#[test]
fn wall_time_begins_with_the_life() {
    for path in BOTH_PATHS {
        let breach = breach(path, "timeout-ms = 2000", "spin-ms 1800 then receive");
        assert_eq!(breach.limit, Limit::WallTime);
        let Amount::Time(lived) = breach.asked else {
            panic!("{path:?}: {breach}")
        };
        assert!(lived < Duration::from_millis(3_600), "{path:?}: {breach}");
    }
}

/// OTP statement 086: which bound, its value, and how much was asked, for every bound that ends a process.
#[test]
fn heap_report() {
    let ms = |n| Amount::Time(Duration::from_millis(n));
    let bounds = [
        (
            "max-memory-mb = 8",
            "hoard",
            Limit::Memory,
            Amount::Bytes(8 << 20),
        ),
        (
            "max-output-kb = 1",
            "print-many 1000 more",
            Limit::Output,
            Amount::Bytes(1024),
        ),
        ("max-cpu-ms = 300", "spin", Limit::CpuTime, ms(300)),
        ("max-slice-ms = 300", "spin", Limit::CpuTime, ms(300)),
        ("timeout-ms = 500", "receive", Limit::WallTime, ms(500)),
        ("timeout-ms = 500", "spin", Limit::WallTime, ms(500)),
    ];
    for path in BOTH_PATHS {
        for (profile, deed, limit, bound) in bounds {
            let breach = breach(path, profile, deed);
            assert_eq!(
                (breach.limit, breach.bound),
                (limit, bound),
                "{path:?}: {profile}"
            );
            assert_eq!(breach.key, profile.split(' ').next());
            let is_over = match (breach.asked, bound) {
                (Amount::Bytes(asked), Amount::Bytes(bound)) => asked > bound,
                (Amount::Time(asked), Amount::Time(bound)) => asked >= bound,
                (Amount::Bytes(_) | Amount::Time(_) | Amount::Count(..), _) => false,
            };
            assert!(is_over, "{path:?}: {breach}");
        }
    }
}
