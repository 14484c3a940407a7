//! `[node]` as typed.

use std::path::PathBuf;

use rusm_caps::Limits;

use crate::bounds::{NODE_BYTES_MAX, WORKERS_MAX};
use crate::manifest::{CeilingsDecl, HardenDecl};
use crate::report::Report;
use crate::table::{Table, Value};

/// How the node runs.
#[derive(Debug, Default)]
pub(crate) struct RawNode {
    pub(crate) workers: u64,
    pub(crate) audit: Option<PathBuf>,
    pub(crate) harden: HardenDecl,
    pub(crate) ceilings: CeilingsDecl,
}

impl RawNode {
    pub(super) fn read(report: &mut Report<'_>, top: &mut Table<'_>) -> RawNode {
        let Some(mut node) = top
            .take("node")
            .and_then(|value| value.table(report, "[node]"))
        else {
            return RawNode::default();
        };
        let workers = node
            .take("workers")
            .and_then(|value| value.integer(report, 0..=WORKERS_MAX));
        let audit = node
            .take("audit")
            .and_then(|value| read_folder(report, &value));
        let harden = node
            .take("harden")
            .and_then(|value| value.choice(report, &HARDEN));
        let ceilings = read_ceilings(report, &mut node);
        for key in ["store", "control", "metrics"] {
            node.refuse(report, key);
        }
        node.finish(report);
        RawNode {
            workers: workers.map_or(0, |workers| workers.value),
            audit,
            harden: harden.unwrap_or_default(),
            ceilings,
        }
    }
}

const HARDEN: [(&str, HardenDecl); 3] = [
    ("auto", HardenDecl::Auto),
    ("require", HardenDecl::Require),
    ("off", HardenDecl::Off),
];

fn read_folder(report: &mut Report<'_>, value: &Value<'_>) -> Option<PathBuf> {
    let path = value.text(report)?;
    let fault = if path.value.is_empty() {
        "is empty"
    } else if path.value.contains('\0') {
        "contains a NUL"
    } else {
        return Some(PathBuf::from(path.value));
    };
    report.error(&path.span, format!("the path of {} {fault}", value.what));
    None
}

fn read_ceilings(report: &mut Report<'_>, node: &mut Table<'_>) -> CeilingsDecl {
    let mut amount = |key, most| {
        let value = node.take(key)?.integer(report, 1..=most)?;
        Some(value.value)
    };
    let count = |value: u64| u32::try_from(value).ok();
    CeilingsDecl {
        max_memory_bytes: amount("max-memory-mb", NODE_BYTES_MAX >> 20).map(|mb| mb << 20),
        max_processes: amount("max-processes", u64::from(Limits::PROCESSES_MAX)).and_then(count),
        max_handles: amount("max-handles", u64::from(u32::MAX)).and_then(count),
        max_mailbox_bytes: amount("max-mailbox-mb", NODE_BYTES_MAX >> 20).map(|mb| mb << 20),
    }
}
