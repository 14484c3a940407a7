//! The parser against the definition, and against the generator's own account.

use std::panic;

use loggen::{Recipe, Written, write_log};

use super::*;

const TIME: &str = "10/Oct/2025:13:55:36 +0000";

fn parsed(line: &[u8]) -> Option<Outcome<'_>> {
    panic::catch_unwind(|| request(line)).ok()
}

/// The example of the format's own documentation.
#[test]
fn a_plain_line() {
    let line =
        format!(r#"127.0.0.1 - frank [{TIME}] "GET /a.gif?x=?y HTTP/1.0" 200 2326 "-" "curl""#);
    assert_eq!(
        parsed(line.as_bytes()),
        Some(Outcome::Request {
            status: 200,
            size: 2326,
            path: "/a.gif"
        })
    );
}

/// Each clause of the definition, just kept and just broken.
#[test]
fn the_definition_clause_by_clause() {
    let good = format!(r#"h i u [{TIME}] "GET / HTTP/1.1" 200 - "" """#);
    let cases = [
        ("h i u", "h i ü", true),
        ("h i u", "h  u", false),
        ("h i u", " i u", false),
        ("h i u", "h i u v", false),
        ("13:55", "1355", false),
        ("+0000", "]0000", false),
        ("[", "(", false),
        ("GET /", "GET /\\\"", true),
        ("GET /", "GET /\\\\", true),
        ("GET /", "GET /\\", true),
        ("GET /", "GET /\"", false),
        ("GET /", "GET  /", false),
        ("GET / ", "GET ? ", true),
        ("GET / ", "GET  ", false),
        ("GET", "get", false),
        ("GET", "", false),
        ("HTTP/1.1", "HTTP/", true),
        ("HTTP/1.1", "HTTPS", false),
        ("200", "000", true),
        ("200", "20", false),
        ("200", "٢٠٠", false),
        ("200 -", "200 0", true),
        ("200 -", "200 18446744073709551615", true),
        ("200 -", "200 18446744073709551616", false),
        ("200 -", "200 +1", false),
        ("200 -", "200 ", false),
        ("200 -", "200  -", false),
        (r#""" """#, r#""\"" "\\""#, true),
        (r#""" """#, r#""" "" "#, false),
        (r#""" """#, r#"""  """#, false),
        (r#""" """#, r#""" "\""#, false),
    ];
    assert!(parsed(good.as_bytes()).is_some());
    for (from, to, well_formed) in cases {
        let line = good.replace(from, to);
        assert_ne!(line, good);
        assert_eq!(parsed(line.as_bytes()).is_some(), well_formed, "{line}");
    }
    assert!(parsed(&[good.as_bytes(), b"\xff"].concat()).is_none());
}

/// The parser panics on what the generator spoilt, and on nothing else.
#[test]
fn the_generator_agrees() {
    for seed in 0..20 {
        let mut log = Vec::new();
        let written = write_log(
            Recipe {
                seed,
                lines: 20_000,
            },
            &mut log,
        )
        .unwrap();
        let mut found = Written::default();
        for line in log
            .strip_suffix(b"\n")
            .unwrap()
            .split(|byte| *byte == b'\n')
        {
            match without_carriage_return(line) {
                [] => found.blank += 1,
                line if parsed(line).is_some() => found.well_formed += 1,
                _ => found.malformed += 1,
            }
        }
        assert_eq!(found, written, "seed {seed}");
    }
}
