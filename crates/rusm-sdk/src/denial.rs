//! A refusal by the process's own profile: [`Denial`].

use std::fmt;

/// The profile of this process does not grant what it asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Denial {
    /// The grant asked for, by its manifest name without `allow-`, such as `spawn`.
    pub permission: String,
    /// What it was asked for: a component, a process, a bucket.
    pub target: String,
    /// The manifest line that would allow it; or, where no line can, why.
    pub help: String,
}

/// Where the node says that a line of the manifest goes.
const ADVICE: [&str; 2] = [" under [capabilities.", " in a profile of the manifest"];

impl fmt::Display for Denial {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            permission,
            target,
            help,
        } = self;
        write!(f, "'{permission}' does not cover '{target}'")?;
        if help.is_empty() {
            Ok(())
        } else if ADVICE.iter().any(|place| help.contains(place)) {
            write!(f, "; to allow it: {help}")
        } else {
            write!(f, "; {help}")
        }
    }
}

impl std::error::Error for Denial {}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is no manifest line is no advice.
    #[test]
    fn only_a_line_is_advice() {
        let said = |help: &str| {
            let (permission, target, help) = ("spawn".into(), "w".into(), help.into());
            Denial {
                permission,
                target,
                help,
            }
            .to_string()
        };
        assert_eq!(said(""), "'spawn' does not cover 'w'");
        assert_eq!(
            said("allow-spawn = [\"w\"] under [capabilities.p]"),
            "'spawn' does not cover 'w'; to allow it: allow-spawn = [\"w\"] under [capabilities.p]"
        );
        let reason = "The embedding program refuses it: limit = 3. No manifest line would allow it";
        assert_eq!(
            said(reason),
            format!("'spawn' does not cover 'w'; {reason}")
        );
        assert_eq!(
            said("It was given up"),
            "'spawn' does not cover 'w'; It was given up"
        );
    }
}
