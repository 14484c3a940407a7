//! `rusm kv put`: one value, from the command line, a file or standard input.

use super::access::Access;
use super::lines::{check, open};
use crate::args::PutArgs;
use crate::place::plain_cause;
use crate::report::{Failure, Kind};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use rusm_control::{Condition, Entry};
use rusm_kv::MAX_VALUE;
use std::ffi::OsStr;
use std::io::{self, Read};
use std::os::unix::ffi::OsStrExt;

/// Bytes that are read of a value: the longest in base64, with line breaks, and one that is too many.
const READ_MAX: usize = 2 * MAX_VALUE;

/// The entry that is to be written. Nothing of it needs the store.
pub(super) fn entry(args: &PutArgs) -> Result<Entry, Failure> {
    let given = match (&args.value, &args.file) {
        (_, Some(file)) => read(open(file)?, &format!("'{}'", file.display()))?,
        (Some(value), None) if value == "-" => read(io::stdin().lock(), "standard input")?,
        (Some(value), None) => value.as_bytes().to_vec(),
        (None, None) => Vec::new(),
    };
    let entry = Entry {
        bucket: args.of.bucket.clone(),
        key: args.of.key()?,
        value: decoded(given, args.base64, "the value")?,
        expires_at_ms: None,
    };
    match check(&entry) {
        Ok(()) => Ok(entry),
        Err(why) => Err(Failure::new(Kind::Usage, format!("cannot put it: {why}"))),
    }
}

pub(super) fn put(args: &PutArgs, entry: Entry, store: &dyn Access) -> Result<u8, Failure> {
    let (condition, otherwise) = match &args.if_value {
        Some(value) => (
            Condition::Value(expected(value, args.base64)?),
            "has another value",
        ),
        None if args.if_absent => (Condition::Absent, "is there already"),
        None => (Condition::Always, ""),
    };
    let message = format!(
        "nothing was written: key '{}' of bucket '{}' {otherwise}",
        entry.key, entry.bucket
    );
    if store.put(entry, args.expires_ms, condition)? {
        Ok(0)
    } else {
        Err(Failure::new(Kind::General, message))
    }
}

fn expected(value: &OsStr, is_base64: bool) -> Result<Vec<u8>, Failure> {
    decoded(value.as_bytes().to_vec(), is_base64, "the value of --if")
}

/// What is given, or what it stands for. Line breaks within base64 are those of `base64` and `openssl`.
fn decoded(mut given: Vec<u8>, is_base64: bool, what: &str) -> Result<Vec<u8>, Failure> {
    if !is_base64 {
        return Ok(given);
    }
    given.retain(|byte| !byte.is_ascii_whitespace());
    STANDARD.decode(&given).map_err(|error| {
        let message =
            format!("cannot read {what}: wrong base64 (RFC 4648, section 4, padded): {error}");
        Failure::new(Kind::Usage, message)
    })
}

/// All bytes, up to one more than a value may need.
fn read(from: impl Read, name: &str) -> Result<Vec<u8>, Failure> {
    let cannot = |why: &str| Failure::new(Kind::General, format!("cannot read {name}: {why}"));
    let mut bytes = Vec::new();
    let most = u64::try_from(READ_MAX).unwrap_or(u64::MAX);
    let mut bounded = from.take(most.saturating_add(1));
    bounded
        .read_to_end(&mut bytes)
        .map_err(|error| cannot(&plain_cause(&error)))?;
    if bytes.len() > READ_MAX {
        return Err(cannot(&format!("a value has at most {MAX_VALUE} bytes")).of_kind(Kind::Usage));
    }
    Ok(bytes)
}
