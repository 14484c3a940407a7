//! Finding, reading and loading the code of components: each file once, several at a time.

use super::BootPlan;
use crate::code::{Digest, OPERATOR_BYTES_MAX};
use crate::program::Program;
use crate::runtime::Runtime;
use parking_lot::Mutex;
use rusm_manifest::{CodeSource, ComponentDecl};
use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::thread;

/// Code of one component that cannot run here, or not under the profile that was declared for it.
#[derive(Debug, thiserror::Error)]
#[error("component '{component}': {problem}")]
pub struct CodeProblem {
    /// Which component.
    pub component: String,
    /// What was attempted, and why it failed.
    pub problem: String,
}

/// What became of the code of each component, by its name.
pub(super) type Loaded = BTreeMap<String, Result<Program, String>>;

/// Loads the code of every component, on as many threads as there are cores; this one is among them.
pub(super) fn load_all(runtime: &Runtime, plan: &BootPlan) -> Loaded {
    let mut loaded = Loaded::new();
    let mut files: BTreeMap<PathBuf, Vec<&ComponentDecl>> = BTreeMap::new();
    for component in plan.manifest.components.values() {
        match path(plan, component) {
            Ok(path) => files.entry(path).or_default().push(component),
            Err(problem) => {
                loaded.insert(component.name.clone(), Err(problem));
            }
        }
    }
    let n_cores = thread::available_parallelism().map_or(1, NonZeroUsize::get);
    let n_helpers = n_cores.min(files.len()).saturating_sub(1);
    let total = plan.manifest.components.len();
    let (files, loaded) = (Mutex::new(files.into_iter()), Mutex::new(loaded));
    let work = || {
        loop {
            let Some((path, components)) = files.lock().next() else {
                return;
            };
            report_next(runtime, &loaded.lock(), &components, total);
            let outcomes = load(runtime, &path, &components);
            loaded.lock().extend(outcomes);
        }
    };
    thread::scope(|scope| {
        for _ in 0..n_helpers {
            // Without it the others do its share.
            let _helper = thread::Builder::new()
                .name("rusm-load".to_owned())
                .spawn_scoped(scope, work);
        }
        work();
    });
    runtime.0.report_loading("", total, total);
    loaded.into_inner()
}

/// Reported while what is loaded is looked at, so that the numbers never go back.
fn report_next(runtime: &Runtime, loaded: &Loaded, components: &[&ComponentDecl], total: usize) {
    if let Some(first) = components.first() {
        runtime.0.report_loading(&first.name, loaded.len(), total);
    }
}

/// The code in one file, for all components that are made of it.
fn load(runtime: &Runtime, path: &Path, components: &[&ComponentDecl]) -> Loaded {
    let wasm = read(path);
    let outcome = |component: &&ComponentDecl| {
        let wasm = wasm.as_ref().map_err(Clone::clone)?;
        check_digest(component, path, wasm)?;
        // The second component of a file is given the code that the first one has.
        runtime
            .load_placed(&component.name, wasm, component.placement)
            .map_err(|error| format!("{}: {error}", path.display()))
    };
    components
        .iter()
        .map(|component| (component.name.clone(), outcome(component)))
        .collect()
}

fn check_digest(component: &ComponentDecl, path: &Path, wasm: &[u8]) -> Result<(), String> {
    let Some(digest) = &component.digest else {
        return Ok(());
    };
    let found = Digest::of(wasm);
    if found.as_bytes() == digest.as_bytes() {
        return Ok(());
    }
    Err(format!(
        "{} is another file: it has sha256:{found}",
        path.display()
    ))
}

fn path(plan: &BootPlan, component: &ComponentDecl) -> Result<PathBuf, String> {
    match &component.code {
        CodeSource::Wasm(path) => Ok(plan.folder.join(path)),
        CodeSource::Package(package) => plan.built.get(&component.name).cloned().ok_or_else(|| {
            format!(
                "its package {} has not been built: run `rusm build`",
                package.display()
            )
        }),
    }
}

fn read(path: &Path) -> Result<Vec<u8>, String> {
    let place = path.display();
    let cannot = |error: std::io::Error| format!("cannot read {place}: {error}");
    let metadata = std::fs::metadata(path).map_err(cannot)?;
    // Opening a pipe waits for whoever writes to it, and a device may have no end.
    if !metadata.is_file() && !metadata.is_dir() {
        return Err(format!("{place} is no plain file"));
    }
    let size = metadata.len();
    if size > OPERATOR_BYTES_MAX {
        return Err(format!(
            "{place} has {size} bytes; code may have {OPERATOR_BYTES_MAX}"
        ));
    }
    std::fs::read(path).map_err(cannot)
}
