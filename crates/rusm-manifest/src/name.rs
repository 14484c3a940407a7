//! What a component, a profile, a supervisor or an app may be called.

/// The longest name.
pub(crate) const NAME_BYTES_MAX: usize = 64;

/// Whether the text is a name: 1 to 64 lower-case ASCII letters, digits, `-` and `_`.
pub fn is_valid_name(text: &str) -> bool {
    name_fault(text).is_none()
}

/// What keeps the text from being a name.
pub(crate) fn name_fault(text: &str) -> Option<String> {
    if text.is_empty() {
        return Some("it is empty".to_owned());
    }
    if text.len() > NAME_BYTES_MAX {
        return Some(format!("it is longer than {NAME_BYTES_MAX} bytes"));
    }
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
    let wrong = text.chars().find(|c| !allowed(*c))?;
    let shown = wrong.escape_default();
    Some(format!(
        "'{shown}' is not allowed; a name is made of lower-case letters, digits, '-' and '_'"
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The edges of what is a name.
    #[test]
    fn names_at_their_edges() {
        assert!(is_valid_name("a"));
        assert!(is_valid_name("parse-2_b"));
        assert!(is_valid_name(&"a".repeat(64)));
        for text in ["", "A", "a b", "a.b", "ä", "a/b"] {
            assert!(!is_valid_name(text), "{text:?}");
        }
        assert!(!is_valid_name(&"a".repeat(65)));
        assert_eq!(
            name_fault("a\n").unwrap(),
            "'\\n' is not allowed; a name is made of lower-case letters, digits, '-' and '_'"
        );
    }
}
