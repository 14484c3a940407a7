//! New processes, rights, other processes.

use std::time::Duration;

use rusm_sdk::control::{self, Info};
use rusm_sdk::permissions::{self, Status};
use rusm_sdk::spawner::{self, Restrictions, Spawn};

use crate::answer::{Answer, answer, done};
use crate::script::{Script, fail, number};
use crate::talk;

pub(crate) fn run(command: &str, script: &mut Script) -> bool {
    let answer = match command {
        "spawn" => spawn(script),
        "load" => {
            let name = script.word();
            done(spawner::load(&name, &talk::next_message(script).payload))
        }
        "query" => query(script),
        "drop" => {
            permissions::drop(&script.word());
            Answer::done()
        }
        "processes" => answer(control::processes(), |infos| infos.len().to_string()),
        "inspect" => answer(control::inspect(script.pid()), |info| {
            info.map_or("none".into(), |info| described(&info))
        }),
        "facts" => answer(control::inspect(script.pid()), |info| {
            info.map_or("none".into(), |info| facts(&info))
        }),
        "lists" => {
            let pid = script.pid();
            answer(control::processes(), |infos| {
                let listed = infos.iter().filter(|info| info.process == pid);
                listed.count().to_string()
            })
        }
        _ => return false,
    };
    script.report(command, &answer);
    true
}

fn spawn(script: &mut Script) -> Answer {
    let mut spawn = Spawn::new(script.word());
    let mut restrict = Restrictions::default();
    let mut words = script.words();
    while let Some(option) = words.next() {
        spawn = match option.split_once('=').unwrap_or((&option, "")) {
            ("link", _) => spawn.link(),
            ("monitor", _) => spawn.monitor(),
            ("name", name) => spawn.name(name),
            ("profile", profile) => spawn.profile(profile),
            ("args", _) => words
                .by_ref()
                .fold(spawn, |spawn, arg| spawn.arg(nested(arg))),
            (bound, value) => {
                narrow(&mut restrict, bound, value);
                spawn
            }
        };
    }
    if restrict != Restrictions::default() {
        spawn = spawn.restrict(restrict);
    }
    drop(words);
    let spawned = spawn.start();
    if let Ok(spawned) = &spawned {
        script.spawned = Some(spawned.process);
        script.monitor = spawned.monitor.or(script.monitor);
    }
    answer(spawned, |spawned| spawned.process.to_string())
}

/// The steps of a spawned script are separated by another word, or they would be steps of this one.
fn nested(arg: String) -> String {
    if arg == "also" { "then".into() } else { arg }
}

fn narrow(restrict: &mut Restrictions, bound: &str, value: &str) {
    match bound {
        "revoke" => restrict.revoke.push(value.into()),
        "memory-mb" => restrict.max_memory_mb = Some(number(value)),
        "cpu-ms" => restrict.max_cpu = Some(Duration::from_millis(number(value))),
        "timeout-ms" => restrict.timeout = Some(Duration::from_millis(number(value))),
        other => fail(format_args!("spawn has no option '{other}'")),
    }
}

fn query(script: &mut Script) -> Answer {
    let (permission, target) = (script.word(), script.word_or_none());
    Answer::Ok(match permissions::query(&permission, target.as_deref()) {
        Status::Granted => "granted".into(),
        Status::Denied => "denied".into(),
    })
}

fn described(info: &Info) -> String {
    let name = info.name.as_deref().unwrap_or("-");
    format!("{} {name} {} {}", info.component, info.profile, info.state)
}

fn facts(info: &Info) -> String {
    let parent = info.parent.map_or("none".into(), |pid| pid.to_string());
    format!(
        "parent={parent} mailbox={} memory={} cpu={} restarts={}",
        info.mailbox_length,
        info.memory_bytes > 0,
        info.cpu_time_us > 0,
        info.restarts
    )
}
