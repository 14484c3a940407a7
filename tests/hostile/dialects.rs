//! Corners of the language: proposals that share, suspend, collect or widen. What is not refused stays the affair of one guest.

use super::arena::fight;
use super::attack::{Attack, core_imports, core_with, times, wat};
use rusm_core::Limit;

pub(super) fn attacks() -> Vec<Attack> {
    let lists = [shared(), sized(), collected(), thrown(), lanes(), nested()];
    lists.into_iter().flatten().collect()
}

/// A module of its own, with every import and this entry.
fn whole(name: &'static str, items: &str, body: &str) -> Attack {
    let text = format!(
        r#"(module {} {items} (func (export "_start") (local $n i32) {body}))"#,
        core_imports()
    );
    wat(name, text)
}

/// Memory that two threads could see.
fn shared() -> Vec<Attack> {
    vec![
        whole("a memory that others share", r#"(memory (export "memory") 1 1 shared)"#, "").fails_to_load("it has a shared memory"),
        wat(
            "a shared memory of somebody else's",
            r#"(module (import "env" "memory" (memory 1 1 shared)) (func (export "_start")))"#,
        )
        .fails_to_load("env/memory"),
        core_with(
            "a wait for a neighbour that is none",
            "",
            "(drop (memory.atomic.wait32 (i32.const 0) (i32.const 0) (i64.const -1)))",
        )
        .traps("atomic wait on non-shared memory"),
        core_with("waking four billion that do not wait", "", "(call $check (i32.eqz (memory.atomic.notify (i32.const 0) (i32.const -1))))"),
        core_with("an atomic access at an odd place", "", "(drop (i32.atomic.rmw.add (i32.const 1) (i32.const 1)))").traps("unaligned"),
        wat(
            "a thread of its own by the name that others use",
            r#"(module (import "wasi" "thread-spawn" (func (param i32) (result i32))) (func (export "_start")))"#,
        )
        .fails_to_load("wasi/thread-spawn"),
    ]
}

/// Memories and tables of every number and size.
fn sized() -> Vec<Attack> {
    let memories = |n: u32| {
        format!(
            r#"(memory (export "memory") 1) {}"#,
            "(memory 1)".repeat(usize::try_from(n - 1).expect("small"))
        )
    };
    vec![
        whole("a hundred memories", &memories(100), ""),
        whole("a hundred memories and one", &memories(101), "").fails_to_load("101 memories, and 100 are allowed"),
        whole(
            "memories that are too large only together",
            r#"(memory (export "memory") 600) (memory $b 1) (memory $c 1)"#,
            "(drop (memory.grow $b (i32.const 400))) (drop (memory.grow $c (i32.const 100)))",
        )
        .runs_into(Limit::Memory),
        whole(
            "a memory of 64 bits read at the other end",
            r#"(memory $wide (export "memory") i64 1)"#,
            "(drop (i64.load (i64.const 0x8000000000000000)))",
        )
        .traps("out of bounds"),
        whole(
            "a memory of 64 bits read just beyond what 32 bits say",
            r#"(memory $wide (export "memory") i64 1)"#,
            "(drop (i64.load offset=0xffffffff (i64.const 0xffffffff00000008)))",
        )
        .traps("out of bounds"),
        whole(
            "a memory of 64 bits grown to the end of the world",
            r#"(memory $wide (export "memory") i64 1)"#,
            "(drop (memory.grow (i64.const 0x0000ffffffffffff)))",
        )
        .runs_into(Limit::Memory),
        core_with(
            "a memory grown page by page",
            "",
            "(loop $l (drop (memory.grow (i32.const 1))) (br $l))",
        )
        .runs_into(Limit::Memory),
        core_with(
            "a memory grown by all there is",
            "",
            "(drop (memory.grow (i32.const 65535)))",
        )
        .runs_into(Limit::Memory),
        core_with(
            "a table grown until it is refused",
            "(table $t 1 externref)",
            "(loop $l (br_if $l (i32.ne (i32.const -1) (table.grow $t (ref.null extern) (i32.const 1000)))))",
        ).ends_somehow_or(Limit::Memory),
        core_with(
            "a table filled over its edge",
            "(table $t 10 funcref)",
            "(table.fill $t (i32.const 5) (ref.null func) (i32.const -1))",
        )
        .traps("out of bounds"),
        core_with(
            "a segment copied after it was dropped",
            r#"(data $d "secret")"#,
            "(data.drop $d) (memory.init $d (i32.const 0) (i32.const 0) (i32.const 6))",
        )
        .traps("out of bounds"),
        whole(
            "a hundred tables of ten thousand",
            &format!(
                r#"(memory (export "memory") 1) {}"#,
                "(table 10000 funcref)".repeat(100)
            ),
            "",
        ),
    ]
}

/// Objects that somebody has to collect.
fn collected() -> Vec<Attack> {
    let types =
        "(type $list (struct (field (ref null $list)) (field i64))) (type $bytes (array (mut i8)))";
    vec![
        core_with(
            "a list that grows for ever",
            types,
            "(local $list (ref null $list)) (loop $l (local.set $list (struct.new $list (local.get $list) (i64.const 7))) (br $l))",
        )
        .runs_into(Limit::Memory),
        core_with(
            "objects that nobody keeps",
            types,
            "(call $begins) (loop $l (drop (struct.new $list (ref.null $list) (i64.const 7))) (br $l))",
        )
        .goes_on(),
        core_with("an array of four billion", types, "(drop (array.new_default $bytes (i32.const -1)))").ends_somehow_or(Limit::Memory),
        core_with("an array of a gibibyte", types, "(drop (array.new_default $bytes (i32.const 0x40000000)))").runs_into(Limit::Memory),
        core_with(
            "an array read behind its end",
            types,
            "(drop (array.get_u $bytes (array.new_default $bytes (i32.const 4)) (i32.const -1)))",
        )
        .traps("out of bounds"),
        core_with("a field of nothing", types, "(drop (struct.get $list 1 (ref.null $list)))").traps("null reference"),
        core_with(
            "an object taken for another",
            types,
            "(drop (ref.cast (ref $bytes) (struct.new $list (ref.null $list) (i64.const 7))))",
        )
        .traps("cast failure"),
        core_with(
            "a ring of objects, again and again",
            "(type $ring (struct (field (mut (ref null $ring))) (field v128)))",
            &format!(
                "(local $ring (ref null $ring)) {}",
                times(
                    200_000,
                    "(local.set $ring (struct.new_default $ring)) (struct.set $ring 0 (local.get $ring) (local.get $ring))",
                )
            ),
        )
        .ends_somehow_or(Limit::Memory),
    ]
}

/// Exceptions and continuations.
fn thrown() -> Vec<Attack> {
    let tag = "(tag $t (param i64))";
    vec![
        core_with("an exception that nobody catches", tag, "(throw $t (i64.const 7))").ends_somehow(),
        core_with(
            "exceptions thrown and caught for ever",
            tag,
            "(call $begins) (loop $l (block $h (result i64) (try_table (catch $t $h) (throw $t (i64.const 7))) (i64.const 1)) (drop) (br $l))",
        )
        .goes_on(),
        core_with(
            "an exception thrown through a thousand frames",
            "(tag $t (param i64)) (func $f (param i32) (if (i32.eqz (local.get 0)) (then (throw $t (i64.const 7))))
                (call $f (i32.sub (local.get 0) (i32.const 1))) (nop))",
            "(drop (block $h (result i64) (try_table (catch $t $h) (call $f (i32.const 1000))) (i64.const 0)))",
        ),
        core_with("nothing thrown again", "", "(throw_ref (ref.null exn))").traps("null"),
        whole(
            "a stack of its own to switch to",
            "(type $f (func)) (type $c (cont $f)) (elem declare func $g) (func $g)",
            "(drop (cont.new $c (ref.func $g)))",
        )
        .fails_to_load("stack switching is disabled"),
    ]
}

/// Many numbers at once.
fn lanes() -> Vec<Attack> {
    vec![
        core_with(
            "vectors loaded over the edge",
            "",
            "(drop (v128.load (i32.const 65521)))",
        )
        .traps("out of bounds"),
        core_with(
            "what every machine answers differently",
            "",
            "(drop (i8x16.relaxed_swizzle (v128.const i32x4 1 2 3 4) (v128.const i32x4 -1 -1 -1 -1)))
            (drop (f32x4.relaxed_madd (v128.const f32x4 nan inf 0 1) (v128.const f32x4 0 inf nan 1) (v128.const f32x4 1 2 3 4)))",
        )
        .ends_somehow(),
        core_with(
            "numbers that are none, of every kind",
            "",
            "(drop (f64.add (f64.const nan:0x8000000000001) (f64.const -nan:0x123)))
            (drop (i64.reinterpret_f64 (f64.const -nan:0xfffffffffffff)))",
        ),
    ]
}

/// Components inside components.
fn nested() -> Vec<Attack> {
    // An inner component whose resource has a destructor that does this.
    let destructor = |body: &str| {
        format!(
            r#"(component
            (import "rusm:actor/registry@0.1.0" (instance $registry (export "join" (func (param "group" string)))))
            (core module $libc (memory (export "memory") 1) (data (i32.const 65500) "begun"))
            (core instance $libc (instantiate $libc))
            (core func $join (canon lower (func $registry "join") (memory (core memory $libc "memory"))))
            (core module $d (import "host" "join" (func $join (param i32 i32)))
                (func $begins (call $join (i32.const 65500) (i32.const 5)))
                (func $destroy (export "destroy") (param i32) {body}))
            (core instance $d (instantiate $d (with "host" (instance (export "join" (func $join))))))
            (type $r (resource (rep i32) (dtor (core func $d "destroy"))))
            (core func $new (canon resource.new $r))
            (core func $drop (canon resource.drop $r))
            (core func $rep (canon resource.rep $r))
            (core module $m
                (import "r" "new" (func $new (param i32) (result i32)))
                (import "r" "drop" (func $drop (param i32)))
                (import "r" "rep" (func $rep (param i32) (result i32)))
                (func (export "run") (result i32) (call $drop (call $new (i32.const -1))) (i32.const 0)))
            (core instance $m (instantiate $m (with "r" (instance
                (export "new" (func $new)) (export "drop" (func $drop)) (export "rep" (func $rep))))))
            (func $run (result (result)) (canon lift (core func $m "run")))
            (instance $entry (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $entry)))"#
        )
    };
    let entry = |body: &str, ty: &str| {
        format!(
            r#"(component
            (type $r (resource (rep i32)))
            (core func $new (canon resource.new $r)) (core func $drop (canon resource.drop $r)) (core func $rep (canon resource.rep $r))
            (core module $m
                (import "r" "new" (func $new (param i32) (result i32)))
                (import "r" "drop" (func $drop (param i32)))
                (import "r" "rep" (func $rep (param i32) (result i32)))
                (func (export "run") (result i32) (local $n i32) {body}))
            (core instance $m (instantiate $m (with "r" (instance
                (export "new" (func $new)) (export "drop" (func $drop)) (export "rep" (func $rep))))))
            (func $run (result {ty}) (canon lift (core func $m "run")))
            (instance $entry (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $entry)))"#
        )
    };
    vec![
        wat("a destructor that never ends", destructor("(call $begins) (loop $l (br $l))")).goes_on(),
        wat("a destructor that traps", destructor("unreachable")).traps("unreachable"),
        wat("a destructor without a floor", destructor("(call $destroy (i32.const 0))")).traps("call stack exhausted"),
        wat("the inside of a handle that nobody made", entry("(drop (call $rep (i32.const 5))) (i32.const 0)", "(result)"))
            .traps("unknown handle index 5"),
        wat(
            "a million resources of its own",
            entry(&format!("{} (i32.const 0)", times(1_000_000, "(drop (call $new (i32.const 7)))")), "(result)"),
        )
        .runs_into(Limit::Memory),
        wat("a result that is neither", entry("(i32.const 7)", "(result)")).ends_somehow(),
        wat("an entry of another type", entry("(i32.const 0)", "u32")).fails_to_start("type mismatch with results"),
        wat(
            "a component that calls its caller",
            // The inner one is given the outer one's function, which calls the inner one again.
            r#"(component
            (component $inner
                (import "f" (func $f)) (core func $f (canon lower (func $f)))
                (core module $m (import "" "f" (func $f)) (func (export "g") (call $f)))
                (core instance $m (instantiate $m (with "" (instance (export "f" (func $f))))))
                (func (export "g") (canon lift (core func $m "g"))))
            (core module $shim (table (export "t") 1 funcref) (type $t (func)) (func (export "f") (call_indirect (type $t) (i32.const 0))))
            (core instance $shim (instantiate $shim))
            (func $f (canon lift (core func $shim "f")))
            (instance $inner (instantiate $inner (with "f" (func $f))))
            (core func $g (canon lower (func $inner "g")))
            (core module $m (import "" "g" (func $g)) (import "" "t" (table 1 funcref)) (elem (i32.const 0) $g)
                (func (export "run") (result i32) (call $g) (i32.const 0)))
            (core instance $m (instantiate $m (with "" (instance (export "g" (func $g)) (export "t" (table $shim "t"))))))
            (func $run (result (result)) (canon lift (core func $m "run")))
            (instance $entry (export "run" (func $run)))
            (export "wasi:cli/run@0.2.0" (instance $entry)))"#,
        )
        .traps("cannot enter component instance"),
    ]
}

#[test]
fn corners_of_the_language_harm_nobody_else() {
    fight(&attacks());
}
