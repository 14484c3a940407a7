//! Ways out of a folder, and what waits in one: nothing of outside is ever read or written, and nothing holds up the node.

use super::arena::{Arena, fight};
use super::attack::{Attack, both, core_with, scene};
use crate::app::scripted;
use crate::stage::actor;
use crate::support::GuestPath;
use crate::trial::{Outcome, nothing};
use rusm_caps::{DirGrant, Profile};
use rusm_core::{ExitReason, ProcessHandle};
use std::fs;
use std::os::unix::fs::symlink;
use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::Command;
use std::sync::atomic::{AtomicBool, Ordering};

const SECRET: &str = "secret of outside";

pub(super) fn attacks() -> Vec<Attack> {
    let mut attacks = disguises();
    attacks.extend(special_files());
    attacks.extend(by_descriptor());
    attacks.push(scene(
        "a host that swaps a folder for a link meanwhile",
        host_swaps,
    ));
    attacks.push(scene(
        "a guest that swaps a folder for a link meanwhile",
        guest_swaps,
    ));
    attacks
}

/// `data` is granted; `outside` lies beside it, with a secret.
fn house(folder: &Path) {
    let data = folder.join("data");
    if data.exists() {
        return;
    }
    let outside = folder.join("outside");
    let set_up = || {
        fs::create_dir_all(data.join("dir"))?;
        fs::create_dir(&outside)?;
        fs::write(data.join("file"), "inside")?;
        fs::write(data.join("dir/file"), "inside")?;
        fs::write(outside.join("file"), SECRET)?;
        fs::write(folder.join("secret"), SECRET)?;
        for (target, link) in [
            ("../secret", "relative"),
            ("relative", "chain-1"),
            ("chain-1", "chain-2"),
            ("..", "above"),
            ("loop-b", "loop-a"),
            ("loop-a", "loop-b"),
            ("/proc/self/root", "magic-root"),
            ("/proc/self/cwd", "magic-cwd"),
            ("/proc/self/environ", "magic-environ"),
            ("/proc/self/fd/0", "magic-input"),
            ("/dev/null", "device"),
            ("dir/../../secret", "winding"),
        ] {
            symlink(target, data.join(link))?;
        }
        symlink(folder.join("secret"), data.join("absolute"))?;
        drop(UnixListener::bind(data.join("socket"))?);
        fs::write(data.join("not-utf8"), [0xff])
    };
    set_up().expect("the folder can be filled");
    let made = Command::new("mkfifo").arg(data.join("pipe")).status();
    assert!(made.expect("it runs").success(), "no pipe could be made");
}

fn granted(folder: &Path, is_read_only: bool) -> Profile {
    house(folder);
    let data = folder.join("data");
    let grant = match is_read_only {
        true => DirGrant::read_only(data, "/data"),
        false => DirGrant::read_write(data, "/data"),
    };
    let profile = nothing()
        .to_builder("folder")
        .dir(grant.expect("it is a folder"));
    profile.build().expect("it can be honoured")
}

/// Every step is refused, whatever the folder is granted for; and nothing of outside was said.
fn refused(name: &'static str, script: &str) -> Attack {
    both(name, script)
        .under_in(|folder| granted(folder, false))
        .shows(|outcome| {
            for line in &outcome.lines {
                let is_ok = line
                    .split_once('=')
                    .is_some_and(|(_, answer)| answer.starts_with("ok"));
                assert!(!is_ok && !line.contains(SECRET), "{outcome:#?}");
            }
        })
}

fn disguises() -> Vec<Attack> {
    let long = "x".repeat(300);
    let deep = "dir/".repeat(2_000);
    let read_all = |paths: &[&str]| {
        let steps: Vec<_> = paths.iter().map(|path| format!("read {path}")).collect();
        steps.join(" then ")
    };
    vec![
        refused(
            "out by links of every kind",
            &read_all(&[
                "/data/relative",
                "/data/absolute",
                "/data/chain-2",
                "/data/winding",
                "/data/above/secret",
                "/data/above/outside/file",
                "/data/loop-a",
            ]),
        ),
        refused(
            "out by the links of the kernel",
            &read_all(&[
                "/data/magic-root/etc/passwd",
                "/data/magic-cwd/Cargo.toml",
                "/data/magic-environ",
                "/data/magic-input",
                "/data/device",
                "/proc/self/environ",
                "/dev/zero",
            ]),
        ),
        refused(
            "out by dots that look like dots",
            &read_all(&[
                "/data/\u{2024}\u{2024}/secret",
                "/data/\u{ff0e}\u{ff0e}/secret",
                "/data/..\u{2215}secret",
                "/data/%2e%2e/secret",
                "/data/..\\secret",
                "/data/.../secret",
                "/data/dir/../../secret",
                "/data/./../secret",
                "/data//../secret",
            ]),
        ),
        refused(
            "out by slashes behind",
            "read /data/relative/ then list /data/above/ then list /data/above/. then write /data/relative/ x then read /data/file/",
        ),
        refused(
            "out by what is done to names",
            "rename /data/relative/ /data/x then rename /data/file /data/above/file then rename /data/above/secret /data/x
             then hard-link /data/above/secret /data/x then hard-link /data/file /data/above/file
             then make-dir /data/above/x then remove /data/above/secret then remove-dir /data/above/outside
             then symlink x /data/above/x then truncate /data/relative then touch /data/absolute
             then append /data/chain-2 x then write /data/winding x",
        ),
        refused(
            "names longer than there are",
            &format!("read /data/{long} then write /data/{long} x then read /data/{deep}file then make-dir /data/{long}"),
        ),
        both("a hard link is to what is inside only", "hard-link /data/file /data/second then read /data/second then remove /data/second")
            .under_in(|folder| granted(folder, false))
            .says(&["hard-link=ok", "read=ok:inside", "remove=ok"]),
    ]
}

/// Opening a pipe would wait for ever, on a thread that nobody can break off.
fn special_files() -> Vec<Attack> {
    let script = "read /data/pipe then write /data/pipe x then append /data/pipe x then hold /data/pipe then truncate /data/pipe
        then read /data/socket then write /data/socket x";
    vec![
        refused("pipes and sockets in a folder", script),
        refused("pipes and sockets in a folder for reading", script)
            .under_in(|folder| granted(folder, true)),
        refused(
            "pipes and sockets under other names",
            "symlink pipe /data/mine-no then rename /data/gone /data/x",
        )
        .under_in(|folder| granted(folder, true)),
    ]
}

/// Preview 1 by hand: what its libraries never pass on.
fn by_descriptor() -> Vec<Attack> {
    let names = r#"(data (i32.const 16) "file") (data (i32.const 32) "fi\00le") (data (i32.const 48) "new")
        (data (i32.const 64) "../secret") (data (i32.const 80) "dir") (data (i32.const 96) "dir/file")
        (data (i32.const 112) "/data/file") (data (i32.const 128) "\ff\fe") (data (i32.const 160) "hello")
        (data (i32.const 176) "\a0\00\00\00\05\00\00\00")
        (func $open (param $fd i32) (param $name i32) (param $length i32) (param $how i32) (param $rights i64) (param $flags i32) (result i32)
            (call $path_open (local.get $fd) (i32.const 1) (local.get $name) (local.get $length) (local.get $how)
                (local.get $rights) (i64.const 0x1fffffff) (local.get $flags) (i32.const 8)))
        (func $no (param i32) (call $check (i32.ne (local.get 0) (i32.const 0))))
        (func $yes (param i32) (call $check (i32.eqz (local.get 0))))"#;
    // 3 is the folder for reading, 4 the one for writing. Rights: 2 is reading, 64 writing.
    let read_only = "
        (call $no (call $open (i32.const 3) (i32.const 16) (i32.const 4) (i32.const 0) (i64.const 64) (i32.const 0)))
        (call $no (call $open (i32.const 3) (i32.const 16) (i32.const 4) (i32.const 0) (i64.const 66) (i32.const 1)))
        (call $no (call $open (i32.const 3) (i32.const 16) (i32.const 4) (i32.const 8) (i64.const 2) (i32.const 0)))
        (call $no (call $open (i32.const 3) (i32.const 48) (i32.const 3) (i32.const 1) (i64.const 2) (i32.const 0)))
        (call $no (call $open (i32.const 3) (i32.const 48) (i32.const 3) (i32.const 5) (i64.const 2) (i32.const 0)))
        (call $yes (call $open (i32.const 3) (i32.const 16) (i32.const 4) (i32.const 0) (i64.const 2) (i32.const 0)))
        (local.set $n (i32.load (i32.const 8)))
        (call $no (call $fd_write (local.get $n) (i32.const 176) (i32.const 1) (i32.const 8)))
        (call $no (call $fd_pwrite (local.get $n) (i32.const 176) (i32.const 1) (i64.const 0) (i32.const 8)))
        (call $no (call $fd_filestat_set_size (local.get $n) (i64.const 0)))
        (call $no (call $fd_allocate (local.get $n) (i64.const 0) (i64.const 100)))
        (call $no (call $fd_filestat_set_times (local.get $n) (i64.const 0) (i64.const 0) (i32.const 10)))
        (drop (call $fd_fdstat_set_flags (local.get $n) (i32.const 1)))
        (call $no (call $fd_write (local.get $n) (i32.const 176) (i32.const 1) (i32.const 8)))
        (call $no (call $fd_fdstat_set_rights (local.get $n) (i64.const 2) (i64.const 2)))
        (call $yes (call $fd_fdstat_get (local.get $n) (i32.const 512)))
        (call $check (i64.eqz (i64.and (i64.load (i32.const 520)) (i64.const 64))))
        (call $yes (call $fd_datasync (local.get $n)))
        (call $yes (call $fd_advise (local.get $n) (i64.const 0) (i64.const 1) (i32.const 0)))
        (call $no (call $fd_filestat_set_times (i32.const 3) (i64.const 0) (i64.const 0) (i32.const 10)))
        (call $no (call $path_create_directory (i32.const 3) (i32.const 48) (i32.const 3)))
        (call $no (call $path_filestat_set_times (i32.const 3) (i32.const 1) (i32.const 16) (i32.const 4) (i64.const 0) (i64.const 0) (i32.const 10)))
        (call $no (call $path_unlink_file (i32.const 3) (i32.const 16) (i32.const 4)))
        (call $no (call $path_remove_directory (i32.const 3) (i32.const 80) (i32.const 3)))
        (call $no (call $path_symlink (i32.const 16) (i32.const 4) (i32.const 3) (i32.const 48) (i32.const 3)))
        (call $no (call $path_rename (i32.const 3) (i32.const 16) (i32.const 4) (i32.const 3) (i32.const 48) (i32.const 3)))
        (call $no (call $path_rename (i32.const 3) (i32.const 16) (i32.const 4) (i32.const 4) (i32.const 48) (i32.const 3)))
        (call $no (call $path_rename (i32.const 4) (i32.const 16) (i32.const 4) (i32.const 3) (i32.const 48) (i32.const 3)))
        (call $no (call $path_link (i32.const 3) (i32.const 0) (i32.const 16) (i32.const 4) (i32.const 4) (i32.const 48) (i32.const 3)))
        (call $no (call $path_link (i32.const 4) (i32.const 0) (i32.const 16) (i32.const 4) (i32.const 3) (i32.const 48) (i32.const 3)))
        (call $yes (call $open (i32.const 3) (i32.const 80) (i32.const 3) (i32.const 2) (i64.const 2) (i32.const 0)))
        (local.set $n (i32.load (i32.const 8)))
        (call $no (call $open (local.get $n) (i32.const 48) (i32.const 3) (i32.const 1) (i64.const 66) (i32.const 0)))
        (call $no (call $path_create_directory (local.get $n) (i32.const 48) (i32.const 3)))";
    let names_that_lie = "
        (call $no (call $open (i32.const 4) (i32.const 32) (i32.const 5) (i32.const 0) (i64.const 2) (i32.const 0)))
        (call $no (call $open (i32.const 4) (i32.const 64) (i32.const 9) (i32.const 0) (i64.const 2) (i32.const 0)))
        (call $no (call $open (i32.const 4) (i32.const 112) (i32.const 10) (i32.const 0) (i64.const 2) (i32.const 0)))
        (call $no (call $open (i32.const 4) (i32.const 128) (i32.const 2) (i32.const 0) (i64.const 2) (i32.const 0)))
        (call $no (call $open (i32.const 4) (i32.const 16) (i32.const 0) (i32.const 0) (i64.const 2) (i32.const 0)))
        (call $no (call $open (i32.const 4) (i32.const 0) (i32.const 60000) (i32.const 0) (i64.const 2) (i32.const 0)))
        (call $no (call $open (i32.const 4) (i32.const 16) (i32.const 4) (i32.const 15) (i64.const 2) (i32.const 0)))
        (call $no (call $open (i32.const 4) (i32.const 16) (i32.const 4) (i32.const 10) (i64.const 2) (i32.const 0)))
        (call $yes (call $open (i32.const 4) (i32.const 96) (i32.const 8) (i32.const 0) (i64.const 2) (i32.const 0)))
        (local.set $n (i32.load (i32.const 8)))
        (call $no (call $open (local.get $n) (i32.const 16) (i32.const 4) (i32.const 0) (i64.const 2) (i32.const 0)))";
    vec![
        core_with(
            "every way to write to a folder for reading",
            names,
            read_only,
        )
        .under_in(both_ways)
        .shows(|outcome| {
            // In the order of the calls; what was opened within the folder has no name of its own.
            let targets = "/read/file /read/file /read/file /read/new /read/new an open file an open file /read /read/new \
                /read/file /read/file /read/dir /read/new /read/file /read/file /read/new /read/file /read/new new new";
            audited(outcome, targets);
        }),
        core_with("names that are none", names, names_that_lie)
            .under_in(both_ways)
            .shows(|outcome| audited(outcome, "/write/../secret /data/file")),
    ]
}

/// These targets were audited, no more and no others.
#[track_caller]
fn audited(outcome: &Outcome, targets: &str) {
    let told: Vec<_> = outcome.denied.iter().map(|it| &*it.target).collect();
    assert_eq!(told.join(" "), targets, "{outcome:#?}");
}

/// The folder for reading comes first.
pub(super) fn both_ways(folder: &Path) -> Profile {
    house(folder);
    let data = || folder.join("data");
    let read = DirGrant::read_only(data(), "/read").expect("it is a folder");
    let write = DirGrant::read_write(data(), "/write").expect("it is a folder");
    let builder = nothing().to_builder("folders").dir(read).dir(write);
    builder.build().expect("it can be honoured")
}

const ROUNDS: usize = 150;

/// Reads and writes through `/data/dir`, over and over.
fn visitor(arena: &Arena, path: GuestPath, name: &str) -> ProcessHandle {
    let profile = granted(arena.folder.path(), false);
    let steps = "read /data/dir/file then append /data/dir/file x then write /data/dir/new y then list /data/dir";
    let script = vec![steps; ROUNDS].join(" then ");
    let spawn = scripted(name, arena.probe(path), &script).profile(profile);
    let process = arena.court.scenario.runtime.spawn(spawn);
    process.expect("there is room for it")
}

/// What the visitor saw was of inside, or nothing; and what it wrote did not get out.
#[track_caller]
fn saw_nothing(arena: &Arena, visitor: &ProcessHandle, name: &str) {
    assert_eq!(visitor.wait(), ExitReason::Normal);
    let lines = arena.court.scenario.recorder.lines(name);
    assert_eq!(lines.len(), 4 * ROUNDS);
    for line in lines {
        assert!(
            !line.contains("secret") && !line.contains("only-outside"),
            "{line}"
        );
    }
    let outside = arena.folder.path().join("outside");
    let kept = fs::read_to_string(outside.join("file")).expect("it is there");
    assert_eq!(kept, SECRET);
    assert!(!outside.join("new").exists(), "something was made outside");
}

/// Somebody on the host, who may do anything there, puts a link in the place of the folder and takes it away again.
fn host_swaps(arena: &Arena, path: GuestPath) {
    house(arena.folder.path());
    let outside = arena.folder.path().join("outside");
    fs::write(outside.join("only-outside"), "").expect("it can be written");
    let data = arena.folder.path().join("data");
    let (dir, aside, link) = (data.join("dir"), data.join("aside"), data.join("link"));
    let is_over = AtomicBool::new(false);
    std::thread::scope(|scope| {
        scope.spawn(|| {
            while !is_over.load(Ordering::Relaxed) {
                symlink(&outside, &link).expect("it can be made");
                fs::rename(&dir, &aside).expect("it is there");
                fs::rename(&link, &dir).expect("nothing is in its place");
                fs::remove_file(&dir).expect("it is the link");
                fs::rename(&aside, &dir).expect("nothing is in its place");
            }
        });
        let name = format!("visitor of a host {path:?}");
        let visitor = visitor(arena, path, &name);
        let reason = visitor.wait();
        is_over.store(true, Ordering::Relaxed);
        assert_eq!(reason, ExitReason::Normal);
        saw_nothing(arena, &visitor, &name);
    });
}

/// Another guest with the same folder does, as far as it can.
fn guest_swaps(arena: &Arena, path: GuestPath) {
    house(arena.folder.path());
    let steps = "rename /data/dir /data/aside then symlink ../outside /data/dir then remove /data/dir then rename /data/aside /data/dir";
    let script = vec![steps; ROUNDS].join(" then ");
    let profile = granted(arena.folder.path(), false);
    let (name, swaps) = (
        format!("visitor of a guest {path:?}"),
        format!("swapper {path:?}"),
    );
    let spawn = scripted(&swaps, arena.probe(path), &script).profile(profile);
    let swapper = arena.court.scenario.runtime.spawn(spawn);
    let swapper = swapper.expect("there is room for it");
    let visitor = visitor(arena, path, &name);
    saw_nothing(arena, &visitor, &name);
    assert_eq!(swapper.wait(), ExitReason::Normal);
    let swapped = arena.court.scenario.recorder.lines(&swaps);
    assert!(
        swapped.iter().all(|line| line.ends_with("=ok")),
        "{swapped:#?}"
    );
}

#[test]
fn no_path_leads_out_and_nothing_in_a_folder_holds_up_the_node() {
    fight(&attacks());
}

/// The node's own log, cache and manifest are no guest's to write to, through whatever folder; it does not start.
#[test]
fn a_folder_with_the_nodes_own_files_is_not_given_for_writing() {
    let house = tempfile::tempdir().expect("there is room for a folder");
    fs::create_dir(house.path().join("audit")).expect("there is room for a folder");
    let scenario = crate::support::Scenario::with(|builder| {
        builder
            .private_place("the audit log", house.path().join("audit"))
            .private_place("the manifest", house.path().join("rusm.toml"))
    });
    for path in crate::support::BOTH_PATHS {
        let program = crate::app::probe(&scenario, path);
        for folder in [house.path().to_owned(), house.path().join("audit")] {
            let run = |grant: DirGrant| {
                let profile = actor("writer", |_| ()).to_builder("writer").dir(grant);
                let profile = profile.build().expect("it can be honoured");
                let spawn = scripted("writer", &program, "say done").profile(profile);
                scenario
                    .runtime
                    .spawn(spawn)
                    .expect("there is room for it")
                    .wait()
            };
            let reason = run(DirGrant::read_write(&folder, "/data").expect("it is a folder"));
            let ExitReason::NotStarted(text) = &reason else {
                panic!("{path:?}: {reason}")
            };
            assert!(
                text.contains("for writing") && text.contains("read-only"),
                "{text}"
            );
            let reason = run(DirGrant::read_only(&folder, "/data").expect("it is a folder"));
            assert_eq!(reason, ExitReason::Normal, "{path:?}");
        }
    }
}
