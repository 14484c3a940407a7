//! From a manifest to a running app: code loaded, components declared, the store opened, the supervision tree started.

mod app;
mod source;
mod store;
mod tree;

pub use app::{App, AppEnd};
pub use source::CodeProblem;

use crate::program::Program;
use crate::runtime::{Declared, Runtime};
use rusm_actor::ExitReason;
use rusm_caps::Profile;
use rusm_kv::OpenError;
use rusm_manifest::{ComponentDecl, Manifest};
use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// An app that is ready to start.
#[derive(Debug)]
pub struct BootPlan {
    /// What is to run.
    pub manifest: Manifest,
    /// What relative paths in it are relative to.
    pub folder: PathBuf,
    /// For components that are built from a package: where the result lies.
    pub built: BTreeMap<String, PathBuf>,
}

/// Why an app did not start. Nothing of it is left running.
#[derive(Debug)]
pub enum BootError {
    /// Code of these components cannot run here.
    Code(Vec<CodeProblem>),
    /// The folder of the store could not be made.
    StoreFolder {
        /// The folder.
        folder: PathBuf,
        /// Why not.
        cause: std::io::Error,
    },
    /// The store could not be opened; another node may have it.
    Store(OpenError),
    /// The root supervisor did not come up.
    Tree(ExitReason),
    /// The node has no room, or is shutting down.
    Node(rusm_actor::SpawnError),
}

impl fmt::Display for BootError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Code(problems) => {
                let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
                f.write_str(&texts.join("\n"))
            }
            Self::StoreFolder { folder, cause } => {
                let folder = folder.display();
                write!(f, "cannot make the folder {folder} of the store: {cause}")
            }
            Self::Store(error) => error.fmt(f),
            Self::Tree(reason) => write!(f, "the supervision tree did not start: {reason}"),
            Self::Node(error) => write!(f, "the app did not start: {error}"),
        }
    }
}

impl std::error::Error for BootError {}

impl Runtime {
    /// Loads the code of every component, all problems in one run, and keeps it under the declared names. A
    /// profile that grants a host function which is not registered is such a problem.
    ///
    /// # Errors
    /// [`BootError::Code`].
    pub fn declare_all(&self, plan: &BootPlan) -> Result<(), BootError> {
        let mut loaded = source::load_all(self, plan);
        let mut problems = Vec::new();
        for component in plan.manifest.components.values() {
            problems.extend(self.unprovided(component));
            match loaded.remove(&component.name) {
                Some(Ok(program)) => self
                    .0
                    .declare(declaration(component, &program, &plan.folder)),
                Some(Err(problem)) => problems.push(code_problem(component, problem)),
                None => {}
            }
        }
        if problems.is_empty() {
            Ok(())
        } else {
            Err(BootError::Code(problems))
        }
    }

    /// A grant of this component that nothing here stands behind, in its own profile or one that it offers.
    fn unprovided(&self, component: &ComponentDecl) -> Option<CodeProblem> {
        let profiles = std::iter::once(&component.profile).chain(component.profiles.values());
        let missing = |profile: &Arc<Profile>| self.0.host_interfaces.unprovided(profile);
        profiles
            .into_iter()
            .find_map(missing)
            .map(|problem| code_problem(component, problem))
    }

    /// Starts the app: declares its components, opens its store, and starts its root supervisor.
    ///
    /// Answers once every child of the tree has been spawned. Not for worker threads.
    ///
    /// # Errors
    /// [`BootError`].
    pub fn boot(&self, plan: &BootPlan) -> Result<App, BootError> {
        self.declare_all(plan)?;
        self.start(plan)
    }

    /// The rest of [`Runtime::boot`], for an app whose components [`Runtime::declare_all`] has declared.
    ///
    /// # Errors
    /// [`BootError`], but not [`BootError::Code`]: a component that is missing is one that its supervisor cannot start.
    pub fn start(&self, plan: &BootPlan) -> Result<App, BootError> {
        self.open_store(plan)?;
        app::start(&self.0, &plan.manifest)
    }
}

fn code_problem(component: &ComponentDecl, problem: String) -> CodeProblem {
    CodeProblem {
        component: component.name.clone(),
        problem,
    }
}

fn declaration(component: &ComponentDecl, program: &Program, folder: &Path) -> Declared {
    Declared {
        component: Arc::new(program.component(component.name.as_str().into(), folder)),
        profile: Arc::clone(&component.profile),
        offered: component.profiles.clone(),
        args: component.args.clone(),
    }
}
