//! No text makes the parser panic, and none makes it slow or verbose.

use std::fmt::Write as _;

use proptest::prelude::*;
use proptest::sample::{Index, select};
use rusm_manifest::{Diagnostics, Style, TEXT_BYTES_MAX, parse};

const FULL: &str = include_str!("ui/full_example.toml");
const MISTAKES: &str = include_str!("ui/types.toml");

/// Bits of manifests, to be put together in ways nobody would.
const FRAGMENTS: [&str; 36] = [
    "[app]\n",
    "name = \"a\"\n",
    "[node]\n",
    "[components.a]\n",
    "[components.a.b]\n",
    "[[components]]\n",
    "wasm = \"a\"\n",
    "capability = \"c\"\n",
    "restart = \"permanent\"\n",
    "[capabilities.c]\n",
    "inherits = \"c\"\n",
    "inherits = \"d\"\n",
    "[capabilities.d]\n",
    "allow-network = [\"public\", \"::/0\"]\n",
    "allow-network = [\"*.a.b:1-2\", \"https://x/\", \"pubilc\", \"127.1\", \"*\"]\n",
    "allow-listen = [\"localhost:1\", \"[::]\", \"0.0.0.0:80\"]\n",
    "host-functions = [\"a:b/c#d\", \"a\"]\n",
    "max-handles = 3\n",
    "max-mailbox = { mb = 2 }\n",
    "harden = \"off\"\n",
    "preopen = [{ host = \"a\", guest = \"/a\" }]\n",
    "max-memory-mb = 1\n",
    "[supervisors.s]\n",
    "[supervisors.t]\n",
    "children = [{ supervisor = \"t\" }]\n",
    "children = [{ supervisor = \"s\" }, { component = \"a\" }]\n",
    "auto-shutdown = \"any-significant\"\n",
    "children = [{ component = \"a\", significant = true, count = 2, shutdown-ms = \"infinity\" }]\n",
    "components = 1\n",
    "a.b.c = {}\n",
    "\"\" = 1\n",
    "\u{feff}",
    "\r\n",
    "ü = \"ß\"\n",
    "x = [[[[]]]]\n",
    "= ]\n",
];

/// Parses and renders; whatever is rendered is fit for a terminal.
fn check(text: &str) -> Result<(), Diagnostics> {
    let result = parse("rusm.toml", text);
    let rendered = match &result {
        Ok(manifest) => manifest
            .warnings
            .iter()
            .map(|warning| warning.render(Style::Plain))
            .collect(),
        Err(diagnostics) => {
            assert!(diagnostics.n_errors() > 0, "a failure without an error");
            diagnostics.render(Style::Plain)
        }
    };
    assert!(
        !rendered
            .chars()
            .any(|c| c != '\n' && rusm_caps::is_steering(c)),
        "{rendered:?}"
    );
    assert!(
        rendered.len() < 300_000,
        "{} bytes of diagnostics",
        rendered.len()
    );
    result.map(drop)
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 512, ..ProptestConfig::default() })]

    /// Any text at all.
    #[test]
    fn any_text(text in any::<String>()) {
        let _ = check(&text);
    }

    /// Fragments of manifests in any order.
    #[test]
    fn any_order(fragments in prop::collection::vec(select(&FRAGMENTS), 0..20)) {
        let _ = check(&fragments.concat());
    }

    /// Manifests with characters replaced, removed and put in.
    #[test]
    fn any_mutation(text in select(&[FULL, MISTAKES]), changes in prop::collection::vec((any::<Index>(), 0..3u8, any::<char>()), 1..8)) {
        let mut characters: Vec<char> = text.chars().collect();
        for (index, how, character) in changes {
            let at = index.index(characters.len());
            match how {
                0 => characters[at] = character,
                1 => characters.insert(at, character),
                _ => drop(characters.remove(at)),
            }
        }
        let _ = check(&characters.into_iter().collect::<String>());
    }

    /// Manifests cut off anywhere.
    #[test]
    fn any_beginning(text in select(&[FULL, MISTAKES]), index in any::<Index>()) {
        let n_characters = text.chars().count();
        let beginning: String = text.chars().take(index.index(n_characters)).collect();
        let _ = check(&beginning);
    }
}

/// One byte more than is read is refused before it is read.
#[test]
fn a_manifest_over_a_mebibyte_is_refused() {
    let mut text = String::from("[app]\nname = \"a\"\n#");
    text.push_str(&"x".repeat(TEXT_BYTES_MAX - text.len()));
    assert!(check(&text).is_ok());
    text.push('x');
    let errors = check(&text).unwrap_err();
    assert_eq!(
        errors.iter().next().unwrap().message(),
        "the manifest is 1048577 bytes long, more than 1048576"
    );
}

/// Deep nesting, in every way that TOML has, is an error or fine, and no stack overflow.
#[test]
fn deep_nesting_is_survived() {
    for n in [10, 1_000, 100_000] {
        let _ = check(&format!("x = {}{}", "[".repeat(n), "]".repeat(n)));
        let _ = check(&format!("x = {}", "[".repeat(n)));
        let _ = check(&format!("x = {}", "{a=".repeat(n)));
        let _ = check(&format!("{} = 1", vec!["a"; n].join(".")));
        let _ = check(&format!("[{}]", vec!["a"; n].join(".")));
    }
}

/// Many of everything: only so many diagnostics are kept, and the others are counted.
#[test]
fn a_flood_of_mistakes_is_cut() {
    let mut text = String::from("[app]\nname = \"a\"\n");
    for number in 0..30_000 {
        writeln!(text, "k{number} = {number}").unwrap();
    }
    let errors = check(&text).unwrap_err();
    assert_eq!((errors.iter().count(), errors.n_errors()), (100, 30_000));
    assert!(
        errors
            .render(Style::Plain)
            .ends_with("rusm.toml: 30000 errors, 29900 of them not shown\n")
    );
    let _ = check(&"[a]\n".repeat(200_000));
    let _ = check(&"= ".repeat(500_000));
    let _ = check(&"\"".repeat(1_000_000));
}

/// Long chains and large circles of references cost neither stack nor patience.
#[test]
fn long_chains_are_survived() {
    for last in ["sandboxed", "c0", "c500"] {
        let mut text = String::from("[app]\nname = \"a\"\n");
        for number in 0..999 {
            writeln!(
                text,
                "[capabilities.c{number}]\ninherits = \"c{}\"",
                number + 1
            )
            .unwrap();
        }
        writeln!(text, "[capabilities.c999]\ninherits = \"{last}\"").unwrap();
        assert_eq!(check(&text).is_ok(), last == "sandboxed");
    }
    let mut text = String::from("[app]\nname = \"a\"\n");
    for number in 0..1_000 {
        writeln!(
            text,
            "[supervisors.s{number}]\nchildren = [{{ supervisor = \"s{}\" }}]",
            (number + 1) % 1_000
        )
        .unwrap();
    }
    assert_eq!(check(&text).unwrap_err().n_errors(), 1);
}

/// More of a kind than there may be is one error, not thousands.
#[test]
fn too_many_of_a_kind_is_one_error() {
    let tables = |kind: &str, n: usize| {
        (0..n).fold(String::from("[app]\nname = \"a\"\n"), |text, number| {
            text + &format!("[{kind}.x{number}]\n")
        })
    };
    assert_eq!(
        check(&tables("capabilities", 1_001))
            .unwrap_err()
            .n_errors(),
        1
    );
    assert!(check(&tables("capabilities", 1_000)).is_ok());
    assert_eq!(
        check(&tables("components", 10_001)).unwrap_err().n_errors(),
        1
    );
    let env = format!(
        "[app]\nname = \"a\"\n[capabilities.c]\nenv = [{}]\n",
        "\"A\",".repeat(1_001)
    );
    assert_eq!(check(&env).unwrap_err().n_errors(), 1);
}
