//! A kill ends a process wherever it waits for the network, at once, and closes what it held.

use super::http::CLIENTS;
use super::server::Server;
use super::{listening, profile};
use crate::app::scripted;
use crate::support::{GuestPath, PATIENCE, Scenario, guest};
use parking_lot::{Condvar, Mutex};
use rusm_caps::Profile;
use rusm_core::{ExitReason, ProcessHandle, Resolver, Resolving, Spawn};
use std::io::Read;
use std::net::{TcpListener, TcpStream, UdpSocket};
use std::sync::Arc;
use std::time::Instant;

fn probe(scenario: &Scenario, profile: Profile, script: &str) -> ProcessHandle {
    let program = scenario
        .runtime
        .load("actor_probe", &guest("actor_probe", GuestPath::Component));
    let spawn = scripted("victim", &program.expect("it is a component"), script);
    let victim = scenario.runtime.spawn(spawn.profile(profile));
    victim.expect("there is room for it")
}

fn client(scenario: &Scenario, client: &str, profile: Profile, script: &str) -> ProcessHandle {
    let program = scenario
        .runtime
        .load(client, &guest(client, GuestPath::Component));
    let spawn = Spawn::new("victim", &program.expect("it is a component"))
        .profile(profile)
        .args(script.split(' '));
    scenario.runtime.spawn(spawn).expect("there is room for it")
}

#[track_caller]
fn is_killed(victim: &ProcessHandle) {
    victim.kill();
    assert_eq!(victim.wait(), ExitReason::Killed);
}

/// Waits until the kernel shows a socket of this state (`/proc/net/tcp`) that is connected, or connecting, to this port.
#[cfg(target_os = "linux")]
fn wait_for_socket(state: &str, port: u16) {
    let until = Instant::now() + PATIENCE;
    while !has_socket(state, port) {
        assert!(
            Instant::now() < until,
            "there is no socket of state {state}"
        );
        std::thread::yield_now();
    }
}

#[cfg(target_os = "linux")]
fn has_socket(state: &str, port: u16) -> bool {
    let table = std::fs::read_to_string("/proc/self/net/tcp").expect("Linux has it");
    let peer = format!("0100007F:{port:04X}");
    table.lines().any(|line| {
        let mut columns = line.split_whitespace().skip(2);
        columns.next() == Some(&peer) && columns.next() == Some(state)
    })
}

/// A listener whose queue is full lets nobody in: whoever connects waits.
#[cfg(target_os = "linux")]
#[test]
fn a_kill_ends_a_process_that_connects() {
    let reactor = tokio::runtime::Builder::new_current_thread()
        .enable_io()
        .build()
        .expect("the machine has a reactor");
    let _context = reactor.enter();
    let socket = tokio::net::TcpSocket::new_v4().expect("there is a socket");
    socket
        .bind(([127, 0, 0, 1], 0).into())
        .expect("there is a free port");
    let listener = socket.listen(1).expect("loopback can be listened on");
    let address = listener.local_addr().expect("it is bound");
    let _first = TcpStream::connect(address).expect("the queue is empty");
    let _second = TcpStream::connect(address).expect("the queue has room");
    const CONNECTING: &str = "02";
    for (name, script) in [
        ("actor_probe", format!("connect {address}")),
        ("stock_http", format!("get http {address} /")),
        ("stock_http_p3", format!("get http {address} /")),
    ] {
        let scenario = Scenario::new();
        let victim = client(&scenario, name, profile(&[address.to_string()]), &script);
        wait_for_socket(CONNECTING, address.port());
        is_killed(&victim);
        let until = Instant::now() + PATIENCE;
        while has_socket(CONNECTING, address.port()) {
            assert!(Instant::now() < until, "{name} still connects");
            std::thread::yield_now();
        }
    }
}

#[test]
fn a_kill_ends_a_process_that_accepts_and_frees_its_port() {
    let scenario = Scenario::new();
    let ports = ["127.0.0.1".to_owned()];
    let victim = listening(&profile(&["127.0.0.1:9".to_owned()]), &ports);
    let victim = probe(&scenario, victim, "accept 127.0.0.1:0");
    let line = scenario.recorder.wait_for_lines("victim", 1).remove(0);
    let address = line
        .strip_prefix("listening=")
        .expect("it says where")
        .to_owned();
    is_killed(&victim);
    let mut stream = match TcpStream::connect(&address) {
        Err(_) => return drop(TcpListener::bind(&address).expect("the port is free")),
        Ok(stream) => stream,
    };
    let mut rest = Vec::new();
    assert!(matches!(stream.read_to_end(&mut rest), Ok(0) | Err(_)));
}

#[test]
fn a_kill_ends_a_process_that_waits_for_a_datagram() {
    let friend = UdpSocket::bind("127.0.0.1:0").expect("there is a free port");
    let address = friend.local_addr().expect("it is bound").to_string();
    let scenario = Scenario::new();
    let script = format!("ask-udp 127.0.0.1:0 {address}");
    let victim = probe(&scenario, profile(&[address]), &script);
    let (_, from) = friend.recv_from(&mut [0; 64]).expect("it writes");
    is_killed(&victim);
    // The kernel may still look at the socket for whoever waits for events: it is gone when that is done.
    let until = Instant::now() + PATIENCE;
    while let Err(error) = UdpSocket::bind(from) {
        assert!(Instant::now() < until, "the port is not free: {error}");
        std::thread::yield_now();
    }
}

/// A resolver may never answer; a process that asked it dies all the same, by each way to ask.
#[test]
fn a_kill_ends_a_process_that_looks_a_name_up() {
    for (name, script) in [
        ("actor_probe", "resolve slow.example:80"),
        ("stock_http", "get http slow.example /"),
        ("stock_http_p3", "get http slow.example /"),
    ] {
        let silent = Arc::new(Silent::default());
        let progress = Arc::clone(&silent.progress);
        let scenario = Scenario::with(|builder| builder.resolver(silent));
        let rules = ["slow.example".to_owned()];
        let victim = client(&scenario, name, profile(&rules), script);
        progress.wait_for(Stage::Asked);
        is_killed(&victim);
        progress.wait_for(Stage::GivenUp);
    }
}

/// Never answers. Tells when it is asked, and when whoever asked has given up.
#[derive(Default)]
struct Silent {
    progress: Arc<Progress>,
}

#[derive(Default)]
struct Progress {
    stage: Mutex<Stage>,
    changed: Condvar,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord)]
enum Stage {
    #[default]
    Quiet,
    Asked,
    GivenUp,
}

impl Progress {
    fn reach(&self, stage: Stage) {
        *self.stage.lock() = stage;
        self.changed.notify_all();
    }

    #[track_caller]
    fn wait_for(&self, wanted: Stage) {
        let mut stage = self.stage.lock();
        while *stage < wanted {
            let waited = self.changed.wait_for(&mut stage, PATIENCE);
            assert!(!waited.timed_out(), "it is still {stage:?}");
        }
    }
}

impl Resolver for Silent {
    fn resolve(&self, _name: &Arc<str>) -> Resolving {
        struct UntilDropped(Arc<Progress>);

        impl Drop for UntilDropped {
            fn drop(&mut self) {
                self.0.reach(Stage::GivenUp);
            }
        }

        self.progress.reach(Stage::Asked);
        let until_dropped = UntilDropped(Arc::clone(&self.progress));
        Box::pin(async move {
            let _until_dropped = until_dropped;
            std::future::pending().await
        })
    }
}

/// A server takes a request and says nothing: its guest dies, and the server sees the connection end.
#[test]
fn a_kill_ends_an_exchange_and_its_connection() {
    for name in CLIENTS {
        let server = Server::of_connections(|mut stream, arrived| {
            let mut head = [0; 4];
            stream.read_exact(&mut head).expect("a request arrives");
            arrived(String::from_utf8_lossy(&head).into_owned());
            super::http::wait_for_end(&mut stream);
            arrived("the end".to_owned());
        });
        let scenario = Scenario::new();
        let authority = server.authority();
        let script = format!("get http {authority} /");
        let victim = client(&scenario, name, profile(&[authority]), &script);
        assert_eq!(server.arrival(), "GET ");
        is_killed(&victim);
        assert_eq!(server.arrival(), "the end");
    }
}
