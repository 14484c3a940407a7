//! The table of imports, the WIT and `abi/raw.md` say the same.

#![expect(clippy::unwrap_used, reason = "a failing test is a panic anyway")]

use rusm_abi::{Errno, Gate, IMPORTS, Value, limits};
use std::collections::BTreeSet;

const WIT: &str = include_str!("../wit/rusm.wit");
const RAW: &str = include_str!("../../../abi/raw.md");

/// The functions of the WIT, as interface and name.
fn wit_functions() -> Vec<(String, String)> {
    let mut interface = String::new();
    let mut functions = Vec::new();
    for line in WIT.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("interface ") {
            interface = rest.trim_end_matches(" {").to_owned();
        }
        if let Some((name, _)) = line.split_once(": func(") {
            functions.push((interface.clone(), name.to_owned()));
        }
    }
    functions
}

/// The rows of the import table in `abi/raw.md`.
fn documented() -> Vec<Vec<String>> {
    let (_, imports) = RAW.split_once("## Imports").unwrap();
    let (imports, _) = imports.split_once("## Records").unwrap();
    let rows = imports.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| {
        row.split('|')
            .map(|cell| cell.trim().replace('`', ""))
            .collect()
    })
    .collect()
}

#[test]
fn imports_are_the_functions_of_the_wit_and_take() {
    let table: Vec<_> = IMPORTS
        .iter()
        .filter_map(|import| Some((import.interface?.to_owned(), import.name.to_owned())))
        .collect();
    assert_eq!(table, wit_functions());
    let own: Vec<_> = IMPORTS
        .iter()
        .filter(|import| import.interface.is_none())
        .map(|import| import.name)
        .collect();
    assert_eq!(own, ["take"]);
    let names: BTreeSet<_> = IMPORTS.iter().map(|import| import.name).collect();
    assert_eq!(
        names.len(),
        IMPORTS.len(),
        "names are unique across interfaces"
    );
}

#[test]
fn every_import_is_documented_with_its_type_and_grant() {
    let documented = documented();
    assert_eq!(documented.len(), IMPORTS.len());
    for (import, row) in IMPORTS.iter().zip(&documented) {
        let (name, ty, needs) = (&row[1], &row[2], &row[4]);
        assert_eq!(name, import.name);
        let (params, result) = ty
            .split_once(") -> ")
            .unwrap_or((ty.trim_end_matches(')'), ""));
        let params: Vec<_> = params
            .trim_start_matches('(')
            .split(", ")
            .filter(|param| !param.is_empty())
            .collect();
        let types: Vec<_> = params
            .iter()
            .map(|param| param.split_once(": ").unwrap().1)
            .collect();
        let word = |value: Value| match value {
            Value::I32 => "i32",
            Value::I64 => "i64",
        };
        assert_eq!(
            types,
            import.params.iter().copied().map(word).collect::<Vec<_>>(),
            "{name}"
        );
        assert_eq!(result, import.result.map_or("", word), "{name}");
        match import.gate {
            Gate::Open => assert_eq!(needs, "", "{name}"),
            Gate::Grant(key) => assert!(
                needs.starts_with(key),
                "{name} needs {key}, documented: {needs}"
            ),
        }
    }
}

#[test]
fn every_code_is_documented() {
    for errno in Errno::ALL {
        let row = format!("| {} |", errno.as_i32());
        assert_eq!(RAW.matches(&row).count(), 1, "{errno:?}");
    }
}

#[test]
fn limits_are_documented() {
    let thousands = |n: usize| {
        let digits = n.to_string();
        let (head, tail) = digits.split_at(digits.len() - 3);
        format!("{head},{tail}")
    };
    for (what, shown) in [
        ("payload", format!("{} MiB", limits::MAX_PAYLOAD >> 20)),
        ("name of a process", format!("{} bytes", limits::MAX_NAME)),
        ("tags", limits::MAX_SELECTOR_TAGS.to_string()),
        (
            "exit reason",
            format!("{} KiB", limits::MAX_REASON_TEXT >> 10),
        ),
        (
            "arguments",
            format!(
                "{} with {} KiB",
                thousands(limits::MAX_ARGS),
                limits::MAX_ARGS_BYTES >> 10
            ),
        ),
        ("revoked", limits::MAX_REVOKE.to_string()),
        ("code given", format!("{} MiB", limits::MAX_CODE >> 20)),
        ("links and monitors", thousands(limits::MAX_LINKS)),
        ("groups", thousands(limits::MAX_GROUPS)),
        ("members", thousands(limits::MAX_MEMBERS)),
        ("processes", thousands(limits::MAX_PROCESSES_LISTED)),
        ("pairs", thousands(limits::MAX_PAGE.try_into().unwrap())),
        (
            "key; value",
            format!(
                "{} KiB; {} MiB; {}; {} MiB",
                limits::MAX_KEY >> 10,
                limits::MAX_VALUE >> 20,
                thousands(limits::MAX_BATCH),
                limits::MAX_BATCH_BYTES >> 20
            ),
        ),
    ] {
        let (_, table) = RAW.split_once("## Limits").unwrap();
        let row = table
            .lines()
            .find(|line| line.starts_with('|') && line.contains(what));
        let row = row.unwrap_or_else(|| panic!("{what} has no row"));
        assert!(row.contains(&shown), "{what}: {shown} is not in {row}");
    }
    assert_eq!(limits::MAX_LINKS, limits::MAX_MONITORS);
    assert_eq!(limits::MAX_NAME, limits::MAX_BUCKET);
}
