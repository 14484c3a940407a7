//! Over everything that is linked: nothing unclassified, and nothing that does more than its class says.

use super::classes::{Class, FUNCTIONS, RESOURCES, TYPES_ALONE};
use super::preview1::{self, PREVIEW1};
use crate::forge::{Imported, Interfaces, Wasi, module};
use crate::trial::Court;
use rusm_abi::{IMPORTS, Value};
use rusm_core::{ExitReason, linked_imports};
use std::collections::BTreeSet;

/// What a module can import is the table of preview 1 and the table of rusm, with their types, and nothing else.
#[test]
fn every_function_that_a_module_can_import_is_classified() {
    let linked: BTreeSet<String> = linked_imports().functions.into_iter().collect();
    let preview1 = PREVIEW1
        .iter()
        .map(|(name, _, _)| format!("wasi_snapshot_preview1/{name}"));
    let rusm = IMPORTS.iter().map(|import| format!("rusm/{}", import.name));
    assert_eq!(linked, preview1.chain(rusm).collect());
    let rusm: String = IMPORTS.iter().map(raw_import).collect();
    let outcome = Court::new().run(
        "all",
        &module(&format!("{}{rusm}", preview1::imports()), ""),
    );
    assert_eq!(
        outcome.reason,
        ExitReason::Normal,
        "they are linked with these types"
    );
}

/// The text of a raw import, called by its name.
pub(crate) fn raw_import(import: &rusm_abi::Import) -> String {
    let word = |value: &Value| match value {
        Value::I32 => "i32",
        Value::I64 => "i64",
    };
    let params: Vec<_> = import.params.iter().map(word).collect();
    let result = import
        .result
        .as_ref()
        .map_or(String::new(), |result| format!("(result {})", word(result)));
    let (name, params) = (import.name, params.join(" "));
    format!(r#"(import "rusm" "{name}" (func ${name} (param {params}) {result}))"#)
}

/// The interfaces that a component can import are those whose functions are walked below.
#[test]
fn every_interface_that_a_component_can_import_is_walked() {
    let linked: BTreeSet<String> = linked_imports().interfaces.into_iter().collect();
    let functions = [Wasi::V02, Wasi::V03].map(|wasi| Interfaces::of(wasi).functions());
    let walked = functions
        .iter()
        .flatten()
        .map(|function| function.interface_name().to_owned());
    let walked: BTreeSet<String> = walked
        .chain(TYPES_ALONE.iter().map(|name| (*name).to_owned()))
        .collect();
    assert_eq!(linked, walked);
}

#[test]
fn every_function_of_wasi_02_does_what_its_class_says() {
    walk(Wasi::V02);
}

#[test]
fn every_function_of_wasi_03_does_what_its_class_says() {
    walk(Wasi::V03);
}

/// Calls each function with zeros under a profile that grants nothing. A method finds no handle; a harmless
/// function asks the guard for nothing; whatever comes of it is the caller's affair.
fn walk(wasi: Wasi) {
    let court = Court::new();
    for function in Interfaces::of(wasi).functions() {
        if function.interface.starts_with("rusm:actor/") {
            let known = IMPORTS.iter().find(|import| import.name == function.name);
            assert!(known.is_some(), "{} is in no table", function.name);
            continue;
        }
        let label = format!("{}.{}", function.interface, function.name);
        let wasm = Interfaces::of(wasi).component(&function.import(), &function.call_with(0));
        let class = class(wasi, &function);
        if matches!(class, Class::Absent) {
            let loaded = court.scenario.runtime.load(&label, &wasm);
            assert!(loaded.is_err(), "{label} is linked after all");
            continue;
        }
        let outcome = court.run(&label, &wasm);
        if function.method_of.is_some() {
            let ExitReason::Trap(text) = &outcome.reason else {
                panic!("{label}: {}", outcome.reason)
            };
            assert!(text.contains("unknown handle index 0"), "{label}: {text}");
        }
        match class {
            Class::Harmless(why) => assert_eq!(outcome.denied, [], "{label}: {why}"),
            // Shown by the test that the table names.
            Class::Refused(_) => {}
            Class::Absent => unreachable!("it was not run"),
        }
    }
}

#[track_caller]
fn class(wasi: Wasi, function: &Imported) -> Class {
    let interface = function.interface_name();
    let (table, name) = match &function.method_of {
        Some(resource) => (RESOURCES, resource),
        None => (FUNCTIONS, &function.name),
    };
    let row = table.iter().find(|(versions, _, of, names)| {
        versions.contains(&wasi) && *of == interface && names.contains(&name.as_str())
    });
    let Some((_, class, _, _)) = row else {
        panic!("{interface}.{name} ({wasi:?}) is not classified: add it to denials/classes.rs")
    };
    *class
}
