//! How a guest's run ended, from the error that came out of it.

use super::error::{chain, shown};
use super::run::Ended;
use crate::event::Evidence;
use crate::guest::breach::Breach;
use crate::guest::limits::TooLarge;
use crate::guest::{GuestExit, LimitBreach};
use crate::wasi;
use rusm_actor::ExitReason;
use rusm_caps::Limits;
use std::fmt::Write;
use wasmtime::component::ResourceTableError;
use wasmtime::{FrameInfo, GcHeapOutOfMemory, Trap, WasmBacktrace};
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

/// How a guest with these bounds ended that met this error.
pub(super) fn ended(error: &wasmtime::Error, stage: Stage, limits: &Limits) -> Ended {
    if let Some(GuestExit(reason)) = error.downcast_ref() {
        return Ended::of(reason.clone());
    }
    if let Some(breach) = error.downcast_ref::<LimitBreach>() {
        return Ended::over(*breach);
    }
    if let Some(I32Exit(code)) = error.downcast_ref() {
        return Ended::by_exit_code(*code);
    }
    let trap = error.downcast_ref::<Trap>();
    if trap.is_none() {
        if let Some(breach) = wasmtimes_own(error, limits) {
            return Ended::over(LimitBreach(breach));
        }
        if let Some(too_large) = error.downcast_ref::<TooLarge>() {
            return Ended::not_started(too_large);
        }
    }
    let backtrace = error.downcast_ref::<WasmBacktrace>();
    let frames = backtrace.map(WasmBacktrace::frames).unwrap_or_default();
    let what = match trap {
        Some(trap) => trap
            .to_string()
            .trim_start_matches("wasm trap: ")
            .to_owned(),
        // Without a frame no guest code was running: the instance could not be made.
        None if stage == Stage::Instantiating && frames.is_empty() => {
            return Ended::not_started(format_args!("cannot make an instance: {}", chain(error)));
        }
        // Wasmtime puts its backtrace in front; the cause says what the host had against it.
        None => shown(&error.root_cause().to_string()),
    };
    let (frames, has_more) = own_frames(frames);
    let reason = ExitReason::trap(shown(&with_frames(what, &frames, has_more)));
    let frames = frames.iter().map(|name| shown(name)).collect();
    Ended {
        evidence: Evidence {
            frames,
            breach: None,
        },
        ..Ended::of(reason)
    }
}

/// The breach of a bound that Wasmtime itself holds; it was given the bound from the profile.
fn wasmtimes_own(error: &wasmtime::Error, limits: &Limits) -> Option<Breach> {
    let cause = error.root_cause();
    let text = cause.to_string();
    let entries = |most: usize| Breach::entries(u64::try_from(most).unwrap_or(u64::MAX));
    if matches!(cause.downcast_ref(), Some(ResourceTableError::Full)) {
        return Some(entries(wasi::max_table_entries(limits)));
    }
    if text.ends_with("store handle limit exceeded") {
        return Some(entries(wasi::max_component_handles(limits)));
    }
    // Nor by how much a heap of the garbage collector would have had to grow.
    if cause.downcast_ref::<GcHeapOutOfMemory<()>>().is_some() {
        let bound = limits.max_memory_bytes;
        return Some(Breach::memory(bound, bound.saturating_add(1)));
    }
    let is_fuel = text.ends_with("fuel allocated for hostcalls has been exhausted");
    // How much more it was, Wasmtime does not tell.
    is_fuel.then(|| {
        Breach::call(
            limits.max_call_bytes,
            limits.max_call_bytes.saturating_add(1),
        )
    })
}

/// Exit code 0 is a normal end.
pub(super) fn by_exit_code(code: i32) -> ExitReason {
    match code {
        0 => ExitReason::Normal,
        code => ExitReason::error(format!("exit code {code}")),
    }
}

/// The guest's frames, innermost first, as many as are shown, and whether there are more; the innermost with its module, if that has a
/// name.
fn own_frames(frames: &[FrameInfo]) -> (Vec<String>, bool) {
    // What a language does on the way to its trap says less than who made it trap.
    let is_own = |frame: &FrameInfo| !is_machinery(&frame_name(frame));
    let first = frames.iter().position(is_own).unwrap_or(0);
    let own = frames.get(first..).unwrap_or_default();
    let mut names: Vec<String> = own.iter().take(FRAMES_SHOWN).map(frame_name).collect();
    let module = own.first().and_then(|frame| frame.module().name());
    if let (Some(name), Some(module)) = (names.first_mut(), module) {
        let _ = write!(name, " ({module})");
    }
    (names, own.len() > FRAMES_SHOWN)
}

fn with_frames(mut text: String, frames: &[String], has_more: bool) -> String {
    for (position, name) in frames.iter().enumerate() {
        text.push_str(if position == 0 { ", in " } else { " < " });
        text.push_str(name);
    }
    if has_more {
        text.push_str(" < …");
    }
    text
}

/// Only the last hash of a Rust symbol is left out; the names of other languages stay as they are.
fn frame_name(frame: &FrameInfo) -> String {
    match frame.func_name() {
        Some(name) => format!("{:#}", rustc_demangle::demangle(name)),
        None => format!("function {}", frame.func_index()),
    }
}

/// A frame of the libraries between a panic of Rust, or an `abort`, and its trap.
fn is_machinery(name: &str) -> bool {
    const OF_RUST: [&str; 6] = [
        "std::",
        "core::",
        "alloc::",
        "__rust",
        "rust_panic",
        "rust_begin_unwind",
    ];
    let name = name.trim_start_matches('<');
    name == "abort" || OF_RUST.iter().any(|prefix| name.starts_with(prefix))
}
