//! WASI contexts: what a process sees of the host, from its profile alone.
//!
//! This and the files below it are the only place that builds such a context. Nothing of the node's own surroundings is passed on
//! wholesale: every variable, folder and address is one that the profile names, and each is asked of the guard, so what is handed over is
//! audited where it is granted.
//!
//! Invariants:
//! - an empty profile gives an empty context: no folder, no variable, no socket, no terminal;
//! - a context is built when the guest first uses WASI, for most never do; but where folders are granted it is built before the guest
//!   runs, so that one which cannot be opened is a process that does not start;
//! - Wasmtime's own context allows no network: sockets are made, names looked up and requests sent by `sockets`, `network` and `http`;
//! - clocks and random numbers are the host's and are not grants.

use self::http::HttpState;
use self::network::Network;
use crate::ceiling::Ceiling;
use crate::code::Kind;
use crate::guest::output::{Destination, GuestOutput, LineSink, OutputStream, Stream};
use handles::{Handles, NoHandle, Promise};
use rusm_caps::{Guard, Limits, Request};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::Arc;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView as _};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::bindings::filesystem::preopens::Host as _;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::WasiHttpCtxView;

pub(crate) use folder::FolderError;
pub(crate) use handles::{max_component_handles, max_table_entries};
pub(crate) use handles::{shadow_handles_p2, shadow_handles_p3, shadow_p1};
pub use http::TlsError;
pub(crate) use http::{TlsClient, add_p2 as add_http_p2, add_p3 as add_http_p3};
pub(crate) use keyvalue::{add_to_linker as add_keyvalue, fitted as fitted_keyvalue};
pub(crate) use mounts::kernel_interface_at;
pub(crate) use network::SystemResolver;
pub use network::{ResolveError, Resolver, Resolving};
pub(crate) use private::PrivatePlaces;
pub(crate) use sockets::{shadow_p2, shadow_p3};

mod answer;
mod folder;
mod handles;
mod http;
mod keyvalue;
mod mounts;
mod network;
mod private;
mod seal;
mod sockets;

#[cfg(test)]
mod tests;

/// Everything a context is made from.
pub(crate) struct WasiSetup {
    /// Says what is granted.
    pub(crate) guard: Guard,
    /// The command line; the first is the program's own name.
    pub(crate) args: Vec<String>,
    /// What relative paths in the profile are relative to.
    pub(crate) folder: Arc<Path>,
    /// Where no guest may write.
    pub(crate) private_places: Arc<PrivatePlaces>,
    /// What all processes of the node may have open together.
    pub(crate) handles: Option<Arc<Ceiling>>,
    /// Variables of the `.env` file, used where the node's own environment lacks one.
    pub(crate) dotenv: Arc<BTreeMap<String, String>>,
    /// Takes the output of a process that does not have the terminal.
    pub(crate) lines: Arc<dyn LineSink>,
    /// What the network is reached through.
    pub(crate) reach: Reach,
}

/// What of the network all processes of a node share.
#[derive(Clone)]
pub(crate) struct Reach {
    pub(crate) resolver: Arc<dyn Resolver>,
    pub(crate) tls: Arc<TlsClient>,
}

#[cfg(test)]
impl Reach {
    pub(crate) fn for_tests() -> Reach {
        Reach {
            resolver: Arc::new(SystemResolver::default()),
            tls: Arc::new(TlsClient::new(&[]).unwrap()),
        }
    }
}

/// The WASI side of one process.
pub(crate) struct WasiState {
    setup: WasiSetup,
    output: Arc<GuestOutput>,
    handles: Handles,
    context: Context,
    /// Made when the guest first uses the network.
    network: Option<Arc<Network>>,
    http: Option<Box<HttpState>>,
}

/// As far as it is built.
enum Context {
    Nothing,
    Preview1(Box<WasiP1Ctx>),
    Component(Box<WasiCtx>, ResourceTable),
}

impl Context {
    /// What WASI works with; none before it is built.
    fn view(&mut self) -> Option<WasiCtxView<'_>> {
        match self {
            Context::Nothing => None,
            Context::Preview1(context) => Some(context.ctx()),
            Context::Component(ctx, table) => Some(WasiCtxView { ctx, table }),
        }
    }
}

impl WasiState {
    pub(crate) fn new(setup: WasiSetup) -> WasiState {
        let profile = setup.guard.profile();
        let has_terminal = profile.stdio() && setup.guard.check(Request::Stdio, ()).is_ok();
        let destination = if has_terminal {
            let copy = setup.lines.wants_terminal();
            Destination::Terminal {
                copy: copy.then(|| Arc::clone(&setup.lines)),
            }
        } else {
            Destination::Lines(Arc::clone(&setup.lines))
        };
        let limits = profile.limits();
        WasiState {
            output: GuestOutput::new(destination, limits.max_output_bytes),
            handles: Handles::new(limits.max_handles, setup.handles.as_ref()),
            setup,
            context: Context::Nothing,
            network: None,
            http: None,
        }
    }

    /// What the process prints through.
    pub(crate) fn output(&self) -> Arc<GuestOutput> {
        Arc::clone(&self.output)
    }

    /// The network, as far as the process may use it.
    pub(crate) fn network(&mut self) -> &Arc<Network> {
        let setup = &self.setup;
        self.network.get_or_insert_with(|| {
            let resolver = Arc::clone(&setup.reach.resolver);
            Arc::new(Network::new(setup.guard.clone(), resolver))
        })
    }

    /// HTTP, for a component.
    pub(crate) fn http(&mut self) -> WasiHttpCtxView<'_> {
        if self.http.is_none() {
            let (network, tls) = (
                Arc::clone(self.network()),
                Arc::clone(&self.setup.reach.tls),
            );
            self.http = Some(Box::new(HttpState::new(network, tls)));
        }
        self.build();
        match (&mut self.http, &mut self.context) {
            (Some(http), Context::Component(_, table)) => http.view(table),
            _ => unreachable!("both were made in the lines above; a module does not speak HTTP"),
        }
    }

    /// Builds the context now if building it can fail; called before any guest code runs.
    pub(crate) fn open(&mut self, kind: Kind) -> Result<(), FolderError> {
        if matches!(self.context, Context::Nothing) && !self.setup.guard.profile().dirs().is_empty()
        {
            let builder = self.builder()?;
            self.context = self.context(kind, builder);
            let granted = self.granted_folders();
            self.handles.grant(granted);
        }
        Ok(())
    }

    /// The folders as they were opened.
    fn granted_folders(&mut self) -> Vec<Arc<File>> {
        // Listing them puts them in the table, which has room for them as long as there is nothing else in it.
        let listed = self.filesystem().get_directories().unwrap_or_default();
        let table = self.view().table;
        let folder = |listed| match table.delete(listed) {
            Ok(Descriptor::Dir(folder)) => Some(folder.dir),
            Ok(Descriptor::File(_)) | Err(_) => None,
        };
        listed
            .into_iter()
            .map(|(listed, _)| listed)
            .filter_map(folder)
            .collect()
    }

    /// Room for handles that a call is about to make. There is none before the context is built.
    fn promise(&mut self, n_handles: u32) -> Result<Promise, NoHandle> {
        let view = self.context.view().ok_or(NoHandle)?;
        self.handles.promise(view.table, n_handles)
    }

    /// Whether a call of preview 1 may poll so many things at once: each takes two entries of the table for its time.
    fn has_entries(&mut self, n_polled: u32) -> bool {
        let max_entries = max_table_entries(&self.limits());
        let used = self.preview1().ctx().table.iter_mut().count();
        let wanted = usize::try_from(n_polled)
            .ok()
            .and_then(|n| n.checked_mul(2));
        wanted
            .and_then(|wanted| used.checked_add(wanted))
            .is_some_and(|sum| sum <= max_entries)
    }

    /// Something was closed.
    fn recount(&mut self) {
        if let Some(view) = self.context.view() {
            self.handles.recount(view.table);
        }
    }

    /// The bounds of its profile.
    pub(crate) fn limits(&self) -> Limits {
        self.setup.guard.profile().limits().clone()
    }

    /// Closes every folder for good: no path leads anywhere any more. Files that are open stay open.
    pub(crate) fn close_folders(&mut self) {
        if let Some(WasiCtxView { ctx, table }) = self.context.view() {
            // What is sealed leads nowhere and is no handle any more.
            let sealed = seal::close(ctx, table);
            self.handles.grant(sealed.into_iter().collect());
        }
    }

    /// The context of a core module.
    pub(crate) fn preview1(&mut self) -> &mut WasiP1Ctx {
        if !matches!(self.context, Context::Preview1(_)) {
            self.context = self.context(Kind::Module, self.builder_without_folders());
        }
        match &mut self.context {
            Context::Preview1(context) => context,
            Context::Nothing | Context::Component(..) => {
                unreachable!("it was built in the line above")
            }
        }
    }

    /// The context of a component.
    pub(crate) fn view(&mut self) -> WasiCtxView<'_> {
        self.build();
        self.context.view().expect("it was built in the line above")
    }

    fn build(&mut self) {
        if matches!(self.context, Context::Nothing) {
            self.context = self.context(Kind::Component, self.builder_without_folders());
        }
    }

    fn context(&self, kind: Kind, mut builder: WasiCtxBuilder) -> Context {
        let max_entries = max_table_entries(&self.limits());
        match kind {
            Kind::Module => {
                let mut context = Box::new(builder.build_p1());
                context.ctx().table.set_max_capacity(max_entries);
                Context::Preview1(context)
            }
            Kind::Component => {
                let mut table = ResourceTable::new();
                table.set_max_capacity(max_entries);
                Context::Component(Box::new(builder.build()), table)
            }
        }
    }

    fn builder(&self) -> Result<WasiCtxBuilder, FolderError> {
        let mut builder = self.builder_without_folders();
        let profile = self.setup.guard.profile();
        seal::prepare()?;
        for grant in profile.dirs() {
            folder::open(&mut builder, &self.setup, grant)?;
        }
        Ok(builder)
    }

    fn builder_without_folders(&self) -> WasiCtxBuilder {
        let setup = &self.setup;
        let mut builder = WasiCtxBuilder::new();
        builder
            .args(&setup.args)
            .max_random_size(self.limits().max_random_bytes)
            .stdout(OutputStream::new(self.output(), Stream::Stdout))
            .stderr(OutputStream::new(self.output(), Stream::Stderr));
        if self.output.has_terminal() {
            builder.inherit_stdin();
        }
        for (name, value) in environment(&setup.guard, &setup.dotenv, std::env::vars_os()) {
            builder.env(name, value);
        }
        builder
    }
}

impl WasiView for WasiState {
    fn ctx(&mut self) -> WasiCtxView<'_> {
        self.view()
    }
}

/// The variables that the profile names: from the node's environment, else from `.env`. What is not text is not passed on.
fn environment(
    guard: &Guard,
    dotenv: &BTreeMap<String, String>,
    own: impl Iterator<Item = (std::ffi::OsString, std::ffi::OsString)>,
) -> BTreeMap<String, String> {
    let profile = guard.profile();
    if profile.env().is_empty() {
        return BTreeMap::new();
    }
    let own =
        own.filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)));
    let all: BTreeMap<String, String> = dotenv.clone().into_iter().chain(own).collect();
    all.into_iter()
        .filter(|(name, _)| profile.env().iter().any(|grant| grant.covers(name)))
        .filter_map(|(name, value)| {
            let permit = guard.check(Request::Env { name: &name }, value).ok()?;
            Some((name, permit.into_inner()))
        })
        .collect()
}

impl std::fmt::Debug for WasiState {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let built = match &self.context {
            Context::Nothing => "nothing",
            Context::Preview1(_) => "preview 1",
            Context::Component(..) => "component",
        };
        f.debug_struct("WasiState")
            .field("guard", &self.setup.guard)
            .field("built", &built)
            .finish_non_exhaustive()
    }
}
