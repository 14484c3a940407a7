//! Components of WASI 0.2 and 0.3.

use super::harness::*;
use crate::code::CodeError;
use crate::engine::EngineClass;
use rusm_actor::{ExitReason, Limit};

/// A command of WASI 0.2 whose `run` has this core body; `$exit` and `$print` (of this many bytes) are at hand.
fn command(body: &str) -> String {
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
    (export "[method]output-stream.blocking-write-and-flush"
      (func (param "self" (borrow $out)) (param "contents" (list u8)) (result (result (error $stream-error)))))))
  (alias export $streams "output-stream" (type $out))
  (import "wasi:cli/stdout@0.2.0" (instance $stdout
    (alias outer 1 $out (type $o)) (export "output-stream" (type $out (eq $o)))
    (export "get-stdout" (func (result (own $out))))))
  (import "wasi:cli/exit@0.2.0" (instance $exit (export "exit" (func (param "status" (result))))))
  (core module $libc (memory (export "memory") 1) (data (i32.const 100) "hello\n"))
  (core instance $libc (instantiate $libc))
  (core func $write (canon lower (func $streams "[method]output-stream.blocking-write-and-flush") (memory (core memory $libc "memory"))))
  (core func $get (canon lower (func $stdout "get-stdout")))
  (core func $exit (canon lower (func $exit "exit")))
  (core module $main
    (import "host" "write" (func $write (param i32 i32 i32 i32)))
    (import "host" "get" (func $get (result i32)))
    (import "host" "exit" (func $exit (param i32)))
    (import "libc" "memory" (memory 1))
    (func $print (param $n i32) (call $write (call $get) (i32.const 100) (local.get $n) (i32.const 16)))
    (func $deep (call $deep) (call $deep))
    (func (export "run") (result i32) {body}))
  (core instance $main (instantiate $main
    (with "libc" (instance $libc))
    (with "host" (instance (export "write" (func $write)) (export "get" (func $get)) (export "exit" (func $exit))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $entry (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $entry)))"#
    )
}

#[test]
fn the_end_of_a_component_is_told_by_how_it_ended() {
    let bench = Bench::new();
    let run = |body: &str| {
        let ended = bench.run(&command(body), sandbox());
        (ended.reason, ended.exit_code)
    };
    assert_eq!(run("(i32.const 0)"), (ExitReason::Normal, Some(0)));
    assert_eq!(
        run("(i32.const 1)"),
        (ExitReason::error("exit code 1"), Some(1))
    );
    assert_eq!(
        run("(call $exit (i32.const 0)) unreachable"),
        (ExitReason::Normal, Some(0))
    );
    assert_eq!(
        run("(call $exit (i32.const 1)) unreachable"),
        (ExitReason::error("exit code 1"), Some(1))
    );
    let (ExitReason::Trap(text), None) = run("unreachable") else {
        panic!()
    };
    assert!(
        text.starts_with("wasm `unreachable` instruction executed, in"),
        "{text}"
    );
    let (ExitReason::Trap(text), None) = run("(call $deep) (i32.const 0)") else {
        panic!()
    };
    assert!(text.starts_with("call stack exhausted, in deep"), "{text}");
}

#[test]
fn memory_and_output_are_bounded_as_for_modules() {
    let bench = Bench::new();
    let profile = || {
        sandbox().with_limits(|limits| {
            (limits.max_memory_bytes, limits.max_output_bytes) = (131_072, 10)
        })
    };
    let ended = bench.run(
        &command("(memory.grow (i32.const 1)) drop (i32.const 0)"),
        profile(),
    );
    assert_eq!(
        (ended.reason, ended.peak_memory_bytes),
        (ExitReason::Normal, 131_072)
    );
    let ended = bench.run(&command("(memory.grow (i32.const 2))"), profile());
    assert_eq!(ended.reason, ExitReason::Limit(Limit::Memory));
    let ended = bench.run(
        &command("(loop (call $print (i32.const 6)) (br 0)) unreachable"),
        profile(),
    );
    assert_eq!(ended.reason, ExitReason::Limit(Limit::Output));
    assert_eq!(bench.lines(), ["hello"]);
}

#[test]
fn a_component_without_entry_or_with_unknown_or_ill_typed_imports_is_an_error() {
    let bench = Bench::new();
    let run = r#"(core module $m (func (export "run") (result i32) i32.const 0)) (core instance $i (instantiate $m))
        (func $run (result (result)) (canon lift (core func $i "run"))) (instance $e (export "run" (func $run)))
        (export "wasi:cli/run@0.2.0" (instance $e))"#;
    assert!(matches!(
        bench.load("(component)").unwrap_err(),
        CodeError::NoEntry { .. }
    ));
    let error = bench
        .load(&format!(
            r#"(component (import "wasi:cli/stdot@0.2.0" (instance)) {run})"#
        ))
        .unwrap_err();
    assert!(
        error.to_string().contains("did you mean wasi:cli/stdout?"),
        "{error}"
    );
    let ill = r#"(import "wasi:cli/exit@0.2.0" (instance $exit (export "exit" (func (param "status" u8)))))
        (core func (canon lower (func $exit "exit")))"#;
    let error = bench.load(&format!("(component {ill} {run})")).unwrap_err();
    assert!(
        matches!(&error, CodeError::IncompatibleImport { import, .. } if import == "wasi:cli/exit@0.2.0"),
        "{error}"
    );
    let newer = r#"(import "wasi:cli/exit@0.4.0" (instance $exit (export "exit" (func))))
        (core func (canon lower (func $exit "exit")))"#;
    let error = bench
        .load(&format!("(component {newer} {run})"))
        .unwrap_err();
    assert!(error.to_string().contains("wasi:cli/exit@0.4.0"), "{error}");
}

#[test]
fn sockets_and_names_are_denied_and_the_denial_is_recorded() {
    let bench = Bench::new();
    let body = r#"(component
  (import "wasi:sockets/network@0.2.0" (instance $network
    (type $f (enum "ipv4" "ipv6")) (export "ip-address-family" (type $family (eq $f)))
    (type $c (enum "unknown" "access-denied" "not-supported" "invalid-argument" "out-of-memory" "timeout" "concurrency-conflict"
      "not-in-progress" "would-block" "invalid-state" "new-socket-limit" "address-not-bindable" "address-in-use"
      "remote-unreachable" "connection-refused" "connection-reset" "connection-aborted" "datagram-too-large"
      "name-unresolvable" "temporary-resolver-failure" "permanent-resolver-failure"))
    (export "error-code" (type $code (eq $c)))))
  (alias export $network "ip-address-family" (type $family)) (alias export $network "error-code" (type $code))
  (import "wasi:sockets/tcp@0.2.0" (instance $tcp (export "tcp-socket" (type (sub resource)))))
  (alias export $tcp "tcp-socket" (type $socket))
  (import "wasi:sockets/tcp-create-socket@0.2.0" (instance $create
    (alias outer 1 $family (type $f)) (export "ip-address-family" (type $family (eq $f)))
    (alias outer 1 $code (type $c)) (export "error-code" (type $code (eq $c)))
    (alias outer 1 $socket (type $s)) (export "tcp-socket" (type $socket (eq $s)))
    (export "create-tcp-socket" (func (param "address-family" $family) (result (result (own $socket) (error $code)))))))
  (core module $libc (memory (export "memory") 1))
  (core instance $libc (instantiate $libc))
  (core func $create (canon lower (func $create "create-tcp-socket") (memory (core memory $libc "memory"))))
  (core module $main
    (import "host" "create" (func $create (param i32 i32)))
    (import "libc" "memory" (memory 1))
    (func (export "run") (result i32)
      (call $create (i32.const 0) (i32.const 16))
      ;; 1 is an error, and 1 of the errors is access-denied
      (i32.ne (i32.load8_u (i32.const 20)) (i32.load8_u (i32.const 16)))))
  (core instance $main (instantiate $main
    (with "libc" (instance $libc)) (with "host" (instance (export "create" (func $create))))))
  (func $run (result (result)) (canon lift (core func $main "run")))
  (instance $entry (export "run" (func $run)))
  (export "wasi:cli/run@0.2.0" (instance $entry)))"#;
    assert_eq!(bench.run(body, sandbox()).reason, ExitReason::Normal);
    let records = bench.denials.records();
    assert_eq!(records.len(), 1, "{records:?}");
    assert_eq!(
        (records[0].permission, records[0].allowed),
        ("network", false)
    );
}

/// A command of WASI 0.3 that prints these many times six bytes, one stream write each.
fn concurrent_command(n_prints: u32) -> String {
    format!(
        r#"(component
  (import "wasi:cli/types@0.3.0" (instance $types
    (type $c (enum "io" "illegal-byte-sequence" "pipe")) (export "error-code" (type (eq $c)))))
  (alias export $types "error-code" (type $code))
  (type $bytes (stream u8))
  (type $done (future (result (error $code))))
  (import "wasi:cli/stdout@0.3.0" (instance $stdout
    (alias outer 1 $code (type $c)) (export "error-code" (type $code (eq $c)))
    (type $bytes (stream u8)) (type $done (future (result (error $code))))
    (export "write-via-stream" (func (param "data" $bytes) (result $done)))))
  (core module $libc (memory (export "memory") 1) (data (i32.const 100) "hello\n"))
  (core instance $libc (instantiate $libc))
  (core func $new (canon stream.new $bytes))
  (core func $write (canon stream.write $bytes async (memory (core memory $libc "memory"))))
  (core func $set (canon waitable-set.new))
  (core func $join (canon waitable.join))
  (core func $wait (canon waitable-set.wait (memory (core memory $libc "memory"))))
  (core func $print (canon lower (func $stdout "write-via-stream")))
  (core module $main
    (import "host" "new" (func $new (result i64)))
    (import "host" "write" (func $write (param i32 i32 i32) (result i32)))
    (import "host" "print" (func $print (param i32) (result i32)))
    (import "host" "set" (func $set (result i32)))
    (import "host" "join" (func $join (param i32 i32)))
    (import "host" "wait" (func $wait (param i32 i32) (result i32)))
    (import "libc" "memory" (memory 1))
    (func (export "run") (result i32)
      (local $ends i64) (local $writer i32) (local $set i32) (local $n i32)
      (local.set $ends (call $new))
      (local.set $writer (i32.wrap_i64 (i64.shr_u (local.get $ends) (i64.const 32))))
      (drop (call $print (i32.wrap_i64 (local.get $ends))))
      (local.set $set (call $set))
      (call $join (local.get $writer) (local.get $set))
      (loop $again
        ;; -1 says that the write goes on, and the set tells when it is done.
        (if (i32.eq (call $write (local.get $writer) (i32.const 100) (i32.const 6)) (i32.const -1))
          (then (drop (call $wait (local.get $set) (i32.const 16)))))
        (br_if $again (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const {n_prints}))))
      (i32.const 0)))
  (core instance $main (instantiate $main
    (with "libc" (instance $libc))
    (with "host" (instance
      (export "new" (func $new)) (export "write" (func $write)) (export "print" (func $print))
      (export "set" (func $set)) (export "join" (func $join)) (export "wait" (func $wait))))))
  (func $run async (result (result)) (canon lift (core func $main "run")))
  (instance $entry (export "run" (func $run)))
  (export "wasi:cli/run@0.3.0" (instance $entry)))"#
    )
}

#[test]
fn a_command_of_wasi_03_runs_in_the_concurrent_class() {
    let bench = Bench::new();
    let code = bench.load(&concurrent_command(2)).unwrap();
    assert_eq!(code.home(), EngineClass::Concurrent);
    let ended = block_on(live(&code, bench.state(sandbox()), unlimited));
    assert_eq!(
        (ended.reason, ended.exit_code),
        (ExitReason::Normal, Some(0))
    );
    assert_eq!(bench.lines(), ["hello", "hello"]);
}

#[test]
fn the_output_of_wasi_03_is_bounded_although_its_streams_cannot_end_the_guest() {
    let bench = Bench::new();
    let bounded = sandbox().with_limits(|limits| limits.max_output_bytes = 10);
    assert_eq!(
        bench.run(&concurrent_command(100), bounded).reason,
        ExitReason::Limit(Limit::Output)
    );
    assert_eq!(bench.lines(), ["hello"]);
}
