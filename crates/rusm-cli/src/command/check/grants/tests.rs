//! Grants against imports, over manifests and needs that are made up.

use super::*;
use rusm_core::needs_of;
use rusm_manifest::parse;

const APP: &str = "[app]\nname = \"t\"\n";

/// What is found, as `message [fix]`, for components that import these functions of core modules.
fn found(text: &str, code: &[(&str, &[&str])]) -> Vec<String> {
    let manifest = parse("rusm.toml", &format!("{APP}{text}")).unwrap();
    let known: Known = code
        .iter()
        .map(|(name, imports)| {
            let needs = imports.iter().flat_map(|import| needs_of(import, &[]));
            ((*name).to_owned(), needs.collect())
        })
        .collect();
    let findings = compare(&manifest, &known);
    findings.iter().map(Finding::told_in_tests).collect()
}

fn components(names: &[(&str, &str)]) -> String {
    let tables = names
        .iter()
        .map(|(name, rest)| format!("[components.{name}]\nwasm = \"x\"\n{rest}\n"));
    tables.collect()
}

/// What fits is silent, and so is what every program imports.
#[test]
fn what_fits_is_silent() {
    let app =
        components(&[("x", "capability = \"w\"")]) + "[capabilities.w]\nallow-spawn = [\"x\"]\n";
    let imports = [
        "rusm/spawn",
        "rusm/send",
        "wasi_snapshot_preview1/environ_get",
    ];
    assert_eq!(found(&app, &[("x", &imports)]), Vec::<String>::new());
}

/// What is missing names the lines that would grant it, and is never fixed.
#[test]
fn what_is_missing_names_the_lines() {
    let app = components(&[("x", "capability = \"w\"")])
        + "[capabilities.w]\nallow-storage = { read = [\"a\"] }\n";
    assert_eq!(
        found(&app, &[("x", &["rusm/load", "rusm/kv-increment"])]),
        [
            "component 'x' can ask for storage, load, which profile 'w' does not grant (if it is to use it, \
          under [capabilities.w] (line 6): allow-storage = { write = [\"*\"] }; allow-load = true)"
        ]
    );
}

/// A key that serves several components is unused only if none of them can use it.
#[test]
fn a_key_serves_whoever_inherits_it() {
    let app = components(&[("x", "capability = \"w\""), ("y", "capability = \"v\"")])
        + "[capabilities.w]\nallow-load = true\n[capabilities.v]\ninherits = \"w\"\n";
    let unused = [
        "profile 'w' grants load, and no code that has it imports anything to use it: x, y \
                   (remove allow-load; `rusm check --fix` does it) [capabilities.w.allow-load -]",
    ];
    assert_eq!(found(&app, &[("x", &[]), ("y", &[])]), unused);
    assert_eq!(
        found(&app, &[("x", &[]), ("y", &["rusm/load"])]),
        Vec::<String>::new()
    );
    // Code that is not known may use anything, and so may code that is loaded.
    assert_eq!(found(&app, &[("x", &[])]), Vec::<String>::new());
    // A profile that serves nobody may be there for a single file.
    let other = app + "[capabilities.u]\ninherits = \"w\"\n";
    assert_eq!(
        found(&other, &[("x", &[]), ("y", &[])]),
        Vec::<String>::new()
    );
}

/// An offered profile counts as well as a component's own.
#[test]
fn offered_profiles_count() {
    let app = components(&[("x", "profiles = [\"w\"]")]) + "[capabilities.w]\nenv = [\"A\"]\n";
    assert_eq!(
        found(&app, &[("x", &["rusm/self"])]),
        [
            "profile 'w' grants env, and no code that has it imports anything to use it: x \
          (remove env; `rusm check --fix` does it) [capabilities.w.env -]"
        ]
    );
    let uses = ["wasi_snapshot_preview1/environ_get"];
    assert_eq!(found(&app, &[("x", &uses)]), Vec::<String>::new());
}

/// Where something is inherited, the key stays and grants nothing: without it there would be more.
#[test]
fn a_fix_never_uncovers_what_is_inherited() {
    let app = components(&[("x", "capability = \"w\"")])
        + "[capabilities.w]\ninherits = \"network-client\"\nallow-network = [\"10.0.0.0/8\"]\nallow-send = [\"a\"]\n";
    assert_eq!(
        found(&app, &[("x", &[])]),
        [
            "profile 'w' grants network, and no code that has it imports anything to use it: x \
             (write allow-network = false; `rusm check --fix` does it) [capabilities.w.allow-network false]",
            "profile 'w' grants send, and no code that has it imports anything to use it: x \
             (write allow-send = false; `rusm check --fix` does it) [capabilities.w.allow-send false]",
        ]
    );
}

/// Reading and writing are narrowed apart, and spawning to the components that there are.
#[test]
fn what_is_wider_is_narrowed() {
    let app = |grant: &str| {
        components(&[("x", "capability = \"w\""), ("y", "")])
            + &format!("[capabilities.w]\n{grant}\n")
    };
    let edit = |grant: &str, import: &str| -> Vec<String> {
        let found = found(&app(grant), &[("x", &[import]), ("y", &[])]);
        let edits = found
            .iter()
            .map(|text| text.rsplit_once(" [capabilities.w.").unwrap().1.to_owned());
        edits.collect()
    };
    assert_eq!(
        edit(
            "allow-storage = { read = [\"a\"], write = [\"b\"] }",
            "rusm/kv-get"
        ),
        ["allow-storage.write -]"]
    );
    assert_eq!(
        edit("allow-storage = true", "rusm/kv-put"),
        ["allow-storage { write = [\"*\"] }]"]
    );
    assert_eq!(
        edit("allow-spawn = true", "rusm/spawn"),
        ["allow-spawn [\"x\", \"y\"]]"]
    );
    assert_eq!(
        edit("allow-storage = true", "rusm/kv-increment"),
        Vec::<String>::new()
    );
}

/// What a built-in profile brings along is told, once, at the place where it is inherited.
#[test]
fn inherited_grants_are_told() {
    let app = components(&[("x", "capability = \"w\"")])
        + "[capabilities.w]\ninherits = \"trusted\"\nallow-stdio = false\n";
    assert_eq!(
        found(&app, &[("x", &["rusm/spawn"])]),
        [
            "profile 'w' inherits network, storage, process-control from 'trusted', and no code that has it \
          imports anything to use it (inherit less, and write what it uses)"
        ]
    );
    let plain = components(&[("x", "capability = \"trusted\"")]);
    assert_eq!(found(&plain, &[("x", &[])]), Vec::<String>::new());
}

/// Over every combination of these parts: what is fixed is a manifest, grants no more than before,
/// serves all code as before, and has nothing left to fix.
#[test]
fn every_fix_narrows_and_settles() {
    const GRANTS: [&str; 6] = [
        "allow-network = [\"10.0.0.0/8\"] # net\n",
        "allow-spawn = true\n",
        "allow-storage = { read = [\"a\"], write = [\"b\"] }\n",
        "allow-storage = true\n",
        "env = [\n  \"A\", # a\n]\n",
        "allow-load = true\n",
    ];
    const CODE: [&[&str]; 4] = [
        &[],
        &["rusm/kv-get", "rusm/spawn"],
        &["rusm/kv-put", "rusm/send"],
        &["wasi_snapshot_preview1/environ_get", "rusm/load"],
    ];
    let mut n_fixed = 0;
    for inherits in [
        "",
        "inherits = \"network-client\"\n",
        "inherits = \"trusted\"\n",
    ] {
        for child in ["", "inherits = \"w\"\n"] {
            for (chosen, codes) in
                (0..64_usize).flat_map(|chosen| (0..16_usize).map(move |codes| (chosen, codes)))
            {
                let is_in = |at: &usize| chosen >> at & 1 == 1;
                // One key once: the two ways to write `allow-storage` go to different profiles.
                let of = |at: [usize; 3]| -> String {
                    at.iter()
                        .filter(|at| is_in(at))
                        .map(|at| GRANTS[*at])
                        .collect()
                };
                let text = format!(
                    "{APP}{}[capabilities.w]\n{inherits}{}[capabilities.v]\n{child}{}",
                    components(&[("x", "capability = \"w\""), ("y", "capability = \"v\"")]),
                    of([0, 1, 2]),
                    of([3, 4, 5]),
                );
                let known = |name: &str, code: usize| {
                    (
                        name.to_owned(),
                        CODE[code]
                            .iter()
                            .flat_map(|import| needs_of(import, &[]))
                            .collect(),
                    )
                };
                let known: Known = [known("x", codes / 4), known("y", codes % 4)].into();
                n_fixed += check_fix(&text, &known);
            }
        }
    }
    assert!(n_fixed > 1_000, "{n_fixed}");
}

/// How many findings were fixed.
fn check_fix(text: &str, known: &Known) -> usize {
    let before = parse("rusm.toml", text).unwrap();
    let edits = |manifest: &Manifest| -> Vec<rusm_manifest::Edit> {
        let findings = compare(manifest, known);
        findings.iter().filter_map(Finding::fix_in_tests).collect()
    };
    let edits_before = edits(&before);
    let fixed = rusm_manifest::fix(text, &edits_before).unwrap();
    let after = parse("rusm.toml", &fixed).unwrap();
    assert_eq!(edits(&after), [], "{text}\n=>\n{fixed}");
    for (name, profile) in &before.profiles {
        let narrower = &after.profiles[name];
        assert_eq!(profile.covers(narrower), Ok(()), "{text}\n=>\n{fixed}");
        let component = if name == "w" { "x" } else { "y" };
        for need in &known[component] {
            assert_eq!(
                profile.holds(need.permission),
                narrower.holds(need.permission),
                "{text}\n=>\n{fixed}"
            );
        }
    }
    for comment in text.lines().filter_map(|line| line.split_once('#')) {
        assert!(fixed.contains(comment.1), "{fixed}");
    }
    edits_before.len()
}
