//! What is there before, and what is left behind.

use super::*;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::net::{UnixDatagram, UnixStream};

fn house() -> (tempfile::TempDir, PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rusm.sock");
    (folder, path)
}

fn mode(path: &Path) -> u32 {
    std::fs::symlink_metadata(path)
        .unwrap()
        .permissions()
        .mode()
        & 0o7777
}

#[test]
fn it_is_private_and_goes_with_its_node() {
    let (folder, _) = house();
    let path = folder.path().join("data/run/rusm.sock");
    let socket = Socket::bind(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    assert_eq!(mode(&folder.path().join("data")), 0o700);
    UnixStream::connect(&path).unwrap();
    drop(socket);
    assert!(!path.exists());
    drop(Socket::bind(&path).unwrap());
}

/// A killed node leaves its socket: nobody listens there.
#[test]
fn a_stale_socket_is_replaced() {
    let (_folder, path) = house();
    drop(UnixListener::bind(&path).unwrap());
    let socket = Socket::bind(&path).unwrap();
    assert_eq!(mode(&path), 0o600);
    drop(socket);
    assert!(!path.exists());
}

/// As many connections as wait at a socket: they stay there when their clients have gone.
fn fill(path: &Path) -> usize {
    let waiting = (0..1_000).take_while(|_| knock(path).is_ok()).count();
    assert!(waiting < 1_000, "the backlog has an end");
    waiting
}

/// A client waits for its turn when many came before it, and not for ever.
#[test]
fn a_full_backlog_is_waited_at() {
    let (_folder, path) = house();
    let socket = Socket::bind(&path).unwrap();
    let listener = socket.listener().unwrap();
    listener.set_nonblocking(false).unwrap();
    let waiting = fill(&path);
    let refused = dial(&path, Duration::from_millis(1)).unwrap_err();
    assert_eq!(refused.kind(), io::ErrorKind::WouldBlock);
    std::thread::scope(|scope| {
        let (sender, thread) = std::sync::mpsc::channel();
        let (path, listener) = (&path, &listener);
        let client = scope.spawn(move || {
            sender
                .send(std::fs::read_link("/proc/thread-self").unwrap())
                .unwrap();
            dial(path, Duration::from_secs(600))
        });
        until_asleep(&Path::new("/proc").join(thread.recv().unwrap()));
        for _ in 0..=waiting {
            listener.accept().unwrap();
        }
        client.join().unwrap().unwrap();
    });
}

/// Returns when the system has put the thread to sleep, or it is gone.
fn until_asleep(thread: &Path) {
    let is_running = || {
        let stat = std::fs::read_to_string(thread.join("stat")).unwrap_or_default();
        stat.rsplit_once(") ")
            .is_some_and(|(_, state)| state.starts_with('R'))
    };
    while is_running() {
        std::thread::yield_now();
    }
}

#[test]
fn a_live_socket_is_another_node_also_when_it_is_busy() {
    let (_folder, path) = house();
    let first = Socket::bind(&path).unwrap();
    assert!(matches!(Socket::bind(&path), Err(SocketError::InUse(_))));
    fill(&path);
    assert!(matches!(Socket::bind(&path), Err(SocketError::InUse(_))));
    drop(first);
    Socket::bind(&path).unwrap();
}

#[test]
fn whatever_else_is_there_stays() {
    let (folder, path) = house();
    let refused = |found: &str| match Socket::bind(&path) {
        Err(error @ SocketError::Occupied { .. }) => {
            let text = error.to_string();
            assert!(text.contains(found) && text.contains("rusm.sock"), "{text}");
        }
        other => panic!("{found}: {other:?}"),
    };
    std::fs::write(&path, "mine").unwrap();
    refused("a file");
    assert_eq!(std::fs::read(&path).unwrap(), b"mine");
    std::fs::remove_file(&path).unwrap();

    std::fs::create_dir(&path).unwrap();
    refused("a folder");
    std::fs::remove_dir(&path).unwrap();

    // Also where it leads to a stale socket: what would go is the link.
    let stale = folder.path().join("stale");
    drop(UnixListener::bind(&stale).unwrap());
    for target in [stale, folder.path().join("nothing")] {
        symlink(target, &path).unwrap();
        refused("a link");
        std::fs::remove_file(&path).unwrap();
    }

    let _other = UnixDatagram::bind(&path).unwrap();
    refused("a socket of another kind");
}

#[test]
fn of_its_file_only_its_own_is_removed() {
    let (_folder, path) = house();
    let socket = Socket::bind(&path).unwrap();
    std::fs::remove_file(&path).unwrap();
    std::fs::write(&path, "put there by hand").unwrap();
    drop(socket);
    assert!(path.exists());
}

#[test]
fn a_path_that_is_too_long_is_told_the_bound() {
    let folder = tempfile::tempdir().unwrap();
    let room = PATH_BYTES_MAX - folder.path().as_os_str().len() - 1;
    let longest = folder.path().join("x".repeat(room));
    drop(Socket::bind(&longest).unwrap());
    let error = Socket::bind(&folder.path().join("x".repeat(room + 1))).unwrap_err();
    assert!(matches!(error, SocketError::TooLong { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains(&(PATH_BYTES_MAX + 1).to_string()), "{text}");
}

/// Many nodes that start at once on what a killed one left: one has it, and the others are told so.
#[test]
fn of_many_that_start_at_once_one_has_it() {
    for _ in 0..50 {
        let (_folder, path) = house();
        drop(UnixListener::bind(&path).unwrap());
        let barrier = std::sync::Barrier::new(4);
        let bound: Vec<_> = std::thread::scope(|scope| {
            let start = || {
                barrier.wait();
                Socket::bind(&path)
            };
            let nodes: Vec<_> = (0..4).map(|_| scope.spawn(start)).collect();
            nodes.into_iter().map(|node| node.join().unwrap()).collect()
        });
        let n_bound = bound.iter().filter(|socket| socket.is_ok()).count();
        assert_eq!(n_bound, 1, "{bound:?}");
        UnixStream::connect(&path).unwrap();
    }
}
