//! Which package a folder holds and which of its programs is the guest, as cargo itself says.

use super::{TARGET, surroundings};
use crate::place::{nearest_path, plain_cause};
use serde::Deserialize;
use std::io;
use std::path::{Path, PathBuf};

/// A package that is a guest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Package {
    /// Cargo's own, unambiguous name for it.
    pub(crate) id: String,
    pub(crate) name: String,
    /// Its program, by which cargo names the file.
    pub(crate) program: String,
    /// The folder of its workspace.
    pub(crate) workspace: PathBuf,
    target_folder: PathBuf,
}

impl Package {
    /// Tells a program from all others of its workspace.
    pub(super) fn key(&self) -> String {
        format!("{}#{}", self.id, self.program)
    }

    /// Where cargo puts the program, if nothing unusual is configured. A build says it exactly.
    pub(super) fn usual_place(&self) -> PathBuf {
        self.target_folder
            .join(TARGET)
            .join("release")
            .join(format!("{}.wasm", self.program))
    }
}

/// What cargo has said. To ask takes half as long as to build what is fresh, and the answer tells of the whole workspace.
#[derive(Debug, Default)]
pub(super) struct Workspaces(Vec<Metadata>);

impl Workspaces {
    /// The package in a folder. An error is one sentence for the component that names it.
    pub(super) fn package(&mut self, folder: &Path) -> Result<Package, String> {
        let full = full(folder)?;
        let manifest = full.join("Cargo.toml");
        // A package is a member of one workspace.
        if let Some(known) = self.0.iter().find(|known| known.lists(&manifest)) {
            return choose(known, &manifest);
        }
        let metadata = ask(folder, &full)?;
        let package = choose(&metadata, &manifest);
        self.0.push(metadata);
        package
    }
}

/// The whole path of a folder that holds a package.
fn full(folder: &Path) -> Result<PathBuf, String> {
    let place = folder.display();
    let full = folder.canonicalize().map_err(|error| {
        let near = nearest_path(folder)
            .map(|near| format!(" ({near})"))
            .unwrap_or_default();
        format!(
            "cannot open the folder '{place}' of its source: {}{near}",
            plain_cause(&error)
        )
    })?;
    if !full.join("Cargo.toml").is_file() {
        return Err(format!(
            "'{place}' is not a Cargo package: it has no Cargo.toml"
        ));
    }
    Ok(full)
}

fn ask(folder: &Path, full: &Path) -> Result<Metadata, String> {
    let place = folder.display();
    let mut command = surroundings::command("cargo", full);
    command.args(["metadata", "--no-deps", "--format-version", "1"]);
    let output = command.output().map_err(|error| no_cargo(&error))?;
    if !output.status.success() {
        let said = String::from_utf8_lossy(&output.stderr);
        return Err(format!(
            "cargo cannot read the package in '{place}': {}",
            said.trim().trim_start_matches("error: ")
        ));
    }
    serde_json::from_slice(&output.stdout)
        .map_err(|error| format!("cannot understand what cargo says about '{place}': {error}"))
}

/// Why cargo could not even be called.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the list of the standard library is open"
)]
pub(super) fn no_cargo(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => {
            "cargo is not installed; get Rust from https://rustup.rs, or name a built file with `wasm = \"…\"`".to_owned()
        }
        _ => format!("cannot run cargo: {error}"),
    }
}

/// The part of `cargo metadata` that is needed here.
#[derive(Debug, Deserialize)]
struct Metadata {
    packages: Vec<Described>,
    target_directory: PathBuf,
    workspace_root: PathBuf,
}

impl Metadata {
    fn lists(&self, manifest: &Path) -> bool {
        let mut packages = self.packages.iter();
        packages.any(|package| package.manifest_path == manifest)
    }
}

#[derive(Debug, Deserialize)]
struct Described {
    id: String,
    name: String,
    manifest_path: PathBuf,
    default_run: Option<String>,
    targets: Vec<BuildTarget>,
}

#[derive(Debug, Deserialize)]
struct BuildTarget {
    name: String,
    kind: Vec<String>,
}

fn choose(metadata: &Metadata, manifest: &Path) -> Result<Package, String> {
    let n_packages = metadata.packages.len();
    let found = metadata
        .packages
        .iter()
        .find(|package| package.manifest_path == manifest);
    let Some(package) = found else {
        return Err(format!(
            "'{}' is a workspace of {n_packages} packages; name the folder of one",
            manifest.display()
        ));
    };
    let programs: Vec<String> = package
        .targets
        .iter()
        .filter(|target| target.kind.iter().any(|kind| kind == "bin"))
        .map(|target| target.name.clone())
        .collect();
    let name = package.name.clone();
    let program = match (programs.as_slice(), package.default_run.clone()) {
        (_, Some(default)) => default,
        ([only], None) => only.clone(),
        ([], None) => {
            return Err(format!(
                "package '{name}' has no program: a guest is a binary with a `main`"
            ));
        }
        (several, None) => {
            let several = several.join("', '");
            return Err(format!(
                "package '{name}' has several programs: '{several}'; choose one with `default-run` in its Cargo.toml"
            ));
        }
    };
    let (workspace, target_folder) = (
        metadata.workspace_root.clone(),
        metadata.target_directory.clone(),
    );
    Ok(Package {
        id: package.id.clone(),
        name,
        program,
        workspace,
        target_folder,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn chosen(default_run: &str, targets: &[(&str, &str)]) -> Result<Package, String> {
        let targets: Vec<_> = targets
            .iter()
            .map(|(name, kind)| serde_json::json!({ "name": name, "kind": [kind] }))
            .collect();
        let metadata = serde_json::json!({
            "packages": [{
                "id": "path+file:///w/g#api@0.1.0", "name": "api", "manifest_path": "/w/g/Cargo.toml",
                "default_run": serde_json::from_str::<serde_json::Value>(default_run).unwrap(), "targets": targets,
            }],
            "target_directory": "/out", "workspace_root": "/w",
        });
        choose(
            &serde_json::from_value(metadata).unwrap(),
            Path::new("/w/g/Cargo.toml"),
        )
    }

    /// The program's name decides, not the package's and not the folder's (pitfall 31).
    #[test]
    fn the_program_names_the_file() {
        let package = chosen(
            "null",
            &[("lib", "lib"), ("serve-api", "bin"), ("t", "test")],
        )
        .unwrap();
        assert_eq!(package.program, "serve-api");
        assert_eq!(
            package.usual_place(),
            Path::new("/out/wasm32-wasip2/release/serve-api.wasm")
        );
    }

    /// Of several programs the one that the package itself calls its default; without one, none is guessed.
    #[test]
    fn several_programs_need_a_choice() {
        let both = [("one", "bin"), ("two", "bin")];
        assert_eq!(chosen("\"two\"", &both).unwrap().program, "two");
        let error = chosen("null", &both).unwrap_err();
        assert!(
            error.contains("'one', 'two'") && error.contains("default-run"),
            "{error}"
        );
        assert!(
            chosen("null", &[("api", "lib")])
                .unwrap_err()
                .contains("no program")
        );
    }

    /// A folder that holds only a workspace is not a package.
    #[test]
    fn a_workspace_is_no_package() {
        let metadata = Metadata {
            packages: Vec::new(),
            target_directory: "/t".into(),
            workspace_root: "/w".into(),
        };
        assert!(
            choose(&metadata, Path::new("/w/Cargo.toml"))
                .unwrap_err()
                .contains("workspace")
        );
    }
}
