//! `rusm kv buckets`: what there is.

use super::access::{Access, Bucket, pages};
use super::output::Output;
use super::shown::{count, json};
use crate::args::BucketsArgs;
use crate::report::{Console, Failure};
use crate::visible::visible;

pub(super) fn buckets(
    args: &BucketsArgs,
    store: &dyn Access,
    console: Console,
) -> Result<u8, Failure> {
    let mut output = Output::new();
    let mut is_empty = true;
    pages(
        None,
        usize::MAX,
        |start, limit| store.buckets(start, limit),
        |page| {
            is_empty &= page.is_empty();
            output.lines(&if args.json {
                as_json(page)
            } else {
                in_words(page)
            })
        },
    )?;
    output.finish()?;
    if is_empty {
        console.print("the store is empty\n");
    }
    Ok(0)
}

fn as_json(page: &[Bucket]) -> Vec<String> {
    page.iter().map(json).collect()
}

/// Names to the left, numbers below each other.
fn in_words(page: &[Bucket]) -> Vec<String> {
    let rows: Vec<[String; 3]> = page
        .iter()
        .map(|bucket| {
            let name = visible(&bucket.name).into_owned();
            [name, count(bucket.keys, "key"), count(bucket.bytes, "byte")]
        })
        .collect();
    let width = |column: usize| {
        let cells = rows.iter().filter_map(|row| row.get(column));
        cells.map(|cell| cell.chars().count()).max().unwrap_or(0)
    };
    let (first, second, third) = (width(0), width(1), width(2));
    let line = |[name, keys, bytes]: &[String; 3]| {
        format!("{name:<first$}  {keys:>second$}  {bytes:>third$}")
    };
    rows.iter().map(line).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Columns stand below each other, and no name steers a terminal.
    #[test]
    fn buckets_are_aligned() {
        let bucket = |name: &str, keys, bytes| Bucket {
            name: name.to_owned(),
            keys,
            bytes,
        };
        let page = [bucket("a", 1, 12), bucket("ä\u{202e}", 1_200, 1)];
        assert_eq!(
            in_words(&page),
            [
                "a              1 key  12 bytes",
                "ä\\u{202e}  1200 keys    1 byte"
            ]
        );
        assert_eq!(
            as_json(&page),
            [
                r#"{"bucket":"a","keys":1,"bytes":12}"#,
                r#"{"bucket":"ä\u202e","keys":1200,"bytes":1}"#
            ]
        );
    }
}
