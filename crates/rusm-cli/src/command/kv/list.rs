//! `rusm kv list`: the keys of a bucket, with their values if they are asked for.

use super::access::{Access, Asked, Page, nearest_bucket, pages};
use super::output::Output;
use super::shown::{brief, json, until};
use crate::args::ListArgs;
use crate::report::{Console, Failure};
use crate::visible::visible;
use rusm_control::Entry;
use serde::Serialize;
use std::ops::ControlFlow;

/// Keys are padded up to so many characters.
const PADDED_CHARS_MAX: usize = 40;

#[derive(Serialize)]
struct Line<'a> {
    bucket: &'a str,
    key: &'a str,
}

pub(super) fn list(args: &ListArgs, store: &dyn Access, console: Console) -> Result<u8, Failure> {
    let prefix = args.spelling.read(&args.prefix)?;
    let start = args.start.as_deref().map(|start| args.spelling.read(start));
    let start = start.transpose()?;
    let whole = Asked {
        bucket: &args.bucket,
        prefix: &prefix,
        start: start.as_deref(),
        limit: if args.all { usize::MAX } else { args.limit },
    };
    let mut output = Output::new();
    let mut is_empty = true;
    let mut print = |lines: Vec<String>| {
        is_empty &= lines.is_empty();
        output.lines(&lines)
    };
    let next = if args.values {
        listing(
            whole,
            |part| store.entries(part),
            |page| {
                print(if args.json {
                    page.iter().map(json).collect()
                } else {
                    table(page)
                })
            },
        )?
    } else {
        listing(
            whole,
            |part| store.keys(part),
            |page| print(keys(&args.bucket, page, args.json)),
        )?
    };
    output.finish()?;
    match next {
        Some(next) => console.print(&format!(
            "there are more, from {} on: --start or --all shows them\n",
            json(&next)
        )),
        None if is_empty => console.print(&nothing(&args.bucket, store)?),
        None => {}
    }
    Ok(0)
}

/// Goes through a part of a bucket, page by page.
fn listing<T>(
    whole: Asked<'_>,
    fetch: impl Fn(&Asked<'_>) -> Result<Page<T>, Failure>,
    show: impl FnMut(&[T]) -> Result<ControlFlow<()>, Failure>,
) -> Result<Option<String>, Failure> {
    let fetch = |start: Option<&str>, limit| {
        fetch(&Asked {
            start,
            limit,
            ..whole
        })
    };
    pages(whole.start, whole.limit, fetch, show)
}

fn keys(bucket: &str, page: &[String], as_json: bool) -> Vec<String> {
    let line = |key: &String| {
        if as_json {
            json(&Line { bucket, key })
        } else {
            visible(key).into_owned()
        }
    };
    page.iter().map(line).collect()
}

/// Keys to the left, values beside them.
fn table(page: &[Entry]) -> Vec<String> {
    let keys = page.iter().map(|entry| visible(&entry.key));
    let widths = keys.clone().map(|key| key.chars().count());
    let width = widths.max().unwrap_or(0).min(PADDED_CHARS_MAX);
    let line = |(key, entry): (_, &Entry)| {
        let value = brief(&entry.value);
        let time = entry.expires_at_ms.map(until);
        let time = time.map_or_else(String::new, |time| format!("  (until {time})"));
        format!("{key:<width$}  {value}{time}")
    };
    keys.zip(page).map(line).collect()
}

fn nothing(bucket: &str, store: &dyn Access) -> Result<String, Failure> {
    let Some(near) = nearest_bucket(bucket, store)? else {
        return Ok("no key matches\n".to_owned());
    };
    Ok(format!(
        "bucket '{}' has no keys; did you mean '{}'?\n",
        visible(bucket),
        visible(&near)
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values begin in one column; one that goes away says when; nothing steers a terminal.
    #[test]
    fn entries_are_aligned() {
        let entry = |key: &str, value: &[u8], expires_at_ms| Entry {
            bucket: "b".to_owned(),
            key: key.to_owned(),
            value: value.to_owned(),
            expires_at_ms,
        };
        let page = [
            entry("k\n", b"1", None),
            entry("l", &[0xff], Some(1_795_255_200_123)),
        ];
        assert_eq!(
            table(&page),
            [
                "k\\u{a}  1",
                "l       binary, 1 byte: ff  (until 2026-11-21T10:00:00.123Z)"
            ]
        );
    }
}
