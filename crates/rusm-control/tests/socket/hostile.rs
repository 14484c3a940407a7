//! Clients that mean harm, or nothing at all.

use crate::house::{House, answer, code, heard};
use std::io::Write as _;
use std::net::Shutdown;
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt as _;
use std::path::Path;
use std::process::Command;

/// Refused with this status and code, and the node is well.
fn refused(house: &House, bytes: &[u8], expected: (u16, &str)) {
    let said = house.say(bytes);
    let (status, body) = answer(&said);
    let shown = bytes.get(..bytes.len().min(100)).unwrap().escape_ascii();
    assert_eq!((status, code(&body).as_str()), expected, "{shown}");
    assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{said}");
}

#[test]
fn what_is_no_request_is_told_so_in_json() {
    let house = House::new();
    for bytes in [
        &b"\n\n\0\0\0"[..],
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
        b"GET\r\n\r\n",
        b"GET /v1/kv/status\r\n\r\n",
        b"GET /v1/kv/status HTTP/3.7\r\n\r\n",
        b"GET /v1/kv/status HTTP/1.1\r\nno colon\r\n\r\n",
        b"GET /v1/kv/status HTTP/1.1\r\nname: \x01\r\n\r\n",
        b"GET /v1/kv/ status HTTP/1.1\r\n\r\n",
        b"G\xffT / HTTP/1.1\r\n\r\n",
        b"{\"jsonrpc\":\"2.0\"}",
        b"EHLO me\r\n",
        // A length that is none, two that differ, and both ways at once.
        b"PUT /v1/kv/buckets/b/keys/k HTTP/1.1\r\ncontent-length: x\r\n\r\n",
        b"PUT /v1/kv/buckets/b/keys/k HTTP/1.1\r\ncontent-length: -1\r\n\r\n",
        b"PUT /v1/kv/buckets/b/keys/k HTTP/1.1\r\ncontent-length: 99999999999999999999\r\n\r\n",
        b"PUT /v1/kv/buckets/b/keys/k HTTP/1.1\r\ncontent-length: 1\r\ncontent-length: 2\r\n\r\nab",
        b"PUT /v1/kv/buckets/b/keys/k HTTP/1.1\r\ntransfer-encoding: gzip\r\n\r\nab",
    ] {
        refused(&house, bytes, (400, "bad-request"));
    }
    house.is_well();
}

#[test]
fn a_head_beyond_its_bounds_is_too_large() {
    let house = House::new();
    let long = |n| "x".repeat(n);
    let fields: String = (0..65).map(|n| format!("f{n}: x\r\n")).collect();
    for head in [
        format!("GET /{} HTTP/1.1\r\n\r\n", long(20_000)),
        format!("GET / HTTP/1.1\r\nf: {}\r\n\r\n", long(20_000)),
        format!("GET / HTTP/1.1\r\n{}: x\r\n\r\n", long(20_000)),
        format!("GET / HTTP/1.1\r\n{fields}\r\n"),
        // Without an end.
        format!("GET / HTTP/1.1\r\nf: {}", long(1 << 20)),
    ] {
        refused(&house, head.as_bytes(), (413, "too-large"));
    }
    // The longest names, every byte of them encoded, have room.
    let path = format!(
        "/v1/kv/buckets/{}/keys/{}",
        "%41".repeat(255),
        "%42".repeat(1_024)
    );
    let (status, body) = house.ask("GET", &path);
    assert_eq!((status, code(&body).as_str()), (404, "not-found"));
    house.is_well();
}

#[test]
fn a_path_leads_nowhere_but_to_its_endpoint() {
    let house = House::new();
    let rows = [
        ("GET", "/", 404, "no-endpoint"),
        ("GET", "*", 400, "bad-request"),
        ("GET", "/v1/kv/../kv/status", 404, "no-endpoint"),
        ("GET", "/v1/kv/%2e%2e/kv/status", 404, "no-endpoint"),
        ("GET", "//v1/kv/status", 404, "no-endpoint"),
        ("GET", "/v1/kv/status/", 404, "no-endpoint"),
        ("GET", "/v1/kv/status%00", 404, "no-endpoint"),
        ("GET", "/v1%2fkv%2fstatus", 404, "no-endpoint"),
        ("GET", "/v1/kv/statu", 404, "no-endpoint"),
        ("GET", "/v1/kv/status?x=1", 400, "bad-request"),
        ("GET", "/v1/kv/buckets?start=%ff", 400, "bad-request"),
        ("GET", "/v1/kv/buckets?limit=1&limit=2", 400, "bad-request"),
        (
            "GET",
            "/v1/kv/buckets?limit=99999999999999999999",
            400,
            "bad-request",
        ),
        (
            "GET",
            "/v1/kv/buckets/b/keys?values=yes",
            400,
            "bad-request",
        ),
        ("GET", "/v1/kv/buckets//keys", 400, "bad-request"),
        ("GET", "/v1/kv/buckets/a%00b/keys", 400, "bad-request"),
        ("GET", "/v1/kv/buckets/b/keys/", 400, "bad-request"),
        ("GET", "/v1/kv/buckets/b/keys/%", 400, "bad-request"),
        ("GET", "/v1/kv/buckets/b/keys/%c0%af", 400, "bad-request"),
        ("PUT", "/v1/kv/buckets/b/keys/", 400, "bad-request"),
        ("PUT", "/v1/kv/buckets/%0a/keys/k", 400, "bad-request"),
        (
            "PUT",
            "/v1/kv/buckets/b/keys/k?expires-ms=-1",
            400,
            "bad-request",
        ),
        ("DELETE", "/v1/kv/buckets/%00/keys/k", 400, "bad-request"),
        ("GET", "/v1/kv/export?bucket=%1b", 400, "bad-request"),
        ("POST", "/v1/kv/status", 405, "wrong-method"),
        ("OPTIONS", "/v1/kv/status", 405, "wrong-method"),
        ("get", "/v1/kv/status", 405, "wrong-method"),
        ("CONNECT", "x:1", 400, "bad-request"),
        ("GET", "/v1/kv/buckets/b/keys/k", 404, "not-found"),
    ];
    for (method, target, status, expected) in rows {
        let (was, body) = house.ask(method, target);
        assert_eq!(
            (was, code(&body).as_str()),
            (status, expected),
            "{method} {target}"
        );
    }
    let long = "k".repeat(1_025);
    let (status, body) = house.ask("PUT", &format!("/v1/kv/buckets/b/keys/{long}"));
    assert_eq!((status, code(&body).as_str()), (413, "too-large"));
    let said = house.say(b"POST /v1/kv/status HTTP/1.1\r\n\r\n");
    assert!(said.contains("\r\nallow: GET\r\n"), "{said}");
    // The whole of an address counts for its path.
    assert_eq!(
        house.ask("GET", "http://elsewhere.example/v1/kv/status").0,
        200
    );
    house.is_well();
}

#[test]
fn a_body_that_lies_writes_nothing() {
    let house = House::new();
    let put = |rest: &str| format!("PUT /v1/kv/buckets/b/keys/k HTTP/1.1\r\n{rest}");
    for rest in [
        "content-length: 10\r\n\r\nshort",
        "transfer-encoding: chunked\r\n\r\n5\r\nabc",
        "transfer-encoding: chunked\r\n\r\n5\r\nabcdefgh\r\n0\r\n\r\n",
        "transfer-encoding: chunked\r\n\r\nfffffffffffffffff\r\nabc",
        "transfer-encoding: chunked\r\n\r\n-1\r\nabc",
        "transfer-encoding: chunked\r\n\r\nzz\r\nabc",
        "transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n",
    ] {
        refused(&house, put(rest).as_bytes(), (400, "bad-request"));
    }
    let huge = put("content-length: 17179869184\r\n\r\n");
    refused(&house, huge.as_bytes(), (413, "too-large"));
    assert_eq!(house.client().get("b", "k").unwrap(), None);
    // Chunks that tell the truth are a value.
    let chunks =
        put("transfer-encoding: chunked\r\n\r\n3\r\nabc\r\n2;x=y\r\nde\r\n0\r\nx: y\r\n\r\n");
    assert_eq!(answer(&house.say(chunks.as_bytes())).0, 200);
    assert_eq!(
        house.client().get("b", "k").unwrap().unwrap().value,
        b"abcde"
    );
}

/// What is behind the first request is not taken for another, whatever its body pretends.
#[test]
fn one_connection_carries_one_request() {
    let house = House::new();
    let get = "GET /v1/kv/status HTTP/1.1\r\n\r\n";
    let put = "PUT /v1/kv/buckets/b/keys/smuggled HTTP/1.1\r\ncontent-length: 1\r\n\r\nx";
    for text in [
        format!("{get}{put}"),
        format!("{}{put}", get.repeat(100)),
        format!("GET /v1/kv/status HTTP/1.1\r\ncontent-length: 0\r\n\r\n{put}"),
        format!("GET /v1/kv/status HTTP/1.1\r\nconnection: keep-alive\r\n\r\n{put}"),
        format!(
            "GET /v1/kv/status HTTP/1.1\r\ncontent-length: {}\r\n\r\n{put}",
            put.len()
        ),
    ] {
        let said = house.say(text.as_bytes());
        assert_eq!(answer(&said).0, 200);
        assert_eq!(said.matches("HTTP/1.1 ").count(), 1, "{said}");
        assert!(said.contains("connection: close"), "{said}");
    }
    let smuggled = house.client().get("b", "smuggled").unwrap();
    assert_eq!(smuggled, None);
}

/// Who goes away in the middle of anything is not missed.
#[test]
fn clients_that_hang_up_hurt_nobody() {
    let house = House::new();
    let request = "PUT /v1/kv/buckets/b/keys/k HTTP/1.1\r\ncontent-length: 3\r\n\r\nabc";
    for end in 0..request.len() {
        let mut stream = house.connect();
        let _gone = stream.write_all(request.get(..end).unwrap().as_bytes());
        match end % 2 {
            0 => drop(stream),
            _ => {
                stream.shutdown(Shutdown::Write).unwrap();
                let said = heard(stream);
                assert!(
                    said.is_empty() || said.starts_with("HTTP/1.1 400"),
                    "{said}"
                );
            }
        }
    }
    assert_eq!(house.client().get("b", "k").unwrap(), None);
    // And one that leaves once all is said: what it asked for is done.
    drop({
        let mut stream = house.connect();
        stream.write_all(request.as_bytes()).unwrap();
        stream
    });
    house.is_well();
}

/// An export of which nobody takes the end gives back what it held.
#[test]
fn exports_that_are_abandoned_hold_nothing() {
    let house = House::new();
    let client = house.fill();
    for _ in 0..20 {
        // As many as there may be, each broken off behind its first bytes. Room comes back as the node notices.
        let mut export = loop {
            match client.export(None) {
                Ok(export) => break export,
                Err(error) => assert!(error.to_string().contains("under way"), "{error}"),
            }
        };
        let mut first = [0; 10];
        std::io::Read::read_exact(&mut export, &mut first).unwrap();
    }
    let compacted = loop {
        match client.compact() {
            Ok(compacted) => break compacted,
            Err(error) => assert!(error.to_string().contains("being exported"), "{error}"),
        }
    };
    assert!(compacted.bytes_after > 0);
}

/// An import that fails in the middle says how far it came, also to a client that goes on sending.
#[test]
fn an_import_answers_while_its_client_still_sends() {
    let house = House::new();
    let line = r#"{"bucket":"b","key":"k","value":"v"}"#;
    let body = format!(
        "{line}\n{line}\nnonsense\n{}",
        format!("{line}\n").repeat(200_000)
    );
    let head = format!(
        "POST /v1/kv/batch HTTP/1.1\r\ncontent-length: {}\r\n\r\n",
        body.len()
    );
    let said = house.say([head, body].concat().as_bytes());
    let (status, body) = answer(&said);
    assert_eq!((status, code(&body).as_str()), (400, "bad-request"));
    let error: serde_json::Value = serde_json::from_str(&body).unwrap();
    assert_eq!(error.pointer("/error/line"), Some(&3.into()));
    assert_eq!(error.pointer("/error/written"), Some(&2.into()));
}

/// Where the stranger finds the socket; without it this is the test itself.
const STRANGER: &str = "RUSM_TEST_STRANGER";
const NOBODY: u32 = 65_534;

/// Another user is refused by the mode of the socket, and where somebody has opened that, by the node.
#[test]
fn another_user_is_refused() {
    if let Some(path) = std::env::var_os(STRANGER) {
        return play_stranger(Path::new(&path));
    }
    if !rustix::process::geteuid().is_root() {
        eprintln!("this machine cannot show it: only root can be somebody else");
        return;
    }
    let house = House::new();
    let stranger = || {
        let mut program = Command::new(std::env::current_exe().unwrap());
        program.args(["--exact", "--nocapture", "hostile::another_user_is_refused"]);
        program.env(STRANGER, &house.path).uid(NOBODY).gid(NOBODY);
        let output = program.output().unwrap();
        String::from_utf8(output.stdout).unwrap()
    };
    let folder = house.path.parent().unwrap();
    let open = |path: &Path, mode| {
        std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
    };
    open(folder, 0o755);
    let said = stranger();
    assert!(said.contains("cannot connect: PermissionDenied"), "{said}");
    open(&house.path, 0o666);
    let said = stranger();
    assert!(
        said.contains("HTTP/1.1 403") && said.contains("forbidden"),
        "{said}"
    );
    house.is_well();
}

#[expect(clippy::print_stdout, reason = "what was heard is read from there")]
fn play_stranger(path: &Path) {
    match UnixStream::connect(path) {
        Ok(mut stream) => {
            let _gone = stream.write_all(b"GET /v1/kv/status HTTP/1.1\r\n\r\n");
            println!("{}", heard(stream));
        }
        Err(error) => println!("cannot connect: {:?}", error.kind()),
    }
}
