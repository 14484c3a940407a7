//! What is refused beneath a granted folder is audited, path by path, whichever version of WASI asks; what the system refuses is not.

use super::arena::{fight, shown};
use super::attack::{Attack, component_of};
use super::paths::both_ways;
use crate::forge::Wasi;

/// `$r` is the folder for reading, `$w` the one for writing.
const NAMES: &str = r#"(data (i32.const 16) "file") (data (i32.const 32) "new") (data (i32.const 48) "dir")
    (data (i32.const 80) "../secret") (data (i32.const 96) "/etc") (data (i32.const 128) "files")
    (global $r (mut i32) (i32.const 3)) (global $w (mut i32) (i32.const 4)) (global $f (mut i32) (i32.const 0))"#;
const FILE: &str = "(i32.const 16) (i32.const 4)";
const NEW: &str = "(i32.const 32) (i32.const 3)";
const DIR: &str = "(i32.const 48) (i32.const 3)";
const SECRET: &str = "(i32.const 80) (i32.const 9)";
const ETC: &str = "(i32.const 96) (i32.const 4)";
const R: &str = "(global.get $r)";
const W: &str = "(global.get $w)";
const F: &str = "(global.get $f)";
const ZERO: &str = "(i32.const 0)";
const ONE: &str = "(i32.const 1)";
/// Neither time is to be changed.
const TIMES: &str =
    "(i32.const 0) (i64.const 0) (i32.const 0) (i32.const 0) (i64.const 0) (i32.const 0)";

/// What has no name of its own any more.
const AN_OPEN_FILE: &str = "an open file";

/// Methods of a descriptor, with the rest of their arguments; each is refused.
fn refused(calls: &[(&str, &[&str])]) -> String {
    let call = |(method, args): &(&str, &[&str])| {
        let args = args.join(" ");
        format!(
            "(call $descriptor.{method} {args} (i32.const 512)) (call $check (i32.load8_u (i32.const 512)))\n"
        )
    };
    calls.iter().map(call).collect()
}

/// Every change that a folder for reading refuses, and of what.
fn changes() -> (String, Vec<&'static str>) {
    let refused_of_folder = refused(&[
        ("create-directory-at", &[R, NEW]),
        ("remove-directory-at", &[R, DIR]),
        ("unlink-file-at", &[R, FILE]),
        ("symlink-at", &[R, FILE, NEW]),
        ("rename-at", &[R, FILE, R, NEW]),
        ("rename-at", &[W, FILE, R, NEW]),
        ("link-at", &[R, ZERO, FILE, W, NEW]),
        ("set-times-at", &[R, ZERO, FILE, TIMES]),
        ("set-times", &[R, TIMES]),
        ("open-at", &[R, ZERO, NEW, ONE, ONE]),
        ("open-at", &[R, ZERO, FILE, ZERO, "(i32.const 2)"]),
        ("open-at", &[R, ZERO, FILE, "(i32.const 8)", ONE]),
    ]);
    let opened = format!(
        "(call $descriptor.open-at {R} {ZERO} {FILE} {ZERO} {ONE} (i32.const 512))
        (call $check (i32.eqz (i32.load8_u (i32.const 512)))) (global.set $f (i32.load (i32.const 516)))"
    );
    let refused_of_file = refused(&[
        ("set-size", &[F, "(i64.const 0)"]),
        ("set-times", &[F, TIMES]),
    ]);
    let of_folder = "new dir file new file new file file . new file file";
    let of_folder = of_folder.split(' ').map(|name| match name {
        "new" => "/read/new",
        "dir" => "/read/dir",
        "file" => "/read/file",
        _ => "/read",
    });
    let targets = of_folder.chain([AN_OPEN_FILE; 2]).collect();
    (
        format!("{refused_of_folder} {opened} {refused_of_file}"),
        targets,
    )
}

/// Every way out of a folder.
fn ways_out() -> (String, Vec<&'static str>) {
    let refused = refused(&[
        ("stat-at", &[R, ZERO, SECRET]),
        ("open-at", &[R, ZERO, SECRET, ZERO, ONE]),
        ("stat-at", &[W, ONE, SECRET]),
        ("metadata-hash-at", &[W, ZERO, SECRET]),
        ("readlink-at", &[W, SECRET]),
        ("open-at", &[W, ONE, SECRET, ZERO, ONE]),
        ("create-directory-at", &[W, SECRET]),
        ("remove-directory-at", &[W, SECRET]),
        ("unlink-file-at", &[W, SECRET]),
        ("symlink-at", &[W, FILE, SECRET]),
        ("rename-at", &[W, FILE, W, SECRET]),
        ("link-at", &[W, ZERO, SECRET, W, NEW]),
        ("set-times-at", &[W, ZERO, SECRET, TIMES]),
        ("symlink-at", &[W, ETC, NEW]),
        ("stat-at", &[W, ZERO, ETC]),
        // The system's own answers.
        ("unlink-file-at", &[W, NEW]),
        ("create-directory-at", &[W, DIR]),
        ("stat-at", &[W, ZERO, NEW]),
    ]);
    let mut targets = vec!["/read/../secret"; 2];
    targets.extend(["/write/../secret"; 11]);
    targets.extend(["/etc"; 2]);
    (refused, targets)
}

/// Methods of both versions of WASI.
const METHODS: [&str; 13] = [
    "create-directory-at",
    "remove-directory-at",
    "unlink-file-at",
    "symlink-at",
    "rename-at",
    "link-at",
    "set-times-at",
    "set-times",
    "set-size",
    "open-at",
    "stat-at",
    "metadata-hash-at",
    "readlink-at",
];

/// Tries everything; `streams` is what this version has to write to an open file.
fn visitor(wasi: Wasi, name: &'static str, imports: &[&str], streams: (&str, usize)) -> Attack {
    let methods = METHODS.map(|method| format!("[method]descriptor.{method}"));
    let imports: Vec<&str> = methods
        .iter()
        .map(String::as_str)
        .chain(["get-directories", "permissions#drop"])
        .chain(imports.iter().copied())
        .collect();
    let begin = "(call $get-directories (i32.const 64)) (local.set $n (i32.load (i32.const 64)))
        (global.set $r (i32.load (local.get $n))) (global.set $w (i32.load offset=12 (local.get $n)))";
    let ((changes, of_changes), (ways_out, of_ways_out)) = (changes(), ways_out());
    let (streams, n_streams) = streams;
    let given_up = refused(&[
        ("stat-at", &[W, ZERO, FILE]),
        ("open-at", &[R, ZERO, FILE, ZERO, ONE]),
        ("unlink-file-at", &[R, FILE]),
        ("set-size", &[F, "(i64.const 0)"]),
        ("stat-at", &[F, ZERO, FILE]),
    ]);
    let given_up = format!("(call $drop (i32.const 128) (i32.const 5)) {given_up}");
    let body = format!("{begin} {changes} {streams} {ways_out} {given_up}");
    component_of(wasi, name, &imports, &body)
        .defining(NAMES)
        .reallocating(
            "(i32.store (i32.const 4) (i32.add (i32.load (i32.const 4)) (i32.const 64)))
             (i32.add (i32.const 32768) (i32.load (i32.const 4)))",
        )
        .under_in(both_ways)
        .shows(move |outcome| {
            let mut expected = of_changes.clone();
            expected.extend(vec![AN_OPEN_FILE; n_streams]);
            expected.extend(&of_ways_out);
            // A file that is open is still one.
            expected.extend(["file", "file", "file", AN_OPEN_FILE]);
            let targets: Vec<_> = outcome.denied.iter().map(|it| &*it.target).collect();
            assert_eq!(targets, expected, "{}", shown(outcome));
            assert!(outcome.denied.iter().all(|it| it.permission == "files"));
        })
}

#[test]
fn what_is_refused_beneath_a_folder_is_audited() {
    let second = refused(&[
        ("write", &[F, FILE, "(i64.const 0)"]),
        ("write-via-stream", &[F, "(i64.const 0)"]),
        ("append-via-stream", &[F]),
    ]);
    let third = format!(
        "(drop (call $descriptor.write-via-stream {F} (i32.wrap_i64 (call $stream-to-write)) (i64.const 0)))
         (drop (call $descriptor.append-via-stream {F} (i32.wrap_i64 (call $stream-to-append))))"
    );
    fight(&[
        visitor(
            Wasi::V02,
            "refusals of WASI 0.2",
            &[
                "[method]descriptor.write",
                "[method]descriptor.write-via-stream",
                "[method]descriptor.append-via-stream",
            ],
            (&second, 3),
        ),
        visitor(
            Wasi::V03,
            "refusals of WASI 0.3",
            &[
                "[method]descriptor.write-via-stream",
                "[method]descriptor.append-via-stream",
                r#"(import "wasi:filesystem/types@0.3.0" "[stream-new-0][method]descriptor.write-via-stream"
                    (func $stream-to-write (result i64)))"#,
                r#"(import "wasi:filesystem/types@0.3.0" "[stream-new-0][method]descriptor.append-via-stream"
                    (func $stream-to-append (result i64)))"#,
            ],
            (&third, 2),
        ),
    ]);
}
