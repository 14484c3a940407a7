//! The second wall: what a node needs of this machine, and giving up the rest before it starts.
//!
//! It is raised when everything is read and built, and before the first thread is started: threads that are there
//! already would stay outside.

use super::Session;
use crate::args::HardenWhen;
use crate::log::TARGET;
use crate::report::{Failure, Kind};
use rusm_caps::{NetHost, Profile};
use rusm_core::BootPlan;
use rusm_harden::{Mode, Needs, Plan, Refused};
use rusm_manifest::CodeSource;
use std::fs::DirBuilder;
use std::path::Path;

/// What an app needs: its code, and what the profiles grant that its processes can have.
pub(super) fn of_app(app: &BootPlan) -> Needs {
    let mut needs = Needs::default();
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
        let ports = rule.ports();
        needs
            .connect
            .extend((0..=u16::MAX).filter(|port| ports.contains(*port)));
        needs.names |= rule.host() == NetHost::Public;
        // Before it connects, a socket may be bound to a port that the kernel chooses.
        needs.bind.extend([0]);
    }
}

/// Confines this process to what is needed, its code cache, and its own program, which a backtrace reads.
pub(super) fn raise(
    mut needs: Needs,
    cache: Option<&Path>,
    when: HardenWhen,
    session: &Session,
) -> Result<(), Failure> {
    if let Some(cache) = cache {
        make(cache);
        needs.write.push(cache.to_owned());
    }
    needs.read.extend(std::env::current_exe());
    let mode = match when {
        HardenWhen::Auto => Mode::Auto,
        HardenWhen::Require => Mode::Require,
        HardenWhen::Off => Mode::Off,
    };
    // A bar that turns by itself is a thread.
    session.progress.finish();
    let report =
        rusm_harden::confine(&Plan::of(&needs), mode).map_err(|refused| failure(&refused))?;
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

/// A folder that is not there when the wall is raised would stay closed. If it cannot be made, the cache says so.
fn make(folder: &Path) {
    let mut builder = DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    let _unmade = builder.create(folder);
}

fn failure(refused: &Refused) -> Failure {
    let failure = Failure::new(Kind::NotStarted, format!("cannot start: {refused}"));
    let failure = refused.0.gaps().fold(failure, Failure::detail);
    failure.help("`rusm doctor` says what this machine can hold; harden = \"auto\" starts with what there is")
}
