//! What an embedder registers: interfaces, and the table of all of them.

use super::gate::Gate;
use super::values::{ComponentNamedList, Lift, Lower, Val};
use super::{HostFunction, RawFunction, raw, typed};
use crate::guest::GuestState;
use rusm_caps::HostFunctionName;
use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use wasmtime::Linker;
use wasmtime::component::Linker as ComponentLinker;

/// Packages of these namespaces are the platform's own.
const RESERVED: [&str; 2] = ["rusm", "wasi"];

/// An interface of the embedding program, with its functions for components and for core modules.
#[derive(Clone)]
pub struct HostInterface {
    name: String,
    typed: BTreeMap<String, typed::LinkFunction>,
    raw: BTreeMap<String, raw::LinkFunction>,
}

/// An interface that cannot be registered.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HostInterfaceError {
    /// Not the name of an interface, as WIT writes it.
    #[error("{0}")]
    Name(String),
    /// It stands in a namespace of the platform.
    #[error("cannot provide the interface {name}: the namespace '{namespace}' is the platform's")]
    Reserved {
        /// The interface.
        name: String,
        /// Its namespace.
        namespace: String,
    },
}

impl HostInterface {
    /// An interface of this name, `namespace:package/interface`, with `@1.2.3` behind it if it has a version. It has no
    /// functions yet.
    ///
    /// # Errors
    /// Another form, or a namespace of the platform (`wasi`, `rusm`).
    pub fn new(name: &str) -> Result<HostInterface, HostInterfaceError> {
        let parsed: Result<HostFunctionName, _> = name.parse();
        parsed.map_err(|error| HostInterfaceError::Name(error.to_string()))?;
        if name.contains('#') {
            let problem =
                format!("cannot provide {name}: it names a function; an interface has no '#'");
            return Err(HostInterfaceError::Name(problem));
        }
        match RESERVED
            .into_iter()
            .find(|reserved| name.split(':').next() == Some(reserved))
        {
            Some(namespace) => Err(HostInterfaceError::Reserved {
                name: name.to_owned(),
                namespace: namespace.to_owned(),
            }),
            None => Ok(HostInterface {
                name: name.to_owned(),
                typed: BTreeMap::new(),
                raw: BTreeMap::new(),
            }),
        }
    }

    /// Its name as it was given.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Adds a function for components. Code that imports it with other types is refused at load. The last function of a
    /// name counts.
    #[must_use]
    pub fn function<P, R>(mut self, name: &str, function: HostFunction<P, R>) -> Self
    where
        P: ComponentNamedList + Lift + Send + Sync + 'static,
        R: ComponentNamedList + Lower + Send + Sync + 'static,
    {
        let linked = function.link(name.to_owned(), self.gate(name));
        self.typed.insert(name.to_owned(), linked);
        self
    }

    /// Adds a function for components over values of any type. The types are those that the guest's import declares: the
    /// function sees to its arguments itself.
    #[must_use]
    pub fn any_function(mut self, name: &str, function: HostFunction<Vec<Val>, Vec<Val>>) -> Self {
        let linked = function.link_any(name.to_owned(), self.gate(name));
        self.typed.insert(name.to_owned(), linked);
        self
    }

    /// Adds a function for core modules, which import it from the module of the interface's name.
    #[must_use]
    pub fn raw_function(mut self, name: &str, function: RawFunction) -> Self {
        let linked = function.link(name.to_owned(), self.gate(name));
        self.raw.insert(name.to_owned(), linked);
        self
    }

    fn gate(&self, function: &str) -> Gate {
        Gate::new(full_name(&self.name, function))
    }

    /// The full names of its functions, for components and modules alike.
    pub(super) fn functions(&self) -> impl Iterator<Item = String> {
        let names = self.typed.keys().chain(self.raw.keys());
        names.map(|function| full_name(&self.name, function))
    }
}

pub(super) fn full_name(interface: &str, function: &str) -> String {
    format!("{interface}#{function}")
}

/// The name without its version.
pub(super) fn unversioned(name: &str) -> &str {
    name.split_once('@').map_or(name, |(name, _)| name)
}

/// Everything that the embedder registered.
#[derive(Clone, Debug, Default)]
pub(crate) struct HostInterfaces {
    by_name: BTreeMap<String, HostInterface>,
}

impl HostInterfaces {
    /// The last interface of a name counts.
    pub(crate) fn add(&mut self, interface: HostInterface) {
        self.by_name.insert(interface.name.clone(), interface);
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.by_name.is_empty()
    }

    pub(crate) fn all(&self) -> impl Iterator<Item = &HostInterface> {
        self.by_name.values()
    }

    /// The full names of all functions, each once.
    pub(crate) fn function_names(&self) -> Vec<String> {
        let names: BTreeSet<String> = self.all().flat_map(HostInterface::functions).collect();
        names.into_iter().collect()
    }

    /// What core modules can import, as it is called at load: `acme:billing/charge/pay`.
    pub(crate) fn module_imports(&self) -> impl Iterator<Item = String> {
        self.all().flat_map(|interface| {
            let functions = interface.raw.keys();
            functions.map(|function| format!("{}/{function}", interface.name))
        })
    }

    /// What components can import, without versions.
    pub(crate) fn component_imports(&self) -> impl Iterator<Item = String> {
        let with_functions = self.all().filter(|interface| !interface.typed.is_empty());
        with_functions.map(|interface| unversioned(&interface.name).to_owned())
    }

    pub(crate) fn add_to_component_linker(
        &self,
        linker: &mut ComponentLinker<GuestState>,
    ) -> wasmtime::Result<()> {
        for interface in self.all() {
            let mut instance = linker.instance(&interface.name)?;
            for link in interface.typed.values() {
                link(&mut instance)?;
            }
        }
        Ok(())
    }

    pub(crate) fn add_to_module_linker(
        &self,
        linker: &mut Linker<GuestState>,
    ) -> wasmtime::Result<()> {
        for interface in self.all() {
            for link in interface.raw.values() {
                link(linker, &interface.name)?;
            }
        }
        Ok(())
    }
}

impl fmt::Debug for HostInterface {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HostInterface")
            .field("name", &self.name)
            .field("for_components", &self.typed.keys())
            .field("for_modules", &self.raw.keys())
            .finish()
    }
}
