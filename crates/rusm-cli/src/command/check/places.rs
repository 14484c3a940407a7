//! The node's own places: what `[node]` names for the audit log, the store and the control socket.

use super::finding::{About, Finding, Findings};
use rusm_core::BootPlan;
use std::fs::FileType;
use std::os::unix::fs::FileTypeExt as _;
use std::path::{Path, PathBuf};

/// What is to be at a place, and is made if nothing is there.
struct Place {
    key: &'static str,
    path: PathBuf,
    what: &'static str,
    is_it: fn(&FileType) -> bool,
}

/// Looks whether something else is where the node would make its own.
pub(super) fn check(plan: &BootPlan, findings: &mut Findings) {
    let node = &plan.manifest.node;
    let place = |key, path: &Path, what, is_it| Place {
        key,
        path: plan.folder.join(path),
        what,
        is_it,
    };
    let audit = node.audit.as_deref();
    let store = node.store.as_ref().map(|store| store.path.as_path());
    let control = node.control.as_deref();
    let places = [
        audit.map(|path| place("audit", path, "a folder", FileType::is_dir)),
        store.map(|path| place("store", path, "a file", FileType::is_file)),
        control.map(|path| place("control", path, "a socket", |found| found.is_socket())),
    ];
    for place in places.into_iter().flatten() {
        if let Some(fault) = place.fault() {
            let text = format!("[node] {} = '{}': {fault}", place.key, place.path.display());
            findings.push(Finding::error(About::Environment, text));
        }
    }
}

impl Place {
    /// Why the node would not start with it. What only making it can show is not looked for.
    fn fault(&self) -> Option<String> {
        if let Ok(found) = self.path.metadata() {
            let what = self.what;
            return (!(self.is_it)(&found.file_type()))
                .then(|| format!("it is to be {what}, and is none"));
        }
        if self.path.symlink_metadata().is_ok() {
            return Some("it is a link to what cannot be reached".to_owned());
        }
        let above = self.path.ancestors().skip(1).find(|above| above.exists())?;
        (!above.is_dir()).then(|| format!("{} is no folder", above.display()))
    }
}
