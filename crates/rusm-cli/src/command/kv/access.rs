//! What the commands need of a store, whoever holds it: this command itself, or a running node.

use crate::place::nearest;
use crate::report::Failure;
use rusm_control::{Condition, Entry};
use serde::Serialize;
use std::ops::ControlFlow;
use std::path::Path;

/// Items that are asked for at once.
const PAGE: usize = 1_000;
/// Names that a wrong one is compared with.
pub(super) const COMPARED_MAX: usize = 1_000;

/// A store. All that is read comes in byte order; what an operation says was written is on the disk.
pub(super) trait Access {
    /// Some buckets, from one on.
    fn buckets(&self, start: Option<&str>, limit: usize) -> Result<Page<Bucket>, Failure>;

    /// Some keys of a bucket.
    fn keys(&self, asked: &Asked<'_>) -> Result<Page<String>, Failure>;

    /// The same with their values.
    fn entries(&self, asked: &Asked<'_>) -> Result<Page<Entry>, Failure>;

    /// One entry.
    fn get(&self, bucket: &str, key: &str) -> Result<Option<Entry>, Failure>;

    /// Writes an entry if the condition holds, and says whether it did.
    fn put(
        &self,
        entry: Entry,
        expires_ms: Option<u64>,
        condition: Condition,
    ) -> Result<bool, Failure>;

    /// Deletes keys, and tells of each whether it was there, as soon as that is durable.
    fn delete(&self, bucket: &str, keys: &[String], tell: &mut Teller<'_>) -> Result<(), Failure>;

    /// Every entry of these buckets, or of all if none is named, as they were at one moment, until
    /// they break off.
    fn export(&self, buckets: &[String], take: &mut Taker<'_>) -> Result<(), Failure>;

    /// Writes entries of one bucket in their order.
    fn import(&self, entries: Vec<Entry>) -> Result<(), Stopped>;

    /// Copies the store into a new file.
    fn backup(&self, to: &Path) -> Result<(), Failure>;

    /// Gives room back to the disk.
    fn compact(&self) -> Result<Compacted, Failure>;
}

/// Takes entries until it has enough.
pub(super) type Taker<'t> = dyn FnMut(Entry) -> Result<ControlFlow<()>, Failure> + 't;

/// Is told of a key whether it was there.
pub(super) type Teller<'t> = dyn FnMut(&str, bool) -> Result<(), Failure> + 't;

/// A part of a listing.
#[derive(Debug)]
pub(super) struct Page<T> {
    pub(super) items: Vec<T>,
    /// Where the next part begins; none at the end.
    pub(super) next: Option<String>,
}

/// A bucket, by the entries that have not expired.
#[derive(Debug, Serialize)]
pub(super) struct Bucket {
    #[serde(rename = "bucket")]
    pub(super) name: String,
    pub(super) keys: u64,
    pub(super) bytes: u64,
}

/// Which part of a bucket.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) bucket: &'a str,
    pub(super) prefix: &'a str,
    /// The first key; none for the first there is.
    pub(super) start: Option<&'a str>,
    pub(super) limit: usize,
}

/// An import that did not come to its end.
#[derive(Debug)]
pub(super) struct Stopped {
    pub(super) why: Failure,
    /// How many of the entries were written, the first ones; none if that is not known.
    pub(super) written: Option<usize>,
}

/// How large a store was and is, in bytes.
#[derive(Clone, Copy, Debug, Serialize)]
pub(super) struct Compacted {
    pub(super) before: u64,
    pub(super) after: u64,
}

/// Goes through a listing, page by page, up to a limit. Gives where it would go on.
pub(super) fn pages<T>(
    start: Option<&str>,
    limit: usize,
    fetch: impl Fn(Option<&str>, usize) -> Result<Page<T>, Failure>,
    mut show: impl FnMut(&[T]) -> Result<ControlFlow<()>, Failure>,
) -> Result<Option<String>, Failure> {
    let mut next = start.map(str::to_owned);
    let mut left = limit;
    while left > 0 {
        let page = fetch(next.as_deref(), left.min(PAGE))?;
        left = left.saturating_sub(page.items.len());
        next = page.next;
        if show(&page.items)?.is_break() || next.is_none() {
            return Ok(None);
        }
    }
    Ok(next)
}

/// The bucket whose name is nearest to one that is not there.
pub(super) fn nearest_bucket(name: &str, store: &dyn Access) -> Result<Option<String>, Failure> {
    let page = store.buckets(None, COMPARED_MAX)?;
    let names = page.items.iter().map(|bucket| bucket.name.as_str());
    if names.clone().any(|known| known == name) {
        return Ok(None);
    }
    Ok(nearest(name, names).map(str::to_owned))
}
