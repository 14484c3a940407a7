//! What a log is made from: [`Recipe`], and the file name that says it.

use std::fmt;

/// A seed and a number of lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Recipe {
    /// Another seed is another log.
    pub seed: u64,
    /// How many lines, blank and malformed ones included.
    pub lines: u64,
}

impl Recipe {
    /// Reads a recipe from a file name such as `access-seed1-lines200000.log`.
    pub fn from_file_name(name: &str) -> Option<Self> {
        let middle = name.strip_prefix("access-seed")?.strip_suffix(".log")?;
        let (seed, lines) = middle.split_once("-lines")?;
        let recipe = Self {
            seed: seed.parse().ok()?,
            lines: lines.parse().ok()?,
        };
        // One name per recipe: no leading zeros, no plus signs.
        (recipe.to_string() == name).then_some(recipe)
    }
}

/// The file name.
impl fmt::Display for Recipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "access-seed{}-lines{}.log", self.seed, self.lines)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A file name is read back as it was written, and nothing else passes for one.
    #[test]
    fn file_names() {
        let recipe = Recipe {
            seed: 1,
            lines: 200_000,
        };
        assert_eq!(recipe.to_string(), "access-seed1-lines200000.log");
        assert_eq!(Recipe::from_file_name(&recipe.to_string()), Some(recipe));
        for other in [
            "access.log",
            "access-seed01-lines5.log",
            "access-seed1-lines.log",
            "access-seed1-lines5.log.gz",
        ] {
            assert_eq!(Recipe::from_file_name(other), None, "{other}");
        }
    }
}
