//! An inspection as people read it, and as JSON.

use super::profile;
use crate::visible::visible;
use rusm_caps::Permission;
use rusm_core::{CodeKind, Extent, Imported, Inspection, Risk, needs_of};
use serde_json::{Value, json};
use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

/// How many functions of one interface, and how many names of a list, are shown to people.
const SHOWN_MAX: usize = 12;

/// What a permission lets code do, and the worst of it.
struct Group<'a> {
    permission: Option<Permission>,
    risk: Risk,
    words: &'static str,
    imports: Vec<&'a Imported>,
}

pub(super) fn to_text(path: &Path, found: &Inspection, name: &str) -> String {
    let mut text = String::new();
    let mut put = |line: &str| {
        writeln!(text, "{}", visible(line)).expect("writing to a string does not fail");
    };
    let file = path.display();
    put(&format!(
        "{file}: {}, {} bytes, risk: {}",
        kind(found),
        found.n_bytes,
        found.risk()
    ));
    put("");
    put("what it could use, if its profile grants it:");
    for group in groups(found) {
        let name = group.permission.map_or("nothing more", Permission::name);
        put(&format!("  {:<9} {name}: {}", group.risk, group.words));
        for import in group.imports {
            put(&format!(
                "              {}",
                import_text(import, group.permission)
            ));
        }
    }
    if found.n_more_imports > 0 {
        put(&format!("  and {} more imports", found.n_more_imports));
    }
    put("");
    put(&format!(
        "exports    {}",
        names(&found.exports, found.n_more_exports)
    ));
    put(&format!("memories   {}", extents(&found.memories, "pages")));
    put(&format!(
        "tables     {}",
        extents(&found.tables, "elements")
    ));
    if !found.producers.is_empty() {
        let made = found
            .producers
            .iter()
            .map(|p| format!("{} {}", p.name, p.version).trim_end().to_owned());
        let made: Vec<String> = made.collect();
        put(&format!(
            "made with  {} (as it says itself)",
            names(&made, 0)
        ));
    }
    match found.obstacles.as_slice() {
        [] => put(
            "loads      yes, by its imports and its entry; its code is checked when it is loaded",
        ),
        obstacles => {
            for obstacle in obstacles.iter().take(SHOWN_MAX) {
                put(&format!("loads      no: {obstacle}"));
            }
            if obstacles.len() > SHOWN_MAX {
                put(&format!(
                    "loads      no: and {} more reasons",
                    obstacles.len() - SHOWN_MAX
                ));
            }
        }
    }
    put("");
    put(
        "the smallest profile that grants all of it; folders, names and addresses are yours to fill in:",
    );
    put("");
    text.push_str(&profile::text(found, name));
    text
}

pub(super) fn to_json(path: &Path, found: &Inspection, name: &str) -> Value {
    let groups = groups(found).into_iter().map(|group| {
        json!({
            "permission": group.permission.map(Permission::name), "risk": group.risk.name(),
            "words": group.words,
            "imports": group.imports.iter().map(|import| &import.name).collect::<Vec<_>>(),
        })
    });
    let imports = found.imports.iter().map(|import| {
        let needs = import.needs.iter().map(|need| {
            json!({
                "permission": need.permission.name(), "writes": need.writes,
                "routine": need.is_routine, "risk": Risk::of(*need).name(),
            })
        });
        json!({ "name": import.name, "functions": import.functions, "needs": needs.collect::<Vec<_>>() })
    });
    let extents = |extents: &[Extent]| -> Vec<Value> {
        let extents = extents.iter();
        let told =
            extents.map(|extent| json!({ "initial": extent.initial, "maximum": extent.maximum }));
        told.collect()
    };
    let producers = found.producers.iter().map(|producer| {
        json!({ "field": producer.field, "name": producer.name, "version": producer.version })
    });
    let obstacles: Vec<String> = found.obstacles.iter().map(ToString::to_string).collect();
    json!({
        "file": path.display().to_string(), "bytes": found.n_bytes, "risk": found.risk().name(),
        "kind": match found.kind { CodeKind::Component => "component", CodeKind::Module => "module" },
        "wasi": found.wasi, "entry": found.entry, "groups": groups.collect::<Vec<_>>(),
        "imports": imports.collect::<Vec<_>>(), "imports_left_out": found.n_more_imports,
        "exports": found.exports, "exports_left_out": found.n_more_exports,
        "memories": extents(&found.memories), "tables": extents(&found.tables),
        "producers": producers.collect::<Vec<_>>(),
        "loads": obstacles.is_empty(), "obstacles": obstacles, "profile": profile::text(found, name),
    })
}

/// The imports by what they can be used for, the worst first. An import can be in several groups.
fn groups(found: &Inspection) -> Vec<Group<'_>> {
    let mut by_permission: BTreeMap<Option<Permission>, Vec<&Imported>> = BTreeMap::new();
    for import in &found.imports {
        if import.needs.is_empty() {
            by_permission.entry(None).or_default().push(import);
        }
        for need in &import.needs {
            let group = by_permission.entry(Some(need.permission)).or_default();
            if group.last().is_none_or(|last| last.name != import.name) {
                group.push(import);
            }
        }
    }
    let groups = by_permission.into_iter().map(|(permission, imports)| {
        let needs = imports.iter().flat_map(|import| &import.needs);
        let needs = needs.filter(|need| Some(need.permission) == permission);
        let risk = needs.map(|need| Risk::of(*need)).max();
        let risk = risk.unwrap_or(Risk::None);
        Group {
            permission,
            risk,
            words: permission.map_or(
                "clocks, random numbers, its own streams and mailbox",
                |permission| words(permission, risk),
            ),
            imports,
        }
    });
    let mut groups: Vec<Group<'_>> = groups.collect();
    groups.sort_by_key(|group| std::cmp::Reverse((group.risk, group.permission)));
    groups
}

/// What a permission lets code do.
fn words(permission: Permission, risk: Risk) -> &'static str {
    match permission {
        Permission::Network => "connect to other machines and look names up",
        Permission::Listen => "wait for connections of others",
        Permission::Spawn => "start components of the manifest, each under its own profile",
        Permission::Storage if risk < Risk::High => "read buckets of the node's store",
        Permission::Storage => "read and change buckets of the node's store",
        Permission::ProcessControl if risk < Risk::High => {
            "link and signal processes; its own children need no grant"
        }
        Permission::ProcessControl => "list, inspect and kill any process of the node",
        Permission::Send => "send messages to other processes",
        Permission::Load => "run code that it brings itself, under its own profile",
        Permission::Stdio => "print to the log, and use the terminal if that is granted",
        Permission::Env => "read environment variables",
        Permission::Files if risk < Risk::High => "read files in folders that are opened for it",
        Permission::Files => "read and change files in folders that are opened for it",
        Permission::HostFunctions => "call functions that neither WASI nor rusm provides",
    }
}

fn kind(found: &Inspection) -> String {
    let kind = match found.kind {
        CodeKind::Component => "a component",
        CodeKind::Module => "a core module",
    };
    let wasi = match found.wasi.as_slice() {
        [] => String::new(),
        versions => format!(" of WASI {}", versions.join(" and ")),
    };
    match &found.entry {
        Some(entry) => format!("{kind}{wasi} that runs {entry}"),
        None => format!("{kind}{wasi} without an entry"),
    }
}

/// An import with those of its functions that it is in the group for.
fn import_text(import: &Imported, permission: Option<Permission>) -> String {
    let is_for_it = |function: &&String| {
        let needs = needs_of(&import.name, std::slice::from_ref(*function));
        let mut needs = needs.into_iter();
        permission.is_none() || needs.any(|need| Some(need.permission) == permission)
    };
    let functions: Vec<String> = import.functions.iter().filter(is_for_it).cloned().collect();
    if functions.is_empty() {
        import.name.clone()
    } else {
        format!("{} ({})", import.name, names(&functions, 0))
    }
}

/// The first names, and how many more there are.
fn names(all: &[String], n_more: usize) -> String {
    let n_more = n_more + all.len().saturating_sub(SHOWN_MAX);
    let shown: Vec<&str> = all.iter().take(SHOWN_MAX).map(String::as_str).collect();
    match (shown.as_slice(), n_more) {
        ([], 0) => "none".to_owned(),
        (_, 0) => shown.join(", "),
        (_, n_more) => format!("{} and {n_more} more", shown.join(", ")),
    }
}

fn extents(extents: &[Extent], unit: &str) -> String {
    let told = extents.iter().map(|extent| match extent.maximum {
        Some(maximum) => format!("{} to {maximum} {unit}", extent.initial),
        None => format!("{} {unit} or more", extent.initial),
    });
    names(&told.collect::<Vec<_>>(), 0)
}
