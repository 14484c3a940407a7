//! Messages between guests (`rusm_sdk::wire`): what a guest's server reads from strangers.
//!
//! The first byte says what the others are taken for. What is read is written and read back equal.

use rusm_sdk::wire::{Wire, decode, encode};
use std::fmt::Debug;
use std::time::Duration;

/// The target.
pub fn wire(data: &[u8]) {
    let Some((which, bytes)) = data.split_first() else {
        return;
    };
    match which % 12 {
        0 => check::<u8>(bytes),
        1 => check::<i64>(bytes),
        2 => check::<bool>(bytes),
        3 => check::<String>(bytes),
        4 => check::<Vec<u8>>(bytes),
        5 => check::<Vec<String>>(bytes),
        6 => check::<Vec<Option<Vec<u64>>>>(bytes),
        7 => check::<Result<(u8, String), Vec<i32>>>(bytes),
        8 => check::<Duration>(bytes),
        9 => check::<rusm_sdk::ExitReason>(bytes),
        10 => check::<Vec<()>>(bytes),
        _ => check::<(rusm_sdk::Pid, Option<rusm_sdk::ExitReason>, Vec<Vec<bool>>)>(bytes),
    }
}

fn check<T: Wire + PartialEq + Debug>(bytes: &[u8]) {
    if let Ok(value) = decode::<T>(bytes) {
        let written = encode(&value);
        assert_eq!(decode::<T>(&written), Ok(value));
    }
}
