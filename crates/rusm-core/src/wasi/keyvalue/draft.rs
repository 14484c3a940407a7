//! What the drafts differ in: a few types, and where a cursor leads.

use super::Kv;
use super::error::Tried;
use super::store::Bucket;
use rusm_abi::limits::MAX_PAGE;
use std::future::Future;
use wasmtime::component::{ComponentType, Lift, Lower, Resource};

/// A type that crosses the border.
pub(super) trait Crossing: ComponentType + Lift + Lower + Send + Sync + 'static {}

impl<T: ComponentType + Lift + Lower + Send + Sync + 'static> Crossing for T {}

/// One draft of the interfaces.
pub(super) trait Draft: 'static {
    const VERSION: &'static str;
    /// Tells where a listing goes on.
    type Cursor: Crossing;
    /// What `increment` adds and answers.
    type Number: Crossing + TryInto<i64> + TryFrom<i64>;
    /// What `get-many` answers for a key.
    type Found: Crossing;

    fn found(key: String, value: Option<Vec<u8>>) -> Self::Found;

    /// Where a listing goes on that is asked for with this cursor.
    fn place(
        kv: &mut Kv<'_>,
        bucket: &Resource<Bucket>,
        cursor: &Self::Cursor,
    ) -> impl Future<Output = Tried<Place>> + Send;

    /// The cursor after a page of so many keys, which was asked for with that cursor; the next page begins with `next`.
    fn cursor(
        bucket: &mut Bucket,
        from: Option<Self::Cursor>,
        n_keys: usize,
        next: String,
    ) -> Self::Cursor;
}

/// Where a listing begins.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Place {
    Start,
    /// With this key, or the one that is now behind its place.
    At(String),
    End,
}

/// The first draft. A cursor is how many keys come before.
#[derive(Debug)]
pub(super) struct Draft1;

impl Draft for Draft1 {
    const VERSION: &'static str = "0.2.0-draft";
    type Cursor = u64;
    type Number = u64;
    type Found = Option<(String, Vec<u8>)>;

    fn found(key: String, value: Option<Vec<u8>>) -> Self::Found {
        value.map(|value| (key, value))
    }

    async fn place(kv: &mut Kv<'_>, bucket: &Resource<Bucket>, cursor: &u64) -> Tried<Place> {
        match kv.get(bucket)?.key_at(*cursor) {
            Some(key) => Ok(Place::At(key.to_owned())),
            None => count_to(kv, bucket, *cursor).await,
        }
    }

    fn cursor(bucket: &mut Bucket, from: Option<u64>, n_keys: usize, next: String) -> u64 {
        let cursor = from.unwrap_or(0).saturating_add(count(n_keys));
        bucket.remember(cursor, next);
        cursor
    }
}

/// The place that so many keys come before, counted page by page: the bucket may be as large, and the number as high, as they like, and
/// others run in between.
async fn count_to(kv: &mut Kv<'_>, bucket: &Resource<Bucket>, n_keys: u64) -> Tried<Place> {
    let name = kv.name(bucket)?;
    let (mut place, mut left) = (Place::Start, n_keys);
    while left > 0 && place != Place::End {
        let most = u32::try_from(left).unwrap_or(MAX_PAGE).min(MAX_PAGE);
        let page = kv.keys(&name, &place, most).await?;
        left = left.saturating_sub(count(page.keys.len()));
        place = page.next.map_or(Place::End, Place::At);
        kv.0.context().yield_now().await;
    }
    Ok(place)
}

fn count(n_keys: usize) -> u64 {
    u64::try_from(n_keys).unwrap_or(u64::MAX)
}

/// The second draft. A cursor is the next key.
#[derive(Debug)]
pub(super) struct Draft2;

impl Draft for Draft2 {
    const VERSION: &'static str = "0.2.0-draft2";
    type Cursor = String;
    type Number = i64;
    type Found = (String, Option<Vec<u8>>);

    fn found(key: String, value: Option<Vec<u8>>) -> Self::Found {
        (key, value)
    }

    async fn place(_kv: &mut Kv<'_>, _bucket: &Resource<Bucket>, cursor: &String) -> Tried<Place> {
        Ok(Place::At(cursor.clone()))
    }

    fn cursor(_bucket: &mut Bucket, _from: Option<String>, _n_keys: usize, next: String) -> String {
        next
    }
}
