//! The key-value store. It has no good answer to convert as long as no node has a store.

use super::{Call, short};
use crate::guest::GuestState;
use crate::host::Host;
use crate::host::kv::KvRefused;
use rusm_abi::{List, MODULE};
use std::convert::Infallible;
use wasmtime::{Caller, Linker};

/// A pointer and a length.
type At = (i32, i32);

pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker
        .func_wrap(
            MODULE,
            "kv-get",
            |caller: Caller<'_, GuestState>, bucket, bucket_len, key, key_len, buffer, len| {
                get(caller, (bucket, bucket_len), (key, key_len), (buffer, len))
            },
        )?
        .func_wrap(
            MODULE,
            "kv-put",
            |caller: Caller<'_, GuestState>, bucket, bucket_len, key, key_len, value, len| {
                put(caller, (bucket, bucket_len), (key, key_len), (value, len))
            },
        )?
        .func_wrap(
            MODULE,
            "kv-delete",
            |caller: Caller<'_, GuestState>, bucket, bucket_len, key, key_len| {
                delete(caller, (bucket, bucket_len), (key, key_len))
            },
        )?
        .func_wrap(
            MODULE,
            "kv-list",
            |caller: Caller<'_, GuestState>,
             bucket,
             bucket_len,
             prefix,
             prefix_len,
             start,
             start_len,
             limit,
             buffer,
             len| {
                list(
                    caller,
                    (bucket, bucket_len),
                    (prefix, prefix_len),
                    (start, start_len),
                    limit,
                    (buffer, len),
                )
            },
        )?
        .func_wrap(
            MODULE,
            "kv-transact",
            |caller: Caller<'_, GuestState>, bucket, bucket_len, ops, ops_len| {
                transact(caller, (bucket, bucket_len), (ops, ops_len))
            },
        )?
        .func_wrap(
            MODULE,
            "kv-increment",
            |caller: Caller<'_, GuestState>, bucket, bucket_len, key, key_len, by, buffer, len| {
                increment(
                    caller,
                    (bucket, bucket_len),
                    (key, key_len),
                    by,
                    (buffer, len),
                )
            },
        )?;
    Ok(())
}

fn get(
    mut caller: Caller<'_, GuestState>,
    bucket: At,
    key: At,
    buffer: At,
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    call.memory.room(buffer.0, buffer.1)?;
    let (bucket, key) = (
        call.memory.text(bucket.0, bucket.1)?,
        call.memory.text(key.0, key.1)?,
    );
    let answer = Host::new(call.state).kv_get(bucket, key);
    Ok(refusal(call.state, answer))
}

fn put(
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
    let answer = Host::new(call.state).kv_put(bucket, key, value);
    Ok(refusal(call.state, answer))
}

fn delete(mut caller: Caller<'_, GuestState>, bucket: At, key: At) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let (bucket, key) = (
        call.memory.text(bucket.0, bucket.1)?,
        call.memory.text(key.0, key.1)?,
    );
    let answer = Host::new(call.state).kv_delete(bucket, key);
    Ok(refusal(call.state, answer))
}

fn list(
    mut caller: Caller<'_, GuestState>,
    bucket: At,
    prefix: At,
    start: At,
    _limit: i32,
    buffer: At,
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    call.memory.room(buffer.0, buffer.1)?;
    let (bucket, prefix) = (
        call.memory.text(bucket.0, bucket.1)?,
        call.memory.text(prefix.0, prefix.1)?,
    );
    let start = call.memory.optional_text(start.0, start.1)?;
    let answer = Host::new(call.state).kv_list(bucket, prefix, start);
    Ok(refusal(call.state, answer))
}

fn transact(mut caller: Caller<'_, GuestState>, bucket: At, ops: At) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    let bucket = call.memory.text(bucket.0, bucket.1)?;
    let ops = call.memory.record("operations", ops.0, ops.1)?;
    let answer = Host::new(call.state).kv_transact(bucket, ops.unwrap_or(List::empty()));
    Ok(refusal(call.state, answer))
}

fn increment(
    mut caller: Caller<'_, GuestState>,
    bucket: At,
    key: At,
    _by: i64,
    buffer: At,
) -> wasmtime::Result<i32> {
    let call = Call::enter(&mut caller)?;
    call.memory.room(buffer.0, buffer.1)?;
    let (bucket, key) = (
        call.memory.text(bucket.0, bucket.1)?,
        call.memory.text(key.0, key.1)?,
    );
    let answer = Host::new(call.state).kv_increment(bucket, key);
    Ok(refusal(call.state, answer))
}

fn refusal(state: &mut GuestState, answer: Result<Infallible, KvRefused>) -> i32 {
    match answer {
        Ok(never) => match never {},
        Err(refused) => short(state, Err(refused.into())),
    }
}
