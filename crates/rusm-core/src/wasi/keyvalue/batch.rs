//! `batch`: operations on many keys, all or nothing.

use super::draft::{Crossing, Draft, Draft1, Draft2};
use super::error::Tried;
use super::store::Bucket;
use super::{Kv, interface};
use crate::guest::GuestState;
use crate::wasi::answer::answer;
use rusm_caps::Access;
use rusm_kv::{Expires, Op};
use wasmtime::StoreContextMut;
use wasmtime::component::types::{ComponentItem, Type};
use wasmtime::component::{Component, Linker, LinkerInstance, Resource};

pub(super) fn add<D: Draft>(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    let mut batch = linker.instance(&interface::<D>("batch"))?;
    add_get_many(&mut batch, D::found)?;
    batch.func_wrap_async(
        "set-many",
        |mut store: StoreContextMut<'_, GuestState>,
         (bucket, pairs): (Resource<Bucket>, Vec<(String, Vec<u8>)>)| {
            Box::new(async move {
                let put = |(key, value)| Op::Put {
                    key,
                    value,
                    expires: Expires::Never,
                };
                let ops = pairs.into_iter().map(put).collect();
                answer(Kv::of(&mut store).write(&bucket, ops).await)
            })
        },
    )?;
    batch.func_wrap_async(
        "delete-many",
        |mut store: StoreContextMut<'_, GuestState>,
         (bucket, keys): (Resource<Bucket>, Vec<String>)| {
            Box::new(async move {
                let ops = keys.into_iter().map(|key| Op::Delete { key }).collect();
                answer(Kv::of(&mut store).write(&bucket, ops).await)
            })
        },
    )
}

/// Links `get-many`, which answers for each key what `found` makes of it.
fn add_get_many<F: Crossing>(
    batch: &mut LinkerInstance<'_, GuestState>,
    found: fn(String, Option<Vec<u8>>) -> F,
) -> wasmtime::Result<()> {
    batch.func_wrap_async(
        "get-many",
        move |mut store: StoreContextMut<'_, GuestState>,
              (bucket, keys): (Resource<Bucket>, Vec<String>)| {
            Box::new(async move { answer(Kv::of(&mut store).get_many(&bucket, keys, found).await) })
        },
    )
}

/// Links `get-many` of the second draft in the form that it has in earlier copies: that of the first draft.
pub(super) fn shadow_get_many(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    let mut batch = linker.instance(&interface::<Draft2>("batch"))?;
    add_get_many(&mut batch, Draft1::found)
}

/// Whether a component takes `get-many` of the second draft in that form: a list of options.
pub(super) fn is_of_an_earlier_copy(component: &Component) -> bool {
    let answered = || {
        let (engine, component) = (component.engine(), component.component_type());
        let import = component.get_import(engine, &interface::<Draft2>("batch"))?;
        let ComponentItem::ComponentInstance(batch) = import.ty else {
            return None;
        };
        let ComponentItem::ComponentFunc(get_many) = batch.get_export(engine, "get-many")?.ty
        else {
            return None;
        };
        let Type::Result(result) = get_many.results().next()? else {
            return None;
        };
        let Type::List(items) = result.ok()? else {
            return None;
        };
        Some(items.ty())
    };
    matches!(answered(), Some(Type::Option(_)))
}

impl Kv<'_> {
    async fn get_many<F>(
        &mut self,
        bucket: &Resource<Bucket>,
        keys: Vec<String>,
        found: fn(String, Option<Vec<u8>>) -> F,
    ) -> Tried<Vec<F>> {
        let name = self.name(bucket)?;
        let values = self.host().kv_get_many(&name, &keys).await?;
        let pairs = keys.into_iter().zip(values);
        Ok(pairs.map(|(key, value)| found(key, value)).collect())
    }

    async fn write(&mut self, bucket: &Resource<Bucket>, ops: Vec<Op>) -> Tried<()> {
        let name = self.name(bucket)?;
        if ops.is_empty() {
            // To write nothing is to write; a transaction of nothing would ask for reading.
            return Ok(self.host().kv_permit(&name, "", Access::Write)?);
        }
        Ok(self.host().kv_transact(&name, ops).await?)
    }
}
