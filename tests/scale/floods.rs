//! experiment
use crate::app::{controller, probe, scripted};
use crate::support::{BOTH_PATHS, Scenario};
use rusm_caps::{Profile, SpawnGrant};
use rusm_core::Name;

fn resident() -> usize {
    let statm = std::fs::read_to_string("/proc/self/statm").unwrap();
    statm.split(' ').nth(1).unwrap().parse::<usize>().unwrap() * 4096
}

#[test]
fn experiment() {
    for path in BOTH_PATHS {
        for doing in [
            "trap-exits on then receive-tag 99",
            "trap-exits on then spin",
        ] {
            for deed in [
                "messages",
                "requests",
                "signals",
                "timers",
                "timers-undone",
                "monitors",
                "links",
                "names",
                "groups",
                "broadcasts",
                "gone-monitors-kept",
                "gone-links-kept",
            ] {
                let scenario = Scenario::alone();
                let program = probe(&scenario, path);
                let profile = || -> Profile {
                    controller()
                        .to_builder("x")
                        .spawn(SpawnGrant::Anyone)
                        .with_limits(|l| l.max_memory_bytes = 64 << 20)
                        .build()
                        .unwrap()
                };
                let victim = scenario
                    .runtime
                    .spawn(
                        scripted(
                            "victim",
                            &program,
                            &format!("join crowd then say ready then {doing}"),
                        )
                        .profile(profile())
                        .name(Name::new("victim").unwrap()),
                    )
                    .unwrap();
                scenario.recorder.wait_for_line("victim", "say=ok:ready");
                let gone = scenario
                    .runtime
                    .spawn(scripted("gone", &program, "say x").profile(profile()))
                    .unwrap();
                gone.wait();
                let (deed, who) = match deed.strip_prefix("gone-") {
                    Some(d) => (d, gone.pid().as_u64().to_string()),
                    None => (deed, "victim".into()),
                };
                let r0 = resident();
                let start = std::time::Instant::now();
                let f = scenario.runtime.spawn(scripted("flooder", &program, &format!("trap-exits on then hammer {deed} {who} 150000 then say more then hammer {deed} {who} 150000 then say enough then receive")).profile(profile())).unwrap();
                scenario.recorder.wait_for(|e| match e {
                    rusm_core::RuntimeEvent::GuestLine { line, .. } if line == "say=ok:more" => {
                        Some(())
                    }
                    rusm_core::RuntimeEvent::Exited(x) if &*x.component == "flooder" => Some(()),
                    _ => None,
                });
                let r1 = resident();
                scenario.recorder.wait_for(|e| match e {
                    rusm_core::RuntimeEvent::GuestLine { line, .. } if line == "say=ok:enough" => {
                        Some(())
                    }
                    rusm_core::RuntimeEvent::Exited(x) if &*x.component == "flooder" => Some(()),
                    _ => None,
                });
                let r2 = resident();
                println!(
                    "{path:?} {doing} {deed} {who}: +{} MB, +{} MB, {:?} {:?}",
                    (r1 as i64 - r0 as i64) >> 20,
                    (r2 as i64 - r1 as i64) >> 20,
                    start.elapsed(),
                    scenario.recorder.lines("flooder")
                );
                let ends: Vec<_> = scenario
                    .recorder
                    .events()
                    .iter()
                    .filter_map(crate::support::exit)
                    .map(|e| {
                        format!("{} {}", e.component, e.reason)
                            .chars()
                            .take(150)
                            .collect::<String>()
                    })
                    .collect();
                println!("   {ends:?}");
                drop(f);
                victim.kill();
            }
        }
    }
}
