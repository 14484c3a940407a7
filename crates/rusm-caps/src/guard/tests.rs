//! The reference monitor at work.

use super::*;
use crate::RecordingSink;

fn guard(profile: Profile, sink: &Arc<RecordingSink>) -> Guard {
    Guard::new(
        Arc::new(profile),
        Subject::new("api", 12, "<0.7.12>"),
        Arc::clone(sink) as Arc<dyn AuditSink>,
    )
}

/// An allowed request gives back the very thing that was resolved; a denied one never does.
#[test]
fn a_permit_carries_what_was_checked() {
    let sink = Arc::new(RecordingSink::denials());
    let guard = guard(Profile::trusted(), &sink);
    let permit = guard
        .check(
            Request::Spawn {
                component: "worker",
            },
            String::from("code of worker"),
        )
        .unwrap();
    assert_eq!(permit.len(), 14);
    assert_eq!(permit.into_inner(), "code of worker");
    assert!(guard.check(Request::Load, ()).is_err());
}

/// Every denial is recorded, with the sentence; what was allowed only if the sink wants it.
#[test]
fn denials_are_always_recorded() {
    let denials = Arc::new(RecordingSink::denials());
    let everything = Arc::new(RecordingSink::everything());
    for sink in [&denials, &everything] {
        let guard = guard(Profile::trusted(), sink);
        let _permit = guard.check(Request::Stdio, ()).unwrap();
        let denied = guard.check(Request::Env { name: "HOME" }, ()).unwrap_err();
        assert_eq!(sink.records().last().unwrap().sentence, denied.to_string());
    }
    let shown = |sink: &RecordingSink| {
        sink.records()
            .iter()
            .map(|r| (r.permission, r.allowed))
            .collect::<Vec<_>>()
    };
    assert_eq!(shown(&denials), [("env", false)]);
    assert_eq!(shown(&everything), [("stdio", true), ("env", false)]);
    assert_eq!(
        everything.records()[0].sentence,
        "api (pid 0.7.12) may use the terminal"
    );
}

/// A permission that was dropped is gone for every clone of the guard, and querying tells.
#[test]
fn dropping_is_for_good_and_for_all() {
    let sink = Arc::new(RecordingSink::denials());
    let guard = guard(Profile::trusted(), &sink);
    let clone = guard.clone();
    assert!(guard.query("stdio", None));
    assert!(guard.drop_permission("stdio"));
    assert!(!guard.drop_permission("sdtio"));
    assert!(clone.check(Request::Stdio, ()).is_err());
    assert!(!clone.query("stdio", None));
    assert_eq!(clone.profile().revoked(), [crate::Permission::Stdio]);
    assert!(clone.drop_permission("send"));
    let n_revoked = guard.with_profile(|profile| profile.revoked().len());
    assert_eq!(n_revoked, 2);
    assert!(guard.check(Request::Stdio, ()).is_err());
    assert!(!guard.query("send", None));
}

/// Asking whether something is allowed leaves no trace.
#[test]
fn a_query_has_no_side_effect() {
    let sink = Arc::new(RecordingSink::everything());
    let guard = guard(Profile::sandboxed(), &sink);
    assert!(!guard.query("env", Some("HOME")));
    assert!(guard.query("send", None));
    assert_eq!(sink.records(), []);
}

/// The recording is bounded, and keeps the newest.
#[test]
fn the_recording_is_bounded() {
    let sink = Arc::new(RecordingSink::denials());
    let guard = guard(Profile::sandboxed(), &sink);
    for _ in 0..=RecordingSink::RECORDS_MAX {
        assert!(guard.check(Request::Stdio, ()).is_err());
    }
    assert!(guard.check(Request::Load, ()).is_err());
    assert_eq!(sink.records().len(), RecordingSink::RECORDS_MAX / 2 + 2);
    assert_eq!(sink.records().last().unwrap().permission, "load");
}

/// A process without a number yet says so, and a hostile component name is escaped.
#[test]
fn a_subject_prints_safely() {
    assert_eq!(Subject::new("api", 0, "").to_string(), "api (not started)");
    assert_eq!(
        Subject::new("a\x1b[2K", 5, "<0.1.5>").to_string(),
        "'a\\u{1b}[2K' (pid 0.1.5)"
    );
}
