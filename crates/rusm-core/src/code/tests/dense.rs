//! What a hostile guest meets in the dense place: the edges of its memory and its stack, and what others left behind.

use super::harness::*;
use super::module::start;
use crate::engine::EngineClass;
use rusm_actor::ExitReason;
use rusm_manifest::Placement;

/// Runs it densely to its end.
fn reason(bench: &Bench, wat: &str) -> ExitReason {
    let code = bench.load_placed(wat, Placement::Dense).unwrap();
    assert_eq!(code.home(), EngineClass::Dense);
    let profile = sandbox().with_limits(|limits| limits.max_memory_bytes = 64 << 20);
    block_on(live(&code, bench.state(profile), unlimited)).reason
}

fn module(body: &str) -> String {
    format!(
        r#"(module (memory 1) (table 10 100 funcref) (data $d "abcdefgh") (func (export "_start") {body}))"#
    )
}

/// Every access at the end of memory, of a memory of one page and of one that has grown into another slot; one byte less is fine.
#[test]
fn no_access_reaches_beyond_the_memory() {
    let bench = Bench::new();
    let widths = [
        ("i32.load8_u", "i32.store8", "i32.const 1", 1),
        ("i32.load16_u", "i32.store16", "i32.const 1", 2),
        ("i32.load", "i32.store", "i32.const 1", 4),
        ("i64.load", "i64.store", "i64.const 1", 8),
        ("f64.load", "f64.store", "f64.const 1", 8),
        ("v128.load", "v128.store", "v128.const i64x2 1 1", 16),
    ];
    for n_pages in [1_u64, 3] {
        let size = n_pages * 65_536;
        let grown = format!("(drop (memory.grow (i32.const {})))", n_pages - 1);
        let check = |access: &str, is_within: bool| {
            let reason = reason(&bench, &module(&format!("{grown} {access}")));
            match (&reason, is_within) {
                (ExitReason::Normal, true) => {}
                (ExitReason::Trap(text), false) if text.starts_with("out of bounds memory") => {}
                _ => panic!("{access} with {n_pages} pages: {reason}"),
            }
        };
        for (load, store, value, width) in widths {
            for (address, is_within) in [
                (size - width, true),
                (size - width + 1, false),
                (size, false),
                (size + 65_536, false),
                (u64::from(u32::MAX), false),
            ] {
                check(&format!("(drop ({load} (i32.const {address})))"), is_within);
                check(
                    &format!("({store} (i32.const {address}) ({value}))"),
                    is_within,
                );
                // The same place, reached by the offset of the instruction.
                let offset = address.saturating_sub(1);
                check(
                    &format!("(drop ({load} offset={offset} (i32.const 1)))"),
                    is_within,
                );
            }
            check(
                &format!("(drop ({load} offset=4294967295 (i32.const -1)))"),
                false,
            );
        }
        for (address, length, is_within) in [
            (size - 8, 8, true),
            (size, 0, true),
            (size - 7, 8, false),
            (size, 1, false),
            (size + 1, 0, false),
            (0, size + 1, false),
            (u64::from(u32::MAX), 2, false),
        ] {
            let (to, n) = (
                format!("(i32.const {address})"),
                format!("(i32.const {length})"),
            );
            check(&format!("(memory.fill {to} (i32.const 7) {n})"), is_within);
            check(&format!("(memory.copy {to} (i32.const 0) {n})"), is_within);
            check(&format!("(memory.copy (i32.const 0) {to} {n})"), is_within);
            if length <= 8 {
                check(
                    &format!("(memory.init $d {to} (i32.const 0) {n})"),
                    is_within,
                );
            }
        }
    }
}

/// Recursion ends as a trap, with host functions called at every depth as well; the node goes on.
#[test]
fn recursion_without_end_is_a_trap() {
    let bench = Bench::new();
    for body in ["(call $deep)", "(call $deeper)"] {
        let wat = start(body).replace(
            "(func $deep ",
            "(func $deeper (call $print (i32.const 6)) (call $deeper) (call $deeper)) (func $deep ",
        );
        for _ in 0..3 {
            let ExitReason::Trap(text) = reason(&bench, &wat) else {
                panic!("{body}")
            };
            assert!(text.starts_with("call stack exhausted"), "{text}");
        }
    }
    assert_eq!(reason(&bench, &module("")), ExitReason::Normal);
}

/// A guest leaves all that it can behind, dies in one of several ways, and its successors find none of it.
#[test]
fn a_new_process_sees_nothing_of_a_dead_one() {
    let bench = Bench::new();
    let leaves = |ends: &str| {
        format!(
            r#"(module (memory 1) (table $t 4 100 funcref) (global $g (mut i64) (i64.const 1))
                 (func $deep (param i32 i64 i64 i64) (result i64)
                    (if (result i64) (i32.eqz (local.get 0)) (then (i64.const -1)) (else
                        (i64.add (local.get 1) (call $deep (i32.sub (local.get 0) (i32.const 1)) (i64.const -1) (i64.const -1) (i64.const -1))))))
                 (elem declare func $deep)
                 (func (export "_start")
                    (drop (memory.grow (i32.const 5)))
                    (memory.fill (i32.const 0) (i32.const 0xff) (i32.const 393216))
                    (global.set $g (call $deep (i32.const 1000) (i64.const -1) (i64.const -1) (i64.const -1)))
                    (drop (table.grow $t (ref.func $deep) (i32.const 20)))
                    (table.fill $t (i32.const 0) (ref.func $deep) (i32.const 24)) {ends}))"#
        )
    };
    // All zero in as many pages, the table empty, the global as declared.
    let looks = r#"(module (memory 1) (table $t 4 100 funcref) (global $g (mut i64) (i64.const 1))
        (func (export "_start") (local $n i32) (local $zero i64)
            (drop (memory.grow (i32.const 5)))
            (loop $next
                (if (i64.ne (i64.load (local.get $n)) (i64.const 0)) (then unreachable))
                (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 8))) (i32.const 393216))))
            (drop (table.grow $t (ref.null func) (i32.const 20)))
            (local.set $n (i32.const 0))
            (loop $more
                (if (i32.eqz (ref.is_null (table.get $t (local.get $n)))) (then unreachable))
                (br_if $more (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 24))))
            (if (i64.ne (global.get $g) (i64.const 1)) (then unreachable))
            (if (i64.ne (local.get $zero) (i64.const 0)) (then unreachable))))"#;
    for ends in ["", "unreachable", "(drop (i32.load (i32.const -4)))"] {
        for _ in 0..5 {
            let _ended = reason(&bench, &leaves(ends));
            assert_eq!(reason(&bench, looks), ExitReason::Normal, "after {ends:?}");
        }
    }
}

/// A memory keeps its contents through all its moves, and one that may not grow stays as it is.
#[test]
fn a_growing_memory_keeps_what_is_in_it() {
    let bench = Bench::new();
    let grows = r#"(module (memory 1) (func (export "_start") (local $n i32)
        (loop $grow
            (i32.store (i32.mul (local.get $n) (i32.const 65536)) (i32.add (local.get $n) (i32.const 77)))
            (if (i32.eq (memory.grow (i32.const 1)) (i32.const -1)) (then unreachable))
            (br_if $grow (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 700))))
        (local.set $n (i32.const 0))
        (loop $look
            (if (i32.ne (i32.load (i32.mul (local.get $n) (i32.const 65536))) (i32.add (local.get $n) (i32.const 77))) (then unreachable))
            (if (i32.load offset=65532 (i32.mul (local.get $n) (i32.const 65536))) (then unreachable))
            (br_if $look (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 700))))))"#;
    assert_eq!(reason(&bench, grows), ExitReason::Normal);
    let refused = r#"(module (memory 1 2) (func (export "_start")
        (i32.store (i32.const 65532) (i32.const 5))
        (if (i32.ne (memory.grow (i32.const 2)) (i32.const -1)) (then unreachable))
        (if (i32.ne (memory.size) (i32.const 1)) (then unreachable))
        (if (i32.ne (i32.load (i32.const 65532)) (i32.const 5)) (then unreachable))))"#;
    assert_eq!(reason(&bench, refused), ExitReason::Normal);
}

/// Code that is loaded in two placements is two codes; who must be guarded is not, where there is no pool.
#[test]
fn the_placement_belongs_to_the_code() {
    let bench = Bench::with(1, None);
    let load = |placement| bench.load_placed(&module(""), placement).unwrap();
    assert_eq!(load(Placement::Dense).home(), EngineClass::Dense);
    assert_eq!(load(Placement::Guarded).home(), EngineClass::Pooled);
    assert_eq!(load(Placement::Auto).home(), EngineClass::Pooled);
    let none = Bench::with(0, None);
    let guarded = none.load_placed(&module(""), Placement::Guarded).unwrap();
    let ended = block_on(live(&guarded, none.state(sandbox()), unlimited)).reason;
    let ExitReason::NotStarted(text) = &ended else {
        panic!("{ended}")
    };
    assert!(
        text.contains("0 places") && text.contains("placement"),
        "{text}"
    );
    let tables = format!(
        r#"(module {} (func (export "_start")))"#,
        "(table 1 funcref)".repeat(17)
    );
    assert!(bench.load_placed(&tables, Placement::Guarded).is_err());
}

/// A table that may grow beyond what the pool has for one cannot be guarded, and its process is told so.
#[test]
fn tables_too_large_for_the_pool_are_refused_where_guards_are_asked_for() {
    let bench = Bench::new();
    let code = bench.load_placed(&module(""), Placement::Guarded).unwrap();
    let profile = sandbox().with_limits(|limits| limits.max_table_elements = 12_000_000);
    let ended = block_on(live(&code, bench.state(profile), unlimited)).reason;
    let ExitReason::NotStarted(text) = &ended else {
        panic!("{ended}")
    };
    assert!(text.contains("max-table-elements"), "{text}");
}
