//! The second wall: what a node needs of this machine, and giving up the rest before it starts.
//!
//! It is raised when everything is read and built, and before the first thread is started: threads that are there
//! already would stay outside.

use super::Session;
use crate::args::HardenWhen;
use crate::log::TARGET;
use crate::report::{Failure, Kind};
use rusm_caps::{ListenGrant, NetHost, PortRange, Profile};
use rusm_control::Socket;
use rusm_core::BootPlan;
use rusm_harden::{Mode, Needs, Plan, Refused};
use rusm_manifest::{CodeSource, HardenDecl};
use std::fs::DirBuilder;
use std::path::{Path, PathBuf};

/// What an app needs: its code, what the profiles grant that its processes can have, and, if it is to be started and
/// has them, the folder of its audit log, the file of its store, and its control socket, which listens already.
pub(super) fn of_app(
    app: &BootPlan,
    audit: Option<PathBuf>,
    store: Option<PathBuf>,
    control: Option<&Socket>,
) -> Needs {
    let mut needs = Needs::default();
    needs.write.extend(audit.map(made));
    needs.write.extend(store);
    needs
        .remove
        .extend(control.and_then(|socket| folder_of_socket(socket, &app.folder)));
    for component in app.manifest.components.values() {
        let declared = std::iter::once(&component.profile);
        for profile in declared.chain(component.profiles.values()) {
            grant(&mut needs, profile, &app.folder);
        }
        match &component.code {
            CodeSource::Wasm(path) => needs.read.push(app.folder.join(path)),
            CodeSource::Package(_) => needs.read.extend(app.built.get(&component.name).cloned()),
        }
    }
    needs
}

/// The folder of the control socket, so that the node can remove it at its end: the kernel allows that of all files in and below a folder
/// or of none. Where the app itself lies there, the socket rather stays behind, and the next node replaces it.
fn folder_of_socket(socket: &Socket, app: &Path) -> Option<PathBuf> {
    let folder = socket.path().parent()?;
    let app = match app.as_os_str().is_empty() {
        true => Path::new("."),
        false => app,
    };
    let (folder, app) = (folder.canonicalize().ok()?, app.canonicalize().ok()?);
    (!app.starts_with(&folder)).then_some(folder)
}

/// What a single file needs, whose code has been read.
pub(super) fn of_file(profile: &Profile) -> Needs {
    let mut needs = Needs::default();
    grant(&mut needs, profile, Path::new("."));
    needs
}

/// Adds what a profile grants. Its relative paths are relative to `base`.
fn grant(needs: &mut Needs, profile: &Profile, base: &Path) {
    for dir in profile.dirs() {
        let places = if dir.is_read_only() {
            &mut needs.read
        } else {
            &mut needs.write
        };
        places.push(base.join(dir.host()));
    }
    for rule in profile.network().rules() {
        needs.connect.extend(ports(rule.ports()));
        needs.names |= match rule.host() {
            NetHost::Public | NetHost::Name(_) => true,
            NetHost::Range(_) => false,
        };
        // Before it connects, a socket may be bound to a port that the kernel chooses.
        needs.bind.extend([0]);
    }
    match profile.listen() {
        ListenGrant::Off => {}
        ListenGrant::Anywhere => needs.bind.extend(ports(PortRange::ALL)),
        ListenGrant::Rules(rules) => {
            let granted = rules.iter().flat_map(|rule| ports(rule.ports()));
            needs.bind.extend(granted);
        }
    }
}

fn ports(range: PortRange) -> impl Iterator<Item = u16> {
    (0..=u16::MAX).filter(move |port| range.contains(*port))
}

/// What the command line says, or else the manifest.
pub(super) fn mode(typed: Option<HardenWhen>, declared: HardenDecl) -> Mode {
    match (typed, declared) {
        (Some(HardenWhen::Auto), _) | (None, HardenDecl::Auto) => Mode::Auto,
        (Some(HardenWhen::Require), _) | (None, HardenDecl::Require) => Mode::Require,
        (Some(HardenWhen::Off), _) | (None, HardenDecl::Off) => Mode::Off,
    }
}

/// Confines this process to what is needed, its code cache, and its own program, which a backtrace reads.
pub(super) fn raise(
    mut needs: Needs,
    cache: Option<PathBuf>,
    mode: Mode,
    session: &Session,
) -> Result<(), Failure> {
    needs.write.extend(cache.map(made));
    needs.read.extend(std::env::current_exe());
    // A bar that turns by itself is a thread.
    session.progress.finish();
    let confined = rusm_harden::confine(&Plan::of(&needs), mode);
    let report = confined.map_err(|refused| failure(&refused))?;
    match mode {
        Mode::Off => {}
        Mode::Auto | Mode::Require if report.is_whole() => {
            tracing::debug!(target: TARGET, "the node's own confinement {report}");
        }
        Mode::Auto | Mode::Require => {
            tracing::info!(target: TARGET, "the node's own confinement {report}");
        }
    }
    for place in &report.unopened {
        let (path, cause) = (place.path.display(), &place.cause);
        tracing::info!(target: TARGET, "{path} stays closed until the node is started again: {cause}");
    }
    Ok(())
}

/// Makes a folder of the node's own: one that is not there when the wall is raised would stay closed.
fn made(folder: PathBuf) -> PathBuf {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    // Whoever needs it has an error of its own for a folder that cannot be made.
    let _unmade = builder.create(&folder);
    folder
}

fn failure(refused: &Refused) -> Failure {
    let failure = Failure::new(Kind::NotStarted, format!("cannot start: {refused}"));
    let failure = refused.0.gaps().fold(failure, Failure::detail);
    failure.help(
        "`rusm doctor` says what this machine can hold; harden = \"auto\" starts with what there is",
    )
}

#[cfg(test)]
mod tests;
