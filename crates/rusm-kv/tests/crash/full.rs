//! A file that may not grow, by the operating system's own word: the child runs under `ulimit -f`.
//!
//! The signal that comes with it is ignored, so that the write fails as one on a full disk does.

use crate::child::{Child, role, say};
use rusm_kv::{Batch, Options, Store, WriteError};
use std::path::Path;
use std::process::Command;

const BUCKET: &str = "full";

fn value(n: u64) -> Vec<u8> {
    format!("{n};").into_bytes().repeat(3_000)
}

/// The child: writes until it is refused, and goes on asking.
fn write_until_full(file: &Path) {
    let store = Store::open(file, Options::default()).unwrap();
    let write = |n: u64| {
        let batch = Batch::new(BUCKET).unwrap().put(format!("{n:04}"), value(n));
        store.submit(batch).wait()
    };
    let mut n = 0;
    let refused = loop {
        match write(n) {
            Ok(_) => say(&format!("wrote {n}")),
            Err(error) => break error,
        }
        n += 1;
    };
    say(&format!("failed {refused}"));
    assert_eq!(
        write(n + 1),
        Err(refused.clone()),
        "later ones are told the same"
    );
    let WriteError::Poisoned { reason } = refused else {
        panic!("{refused}");
    };
    assert_eq!(store.status().poisoned, Some(reason));
    let snapshot = store.read().unwrap();
    for n in 0..n {
        assert_eq!(
            snapshot.get(BUCKET, &format!("{n:04}")).unwrap(),
            Some(value(n))
        );
    }
    assert_eq!(snapshot.get(BUCKET, &format!("{n:04}")).unwrap(), None);
    say("reads");
}

#[test]
fn a_file_that_may_not_grow_poisons_the_store_and_keeps_what_it_holds() {
    if let Some(file) = role() {
        return write_until_full(&file);
    }
    let place = tempfile::tempdir().unwrap();
    let file = place.path().join("store");
    // Blocks of 512 bytes or of 1024, as the shell has it: room for some writes in any case.
    let limits = "trap '' XFSZ; ulimit -f 8000; exec \"$0\" \"$@\"";
    let mut shell = Command::new("sh");
    shell
        .args(["-c", limits])
        .arg(std::env::current_exe().unwrap());
    let test = "full::a_file_that_may_not_grow_poisons_the_store_and_keeps_what_it_holds";
    let mut child = Child::run(&mut shell, test, &file);
    let said: Vec<String> = std::iter::from_fn(|| child.next_line()).collect();
    let n_written = said
        .iter()
        .filter(|line| line.starts_with("wrote "))
        .count() as u64;
    let [.., failed, reads] = said.as_slice() else {
        panic!("{said:?}");
    };
    assert!(
        failed.starts_with("failed ") && failed.contains("os error 27"),
        "{failed}"
    );
    assert_eq!(reads, "reads");
    assert!(n_written > 10, "{n_written}");

    let store = Store::open(&file, Options::default()).unwrap();
    let snapshot = store.read().unwrap();
    for n in 0..n_written {
        let found = snapshot.get(BUCKET, &format!("{n:04}")).unwrap();
        assert_eq!(found, Some(value(n)), "{n}");
    }
    drop(snapshot);
    let batch = Batch::new(BUCKET).unwrap().put("after", value(0));
    store.submit(batch).wait().unwrap();
}
