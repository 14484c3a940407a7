//! Programs that know nothing of actors, built for WASI preview 1, 0.2 and 0.3, run as in any other runtime.

use crate::support::{Outcome, Place, build_guests, typed};
use std::io::{Read, Write};
use std::net::TcpListener;
use std::path::PathBuf;
use std::sync::OnceLock;

/// The three ways in which a program may have been built.
const PREVIEW_1: (&str, &str) = ("wasm32-wasip1", "stock_cat");
const WASI_02: (&str, &str) = ("wasm32-wasip2", "stock_cat");
const WASI_03: (&str, &str) = ("wasm32-wasip2", "stock_p3");

fn built((target, name): (&str, &str)) -> PathBuf {
    static FOLDERS: OnceLock<[PathBuf; 2]> = OnceLock::new();
    let [preview_1, others] = FOLDERS.get_or_init(|| {
        [
            build_guests(PREVIEW_1.0, &["stock_cat", "stock_exit"]),
            build_guests(WASI_02.0, &["stock_cat", "stock_exit", "stock_p3"]),
        ]
    });
    let folder = if target == PREVIEW_1.0 {
        preview_1
    } else {
        others
    };
    folder.join(format!("{name}.wasm"))
}

/// Runs a program with what stands before and after `--`.
fn stock(
    place: &Place,
    program: (&str, &str),
    flags: &[&str],
    args: &[&str],
    input: &[u8],
) -> Outcome {
    let file = typed(&built(program));
    let words = [&["run"], flags, &[file.as_str(), "--"], args].concat();
    place.rusm(words).input(input).finish()
}

#[test]
fn standard_input_reaches_standard_output_byte_by_byte() {
    let place = Place::new();
    let bytes: Vec<u8> = (0..300_000_u32).flat_map(u32::to_le_bytes).collect();
    for program in [PREVIEW_1, WASI_02, WASI_03] {
        let outcome = stock(&place, program, &[], &["-"], &bytes).ends_with(0);
        assert!(
            outcome.stdout == bytes,
            "{program:?} changed what it passed on"
        );
    }
}

#[test]
fn arguments_and_variables_are_those_that_were_given() {
    let place = Place::new();
    for program in [PREVIEW_1, WASI_02, WASI_03] {
        let args = ["--env", "GIVEN", "--env", "PATH", "--say", "done"];
        let outcome = stock(&place, program, &["--env", "GIVEN=yes"], &args, b"").ends_with(0);
        assert_eq!(
            outcome.stdout(),
            "yes\nPATH is not set\ndone\n",
            "{program:?}"
        );
    }
}

#[test]
fn the_exit_code_is_the_programs() {
    let place = Place::new();
    for program in [
        ("wasm32-wasip1", "stock_exit"),
        ("wasm32-wasip2", "stock_exit"),
    ] {
        stock(&place, program, &[], &["3"], b"").ends_with(3);
        stock(&place, program, &[], &["0"], b"").ends_with(0);
    }
    stock(&place, WASI_03, &[], &["--exit", "3"], b"").ends_with(3);
    stock(&place, WASI_03, &[], &["--fail"], b"").ends_with(1);
}

#[test]
fn folders_open_as_far_as_they_were_granted() {
    let place = Place::new();
    place.write("shared/text", "content");
    for program in [PREVIEW_1, WASI_02] {
        let read = stock(
            &place,
            program,
            &["--dir", "shared::/d::ro"],
            &["/d/text"],
            b"",
        )
        .ends_with(0);
        assert_eq!(read.stdout(), "content");
        stock(
            &place,
            program,
            &["--dir", "shared::/d::ro"],
            &["--write", "/d/text", "other"],
            b"",
        )
        .ends_with(1);
        stock(&place, program, &[], &["/d/text"], b"").ends_with(1);
        stock(
            &place,
            program,
            &["--dir", "shared::/d"],
            &["--write", "/d/new", "written"],
            b"",
        )
        .ends_with(0);
        assert_eq!(
            std::fs::read_to_string(place.path("shared/new")).unwrap(),
            "written"
        );
    }
}

#[test]
fn the_network_opens_as_far_as_it_was_granted() {
    let place = Place::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap().to_string();
    stock(&place, WASI_02, &[], &["--connect", &address], b"").ends_with(1);
    stock(
        &place,
        WASI_02,
        &["--allow-net=public"],
        &["--connect", &address],
        b"",
    )
    .ends_with(1);
    let server = std::thread::spawn(move || {
        for _ in 0..2 {
            let (mut peer, _) = listener.accept().unwrap();
            let mut ping = [0; 5];
            peer.read_exact(&mut ping).unwrap();
            peer.write_all(b"pong\n").unwrap();
        }
    });
    let rule = format!("--allow-net={address}");
    for flag in ["--allow-net", &rule] {
        let outcome = stock(&place, WASI_02, &[flag], &["--connect", &address], b"").ends_with(0);
        assert_eq!(outcome.stdout(), "pong\n");
    }
    server.join().unwrap();
}

#[test]
fn memory_and_time_are_bounded_as_asked() {
    let place = Place::new();
    for program in [PREVIEW_1, WASI_02] {
        stock(
            &place,
            program,
            &["--max-memory-mb", "64"],
            &["--hoard", "16"],
            b"",
        )
        .ends_with(0);
        stock(
            &place,
            program,
            &["--max-memory-mb", "16"],
            &["--hoard", "64"],
            b"",
        )
        .ends_with(1)
        .says(&["memory"]);
        stock(&place, program, &["--timeout-ms", "100"], &["--spin"], b"").ends_with(124);
        stock(&place, program, &["--max-cpu-ms", "50"], &["--spin"], b"").ends_with(124);
    }
}
