//! The attempts, after the wall is up.

mod calls;
mod files;
mod network;

use rusm_harden::{Mode, Needs, Plan};
use std::io;
use std::path::{Path, PathBuf};

/// What the test says on the command line: `MODE FOLDER OPEN-PORT CLOSED-PORT NETWORK [early]`.
struct World {
    mode: Mode,
    /// It has `open` (read and write), `look` (read), `shed` (remove) and `closed`.
    folder: PathBuf,
    open_port: u16,
    closed_port: u16,
    /// Whether it has the open port, and whether it looks names up.
    network: Network,
    /// Whether a thread is there before the wall.
    has_early_thread: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Network {
    None,
    Ports,
    Names,
}

impl World {
    fn of_arguments() -> World {
        let mut words = std::env::args().skip(1);
        let mut word = || words.next().expect("five words");
        World {
            mode: match word().as_str() {
                "auto" => Mode::Auto,
                "require" => Mode::Require,
                "off" => Mode::Off,
                other => panic!("no mode: {other}"),
            },
            folder: word().into(),
            open_port: word().parse().expect("a port"),
            closed_port: word().parse().expect("a port"),
            network: match word().as_str() {
                "none" => Network::None,
                "ports" => Network::Ports,
                "names" => Network::Names,
                other => panic!("no network: {other}"),
            },
            has_early_thread: std::env::args().nth(6).is_some(),
        }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(name)
    }

    fn needs(&self) -> Needs {
        let mut needs = Needs {
            read: vec![self.path("look")],
            write: vec![self.path("open")],
            remove: vec![self.path("shed")],
            names: self.network == Network::Names,
            ..Needs::default()
        };
        if self.network != Network::None {
            needs.connect.extend([self.open_port]);
            needs.bind.extend([0]);
        }
        needs
    }
}

/// Says what came of an attempt: `ok`, or the name of the error.
fn tell<T>(name: &str, outcome: io::Result<T>) {
    let answer = match outcome.map_err(|error| error.raw_os_error()) {
        Ok(_) => "ok".to_owned(),
        Err(Some(libc::EACCES)) => "EACCES".to_owned(),
        Err(Some(libc::EPERM)) => "EPERM".to_owned(),
        Err(Some(libc::ENOSYS)) => "ENOSYS".to_owned(),
        Err(Some(libc::EXDEV)) => "EXDEV".to_owned(),
        Err(other) => format!("{other:?}"),
    };
    println!("{name}={answer}");
}

pub(super) fn main() {
    let world = World::of_arguments();
    // Later than this an attacker could open neither.
    let outside = std::fs::File::open("/").expect("the root is there");
    if !world.has_early_thread {
        return attempt(&world, &outside);
    }
    let (confined, is_confined) = std::sync::mpsc::channel();
    let early = std::thread::spawn(move || {
        is_confined.recv().expect("the other thread says when");
        tell(
            "an early thread reads a file outside",
            std::fs::read("/etc/passwd"),
        );
        tell(
            "an early thread starts a program",
            std::process::Command::new("/bin/true").status(),
        );
    });
    attempt(&world, &outside);
    confined.send(()).expect("the early thread waits");
    early.join().expect("it does not panic");
}

fn attempt(world: &World, outside: &std::fs::File) {
    match rusm_harden::confine(&Plan::of(&world.needs()), world.mode) {
        Ok(report) => println!("confinement={report}"),
        Err(refused) => {
            println!("refused={refused}");
            refused.0.gaps().for_each(|gap| println!("gap={gap}"));
            return;
        }
    }
    files::attempt(world, outside);
    network::attempt(world);
    calls::attempt();
    threads(Path::new("/etc/passwd"));
}

/// Threads that start later are confined as well.
fn threads(forbidden: &Path) {
    let started = std::thread::scope(|scope| {
        let thread = std::thread::Builder::new().name("later".to_owned());
        let attempt = move || {
            tell("a thread reads a file outside", std::fs::read(forbidden));
            every_thread_is_bound();
        };
        thread.spawn_scoped(scope, attempt).map(|_| ())
    });
    tell("start a thread", started);
}

fn every_thread_is_bound() {
    let tasks = std::fs::read_dir("/proc/self/task").expect("its own threads can be listed");
    for task in tasks {
        let status = task.expect("a thread").path().join("status");
        let text = std::fs::read_to_string(status).expect("its own state can be read");
        let figure = |key: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(key));
            line.map(str::trim).unwrap_or_default().to_owned()
        };
        println!("thread={} {}", figure("NoNewPrivs:"), figure("Seccomp:"));
    }
}
