//! Which store is meant, and the way to it.

use super::access::Access;
use super::file::FileAccess;
use super::node::NodeAccess;
use crate::args::{MakeArgs, StoreArgs};
use crate::manifest_file;
use crate::place::{find_app, folder_of, nearest_path};
use crate::report::{Console, Failure, Kind};
use rusm_control::{Client, ClientError};
use rusm_core::BootPlan;
use rusm_kv::{OpenError, Options, Store};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

/// A store that may not be there yet.
#[derive(Debug)]
pub(super) enum Which {
    /// A file, whoever uses it.
    File(PathBuf),
    /// The store of an app.
    App(Box<AppStore>),
}

/// What the manifest says of the store.
#[derive(Debug)]
pub(super) struct AppStore {
    manifest: PathBuf,
    plan: BootPlan,
    path: PathBuf,
    max_bytes: u64,
}

impl Which {
    pub(super) fn typed(args: &StoreArgs, console: Console) -> Result<Self, Failure> {
        match (&args.store, &args.manifest) {
            (Some(_), Some(_)) => Err(Failure::new(
                Kind::Usage,
                "--store names the file of a store, and --manifest an app: only one of them can be meant",
            )),
            (Some(file), None) => Ok(Self::File(file.clone())),
            (None, manifest) => {
                let app = AppStore::of(manifest.as_deref(), console)?;
                Ok(Self::App(Box::new(app)))
            }
        }
    }

    /// The store, which has to be there: to look at one makes none.
    pub(super) fn existing(&self) -> Result<Box<dyn Access>, Failure> {
        let (path, options) = self.file();
        self.access(Store::open_existing(path, options))
    }

    /// The store, made if its manifest names it or `--create` was typed.
    pub(super) fn or_made(&self, make: MakeArgs) -> Result<Box<dyn Access>, Failure> {
        match self {
            Self::File(_) if !make.create => return self.existing(),
            Self::File(_) => {}
            Self::App(_) if make.create => {
                let message = "--create is about --store: the store of a manifest is made anyway";
                return Err(Failure::new(Kind::Usage, message));
            }
            Self::App(app) => app.make()?,
        }
        let (path, options) = self.file();
        self.access(Store::open(path, options))
    }

    fn file(&self) -> (&Path, Options) {
        match self {
            Self::File(path) => (path, Options::default()),
            Self::App(app) => (&app.path, Options::default().max_bytes(app.max_bytes)),
        }
    }

    /// The file, or the node that has it open.
    fn access(&self, opened: Result<Store, OpenError>) -> Result<Box<dyn Access>, Failure> {
        match (opened, self) {
            (Ok(store), _) => Ok(Box::new(FileAccess(store))),
            (Err(OpenError::InUse { .. }), Self::App(app)) => Ok(Box::new(app.node()?)),
            (Err(error), _) => Err(self.refused(error)),
        }
    }

    fn refused(&self, error: OpenError) -> Failure {
        match (self, &error) {
            (Self::App(app), OpenError::Missing { .. }) => {
                let message = format!("there is no store at '{}' yet", app.path.display());
                Failure::new(Kind::General, message).help(
                    "the node makes it when it starts, and `rusm kv put` and `rusm kv import` do",
                )
            }
            (Self::File(path), OpenError::Missing { .. }) => {
                let message = format!("there is no store at '{}'", path.display());
                let help = "--create makes it, for `rusm kv put` and `rusm kv import`";
                Failure::new(Kind::Usage, message)
                    .help(help)
                    .maybe_help(nearest_path(path))
            }
            (Self::File(path), OpenError::InUse { .. }) => {
                let message = format!("the store '{}' is in use", path.display());
                Failure::new(Kind::General, message)
                    .help("to ask the node that runs with it, name its manifest: --manifest DIR in place of --store")
            }
            _ => Failure::new(Kind::General, error.to_string()),
        }
    }
}

impl AppStore {
    fn of(typed: Option<&Path>, console: Console) -> Result<Self, Failure> {
        let path = find_app(typed)?;
        let manifest = manifest_file::read(&path, console)?;
        let Some(store) = manifest.node.store.clone() else {
            let message = format!("'{}' asks for no store", path.display());
            return Err(Failure::new(Kind::Usage, message).help(
                "write store = \"data/store.redb\" under [node], or name a file with --store",
            ));
        };
        let folder = folder_of(&path).to_owned();
        Ok(Self {
            path: folder.join(store.path),
            max_bytes: store.max_bytes,
            manifest: path,
            plan: BootPlan {
                manifest,
                folder,
                built: BTreeMap::new(),
            },
        })
    }

    /// Makes the file and its folder, as the node does when it starts.
    fn make(&self) -> Result<(), Failure> {
        let made = self.plan.make_store();
        made.map(drop)
            .map_err(|error| Failure::new(Kind::General, error.to_string()))
    }

    /// The node that has the store open.
    fn node(&self) -> Result<NodeAccess, Failure> {
        let store = self.path.display();
        let Some(control) = &self.plan.manifest.node.control else {
            let manifest = self.manifest.display();
            let message = format!(
                "the store '{store}' is in use, and '{manifest}' names no socket to ask its node over"
            );
            return Err(Failure::new(Kind::General, message).help(
                "write control = \"data/rusm.sock\" under [node] and start the node again, or stop it",
            ));
        };
        let socket = self.plan.folder.join(control);
        match Client::connect(&socket) {
            Ok(client) => Ok(NodeAccess(client)),
            Err(ClientError::NobodyListens(_)) => {
                let message = format!(
                    "the store '{store}' is in use, and no node answers at '{}'",
                    socket.display()
                );
                Err(Failure::new(Kind::General, message).help(
                    "if its node was started before that line was in the manifest, start it again; another command lets go by itself",
                ))
            }
            Err(error) => Err(Failure::new(Kind::General, error.to_string())),
        }
    }
}
