//! `[node]` as typed.

use std::path::PathBuf;

use rusm_caps::Limits;

use crate::bounds::{NODE_BYTES_MAX, SOCKET_PATH_BYTES_MAX, STORE_MB_MAX, WORKERS_MAX};
use crate::manifest::{CeilingsDecl, HardenDecl, StoreDecl};
use crate::report::Report;
use crate::table::{Table, Value};

/// How the node runs.
#[derive(Debug, Default)]
pub(crate) struct RawNode {
    pub(crate) workers: u64,
    pub(crate) store: Option<StoreDecl>,
    pub(crate) audit: Option<PathBuf>,
    pub(crate) control: Option<PathBuf>,
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
        let store = read_store(report, &mut node);
        let audit = node
            .take("audit")
            .and_then(|value| read_path(report, &value));
        let control = node
            .take("control")
            .and_then(|value| read_socket(report, &value));
        let harden = node
            .take("harden")
            .and_then(|value| value.choice(report, &HARDEN));
        let ceilings = read_ceilings(report, &mut node);
        node.refuse(report, "metrics");
        node.finish(report);
        RawNode {
            workers: workers.map_or(0, |workers| workers.value),
            store,
            audit,
            control,
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

fn read_store(report: &mut Report<'_>, node: &mut Table<'_>) -> Option<StoreDecl> {
    let file = node.take("store");
    let most = node.take("store-max-mb");
    let max_mb = most
        .as_ref()
        .map(|value| value.integer(report, 1..=STORE_MB_MAX));
    let Some(file) = file else {
        if let Some(most) = most {
            report.error_with_hint(
                &most.span,
                "`store-max-mb` bounds the file of a store, and [node] has no `store`",
                "name its file as well, such as store = \"data/store.redb\"",
            );
        }
        return None;
    };
    let path = read_path(report, &file)?;
    if path.file_name().is_none() {
        report.error(&file.span, "the path of `store` names no file");
        return None;
    }
    // A number that is none has been reported.
    let max_bytes = match max_mb.flatten() {
        Some(mb) => mb.value << 20,
        None => StoreDecl::MAX_BYTES_DEFAULT,
    };
    Some(StoreDecl { path, max_bytes })
}

/// The folder of the manifest comes before it, so that the node may still find it too long.
fn read_socket(report: &mut Report<'_>, value: &Value<'_>) -> Option<PathBuf> {
    let path = read_path(report, value)?;
    let n_bytes = path.as_os_str().len();
    if path.file_name().is_none() {
        report.error(&value.span, "the path of `control` names no file");
        None
    } else if n_bytes > SOCKET_PATH_BYTES_MAX {
        let message = format!(
            "the path of `control` has {n_bytes} bytes, and a socket can have {SOCKET_PATH_BYTES_MAX}"
        );
        report.error_with_hint(
            &value.span,
            message,
            "name a place nearby, such as \"data/rusm.sock\"",
        );
        None
    } else {
        Some(path)
    }
}

fn read_path(report: &mut Report<'_>, value: &Value<'_>) -> Option<PathBuf> {
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
