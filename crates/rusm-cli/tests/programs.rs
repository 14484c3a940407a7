//! Small programs for preview 1, in the text format.

/// Counts up in the node's store, and prints the count, which has one digit.
pub(crate) fn counts() -> String {
    format!(
        r#"(module
          (import "rusm" "kv-increment" (func $increment (param i32 i32 i32 i32 i64 i32 i32) (result i32)))
          {HEAD}
          (data (i32.const 64) "counts")
          (func (export "_start")
            (if (i32.ne (i32.const 8) (call $increment (i32.const 64) (i32.const 6) (i32.const 64) (i32.const 5) (i64.const 1)
                  (i32.const 128) (i32.const 8)))
              (then (call $proc_exit (i32.const 1))))
            (i32.store8 (i32.const 128) (i32.add (i32.const 48) (i32.load8_u (i32.const 128))))
            (call $write (i32.const 1) (i32.const 128) (i32.const 1))))"#
    )
}

/// Imports and a memory for the programs below.
const HEAD: &str = r#"
  (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $fd_read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
  (import "wasi_snapshot_preview1" "args_get" (func $args_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "args_sizes_get" (func $args_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_get" (func $environ_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "environ_sizes_get" (func $environ_sizes_get (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $path_open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll_oneoff (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 2)
  ;; Writes length bytes at address to a stream.
  (func $write (param $stream i32) (param $address i32) (param $length i32)
    (i32.store (i32.const 0) (local.get $address))
    (i32.store (i32.const 4) (local.get $length))
    (drop (call $fd_write (local.get $stream) (i32.const 0) (i32.const 1) (i32.const 8))))
"#;

fn program(body: &str) -> String {
    format!("(module {HEAD} {body})")
}

/// Prints a text, which starts at address 1024.
pub(crate) fn prints(stream: u8, text: &str) -> String {
    let escaped: String = text.bytes().map(|byte| format!("\\{byte:02x}")).collect();
    let length = text.len();
    program(&format!(
        r#"(data (i32.const 1024) "{escaped}")
           (func (export "_start") (call $write (i32.const {stream}) (i32.const 1024) (i32.const {length})))"#
    ))
}

/// Copies its input to its output, byte by byte as it comes.
pub(crate) fn copies() -> String {
    program(
        r#"(func (export "_start")
             (loop $more
               (i32.store (i32.const 0) (i32.const 1024))
               (i32.store (i32.const 4) (i32.const 4096))
               (drop (call $fd_read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 8)))
               (if (i32.load (i32.const 8)) (then
                 (call $write (i32.const 1) (i32.const 1024) (i32.load (i32.const 8)))
                 (br $more)))))"#,
    )
}

pub(crate) fn exits(code: i32) -> String {
    program(&format!(
        r#"(func (export "_start") (call $proc_exit (i32.const {code})))"#
    ))
}

/// Divides by zero, two functions deep.
pub(crate) fn traps() -> String {
    program(
        r#"(func $divide (param i32) (result i32) (i32.div_s (i32.const 1) (local.get 0)))
           (func $work (drop (call $divide (i32.const 0))))
           (func (export "_start") (call $work))"#,
    )
}

pub(crate) fn spins() -> String {
    program(r#"(func (export "_start") (loop $ever (br $ever)))"#)
}

/// Takes memory until it is refused, and then would end well.
pub(crate) fn eats_memory() -> String {
    program(
        r#"(func (export "_start")
             (loop $more (br_if $more (i32.ne (memory.grow (i32.const 16)) (i32.const -1)))))"#,
    )
}

pub(crate) fn recurses() -> String {
    program(r#"(func $deeper (export "_start") (call $deeper) (call $deeper))"#)
}

/// Prints its arguments, each with a zero byte behind it.
pub(crate) fn prints_args() -> String {
    prints_list("$args_sizes_get", "$args_get")
}

/// Prints its environment, each variable with a zero byte behind it.
pub(crate) fn prints_env() -> String {
    prints_list("$environ_sizes_get", "$environ_get")
}

fn prints_list(sizes: &str, list: &str) -> String {
    program(&format!(
        r#"(func (export "_start")
             (drop (call {sizes} (i32.const 0) (i32.const 16)))
             (drop (call {list} (i32.const 1024) (i32.const 8192)))
             (call $write (i32.const 1) (i32.const 8192) (i32.load (i32.const 16))))"#
    ))
}

/// Opens a file for writing in its first folder, and ends with the errno.
pub(crate) fn creates(file: &str) -> String {
    let length = file.len();
    program(&format!(
        r#"(data (i32.const 1024) "{file}")
           (func (export "_start")
             (call $proc_exit (call $path_open (i32.const 3) (i32.const 0) (i32.const 1024) (i32.const {length})
               (i32.const 1) (i64.const 64) (i64.const 0) (i32.const 0) (i32.const 512))))"#
    ))
}

/// Prints `ready` and sleeps for an hour.
pub(crate) fn sleeps() -> String {
    program(
        r#"(data (i32.const 1024) "ready\n")
           (func (export "_start")
             (call $write (i32.const 1) (i32.const 1024) (i32.const 6))
             (i32.store (i32.const 2064) (i32.const 1))            ;; the monotonic clock
             (i64.store (i32.const 2072) (i64.const 3600000000000))
             (drop (call $poll_oneoff (i32.const 2048) (i32.const 4096) (i32.const 1) (i32.const 0))))"#,
    )
}

/// Prints without end.
pub(crate) fn floods() -> String {
    program(
        r#"(data (i32.const 1024) "again and again and again and again\n")
           (func (export "_start") (loop $more (call $write (i32.const 1) (i32.const 1024) (i32.const 36)) (br $more)))"#,
    )
}

/// A component that prints 4 KiB and waits for it, then 64 KiB more without waiting, and ends: more than a pipe holds.
pub(crate) fn prints_and_leaves() -> String {
    let function = |name: &str| {
        format!(
            r#"(export "[method]output-stream.{name}"
                 (func (param "self" (borrow $out)) (param "contents" (list u8)) (result (result (error $stream-error)))))"#
        )
    };
    let (waiting, leaving) = (function("blocking-write-and-flush"), function("write"));
    format!(
        r#"(component
          (import "wasi:io/error@0.2.0" (instance $error (export "error" (type (sub resource)))))
          (alias export $error "error" (type $error-t))
          (import "wasi:io/streams@0.2.0" (instance $streams
            (export "output-stream" (type $out (sub resource)))
            (alias outer 1 $error-t (type $e))
            (export "error" (type $err (eq $e)))
            (type $own-err (own $err))
            (type $se (variant (case "last-operation-failed" $own-err) (case "closed")))
            (export "stream-error" (type $stream-error (eq $se)))
            {waiting} {leaving}))
          (alias export $streams "output-stream" (type $out))
          (import "wasi:cli/stdout@0.2.0" (instance $stdout
            (alias outer 1 $out (type $o)) (export "output-stream" (type $out (eq $o)))
            (export "get-stdout" (func (result (own $out))))))
          (core module $libc (memory (export "memory") 3))
          (core instance $libc (instantiate $libc))
          (core func $wait (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory (core memory $libc "memory"))))
          (core func $write (canon lower (func $streams "[method]output-stream.write") (memory (core memory $libc "memory"))))
          (core func $get (canon lower (func $stdout "get-stdout")))
          (core module $main
            (import "host" "wait" (func $wait (param i32 i32 i32 i32)))
            (import "host" "write" (func $write (param i32 i32 i32 i32)))
            (import "host" "get" (func $get (result i32)))
            (import "libc" "memory" (memory 3))
            (func (export "run") (result i32) (local $out i32)
              (local.set $out (call $get))
              (memory.fill (i32.const 1024) (i32.const 120) (i32.const 65536))
              (call $wait (local.get $out) (i32.const 1024) (i32.const 4096) (i32.const 16))
              (call $write (local.get $out) (i32.const 1024) (i32.const 65536) (i32.const 16))
              (i32.const 0)))
          (core instance $main (instantiate $main
            (with "libc" (instance $libc))
            (with "host" (instance (export "wait" (func $wait)) (export "write" (func $write)) (export "get" (func $get))))))
          (func $run (result (result)) (canon lift (core func $main "run")))
          (instance $entry (export "run" (func $run)))
          (export "wasi:cli/run@0.2.0" (instance $entry)))"#
    )
}

/// Registers itself, sends itself three messages of 3, 0 and 200 bytes, and divides by zero.
pub(crate) fn traps_with_mail(name: &str) -> String {
    let length = name.len();
    actor(&format!(
        r#"(data (i32.const 1024) "{name}")
           (func $post (param $length i32)
             (drop (call $send (call $self) (i32.const 0) (i32.const 0) (i64.const 7) (i32.const 2048) (local.get $length))))
           (func $work (drop (i32.div_s (i32.const 1) (i32.const 0))))
           (func (export "_start")
             (drop (call $register (i32.const 1024) (i32.const {length})))
             (call $post (i32.const 3)) (call $post (i32.const 0)) (call $post (i32.const 200))
             (call $work))"#
    ))
}

/// Traps exits, prints `ready`, and ignores everything for ever.
pub(crate) fn clings() -> String {
    actor(
        r#"(data (i32.const 1024) "ready\n")
           (func (export "_start")
             (drop (call $trap_exits (i32.const 1)))
             (call $write (i32.const 1) (i32.const 1024) (i32.const 6))
             (loop $ever
               (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 2048) (i32.const 4096)))
               (br $ever)))"#,
    )
}

/// A program that is also an actor.
fn actor(body: &str) -> String {
    const ACTOR: &str = r#"
      (import "rusm" "self" (func $self (result i64)))
      (import "rusm" "trap-exits" (func $trap_exits (param i32) (result i32)))
      (import "rusm" "register" (func $register (param i32 i32) (result i32)))
      (import "rusm" "send" (func $send (param i64 i32 i32 i64 i32 i32) (result i32)))
      (import "rusm" "receive" (func $receive (param i32 i32 i64 i32 i32) (result i32)))
    "#;
    format!("(module {ACTOR} {HEAD} {body})")
}

/// Prints a line, gives the terminal up, and prints another.
pub(crate) fn leaves_the_terminal() -> String {
    format!(
        r#"(module
          (import "rusm" "drop" (func $drop_permission (param i32 i32)))
          {HEAD}
          (data (i32.const 64) "before\nafter\nstdio")
          (func (export "_start")
            (call $write (i32.const 1) (i32.const 64) (i32.const 7))
            (call $drop_permission (i32.const 77) (i32.const 5))
            (call $write (i32.const 1) (i32.const 71) (i32.const 6))))"#
    )
}
