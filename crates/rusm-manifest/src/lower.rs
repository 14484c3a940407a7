//! What it means: names resolved, profiles built, supervisors arranged.
//!
//! Pure: values in, values and reports out. Each part goes on past its mistakes with the nearest
//! harmless thing (the sandbox, no child), so that one mistake is reported once and the others as
//! well. What comes out is used only if nothing was reported as an error.

mod components;
mod profiles;
mod siblings;
mod supervisors;

use std::collections::BTreeMap;

use crate::manifest::{Manifest, NodeDecl};
use crate::origin::Origins;
use crate::raw::RawManifest;
use crate::report::Report;

/// The plan, complete only if the report has no errors.
pub(crate) fn lower(report: &mut Report<'_>, raw: &RawManifest<'_>) -> Manifest {
    let profiles = profiles::lower(report, raw);
    let components = components::lower(report, raw, &profiles);
    let tree = supervisors::lower(report, raw);
    Manifest {
        app: raw.app.unwrap_or_default().to_owned(),
        node: NodeDecl {
            workers: usize::try_from(raw.node.workers).unwrap_or(0),
            store: raw.node.store.clone(),
            audit: raw.node.audit.clone(),
            control: raw.node.control.clone(),
            harden: raw.node.harden,
            ceilings: raw.node.ceilings,
        },
        components,
        profiles,
        supervisors: tree.supervisors,
        root: tree.root,
        warnings: Vec::new(),
        origins: Origins::default(),
    }
}

/// The named things of one kind, by name.
fn by_name<'r, T>(items: &'r [T], name: impl Fn(&'r T) -> &'r str) -> BTreeMap<&'r str, &'r T> {
    items.iter().map(|item| (name(item), item)).collect()
}
