//! `rusm.toml`: any bytes (`rusm-manifest`).
//!
//! Whatever the text, it is a manifest or there are errors; what is said about it steers no terminal and is
//! bounded; the same text means the same; what its profiles grant prints as text that reads back equal.

use rusm_caps::{Profile, is_steering};
use rusm_manifest::{Style, parse};
use std::fmt::{Debug, Display};
use std::str::FromStr;

/// The most that is ever said about one manifest.
const SAID_BYTES_MAX: usize = 300_000;

/// The target.
pub fn manifest(data: &[u8]) {
    let text = String::from_utf8_lossy(data);
    let said = match parse("rusm.toml", &text) {
        Ok(manifest) => {
            let again = parse("rusm.toml", &text).expect("the same text is a manifest again");
            assert_eq!(format!("{manifest:?}"), format!("{again:?}"));
            for component in manifest.components.values() {
                check_profile(&component.profile);
                component
                    .profiles
                    .values()
                    .for_each(|profile| check_profile(profile));
            }
            let warnings = manifest.warnings.iter();
            warnings
                .map(|warning| warning.render(Style::Plain))
                .collect()
        }
        Err(diagnostics) => {
            assert!(diagnostics.n_errors() > 0, "a failure without an error");
            let coloured = diagnostics.render(Style::Colour);
            assert!(coloured.len() < 2 * SAID_BYTES_MAX);
            diagnostics.render(Style::Plain)
        }
    };
    let steers = |character: char| character != '\n' && is_steering(character);
    assert!(!said.chars().any(steers), "{said:?}");
    assert!(said.len() < SAID_BYTES_MAX, "{} bytes are said", said.len());
}

fn check_profile(profile: &Profile) {
    profile.network().rules().iter().for_each(reads_back);
    profile.env().iter().for_each(reads_back);
    profile.dirs().iter().for_each(reads_back);
    profile.host_functions().names().iter().for_each(reads_back);
    // Nothing widens it, and it is not wider than itself.
    assert_eq!(profile.covers(profile), Ok(()));
}

/// What prints reads back equal.
pub(crate) fn reads_back<T: Display + FromStr + PartialEq + Debug>(value: &T) {
    let text = value.to_string();
    match text.parse::<T>() {
        Ok(again) => assert_eq!(&again, value, "{text:?}"),
        Err(_) => panic!("{value:?} prints as {text:?}, which does not read back"),
    }
}
