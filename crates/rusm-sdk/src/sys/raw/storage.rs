//! The key-value imports.

use rusm_abi::{Errno, List};

use super::answer::{Long, checked, denial, detail, encoded, unexpected};
use super::import::Room;
use super::{convert, import};
use crate::kv::{KvError, Op, Page};

pub(crate) fn kv_get(bucket: &str, key: &str) -> Result<Option<Vec<u8>>, KvError> {
    let mut room = Room::new();
    match Long::of(&mut room, |room| import::kv_get(bucket, key, room)) {
        Ok(value) => Ok(Some(value.into_bytes(0))),
        Err(Errno::NotFound) => Ok(None),
        Err(errno) => Err(kv_error("kv-get", errno)),
    }
}

pub(crate) fn kv_put(bucket: &str, key: &str, value: &[u8]) -> Result<(), KvError> {
    match checked(import::kv_put(bucket, key, value)) {
        Ok(_) => Ok(()),
        Err(errno) => Err(kv_error("kv-put", errno)),
    }
}

pub(crate) fn kv_delete(bucket: &str, key: &str) -> Result<bool, KvError> {
    match checked(import::kv_delete(bucket, key)) {
        Ok(there) => Ok(there != 0),
        Err(errno) => Err(kv_error("kv-delete", errno)),
    }
}

pub(crate) fn kv_list(
    bucket: &str,
    prefix: &str,
    start: Option<&str>,
    limit: u32,
) -> Result<Page, KvError> {
    let mut room = Room::new();
    match Long::of(&mut room, |room| {
        import::kv_list(bucket, prefix, start, limit, room)
    }) {
        Ok(page) => {
            let page: rusm_abi::Page<'_> = page.decode();
            let pairs = page.pairs.iter().map(convert::pair).collect();
            Ok(Page {
                pairs,
                next: page.next.map(Into::into),
            })
        }
        Err(errno) => Err(kv_error("kv-list", errno)),
    }
}

pub(crate) fn kv_transact(bucket: &str, ops: &[Op]) -> Result<(), KvError> {
    let ops: Vec<_> = ops.iter().map(convert::raw_op).collect();
    match checked(import::kv_transact(bucket, &encoded(&List::Slice(&ops)))) {
        Ok(_) => Ok(()),
        Err(errno) => Err(kv_error("kv-transact", errno)),
    }
}

pub(crate) fn kv_increment(bucket: &str, key: &str, by: i64) -> Result<i64, KvError> {
    let mut room = Room::new();
    match Long::of(&mut room, |room| {
        import::kv_increment(bucket, key, by, room)
    }) {
        Ok(value) => {
            let value: u64 = value.decode();
            Ok(value.cast_signed())
        }
        Err(errno) => Err(kv_error("kv-increment", errno)),
    }
}

#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "a code that this import does not have is a mistake of the host, whichever it is"
)]
fn kv_error(import: &str, errno: Errno) -> KvError {
    match errno {
        Errno::Denied => KvError::Denied(denial()),
        Errno::NoStore => KvError::NoStore,
        Errno::TooLarge => KvError::TooLarge,
        Errno::Conflict => {
            let index = detail(|index| index.bytes().try_into());
            let index: [u8; 4] = index.expect("the index of a conflict is a u32");
            KvError::Conflict(u32::from_le_bytes(index))
        }
        Errno::Failed => KvError::Failed(detail(|why| why.text())),
        errno => unexpected(import, errno),
    }
}
