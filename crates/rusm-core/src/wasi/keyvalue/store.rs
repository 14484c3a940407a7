//! `store`: buckets, and operations on one key.

use super::draft::{Draft, Place};
use super::error::{Error, Tried};
use super::{Kv, close, interface};
use crate::guest::GuestState;
use crate::wasi::answer::{Answer, answer};
use rusm_abi::limits::MAX_PAGE;
use rusm_kv::Keys;
use std::sync::Arc;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Linker, Lower, Resource, ResourceType};

/// A handle to a bucket: its name, and where the last listing stopped.
#[derive(Debug)]
pub(in crate::wasi) struct Bucket {
    name: Arc<str>,
    /// So many keys, and the one that comes next.
    stopped: Option<(u64, String)>,
}

impl Bucket {
    pub(super) fn name(&self) -> &Arc<str> {
        &self.name
    }

    /// The key that came next when a listing stopped after so many.
    pub(super) fn key_at(&self, n_keys: u64) -> Option<&str> {
        let (stopped, key) = self.stopped.as_ref()?;
        (*stopped == n_keys).then_some(key)
    }

    pub(super) fn remember(&mut self, n_keys: u64, next: String) {
        self.stopped = Some((n_keys, next));
    }
}

/// `key-response`.
#[derive(Debug, ComponentType, Lower)]
#[component(record)]
struct KeyResponse<C> {
    keys: Vec<String>,
    cursor: Option<C>,
}

pub(super) fn add<D: Draft>(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    let mut store = linker.instance(&interface::<D>("store"))?;
    store.resource("bucket", ResourceType::host::<Bucket>(), close::<Bucket>)?;
    store.func_wrap(
        "open",
        |mut store: StoreContextMut<'_, GuestState>,
         (identifier,): (String,)|
         -> Answer<Resource<Bucket>, Error> {
            answer(Kv::of(&mut store).open(&identifier))
        },
    )?;
    store.func_wrap_async(
        "[method]bucket.get",
        |mut store: StoreContextMut<'_, GuestState>, (bucket, key): (Resource<Bucket>, String)| {
            Box::new(async move { answer(Kv::of(&mut store).value(&bucket, &key).await) })
        },
    )?;
    store.func_wrap_async(
        "[method]bucket.set",
        |mut store: StoreContextMut<'_, GuestState>,
         (bucket, key, value): (Resource<Bucket>, String, Vec<u8>)| {
            Box::new(async move { answer(Kv::of(&mut store).set(&bucket, &key, value).await) })
        },
    )?;
    store.func_wrap_async(
        "[method]bucket.delete",
        |mut store: StoreContextMut<'_, GuestState>, (bucket, key): (Resource<Bucket>, String)| {
            Box::new(async move { answer(Kv::of(&mut store).delete(&bucket, &key).await) })
        },
    )?;
    store.func_wrap_async(
        "[method]bucket.exists",
        |mut store: StoreContextMut<'_, GuestState>, (bucket, key): (Resource<Bucket>, String)| {
            Box::new(async move { answer(Kv::of(&mut store).exists(&bucket, &key).await) })
        },
    )?;
    store.func_wrap_async(
        "[method]bucket.list-keys",
        |mut store: StoreContextMut<'_, GuestState>,
         (bucket, cursor): (Resource<Bucket>, Option<D::Cursor>)| {
            Box::new(
                async move { answer(Kv::of(&mut store).list_keys::<D>(&bucket, cursor).await) },
            )
        },
    )
}

impl Kv<'_> {
    fn open(&mut self, identifier: &str) -> Tried<Resource<Bucket>> {
        self.host().kv_open(identifier)?;
        self.push(Bucket {
            name: identifier.into(),
            stopped: None,
        })
    }

    async fn value(&mut self, bucket: &Resource<Bucket>, key: &str) -> Tried<Option<Vec<u8>>> {
        let name = self.name(bucket)?;
        Ok(self.host().kv_get(&name, key).await?)
    }

    async fn set(&mut self, bucket: &Resource<Bucket>, key: &str, value: Vec<u8>) -> Tried<()> {
        let name = self.name(bucket)?;
        Ok(self.host().kv_put(&name, key, value).await?)
    }

    async fn delete(&mut self, bucket: &Resource<Bucket>, key: &str) -> Tried<()> {
        let name = self.name(bucket)?;
        let _was_there = self.host().kv_delete(&name, key).await?;
        Ok(())
    }

    async fn exists(&mut self, bucket: &Resource<Bucket>, key: &str) -> Tried<bool> {
        let name = self.name(bucket)?;
        Ok(self.host().kv_exists(&name, key).await?)
    }

    async fn list_keys<D: Draft>(
        &mut self,
        bucket: &Resource<Bucket>,
        cursor: Option<D::Cursor>,
    ) -> Tried<KeyResponse<D::Cursor>> {
        let name = self.name(bucket)?;
        let (from, place) = match cursor {
            None => (None, Place::Start),
            Some(cursor) => {
                let place = D::place(self, bucket, &cursor).await?;
                (Some(cursor), place)
            }
        };
        let page = self.keys(&name, &place, MAX_PAGE).await?;
        let n_keys = page.keys.len();
        let bucket = self.get(bucket)?;
        let next = page.next;
        let cursor = next.map(|next| D::cursor(bucket, from, n_keys, next));
        Ok(KeyResponse {
            keys: page.keys,
            cursor,
        })
    }

    /// At most so many keys from a place on.
    pub(super) async fn keys(&mut self, bucket: &str, place: &Place, most: u32) -> Tried<Keys> {
        let start = match place {
            Place::Start => None,
            Place::At(key) => Some(key.as_str()),
            Place::End => return Ok(Keys::default()),
        };
        Ok(self.host().kv_keys(bucket, start, most).await?)
    }
}
