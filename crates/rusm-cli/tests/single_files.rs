//! `rusm run FILE.wasm`: what a user of other runtimes expects of it.

use crate::programs;
use crate::support::{Outcome, Place, signal, typed};
use std::io::{BufRead, BufReader, Read};

/// Output is the terminal's, byte by byte: no mark, no line end added, nothing escaped.
#[test]
fn output_is_exact() {
    let place = Place::new();
    place.program("x.wasm", &programs::prints(1, "\x1b[1mno\0line end"));
    let outcome = place.rusm(["run", "x.wasm"]).finish().ends_with(0);
    assert_eq!(outcome.stdout(), "\x1b[1mno\0line end");
    assert_eq!(outcome.stderr, "");
    place.program("e.wasm", &programs::prints(2, "oops"));
    let outcome = place.rusm(["run", "e.wasm"]).finish().ends_with(0);
    assert_eq!((outcome.stdout(), outcome.stderr.as_str()), ("", "oops"));
}

/// Input reaches the guest whole, and so does its end.
#[test]
fn input_is_the_terminals() {
    let place = Place::new();
    place.program("cat.wasm", &programs::copies());
    let input: Vec<u8> = (0..300_000u32).map(|n| n.to_le_bytes()[0]).collect();
    let outcome = place
        .rusm(["run", "cat.wasm"])
        .input(&input)
        .finish()
        .ends_with(0);
    assert!(
        outcome.stdout == input,
        "{} bytes came back of {}",
        outcome.stdout.len(),
        input.len()
    );
}

/// The guest's exit code is the program's own.
#[test]
fn exit_codes_are_passed_on() {
    let place = Place::new();
    for code in [0, 1, 3, 100] {
        place.program("x.wasm", &programs::exits(code));
        let outcome = place.rusm(["run", "x.wasm"]).finish().ends_with(code);
        assert_eq!(outcome.stderr, "");
    }
}

/// A trap says what it was and where, and nothing of how rusm is made (pitfall 27).
#[test]
fn a_trap_is_explained() {
    let place = Place::new();
    place.program("x.wasm", &programs::traps());
    place.rusm(["run", "x.wasm"]).finish().ends_with(1).says(&[
        "x.wasm trapped",
        "divide by zero",
        "divide",
        "work",
    ]);
    place.program("deep.wasm", &programs::recurses());
    place
        .rusm(["run", "deep.wasm"])
        .finish()
        .ends_with(1)
        .says(&["deep.wasm trapped", "stack"]);
}

/// Each bound that is run into names itself and its flag; those on time have their own exit code.
#[test]
fn bounds_end_the_run() {
    let place = Place::new();
    place.program("spin.wasm", &programs::spins());
    place
        .rusm(["run", "spin.wasm", "--timeout-ms", "50"])
        .finish()
        .ends_with(124)
        .says(&["--timeout-ms"]);
    place
        .rusm(["run", "spin.wasm", "--max-cpu-ms", "50"])
        .finish()
        .ends_with(124)
        .says(&["--max-cpu-ms"]);
    place
        .rusm(["run", "spin.wasm", "--max-slice-ms", "50"])
        .finish()
        .ends_with(124)
        .says(&["CPU time", "help: --max-slice-ms sets the bound"]);
    place.program("eat.wasm", &programs::eats_memory());
    place
        .rusm(["run", "--max-memory-mb", "16", "eat.wasm"])
        .finish()
        .ends_with(1)
        .says(&[
            "used up its memory (16512 KiB asked for, 16384 KiB allowed by max-memory-mb)",
            "--max-memory-mb",
        ]);
    place.program("flood.wasm", &programs::floods());
    let outcome = place
        .rusm(["run", "--max-output-kb", "4", "flood.wasm"])
        .finish()
        .ends_with(1)
        .says(&["--max-output-kb"]);
    assert!(outcome.stdout.len() <= 4096);
}

/// Whoever prints to a reader that has stopped reading waits as for anything else: its bounds and signals end it.
#[test]
fn a_reader_that_stops_reading_holds_nobody() {
    let place = Place::new();
    place.program("flood.wasm", &programs::floods());
    let flood = |bound: &[&str]| {
        let args = ["run", "flood.wasm", "--max-output-kb", "0"];
        place.rusm(args.iter().chain(bound)).start()
    };
    // Nobody reads what they print before they have ended.
    let mut bounded = flood(&["--timeout-ms", "300"]);
    assert_eq!(bounded.wait().unwrap().code(), Some(124));
    let mut stopped = flood(&[]);
    let mut first = [0];
    let printed = stopped.stdout.as_mut().unwrap();
    printed.read_exact(&mut first).unwrap();
    signal(&stopped, "TERM");
    assert_eq!(stopped.wait().unwrap().code(), Some(143));
}

/// What a slow reader takes late is all there, and in order.
#[test]
fn a_slow_reader_gets_everything() {
    const LINE: &[u8] = b"again and again and again and again\n";
    let place = Place::new();
    place.program("flood.wasm", &programs::floods());
    let mut child = place
        .rusm(["run", "flood.wasm", "--max-output-kb", "300"])
        .start();
    let mut printed = child.stdout.take().unwrap();
    let mut output = Vec::new();
    // A page at a time, as a pager takes it: the pipe is full whenever the guest prints.
    let mut next = || {
        printed
            .by_ref()
            .take(4096)
            .read_to_end(&mut output)
            .unwrap()
    };
    while next() > 0 {
        std::thread::yield_now();
    }
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let n_lines = (300 << 10) / LINE.len();
    assert!(output == LINE.repeat(n_lines), "{} bytes", output.len());
}

/// What a guest printed and did not wait for is waited for when it has ended.
#[test]
fn what_was_printed_last_is_not_lost() {
    let place = Place::new();
    place.program("leave.wasm", &programs::prints_and_leaves());
    let mut child = place
        .rusm(["run", "leave.wasm", "--max-output-kb", "0"])
        .start();
    let mut printed = child.stdout.take().unwrap();
    let mut output = vec![0];
    printed.read_exact(&mut output).unwrap();
    // It has printed; that it ends before it is read on cannot be seen from here, and need not be.
    printed.read_to_end(&mut output).unwrap();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    assert!(output == vec![b'x'; 4096 + 65536], "{}", output.len());
}

/// Arguments stand behind `--`, after the program's own name.
#[test]
fn arguments_are_the_guests() {
    let place = Place::new();
    place.program("args.wasm", &programs::prints_args());
    let outcome = place
        .rusm(["run", "args.wasm", "--", "-v", "two words", ""])
        .finish()
        .ends_with(0);
    assert_eq!(outcome.stdout(), "args.wasm\0-v\0two words\0\0");
    place
        .rusm(["run", "args.wasm", "word"])
        .finish()
        .ends_with(2)
        .says(&["behind '--'"]);
}

/// Nothing of the environment is inherited; what is named is set or passed on (default deny).
#[test]
fn the_environment_is_what_is_named() {
    let place = Place::new();
    place.program("env.wasm", &programs::prints_env());
    let run = |args: &[&str]| {
        let args = ["run", "env.wasm"].iter().chain(args).copied();
        place
            .rusm(args)
            .env("SECRET", "s")
            .env("APP_MODE", "fast")
            .finish()
    };
    assert_eq!(run(&[]).ends_with(0).stdout(), "");
    assert_eq!(
        run(&["--env", "A=1", "--env", "APP_MODE"])
            .ends_with(0)
            .stdout(),
        "A=1\0APP_MODE=fast\0"
    );
    run(&["--env", "APP_MDOE"])
        .ends_with(2)
        .says(&["APP_MDOE", "did you mean APP_MODE?"]);
}

/// Folders are closed unless they are named, and read-only ones refuse to be written to.
#[test]
fn folders_are_what_is_named() {
    let place = Place::new();
    place.program("create.wasm", &programs::creates("new.txt"));
    std::fs::create_dir(place.path("data")).unwrap();
    let bad_descriptor = 8;
    place
        .rusm(["run", "create.wasm"])
        .finish()
        .ends_with(bad_descriptor);
    let refused = place
        .rusm(["run", "create.wasm", "--dir", "data::ro"])
        .finish();
    assert!(
        refused.code != Some(0) && !place.path("data/new.txt").exists(),
        "{refused:?}"
    );
    place
        .rusm(["run", "create.wasm", "--dir", "data"])
        .finish()
        .ends_with(0);
    assert!(place.path("data/new.txt").exists());
}

/// A folder that is not there is a process that never started, not one with an error later.
#[test]
fn a_missing_folder_is_not_started() {
    let place = Place::new();
    place.program("x.wasm", &programs::prints(1, "ran"));
    let outcome = place
        .rusm(["run", "x.wasm", "--dir", "nowhere"])
        .finish()
        .ends_with(4)
        .says(&["nowhere"]);
    assert_eq!(outcome.stdout(), "");
}

/// A profile of the manifest here can be tried on a single file; an unknown one is refused.
#[test]
fn profiles_come_from_the_manifest_here() {
    let place = Place::new();
    place.program("env.wasm", &programs::prints_env());
    place.write(
        "rusm.toml",
        "[app]\nname = \"a\"\n[capabilities.web]\nenv = [\"APP_*\"]\n",
    );
    let run = |profile: &str| {
        place
            .rusm(["run", "env.wasm", "--profile", profile])
            .env("APP_MODE", "fast")
            .finish()
    };
    assert_eq!(run("web").ends_with(0).stdout(), "APP_MODE=fast\0");
    assert_eq!(run("sandboxed").ends_with(0).stdout(), "");
    run("wbe")
        .ends_with(2)
        .says(&["there is no profile 'wbe'", "did you mean 'web'?"]);
}

/// A reader who leaves early ends the run without a word, as in any pipe.
#[test]
fn a_closed_pipe_is_quiet() {
    let place = Place::new();
    place.program("flood.wasm", &programs::floods());
    let mut child = place.rusm(["run", "flood.wasm"]).start();
    let mut first = [0; 36];
    child.stdout.take().unwrap().read_exact(&mut first).unwrap();
    let outcome = Outcome::of(child);
    assert_eq!(outcome.stderr, "");
    assert_ne!(outcome.code, Some(0));
}

/// Ctrl-C and SIGTERM end a sleeping and a spinning guest, with the exit codes that shells know.
#[test]
fn signals_end_the_run() {
    let place = Place::new();
    place.program("sleep.wasm", &programs::sleeps());
    for (name, code) in [("INT", 130), ("TERM", 143)] {
        let mut child = place.rusm(["run", "sleep.wasm"]).start();
        let mut ready = String::new();
        BufReader::new(child.stdout.as_mut().unwrap())
            .read_line(&mut ready)
            .unwrap();
        assert_eq!(ready, "ready\n");
        signal(&child, name);
        Outcome::of(child).ends_with(code);
    }
}

/// The file may be named by any path, and be called anything if it is WebAssembly.
#[test]
fn files_are_known_by_their_content() {
    let place = Place::new();
    let path = place.program("deep/er/program", &programs::prints(1, "ran"));
    assert_eq!(
        place
            .rusm(["run".to_owned(), typed(&path)])
            .finish()
            .ends_with(0)
            .stdout(),
        "ran"
    );
}
