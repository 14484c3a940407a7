//! Decision functions: when they are asked, what they are told, and that they can only refuse.

use super::*;
use crate::{AuditSink, Guard, KvGrant, NetGrant, Outcome, Protocol, RecordingSink, SpawnGrant};
use std::sync::Mutex;

fn guard(profile: Profile, policy: Policy, sink: &Arc<RecordingSink>) -> Guard {
    let subject = Subject::new("api", 12, "<0.7.12>");
    Guard::with_policy(
        Arc::new(profile),
        subject,
        Arc::clone(sink) as Arc<dyn AuditSink>,
        Arc::new(policy),
    )
}

fn spawner() -> Profile {
    Profile::builder("web")
        .spawn(SpawnGrant::listed(["worker", "helper"]))
        .build()
        .unwrap()
}

fn refuse_if(refused: bool, reason: &str) -> Decision {
    if refused {
        Decision::deny(reason)
    } else {
        Decision::Allow
    }
}

const WORKER: Request<'static> = Request::Spawn {
    component: "worker",
};
const HELPER: Request<'static> = Request::Spawn {
    component: "helper",
};

/// The function is told who asks for what under which profile, and its no is a denial with its reason.
#[test]
fn a_refusal_is_a_denial_with_its_reason() {
    let sink = Arc::new(RecordingSink::everything());
    let policy = Policy::default().decide(Permission::Spawn, |question| {
        assert_eq!(question.subject.component(), "api");
        assert_eq!((question.profile, question.is_query), ("web", false));
        refuse_if(question.request == WORKER, "no workers after six.")
    });
    let guard = guard(spawner(), policy, &sink);
    assert!(guard.check(HELPER, ()).is_ok());
    let denied = guard.check(WORKER, ()).unwrap_err();
    let sentence = "api (pid 0.7.12) may not spawn worker. The embedding program refuses it: no workers after six. \
                    No manifest line would allow it";
    assert_eq!(denied.to_string(), sentence);
    assert_eq!((denied.permission, &*denied.target), ("spawn", "worker"));
    let records = sink.records();
    assert!(matches!(&*records, [helper, worker] if helper.allowed && worker.sentence == sentence));
}

/// What the profile denies never reaches a function, and a function that allows everything opens nothing.
#[test]
fn a_function_never_widens() {
    let sink = Arc::new(RecordingSink::denials());
    let asked = Arc::new(Mutex::new(Vec::new()));
    let mut policy = Policy::default();
    for permission in Permission::ALL {
        let asked = Arc::clone(&asked);
        policy = policy.decide(permission, move |question| {
            asked.lock().unwrap().push(question.request.permission());
            Decision::Allow
        });
    }
    let guard = guard(Profile::builder("nothing").build().unwrap(), policy, &sink);
    for request in [
        WORKER,
        Request::Load,
        Request::Stdio,
        Request::Env { name: "A" },
    ] {
        let denied = guard.check(request, ()).unwrap_err();
        assert!(denied.to_string().contains("To allow it:"), "{denied}");
    }
    for name in ["spawn", "load", "stdio"] {
        assert!(!guard.query(name, Some("worker")));
    }
    assert_eq!(*asked.lock().unwrap(), []);
}

/// Of several functions for one permission each can refuse; others are not asked.
#[test]
fn every_function_of_a_permission_must_allow() {
    let sink = Arc::new(RecordingSink::denials());
    let allow = |_: &Question<'_>| Decision::Allow;
    let policy = Policy::default()
        .decide(Permission::Spawn, allow)
        .decide(Permission::Spawn, |_| Decision::deny("the second says no"))
        .decide(Permission::Spawn, allow)
        .decide(Permission::Load, |_| Decision::deny("another family"));
    let guard = guard(spawner(), policy, &sink);
    let denied = guard.check(WORKER, ()).unwrap_err();
    assert!(denied.help.contains("the second says no"), "{denied}");
}

/// A function that panics refuses, and refuses again: nothing is poisoned.
#[test]
fn a_panic_is_a_denial() {
    let sink = Arc::new(RecordingSink::denials());
    let policy = Policy::default().decide(Permission::Spawn, |_| panic!("a bug of the embedder's"));
    let guard = guard(spawner(), policy, &sink);
    for _ in 0..2 {
        let denied = guard.check(WORKER, ()).unwrap_err();
        assert!(denied.help.contains("panicked"), "{denied}");
    }
    assert!(!guard.query("spawn", Some("worker")));
    assert!(guard.drop_permission("spawn"));
}

/// A reason that quotes the guest cannot forge a line, nor be longer than a line.
#[test]
fn a_reason_is_escaped_and_cut() {
    let sink = Arc::new(RecordingSink::denials());
    let policy = Policy::default().decide(Permission::Spawn, |_| {
        Decision::deny(format!("no\nroot may \u{202e}{}", "x".repeat(100_000)))
    });
    let guard = guard(spawner(), policy, &sink);
    let sentence = guard.check(WORKER, ()).unwrap_err().to_string();
    assert!(
        sentence.contains("no\\u{a}root may \\u{202e}xx"),
        "{sentence}"
    );
    assert!(!sentence.chars().any(crate::is_steering) && sentence.len() < 1_000);
}

/// A function may itself use the guard's process: no lock is held while it runs.
#[test]
fn no_lock_is_held_while_a_function_runs() {
    let sink = Arc::new(RecordingSink::denials());
    let own: Arc<Mutex<Option<Guard>>> = Arc::default();
    let inner = Arc::clone(&own);
    let policy = Policy::default().decide(Permission::Spawn, move |_| {
        let guard = inner.lock().unwrap().clone().unwrap();
        // Takes the lock for writing; held for reading, this would wait for ever.
        assert!(guard.drop_permission("load"));
        Decision::Allow
    });
    let guard = guard(spawner(), policy, &sink);
    *own.lock().unwrap() = Some(guard.clone());
    assert!(guard.check(WORKER, ()).is_ok());
    *own.lock().unwrap() = None;
}

/// A query promises nothing that a check would refuse, says that it is one, and leaves no record.
#[test]
fn a_query_asks_the_functions_too() {
    let profile = Profile::builder("p")
        .network(NetGrant::public())
        .spawn(SpawnGrant::Anyone)
        .storage(KvGrant::every())
        .env("APP_*".parse().unwrap())
        .dir("d::/data".parse().unwrap())
        .dir("d::/data/open::ro".parse().unwrap())
        .allow_load()
        .allow_process_control()
        .build()
        .unwrap();
    let mut policy = Policy::default();
    for permission in Permission::ALL {
        policy = policy.decide(permission, |question| {
            assert!(question.is_query);
            let refused = match question.request {
                Request::Connect { addr, proto, .. } => proto == Protocol::Tcp && addr.port() == 25,
                Request::ConnectName { port, .. } => port == 25,
                Request::ResolveName { name: text }
                | Request::Env { name: text }
                | Request::Spawn { component: text } => text.contains("BAD"),
                Request::Storage { bucket, access, .. } => {
                    bucket == "ledger" && access == crate::Access::Write
                }
                Request::OpenDir { guest, .. } => guest == "/data",
                Request::Send { .. } | Request::Load | Request::ListProcesses => true,
                Request::Link { .. }
                | Request::Signal { .. }
                | Request::ProcessControl { .. }
                | Request::Beneath { .. }
                | Request::Bind { .. }
                | Request::Listen { .. }
                | Request::Stdio
                | Request::HostFunction { .. } => false,
            };
            refuse_if(refused, "no")
        });
    }
    let sink = Arc::new(RecordingSink::everything());
    let guard = guard(profile, policy, &sink);
    for (permission, target, held) in [
        ("network", Some("8.8.8.8:443"), true),
        ("network", Some("8.8.8.8:25"), false),
        ("network", Some("8.8.8.8"), true),
        ("network", Some("[2606:4700::1]:25"), false),
        ("network", Some("GOOD.example:443"), true),
        ("network", Some("GOOD.example:25"), false),
        ("network", Some("BAD.example:443"), false),
        ("network", Some("BAD.example"), false),
        ("network", None, true),
        ("spawn", Some("worker"), true),
        ("spawn", Some("BAD"), false),
        ("storage", Some("read:ledger"), true),
        ("storage", Some("write:ledger"), false),
        ("storage", Some("ledger"), false),
        ("env", Some("APP_OK"), true),
        ("env", Some("APP_BAD"), false),
        ("files", Some("/data/x"), false),
        ("files", Some("/data/open/x"), true),
        ("send", Some("ledger"), false),
        ("load", None, false),
        ("process-control", None, false),
        ("root", None, false),
    ] {
        assert_eq!(
            guard.query(permission, target),
            held,
            "{permission} {target:?}"
        );
    }
    assert_eq!(sink.records(), []);
}

/// Whoever wants every decision gets the policy's too, with the profile's name.
#[test]
fn a_sink_is_told_of_the_policys_answer() {
    struct Names(Mutex<Vec<(String, bool)>>);
    impl AuditSink for Names {
        fn record(&self, record: &crate::AuditRecord<'_>) {
            let allowed = matches!(record.outcome, Outcome::Allowed);
            self.0
                .lock()
                .unwrap()
                .push((record.profile.to_owned(), allowed));
        }

        fn wants_allowed(&self) -> bool {
            true
        }
    }
    let sink = Arc::new(Names(Mutex::default()));
    let policy = Policy::default().decide(Permission::Spawn, |question| {
        refuse_if(question.request != HELPER, "no")
    });
    let guard = Guard::with_policy(
        Arc::new(spawner()),
        Subject::new("api", 1, "<0.1.1>"),
        Arc::clone(&sink) as Arc<dyn AuditSink>,
        Arc::new(policy),
    );
    assert!(guard.check(HELPER, ()).is_ok());
    assert!(guard.check(WORKER, ()).is_err());
    let expected = [("web".to_owned(), true), ("web".to_owned(), false)];
    assert_eq!(*sink.0.lock().unwrap(), expected);
}
