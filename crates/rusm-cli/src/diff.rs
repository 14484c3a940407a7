//! The difference of two texts, as `diff -u` shows it.

use std::fmt::Write as _;

/// Lines that are shown around a change.
const CONTEXT: usize = 3;

/// A stretch of lines that differ: from where to where in the old text, and in the new.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Change {
    old: (usize, usize),
    new: (usize, usize),
}

/// The changes with the lines around them; nothing for equal texts.
pub(crate) fn unified(name: &str, old: &str, new: &str) -> String {
    let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
    let changes = changes(&old, &new);
    let mut text = String::new();
    if changes.is_empty() {
        return text;
    }
    let mut put = |line: String| {
        writeln!(text, "{}", crate::visible::visible(&line))
            .expect("writing to a string does not fail");
    };
    put(format!("--- {name}"));
    put(format!("+++ {name}"));
    let mut rest = changes.as_slice();
    while let Some((first, behind)) = rest.split_first() {
        let n_near = behind
            .iter()
            .zip(rest)
            .take_while(|(next, previous)| next.old.0 <= previous.old.1 + 2 * CONTEXT)
            .count();
        let (hunk, later) = rest.split_at(n_near + 1);
        rest = later;
        let last = hunk.last().unwrap_or(first);
        let n_before = CONTEXT.min(first.old.0);
        let n_after = CONTEXT.min(old.len() - last.old.1);
        let range = |from: usize, until: usize| {
            let length = until + n_after - (from - n_before);
            let start = from - n_before + usize::from(length > 0);
            format!("{start},{length}")
        };
        put(format!(
            "@@ -{} +{} @@",
            range(first.old.0, last.old.1),
            range(first.new.0, last.new.1)
        ));
        let mut at = first.old.0 - n_before;
        let lines = |from: usize, until: usize, of: &[&str], mark: char| -> Vec<String> {
            let lines = of.get(from..until).unwrap_or_default().iter();
            lines.map(|line| format!("{mark}{line}")).collect()
        };
        for change in hunk {
            lines(at, change.old.0, &old, ' ')
                .into_iter()
                .for_each(&mut put);
            lines(change.old.0, change.old.1, &old, '-')
                .into_iter()
                .for_each(&mut put);
            lines(change.new.0, change.new.1, &new, '+')
                .into_iter()
                .for_each(&mut put);
            at = change.old.1;
        }
        lines(at, last.old.1 + n_after, &old, ' ')
            .into_iter()
            .for_each(&mut put);
    }
    text
}

/// Walks both texts side by side; where they part, goes on at the nearest lines that are equal.
fn changes(old: &[&str], new: &[&str]) -> Vec<Change> {
    let (mut at_old, mut at_new) = (0, 0);
    let mut changes = Vec::new();
    while at_old < old.len() || at_new < new.len() {
        let is_equal = |i: usize, j: usize| match (old.get(i), new.get(j)) {
            (Some(old), Some(new)) => old == new,
            (None, None) => true,
            (Some(_), None) | (None, Some(_)) => false,
        };
        if is_equal(at_old, at_new) {
            (at_old, at_new) = (at_old + 1, at_new + 1);
            continue;
        }
        let left = old.len() - at_old + new.len() - at_new;
        let meeting = (1..=left).find_map(|distance| {
            let mut splits = (0..=distance).rev().map(|skip| (skip, distance - skip));
            splits.find(|(i, j)| {
                at_old + i <= old.len()
                    && at_new + j <= new.len()
                    && is_equal(at_old + i, at_new + j)
            })
        });
        let (skip_old, skip_new) = meeting.unwrap_or((old.len() - at_old, new.len() - at_new));
        changes.push(Change {
            old: (at_old, at_old + skip_old),
            new: (at_new, at_new + skip_new),
        });
        (at_old, at_new) = (at_old + skip_old, at_new + skip_new);
    }
    changes
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Changes near each other share a hunk, and others have their own; the headers count right.
    #[test]
    fn changes_are_shown_with_their_surroundings() {
        let old: Vec<String> = (1..=20).map(|n| n.to_string()).collect();
        let mut new = old.clone();
        new.remove(15);
        new[3] = "four".to_owned();
        new.remove(1);
        let shown = unified("f", &old.join("\n"), &new.join("\n"));
        assert_eq!(
            shown,
            "--- f\n+++ f\n@@ -1,7 +1,6 @@\n 1\n-2\n 3\n-4\n+four\n 5\n 6\n 7\n@@ -13,7 +12,6 @@\n 13\n 14\n 15\n-16\n 17\n 18\n 19\n"
        );
    }

    /// Equal texts have no difference; a text that is gone is all difference.
    #[test]
    fn the_edges() {
        assert_eq!(unified("f", "a\nb\n", "a\nb\n"), "");
        assert_eq!(
            unified("f", "a\n", ""),
            "--- f\n+++ f\n@@ -1,1 +0,0 @@\n-a\n"
        );
        assert_eq!(
            unified("f", "", "a\n"),
            "--- f\n+++ f\n@@ -0,0 +1,1 @@\n+a\n"
        );
    }
}
