//! `POST /v1/kv/batch`: entries as lines of JSON, written as they come.
//!
//! Lines are gathered, read, and written in batches: neighbours of one bucket, up to a bound. Each batch is written as a whole or not at
//! all, in the order of the lines, and the answer says how many were written and at which line it stopped. Batches of what was gathered
//! together share commits; where the store refuses one of them, some of those behind it may be written as well.

use super::{Action, Kv, blocking, of_write};
use crate::entry::{Entry, LINE_BYTES_MAX};
use crate::error::{ApiError, Code};
use crate::reply::Reply;
use crate::request::Request;
use crate::wire::Written;
use rusm_kv::{Batch, Expires, MAX_KEY, MAX_OPS, MAX_VALUE, WriteError};
use std::collections::BTreeMap;

/// Bytes that are gathered before they are read.
const GATHERED_BYTES: usize = 1 << 20;
/// Bytes of one batch, besides its first entry.
const BATCH_BYTES: usize = 4 << 20;
/// What an import holds at most: the longest line in a growing buffer, and what is read from it.
const MEMORY: usize = 3 * LINE_BYTES_MAX;

pub(super) async fn import(kv: Kv, request: &mut Request) -> Result<Reply, ApiError> {
    request.query.finish()?;
    kv.store()?;
    let announced = request.body.announced().unwrap_or(MEMORY);
    let memory = announced.saturating_mul(4).clamp(GATHERED_BYTES, MEMORY);
    let _until_it_is_written = request.budget.take(memory)?;
    let (mut lines, mut line, mut written) = (Lines::default(), 1, 0);
    loop {
        let piece = request.body.piece().await;
        let piece = piece.map_err(|error| error.at_line(line, written))?;
        let is_over = piece.is_none();
        lines.gather(&piece.unwrap_or_default());
        if let Some(chunk) = lines.take(is_over) {
            let Plan {
                batches,
                failed,
                next_line,
            } = blocking(move || plan(&chunk, line)).await?;
            write(&kv, batches, &mut written).await?;
            if let Some(failed) = failed {
                return Err(failed.at_line(next_line, written));
            }
            line = next_line;
        }
        if lines.gathered.len() > LINE_BYTES_MAX {
            let message = format!("the line has more than {LINE_BYTES_MAX} bytes");
            return Err(ApiError::new(Code::TooLarge, message).at_line(line, written));
        }
        if is_over {
            return Ok(Reply::json(&Written { written }));
        }
    }
}

/// Hands all in at once, so that they share commits, and waits for all of them: what is written is told, whatever became of the others.
async fn write(kv: &Kv, batches: Vec<Planned>, written: &mut u64) -> Result<(), ApiError> {
    let store = kv.store()?;
    let submit = |planned: Planned| {
        let bucket = planned.batch.bucket().to_owned();
        let submitted = store.submit(planned.batch);
        (bucket, planned.line, planned.entries, submitted)
    };
    let submitted: Vec<_> = batches.into_iter().map(submit).collect();
    let mut deeds = Deeds::of(kv);
    let mut failed = Ok(());
    for (bucket, line, entries, submitted) in submitted {
        match submitted.await {
            Ok(_) => {
                *deeds.by_bucket.entry(bucket).or_default() += entries;
                if failed.is_ok() {
                    *written += entries;
                }
            }
            Err(error) if failed.is_ok() => failed = Err(of_write(error).at_line(line, *written)),
            Err(_) => {}
        }
    }
    failed
}

/// Tells what was written of each bucket, also if nobody waits for the end of it any more.
struct Deeds<'a> {
    kv: &'a Kv,
    by_bucket: BTreeMap<String, u64>,
}

impl Deeds<'_> {
    fn of(kv: &Kv) -> Deeds<'_> {
        Deeds {
            kv,
            by_bucket: BTreeMap::new(),
        }
    }
}

impl Drop for Deeds<'_> {
    fn drop(&mut self) {
        for (bucket, entries) in &self.by_bucket {
            self.kv.did(Action::Import, Some(bucket), None, *entries);
        }
    }
}

/// What has come, until there is enough of it.
#[derive(Default)]
struct Lines {
    gathered: Vec<u8>,
    /// How much of it is whole lines.
    whole: usize,
}

impl Lines {
    fn gather(&mut self, piece: &[u8]) {
        if let Some(at) = piece.iter().rposition(|byte| *byte == b'\n') {
            self.whole = self.gathered.len() + at + 1;
        }
        self.gathered.extend_from_slice(piece);
    }

    /// Whole lines, if they are worth reading or there is nothing behind them.
    fn take(&mut self, is_over: bool) -> Option<Vec<u8>> {
        if is_over {
            self.whole = self.gathered.len();
        }
        if self.whole == 0 || (self.gathered.len() < GATHERED_BYTES && !is_over) {
            return None;
        }
        let open = self.gathered.split_off(std::mem::take(&mut self.whole));
        Some(std::mem::replace(&mut self.gathered, open))
    }
}

/// What lines come to.
#[derive(Debug, Default)]
struct Plan {
    batches: Vec<Planned>,
    /// What is wrong with the line at which reading stopped.
    failed: Option<ApiError>,
    /// The line to go on with, or at which it stopped.
    next_line: u64,
}

/// Entries of one bucket that are written together.
#[derive(Debug)]
struct Planned {
    batch: Batch,
    /// Its first line.
    line: u64,
    entries: u64,
    bytes: usize,
}

/// Reads lines, the first of which has this number.
fn plan(chunk: &[u8], first_line: u64) -> Plan {
    let mut plan = Plan {
        next_line: first_line,
        ..Plan::default()
    };
    for line in chunk.split_inclusive(|byte| *byte == b'\n') {
        if !line.trim_ascii().is_empty()
            && let Err(error) = plan.add(line)
        {
            plan.failed = Some(error);
            return plan;
        }
        plan.next_line += 1;
    }
    plan
}

impl Plan {
    fn add(&mut self, line: &[u8]) -> Result<(), ApiError> {
        let entry = Entry::from_line(line).map_err(|error| {
            ApiError::bad_request(format!("this is no entry: {error}"))
                .help(r#"an entry is {"bucket":"b","key":"k","value":"text"}, or with "base64" instead of "value""#)
        })?;
        check(&entry)?;
        let bytes = entry.key.len() + entry.value.len();
        let last = self.batches.pop_if(|last| {
            last.batch.bucket() == entry.bucket
                && last.batch.ops().len() < MAX_OPS
                && last.bytes + bytes <= BATCH_BYTES
        });
        let planned = match last {
            Some(last) => last,
            None => Planned {
                batch: Batch::new(&entry.bucket).map_err(of_write)?,
                line: self.next_line,
                entries: 0,
                bytes: 0,
            },
        };
        let expires = match entry.expires_at_ms {
            Some(ms_since_1970) => Expires::At { ms_since_1970 },
            None => Expires::Never,
        };
        self.batches.push(Planned {
            batch: planned.batch.put_expiring(entry.key, entry.value, expires),
            entries: planned.entries + 1,
            bytes: planned.bytes + bytes,
            ..planned
        });
        Ok(())
    }
}

/// What the store would say of this entry, while it is known which line it is.
fn check(entry: &Entry) -> Result<(), ApiError> {
    let too_large = |what, actual, most| of_write(WriteError::TooLarge { what, actual, most });
    if entry.key.is_empty() {
        let (what, why) = ("key", "it is empty");
        return Err(of_write(WriteError::Unusable { what, why }));
    }
    if entry.key.len() > MAX_KEY {
        return Err(too_large("key", entry.key.len(), MAX_KEY));
    }
    if entry.value.len() > MAX_VALUE {
        return Err(too_large("value", entry.value.len(), MAX_VALUE));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn line(bucket: &str, key: &str, value: &str) -> String {
        let entry = Entry {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            value: value.into(),
            expires_at_ms: None,
        };
        format!("{}\n", String::from_utf8(entry.to_line()).unwrap())
    }

    /// However the lines come, what is taken is whole lines, and all of them.
    #[test]
    fn lines_are_taken_whole() {
        let text = line("b", "k", &"x".repeat(1000)).repeat(3_000) + "last";
        for size in [1_000, 4_096, 1_000_000, text.len()] {
            let (mut lines, mut taken) = (Lines::default(), Vec::new());
            for piece in text.as_bytes().chunks(size) {
                lines.gather(piece);
                if let Some(chunk) = lines.take(false) {
                    assert!(chunk.ends_with(b"\n"));
                    taken.extend(chunk);
                }
                assert!(lines.gathered.len() < GATHERED_BYTES);
            }
            taken.extend(lines.take(true).unwrap());
            assert_eq!(taken, text.as_bytes());
        }
    }

    #[test]
    fn neighbours_of_one_bucket_are_one_batch_up_to_its_bounds() {
        let many = (0..2_500).map(|key| line("a", &key.to_string(), ""));
        let large = (0..3).map(|key| line("b", &key.to_string(), &"x".repeat(3 << 20)));
        let text: String = many.chain(large).chain([line("a", "z", "")]).collect();
        let plan = plan(text.as_bytes(), 1);
        let batches: Vec<_> = plan
            .batches
            .iter()
            .map(|b| (b.batch.bucket(), b.line, b.entries))
            .collect();
        let expected = [
            ("a", 1, 1_000),
            ("a", 1_001, 1_000),
            ("a", 2_001, 500),
            ("b", 2_501, 1),
            ("b", 2_502, 1),
            ("b", 2_503, 1),
            ("a", 2_504, 1),
        ];
        assert_eq!(batches, expected);
        assert_eq!((plan.failed, plan.next_line), (None, 2_505));
    }

    #[test]
    fn reading_stops_at_the_line_that_is_no_entry() {
        let long = "k".repeat(MAX_KEY + 1);
        for (wrong, code) in [
            ("{\n".to_owned(), Code::BadRequest),
            (line("", "k", ""), Code::BadRequest),
            (line("b\0", "k", ""), Code::BadRequest),
            (line("b", "", ""), Code::BadRequest),
            (line("b", &long, ""), Code::TooLarge),
            (line(&long, "k", ""), Code::TooLarge),
            (line("b", "k", &"x".repeat(MAX_VALUE + 1)), Code::TooLarge),
        ] {
            let text = format!("{}\n \r\n{wrong}{0}", line("b", "k", ""));
            let plan = plan(text.as_bytes(), 10);
            assert_eq!(plan.batches.len(), 1, "{wrong}");
            assert_eq!(plan.next_line, 13);
            assert_eq!(plan.failed.unwrap().code, code, "{wrong}");
        }
    }
}
