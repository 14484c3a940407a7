//! Decision functions of the embedder: asked through every path, refusing with a reason, never widening.

use super::{court, refuse_if};
use crate::app::{probe, scripted};
use crate::support::{BOTH_PATHS, Scenario};
use rusm_caps::{Decision, Peer, Permission, Profile, Request, SpawnGrant};
use rusm_core::dangerous::DangerousProfileExt;
use rusm_core::{ExitReason, RuntimeEvent};

/// A refusal is a typed answer with the embedder's reason; what the function allows stays as the profile says.
#[test]
fn a_decision_function_refuses_through_both_paths() {
    for path in BOTH_PATHS {
        let court = court(|builder| {
            builder.decide(Permission::Spawn, |question| {
                assert_eq!(question.subject.component(), "boss");
                let night = Request::Spawn { component: "night" };
                refuse_if(question.request == night, "closed at night")
            })
        });
        let scenario = &court.scenario;
        let program = probe(scenario, path);
        for child in ["day", "night"] {
            scenario
                .runtime
                .declare(child, &program, Profile::sandboxed());
        }
        let profile = Profile::sandboxed()
            .to_builder("boss")
            .spawn(SpawnGrant::listed(["day", "night"]))
            .build()
            .unwrap();
        let script = "query spawn day then query spawn night then spawn night then spawn other then spawn day";
        let boss = scripted("boss", &program, script).profile(profile);
        let boss = scenario.runtime.spawn(boss).unwrap();
        assert_eq!(boss.wait(), ExitReason::Normal);
        let lines = scenario.recorder.lines("boss");
        assert_eq!(
            lines.get(..4).unwrap_or_default(),
            [
                "query=ok:granted",
                "query=ok:denied",
                "spawn=denied:spawn",
                "spawn=denied:spawn"
            ]
        );
        assert!(
            matches!(&*lines, [.., last] if last.starts_with("spawn=ok:")),
            "{lines:?}"
        );
        let denied = court.denied(boss.pid());
        let [night, other] = &*denied else {
            panic!("{denied:#?}");
        };
        assert!(
            night
                .sentence
                .contains("The embedding program refuses it: closed at night"),
            "{night:?}"
        );
        assert!(!night.sentence.contains("To allow it"), "{night:?}");
        assert!(other.sentence.contains("To allow it"), "{other:?}");
    }
}

/// A panic in a decision function is a refusal: the guest goes on, and so does the only worker.
#[test]
fn a_panic_in_a_decision_function_is_a_refusal() {
    for path in BOTH_PATHS {
        let court = court(|builder| {
            builder.workers(1).decide(Permission::ProcessControl, |_| {
                panic!("a bug of the embedder's")
            })
        });
        let scenario = &court.scenario;
        let program = probe(scenario, path);
        let profile = crate::app::controller();
        let guest =
            scripted("guest", &program, "processes then processes then say here").profile(profile);
        let guest = scenario.runtime.spawn(guest).unwrap();
        assert_eq!(guest.wait(), ExitReason::Normal);
        assert_eq!(
            scenario.recorder.lines("guest"),
            [
                "processes=denied:process-control",
                "processes=denied:process-control",
                "say=ok:here"
            ]
        );
    }
}

/// What WASI hands out at the start is decided too: a folder that is refused is a process that does not start, a
/// variable that is refused is not there, and output goes to the log when the terminal is refused.
#[test]
fn what_a_process_starts_with_is_decided_too() {
    let folder = tempfile::tempdir().unwrap();
    for path in BOTH_PATHS {
        let court = court(|builder| {
            builder
                .env(
                    [("APP_A", "1"), ("APP_B", "2")]
                        .map(|(name, value)| (name.into(), value.into()))
                        .into(),
                )
                .decide(Permission::Env, |question| {
                    refuse_if(
                        question.request == Request::Env { name: "APP_B" },
                        "not that one",
                    )
                })
                .decide(Permission::Stdio, |_| Decision::deny("no terminal here"))
                .decide(Permission::Files, |_| Decision::deny("no folders today"))
        });
        let scenario = &court.scenario;
        let program = probe(scenario, path);
        let base = Profile::sandboxed()
            .to_builder("guest")
            .env("APP_*".parse().unwrap())
            .allow_stdio();
        let guest = scripted("guest", &program, "env APP_A then env APP_B")
            .profile(base.clone().build().unwrap());
        assert_eq!(
            scenario.runtime.spawn(guest).unwrap().wait(),
            ExitReason::Normal
        );
        let lines = scenario.recorder.lines("guest");
        assert!(
            matches!(&*lines, [a, b] if a == "env=ok:1" && b.starts_with("env=error")),
            "{lines:?}"
        );
        let on_terminal = scenario.recorder.events().into_iter().any(|event| {
            matches!(
                event,
                RuntimeEvent::GuestLine {
                    on_terminal: true,
                    ..
                }
            )
        });
        assert!(!on_terminal, "it is the log's");

        let dir = rusm_caps::DirGrant::read_only(folder.path(), "/data").unwrap();
        let guest = scripted("second", &program, "").profile(base.dir(dir).build().unwrap());
        let reason = scenario.runtime.spawn(guest).unwrap().wait();
        assert!(
            matches!(&reason, ExitReason::NotStarted(text) if text.contains("no folders today")),
            "{reason}"
        );
    }
}

/// The presets open what they say, through both paths: every variable, and loopback.
#[test]
fn a_preset_opens_what_it_says() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    for path in BOTH_PATHS {
        let court = court(|builder| builder.env([("ANYTHING".into(), "goes".into())].into()));
        let scenario = &court.scenario;
        let program = probe(scenario, path);
        let nothing = || crate::trial::nothing().to_builder("guest");
        let run = |name: &str, script: &str, profile: rusm_caps::ProfileBuilder| {
            let guest = scripted(name, &program, script).profile(profile.build().unwrap());
            assert_eq!(
                scenario.runtime.spawn(guest).unwrap().wait(),
                ExitReason::Normal
            );
            scenario.recorder.lines(name)
        };
        let lines = run("env", "env ANYTHING", nothing().allow_all_env());
        assert_eq!(lines, ["env=ok:goes"]);
        let lines = run(
            "network",
            &format!("query network {address}"),
            nothing().allow_all_network(),
        );
        assert_eq!(lines, ["query=ok:granted"]);
        if path == crate::support::GuestPath::Component {
            // Preview 1 has no call to connect.
            let lines = run(
                "connects",
                &format!("connect {address}"),
                nothing().allow_all_network(),
            );
            assert!(
                matches!(&*lines, [line] if line.starts_with("connect=ok")),
                "{lines:?}"
            );
        }
    }
}

/// All files are those of the machine's root but the kernel's; a node with a folder of its own says that it keeps it.
#[test]
fn all_files_are_open_and_the_nodes_own_are_not() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let file = folder.path().join("file");
    std::fs::write(&file, "content").expect("there is room for a file");
    let script = format!("read {} then read /proc/version", file.display());
    for path in BOTH_PATHS {
        let run = |scenario: &Scenario| {
            let program = probe(scenario, path);
            let files = crate::trial::nothing()
                .to_builder("guest")
                .allow_all_files();
            let guest = scripted("files", &program, &script).profile(files.build().unwrap());
            let reason = scenario.runtime.spawn(guest).unwrap().wait();
            (reason, scenario.recorder.lines("files"))
        };
        let (reason, lines) = run(&Scenario::without_cache());
        assert_eq!(reason, ExitReason::Normal);
        assert!(
            matches!(&*lines, [file, kernels] if file == "read=ok:content" && !kernels.starts_with("read=ok")),
            "{lines:?}"
        );
        let (reason, _) = run(&Scenario::new());
        assert!(
            matches!(&reason, ExitReason::NotStarted(text) if text.contains("the cache of compiled code")),
            "{reason}"
        );
    }
}

/// A function about sending sees who is to receive, also where the profile lets the process send to anyone.
#[test]
fn a_decision_about_sending_sees_the_receiver() {
    for path in BOTH_PATHS {
        let court = court(|builder| {
            builder.decide(Permission::Send, |question| {
                let to_bank = |to: Peer<'_>| to.component == "bank";
                let request = question.request;
                let refused = matches!(request, Request::Send { to } if to_bank(to));
                refuse_if(refused, "not to the bank")
            })
        });
        let scenario = &court.scenario;
        let program = probe(scenario, path);
        let listener = |component: &str, name: &str| {
            let name = rusm_core::Name::new(name).expect("it is a name");
            let spawn = scripted(component, &program, "join crowd then forget").name(name);
            let pid = scenario.runtime.spawn(spawn).expect("there is room").pid();
            scenario.recorder.wait_for_line(component, "join=ok");
            pid
        };
        let (bank, shop) = (listener("bank", "vault"), listener("shop", "counter"));
        let (bank, shop) = (bank.as_u64(), shop.as_u64());
        let script = format!(
            "send {bank} 1 x then send vault 1 x then call vault 1 0 x then send {shop} 1 x then broadcast crowd 1 x"
        );
        let guest = scripted("guest", &program, &script).profile(Profile::sandboxed());
        assert_eq!(
            scenario.runtime.spawn(guest).unwrap().wait(),
            ExitReason::Normal
        );
        let refused = "=denied:send";
        let lines = scenario.recorder.lines("guest");
        let [pid, name, call, shop, crowd] = &*lines else {
            panic!("{lines:?}");
        };
        for line in [pid, name, call] {
            assert!(line.ends_with(refused), "{lines:?}");
        }
        assert_eq!((&**shop, &**crowd), ("send=ok", "broadcast=ok:1"));
    }
}
