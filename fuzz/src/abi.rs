//! Records that core modules hand to their imports (`rusm-abi`).
//!
//! The first byte says which record the others are taken for. What is read is written again in as many bytes as
//! it says, and read back equal; every list has as many items as it says.

use rusm_abi::{
    Denial, Errno, Event, Info, List, Op, Page, Pair, Reader, Reason, Record, Selector,
    SpawnOptions, Spawned, numbers,
};
use std::fmt::Debug;

/// The target.
pub fn abi(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else {
        return;
    };
    match which % 16 {
        0 => check::<Reason<'_>>(bytes),
        1 => check::<Denial<'_>>(bytes),
        2 => check::<Event<'_>>(bytes),
        3 => check_with::<Selector<'_>>(bytes, |selector| {
            selector.tags.iter().for_each(check_list);
        }),
        4 => check_with::<SpawnOptions<'_>>(bytes, |options| {
            check_list(&options.args);
            check_list(&options.revoke);
        }),
        5 => check::<Spawned>(bytes),
        6 => check::<Info<'_>>(bytes),
        7 => check::<Pair<'_>>(bytes),
        8 => check::<Page<'_>>(bytes),
        9 => check::<Op<'_>>(bytes),
        10 => check_with::<List<'_, Op<'_>>>(bytes, check_list),
        11 => check_with::<List<'_, Pair<'_>>>(bytes, check_list),
        12 => check_with::<List<'_, &str>>(bytes, check_list),
        13 => check_with::<List<'_, u64>>(bytes, check_list),
        14 => check_numbers(bytes),
        _ => read_all(bytes),
    }
}

fn check<'a, R: Record<'a> + PartialEq + Debug>(bytes: &'a [u8]) {
    check_with::<R>(bytes, |_| ());
}

fn check_with<'a, R: Record<'a> + PartialEq + Debug>(bytes: &'a [u8], more: impl Fn(&R)) {
    let mut reader = Reader::new(bytes);
    if R::read(&mut reader).is_ok() {
        assert!(reader.rest().len() <= bytes.len());
    }
    let Ok(record) = R::decode(bytes) else {
        return;
    };
    more(&record);
    let mut room = vec![0; record.encoded_len()];
    assert_eq!(record.encode(&mut room), Ok(room.len()));
    if let Some(shorter) = room.len().checked_sub(1) {
        let mut shorter = vec![0; shorter];
        assert!(record.encode(&mut shorter).is_err());
    }
    // What was read is compared as text: it borrows from bytes that live shorter.
    let again = format!("{record:?}");
    assert!(
        again.len() <= 64 + 16 * bytes.len().max(64),
        "{} bytes of text",
        again.len()
    );
    assert!(
        room.len() <= bytes.len(),
        "it grew from {} to {} bytes",
        bytes.len(),
        room.len()
    );
}

fn check_list<'a, T: Record<'a> + Copy>(list: &List<'a, T>) {
    assert_eq!(list.iter().count(), list.count());
}

fn check_numbers(bytes: &[u8]) {
    if let Ok(ids) = numbers(bytes) {
        assert_eq!(ids.count() * 8, bytes.len());
    }
    if let Some(code) = bytes.first_chunk() {
        let _known = Errno::from_i32(i32::from_le_bytes(*code));
    }
}

/// One primitive after the other, as the first bytes say; what is left only shrinks.
fn read_all(bytes: &[u8]) {
    let (plan, rest) = bytes.split_at(bytes.len() / 4);
    let mut reader = Reader::new(rest);
    for step in plan {
        let before = reader.rest().len();
        let is_read = match step % 10 {
            0 => reader.u32().is_ok(),
            1 => reader.u64().is_ok(),
            2 => reader.id().is_ok(),
            3 => reader.text().is_ok(),
            4 => reader.optional_text().is_ok(),
            5 => reader.sized().is_ok(),
            6 => reader.optional_sized().is_ok(),
            7 => reader.end().is_ok(),
            8 => reader.bytes(u32::from(step / 10)).is_ok(),
            _ => reader.bytes(u32::MAX - u32::from(*step)).is_ok(),
        };
        assert!(reader.rest().len() <= before);
        if !is_read {
            return;
        }
    }
}
