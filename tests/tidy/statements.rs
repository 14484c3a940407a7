//! Every numbered OTP statement is accounted for: shown by a test of its name, or listed as different or not
//! offered, in the table of some crate's `SEMANTICS.md`. A number in prose does not count.

use super::tables::{Row, numbers, rows};
use super::{project_files, report};
use std::collections::BTreeMap;

/// Number, name and tier of each statement.
const STATEMENTS: &str = include_str!("statements.txt");

/// Where a row is expected: up to which number, in the `SEMANTICS.md` of which crate.
const HOMES: &[(u16, &str)] = &[
    (92, "rusm-actor"),
    (98, "rusm-actor or rusm-sdk"),
    (109, "rusm-sdk"),
    (138, "rusm-supervisor"),
    (144, "rusm-core or rusm-cli"),
    (146, "rusm-supervisor or rusm-core"),
    (150, "rusm-sdk"),
];

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Statement<'a> {
    number: u16,
    name: &'a str,
    tier: u8,
}

fn statements(text: &str) -> Vec<Statement<'_>> {
    let parse = |line| {
        let mut words = str::split_whitespace(line);
        let (number, name, tier) = (words.next()?, words.next()?, words.next()?);
        Some(Statement {
            number: number.parse().ok()?,
            name,
            tier: tier.parse().ok()?,
        })
    };
    text.lines()
        .map(|line| parse(line).expect("number, name, tier"))
        .collect()
}

/// What is wrong with how these rows account for the statements.
fn findings(statements: &[Statement<'_>], rows: &[Row<'_>]) -> Vec<String> {
    let mut by_number: BTreeMap<u16, Vec<&Row<'_>>> = BTreeMap::new();
    for row in rows {
        for number in numbers(row.first).unwrap_or_default() {
            by_number.entry(number).or_default().push(row);
        }
    }
    let mut findings = Vec::new();
    for statement in statements {
        let rows = by_number.remove(&statement.number).unwrap_or_default();
        findings.extend(finding(statement, &rows));
    }
    let strangers = by_number.keys();
    findings.extend(strangers.map(|number| format!("{number:03}: there is no such statement")));
    findings
}

fn finding(statement: &Statement<'_>, rows: &[&Row<'_>]) -> Option<String> {
    let Statement { number, name, tier } = statement;
    let home = home(*number);
    let tell = |what| Some(format!("{number:03} {name} (tier {tier}, {home}): {what}"));
    if rows.is_empty() {
        return tell("no row");
    }
    let mut tests = rows
        .iter()
        .filter(|row| row.is_of_tests)
        .flat_map(|row| &row.tests)
        .peekable();
    if tests.peek().is_none() {
        // A row without tests may point at another document; then that one has the row with them.
        let is_offered = rows.iter().all(|row| row.is_of_tests);
        return if is_offered {
            tell("no row names a test")
        } else {
            None
        };
    }
    if tests.any(|test| test.starts_with(name)) {
        return None;
    }
    tell("no test that begins with its name")
}

fn home(number: u16) -> &'static str {
    HOMES
        .iter()
        .find(|(last, _)| number <= *last)
        .map_or("nowhere", |(_, home)| home)
}

#[test]
fn every_statement_is_accounted_for() {
    let files = project_files();
    let documents = files
        .iter()
        .filter(|file| file.path.starts_with("crates/") && file.path.ends_with("/SEMANTICS.md"));
    let rows: Vec<Row<'_>> = documents.flat_map(|file| rows(&file.text)).collect();
    let findings = findings(&statements(STATEMENTS), &rows);
    report("OTP statements that no table accounts for", &findings);
}

#[test]
fn the_list_of_statements_is_whole() {
    let statements = statements(STATEMENTS);
    assert!(
        statements
            .iter()
            .map(|statement| statement.number)
            .eq(1..=150)
    );
    let tier = |tier| statements.iter().filter(|of| of.tier == tier).count();
    assert_eq!((tier(1), tier(2), tier(3)), (107, 34, 9));
    let mut names: Vec<&str> = statements.iter().map(|statement| statement.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), 150);
}

#[test]
fn a_statement_needs_a_row_and_a_test_of_its_name() {
    let statements =
        statements("001 spawn_returns 1\n002 id_not_reused 1\n110 sup_order 1\n139 app_deps 1");
    let text = "| # | what | tests |\n|---|---|---|\n\
                | 001 | a | `spawn_returns_at_once` |\n\
                | 110 | b | `another_thing` |\n\
                | 151 | c | `d` |\n\n\
                | # | not offered, because |\n|---|---|\n| 139 | no |\n\n002 in prose\n";
    assert_eq!(
        findings(&statements, &rows(text)),
        [
            "002 id_not_reused (tier 1, rusm-actor): no row",
            "110 sup_order (tier 1, rusm-supervisor): no test that begins with its name",
            "151: there is no such statement",
        ]
    );
    let text = "| 001 | what | test |\n|---|---|---|\n| 001 | a | by construction |\n";
    assert_eq!(
        findings(&statements[..1], &rows(text)),
        ["001 spawn_returns (tier 1, rusm-actor): no row names a test"]
    );
    let text = "| 001 | what | test |\n|---|---|---|\n| 001 | a | see there |\n| 001 | a | `spawn_returns` |\n";
    assert!(findings(&statements[..1], &rows(text)).is_empty());
}
