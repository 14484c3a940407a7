//! Code that is compiled and linked for one engine, and what its instances hold.

use crate::guests::{Target, built};
use std::pin::pin;
use std::task::{Context, Poll, Waker};
use wasmtime::component::types::ComponentItem;
use wasmtime::component::{Component, Linker as ComponentLinker, ResourceTable};
use wasmtime::{Engine, InstancePre, Linker, Module, Store};
use wasmtime_wasi::p1::{self, WasiP1Ctx};
use wasmtime_wasi::p2::{self, bindings::CommandPre};
use wasmtime_wasi::{WasiCtx, WasiCtxView, WasiView};

/// What comes and goes, as in `crate::spawn`.
#[derive(Clone, Copy)]
pub(super) enum Leaf {
    Core,
    Component,
    ComponentPage,
    RustCore,
    RustComponent,
}

/// What belongs to one instance. The contexts are made when the guest first uses them.
#[derive(Default)]
pub(super) struct State {
    args: Vec<String>,
    preview1: Option<WasiP1Ctx>,
    preview2: Option<WasiCtx>,
    table: ResourceTable,
}

impl State {
    pub(super) fn with_args(args: Vec<String>) -> Self {
        Self {
            args,
            ..Self::default()
        }
    }

    fn preview1(&mut self) -> &mut WasiP1Ctx {
        self.preview1
            .get_or_insert_with(|| WasiCtx::builder().build_p1())
    }
}

impl WasiView for State {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        let args = &self.args;
        let ctx = self
            .preview2
            .get_or_insert_with(|| WasiCtx::builder().args(args).build());
        WasiCtxView {
            ctx,
            table: &mut self.table,
        }
    }
}

/// Code that is ready to be instantiated.
pub(super) enum Linked {
    Core(Box<InstancePre<State>>),
    Component(Box<CommandPre<State>>),
}

impl Linked {
    pub(super) fn leaf(leaf: Leaf, engine: &Engine) -> Self {
        let text = |wat| wat::parse_str(wat).expect("it is well formed");
        match leaf {
            Leaf::Core => Self::core(engine, &text(include_str!("../wat/leaf.wat"))),
            Leaf::Component => {
                Self::component(engine, &text(include_str!("../wat/leaf_component.wat")))
            }
            Leaf::ComponentPage => Self::component(
                engine,
                &text(include_str!("../wat/leaf_component_page.wat")),
            ),
            Leaf::RustCore => Self::core(engine, &built(Target::Core, "bench_leaf")),
            Leaf::RustComponent => Self::component(engine, &built(Target::Component, "bench_leaf")),
        }
    }

    /// With preview 1, and `self` of the raw interface as the one host function.
    pub(super) fn core(engine: &Engine, wasm: &[u8]) -> Self {
        let mut linker = Linker::new(engine);
        p1::add_to_linker_async(&mut linker, State::preview1).expect("it is empty");
        linker
            .func_wrap("rusm", "self", || 7_u64)
            .expect("it is new");
        let module = Module::new(engine, wasm).expect("it is valid");
        let linked = linker.instantiate_pre(&module);
        Self::Core(Box::new(linked.expect("it imports nothing else")))
    }

    /// The same for components; what else they import of rusm traps.
    pub(super) fn component(engine: &Engine, wasm: &[u8]) -> Self {
        let mut linker = ComponentLinker::new(engine);
        p2::add_to_linker_async(&mut linker).expect("it is empty");
        let component = Component::new(engine, wasm).expect("it is valid");
        for (name, import) in component.component_type().imports(engine) {
            let ComponentItem::ComponentInstance(interface) = import.ty else {
                continue;
            };
            if name.starts_with("rusm:") {
                let functions = interface.exports(engine);
                let functions = functions
                    .filter(|(_, item)| matches!(item.ty, ComponentItem::ComponentFunc(_)));
                stub(&mut linker, name, functions.map(|(name, _)| name));
            }
        }
        let linked = linker.instantiate_pre(&component);
        let linked = CommandPre::new(linked.expect("everything is there"));
        Self::Component(Box::new(linked.expect("it is a command")))
    }

    /// One process, from its store to its end.
    pub(super) fn run(&self, engine: &Engine, state: State) {
        let mut store = Store::new(engine, state);
        match self {
            Self::Core(code) => at_once(async {
                let instance = code.instantiate_async(&mut store).await?;
                let entry = instance.get_typed_func::<(), ()>(&mut store, "_start")?;
                entry.call_async(&mut store, ()).await
            }),
            Self::Component(code) => at_once(async {
                let command = code.instantiate_async(&mut store).await?;
                let ended = command.wasi_cli_run().call_run(&mut store).await?;
                assert!(ended.is_ok(), "the guest succeeds");
                Ok(())
            }),
        }
    }
}

/// An interface of rusm of which only `self` answers.
fn stub<'a>(
    linker: &mut ComponentLinker<State>,
    interface: &str,
    functions: impl Iterator<Item = &'a str>,
) {
    let mut linker = linker.instance(interface).expect("it is new");
    for name in functions {
        let defined = match name {
            "self" => linker.func_wrap(name, |_, ()| Ok((7_u64,))),
            _ => linker.func_new(name, |_, _, _, _| wasmtime::bail!("nobody calls it")),
        };
        defined.expect("it is new");
    }
}

/// None of these guests waits for anything.
fn at_once(process: impl Future<Output = wasmtime::Result<()>>) {
    match pin!(process).poll(&mut Context::from_waker(Waker::noop())) {
        Poll::Ready(ended) => ended.expect("the guest ends normally"),
        Poll::Pending => unreachable!("the guest has nothing to wait for"),
    }
}
