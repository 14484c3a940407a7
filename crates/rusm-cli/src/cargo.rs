//! Building guests: from the packages that a manifest names to the files that cargo made of them.
//!
//! Cargo decides what is stale, and cargo says where the results lie; nothing here guesses a path
//! from a package's name or folder. All packages of one workspace are one invocation, and what cargo says about one tells of all.

mod invoke;
mod package;
mod surroundings;
mod target;

pub(crate) use package::Package;
pub(crate) use target::has_target;

use crate::progress::Progress;
use crate::report::{Console, Failure, Kind};
use package::Workspaces;
use rusm_manifest::{CodeSource, Manifest};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// What guests are built for.
pub(crate) const TARGET: &str = "wasm32-wasip2";

/// Where the code of components lies that are made from source.
pub(crate) type Built = BTreeMap<String, PathBuf>;

/// What to build with.
#[derive(Clone, Debug)]
pub(crate) struct Builder {
    pub(crate) progress: Progress,
    pub(crate) console: Console,
    /// Whether the compiler's warnings are shown when all went well.
    pub(crate) warnings: Warnings,
}

/// What becomes of the compiler's warnings.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Warnings {
    Shown,
    Hidden,
}

impl Builder {
    /// Builds every component of the manifest that is made from source. Components are looked up
    /// first, all problems in one failure; then each workspace is built. The first that fails ends it.
    pub(crate) fn build(&self, manifest: &Manifest, folder: &Path) -> Result<Built, Failure> {
        let built = self.build_all(manifest, folder);
        self.progress.finish();
        built
    }

    /// Where the results of the last build are, as far as there are any.
    pub(crate) fn locate(&self, manifest: &Manifest, folder: &Path) -> Result<Built, Failure> {
        let packages = self.packages(manifest, folder);
        self.progress.finish();
        let places = packages?
            .into_iter()
            .map(|(component, package)| (component, package.usual_place()));
        Ok(places.filter(|(_, place)| place.is_file()).collect())
    }

    fn build_all(&self, manifest: &Manifest, folder: &Path) -> Result<Built, Failure> {
        let packages = self.packages(manifest, folder)?;
        let mut workspaces: BTreeMap<&Path, Vec<&Package>> = BTreeMap::new();
        for package in packages.values() {
            workspaces
                .entry(&package.workspace)
                .or_default()
                .push(package);
        }
        let mut places: BTreeMap<(PathBuf, String), PathBuf> = BTreeMap::new();
        for (workspace, members) in workspaces {
            for (program, place) in self.build_workspace(workspace, &members)? {
                places.insert((workspace.to_owned(), program), place);
            }
        }
        let mut built = Built::new();
        for (component, package) in &packages {
            let key = (package.workspace.clone(), package.key());
            let place = places.get(&key).ok_or_else(|| {
                let (name, program) = (&package.name, &package.program);
                Failure::new(
                    Kind::General,
                    format!("cargo built package '{name}' without saying where '{program}' is"),
                )
            })?;
            built.insert(component.clone(), place.clone());
        }
        one_place_each(&packages, &built)?;
        Ok(built)
    }

    /// That the compiler has all it needs is looked at when it fails: asking it each time takes as long as a build of what is fresh.
    fn build_workspace(
        &self,
        workspace: &Path,
        members: &[&Package],
    ) -> Result<BTreeMap<String, PathBuf>, Failure> {
        match invoke::build(self, workspace, members) {
            Err(_) if target::add_if_missing(workspace, &self.progress)? => {
                invoke::build(self, workspace, members)
            }
            outcome => outcome,
        }
    }

    fn packages(
        &self,
        manifest: &Manifest,
        folder: &Path,
    ) -> Result<BTreeMap<String, Package>, Failure> {
        let mut packages = BTreeMap::new();
        let mut workspaces = Workspaces::default();
        let mut problems = Vec::new();
        for component in manifest.components.values() {
            let CodeSource::Package(source) = &component.code else {
                continue;
            };
            self.progress
                .step(&format!("looking at {}", source.display()));
            match workspaces.package(&folder.join(source)) {
                Ok(package) => {
                    packages.insert(component.name.clone(), package);
                }
                Err(problem) => problems.push(format!("component '{}': {problem}", component.name)),
            }
        }
        if problems.is_empty() {
            return Ok(packages);
        }
        let failure = Failure::new(Kind::General, "cannot build the guests");
        Err(problems.into_iter().fold(failure, Failure::detail))
    }
}

/// Two workspaces that share a target folder must not build two programs of one name: the later
/// would be run in the place of both.
fn one_place_each(packages: &BTreeMap<String, Package>, built: &Built) -> Result<(), Failure> {
    let mut owners: BTreeMap<&Path, &Package> = BTreeMap::new();
    for (component, place) in built {
        let Some(package) = packages.get(component) else {
            continue;
        };
        if let Some(other) = owners.insert(place, package)
            && (other.workspace != package.workspace || other.key() != package.key())
        {
            let message = format!(
                "packages '{}' and '{}' are both built to {}",
                other.name,
                package.name,
                place.display()
            );
            return Err(Failure::new(Kind::General, message)
                .help("rename one of the programs, or do not let both workspaces use one CARGO_TARGET_DIR"));
        }
    }
    Ok(())
}
