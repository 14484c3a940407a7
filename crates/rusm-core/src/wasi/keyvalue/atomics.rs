//! `atomics`: counting, and compare-and-swap.

use super::draft::{Draft, Draft2};
use super::error::{Error, Tried};
use super::store::Bucket;
use super::{Kv, close, interface};
use crate::guest::GuestState;
use crate::host::kv::KvRefused;
use crate::wasi::answer::answer;
use rusm_caps::Access;
use rusm_kv::{Expires, Op};
use sha2::{Digest, Sha256};
use std::sync::Arc;
use wasmtime::StoreContextMut;
use wasmtime::component::{ComponentType, Linker, Lower, Resource, ResourceType};
use wasmtime_wasi::TrappableError;

/// A handle for a swap: the key, and what it held when it was last looked at.
#[derive(Debug)]
pub(in crate::wasi) struct Cas {
    bucket: Arc<str>,
    key: String,
    seen: Seen,
}

/// What a key held: the SHA-256 of its value, so that a handle takes little whatever it has seen. None: the key was absent.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Seen(Option<[u8; 32]>);

impl Seen {
    fn of(value: Option<&[u8]>) -> Seen {
        Seen(value.map(|value| Sha256::digest(value).into()))
    }
}

/// `cas-error`.
#[derive(Debug, ComponentType, Lower)]
#[component(variant)]
enum CasError {
    #[component(name = "store-error")]
    StoreError(Error),
    #[component(name = "cas-failed")]
    CasFailed(Resource<Cas>),
}

pub(super) fn add_increment<D: Draft>(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker
        .instance(&interface::<D>("atomics"))?
        .func_wrap_async(
            "increment",
            |mut store: StoreContextMut<'_, GuestState>,
             (bucket, key, delta): (Resource<Bucket>, String, D::Number)| {
                Box::new(async move {
                    answer(
                        Kv::of(&mut store)
                            .increment::<D>(&bucket, &key, delta)
                            .await,
                    )
                })
            },
        )
}

/// Links what the second draft has alone.
pub(super) fn add_cas(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    let mut atomics = linker.instance(&interface::<Draft2>("atomics"))?;
    atomics.resource("cas", ResourceType::host::<Cas>(), close::<Cas>)?;
    atomics.func_wrap_async(
        "[static]cas.new",
        |mut store: StoreContextMut<'_, GuestState>, (bucket, key): (Resource<Bucket>, String)| {
            Box::new(async move { answer(Kv::of(&mut store).new_cas(&bucket, key).await) })
        },
    )?;
    atomics.func_wrap_async(
        "[method]cas.current",
        |mut store: StoreContextMut<'_, GuestState>, (cas,): (Resource<Cas>,)| {
            Box::new(async move { answer(Kv::of(&mut store).current(&cas).await) })
        },
    )?;
    atomics.func_wrap_async(
        "swap",
        |mut store: StoreContextMut<'_, GuestState>, (cas, value): (Resource<Cas>, Vec<u8>)| {
            Box::new(async move {
                let swapped = match Kv::of(&mut store).swap(cas, value).await {
                    Ok(Swapped::Done) => Ok(()),
                    Ok(Swapped::Not(cas)) => Err(CasError::CasFailed(cas)),
                    Err(error) => Err(CasError::StoreError(error.downcast()?)),
                };
                Ok((swapped,))
            })
        },
    )
}

/// What came of a swap.
enum Swapped {
    Done,
    /// Somebody was faster. The handle has seen what they wrote.
    Not(Resource<Cas>),
}

impl Kv<'_> {
    async fn increment<D: Draft>(
        &mut self,
        bucket: &Resource<Bucket>,
        key: &str,
        delta: D::Number,
    ) -> Tried<D::Number> {
        let name = self.name(bucket)?;
        let delta = delta
            .try_into()
            .map_err(|_| Error::Other(format!("the delta is over the most of {}", i64::MAX)))?;
        let sum = self.host().kv_increment(&name, key, delta).await?;
        let answered = D::Number::try_from(sum).map_err(|_| {
            Error::Other(format!(
                "the number is {sum} now, which this draft of the interface cannot tell"
            ))
        })?;
        Ok(answered)
    }

    async fn new_cas(&mut self, bucket: &Resource<Bucket>, key: String) -> Tried<Resource<Cas>> {
        let bucket = self.name(bucket)?;
        let value = self.host().kv_get(&bucket, &key).await?;
        let seen = Seen::of(value.as_deref());
        self.push(Cas { bucket, key, seen })
    }

    async fn current(&mut self, cas: &Resource<Cas>) -> Tried<Option<Vec<u8>>> {
        let (bucket, key) = {
            let cas = self.get(cas)?;
            (Arc::clone(&cas.bucket), cas.key.clone())
        };
        let value = self.host().kv_get(&bucket, &key).await?;
        self.get(cas)?.seen = Seen::of(value.as_deref());
        Ok(value)
    }

    /// Writes the value if the key holds what the handle saw. What it holds now is compared with that here, and by the store at the
    /// moment of the commit.
    async fn swap(&mut self, cas: Resource<Cas>, value: Vec<u8>) -> Tried<Swapped> {
        let mut cas = self.remove(cas).map_err(TrappableError::trap)?;
        let (bucket, key) = (Arc::clone(&cas.bucket), cas.key.clone());
        let mut host = self.host();
        host.kv_permit(&bucket, &key, Access::Write)?;
        let mut held = host.kv_get(&bucket, &key).await?;
        if Seen::of(held.as_deref()) == cas.seen {
            match host.kv_transact(&bucket, swap_ops(&key, held, value)).await {
                Ok(()) => return Ok(Swapped::Done),
                Err(KvRefused::Conflict(_)) => held = host.kv_get(&bucket, &key).await?,
                Err(refused) => return Err(refused.into()),
            }
        }
        cas.seen = Seen::of(held.as_deref());
        Ok(Swapped::Not(self.push(cas)?))
    }
}

fn swap_ops(key: &str, held: Option<Vec<u8>>, value: Vec<u8>) -> Vec<Op> {
    let expect = Op::Expect {
        key: key.to_owned(),
        value: held,
    };
    let put = Op::Put {
        key: key.to_owned(),
        value,
        expires: Expires::Never,
    };
    vec![expect, put]
}
