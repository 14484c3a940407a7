//! The endpoints of the store.
//!
//! Whatever reads or computes does so on a thread for blocking work; writes wait for their commit as futures. What has been submitted
//! is committed, whether or not its client is still there.

mod export;
mod import;

use crate::condition::Condition;
use crate::entry::Entry;
use crate::error::{ApiError, Code};
use crate::json;
use crate::reply::Reply;
use crate::request::Request;
use crate::router::Router;
use crate::wire::{
    BucketInfo, BucketPage, Compaction, Deleted, EntryPage, KeyPage, StoreStatus, Written,
};
use http::{HeaderValue, Method};
use rusm_kv::{
    Batch, CompactError, Expires, OpResult, Outcome, ReadError, Snapshot, Store, WriteError,
};
use std::fmt;
use std::future::poll_fn;
use std::pin::pin;
use std::sync::Arc;
use std::task::Poll;
use std::time::Duration;
use tokio::sync::Semaphore;

/// The field of an answer that says when a value goes away, in milliseconds since the beginning of 1970.
pub const EXPIRES_AT: &str = "rusm-expires-at";

/// Entries of one page.
const PAGE_MAX: u64 = 1_000;
const PAGE_DEFAULT: u64 = 100;
/// Bytes of one page, besides its first entry.
const PAGE_BYTES_MAX: usize = 1 << 20;
/// What a page of one entry takes, as an entry and as JSON.
const PAGE_MEMORY: usize = rusm_kv::MAX_VALUE + crate::entry::LINE_BYTES_MAX;
/// Exports at once: each holds a snapshot.
const EXPORTS_MAX: u32 = 4;
/// How long a read waits for a compaction.
const COMPACTION_TIME: Duration = Duration::from_secs(30);

/// Something that the operator has changed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Deed {
    /// What was done.
    pub action: Action,
    /// To which bucket; none for the whole store.
    pub bucket: Option<String>,
    /// To which key; none for more than one.
    pub key: Option<String>,
    /// How many entries it was about.
    pub entries: u64,
}

/// What an operator does to a store.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Action {
    /// Wrote one entry.
    Put,
    /// Deleted one.
    Delete,
    /// Wrote some that came from elsewhere.
    Import,
    /// Made the file smaller.
    Compact,
}

impl fmt::Display for Action {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Action::Put => "put",
            Action::Delete => "delete",
            Action::Import => "import",
            Action::Compact => "compact",
        })
    }
}

#[derive(Clone)]
struct Kv {
    store: Arc<dyn Fn() -> Option<Store> + Send + Sync>,
    on_deed: Arc<dyn Fn(Deed) + Send + Sync>,
    exports: Arc<Semaphore>,
}

impl Router {
    /// Adds the endpoints of the store, which is asked for at each request; while there is none they say so. `on_deed` is told of
    /// each change when it is durable.
    pub fn with_store(
        self,
        store: impl Fn() -> Option<Store> + Send + Sync + 'static,
        on_deed: impl Fn(Deed) + Send + Sync + 'static,
    ) -> Router {
        let kv = Kv {
            store: Arc::new(store),
            on_deed: Arc::new(on_deed),
            exports: Arc::new(Semaphore::new(usize::try_from(EXPORTS_MAX).unwrap_or(1))),
        };
        let (get, put, delete, post) = (Method::GET, Method::PUT, Method::DELETE, Method::POST);
        let (keys, key) = (
            "/v1/kv/buckets/{bucket}/keys",
            "/v1/kv/buckets/{bucket}/keys/{key}",
        );
        self.on(&kv, get.clone(), "/v1/kv/status", |kv, r| {
            Box::pin(status(kv, r))
        })
        .on(&kv, get.clone(), "/v1/kv/buckets", |kv, r| {
            Box::pin(buckets(kv, r))
        })
        .on(&kv, get.clone(), keys, |kv, r| Box::pin(list(kv, r)))
        .on(&kv, get.clone(), key, |kv, r| Box::pin(read(kv, r)))
        .on(&kv, put, key, |kv, r| Box::pin(write(kv, r)))
        .on(&kv, delete, key, |kv, r| Box::pin(remove(kv, r)))
        .on(&kv, post.clone(), "/v1/kv/batch", |kv, r| {
            Box::pin(import::import(kv, r))
        })
        .on(&kv, get, "/v1/kv/export", |kv, r| {
            Box::pin(export::export(kv, r))
        })
        .on(&kv, post, "/v1/kv/compact", |kv, r| {
            Box::pin(compact(kv, r))
        })
    }
}

impl Kv {
    fn store(&self) -> Result<Store, ApiError> {
        let no_store = || {
            ApiError::new(Code::NoStore, "this node has no store")
                .help("give it one: store = \"data/app.redb\" under [node] in rusm.toml")
        };
        (self.store)().ok_or_else(no_store)
    }

    /// What is committed as of now. Waits for a compaction, but not for ever.
    async fn snapshot(&self, request: &Request) -> Result<Snapshot, ApiError> {
        let mut readable = pin!(self.store()?.readable());
        let mut late = request.time.wait(COMPACTION_TIME);
        poll_fn(|context| match readable.as_mut().poll(context) {
            Poll::Ready(snapshot) => Poll::Ready(snapshot.map_err(of_read)),
            Poll::Pending => late
                .as_mut()
                .poll(context)
                .map(|()| Err(of_read(ReadError::Busy))),
        })
        .await
    }

    async fn commit(&self, batch: Batch) -> Result<Outcome, ApiError> {
        self.store()?.submit(batch).await.map_err(of_write)
    }

    fn did(&self, action: Action, bucket: Option<&str>, key: Option<&str>, entries: u64) {
        (self.on_deed)(Deed {
            action,
            bucket: bucket.map(str::to_owned),
            key: key.map(str::to_owned),
            entries,
        });
    }
}

/// Does on another thread what would hold up the reactor.
async fn blocking<T: Send + 'static>(
    work: impl FnOnce() -> T + Send + 'static,
) -> Result<T, ApiError> {
    let working = tokio::task::spawn_blocking(work).await;
    working.map_err(|panicked| {
        ApiError::new(Code::Failed, format!("the node failed at it: {panicked}"))
    })
}

async fn status(kv: Kv, request: &mut Request) -> Result<Reply, ApiError> {
    request.query.finish()?;
    let store = kv.store()?;
    let status = blocking(move || store.status()).await?;
    Ok(Reply::json(&StoreStatus {
        file_bytes: status.file_bytes,
        max_bytes: status.max_bytes,
        poisoned: status.poisoned,
        waiting_writes: u64::try_from(status.waiting_writes).unwrap_or(u64::MAX),
        commits: status.commits,
    }))
}

/// How many entries a page is to have.
fn limit(request: &mut Request) -> Result<usize, ApiError> {
    let limit = request.query.value("limit", "a number")?;
    let limit = limit.unwrap_or(PAGE_DEFAULT);
    if !(1..=PAGE_MAX).contains(&limit) {
        let message = format!("limit is to be from 1 to {PAGE_MAX}, and is {limit}");
        return Err(ApiError::bad_request(message)
            .help("`next` of a page is the start of the one behind it"));
    }
    Ok(usize::try_from(limit).unwrap_or(1))
}

async fn buckets(kv: Kv, request: &mut Request) -> Result<Reply, ApiError> {
    let (start, limit) = (request.query.text("start"), limit(request)?);
    request.query.finish()?;
    let snapshot = kv.snapshot(request).await?;
    let page = blocking(move || snapshot.buckets(start.as_deref(), limit)).await?;
    let page = page.map_err(of_read)?;
    let of_bucket = |bucket: rusm_kv::Bucket| BucketInfo {
        name: bucket.name,
        keys: bucket.keys,
        bytes: bucket.bytes,
    };
    Ok(Reply::json(&BucketPage {
        buckets: page.buckets.into_iter().map(of_bucket).collect(),
        next: page.next,
    }))
}

async fn list(kv: Kv, request: &mut Request) -> Result<Reply, ApiError> {
    let bucket = request.names.get("bucket").to_owned();
    let prefix = request.query.text("prefix").unwrap_or_default();
    let (start, limit) = (request.query.text("start"), limit(request)?);
    let values = request.query.value("values", "true or false")?;
    request.query.finish()?;
    let snapshot = kv.snapshot(request).await?;
    let start = move || start.filter(|start| !start.is_empty());
    if values != Some(true) {
        let page = blocking(move || {
            let page = snapshot.keys(&bucket, &prefix, start().as_deref(), limit)?;
            let (keys, next) = (page.keys, page.next);
            Ok(json::line(&KeyPage { keys, next }))
        });
        return Ok(Reply::json_line(page.await?.map_err(of_read)?, None));
    }
    let mut share = request.budget.take(PAGE_MEMORY)?;
    let page = blocking(move || {
        let page = snapshot.list(&bucket, &prefix, start().as_deref(), limit, PAGE_BYTES_MAX)?;
        let entries = page.entries.into_iter();
        let entries = entries.map(|entry| of_bucket(&bucket, entry)).collect();
        let next = page.next;
        Ok(json::line(&EntryPage { entries, next }))
    });
    let line = page.await?.map_err(of_read)?;
    share.shrink_to(line.capacity());
    Ok(Reply::json_line(line, Some(share)))
}

fn of_bucket(bucket: &str, entry: rusm_kv::Entry) -> Entry {
    Entry {
        bucket: bucket.to_owned(),
        key: entry.key,
        value: entry.value,
        expires_at_ms: entry.expires_at_ms,
    }
}

fn bucket_and_key(request: &Request) -> (String, String) {
    let name = |name| request.names.get(name).to_owned();
    (name("bucket"), name("key"))
}

async fn read(kv: Kv, request: &mut Request) -> Result<Reply, ApiError> {
    request.query.finish()?;
    let (bucket, key) = bucket_and_key(request);
    let snapshot = kv.snapshot(request).await?;
    let mut share = request.budget.take(rusm_kv::MAX_VALUE)?;
    let entry = blocking(move || snapshot.entry(&bucket, &key)).await?;
    let Some(entry) = entry.map_err(of_read)? else {
        let (bucket, key) = bucket_and_key(request);
        let message = format!("bucket {bucket:?} has no key {key:?}");
        return Err(ApiError::new(Code::NotFound, message));
    };
    share.shrink_to(entry.value.capacity());
    let reply = Reply::bytes(entry.value, share);
    Ok(match entry.expires_at_ms {
        Some(at) => reply.field(EXPIRES_AT, HeaderValue::from(at)),
        None => reply,
    })
}

async fn write(kv: Kv, request: &mut Request) -> Result<Reply, ApiError> {
    let expires = request.query.value("expires-ms", "milliseconds")?;
    let condition = Condition::asked(&mut request.query)?;
    request.query.finish()?;
    let expires = expires.map_or(Expires::Never, |ms| Expires::After { ms });
    let (bucket, key) = bucket_and_key(request);
    let batch = Batch::new(&bucket).map_err(of_write)?;
    kv.store()?;
    let body = request
        .body
        .collect("the value", rusm_kv::MAX_VALUE, &request.budget);
    let (value, _until_it_is_written) = body.await?;
    let batch = condition.before(batch, &key);
    kv.commit(batch.put_expiring(&key, value, expires)).await?;
    kv.did(Action::Put, Some(&bucket), Some(&key), 1);
    Ok(Reply::json(&Written { written: 1 }))
}

async fn remove(kv: Kv, request: &mut Request) -> Result<Reply, ApiError> {
    request.query.finish()?;
    let (bucket, key) = bucket_and_key(request);
    let batch = Batch::new(&bucket).map_err(of_write)?.delete(&key);
    let outcome = kv.commit(batch).await?;
    let deleted = outcome.results.first() == Some(&OpResult::Deleted(true));
    if deleted {
        kv.did(Action::Delete, Some(&bucket), Some(&key), 1);
    }
    Ok(Reply::json(&Deleted { deleted }))
}

async fn compact(kv: Kv, request: &mut Request) -> Result<Reply, ApiError> {
    request.query.finish()?;
    let store = kv.store()?;
    // A compaction would let everybody else's reads wait for the end of an export, and then give up.
    let _no_exports = Arc::clone(&kv.exports)
        .try_acquire_many_owned(EXPORTS_MAX)
        .map_err(|_| {
            ApiError::new(Code::Busy, "the store is being exported or compacted")
                .help("try again when that is done")
        })?;
    let compacted = blocking(move || store.compact()).await?;
    let compacted = compacted.map_err(of_compaction)?;
    kv.did(Action::Compact, None, None, 0);
    Ok(Reply::json(&Compaction {
        bytes_before: compacted.bytes_before,
        bytes_after: compacted.bytes_after,
    }))
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the list of errors is open")]
fn of_read(error: ReadError) -> ApiError {
    let code = match &error {
        ReadError::Busy | ReadError::Closed => Code::Busy,
        ReadError::TooLarge { .. } => Code::TooLarge,
        ReadError::Unusable { .. } => Code::BadRequest,
        _ => Code::Failed,
    };
    ApiError::new(code, error.to_string())
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the list of errors is open")]
fn of_write(error: WriteError) -> ApiError {
    let code = match &error {
        WriteError::TooLarge { .. } => Code::TooLarge,
        WriteError::Unusable { .. } => Code::BadRequest,
        WriteError::Conflict { .. }
        | WriteError::NotANumber { .. }
        | WriteError::Overflow { .. } => Code::Conflict,
        WriteError::Full { .. } => Code::Full,
        WriteError::Poisoned { .. } => Code::Poisoned,
        WriteError::Closed => Code::Busy,
        _ => Code::Failed,
    };
    ApiError::new(code, error.to_string())
}

fn of_compaction(error: CompactError) -> ApiError {
    let code = match &error {
        CompactError::Busy | CompactError::Closed => Code::Busy,
        CompactError::Poisoned { .. } => Code::Poisoned,
        _ => Code::Failed,
    };
    ApiError::new(code, error.to_string())
}
