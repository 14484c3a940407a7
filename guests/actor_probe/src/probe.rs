//! `probe`: everything that can be asked for, tried once.
//!
//! Each line is named after the import, so that a test can walk the imports and look its line up. Targets are
//! chosen so that the profile alone decides: a process that exists and is no relative, addresses of this machine, a folder of every machine.

use std::fs;
use std::io::{self, Write};
use std::net::{TcpListener, TcpStream, ToSocketAddrs, UdpSocket};
use std::time::Duration;

use rusm_sdk::kv::Op;
use rusm_sdk::mailbox::{self, Selector};
use rusm_sdk::permissions::{self, Status};
use rusm_sdk::process::ExitSignals;
use rusm_sdk::spawner::Spawn;
use rusm_sdk::{ExitReason, Pid, control, kv, process, registry, spawner};

use crate::answer::{Answer, answer, done};
use crate::script::Script;
use crate::{descriptors, outside};

/// A module with nothing in it: valid code.
const EMPTY_MODULE: &[u8] = b"\0asm\x01\0\0\0";

pub(crate) fn run(command: &str, script: &mut Script) -> bool {
    if command != "probe" {
        return false;
    }
    // A process that is no relative, whom only process control may touch; and the component to spawn.
    let (stranger, component) = (script.pid(), script.word());
    let mut lines = Vec::new();
    harmless(&mut lines);
    send(&mut lines, stranger);
    others(&mut lines, stranger);
    spawn(&mut lines, &component);
    storage(&mut lines);
    files(&mut lines);
    network(&mut lines);
    descriptors::probe(&mut lines);
    let lines: Vec<_> = lines
        .into_iter()
        .map(|(name, answer)| format!("{name}={answer}"))
        .collect();
    script.report_text(&lines.join("\n"));
    true
}

/// What was tried, and what came of it.
pub(crate) type Lines = Vec<(&'static str, Answer)>;

/// Imports that touch this process alone: every profile has them.
fn harmless(lines: &mut Lines) {
    let me = process::me();
    lines.push(("self", Answer::Ok(me.to_string())));
    lines.push((
        "parent",
        Answer::Ok(process::parent().map_or("none".into(), |pid| pid.to_string())),
    ));
    let before = process::trap_exits(ExitSignals::Obeyed);
    process::trap_exits(before);
    lines.push(("trap-exits", Answer::done()));
    process::demonitor(process::monitor(me));
    lines.push(("monitor", Answer::done()));
    lines.push(("demonitor", Answer::done()));
    process::unlink(me);
    lines.push(("unlink", Answer::done()));
    let nothing = mailbox::receive_timeout(&Selector::any().tags([u64::MAX]), Duration::ZERO);
    lines.push(("receive", Answer::Ok(format!("{}", nothing.is_some()))));
    lines.push(("register", done(registry::register("probe"))));
    lines.push((
        "whereis",
        Answer::Ok((registry::whereis("probe") == Some(me)).to_string()),
    ));
    registry::unregister("probe");
    lines.push(("unregister", Answer::done()));
    registry::join("probes");
    lines.push(("join", Answer::done()));
    lines.push((
        "members",
        Answer::Ok(registry::members("probes").contains(&me).to_string()),
    ));
    registry::leave("probes");
    lines.push(("leave", Answer::done()));
    let status = permissions::query("spawn", None);
    lines.push((
        "query",
        Answer::Ok(
            if status == Status::Granted {
                "granted"
            } else {
                "denied"
            }
            .into(),
        ),
    ));
}

fn send(lines: &mut Lines, stranger: Pid) {
    lines.push(("send", done(mailbox::send(stranger, 99, b"probe"))));
    // No time to answer: allowed is a time-out, and refused is a denial.
    let reply = mailbox::call(stranger, 99, b"probe", Some(Duration::ZERO));
    lines.push(("call", done(reply)));
    let timer = mailbox::send_after(Duration::from_secs(3_600), stranger, 99, b"probe");
    let left = timer
        .as_ref()
        .ok()
        .and_then(|timer| mailbox::cancel_timer(*timer));
    lines.push(("cancel-timer", Answer::Ok(left.is_some().to_string())));
    lines.push(("send-after", done(timer)));
}

fn others(lines: &mut Lines, stranger: Pid) {
    // A `normal` signal harms nobody, and an allowed link is untied again.
    lines.push((
        "signal",
        done(process::signal(stranger, &ExitReason::Normal)),
    ));
    lines.push(("link", done(process::link(stranger))));
    process::unlink(stranger);
    lines.push((
        "processes",
        answer(control::processes(), |infos| infos.len().to_string()),
    ));
    lines.push((
        "inspect",
        answer(control::inspect(stranger), |info| {
            info.is_some().to_string()
        }),
    ));
}

fn spawn(lines: &mut Lines, component: &str) {
    lines.push((
        "spawn",
        done(Spawn::new(component).arg("say").arg("spawned").start()),
    ));
    lines.push(("load", done(spawner::load("probed", EMPTY_MODULE))));
}

fn storage(lines: &mut Lines) {
    let (bucket, key) = ("probed", "key");
    let put = Op::Put {
        key: key.into(),
        value: b"1".into(),
        expires_ms: None,
    };
    lines.push(("kv-get", done(kv::get(bucket, key))));
    lines.push(("kv-put", done(kv::put(bucket, key, b"1"))));
    lines.push(("kv-delete", done(kv::delete(bucket, key))));
    lines.push(("kv-list", done(kv::list(bucket, "", None, 10))));
    lines.push(("kv-transact", done(kv::transact(bucket, &[put]))));
    lines.push(("kv-increment", done(kv::increment(bucket, "counter", 1))));
}

fn files(lines: &mut Lines) {
    lines.push(("file-read", reached(fs::read("/etc/passwd"))));
    lines.push(("file-write", reached(fs::write("/tmp/probed", "probe"))));
    lines.push((
        "file-rename",
        reached(fs::rename("/tmp/probed", "/tmp/moved")),
    ));
    lines.push(("file-remove", reached(fs::remove_file("/tmp/moved"))));
    lines.push(("dir-make", reached(fs::create_dir("/tmp/probed-folder"))));
    lines.push(("dir-remove", reached(fs::remove_dir("/tmp/probed-folder"))));
    lines.push(("dir-list", reached(fs::read_dir("/"))));
    lines.push((
        "symlink",
        reached(descriptors::symlink("/etc", "/tmp/probed-link")),
    ));
    lines.push(("environment", Answer::Ok(outside::environment().join(" "))));
    lines.push(("stdout", done(writeln!(io::stdout(), "probe on stdout"))));
    lines.push(("stderr", done(writeln!(io::stderr(), "probe on stderr"))));
}

/// A path that no granted folder covers does not exist for a guest. Each of these would exist if one did.
fn reached<T>(result: io::Result<T>) -> Answer {
    match result {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Answer::Denied("wasi".into()),
        other => done(other),
    }
}

fn network(lines: &mut Lines) {
    lines.push(("tcp-connect", done(TcpStream::connect("127.0.0.1:9"))));
    lines.push((
        "tcp-connect-metadata",
        done(TcpStream::connect("169.254.169.254:80")),
    ));
    lines.push(("tcp-connect-v6", done(TcpStream::connect("[::1]:9"))));
    lines.push(("tcp-listen", done(TcpListener::bind("127.0.0.1:0"))));
    lines.push(("udp-bind", done(UdpSocket::bind("127.0.0.1:0"))));
    lines.push(("udp-send", done(outside::udp("127.0.0.1:9"))));
    lines.push(("resolve", done("localhost:80".to_socket_addrs())));
}
