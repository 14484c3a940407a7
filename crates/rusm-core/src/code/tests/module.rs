//! Core modules.

use super::harness::*;
use crate::code::CodeError;
use crate::engine::EngineClass;
use rusm_actor::{ExitReason, Limit};
use rusm_caps::{DirGrant, EnvGrant};

/// A module whose `_start` has this body, with a page of memory and `fd_write`, `proc_exit` at hand.
pub(super) fn start(body: &str) -> String {
    format!(
        r#"(module $demo
             (import "wasi_snapshot_preview1" "fd_write" (func $fd_write (param i32 i32 i32 i32) (result i32)))
             (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
             (memory (export "memory") 1)
             (data (i32.const 100) "hello\n")
             (func $print (param $n i32)
               (i32.store (i32.const 0) (i32.const 100)) (i32.store (i32.const 4) (local.get $n))
               (drop (call $fd_write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 8))))
             (func $deep (call $deep) (call $deep))
             (func (export "_start") {body}))"#
    )
}

fn reason(body: &str) -> ExitReason {
    Bench::new().run(&start(body), sandbox()).reason
}

#[test]
fn the_end_of_a_module_is_told_by_how_it_ended() {
    let bench = Bench::new();
    let ended = bench.run(&start(""), sandbox());
    assert_eq!(
        (ended.reason, ended.exit_code, ended.peak_memory_bytes),
        (ExitReason::Normal, Some(0), 65_536)
    );
    assert_eq!(
        bench
            .run(&start("(call $proc_exit (i32.const 0))"), sandbox())
            .reason,
        ExitReason::Normal
    );
    let ended = bench.run(&start("(call $proc_exit (i32.const 3))"), sandbox());
    assert_eq!(
        (ended.reason, ended.exit_code),
        (ExitReason::error("exit code 3"), Some(3))
    );
    let ended = bench.run(&start("unreachable"), sandbox());
    assert!(matches!(ended.reason, ExitReason::Trap(_)));
    assert_eq!(ended.exit_code, None);
}

#[test]
fn a_trap_names_its_kind_and_the_frames() {
    let ExitReason::Trap(text) = reason("(call $print (i32.div_u (i32.const 1) (i32.const 0)))")
    else {
        panic!()
    };
    assert_eq!(&*text, "integer divide by zero, in function 4 (demo)");
    let ExitReason::Trap(text) = reason("(call $deep)") else {
        panic!()
    };
    assert_eq!(
        &*text,
        "call stack exhausted, in deep (demo) < deep < deep < deep < deep < deep < deep < deep < …"
    );
    let ExitReason::Trap(text) = reason("(drop (i32.load (i32.const 65536)))") else {
        panic!()
    };
    assert!(text.starts_with("out of bounds memory access"), "{text}");
}

#[test]
fn growth_beyond_the_bound_ends_the_process_and_growth_within_does_not() {
    let grow = |pages: u32| start(&format!("(drop (memory.grow (i32.const {pages})))"));
    let bound = |bytes| sandbox().with_limits(|limits| limits.max_memory_bytes = bytes);
    let ended = Bench::new().run(&grow(3), bound(4 * 65_536));
    assert_eq!(
        (ended.reason, ended.peak_memory_bytes),
        (ExitReason::Normal, 4 * 65_536)
    );
    assert_eq!(
        Bench::new().run(&grow(4), bound(4 * 65_536)).reason,
        ExitReason::Limit(Limit::Memory)
    );
    assert_eq!(
        Bench::new().run(&grow(65_534), bound(4 << 30)).reason,
        ExitReason::Normal,
        "4 GiB are honoured"
    );
}

#[test]
fn code_that_declares_more_than_its_profile_allows_is_not_started() {
    let ended = Bench::new().run(
        r#"(module (memory 65536) (func (export "_start") unreachable))"#,
        sandbox(),
    );
    let ExitReason::NotStarted(text) = &ended.reason else {
        panic!("{}", ended.reason)
    };
    assert!(
        text.contains("65536 KiB") && text.contains("max-memory-mb"),
        "{text}"
    );
}

#[test]
fn an_endless_loop_ends_when_its_time_is_over() {
    let bench = Bench::new();
    let code = bench.load(&start("(loop (br 0))")).unwrap();
    bench.engines.increment_epoch();
    bench.engines.increment_epoch();
    let arm = |store: &mut wasmtime::Store<TestState>| {
        out_of_time(store);
        // As if a tick came right after the start.
        store.engine().increment_epoch();
    };
    let ended = block_on(live(&code, bench.state(sandbox()), arm));
    assert_eq!(ended.reason, ExitReason::Limit(Limit::CpuTime));
}

#[test]
fn a_start_function_is_guest_code_so_its_trap_is_a_trap() {
    let ended = Bench::new().run(
        r#"(module (func $init unreachable) (start $init) (func (export "_start")))"#,
        sandbox(),
    );
    assert!(
        matches!(ended.reason, ExitReason::Trap(_)),
        "{}",
        ended.reason
    );
}

#[test]
fn output_goes_to_the_sink_by_lines_and_is_bounded() {
    let bench = Bench::new();
    let ended = bench.run(
        &start("(call $print (i32.const 6)) (call $print (i32.const 3))"),
        sandbox(),
    );
    assert_eq!(ended.reason, ExitReason::Normal);
    assert_eq!(bench.lines(), ["hello", "hel"]);

    let bench = Bench::new();
    let bounded = sandbox().with_limits(|limits| limits.max_output_bytes = 10);
    let ended = bench.run(&start("(loop (call $print (i32.const 6)) (br 0))"), bounded);
    assert_eq!(ended.reason, ExitReason::Limit(Limit::Output));
    assert_eq!(bench.lines(), ["hello"]);
}

#[test]
fn a_folder_that_cannot_be_opened_is_a_process_that_never_ran() {
    let bench = Bench::new();
    let grant = DirGrant::read_only("/nowhere/at/all", "/data").unwrap();
    let ended = bench.run(
        &start("(call $print (i32.const 6)) unreachable"),
        sandbox().dir(grant),
    );
    let ExitReason::NotStarted(text) = &ended.reason else {
        panic!("{}", ended.reason)
    };
    assert!(text.contains("/nowhere/at/all"), "{text}");
    assert_eq!(bench.lines(), [""; 0]);
}

#[test]
fn only_listed_variables_are_seen() {
    const ENVIRON: &str = r#"(module
        (import "wasi_snapshot_preview1" "environ_sizes_get" (func $sizes (param i32 i32) (result i32)))
        (import "wasi_snapshot_preview1" "proc_exit" (func $proc_exit (param i32)))
        (memory (export "memory") 1)
        (func (export "_start")
          (drop (call $sizes (i32.const 0) (i32.const 4)))
          (call $proc_exit (i32.load (i32.const 0)))))"#;
    let n_variables = |profile| Bench::new().run(ENVIRON, profile).exit_code;
    assert_eq!(n_variables(sandbox()), Some(0));
    let grant = |text: &str| text.parse::<EnvGrant>().unwrap();
    assert_eq!(n_variables(sandbox().env(grant("FROM_FILE"))), Some(1));
    assert_eq!(
        n_variables(sandbox().env(grant("NO_SUCH_VARIABLE"))),
        Some(0)
    );
    assert_eq!(
        n_variables(sandbox().env(grant("FROM_*")).env(grant("PATH"))),
        Some(2)
    );
}

#[test]
fn imports_are_told_and_unknown_or_ill_typed_ones_are_errors_with_names() {
    let bench = Bench::new();
    let code = bench.load(&start("")).unwrap();
    let imports: Vec<_> = code.imports().collect();
    assert_eq!(
        imports,
        [
            "wasi_snapshot_preview1/fd_write",
            "wasi_snapshot_preview1/proc_exit"
        ]
    );

    let import = |import: &str| {
        bench
            .load(&format!(
                r#"(module (import {import}) (func (export "_start")))"#
            ))
            .unwrap_err()
    };
    let error = import(r#""rusm" "sned" (func (param i64) (result i32))"#);
    assert_eq!(
        error.to_string(),
        "the code imports rusm/sned, which nothing here provides; did you mean rusm/send?"
    );
    let error = import(r#""rusm" "send" (func (param f32))"#);
    assert!(
        matches!(error, CodeError::IncompatibleImport { .. }),
        "{error}"
    );
    assert!(
        error
            .to_string()
            .starts_with("the code imports rusm/send with a type"),
        "{error}"
    );
    let error = import(r#""env" "\1b[2J" (func)"#);
    assert!(error.to_string().contains("env/\\u{1b}[2J"), "{error}");
    let error = bench
        .load(r#"(module (func (export "_start") (param i32)))"#)
        .unwrap_err();
    assert!(matches!(error, CodeError::NoEntry { .. }), "{error}");
}

#[test]
fn the_same_bytes_are_the_same_code_and_are_freed_when_nobody_uses_them() {
    let bench = Bench::new();
    let first = bench.load(&start("")).unwrap();
    let second = bench.load(&start("")).unwrap();
    assert!(std::sync::Arc::ptr_eq(&first, &second));
    assert_eq!(first.home(), EngineClass::Pooled);
    let weak = std::sync::Arc::downgrade(&first);
    drop((first, second));
    assert!(weak.upgrade().is_none());
}
