//! Finding and reading the code of a component.

use super::BootPlan;
use crate::code::{Digest, OPERATOR_BYTES_MAX};
use crate::program::Program;
use crate::runtime::Runtime;
use rusm_manifest::{CodeSource, ComponentDecl};
use std::path::{Path, PathBuf};

/// Code of one component that cannot run here, or not under the profile that was declared for it.
#[derive(Debug, thiserror::Error)]
#[error("component '{component}': {problem}")]
pub struct CodeProblem {
    /// Which component.
    pub component: String,
    /// What was attempted, and why it failed.
    pub problem: String,
}

pub(super) fn load(
    runtime: &Runtime,
    plan: &BootPlan,
    component: &ComponentDecl,
) -> Result<Program, CodeProblem> {
    let attempt = || {
        let path = path(plan, component)?;
        let wasm = read(&path)?;
        if let Some(digest) = &component.digest {
            let found = Digest::of(&wasm);
            if found.as_bytes() != digest.as_bytes() {
                return Err(format!(
                    "{} is another file: it has sha256:{found}",
                    path.display()
                ));
            }
        }
        let place = path.display();
        runtime
            .load_placed(&component.name, &wasm, component.placement)
            .map_err(|error| format!("{place}: {error}"))
    };
    attempt().map_err(|problem| CodeProblem {
        component: component.name.clone(),
        problem,
    })
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
    let size = std::fs::metadata(path).map_err(cannot)?.len();
    if size > OPERATOR_BYTES_MAX {
        return Err(format!(
            "{place} has {size} bytes; code may have {OPERATOR_BYTES_MAX}"
        ));
    }
    std::fs::read(path).map_err(cannot)
}
