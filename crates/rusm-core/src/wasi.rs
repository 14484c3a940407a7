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
//! - clocks and random numbers are the host's and are not grants.

use crate::code::Kind;
use crate::guest::output::{Destination, GuestOutput, LineSink, OutputStream, Stream};
use rusm_caps::{Guard, Request};
use std::collections::BTreeMap;
use std::path::Path;
use std::sync::Arc;
use wasmtime::component::ResourceTable;
use wasmtime_wasi::p1::WasiP1Ctx;
use wasmtime_wasi::{WasiCtx, WasiCtxBuilder, WasiCtxView, WasiView};

pub(crate) use folder::{FolderError, can_be_given};
pub(crate) use sockets::{shadow_p2, shadow_p3};

mod folder;
mod network;
mod seal;
mod sockets;

#[cfg(test)]
mod tests;

/// Entries of the handle table beyond those that the profile counts: standard streams and their pollables.
const STANDARD_HANDLES: usize = 16;
/// Handles that one open file or socket takes in the table: itself, its streams, their pollables.
const ENTRIES_PER_HANDLE: usize = 4;
/// Bytes of random numbers in one call.
const RANDOM_BYTES_MAX: u64 = 16 << 20;

/// Everything a context is made from.
pub(crate) struct WasiSetup {
    /// Says what is granted.
    pub(crate) guard: Guard,
    /// The command line; the first is the program's own name.
    pub(crate) args: Vec<String>,
    /// What relative paths in the profile are relative to.
    pub(crate) folder: Arc<Path>,
    /// Variables of the `.env` file, used where the node's own environment lacks one.
    pub(crate) dotenv: Arc<BTreeMap<String, String>>,
    /// Takes the output of a process that does not have the terminal.
    pub(crate) lines: Arc<dyn LineSink>,
}

/// The WASI side of one process.
pub(crate) struct WasiState {
    setup: WasiSetup,
    output: Arc<GuestOutput>,
    context: Context,
}

/// As far as it is built.
enum Context {
    Nothing,
    Preview1(Box<WasiP1Ctx>),
    Component(Box<WasiCtx>, ResourceTable),
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
        let output = GuestOutput::new(destination, profile.limits().max_output_bytes);
        WasiState {
            setup,
            output,
            context: Context::Nothing,
        }
    }

    /// What the process prints through.
    pub(crate) fn output(&self) -> Arc<GuestOutput> {
        Arc::clone(&self.output)
    }

    /// Says who asks and decides.
    pub(crate) fn guard(&self) -> &Guard {
        &self.setup.guard
    }

    /// Builds the context now if building it can fail; called before any guest code runs.
    pub(crate) fn open(&mut self, kind: Kind) -> Result<(), FolderError> {
        if matches!(self.context, Context::Nothing) && !self.setup.guard.profile().dirs().is_empty()
        {
            let builder = self.builder()?;
            self.context = self.context(kind, builder);
        }
        Ok(())
    }

    /// Closes every folder for good: no path leads anywhere any more. Files that are open stay open.
    pub(crate) fn close_folders(&mut self) {
        let WasiCtxView { ctx, table } = match &mut self.context {
            Context::Nothing => return,
            Context::Preview1(context) => context.ctx(),
            Context::Component(ctx, table) => WasiCtxView { ctx, table },
        };
        seal::close(ctx, table);
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
        if matches!(self.context, Context::Nothing) {
            self.context = self.context(Kind::Component, self.builder_without_folders());
        }
        match &mut self.context {
            Context::Component(ctx, table) => WasiCtxView { ctx, table },
            Context::Preview1(context) => context.ctx(),
            Context::Nothing => unreachable!("it was built in the line above"),
        }
    }

    fn context(&self, kind: Kind, mut builder: WasiCtxBuilder) -> Context {
        let max_handles =
            usize::try_from(self.setup.guard.profile().limits().max_handles).unwrap_or(usize::MAX);
        let max_entries = max_handles
            .saturating_mul(ENTRIES_PER_HANDLE)
            .saturating_add(STANDARD_HANDLES);
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
            folder::open(&mut builder, &self.setup.guard, &self.setup.folder, grant)?;
        }
        Ok(builder)
    }

    fn builder_without_folders(&self) -> WasiCtxBuilder {
        let setup = &self.setup;
        let mut builder = WasiCtxBuilder::new();
        builder
            .args(&setup.args)
            .max_random_size(RANDOM_BYTES_MAX)
            .stdout(OutputStream::new(self.output(), Stream::Stdout))
            .stderr(OutputStream::new(self.output(), Stream::Stderr));
        if self.output.has_terminal() {
            builder.inherit_stdin();
        }
        for (name, value) in environment(&setup.guard, &setup.dotenv, std::env::vars_os()) {
            builder.env(name, value);
        }
        network::grant(&mut builder, &setup.guard);
        builder
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
