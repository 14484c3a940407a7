//! What environment grants are looked up in: the process environment, then `.env`.
//!
//! The process environment itself is never changed, and no value ever reaches a message.

use crate::place::plain_cause;
use crate::report::{Failure, Kind};
use std::collections::BTreeMap;
use std::io::ErrorKind;
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
    let text = match std::fs::read_to_string(&path) {
        Ok(text) => text,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(environment),
        Err(error) => return Err(unreadable(&plain_cause(&error))),
    };
    for assignment in dotenvy::from_read_iter(text.as_bytes()) {
        let (name, value) = assignment.map_err(|error| {
            let place =
                line_of(&text, &error).map_or_else(String::new, |line| format!("line {line}: "));
            unreadable(&format!("{place}{}", reason(&error))).help("write one NAME=VALUE a line")
        })?;
        environment.entry(name).or_insert(value);
    }
    Ok(environment)
}

/// Which line of the file an error is about, if it says so.
fn line_of(text: &str, error: &dotenvy::Error) -> Option<usize> {
    let dotenvy::Error::LineParse(wrong, _) = error else {
        return None;
    };
    let first = wrong.lines().next()?.trim();
    let position = text.lines().position(|line| line.trim() == first)?;
    Some(position + 1)
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
        let failure = read("# a remark\nGOOD=1\n\nPASSWORD hunter2\n").unwrap_err();
        assert_eq!(failure.kind(), Kind::Manifest);
        assert!(failure.to_string().contains("line 4: "), "{failure}");
        assert!(!failure.to_string().contains("hunter2"), "{failure}");
    }
}
