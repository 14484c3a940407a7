//! The same thing many times: numbered messages, round trips, requests kept and answered, and floods.

use std::collections::BTreeSet;
use std::time::Duration;

use rusm_sdk::mailbox::{self, Event, Request, Selector};
use rusm_sdk::spawner::Spawn;
use rusm_sdk::{ExitReason, Pid, process, registry};

use crate::answer::{Answer, answer, done};
use crate::script::{Script, Who, fail, number};

/// The tag of round trips.
const ROUND: u64 = 0x60;

pub(crate) fn run(command: &str, script: &mut Script) -> bool {
    let answer = match command {
        "flood" => flood(script),
        "hammer" => hammer(script),
        "count-to" => count_to(script),
        "count-from" => count_from(script),
        "rounds" => rounds(script),
        "answer-reversed" => answer_reversed(script),
        "relay" => relay(script),
        "pester" => return pester(script),
        "doze" => loop {
            mailbox::receive_timeout(&Selector::any(), Duration::from_millis(1));
        },
        _ => return false,
    };
    script.report(command, &answer);
    true
}

fn flood(script: &mut Script) -> Answer {
    let (who, tag) = (script.who(), script.number());
    let (n_messages, n_bytes): (u64, usize) = (script.number(), script.number());
    let payload = vec![0; n_bytes];
    for sent in 0..n_messages {
        if let Err(error) = mailbox::send(&who, tag, &payload) {
            return Answer::Error(format!("after {sent}: {error}"));
        }
    }
    Answer::Ok(n_messages.to_string())
}

/// Does one thing so many times, whatever it answers.
fn hammer(script: &mut Script) -> Answer {
    let (deed, who, n_times): (_, _, u64) = (script.word(), script.who(), script.number());
    // The name may be one of a component, and the deed one that is done to nobody.
    let pid = match &who {
        Who::Pid(pid) => *pid,
        Who::Name(name) => registry::whereis(name).unwrap_or_else(process::me),
    };
    let outcomes: u64 = (0..n_times)
        .map(|n| u64::from(blow(&deed, &who, pid, n)))
        .sum();
    Answer::Ok(outcomes.to_string())
}

/// One deed of a flood; whether it was granted.
fn blow(deed: &str, who: &Who, pid: Pid, n: u64) -> bool {
    const BYTES: [u8; 1_000] = [7; 1_000];
    const HOUR: Duration = Duration::from_secs(3_600);
    let timer = || mailbox::send_after(HOUR, who, 9, &BYTES);
    match deed {
        "messages" => mailbox::send(who, 9, &BYTES).is_ok(),
        "requests" => {
            let call = mailbox::call(who, 9, &BYTES, Some(Duration::ZERO));
            call == Err(mailbox::CallError::Timeout)
        }
        "signals" => {
            let reason = ExitReason::Error(format!("{n}").repeat(1_000));
            process::signal(pid, &reason).is_ok()
        }
        "timers" => timer().is_ok(),
        "timers-undone" => timer().is_ok_and(|timer| mailbox::cancel_timer(timer).is_some()),
        "monitors" => {
            process::demonitor(process::monitor(pid));
            true
        }
        "monitors-kept" => process::monitor(pid).as_u64() > 0,
        "links" => {
            let linked = process::link(pid).is_ok();
            process::unlink(pid);
            linked
        }
        "links-kept" => process::link(pid).is_ok(),
        "names" => {
            registry::unregister(&format!("mine-{}", n.wrapping_sub(1)));
            registry::register(&format!("mine-{n}")).is_ok()
        }
        "groups" => {
            registry::join("crowd");
            registry::leave("crowd");
            true
        }
        "broadcasts" => registry::broadcast("crowd", 9, &BYTES) > 0,
        "spawns" => Spawn::new(name_of(who)).arg("forget").start().is_ok(),
        other => fail(format_args!("there is no flood of '{other}'")),
    }
}

fn name_of(who: &Who) -> &str {
    match who {
        Who::Name(name) => name,
        Who::Pid(_) => fail("a component is named"),
    }
}

fn count_to(script: &mut Script) -> Answer {
    let (who, tag, n_messages): (_, _, u64) = (script.who(), script.number(), script.number());
    let send = |n: u64| mailbox::send(&who, tag, &n.to_le_bytes());
    answer((0..n_messages).try_for_each(send), |()| {
        n_messages.to_string()
    })
}

fn count_from(script: &mut Script) -> Answer {
    let (from, n_messages): (_, u64) = (script.pid(), script.number());
    for expected in 0..n_messages {
        let event = mailbox::receive_where(&Selector::any().sender(from));
        let is_next = |event: &Event| matches!(event, Event::Message(message) if *message.payload == expected.to_le_bytes());
        if !is_next(&event) {
            return Answer::Error(format!("not number {expected}: {event:?}"));
        }
    }
    Answer::Ok(n_messages.to_string())
}

/// Each message waits for its echo, whatever else arrives.
fn rounds(script: &mut Script) -> Answer {
    let (who, n_rounds): (_, u64) = (script.who(), script.number());
    for round in 0..n_rounds {
        let sent = mailbox::send(&who, ROUND, &round.to_le_bytes());
        if sent.is_err() {
            return done(sent);
        }
        let echo = mailbox::receive_where(&Selector::any().tags([ROUND]));
        let is_it =
            matches!(&echo, Event::Message(message) if *message.payload == round.to_le_bytes());
        if !is_it {
            return Answer::Error(format!("not round {round}: {echo:?}"));
        }
    }
    Answer::Ok(n_rounds.to_string())
}

/// Keeps requests, and answers the last one first, each with its own text.
fn answer_reversed(script: &mut Script) -> Answer {
    let n_requests: usize = script.number();
    let mut kept: Vec<Request> = Vec::new();
    while kept.len() < n_requests {
        if let Event::Request(request) = mailbox::receive() {
            kept.push(request);
        }
    }
    for request in kept.iter().rev() {
        mailbox::reply(request.id, &request.payload);
    }
    Answer::Ok(n_requests.to_string())
}

/// One process after the other, each after the end of the one before; all their pids differ.
fn relay(script: &mut Script) -> Answer {
    let (component, n_processes): (_, usize) = (script.word(), script.number());
    let mut pids = BTreeSet::new();
    for _ in 0..n_processes {
        let spawned = Spawn::new(&component).arg("self").monitor().start();
        let Some((pid, monitor)) = spawned
            .as_ref()
            .ok()
            .and_then(|spawned| Some((spawned.process, spawned.monitor?)))
        else {
            return answer(spawned, |_| String::new());
        };
        pids.insert(pid);
        mailbox::receive_where(&Selector::any().monitor(monitor));
    }
    Answer::Ok(pids.len().to_string())
}

/// A message every millisecond, until one comes that says `stop`.
fn pester(script: &mut Script) -> bool {
    let (who, tag): (_, u64) = (script.who(), number(&script.word()));
    loop {
        // Who is pestered may be gone, or have no room.
        let _ = mailbox::send(&who, tag, b"well?");
        let event = mailbox::receive_timeout(&Selector::any(), Duration::from_millis(1));
        if matches!(event, Some(Event::Message(message)) if message.payload == b"stop") {
            return true;
        }
    }
}
