//! Commands that end the process.

use std::hint::black_box;
use std::time::{Duration, Instant};

use rusm_sdk::{ExitReason, process};

use crate::script::Script;

pub(crate) fn run(command: &str, script: &mut Script) -> bool {
    match command {
        "panic" => panic!("{}", script.text()),
        "unreachable" => trap(),
        "overflow" => {
            black_box(dive(black_box(1)));
        }
        "overflow-data" => {
            black_box(dive_with_data(1));
        }
        "hoard" => hoard(),
        "spin" => loop {
            black_box(());
        },
        "spin-ms" => {
            let (began, time) = (Instant::now(), Duration::from_millis(script.number()));
            while began.elapsed() < time {
                black_box(());
            }
        }
        "exit-code" => std::process::exit(script.number()),
        "exit" => process::exit(&script.reason()),
        "exit-long" => process::exit(&ExitReason::Error("x".repeat(script.number()))),
        _ => return false,
    }
    true
}

#[cfg(target_arch = "wasm32")]
fn trap() -> ! {
    core::arch::wasm32::unreachable()
}

#[cfg(not(target_arch = "wasm32"))]
fn trap() -> ! {
    std::process::abort()
}

/// Needs no memory, only calls; ends at 0, which is never reached. The work after the call keeps it a call.
#[inline(never)]
fn dive(depth: u64) -> u64 {
    if depth == 0 {
        0
    } else {
        dive(depth + 1).wrapping_mul(3) ^ depth
    }
}

/// Each call takes a page of the stack in memory.
#[inline(never)]
fn dive_with_data(depth: u64) -> u64 {
    let data = black_box([depth; 512]);
    if depth == 0 {
        0
    } else {
        dive_with_data(depth + 1) ^ data.iter().sum::<u64>()
    }
}

fn hoard() -> ! {
    let mut hoard = Vec::new();
    loop {
        hoard.push(black_box(vec![1_u8; 1 << 20]));
    }
}
