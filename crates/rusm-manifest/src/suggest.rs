//! "Did you mean": the nearest of the known words, if one is near.

/// Words longer than this are no typing mistake of a name, and comparing them costs.
const WORD_BYTES_MAX: usize = 64;
/// How many known words are looked at.
const KNOWN_MAX: usize = 2_000;

/// The known word that a person most likely meant, or none.
pub(crate) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    if word.is_empty() || word.len() > WORD_BYTES_MAX {
        return None;
    }
    let allowed = (word.chars().count() / 3).max(1);
    let plain = |text: &str| text.to_lowercase().replace('_', "-");
    let wanted = plain(word);
    known
        .take(KNOWN_MAX)
        .filter(|candidate| {
            candidate.len() <= WORD_BYTES_MAX && candidate.len().abs_diff(word.len()) <= 2 * allowed
        })
        .map(|candidate| (strsim::osa_distance(&wanted, &plain(candidate)), candidate))
        .filter(|(distance, _)| *distance <= allowed)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    const KNOWN: [&str; 4] = ["max-memory-mb", "max-cpu-ms", "env", "restart"];

    fn near(word: &str) -> Option<&'static str> {
        nearest(word, KNOWN.into_iter())
    }

    /// A slip of the finger, another case or an underscore leads to the word that was meant.
    #[test]
    fn slips_are_forgiven() {
        assert_eq!(near("max-memroy-mb"), Some("max-memory-mb"));
        assert_eq!(near("max_cpu_ms"), Some("max-cpu-ms"));
        assert_eq!(near("ENV"), Some("env"));
        assert_eq!(near("restrat"), Some("restart"));
    }

    /// Another word, no word and a hostile word suggest nothing.
    #[test]
    fn other_words_suggest_nothing() {
        assert_eq!(near("volume"), None);
        assert_eq!(near(""), None);
        assert_eq!(near(&"max-cpu-ms".repeat(1000)), None);
    }
}
