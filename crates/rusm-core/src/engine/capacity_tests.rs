//! The machine's ceiling, measured with real instances: mappings per process of each class, and how many fit in all.
//!
//! Mappings belong to the whole operating system process, so each measurement runs alone: the test starts its own binary again with
//! only itself selected.

use super::*;
use rusm_manifest::Placement;
use std::future::Future;
use std::pin::Pin;
use std::process::Command;
use std::task::{Context, Poll, Waker};
use wasmtime::{Linker, Module, Store};

type Parked<'a> = Pin<Box<dyn Future<Output = wasmtime::Result<()>> + Send + 'a>>;

/// Runs `body` in an operating system process of its own.
fn alone(test: &str, body: impl FnOnce()) {
    const MARK: &str = "RUSM_TEST_ALONE";
    if std::env::var_os(MARK).is_some_and(|name| name == test) {
        return body();
    }
    let path = format!("engine::capacity_tests::{test}");
    let output = Command::new(std::env::current_exe().unwrap())
        .args([path.as_str(), "--exact", "--nocapture", "--test-threads=1"])
        .env(MARK, test)
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    print!("{text}");
    assert!(
        output.status.success(),
        "{text}{}",
        String::from_utf8_lossy(&output.stderr)
    );
    assert!(
        text.contains("1 passed"),
        "the test did not find itself: {text}"
    );
}

/// A guest with one page of memory and some data, blocked in an asynchronous host call, in a class.
struct Blocked {
    linkers: Vec<(EngineClass, Linker<()>, Module)>,
}

impl Blocked {
    fn new(engines: &Engines, data: &str) -> Blocked {
        let text = format!(
            r#"(module (import "host" "block" (func $block)) (memory (export "memory") 1) {data}
                 (func (export "_start") (i32.store (i32.const 64) (i32.const 7)) (call $block)))"#
        );
        let wasm = wat::parse_str(text).unwrap();
        let linkers = [
            EngineClass::Pooled,
            EngineClass::Dense,
            EngineClass::Concurrent,
        ]
        .into_iter()
        .map(|class| {
            let engine = engines.engine(class).unwrap();
            let mut linker = Linker::new(engine);
            linker
                .func_wrap_async("host", "block", |_, ()| {
                    Box::new(std::future::pending::<()>())
                })
                .unwrap();
            (class, linker, Module::new(engine, &wasm).unwrap())
        });
        Blocked {
            linkers: linkers.collect(),
        }
    }

    fn start<'a>(&self, place: Place<'a>) -> Parked<'a> {
        let (_, linker, module) = self
            .linkers
            .iter()
            .find(|(class, ..)| *class == place.class())
            .unwrap();
        let pre = linker.instantiate_pre(module).unwrap();
        let mut parked: Parked<'a> = Box::pin(async move {
            let place = place;
            let mut store = Store::new(pre.module().engine(), ());
            store.set_epoch_deadline(1);
            let instance = pre.instantiate_async(&mut store).await?;
            let entry = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
            let result = entry.call_async(&mut store, ()).await;
            drop(store);
            drop(place);
            result
        });
        assert!(matches!(
            parked
                .as_mut()
                .poll(&mut Context::from_waker(Waker::noop())),
            Poll::Pending
        ));
        parked
    }
}

fn footprint() -> Footprint {
    Footprint {
        memories: 1,
        tables: 0,
        memory_bytes: 65_536,
    }
}

fn wish(home: EngineClass) -> Wish {
    Wish {
        home,
        placement: Placement::Auto,
        footprint: footprint(),
        max_table_elements: 1_000,
        in_any_pool: true,
    }
}

/// Mappings that one process of a class takes, over 500 of them.
fn mappings_each(engines: &Engines, guest: &Blocked, class: EngineClass) -> f64 {
    let before = machine::count_mappings().unwrap();
    let parked: Vec<_> = (0..500)
        .map(|_| guest.start(engines.admit(&wish(class)).unwrap()))
        .collect();
    let after = machine::count_mappings().unwrap();
    drop(parked);
    f64::from(u32::try_from(after - before).unwrap()) / 500.0
}

#[cfg(target_os = "linux")]
#[test]
fn no_class_takes_more_mappings_than_it_is_charged_for() {
    alone(
        "no_class_takes_more_mappings_than_it_is_charged_for",
        || {
            let engines = Engines::new(&EnginePlan::default()).unwrap();
            for data in ["", r#"(data (i32.const 8192) "hello")"#] {
                let guest = Blocked::new(&engines, data);
                // The stacks of the pool are mapped when it is made and counted then.
                let charged = [
                    (EngineClass::Pooled, config::MAPPINGS_PER_SLOT - 2),
                    (EngineClass::Dense, u64::from(engines.dense_mappings_each())),
                    (
                        EngineClass::Concurrent,
                        u64::from(concurrent_mappings(&footprint())),
                    ),
                ];
                for (class, charged) in charged {
                    let each = mappings_each(&engines, &guest, class);
                    println!(
                        "{} data={:?}: {each} mappings each, charged {charged}",
                        class.name(),
                        !data.is_empty()
                    );
                    assert!(
                        each <= charged as f64 + 0.1,
                        "{class:?} takes {each}, charged {charged}"
                    );
                }
            }
        },
    );
}

/// A guest of each class beside the other, and the pool is full early: what does not fit there takes no mappings.
#[cfg(target_os = "linux")]
#[test]
fn thirty_thousand_blocked_processes_fit_and_take_no_mappings() {
    alone(
        "thirty_thousand_blocked_processes_fit_and_take_no_mappings",
        || {
            let plan = EnginePlan {
                pool_slots: Some(100),
                workers: 1,
            };
            let engines = Engines::new(&plan).unwrap();
            if engines.dense_mappings_each() > 0 {
                return; // This kernel takes mappings for guards, and charges them.
            }
            let guest = Blocked::new(&engines, r#"(data (i32.const 8192) "hello")"#);
            let start = || guest.start(engines.admit(&wish(EngineClass::Pooled)).unwrap());
            let mut parked: Vec<_> = (0..1_000).map(|_| start()).collect();
            let before = machine::count_mappings().unwrap();
            parked.extend((0..29_000).map(|_| start()));
            let after = machine::count_mappings().unwrap();
            println!("{before} mappings with 1,000 processes, {after} with 30,000");
            assert!(after < before + 100, "{before} became {after}");
            drop(parked);
        },
    );
}

/// The places are shared out among the workers' pools. An operator's code may take all of them, a guest's those of one pool.
#[test]
fn pools_share_the_places() {
    let engines = Engines::new(&EnginePlan {
        pool_slots: Some(129),
        workers: 2,
    });
    let engines = engines.unwrap();
    assert_eq!((engines.n_pools(), engines.pool_slots()), (2, 129));
    let pools_of_all = |in_any_pool| {
        let wish = || Wish {
            placement: Placement::Guarded,
            in_any_pool,
            ..wish(EngineClass::Pooled)
        };
        let places: Vec<_> = (0..200)
            .map_while(|_| engines.admit(&wish()).ok())
            .collect();
        let of = |pool| {
            places
                .iter()
                .filter(|place| place.site().pool == pool)
                .count()
        };
        (of(0), of(1))
    };
    assert_eq!(pools_of_all(false), (65, 0));
    assert_eq!(pools_of_all(true), (65, 64));
}
