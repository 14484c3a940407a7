//! A kill takes effect whatever the process does, and releases what it held.

use super::Deathbed;
use crate::app::{controller, probe, scripted};
use crate::support::{BOTH_PATHS, GuestPath};
use rusm_actor::Event;
use rusm_core::ExitReason;
use std::io::Read;
use std::net::TcpListener;

/// The victim reports that it begins, does `deed` without end, and is killed by another guest.
#[track_caller]
fn is_killed_in(deed: &str) {
    for path in BOTH_PATHS {
        let bed = Deathbed::prepare(path, "", &format!("say now then {deed}"));
        bed.begin();
        bed.scenario.recorder.wait_for_line("victim", "say=ok:now");
        kill(&bed, path);
        bed.conclude(|reason| *reason == ExitReason::Killed);
    }
}

#[track_caller]
fn kill(bed: &Deathbed, path: GuestPath) {
    let script = format!("kill {}", bed.victim.as_u64());
    let killer = scripted("killer", &probe(&bed.scenario, path), &script).profile(controller());
    let killer = bed
        .scenario
        .runtime
        .spawn(killer)
        .expect("there is room for it");
    assert_eq!(killer.wait(), ExitReason::Normal);
    assert_eq!(bed.scenario.recorder.lines("killer"), ["kill=ok"]);
}

#[test]
fn a_kill_ends_an_endless_loop() {
    is_killed_in("spin");
}

#[test]
fn a_kill_ends_a_process_that_receives() {
    is_killed_in("receive-tag 99");
}

#[test]
fn a_kill_ends_a_process_that_calls() {
    for path in BOTH_PATHS {
        let bed = Deathbed::prepare(path, "", "receive then say now then call sender 98 -");
        bed.begin();
        // The desk takes the request and never answers it.
        bed.desk.send(bed.victim, 97, "call me");
        assert!(matches!(bed.desk.next(), Event::Request(request) if request.tag == 98));
        kill(&bed, path);
        bed.conclude(|reason| *reason == ExitReason::Killed);
    }
}

#[test]
fn a_kill_ends_a_process_that_sleeps_in_wasi() {
    is_killed_in("sleep 86400000");
}

/// It cannot be trapped.
#[test]
fn a_kill_ends_a_process_that_traps_exits() {
    is_killed_in("trap-exits on then forget");
}

/// Preview 1 cannot open a connection, so this is the components' alone.
#[test]
fn a_kill_ends_a_read_from_a_socket_and_closes_it() {
    let listener = TcpListener::bind("127.0.0.1:0").expect("loopback can be listened on");
    let address = listener.local_addr().expect("it is bound");
    let profile = format!("allow-network = [\"{address}\"]");
    let bed = Deathbed::prepare(
        GuestPath::Component,
        &profile,
        &format!("read-socket {address}"),
    );
    bed.begin();
    let (mut stream, _) = listener.accept().expect("the victim connects");
    let mut greeting = [0; 5];
    stream.read_exact(&mut greeting).expect("the victim greets");
    assert_eq!(&greeting, b"hello");
    kill(&bed, GuestPath::Component);
    bed.conclude(|reason| *reason == ExitReason::Killed);
    assert_eq!(
        stream
            .read(&mut greeting)
            .expect("the connection was closed in order"),
        0
    );
}
