//! What was typed: the file as values with places, types and ranges checked, names not resolved.
//!
//! One file per kind of table. Everything that is missing or wrong is reported and left out, so
//! that the next stage sees what is left.

mod capability;
mod component;
mod limits;
mod node;
mod supervisor;

pub(crate) use capability::{RawProfile, RawStorage, Switch};
pub(crate) use component::RawComponent;
pub(crate) use node::RawNode;
pub(crate) use supervisor::{RawChild, RawSupervisor, RawTarget};

use toml::de::DeTable;

use crate::bounds::{COMPONENTS_MAX, PROFILES_MAX, SUPERVISORS_MAX};
use crate::name::name_fault;
use crate::report::Report;
use crate::source::Span;
use crate::table::{Located, Table};

/// The whole file. Named tables are in the order of the file.
#[derive(Debug, Default)]
pub(crate) struct RawManifest<'t> {
    pub(crate) app: Option<&'t str>,
    pub(crate) node: RawNode,
    pub(crate) components: Vec<RawComponent<'t>>,
    pub(crate) profiles: Vec<RawProfile<'t>>,
    pub(crate) supervisors: Vec<RawSupervisor<'t>>,
}

impl<'t> RawManifest<'t> {
    pub(crate) fn read(report: &mut Report<'_>, document: &'t DeTable<'t>) -> RawManifest<'t> {
        let mut top = Table::new("the manifest", document);
        let app = read_app(report, &mut top);
        let node = RawNode::read(report, &mut top);
        let components = named_tables(
            report,
            &mut top,
            "components",
            COMPONENTS_MAX,
            RawComponent::read,
        );
        let profiles = named_tables(
            report,
            &mut top,
            "capabilities",
            PROFILES_MAX,
            RawProfile::read,
        );
        let supervisors = named_tables(
            report,
            &mut top,
            "supervisors",
            SUPERVISORS_MAX,
            RawSupervisor::read,
        );
        top.finish(report);
        RawManifest {
            app,
            node,
            components,
            profiles,
            supervisors,
        }
    }
}

fn read_app<'t>(report: &mut Report<'_>, top: &mut Table<'t>) -> Option<&'t str> {
    let Some(value) = top.take("app") else {
        report.error_with_hint(
            &(0..0),
            "[app] is missing",
            "begin the file with:  [app]  name = \"my-app\"",
        );
        return None;
    };
    let mut app = value.table(report, "[app]")?;
    let name = match app.take("name") {
        Some(name) => name.text(report),
        // With another key there, that one is probably a misspelt `name`, and is reported.
        None if !app.is_empty() => None,
        None => {
            report.error(&value.span, "`name` is missing in [app]");
            None
        }
    };
    app.finish(report);
    let name = name?;
    check_name(report, &name.span, "an app", name.value).then_some(name.value)
}

/// Reads `[kind.NAME]` for every name. A table with a bad name is read as well, for its mistakes,
/// and kept, so that references to it are not reported too.
fn named_tables<'t, T>(
    report: &mut Report<'_>,
    top: &mut Table<'t>,
    kind: &'static str,
    most: usize,
    read: impl Fn(&mut Report<'_>, Located<&'t str>, Table<'t>) -> T,
) -> Vec<T> {
    let Some(value) = top.take(kind) else {
        return Vec::new();
    };
    let Some(tables) = value.table(report, format!("[{kind}]")) else {
        return Vec::new();
    };
    let entries = tables.into_entries();
    if entries.len() > most {
        report.error(
            &value.span,
            format!("[{kind}] has {} entries, more than {most}", entries.len()),
        );
        return Vec::new();
    }
    let mut read_all = Vec::new();
    for (name, span, value) in entries {
        check_name(report, &span, singular(kind), name);
        if let Some(table) = value.table(report, format!("[{kind}.{name}]")) {
            read_all.push(read(report, Located { value: name, span }, table));
        }
    }
    read_all
}

/// What one entry of `[kind]` is called.
fn singular(kind: &str) -> &'static str {
    match kind {
        "components" => "a component",
        "capabilities" => "a profile",
        _ => "a supervisor",
    }
}

fn check_name(report: &mut Report<'_>, span: &Span, what: &str, name: &str) -> bool {
    match name_fault(name) {
        Some(fault) => {
            report.error(
                span,
                format!("{name:?} cannot be the name of {what}: {fault}"),
            );
            false
        }
        None => true,
    }
}
