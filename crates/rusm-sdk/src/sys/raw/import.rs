//! The imports of module `rusm`, as functions over slices. All unsafe code of the raw path is here.
//!
//! `abi/raw.md` says what each of them means. The rules of safety are the same for all: the host reads the
//! bytes it is given and writes at most as many as it has room for, during the call only, and keeps no pointer.

#![expect(
    unsafe_code,
    reason = "imports of the host; each wrapper passes the pointer and length of one slice"
)]

use std::mem::MaybeUninit;

/// The declarations themselves. A bare `safe fn` has no pointer and can do no harm.
mod host {
    #[link(wasm_import_module = "rusm")]
    unsafe extern "C" {
        #[link_name = "self"]
        pub(in crate::sys::raw) safe fn myself() -> u64;
        pub(in crate::sys::raw) safe fn parent() -> u64;
        pub(super) fn exit(reason: *const u8, reason_length: usize);
        #[link_name = "trap-exits"]
        pub(in crate::sys::raw) safe fn trap_exits(on: i32) -> i32;
        pub(in crate::sys::raw) safe fn link(to: u64) -> i32;
        pub(in crate::sys::raw) safe fn unlink(to: u64);
        pub(in crate::sys::raw) safe fn monitor(to: u64) -> u64;
        pub(in crate::sys::raw) safe fn demonitor(monitor: u64);
        pub(super) fn signal(to: u64, reason: *const u8, reason_length: usize) -> i32;

        pub(super) fn send(
            to: u64,
            name: *const u8,
            name_length: usize,
            tag: u64,
            payload: *const u8,
            payload_length: usize,
        ) -> i32;
        pub(super) fn receive(
            select: *const u8,
            select_length: usize,
            timeout_ms: i64,
            room: *mut u8,
            length: usize,
        ) -> i32;
        pub(super) fn call(
            to: u64,
            name: *const u8,
            name_length: usize,
            tag: u64,
            payload: *const u8,
            payload_length: usize,
            timeout_ms: i64,
            room: *mut u8,
            length: usize,
        ) -> i32;
        pub(super) fn reply(request: u64, payload: *const u8, payload_length: usize);
        #[link_name = "send-after"]
        pub(super) fn send_after(
            delay_ms: i64,
            to: u64,
            name: *const u8,
            name_length: usize,
            tag: u64,
            payload: *const u8,
            payload_length: usize,
            room: *mut u8,
            length: usize,
        ) -> i32;
        #[link_name = "cancel-timer"]
        pub(in crate::sys::raw) safe fn cancel_timer(timer: u64) -> i64;

        pub(super) fn register(name: *const u8, name_length: usize) -> i32;
        pub(super) fn unregister(name: *const u8, name_length: usize);
        pub(super) fn whereis(name: *const u8, name_length: usize) -> u64;
        pub(super) fn join(group: *const u8, group_length: usize);
        pub(super) fn leave(group: *const u8, group_length: usize);
        pub(super) fn members(
            group: *const u8,
            group_length: usize,
            room: *mut u8,
            length: usize,
        ) -> i32;
        pub(super) fn broadcast(
            group: *const u8,
            group_length: usize,
            tag: u64,
            payload: *const u8,
            payload_length: usize,
        ) -> i32;

        pub(super) fn spawn(
            component: *const u8,
            component_length: usize,
            options: *const u8,
            options_length: usize,
            room: *mut u8,
            length: usize,
        ) -> i32;
        pub(super) fn load(
            name: *const u8,
            name_length: usize,
            code: *const u8,
            code_length: usize,
        ) -> i32;

        pub(super) fn query(
            permission: *const u8,
            permission_length: usize,
            target: *const u8,
            target_length: usize,
        ) -> i32;
        pub(super) fn drop(permission: *const u8, permission_length: usize);

        pub(super) fn processes(room: *mut u8, length: usize) -> i32;
        pub(super) fn inspect(process: u64, room: *mut u8, length: usize) -> i32;
        pub(in crate::sys::raw) safe fn kill(process: u64) -> i32;

        #[link_name = "kv-get"]
        pub(super) fn kv_get(
            bucket: *const u8,
            bucket_length: usize,
            key: *const u8,
            key_length: usize,
            room: *mut u8,
            length: usize,
        ) -> i32;
        #[link_name = "kv-put"]
        pub(super) fn kv_put(
            bucket: *const u8,
            bucket_length: usize,
            key: *const u8,
            key_length: usize,
            value: *const u8,
            value_length: usize,
        ) -> i32;
        #[link_name = "kv-delete"]
        pub(super) fn kv_delete(
            bucket: *const u8,
            bucket_length: usize,
            key: *const u8,
            key_length: usize,
        ) -> i32;
        #[link_name = "kv-list"]
        pub(super) fn kv_list(
            bucket: *const u8,
            bucket_length: usize,
            prefix: *const u8,
            prefix_length: usize,
            start: *const u8,
            start_length: usize,
            limit: u32,
            room: *mut u8,
            length: usize,
        ) -> i32;
        #[link_name = "kv-transact"]
        pub(super) fn kv_transact(
            bucket: *const u8,
            bucket_length: usize,
            ops: *const u8,
            ops_length: usize,
        ) -> i32;
        #[link_name = "kv-increment"]
        pub(super) fn kv_increment(
            bucket: *const u8,
            bucket_length: usize,
            key: *const u8,
            key_length: usize,
            by: i64,
            room: *mut u8,
            length: usize,
        ) -> i32;

        pub(super) fn take(room: *mut u8, length: usize) -> i32;
    }
}

pub(super) use host::{
    cancel_timer, demonitor, kill, link, monitor, myself, parent, trap_exits, unlink,
};

/// Room on the stack for what the host answers: most results fit, and then there is one call and no allocation for them. It is not
/// cleared first, and nobody sees more of it than the host has written.
pub(super) struct Room {
    bytes: [MaybeUninit<u8>; Self::LENGTH],
    n_written: usize,
}

impl Room {
    /// Bytes.
    pub(super) const LENGTH: usize = 512;

    pub(super) const fn new() -> Self {
        Self {
            bytes: [MaybeUninit::uninit(); Self::LENGTH],
            n_written: 0,
        }
    }

    /// What the last call has written.
    pub(super) fn written(&self) -> &[u8] {
        let written = self.bytes.get(..self.n_written).unwrap_or_default();
        // SAFETY: `answered` counts only what the host has written.
        unsafe { written.assume_init_ref() }
    }

    /// Notes the answer of an import that was given this room: a code, or the length of its result, which is written whole if the
    /// room holds it, and not at all if not (`abi/raw.md`).
    fn answered(&mut self, answer: i32) -> i32 {
        let length = usize::try_from(answer).ok();
        self.n_written = length.filter(|n| *n <= Self::LENGTH).unwrap_or(0);
        answer
    }
}

/// The length that says that a text is missing.
const MISSING: usize = usize::MAX;

/// Pointer and length of a text that may be missing.
fn optional(text: Option<&str>) -> (*const u8, usize) {
    match text {
        Some(text) => (text.as_ptr(), text.len()),
        None => (std::ptr::null(), MISSING),
    }
}

/// Wrappers that do nothing but split each slice into its pointer and length, and note what was written into room.
///
/// A parameter in parentheses is a slice or text to read, one in brackets is [`Room`], which comes last.
macro_rules! wrappers {
    ($(fn $name:ident($($arg:tt$(: $type:ty)?),*) $(-> $result:ty)?;)*) => {
        $(wrappers!(@collect $name [$($result)?] [] [] $($arg$(: $type)?,)*);)*
    };
    (@collect $name:ident $result:tt [$($params:tt)*] [$($passed:tt)*] ($arg:ident): $type:ty, $($rest:tt)*) => {
        wrappers!(@collect $name $result [$($params)* $arg: $type,] [$($passed)* $arg.as_ptr(), $arg.len(),] $($rest)*);
    };
    (@collect $name:ident $result:tt [$($params:tt)*] [$($passed:tt)*] [$room:ident],) => {
        pub(super) fn $name($($params)* $room: &mut Room) -> i32 {
            // SAFETY: every pointer and length passed is that of one live slice or room, borrowed for the call.
            let answer = unsafe { host::$name($($passed)* $room.bytes.as_mut_ptr().cast(), Room::LENGTH) };
            $room.answered(answer)
        }
    };
    (@collect $name:ident $result:tt [$($params:tt)*] [$($passed:tt)*] $arg:ident: $type:ty, $($rest:tt)*) => {
        wrappers!(@collect $name $result [$($params)* $arg: $type,] [$($passed)* $arg,] $($rest)*);
    };
    (@collect $name:ident [$($result:ty)?] [$($params:tt)*] [$($passed:tt)*]) => {
        pub(super) fn $name($($params)*) $(-> $result)? {
            // SAFETY: every pointer and length passed is that of one live slice, borrowed for the call.
            unsafe { host::$name($($passed)*) }
        }
    };
}

wrappers! {
    fn exit((reason): &[u8]);
    fn signal(to: u64, (reason): &[u8]) -> i32;
    fn send(to: u64, (name): &str, tag: u64, (payload): &[u8]) -> i32;
    fn receive((select): &[u8], timeout_ms: i64, [room]) -> i32;
    fn call(to: u64, (name): &str, tag: u64, (payload): &[u8], timeout_ms: i64, [room]) -> i32;
    fn reply(request: u64, (payload): &[u8]);
    fn send_after(delay_ms: i64, to: u64, (name): &str, tag: u64, (payload): &[u8], [room]) -> i32;
    fn register((name): &str) -> i32;
    fn unregister((name): &str);
    fn whereis((name): &str) -> u64;
    fn join((group): &str);
    fn leave((group): &str);
    fn members((group): &str, [room]) -> i32;
    fn broadcast((group): &str, tag: u64, (payload): &[u8]) -> i32;
    fn spawn((component): &str, (options): &[u8], [room]) -> i32;
    fn load((name): &str, (code): &[u8]) -> i32;
    fn drop((permission): &str);
    fn processes([room]) -> i32;
    fn inspect(process: u64, [room]) -> i32;
    fn kv_get((bucket): &str, (key): &str, [room]) -> i32;
    fn kv_put((bucket): &str, (key): &str, (value): &[u8]) -> i32;
    fn kv_delete((bucket): &str, (key): &str) -> i32;
    fn kv_transact((bucket): &str, (ops): &[u8]) -> i32;
    fn kv_increment((bucket): &str, (key): &str, by: i64, [room]) -> i32;
    fn take([room]) -> i32;
}

/// A result that waits, if it is this long; nothing if not. The buffer is not cleared first.
pub(super) fn take_whole(length: usize) -> Vec<u8> {
    let mut bytes: Vec<u8> = Vec::with_capacity(length);
    // SAFETY: the buffer has room for `length` bytes, and nothing else knows of it.
    let taken = unsafe { host::take(bytes.as_mut_ptr(), length) };
    if usize::try_from(taken) == Ok(length) {
        // SAFETY: the result is as long as the room, so the host has written all of it: `abi/raw.md`.
        unsafe { bytes.set_len(length) };
    }
    bytes
}

pub(super) fn query(permission: &str, target: Option<&str>) -> i32 {
    let (target, target_length) = optional(target);
    // SAFETY: the permission is a live text; the target is one too, or marked as missing by its length.
    unsafe { host::query(permission.as_ptr(), permission.len(), target, target_length) }
}

pub(super) fn kv_list(
    bucket: &str,
    prefix: &str,
    start: Option<&str>,
    limit: u32,
    room: &mut Room,
) -> i32 {
    let (start, start_length) = optional(start);
    // SAFETY: bucket, prefix and room are live; the start is so too, or marked as missing by its length.
    let answer = unsafe {
        host::kv_list(
            bucket.as_ptr(),
            bucket.len(),
            prefix.as_ptr(),
            prefix.len(),
            start,
            start_length,
            limit,
            room.bytes.as_mut_ptr().cast(),
            Room::LENGTH,
        )
    };
    room.answered(answer)
}
