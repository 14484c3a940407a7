//! What the kernel refuses to a process behind the wall, and what it does not.
//!
//! Each test starts `rusm-harden-attacker`, which confines itself like a node and then tries to get out. Where the
//! kernel of the machine lacks a layer, the test says so and checks instead that a start that requires it is refused.

#![cfg(target_os = "linux")]
#![expect(clippy::unwrap_used, reason = "a failing test is a panic anyway")]
#![expect(clippy::print_stderr, reason = "a machine that cannot show it says so")]

use seccompiler::{SeccompAction, SeccompFilter};
use std::collections::BTreeMap;
use std::net::{Ipv4Addr, TcpListener};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::net::{SocketAddr, UnixListener};
use std::process::Command;

/// What the attacker had to say: what it tried, and what came of it.
struct Told(Vec<(String, String)>);

impl Told {
    fn of(&self, name: &str) -> &str {
        let found = self.0.iter().find(|(told, _)| told == name);
        found.map_or("nothing", |(_, answer)| answer)
    }

    fn all<'t>(&'t self, name: &'t str) -> impl Iterator<Item = &'t str> {
        let lines = self.0.iter().filter(move |(told, _)| told == name);
        lines.map(|(_, answer)| answer.as_str())
    }

    #[track_caller]
    fn expect(&self, answer: &str, names: &[&str]) {
        for name in names {
            assert_eq!(self.of(name), answer, "{name}");
        }
    }
}

fn attack(mode: &str, network: &str) -> Told {
    attack_with(&[], mode, network)
}

/// `more` are further words for the attacker.
fn attack_with(more: &[&str], mode: &str, network: &str) -> Told {
    let folder = tempfile::tempdir().unwrap();
    for name in ["open", "look", "closed", "shed", "shed/box"] {
        std::fs::create_dir(folder.path().join(name)).unwrap();
    }
    for name in [
        "look/file",
        "shed/file",
        "shed/tool",
        "closed/secret",
        "closed/victim",
        "closed/goods",
    ] {
        std::fs::write(folder.path().join(name), "before").unwrap();
    }
    let listeners = [(); 2].map(|()| TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap());
    let [open, closed] = listeners
        .each_ref()
        .map(|listener| listener.local_addr().unwrap().port().to_string());
    let name = SocketAddr::from_abstract_name(format!("rusm-wall-{open}")).unwrap();
    let _meeting = UnixListener::bind_addr(&name).unwrap();
    let mut attacker = Command::new(env!("CARGO_BIN_EXE_rusm-harden-attacker"));
    attacker.arg(mode).arg(folder.path());
    attacker.args([&open, &closed, network]).args(more);
    let output = attacker.current_dir(folder.path()).output().unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{:?}: {errors}", output.status);
    let lines = String::from_utf8(output.stdout).unwrap();
    let pairs = lines.lines().map(|line| {
        let (name, answer) = line.split_once('=').unwrap();
        (name.to_owned(), answer.to_owned())
    });
    Told(pairs.collect())
}

/// Whether all layers are here. If not, a start that requires them is refused, which is checked.
fn is_whole() -> bool {
    let probed = rusm_harden::probe();
    if probed.is_whole() {
        return true;
    }
    eprintln!("this machine cannot show it: the wall {probed}");
    let told = attack("require", "ports");
    let gaps: Vec<&str> = told.all("gap").collect();
    assert_eq!(gaps, probed.gaps().collect::<Vec<_>>());
    assert_ne!(told.of("refused"), "nothing");
    false
}

const INSIDE: &[&str] = &[
    "read inside",
    "list inside",
    "write inside",
    "make a folder inside",
    "move inside",
    "hard link inside",
    "symbolic link inside",
    "remove inside",
    "remove from the shed",
    "read the node's own map",
    "a pair of sockets",
    "start a thread",
    "signal itself",
];

const OUTSIDE: &[&str] = &[
    "read /etc/passwd",
    "list the root",
    "read beside",
    "write beside",
    "make a folder beside",
    "remove beside",
    "truncate beside",
    "write where only reading is open",
    "truncate where only reading is open",
    "remove where only reading is open",
    "read in the shed",
    "list the shed",
    "write in the shed",
    "make a file in the shed",
    "truncate in the shed",
    "remove a folder from the shed",
    "read another process's memory map",
    "open a device",
    "by a symbolic link",
    "by dot-dot",
    "by /proc/self/root",
    "by /proc/self/cwd",
    "by a folder that was open before",
    "by the task folder",
    "a thread reads a file outside",
];

/// Moves and links between a folder that is open and one that is not.
const ACROSS: &[&str] = &[
    "by a hard link",
    "by moving it in",
    "by moving a folder out",
];

/// System calls that no node makes.
const CALLS: &[&str] = &[
    "ptrace",
    "process_vm_readv",
    "process_vm_writev",
    "pidfd_open",
    "pidfd_getfd",
    "kcmp",
    "execve",
    "execveat",
    "mount",
    "umount2",
    "pivot_root",
    "chroot",
    "open_tree",
    "move_mount",
    "fsopen",
    "mount_setattr",
    "unshare",
    "setns",
    "bpf",
    "perf_event_open",
    "userfaultfd",
    "io_uring_setup",
    "init_module",
    "finit_module",
    "delete_module",
    "kexec_load",
    "reboot",
    "swapon",
    "keyctl",
    "add_key",
    "open_by_handle_at",
    "settimeofday",
    "sethostname",
    "setuid",
    "capset",
    "personality",
    "memfd_secret",
    "landlock_create_ruleset",
    "seccomp",
    "type into the terminal",
    "type with high bits",
    "prctl of others",
    "clone a process",
    "start a program",
    "give a file rights",
    "signal another process",
    "signal everybody",
    "bound another process",
    "raise a bound",
    "connect by sending",
];

/// Processes that are not the node's.
const ELSEWHERE: &[&str] = &[
    "signal another process",
    "meet another process at an abstract socket",
];

const SOCKETS_OF_OTHER_KINDS: &[&str] = &[
    "a raw socket",
    "a packet socket",
    "a crypto socket",
    "a socket of the hypervisor",
    "a socket of the machine",
];

#[test]
fn the_kernel_refuses_what_is_outside_the_plan_and_nothing_inside_it() {
    if !is_whole() {
        return;
    }
    let told = attack("require", "ports");
    assert!(
        !told.of("confinement").contains("not"),
        "{}",
        told.of("confinement")
    );
    told.expect("ok", INSIDE);
    told.expect("EACCES", OUTSIDE);
    for name in ACROSS {
        let answer = told.of(name);
        assert!(["EACCES", "EXDEV"].contains(&answer), "{name}: {answer}");
    }
}

#[test]
fn the_kernel_refuses_calls_that_no_node_makes() {
    if !is_whole() {
        return;
    }
    let told = attack("require", "ports");
    told.expect("EPERM", CALLS);
    told.expect("EPERM", SOCKETS_OF_OTHER_KINDS);
    // As from an older kernel, so that the C library has its own way around them.
    told.expect("ENOSYS", &["clone3", "a call of the future"]);
}

#[test]
fn the_kernel_refuses_ports_outside_the_plan() {
    if !is_whole() {
        return;
    }
    let told = attack("require", "ports");
    told.expect(
        "ok",
        &[
            "connect to an open port",
            "bind a port of the kernel's choice",
            "a datagram socket",
        ],
    );
    told.expect(
        "EACCES",
        &["connect to a closed port", "bind a closed port"],
    );
}

#[test]
fn without_a_network_in_any_profile_there_are_no_sockets() {
    if !is_whole() {
        return;
    }
    let told = attack("require", "none");
    told.expect("ok", INSIDE);
    told.expect("EPERM", SOCKETS_OF_OTHER_KINDS);
    told.expect(
        "EPERM",
        &[
            "connect to an open port",
            "connect to a closed port",
            "bind a port of the kernel's choice",
            "a datagram socket",
        ],
    );
}

/// Looking names up brings what the C library needs for it, and nothing else.
#[test]
fn names_are_looked_up_behind_the_wall() {
    if !is_whole() {
        return;
    }
    let told = attack("require", "names");
    told.expect("ok", INSIDE);
    told.expect("ok", &["look a name up", "a socket of the machine"]);
    told.expect("EPERM", ELSEWHERE);
    told.expect("EACCES", OUTSIDE);
    told.expect(
        "EACCES",
        &["connect to a closed port", "bind a closed port"],
    );
    told.expect("EPERM", CALLS);
    let others = SOCKETS_OF_OTHER_KINDS.iter().copied();
    let others: Vec<&str> = others
        .filter(|kind| *kind != "a socket of the machine")
        .collect();
    told.expect("EPERM", &others);
    assert_ne!(attack("require", "ports").of("look a name up"), "ok");
}

/// No thread has been forgotten: `NoNewPrivs` is 1 and `Seccomp` is 2, a filter, in each.
#[test]
fn every_thread_is_confined() {
    if !is_whole() {
        return;
    }
    let told = attack("require", "none");
    let threads: Vec<&str> = told.all("thread").collect();
    assert_eq!(threads, ["1 2"; 2]);
}

/// Until Linux 7.0 Landlock does not reach a thread that was there before. The filter does, and the report says so.
#[test]
fn a_thread_that_was_there_before_is_told() {
    if !is_whole() {
        return;
    }
    let told = attack_with(&["early"], "auto", "none");
    told.expect("EPERM", &["an early thread starts a program"]);
    let threads: Vec<&str> = told.all("thread").collect();
    assert_eq!(threads, ["1 2"; 3]);
    if told.of("an early thread reads a file outside") == "EACCES" {
        assert!(!told.of("confinement").contains("not"));
    } else {
        let gap = "only in part: threads that were there before are not bound: 1";
        assert!(
            told.of("confinement").contains(gap),
            "{}",
            told.of("confinement")
        );
        let refused = attack_with(&["early"], "require", "none");
        assert!(
            refused
                .all("gap")
                .any(|told| told == format!("files: {gap}"))
        );
    }
}

/// It is the wall that refuses: without it the same attempts succeed, or fail for what is wrong with their arguments.
#[test]
fn without_the_wall_the_same_attempts_are_not_refused() {
    let told = attack("off", "ports");
    assert!(told.of("confinement").starts_with("holds nothing"));
    told.expect("ok", INSIDE);
    told.expect(
        "ok",
        &[
            "read /etc/passwd",
            "list the root",
            "read beside",
            "write beside",
            "remove beside",
            "truncate beside",
            "by a symbolic link",
            "by dot-dot",
            "by /proc/self/root",
            "by /proc/self/cwd",
            "by a folder that was open before",
            "by the task folder",
            "connect to a closed port",
            "a socket of the machine",
            "give a file rights",
            "start a program",
            "signal another process",
            "meet another process at an abstract socket",
        ],
    );
    let own = std::fs::read_to_string("/proc/self/status").unwrap();
    if !own
        .lines()
        .any(|line| line.split_whitespace().eq(["Seccomp:", "0"]))
    {
        eprintln!("this machine cannot show it for system calls: it has a filter of its own");
        return;
    }
    for name in [
        "execve",
        "ptrace",
        "seccomp",
        "type into the terminal",
        "clone a process",
    ] {
        assert!(
            !["EPERM", "EACCES", "nothing"].contains(&told.of(name)),
            "{name}"
        );
    }
}

/// On a kernel without Landlock, or in a container that forbids a call, whoever requires the wall is refused with the
/// layer and the reason, and whoever does not has the rest of it.
#[test]
fn a_layer_that_cannot_be_had_is_named() {
    if !is_whole() {
        return;
    }
    let blind = |call, mode: &'static str| forbidden(call, move || attack(mode, "ports"));
    let refused = blind(libc::SYS_landlock_create_ruleset, "require");
    assert_eq!(refused.all("gap").count(), 4);
    assert!(
        refused
            .all("gap")
            .all(|gap| gap.contains("this kernel has no Landlock"))
    );
    assert_eq!(refused.of("read /etc/passwd"), "nothing");
    let rest = blind(libc::SYS_landlock_create_ruleset, "auto");
    assert!(
        rest.of("confinement")
            .contains("holds system calls, privileges;")
    );
    rest.expect("ok", INSIDE);
    rest.expect("ok", &["read /etc/passwd"]);
    rest.expect("EPERM", CALLS);

    let refused = blind(libc::SYS_seccomp, "require");
    let gaps: Vec<&str> = refused.all("gap").collect();
    assert!(
        matches!(gaps[..], [gap] if gap.starts_with("system calls: ")),
        "{gaps:?}"
    );
    let rest = blind(libc::SYS_seccomp, "auto");
    rest.expect("ok", INSIDE);
    rest.expect("ok", &["a socket of the machine"]);
    rest.expect("EACCES", OUTSIDE);
    rest.expect("EPERM", ELSEWHERE);
}

/// Does something, and everything it starts, on a thread that cannot make a system call: it answers `ENOSYS`.
fn forbidden<T: Send>(call: libc::c_long, work: impl FnOnce() -> T + Send) -> T {
    let arch = std::env::consts::ARCH.try_into().unwrap();
    let absent = SeccompAction::Errno(libc::ENOSYS.unsigned_abs());
    let rules = BTreeMap::from([(call, Vec::new())]);
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, absent, arch).unwrap();
    let program: seccompiler::BpfProgram = filter.try_into().unwrap();
    let confined = move || {
        seccompiler::apply_filter(&program).unwrap();
        work()
    };
    std::thread::scope(|scope| scope.spawn(confined).join().unwrap())
}
