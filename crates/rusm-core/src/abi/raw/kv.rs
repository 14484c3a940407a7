//! The key-value store.

use super::refused::Refused;
use super::result::Long;
use super::{Call, short};
use crate::guest::GuestState;
use crate::host::Host;
use rusm_abi::limits::MAX_BATCH;
use rusm_abi::{Errno, List, MODULE, Op};
use rusm_kv::Expires;
use wasmtime::{Caller, Linker};

/// A pointer and a length.
type At = (i32, i32);

pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker
        .func_wrap_async(
            MODULE,
            "kv-get",
            |caller, (bucket, bucket_len, key, key_len, buffer, len)| {
                Box::new(get(
                    caller,
                    (bucket, bucket_len),
                    (key, key_len),
                    (buffer, len),
                ))
            },
        )?
        .func_wrap_async(
            MODULE,
            "kv-put",
            |caller, (bucket, bucket_len, key, key_len, value, len)| {
                Box::new(put(
                    caller,
                    (bucket, bucket_len),
                    (key, key_len),
                    (value, len),
                ))
            },
        )?
        .func_wrap_async(
            MODULE,
            "kv-delete",
            |caller, (bucket, bucket_len, key, key_len)| {
                Box::new(delete(caller, (bucket, bucket_len), (key, key_len)))
            },
        )?
        .func_wrap_async(
            MODULE,
            "kv-list",
            |caller,
             (
                bucket,
                bucket_len,
                prefix,
                prefix_len,
                start,
                start_len,
                limit,
                buffer,
                len,
            )| {
                Box::new(list(
                    caller,
                    (bucket, bucket_len),
                    (prefix, prefix_len),
                    (start, start_len),
                    limit,
                    (buffer, len),
                ))
            },
        )?
        .func_wrap_async(
            MODULE,
            "kv-transact",
            |caller, (bucket, bucket_len, ops, ops_len)| {
                Box::new(transact(caller, (bucket, bucket_len), (ops, ops_len)))
            },
        )?
        .func_wrap_async(
            MODULE,
            "kv-increment",
            |caller, (bucket, bucket_len, key, key_len, by, buffer, len)| {
                Box::new(increment(
                    caller,
                    (bucket, bucket_len),
                    (key, key_len),
                    by,
                    (buffer, len),
                ))
            },
        )?;
    Ok(())
}

async fn get(
    mut caller: Caller<'_, GuestState>,
    bucket: At,
    key: At,
    buffer: At,
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let room = call.memory.room(buffer.0, buffer.1)?;
    let (bucket, key) = (
        call.memory.text(bucket.0, bucket.1)?,
        call.memory.text(key.0, key.1)?,
    );
    let value = Host::new(call.state).kv_get(bucket, key).await;
    let value = match value {
        Ok(Some(value)) => Ok(Long::Bytes(value)),
        Ok(None) => Err(Errno::NotFound.into()),
        Err(refused) => Err(refused.into()),
    };
    Ok(Call::resume(&mut caller)?.long(room, value)?)
}

async fn put(
    mut caller: Caller<'_, GuestState>,
    bucket: At,
    key: At,
    value: At,
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let (bucket, key) = (
        call.memory.text(bucket.0, bucket.1)?,
        call.memory.text(key.0, key.1)?,
    );
    let value = call.memory.bytes(value.0, value.1)?;
    let put = Host::new(call.state).kv_put(bucket, key, value).await;
    Ok(short(
        caller.data_mut(),
        put.map(|()| 0).map_err(Into::into),
    ))
}

async fn delete(mut caller: Caller<'_, GuestState>, bucket: At, key: At) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let (bucket, key) = (
        call.memory.text(bucket.0, bucket.1)?,
        call.memory.text(key.0, key.1)?,
    );
    let was_there = Host::new(call.state).kv_delete(bucket, key).await;
    Ok(short(
        caller.data_mut(),
        was_there.map(i32::from).map_err(Into::into),
    ))
}

async fn list(
    mut caller: Caller<'_, GuestState>,
    bucket: At,
    prefix: At,
    start: At,
    limit: i32,
    buffer: At,
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let room = call.memory.room(buffer.0, buffer.1)?;
    let (bucket, prefix) = (
        call.memory.text(bucket.0, bucket.1)?,
        call.memory.text(prefix.0, prefix.1)?,
    );
    let start = call.memory.optional_text(start.0, start.1)?;
    let page = Host::new(call.state)
        .kv_list(bucket, prefix, start, limit.cast_unsigned())
        .await;
    let page = page.map(Long::Page).map_err(Refused::from);
    Ok(Call::resume(&mut caller)?.long(room, page)?)
}

async fn transact(
    mut caller: Caller<'_, GuestState>,
    bucket: At,
    ops: At,
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let bucket = call.memory.text(bucket.0, bucket.1)?;
    let ops = call.memory.record("operations", ops.0, ops.1)?;
    // One operation too many is as good as a million of them.
    let ops = ops.unwrap_or(List::empty()).iter().take(MAX_BATCH + 1);
    let ops = ops.map(op).collect();
    let done = Host::new(call.state).kv_transact(bucket, ops).await;
    Ok(short(
        caller.data_mut(),
        done.map(|()| 0).map_err(Into::into),
    ))
}

fn op(op: Op<'_>) -> rusm_kv::Op {
    match op {
        Op::Put {
            key,
            value,
            expires_ms,
        } => rusm_kv::Op::Put {
            key: key.to_owned(),
            value: value.to_owned(),
            expires: expires_ms.map_or(Expires::Never, |ms| Expires::After { ms }),
        },
        Op::Delete(key) => rusm_kv::Op::Delete {
            key: key.to_owned(),
        },
        Op::Expect { key, value } => rusm_kv::Op::Expect {
            key: key.to_owned(),
            value: value.map(<[u8]>::to_owned),
        },
    }
}

async fn increment(
    mut caller: Caller<'_, GuestState>,
    bucket: At,
    key: At,
    by: i64,
    buffer: At,
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let room = call.memory.room(buffer.0, buffer.1)?;
    let (bucket, key) = (
        call.memory.text(bucket.0, bucket.1)?,
        call.memory.text(key.0, key.1)?,
    );
    let sum = Host::new(call.state).kv_increment(bucket, key, by).await;
    let sum = sum
        .map(|sum| Long::record(&sum.cast_unsigned()))
        .map_err(Refused::from);
    Ok(Call::resume(&mut caller)?.long(room, sum)?)
}
