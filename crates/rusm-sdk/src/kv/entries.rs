//! Going through a bucket: [`Entries`].

use std::marker::PhantomData;
use std::{fmt, vec};

use serde::de::DeserializeOwned;

use super::{BucketError, Pair, json};

/// Pairs that are fetched at a time: they are in the guest's memory together.
const PAGE: u32 = 100;

/// The keys and values of a bucket in byte order of the keys; from [`Bucket::iter`](super::Bucket::iter).
///
/// It fetches page after page by itself. What others write meanwhile may or may not be seen, but a key that is there
/// all the time is seen, and no key twice. A value that cannot be decoded is an error in its place, after which it goes
/// on; an error of the store is the last item.
pub struct Entries<T> {
    bucket: String,
    prefix: String,
    page: vec::IntoIter<Pair>,
    rest: Rest,
    value: PhantomData<fn() -> T>,
}

/// What has not been fetched yet.
enum Rest {
    All,
    From(String),
    Nothing,
}

impl<T> Entries<T> {
    pub(super) fn new(bucket: &str, prefix: &str) -> Self {
        Self {
            bucket: bucket.to_owned(),
            prefix: prefix.to_owned(),
            page: Vec::new().into_iter(),
            rest: Rest::All,
            value: PhantomData,
        }
    }

    /// The next pair as it is stored. A page can be empty and yet not the last.
    fn next_pair(&mut self) -> Option<Result<Pair, BucketError>> {
        loop {
            if let Some(pair) = self.page.next() {
                return Some(Ok(pair));
            }
            let start = match std::mem::replace(&mut self.rest, Rest::Nothing) {
                Rest::All => None,
                Rest::From(start) => Some(start),
                Rest::Nothing => return None,
            };
            match super::list(&self.bucket, &self.prefix, start.as_deref(), PAGE) {
                Ok(page) => {
                    self.page = page.pairs.into_iter();
                    self.rest = page.next.map_or(Rest::Nothing, Rest::From);
                }
                Err(error) => return Some(Err(error.into())),
            }
        }
    }
}

impl<T: DeserializeOwned> Iterator for Entries<T> {
    type Item = Result<(String, T), BucketError>;

    fn next(&mut self) -> Option<Self::Item> {
        let decoded = self.next_pair()?.and_then(|Pair { key, value }| {
            let value = json::decode(&key, &value)?;
            Ok((key, value))
        });
        Some(decoded)
    }
}

impl<T> fmt::Debug for Entries<T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Entries")
            .field("bucket", &self.bucket)
            .field("prefix", &self.prefix)
            .finish_non_exhaustive()
    }
}
