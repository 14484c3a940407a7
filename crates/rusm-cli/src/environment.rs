//! What environment grants are looked up in: the process environment, then `.env`.
//!
//! The process environment itself is never changed, and no value ever reaches a message.

use crate::report::{Failure, Kind};
use std::collections::BTreeMap;
use std::path::Path;

/// Names and values, for grants to choose from.
pub(crate) type Environment = BTreeMap<String, String>;

/// The process environment. What is not Unicode cannot be handed to a guest, and is left out.
pub(crate) fn of_process() -> Environment {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
        .collect()
}

/// The process environment, completed by the `.env` of a folder if it has one.
pub(crate) fn with_dot_env(
    mut environment: Environment,
    folder: &Path,
) -> Result<Environment, Failure> {
    let path = folder.join(".env");
    let unreadable = |why: &str| {
        Failure::new(
            Kind::Manifest,
            format!("cannot read '{}': {why}", path.display()),
        )
    };
    // Opening a pipe waits for whoever writes to it.
    if path.metadata().is_ok_and(|found| !found.is_file()) {
        return Err(unreadable("it is no plain file"));
    }
    let lines = match dotenvy::from_path_iter(&path) {
        Ok(lines) => lines,
        Err(error) if error.not_found() => return Ok(environment),
        Err(error) => return Err(unreadable(&reason(&error))),
    };
    for (position, line) in lines.enumerate() {
        let (name, value) = line.map_err(|error| {
            unreadable(&format!("assignment {}: {}", position + 1, reason(&error)))
                .help("write one NAME=VALUE a line")
        })?;
        environment.entry(name).or_insert(value);
    }
    Ok(environment)
}

/// The cause without the line it is about: that may hold a secret.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the list of the library is open"
)]
fn reason(error: &dotenvy::Error) -> String {
    match error {
        dotenvy::Error::LineParse(_, offset) => {
            format!("it cannot be understood from byte {offset} on")
        }
        dotenvy::Error::Io(error) => error.to_string(),
        _ => "a variable that it refers to is not set".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(dot_env: &str) -> Result<Environment, Failure> {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(".env"), dot_env).unwrap();
        with_dot_env(
            Environment::from([("A".to_owned(), "outer".to_owned())]),
            folder.path(),
        )
    }

    /// What is set outside wins; `.env` adds what is not.
    #[test]
    fn the_process_environment_comes_first() {
        let environment = read("A=inner\nB='two words' # why\n\nexport C=3\n").unwrap();
        let values: Vec<_> = environment
            .iter()
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        assert_eq!(values, ["A=outer", "B=two words", "C=3"]);
    }

    /// No `.env` is fine.
    #[test]
    fn a_missing_file_is_nothing() {
        let folder = tempfile::tempdir().unwrap();
        assert_eq!(
            with_dot_env(Environment::new(), folder.path()),
            Ok(Environment::new())
        );
    }

    /// A line that cannot be read is an error that does not repeat the line, which may be a secret.
    #[test]
    fn a_broken_line_is_an_error_without_its_text() {
        let failure = read("GOOD=1\nPASSWORD hunter2\n").unwrap_err();
        assert_eq!(failure.kind(), Kind::Manifest);
        assert!(failure.to_string().contains("assignment 2"), "{failure}");
        assert!(!failure.to_string().contains("hunter2"), "{failure}");
    }
}
