//! How many, how long, how slow: every bound, in a time that the test moves.

use crate::house::{House, answer, code, heard};
use rusm_kv::{Options, Store};
use std::io::{Read as _, Write as _};
use std::os::unix::net::UnixStream;
use std::time::Duration;

const HEAD_TIME: Duration = Duration::from_secs(10);
const GRACE: Duration = Duration::from_secs(30);

#[test]
fn a_request_that_does_not_arrive_is_told_so() {
    let house = House::new();
    let mut silent = house.connect();
    let mut slow = house.connect();
    slow.write_all(b"GET /v1/kv/sta").unwrap();
    house.time.until_waiting(2, HEAD_TIME);
    house.time.pass(HEAD_TIME - Duration::from_millis(1));
    // A byte more is no new time.
    slow.write_all(b"t").unwrap();
    house.is_well();
    assert!(nothing_yet(&mut silent) && nothing_yet(&mut slow));
    house.time.pass(Duration::from_millis(1));
    for stream in [silent, slow] {
        let (status, body) = answer(&heard(stream));
        assert_eq!((status, code(&body).as_str()), (408, "timeout"));
    }
    house.is_well();
}

fn nothing_yet(stream: &mut UnixStream) -> bool {
    stream.set_nonblocking(true).unwrap();
    let read = stream.read(&mut [0]);
    stream.set_nonblocking(false).unwrap();
    read.is_err()
}

#[test]
fn a_body_that_trickles_is_cut_off() {
    let house = House::new();
    let mut stream = house.connect();
    stream
        .write_all(b"PUT /v1/kv/buckets/b/keys/k HTTP/1.1\r\ncontent-length: 1000000\r\n\r\n")
        .unwrap();
    // Each byte is waited for; all the waits together are what counts.
    let second = Duration::from_secs(1);
    for n in 0..29 {
        house.time.until_waiting(1, GRACE - second * n);
        house.time.pass(second);
        let n_begun = house.time.n_begun();
        stream.write_all(b"x").unwrap();
        // Else the time could pass while the byte is looked at, and not while the next is waited for.
        house.time.until_begun_beyond(n_begun);
    }
    house.time.until_waiting(1, second);
    house.time.pass(second);
    let (status, body) = answer(&heard(stream));
    assert_eq!((status, code(&body).as_str()), (408, "timeout"));
    assert_eq!(house.client().get("b", "k").unwrap(), None);
}

/// A client that does not read what it asked for is let go, and gives the store's compaction free.
#[test]
fn an_export_is_not_held_for_ever() {
    let house = House::new();
    let client = house.fill();
    let mut stream = house.connect();
    stream
        .write_all(b"GET /v1/kv/export HTTP/1.1\r\n\r\n")
        .unwrap();
    let mut first = [0; 100_000];
    stream.read_exact(&mut first).unwrap();
    house.time.until_waiting(1, GRACE - Duration::from_secs(1));
    let refused = client.compact().unwrap_err();
    assert!(refused.to_string().contains("being exported"), "{refused}");
    house.time.pass(GRACE + Duration::from_secs(60));
    let rest = heard(stream);
    assert!(!rest.ends_with("0\r\n\r\n"), "it must not look whole");
    while client.compact().is_err() {
        std::thread::yield_now();
    }
}

/// A thousand clients that say nothing keep nobody out.
#[test]
fn the_silent_make_room() {
    let house = House::new();
    let mut silent: Vec<UnixStream> = Vec::new();
    for _ in 0..1_000 {
        silent.push(house.connect());
    }
    house.is_well();
    // The oldest were told, the last ones still sit there.
    let (status, body) = answer(&heard(silent.remove(0)));
    assert_eq!((status, code(&body).as_str()), (503, "busy"));
    assert!(nothing_yet(silent.last_mut().unwrap()));
    drop(silent);
    house.is_well();
}

/// Who is being answered keeps its seat; whoever comes when all are taken is told to come again.
#[test]
fn the_busy_keep_their_seats() {
    let house = House::new();
    let head = b"PUT /v1/kv/buckets/b/keys/k HTTP/1.1\r\ncontent-length: 3\r\n\r\n";
    let mut busy: Vec<UnixStream> = (0..64)
        .map(|_| {
            let mut stream = house.connect();
            stream.write_all(head).unwrap();
            stream
        })
        .collect();
    // All of them wait for their bodies.
    house.time.until_waiting(64, GRACE);
    let (status, body) = house.ask("GET", "/v1/kv/status");
    assert_eq!((status, code(&body).as_str()), (503, "busy"));
    for stream in &mut busy {
        stream.write_all(b"abc").unwrap();
    }
    for stream in busy {
        assert_eq!(answer(&heard(stream)).0, 200);
    }
    house.is_well();
}

/// What many large bodies would take together is bounded: some are told to come again, and none is kept in part.
#[test]
fn large_bodies_share_a_bound() {
    let house = House::new();
    let head = b"PUT /v1/kv/buckets/b/keys/k HTTP/1.1\r\ncontent-length: 16777216\r\n\r\n";
    let streams: Vec<UnixStream> = (0..40)
        .map(|_| {
            let mut stream = house.connect();
            stream.write_all(head).unwrap();
            stream
        })
        .collect();
    // 256 MiB are 16 of them: those wait for their bodies, the others to be told so when theirs have come.
    house.time.until_waiting(40, GRACE);
    let values = std::thread::scope(|scope| {
        let sent: Vec<_> = streams
            .into_iter()
            .map(|mut stream| {
                scope.spawn(move || {
                    let _gone = stream.write_all(&vec![1; 16 << 20]);
                    answer(&heard(stream))
                })
            })
            .collect();
        let answers: Vec<_> = sent.into_iter().map(|sent| sent.join().unwrap()).collect();
        answers
    });
    let n_written = values.iter().filter(|(status, _)| *status == 200).count();
    assert_eq!(n_written, 16);
    for (_, body) in values.iter().filter(|(status, _)| *status != 200) {
        assert_eq!(code(body), "busy");
    }
    house.is_well();
}

/// Requests that are being worked on have the store; when the server has stopped, none of them has it any more.
#[test]
fn stopping_gives_the_store_back() {
    let put = "PUT /v1/kv/buckets/b/keys/k HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc";
    for _ in 0..30 {
        let house = House::new();
        let path = house.path.with_file_name("store.redb");
        house.is_well();
        let unheard: Vec<UnixStream> = (0..16)
            .map(|_| {
                let mut stream = house.connect();
                stream.write_all(put.as_bytes()).unwrap();
                stream
            })
            .collect();
        house.server.stop();
        drop(house.store.lock().unwrap().take());
        let store = Store::open(&path, Options::default()).unwrap();
        let written = store.read().unwrap().get("b", "k").unwrap();
        assert!(written.is_none_or(|value| value == b"abc"));
        drop(unheard);
    }
}

/// At the end of the node the socket is gone, and so are its connections.
#[test]
fn stopping_closes_everything() {
    let house = House::new();
    house.is_well();
    let open = house.connect();
    house.time.until_waiting(1, HEAD_TIME);
    house.server.stop();
    assert!(!house.path.exists());
    assert_eq!(heard(open), "");
    assert!(UnixStream::connect(&house.path).is_err());
    house.server.stop();
}
