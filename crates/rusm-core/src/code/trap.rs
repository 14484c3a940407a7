//! How a guest's run ended, from the error that came out of it.

use super::error::{chain, shown};
use crate::guest::limits::TooLarge;
use crate::guest::{GuestExit, LimitBreach};
use rusm_actor::ExitReason;
use std::fmt::Write;
use wasmtime::{FrameInfo, Trap, WasmBacktrace};
use wasmtime_wasi::I32Exit;

/// Frames named in a reason. The trap's own frame is first.
const FRAMES_SHOWN: usize = 8;

/// How far a process had come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Stage {
    /// Its instance was being made. A start function may have run.
    Instantiating,
    /// Its entry was called.
    Running,
}

/// The reason, and the exit code if the guest gave one.
pub(super) fn reason(error: &wasmtime::Error, stage: Stage) -> (ExitReason, Option<i32>) {
    if let Some(GuestExit(reason)) = error.downcast_ref() {
        return (reason.clone(), None);
    }
    if let Some(LimitBreach(limit)) = error.downcast_ref() {
        return (ExitReason::Limit(*limit), None);
    }
    if let Some(I32Exit(code)) = error.downcast_ref() {
        return (by_exit_code(*code), Some(*code));
    }
    if let Some(too_large) = error.downcast_ref::<TooLarge>() {
        return (ExitReason::not_started(too_large.to_string()), None);
    }
    let backtrace = error.downcast_ref::<WasmBacktrace>();
    let frames = backtrace.map(WasmBacktrace::frames).unwrap_or_default();
    let what = match error.downcast_ref::<Trap>() {
        Some(trap) => trap
            .to_string()
            .trim_start_matches("wasm trap: ")
            .to_owned(),
        // Without a frame no guest code was running: the instance could not be made.
        None if stage == Stage::Instantiating && frames.is_empty() => {
            return (
                ExitReason::not_started(format!("cannot make an instance: {}", chain(error))),
                None,
            );
        }
        // Wasmtime puts its backtrace in front; the cause says what the host had against it.
        None => shown(&error.root_cause().to_string()),
    };
    (ExitReason::trap(shown(&with_frames(what, frames))), None)
}

/// Exit code 0 is a normal end.
pub(super) fn by_exit_code(code: i32) -> ExitReason {
    match code {
        0 => ExitReason::Normal,
        code => ExitReason::error(format!("exit code {code}")),
    }
}

fn with_frames(mut text: String, frames: &[FrameInfo]) -> String {
    for (position, frame) in frames.iter().take(FRAMES_SHOWN).enumerate() {
        text.push_str(if position == 0 { ", in " } else { " < " });
        match frame.func_name() {
            // Only the last hash of a Rust symbol is left out; the names of other languages stay as they are.
            Some(name) => {
                let _ = write!(text, "{:#}", rustc_demangle::demangle(name));
            }
            None => {
                let _ = write!(text, "function {}", frame.func_index());
            }
        }
        if let (0, Some(module)) = (position, frame.module().name()) {
            let _ = write!(text, " ({module})");
        }
    }
    if frames.len() > FRAMES_SHOWN {
        text.push_str(" < …");
    }
    text
}
