//! Where processes are placed, what becomes of the full pool, and what the cache saves.

use super::harness::*;
use super::module::start;
use crate::code::{Code, CodeCache, Origin};
use crate::engine::{EngineClass, Footprint, Wish};
use rusm_actor::{ExitReason, Limit};
use rusm_manifest::Placement;
use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;
use std::task::{Context, Poll, Waker};

const BLOCKS: &str = r#"(module (import "rusm" "block" (func $block)) (memory 1) (func (export "_start") (call $block)))"#;

/// What code with so many memories wishes for.
fn wish(memories: u32) -> Wish {
    Wish {
        home: EngineClass::Pooled,
        placement: Placement::Auto,
        footprint: Footprint {
            memories,
            ..Footprint::default()
        },
        max_table_elements: 1_000,
        in_any_pool: true,
    }
}

type Parked = Pin<Box<dyn Future<Output = ()> + Send>>;

/// Starts a process that blocks for good; dropping it is killing it.
fn park(bench: &Bench, code: &Arc<Code<TestState>>) -> Parked {
    let (code, state) = (Arc::clone(code), bench.state(sandbox()));
    let mut parked: Parked = Box::pin(async move {
        live(&code, state, unlimited).await;
    });
    assert!(matches!(
        parked
            .as_mut()
            .poll(&mut Context::from_waker(Waker::noop())),
        Poll::Pending
    ));
    parked
}

#[test]
fn a_full_pool_is_invisible_and_kills_give_their_seats_back() {
    let bench = Bench::with(2, None);
    let code = bench.load(BLOCKS).unwrap();
    let parked: Vec<_> = (0..2).map(|_| park(&bench, &code)).collect();
    let class = || bench.engines.admit(&wish(1)).unwrap().class();
    assert_eq!(class(), EngineClass::Dense, "both seats are taken");

    let ends = bench
        .load(&start(
            "(call $print (i32.const 6)) (call $proc_exit (i32.const 7))",
        ))
        .unwrap();
    let ended = block_on(live(&ends, bench.state(sandbox()), unlimited));
    assert_eq!(ended.reason, ExitReason::error("exit code 7"));
    assert_eq!(bench.lines(), ["hello"]);
    let compiled = bench
        .events
        .lock()
        .iter()
        .filter(|event| event.starts_with("compiling"))
        .count();
    assert_eq!(compiled, 3, "the second code was compiled for both classes");

    drop(parked);
    assert_eq!(class(), EngineClass::Pooled);
}

#[test]
fn many_processes_start_and_die_in_a_small_pool() {
    let bench = Bench::with(3, None);
    let code = bench.load(BLOCKS).unwrap();
    let mut alive = Vec::new();
    for round in 0..50 {
        alive.push(park(&bench, &code));
        if round % 3 == 0 {
            drop(alive.remove(0));
        }
    }
    drop(alive);
    let places: Vec<_> = (0..3)
        .map(|_| bench.engines.admit(&wish(2)).unwrap())
        .collect();
    assert!(
        places
            .iter()
            .all(|place| place.class() == EngineClass::Pooled),
        "every seat came back"
    );
}

#[test]
fn code_that_does_not_fit_a_slot_lives_outside_the_pool() {
    let bench = Bench::new();
    let tables = "(table 1 funcref)".repeat(17);
    let code = bench
        .load(&format!(r#"(module {tables} (func (export "_start")))"#))
        .unwrap();
    assert_eq!(code.home(), EngineClass::Dense);
    assert_eq!(
        block_on(live(&code, bench.state(sandbox()), unlimited)).reason,
        ExitReason::Normal
    );
}

/// A table that may grow beyond what the pool reserves for one is placed where it can: the bound of the profile is honoured.
#[test]
fn whoever_may_have_larger_tables_than_the_pool_is_placed_outside_it() {
    let bench = Bench::new();
    let grows = |more: u32| {
        format!(
            r#"(module (table $t 1 funcref) (func (export "_start")
                (if (i32.ne (table.grow $t (ref.null func) (i32.const {more})) (i32.const 1)) (then unreachable))))"#
        )
    };
    let profile = |elements: u32| {
        sandbox().with_limits(move |limits| {
            limits.max_table_elements = elements;
            limits.max_memory_bytes = 1 << 30;
        })
    };
    for elements in [1_000_000, (10 << 20) - 1, 10 << 20, 12_000_000] {
        let ended = bench.run(&grows(elements - 1), profile(elements));
        assert_eq!(ended.reason, ExitReason::Normal, "{elements}");
        let ended = bench.run(&grows(elements), profile(elements));
        assert_eq!(ended.reason, ExitReason::Limit(Limit::Memory));
        let told = ended.evidence.breach.unwrap().to_string();
        assert!(told.contains("max-table-elements"), "{told}");
    }
}

#[test]
fn a_second_start_finds_the_compiled_code_and_a_damaged_one_is_compiled_again() {
    let folder = tempfile::tempdir().unwrap();
    let cache = || Some(CodeCache::open(folder.path().join("cache").as_path()).unwrap());
    let wasm = wat::parse_str(start("(call $proc_exit (i32.const 5))")).unwrap();
    let events = |bench: &Bench| {
        let code = bench.codes.load("guest", &wasm, Origin::Operator).unwrap();
        assert_eq!(
            block_on(live(&code, bench.state(sandbox()), unlimited)).exit_code,
            Some(5)
        );
        bench.events.lock().clone()
    };
    assert_eq!(
        events(&Bench::with(2, cache())),
        ["compiling guest", "compiled guest"]
    );
    assert_eq!(events(&Bench::with(2, cache())), ["found guest"]);

    let entry = std::fs::read_dir(folder.path().join("cache"))
        .unwrap()
        .next()
        .unwrap()
        .unwrap()
        .path();
    let bytes = std::fs::read(&entry).unwrap();
    std::fs::write(&entry, &bytes[..bytes.len() / 2]).unwrap();
    let seen = events(&Bench::with(2, cache()));
    assert!(
        seen[0].contains("damaged") && seen[1..] == ["compiling guest", "compiled guest"],
        "{seen:?}"
    );
    assert_eq!(events(&Bench::with(2, cache())), ["found guest"]);

    // Whole by its checksum, and not machine code.
    let sealed = [
        b"rusm code cache1".as_slice(),
        &<sha2::Sha256 as sha2::Digest>::digest(b"nonsense"),
        b"nonsense",
    ]
    .concat();
    std::fs::write(&entry, sealed).unwrap();
    assert_eq!(
        events(&Bench::with(2, cache())),
        ["compiling guest", "compiled guest"]
    );
}

#[test]
fn without_a_pool_everything_runs_outside_it() {
    let bench = Bench::with(0, None);
    assert_eq!(bench.engines.pool_slots(), 0);
    let ended = bench.run(&start("(call $print (i32.const 6))"), sandbox());
    assert_eq!(ended.reason, ExitReason::Normal);
    assert_eq!(bench.lines(), ["hello"]);
}

#[test]
fn a_pool_that_asks_for_more_than_there_is_gets_smaller() {
    let bench = Bench::with(1_000_000, None);
    assert!(
        (1..1_000_000).contains(&bench.engines.pool_slots()),
        "{}",
        bench.engines.pool_slots()
    );
}
