//! The node's own confinement: which layers this kernel can hold.

use super::line::{Line, Standing};
use rusm_harden::{Layer, Report, State};
use std::fs;
use std::os::unix::fs::MetadataExt;
use std::path::Path;

pub(super) fn lines(report: &Report) -> impl Iterator<Item = Line> {
    let abi = report.landlock_abi;
    report.layers().map(move |(layer, state)| {
        let (standing, found) = match state {
            State::Held => (Standing::Ok, held(layer, abi)),
            State::Partly(what) => (Standing::Partly, what.clone()),
            State::Missing(why) => (Standing::No, why.clone()),
            State::Off => (Standing::No, "switched off".to_owned()),
        };
        let line = Line::new(name(layer), standing, found, means(layer));
        line.help("a newer kernel, or a container that allows it; harden = \"require\" does not start without")
    })
}

fn held(layer: Layer, abi: Option<u32>) -> String {
    match (layer, abi) {
        (Layer::Calls, _) => "seccomp filters can be installed".to_owned(),
        (Layer::Privileges, _) => "no_new_privs can be set".to_owned(),
        (Layer::Files | Layer::Ports | Layer::Devices | Layer::Signals, Some(abi)) => {
            format!("Landlock ABI {abi}")
        }
        (Layer::Files | Layer::Ports | Layer::Devices | Layer::Signals, None) => {
            "Landlock".to_owned()
        }
    }
}

fn name(layer: Layer) -> &'static str {
    match layer {
        Layer::Files => "second wall, files",
        Layer::Ports => "second wall, TCP ports",
        Layer::Devices => "second wall, devices",
        Layer::Signals => "second wall, signals",
        Layer::Calls => "second wall, system calls",
        Layer::Privileges => "second wall, privileges",
    }
}

fn means(layer: Layer) -> &'static str {
    match layer {
        Layer::Files => {
            "a guest that broke out could neither read nor change files that no profile grants"
        }
        Layer::Ports => {
            "it could neither connect to nor bind a TCP port that no profile grants; UDP goes by system calls"
        }
        Layer::Devices => "it could not control a device that it opens",
        Layer::Signals => {
            "it could not signal processes outside the node, nor reach their abstract sockets"
        }
        Layer::Calls => {
            "it could not start programs, trace processes, mount, load modules, or make other calls that no node makes"
        }
        Layer::Privileges => "it could not gain rights from programs that have more",
    }
}

/// Whether names are still looked up when the machine changes its name servers.
pub(super) fn names() -> Line {
    let file = Path::new("/etc/resolv.conf");
    let line = |standing, found: &str| {
        let means = "behind the second wall a node reads the list of name servers that was there when it started";
        Line::new("name servers", standing, found, means).help(
            "if they change while a node runs, start it again; or make /etc/resolv.conf a link into /run, as systemd-resolved does",
        )
    };
    let Ok(real) = fs::canonicalize(file) else {
        return line(Standing::Partly, "there is no /etc/resolv.conf");
    };
    // One that is mounted by itself, as in containers, cannot be replaced.
    let device = |path: &Path| fs::metadata(path).ok().map(|found| found.dev());
    let is_mounted = real
        .parent()
        .is_some_and(|folder| device(folder) != device(&real));
    if is_mounted || real.starts_with("/run") {
        line(Standing::Ok, "a change reaches a running node")
    } else {
        line(
            Standing::Partly,
            "/etc/resolv.conf is a plain file, and a node does not see it replaced",
        )
    }
}
