//! A node's engine part without the node: states, sinks and a loop that runs one process.

use crate::code::{
    Arm, Code, CodeError, CodeEvent, CodeStore, Ended, Guest, ImportNames, Links, Origin,
};
use crate::engine::{EnginePlan, Engines};
use crate::guest::LimitBreach;
use crate::guest::breach::Breach;
use crate::guest::limits::GuestLimits;
use crate::guest::output::{Line, LineSink};
use crate::wasi::{PrivatePlaces, Reach, Surroundings, WasiSetup, WasiState};
use parking_lot::Mutex;
use rusm_caps::{Guard, Profile, ProfileBuilder, RecordingSink, Subject};
use rusm_manifest::Placement;
use std::collections::BTreeMap;
use std::future::Future;
use std::sync::Arc;
use std::time::Duration;
use wasmtime::{Store, UpdateDeadline};
use wasmtime_wasi::{WasiCtxView, WasiView};

/// What a test's store holds.
pub(crate) struct TestState {
    limits: GuestLimits,
    wasi: WasiState,
}

impl Guest for TestState {
    fn limits(&mut self) -> &mut GuestLimits {
        &mut self.limits
    }

    fn wasi(&mut self) -> &mut WasiState {
        &mut self.wasi
    }
}

impl WasiView for TestState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.wasi.view()
    }
}

/// Lines that guests printed.
#[derive(Default)]
pub(crate) struct Printed(Mutex<Vec<String>>);

impl LineSink for Printed {
    fn line(&self, _from: &Subject, line: &Line<'_>) {
        self.0.lock().push(line.text.to_owned());
    }
}

/// An engine part, and everything that it reported.
pub(crate) struct Bench {
    pub(crate) engines: Arc<Engines>,
    pub(crate) codes: CodeStore<TestState>,
    pub(crate) events: Arc<Mutex<Vec<String>>>,
    pub(crate) printed: Arc<Printed>,
    pub(crate) denials: Arc<RecordingSink>,
}

impl Bench {
    pub(crate) fn new() -> Bench {
        Bench::with(4, None)
    }

    pub(crate) fn with(pool_slots: u32, cache: Option<crate::code::CodeCache>) -> Bench {
        let engines = Arc::new(
            Engines::new(&EnginePlan {
                pool_slots: Some(pool_slots),
                workers: 1,
            })
            .unwrap(),
        );
        let links = Links {
            component: Box::new(|_| Ok(())),
            fitted: Box::new(|_, _| Ok(None)),
            module: Box::new(|linker| {
                linker.func_wrap_async("rusm", "block", |_, ()| {
                    Box::new(std::future::pending::<()>())
                })?;
                linker.func_wrap("rusm", "send", |_: i64| 0i32)?;
                Ok(())
            }),
            names: ImportNames {
                functions: vec!["rusm/block".to_owned(), "rusm/send".to_owned()],
                interfaces: Vec::new(),
            },
        };
        let events = Arc::new(Mutex::new(Vec::new()));
        let log = Arc::clone(&events);
        let on_event = Arc::new(move |event: &CodeEvent<'_>| {
            log.lock().push(match event {
                CodeEvent::Compiling { name, .. } => format!("compiling {name}"),
                CodeEvent::Compiled { name, .. } => format!("compiled {name}"),
                CodeEvent::Found { name } => format!("found {name}"),
                CodeEvent::Cache { warning, .. } => format!("warning: {warning}"),
            });
        });
        let codes = CodeStore::new(Arc::clone(&engines), links, cache, on_event);
        let denials = Arc::new(RecordingSink::denials());
        Bench {
            engines,
            codes,
            events,
            printed: Arc::default(),
            denials,
        }
    }

    pub(crate) fn load(&self, wat: &str) -> Result<Arc<Code<TestState>>, CodeError> {
        self.codes
            .load("guest", &wat::parse_str(wat).unwrap(), Origin::Operator)
    }

    /// Loads code that is placed so.
    pub(crate) fn load_placed(
        &self,
        wat: &str,
        placement: Placement,
    ) -> Result<Arc<Code<TestState>>, CodeError> {
        let wasm = wat::parse_str(wat).unwrap();
        self.codes
            .load_placed("guest", &wasm, Origin::Operator, placement)
    }

    pub(crate) fn state(&self, profile: ProfileBuilder) -> TestState {
        let profile = Arc::new(profile.build().unwrap());
        let guard = Guard::new(
            Arc::clone(&profile),
            Subject::new("guest", 1, "<0.1.1>"),
            Arc::clone(&self.denials) as _,
        );
        let wasi = WasiState::new(WasiSetup {
            guard,
            args: ["one".to_owned()].into(),
            folder: std::path::Path::new("/").into(),
            logs_terminal: false,
            surroundings: Arc::new(Surroundings {
                private_places: PrivatePlaces::default(),
                handles: None,
                dotenv: BTreeMap::from([("FROM_FILE".to_owned(), "yes".to_owned())]),
                lines: Arc::clone(&self.printed) as _,
                reach: Reach::for_tests(),
            }),
        });
        TestState {
            limits: GuestLimits::new(profile.limits(), None),
            wasi,
        }
    }

    /// Loads and runs to the end.
    pub(crate) fn run(&self, wat: &str, profile: ProfileBuilder) -> Ended {
        let code = self.load(wat).unwrap();
        let state = self.state(profile);
        block_on(live(&code, state, unlimited))
    }

    pub(crate) fn lines(&self) -> Vec<String> {
        self.printed.0.lock().clone()
    }
}

/// A profile with nothing but the sandbox's bounds.
pub(crate) fn sandbox() -> ProfileBuilder {
    Profile::sandboxed().to_builder("test")
}

/// Runs a process with this state to its end.
pub(crate) async fn live(
    code: &Arc<Code<TestState>>,
    state: TestState,
    arm: Arm<TestState>,
) -> Ended {
    let max_table_elements = state.wasi.limits().max_table_elements;
    match code.start(max_table_elements, move || state, arm).await {
        Ok(mut started) => started.run().await,
        Err(ended) => *ended,
    }
}

/// No preemption in these tests: the epoch never advances.
pub(crate) fn unlimited(store: &mut Store<TestState>) {
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|_| Ok(UpdateDeadline::Yield(1)));
}

/// Ends the guest at its first tick, as the CPU meter does.
pub(crate) fn out_of_time(store: &mut Store<TestState>) {
    store.set_epoch_deadline(1);
    store.epoch_deadline_callback(|_| {
        Err(LimitBreach(Breach::cpu(Duration::ZERO, Duration::ZERO)).into())
    });
}

pub(crate) fn block_on<R>(future: impl Future<Output = R> + Send) -> R {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap()
        .block_on(future)
}
