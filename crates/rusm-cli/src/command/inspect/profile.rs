//! The smallest profile that grants all that code imports, ready to be put into a manifest.

use crate::command::grant_line;
use rusm_caps::Permission;
use rusm_core::{Inspection, Need};
use std::path::Path;

/// What the profile is called: after the file, as far as its name can be one.
pub(super) fn name_for(path: &Path) -> String {
    let stem = path.file_stem().unwrap_or_default().to_string_lossy();
    let plain = |c: char| {
        let lower = c.to_ascii_lowercase();
        if lower.is_ascii_lowercase() || lower.is_ascii_digit() || lower == '_' {
            lower
        } else {
            '-'
        }
    };
    let name: String = stem.chars().take(64).map(plain).collect();
    let name = name.trim_matches('-');
    if rusm_manifest::is_valid_name(name) && !rusm_caps::Profile::BUILT_IN.contains(&name) {
        name.to_owned()
    } else {
        "guest".to_owned()
    }
}

/// `[capabilities.NAME]` with a line for each permission. What every program imports is there as a
/// comment: the import alone does not tell that it is used.
pub(super) fn text(found: &Inspection, name: &str) -> String {
    let mut text = format!("[capabilities.{name}]\n");
    let of = |permission: Permission| -> Vec<Need> {
        let needs = found.needs.iter().copied();
        needs.filter(|need| need.permission == permission).collect()
    };
    if of(Permission::Send).is_empty() {
        text.push_str("allow-send = false\n");
    }
    for permission in Permission::ALL {
        let needs = of(permission);
        if needs.is_empty() || permission == Permission::Send {
            continue;
        }
        let line = if permission == Permission::HostFunctions {
            host_functions(found)
        } else {
            grant_line::all_of(permission, &needs)
        };
        let mark = if needs.iter().all(|need| need.is_routine) {
            "# "
        } else {
            ""
        };
        text.push_str(&format!("{mark}{line}\n"));
    }
    text
}

fn host_functions(found: &Inspection) -> String {
    let names = found.imports.iter().filter(|import| {
        let needs = &mut import.needs.iter();
        needs.any(|need| need.permission == Permission::HostFunctions)
    });
    let names: Vec<String> = names
        .filter(|import| import.name.parse::<rusm_caps::HostFunctionName>().is_ok())
        .map(|import| format!("\"{}\"", import.name))
        .collect();
    format!("host-functions = [{}]", names.join(", "))
}
