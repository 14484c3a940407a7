//! The guest of these tests: it looks for what others left behind, leaves all it can itself, and ends as it is told.
//!
//! What it finds is its exit code: the place in [`EVERYTHING`], counted from 1. One text serves core modules and components; they differ in how they wait and how
//! they say what was found.

use crate::forge::{Imported, Interfaces, Wasi, module};
use crate::support::GuestPath;

/// How it ends when it has left everything.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Return,
    Trap,
    /// It waits to be killed.
    Kill,
    /// It uses CPU time until it has no more.
    Limit,
}

/// What is sent to it before it begins: eight bytes.
pub(super) const BEGIN: &[u8; 8] = b"begin..!";
const INITIAL: &[u8; 8] = b"initial!";
const PASSIVE: &[u8; 8] = b"passive!";
/// How many locals it has on each level of its stack, and how many levels.
const N_LOCALS: usize = 64;
const N_LEVELS: usize = 100;

/// Looks, leaves, ends.
pub(super) fn guest(path: GuestPath, end: End) -> Vec<u8> {
    let end = match end {
        End::Return => "(call $wait)",
        End::Trap => "(call $wait) (unreachable)",
        End::Kill => "(loop (call $wait) (br 0))",
        End::Limit => "(loop (br 0))",
    };
    let all = |verb: &str| {
        EVERYTHING
            .map(|what| format!("(call ${verb}_{what})"))
            .concat()
    };
    let (look, leave) = (all("look_at"), all("leave_in"));
    made(path, &format!("{look} (call $begin) {leave} {end}"))
}

/// Finds what it has left itself: for whoever doubts that it can.
pub(super) fn forgetful(path: GuestPath, what: &str) -> Vec<u8> {
    made(
        path,
        &format!("(call $leave_in_{what}) (call $look_at_{what})"),
    )
}

/// What an old process can leave behind, in the order in which it is looked at: memory before anything is written to it.
pub(super) const EVERYTHING: [&str; 8] = [
    "memory",
    // What it grows by.
    "grown",
    // Beyond the elements that it is given.
    "table",
    "grown_table",
    "globals",
    // Locals that were never set, on a stack that is deep.
    "stack",
    // Objects and arrays that were never set.
    "heap",
    // Data that somebody dropped.
    "segments",
];
/// The exit codes for what is found in the mailbox or kept by the host, and in the room for a message, beside it.
pub(super) const MAIL: usize = 9;
pub(super) const ROOM: usize = 10;

fn made(path: GuestPath, body: &str) -> Vec<u8> {
    match path {
        GuestPath::Core => module(&format!("{CORE} {}", items(8224)), body),
        GuestPath::Component => {
            let interfaces = Interfaces::of(Wasi::V02);
            interfaces.component(&format!("{} {}", component(interfaces), items(32768)), body)
        }
    }
}

/// A core module waits by the raw interface, which keeps what is not taken. The room for a message is at 8192.
const CORE: &str = r#"
    (import "wasi_snapshot_preview1" "proc_exit" (func $found (param i32)))
    (import "rusm" "receive" (func $receive (param i32 i32 i64 i32 i32) (result i32)))
    (import "rusm" "take" (func $take (param i32 i32) (result i32)))
    (func $wait (drop (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 0) (i32.const 0))))
    (func $begin
        (call $none (i64.extend_i32_s (call $take (i32.const 8192) (i32.const 4096))) (i32.const 9))
        (call $none
            (i64.extend_i32_s (i32.sub (call $receive (i32.const 0) (i32.const 0) (i64.const -1) (i32.const 8192) (i32.const 4096)) (i32.const 40)))
            (i32.const 9))
        (call $is_begin)
        (call $zeros (i32.const 0) (i32.const 1024) (i32.const 10))
        (call $zeros (i32.const 8232) (i32.const 65536) (i32.const 10)))"#;

/// A component is given its event at 8192, and the payload at 32768.
fn component(interfaces: &Interfaces) -> String {
    let functions = interfaces.functions();
    let find = |interface: &str, name: &str| -> &Imported {
        let is_it = |it: &&Imported| it.interface_name() == interface && it.name == name;
        functions.iter().find(is_it).expect("it is in the WIT")
    };
    let exit = find("wasi:cli/exit", "exit-with-code").import_as("found");
    let receive = find("rusm:actor/mailbox", "receive");
    let nothing: Vec<_> = receive.params.iter().map(|param| zero(*param)).collect();
    let (_, for_ever) = nothing.split_last().expect("the last says where to put it");
    let for_ever = for_ever.join(" ");
    let receive = receive.import_as("receive");
    format!(
        r#"{exit} {receive}
        (func $wait (call $receive {for_ever} (i32.const 8192)))
        (func $begin
            (call $wait)
            (call $none (i64.extend_i32_s (i32.sub (i32.load (i32.const 8228)) (i32.const 8))) (i32.const 9))
            (call $is_begin)
            (call $zeros (i32.const 0) (i32.const 1024) (i32.const 10))
            (call $zeros (i32.const 8232) (i32.const 32768) (i32.const 10))
            (call $zeros (i32.const 32776) (i32.const 65536) (i32.const 10)))"#
    )
}

fn zero(param: wit_parser::abi::WasmType) -> &'static str {
    use wit_parser::abi::WasmType;
    match param {
        WasmType::I32 | WasmType::Pointer | WasmType::Length => "(i32.const 0)",
        WasmType::I64 | WasmType::PointerOrI64 => "(i64.const 0)",
        WasmType::F32 => "(f32.const 0)",
        WasmType::F64 => "(f64.const 0)",
    }
}

/// Eight bytes as the number that they are in memory.
fn number(bytes: [u8; 8]) -> i64 {
    i64::from_le_bytes(bytes)
}

/// State of every kind, and how it is looked at and left dirty. A page of memory is there, with a text at 1024.
///
/// The payload of the first message is put at `payload`.
fn items(payload: i32) -> String {
    let (stack, heap) = (stack(), HEAP);
    let (initial, passive, begin) = (number(*INITIAL), number(*PASSIVE), number(*BEGIN));
    let (text, kept) = (
        String::from_utf8_lossy(INITIAL),
        String::from_utf8_lossy(PASSIVE),
    );
    format!(
        r#"
    (data (i32.const 1024) "{text}")
    (data $passive "{kept}")
    (table $table 64 4096 funcref)
    (elem (i32.const 0) $somebody)
    (elem declare func $somebody)
    (global $number (mut i64) (i64.const 0))
    (global $vector (mut v128) (v128.const i64x2 0 0))
    (global $function (mut funcref) (ref.null func))
    (func $somebody)
    (func $none (param $value i64) (param $code i32)
        (if (i64.ne (local.get $value) (i64.const 0)) (then (call $found (local.get $code)) (unreachable))))
    (func $is_begin (call $none (i64.xor (i64.load (i32.const {payload})) (i64.const {begin})) (i32.const 9)))
    (func $zeros (param $from i32) (param $to i32) (param $code i32)
        (loop $next
            (call $none (i64.load (local.get $from)) (local.get $code))
            (br_if $next (i32.lt_u (local.tee $from (i32.add (local.get $from) (i32.const 8))) (local.get $to)))))
    (func $nulls (param $from i32) (param $to i32) (param $code i32)
        (loop $next
            (call $none (i64.extend_i32_u (i32.eqz (ref.is_null (table.get $table (local.get $from))))) (local.get $code))
            (br_if $next (i32.lt_u (local.tee $from (i32.add (local.get $from) (i32.const 1))) (local.get $to)))))

    (func $look_at_memory
        (call $zeros (i32.const 0) (i32.const 1024) (i32.const 1))
        (call $none (i64.xor (i64.load (i32.const 1024)) (i64.const {initial})) (i32.const 1))
        (call $zeros (i32.const 1032) (i32.const 65536) (i32.const 1)))
    (func $leave_in_memory (memory.fill (i32.const 0) (i32.const 0xa5) (i32.const 65536)))

    (func $look_at_grown
        (if (i32.eq (memory.size) (i32.const 1)) (then (drop (memory.grow (i32.const 2)))))
        (call $zeros (i32.const 65536) (i32.const 196608) (i32.const 2)))
    (func $leave_in_grown
        (if (i32.eq (memory.size) (i32.const 1)) (then (drop (memory.grow (i32.const 2)))))
        (memory.fill (i32.const 65536) (i32.const 0xa5) (i32.const 131072)))

    (func $look_at_table
        (call $none (i64.extend_i32_u (ref.is_null (table.get $table (i32.const 0)))) (i32.const 3))
        (call $nulls (i32.const 1) (i32.const 64) (i32.const 3)))
    (func $leave_in_table (table.fill $table (i32.const 0) (ref.func $somebody) (i32.const 64)))

    (func $look_at_grown_table
        (if (i32.eq (table.size $table) (i32.const 64)) (then (drop (table.grow $table (ref.null func) (i32.const 960)))))
        (call $nulls (i32.const 64) (i32.const 1024) (i32.const 4)))
    (func $leave_in_grown_table
        (if (i32.eq (table.size $table) (i32.const 64)) (then (drop (table.grow $table (ref.null func) (i32.const 960)))))
        (table.fill $table (i32.const 64) (ref.func $somebody) (i32.const 960)))

    (func $look_at_globals
        (call $none (global.get $number) (i32.const 5))
        (call $none (i64.extend_i32_u (v128.any_true (global.get $vector))) (i32.const 5))
        (call $none (i64.extend_i32_u (i32.eqz (ref.is_null (global.get $function)))) (i32.const 5)))
    (func $leave_in_globals
        (global.set $number (i64.const -1))
        (global.set $vector (v128.const i64x2 -1 -1))
        (global.set $function (ref.func $somebody)))

    {stack}
    {heap}
    (func $look_at_segments
        (memory.init $passive (i32.const 1040) (i32.const 0) (i32.const 8))
        (call $none (i64.xor (i64.load (i32.const 1040)) (i64.const {passive})) (i32.const 8)))
    (func $leave_in_segments (data.drop $passive))"#
    )
}

/// Locals that only an unlikely caller sets, and that live across a call: they lie on the stack.
fn stack() -> String {
    let each = |line: &dyn Fn(usize) -> String| (0..N_LOCALS).map(line).collect::<String>();
    let locals = each(&|n| format!("(local $l{n} i64)"));
    let set = each(&|n| {
        format!(
            "(local.set $l{n} (i64.or (i64.const 0xa5a5a5a5) (i64.extend_i32_u (local.get $levels))))"
        )
    });
    let gathered =
        each(&|n| format!("(local.set $sum (i64.or (local.get $sum) (local.get $l{n})))"));
    format!(
        r#"
    (func $descend (param $levels i32) (param $sets i32) (result i64) (local $sum i64) {locals}
        (if (local.get $sets) (then {set}))
        (if (local.get $levels)
            (then (local.set $sum (call $descend (i32.sub (local.get $levels) (i32.const 1)) (local.get $sets)))))
        {gathered}
        (local.get $sum))
    (func $look_at_stack (call $none (call $descend (i32.const {N_LEVELS}) (i32.const 0)) (i32.const 6)))
    (func $leave_in_stack (drop (call $descend (i32.const {N_LEVELS}) (i32.const 1))))"#
    )
}

/// Objects and arrays: a few pages of the heap that is collected.
const HEAP: &str = r#"
    (type $object (struct (field (mut i64)) (field (mut i64)) (field (mut i64)) (field (mut i64))))
    (type $array (array (mut i64)))
    (func $look_at_heap (local $object (ref null $object)) (local $array (ref null $array)) (local $n i32)
        (local.set $object (struct.new_default $object))
        (call $none (struct.get $object 0 (local.get $object)) (i32.const 7))
        (call $none (struct.get $object 3 (local.get $object)) (i32.const 7))
        (local.set $array (array.new_default $array (i32.const 2048)))
        (loop $next
            (call $none (array.get $array (local.get $array) (local.get $n)) (i32.const 7))
            (br_if $next (i32.lt_u (local.tee $n (i32.add (local.get $n) (i32.const 1))) (i32.const 2048)))))
    (func $leave_in_heap
        (drop (struct.new $object (i64.const -1) (i64.const -1) (i64.const -1) (i64.const -1)))
        (drop (array.new $array (i64.const -1) (i32.const 4096))))"#;
