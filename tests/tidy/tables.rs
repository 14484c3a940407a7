//! Reading the tables of the documents: which statements a row is about, and which tests it names.

/// A row of a table, without its head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Row<'a> {
    /// What stands first.
    pub(crate) first: &'a str,
    /// The tests that the last column names, without their modules.
    pub(crate) tests: Vec<&'a str>,
    /// Whether the last column of the table is there for tests: its head says so.
    pub(crate) is_of_tests: bool,
}

/// Every row of every table of a document.
pub(crate) fn rows(document: &str) -> Vec<Row<'_>> {
    let mut rows = Vec::new();
    let mut is_of_tests = None;
    for line in document.lines() {
        let Some(cells) = cells(line) else {
            is_of_tests = None; // The next table has its own head.
            continue;
        };
        let (Some(&first), Some(&last)) = (cells.first(), cells.last()) else {
            continue;
        };
        match is_of_tests {
            None => is_of_tests = Some(last.to_lowercase().starts_with("test")),
            Some(_) if is_rule(first) => {}
            Some(is_of_tests) => rows.push(Row {
                first,
                tests: names(last),
                is_of_tests,
            }),
        }
    }
    rows
}

fn cells(line: &str) -> Option<Vec<&str>> {
    let inner = line.trim_end().strip_prefix('|')?;
    let inner = inner.strip_suffix('|').unwrap_or(inner);
    Some(inner.split('|').map(str::trim).collect())
}

/// The line between head and rows.
fn is_rule(first: &str) -> bool {
    first.len() > 2 && first.chars().all(|c| matches!(c, '-' | ':'))
}

/// What stands in backquotes and can be the name of a test; it may stand behind its module.
fn names(cell: &str) -> Vec<&str> {
    let quoted = cell.split('`').skip(1).step_by(2);
    let is_letter = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
    let names = quoted.map(|name| name.rsplit("::").next().unwrap_or(name));
    names
        .filter(|name| !name.is_empty() && name.chars().all(is_letter))
        .collect()
}

/// The numbers in a first column such as `008, 009` or `033–035`; none when it holds anything else.
pub(crate) fn numbers(first: &str) -> Option<Vec<u16>> {
    let mut numbers = Vec::new();
    for part in first.split(',') {
        let part = part.trim();
        let (from, to) = part.split_once(['-', '–']).unwrap_or((part, part));
        let (from, to) = (number(from)?, number(to)?);
        if from > to {
            return None;
        }
        numbers.extend(from..=to);
    }
    Some(numbers)
}

/// Three digits, as the list writes them, so that no other number is taken for one.
fn number(text: &str) -> Option<u16> {
    let is_one = text.len() == 3 && text.chars().all(|c| c.is_ascii_digit());
    if is_one { text.parse().ok() } else { None }
}

#[test]
fn a_table_is_read_row_by_row() {
    let document = "| no. | what | test |\n|---|---|---|\n\
                    | 001 | a `thing` | `spawn::a_b`, unit `c`, `src/x.rs` |\n\
                    | – | b | `d_1` |\n\n\
                    text, 002 in prose\n\n\
                    | # | reason |\n|:-:|---|\n| 003 | `not_a_test` of this table |\n";
    let row = |first, tests: &[&'static str], is_of_tests| Row {
        first,
        tests: tests.to_vec(),
        is_of_tests,
    };
    assert_eq!(
        rows(document),
        [
            row("001", &["a_b", "c"], true),
            row("–", &["d_1"], true),
            row("003", &["not_a_test"], false),
        ]
    );
}

#[test]
fn numbers_stand_alone_in_lists_and_in_ranges() {
    assert_eq!(numbers("007"), Some(vec![7]));
    assert_eq!(numbers("008, 009"), Some(vec![8, 9]));
    assert_eq!(numbers("033–035"), Some(vec![33, 34, 35]));
    assert_eq!(numbers("081-083, 088"), Some(vec![81, 82, 83, 88]));
    for other in [
        "–",
        "",
        "---",
        "no.",
        "7",
        "1234",
        "035-033",
        "012 and more",
    ] {
        assert_eq!(numbers(other), None, "{other}");
    }
}
