//! The other end: a client for the command line. It blocks, and what it keeps of an answer is bounded.

mod export;
mod import;

pub use export::Export;

use crate::condition::Condition;
use crate::entry::{Entry, LINE_BYTES_MAX};
use crate::error::{ApiError, Code, ErrorAnswer};
use crate::kv::EXPIRES_AT;
use crate::socket::{self, PATH_BYTES_MAX};
use crate::stream_io::StreamIo;
use crate::target::Target;
use crate::wire::{BucketPage, Compaction, Deleted, EntryPage, KeyPage, StoreStatus, Written};
use bytes::Bytes;
use http::header::HOST;
use http::{HeaderMap, Method, Request, Response};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::Incoming;
use hyper::client::conn::http1;
use serde::de::DeserializeOwned;
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;
use tokio::net::UnixStream;
use tokio::runtime::Runtime;

/// The longest answer that is kept as a whole.
const ANSWER_BYTES_MAX: usize = rusm_kv::MAX_VALUE + LINE_BYTES_MAX;
/// How long a client waits to be taken on by a node with many others before it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A node did not do what it was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum ClientError {
    /// Addresses of sockets are short.
    #[error("the path {} is too long for a socket, which can have {PATH_BYTES_MAX} bytes", .0.display())]
    TooLong(PathBuf),
    /// There is no socket, or one that a killed node left.
    #[error("no node answers at {}", .0.display())]
    NobodyListens(PathBuf),
    /// Too many clients are waiting for it already.
    #[error("the node at {} is too busy to take another client on: try again", .0.display())]
    Busy(PathBuf),
    /// It cannot be connected to.
    #[error("cannot connect to {}: {cause}", .path.display())]
    Connect {
        /// The socket.
        path: PathBuf,
        /// Why.
        cause: io::Error,
    },
    /// The node says no.
    #[error("{0}")]
    Refused(ApiError),
    /// The connection broke off, or what came over it was not understood. What was asked may have been done.
    #[error("the node's answer {0}")]
    Broken(String),
    /// What was to be sent could not be read.
    #[error("cannot read what is to be imported: {0}")]
    Input(io::Error),
}

/// Which part of a bucket a page is of.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Listing<'l> {
    /// What its keys begin with.
    pub prefix: &'l str,
    /// The key to begin at, inclusive.
    pub start: Option<&'l str>,
    /// How many, from 1 to 1,000; 100 unless it is given.
    pub limit: Option<usize>,
}

/// Speaks to a running node. Not for use within an asynchronous runtime.
#[derive(Debug)]
pub struct Client {
    path: PathBuf,
    runtime: Runtime,
}

impl Client {
    /// A client of the node whose control socket is at the path.
    ///
    /// # Errors
    /// [`ClientError::NobodyListens`] and others that say why it cannot be connected to.
    pub fn connect(path: &Path) -> Result<Client, ClientError> {
        if path.as_os_str().len() > PATH_BYTES_MAX {
            return Err(ClientError::TooLong(path.to_owned()));
        }
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build()
            .map_err(|cause| cannot_connect(path, cause))?;
        let client = Client {
            path: path.to_owned(),
            runtime,
        };
        client.runtime.block_on(async { client.dial() })?;
        Ok(client)
    }

    /// How the store does.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn status(&self) -> Result<StoreStatus, ClientError> {
        self.ask(Method::GET, kv(["status"]), Bytes::new())
    }

    /// Some buckets, in byte order, from `start` on, inclusive; at most 1,000.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn buckets(
        &self,
        start: Option<&str>,
        limit: Option<usize>,
    ) -> Result<BucketPage, ClientError> {
        let target = kv(["buckets"]).with("start", start).with("limit", limit);
        self.ask(Method::GET, target, Bytes::new())
    }

    /// Some keys of a bucket, in byte order.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn keys(&self, bucket: &str, listing: &Listing<'_>) -> Result<KeyPage, ClientError> {
        self.ask(Method::GET, listed(bucket, listing), Bytes::new())
    }

    /// The same with their values: as many as are asked for, or fewer of about a MiB.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn entries(&self, bucket: &str, listing: &Listing<'_>) -> Result<EntryPage, ClientError> {
        let target = listed(bucket, listing).with("values", Some(true));
        self.ask(Method::GET, target, Bytes::new())
    }

    /// The value of a key, with its expiry; none if there is none.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn get(&self, bucket: &str, key: &str) -> Result<Option<Entry>, ClientError> {
        let (fields, value) = match self.whole(Method::GET, of_key(bucket, key), Bytes::new()) {
            Err(ClientError::Refused(refusal)) if refusal.code == Code::NotFound => {
                return Ok(None);
            }
            answer => answer?,
        };
        let expires_at_ms = fields.get(EXPIRES_AT).map(|at| {
            let at = at.to_str().ok().and_then(|at| at.parse().ok());
            at.ok_or_else(|| ClientError::Broken(format!("has no number in {EXPIRES_AT}")))
        });
        Ok(Some(Entry {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
            value: value.to_vec(),
            expires_at_ms: expires_at_ms.transpose()?,
        }))
    }

    /// Writes a value, which goes away after so many milliseconds if there are any given.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn put(
        &self,
        bucket: &str,
        key: &str,
        value: impl Into<Bytes>,
        expires_ms: Option<u64>,
    ) -> Result<(), ClientError> {
        self.put_if(bucket, key, value, expires_ms, &Condition::Always)
            .map(drop)
    }

    /// The same if the condition holds, and whether it did. The value of a condition goes into the head of the request, and may
    /// have some 8 KiB.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn put_if(
        &self,
        bucket: &str,
        key: &str,
        value: impl Into<Bytes>,
        expires_ms: Option<u64>,
        condition: &Condition,
    ) -> Result<bool, ClientError> {
        let target = of_key(bucket, key).with("expires-ms", expires_ms);
        match self.ask(Method::PUT, condition.asking(target), value.into()) {
            Ok(Written { .. }) => Ok(true),
            Err(ClientError::Refused(refusal)) if refusal.code == Code::Conflict => Ok(false),
            Err(error) => Err(error),
        }
    }

    /// Deletes a key; whether it was there.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn delete(&self, bucket: &str, key: &str) -> Result<bool, ClientError> {
        let answer: Deleted = self.ask(Method::DELETE, of_key(bucket, key), Bytes::new())?;
        Ok(answer.deleted)
    }

    /// Makes the store's file as small as it can be.
    ///
    /// # Errors
    /// [`ClientError`].
    pub fn compact(&self) -> Result<Compaction, ClientError> {
        self.ask(Method::POST, kv(["compact"]), Bytes::new())
    }

    /// Asks for an answer of JSON.
    fn ask<T: DeserializeOwned>(
        &self,
        method: Method,
        target: Target,
        body: Bytes,
    ) -> Result<T, ClientError> {
        let (_, answer) = self.whole(method, target, body)?;
        serde_json::from_slice(&answer)
            .map_err(|error| ClientError::Broken(format!("is not understood: {error}")))
    }

    /// The fields and the body of an answer that says yes.
    fn whole(
        &self,
        method: Method,
        target: Target,
        body: Bytes,
    ) -> Result<(HeaderMap, Bytes), ClientError> {
        self.runtime.block_on(async {
            let answer = self.exchange(method, target, body).await?;
            let (head, body) = answer.into_parts();
            Ok((head.headers, collected(body).await?))
        })
    }

    /// The answer, if it says yes.
    async fn exchange(
        &self,
        method: Method,
        target: Target,
        body: Bytes,
    ) -> Result<Response<Incoming>, ClientError> {
        let stream = self.dial()?;
        let request = Request::builder()
            .method(method)
            .uri(target.to_string())
            .header(HOST, "rusm")
            .body(Full::new(body))
            .map_err(|error| ClientError::Broken(format!("cannot be asked for: {error}")))?;
        let (mut sender, connection) = http1::handshake(StreamIo(stream)).await.map_err(broken)?;
        // It moves while something of the answer is waited for, and ends with it.
        self.runtime.spawn(connection);
        let answer = sender.send_request(request).await.map_err(broken)?;
        if answer.status().is_success() {
            return Ok(answer);
        }
        let status = answer.status();
        let text = collected(answer.into_body()).await?;
        Err(
            match serde_json::from_slice::<ErrorAnswer<ApiError>>(&text) {
                Ok(answer) => ClientError::Refused(answer.error),
                Err(_) => ClientError::Broken(format!("is {status}, without a reason")),
            },
        )
    }

    /// Only from within the runtime.
    fn dial(&self) -> Result<UnixStream, ClientError> {
        socket::dial(&self.path, PATIENCE)
            .and_then(UnixStream::from_std)
            .map_err(|cause| cannot_connect(&self.path, cause))
    }
}

fn cannot_connect(path: &Path, cause: io::Error) -> ClientError {
    let path = path.to_owned();
    let nobody = [io::ErrorKind::NotFound, io::ErrorKind::ConnectionRefused];
    if nobody.contains(&cause.kind()) {
        ClientError::NobodyListens(path)
    } else if cause.kind() == io::ErrorKind::WouldBlock {
        ClientError::Busy(path)
    } else {
        ClientError::Connect { path, cause }
    }
}

fn broken(error: hyper::Error) -> ClientError {
    ClientError::Broken(format!("broke off: {error}"))
}

async fn collected(body: Incoming) -> Result<Bytes, ClientError> {
    let collected = Limited::new(body, ANSWER_BYTES_MAX).collect().await;
    let collected = collected.map_err(|error| ClientError::Broken(format!("broke off: {error}")));
    Ok(collected?.to_bytes())
}

fn kv<const N: usize>(rest: [&str; N]) -> Target {
    Target::of(["v1", "kv"].into_iter().chain(rest))
}

fn of_key(bucket: &str, key: &str) -> Target {
    kv(["buckets", bucket, "keys", key])
}

fn listed(bucket: &str, listing: &Listing<'_>) -> Target {
    let prefix = Some(listing.prefix).filter(|prefix| !prefix.is_empty());
    kv(["buckets", bucket, "keys"])
        .with("prefix", prefix)
        .with("start", listing.start)
        .with("limit", listing.limit)
}
