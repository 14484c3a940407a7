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
use crate::guest::output::{GuestOutput, LineSink, OutputStream, Stream, Terminal};
use handles::{Handles, NoHandle, Promise};
use rusm_caps::{DirGrant, Guard, Limits, Profile, Request};
use std::collections::BTreeMap;
use std::fs::File;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use wasmtime::component::ResourceTable;
use wasmtime_wasi::filesystem::{Descriptor, WasiFilesystemView as _};
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::p2::bindings::filesystem::preopens::Host as _;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};
use wasmtime_wasi_http::WasiHttpCtxView;

pub(crate) use beneath::{shadow_paths_p1, shadow_paths_p2, shadow_paths_p3};
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
mod beneath;
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
    /// Says what is granted, and to whom.
    pub(crate) guard: Guard,
    /// The command line behind the program's own name, which is that of its component.
    pub(crate) args: Box<[String]>,
    /// What relative paths in the profile are relative to.
    pub(crate) folder: Arc<Path>,
    /// What it says on the terminal is logged as well.
    pub(crate) logs_terminal: bool,
    pub(crate) surroundings: Arc<Surroundings>,
}

/// What the contexts of all processes of a node are made from.
pub(crate) struct Surroundings {
    /// Where no guest may write.
    pub(crate) private_places: PrivatePlaces,
    /// What all processes of the node may have open together.
    pub(crate) handles: Option<Arc<Ceiling>>,
    /// Variables of the `.env` file, used where the node's own environment lacks one.
    pub(crate) dotenv: BTreeMap<String, String>,
    /// Takes what processes print that do not have the terminal.
    pub(crate) lines: Arc<dyn LineSink>,
    /// What the network is reached through.
    pub(crate) reach: Reach,
}

impl Surroundings {
    /// Whether a process whose component lies in `own_folder` would be given this folder, as it is now.
    pub(crate) fn examine_folder(
        &self,
        own_folder: &Path,
        grant: &DirGrant,
    ) -> Result<(), FolderError> {
        folder::examined(&self.private_places, own_folder, grant).map(|_folder| ())
    }
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
    /// Made when somebody first prints, or asks where to.
    output: OnceLock<Arc<GuestOutput>>,
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
    Component(Box<(WasiCtx, ResourceTable)>),
}

impl Context {
    /// What WASI works with; none before it is built.
    fn view(&mut self) -> Option<WasiCtxView<'_>> {
        match self {
            Context::Nothing => None,
            Context::Preview1(context) => Some(context.ctx()),
            Context::Component(context) => {
                let (ctx, table) = &mut **context;
                Some(WasiCtxView { ctx, table })
            }
        }
    }
}

impl WasiState {
    pub(crate) fn new(setup: WasiSetup) -> WasiState {
        let handles = setup.surroundings.handles.as_ref();
        let state = WasiState {
            output: OnceLock::new(),
            handles: Handles::new(setup.guard.limits().max_handles, handles),
            setup,
            context: Context::Nothing,
            network: None,
            http: None,
        };
        if state.setup.guard.given().stdio() {
            // Who has the terminal is asked and recorded at the start.
            state.output();
        }
        state
    }

    /// What the process prints through.
    pub(crate) fn output(&self) -> &Arc<GuestOutput> {
        self.output.get_or_init(|| {
            let (guard, lines) = (&self.setup.guard, &self.setup.surroundings.lines);
            let has_terminal = guard.given().stdio() && guard.check(Request::Stdio, ()).is_ok();
            let terminal = has_terminal.then(|| Terminal::new(self.setup.logs_terminal));
            let max_output_bytes = guard.limits().max_output_bytes;
            let (from, lines) = (guard.subject().clone(), Arc::clone(lines));
            GuestOutput::new(from, terminal, lines, max_output_bytes)
        })
    }

    /// What the process has printed through, if it has printed.
    pub(crate) fn printed(&self) -> Option<&Arc<GuestOutput>> {
        self.output.get()
    }

    /// The network, as far as the process may use it.
    pub(crate) fn network(&mut self) -> &Arc<Network> {
        let setup = &self.setup;
        self.network.get_or_insert_with(|| {
            let resolver = Arc::clone(&setup.surroundings.reach.resolver);
            Arc::new(Network::new(setup.guard.clone(), resolver))
        })
    }

    /// HTTP, for a component.
    pub(crate) fn http(&mut self) -> WasiHttpCtxView<'_> {
        if self.http.is_none() {
            let (network, tls) = (
                Arc::clone(self.network()),
                Arc::clone(&self.setup.surroundings.reach.tls),
            );
            self.http = Some(Box::new(HttpState::new(network, tls)));
        }
        self.build();
        match (&mut self.http, &mut self.context) {
            (Some(http), Context::Component(context)) => http.view(&mut context.1),
            _ => unreachable!("both were made in the lines above; a module does not speak HTTP"),
        }
    }

    /// Builds the context now if building it can fail; called before any guest code runs.
    pub(crate) fn open(&mut self, kind: Kind) -> Result<(), FolderError> {
        let is_empty = self.setup.guard.given().dirs().is_empty();
        if matches!(self.context, Context::Nothing) && !is_empty {
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
        let max_entries = max_table_entries(self.limits());
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
    pub(crate) fn limits(&self) -> &Limits {
        self.setup.guard.limits()
    }

    /// Closes every folder for good: no path leads anywhere any more. Files that are open stay open.
    pub(crate) fn close_folders(&mut self) {
        if let Some(WasiCtxView { ctx, table }) = self.context.view() {
            // What is sealed leads nowhere and is no handle any more.
            let sealed = seal::close(ctx, table);
            self.handles.grant(sealed.into_iter().collect());
        }
    }

    /// Takes back what permissions that were given up have put into a context that is built: variables, and the terminal. Who reads
    /// from the terminal already goes on.
    pub(crate) fn take_back(&mut self) {
        if !self.setup.guard.with_profile(Profile::stdio)
            && let Some(output) = self.output.get()
        {
            output.leave_terminal();
        }
        if matches!(self.context, Context::Nothing) {
            return;
        }
        let mut fresh = self.builder_without_folders().build();
        if let Some(view) = self.context.view() {
            std::mem::swap(view.ctx.cli(), fresh.cli());
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
        let max_entries = max_table_entries(self.limits());
        match kind {
            Kind::Module => {
                let mut context = Box::new(builder.build_p1());
                context.ctx().table.set_max_capacity(max_entries);
                Context::Preview1(context)
            }
            Kind::Component => {
                let mut table = ResourceTable::new();
                table.set_max_capacity(max_entries);
                Context::Component(Box::new((builder.build(), table)))
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
            .arg(setup.guard.subject().component())
            .args(&setup.args)
            .max_random_size(self.limits().max_random_bytes)
            .stdout(OutputStream::new(Arc::clone(self.output()), Stream::Stdout))
            .stderr(OutputStream::new(Arc::clone(self.output()), Stream::Stderr));
        if self.output().has_terminal() {
            builder.inherit_stdin();
        }
        for (name, value) in environment(
            &setup.guard,
            &setup.surroundings.dotenv,
            std::env::vars_os(),
        ) {
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
