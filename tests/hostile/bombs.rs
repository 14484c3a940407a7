//! Code that would cost the compiler far more than its bytes, brought by a guest: refused with `invalid-code` before the compiler sees it,
//! and the guest goes on.

use super::arena::fight;
use super::attack::{Attack, core_with, wat};
use crate::trial::nothing;
use rusm_caps::Profile;

pub(super) fn attacks() -> Vec<Attack> {
    let brought = bombs().into_iter().map(|(name, bomb)| brings(name, &bomb));
    brought.chain(given_by_the_operator()).collect()
}

fn loader() -> Profile {
    let profile = nothing().to_builder("loader").allow_load().build();
    profile.expect("it can be honoured")
}

/// A guest that loads these bytes twice, is told both times that they are no code, and then loads what is.
fn brings(name: &'static str, bomb: &[u8]) -> Attack {
    let sound = wat::parse_str(r#"(module (func (export "_start")))"#).expect("it is sound");
    let pages = (bomb.len() + sound.len()) / 65_536 + 2;
    let text =
        |bytes: &[u8]| -> String { bytes.iter().map(|byte| format!("\\{byte:02x}")).collect() };
    // Behind the first page, which is there for names.
    let (at, then) = (65_536, 65_536 + bomb.len());
    let load = |name: u32, at: usize, length: usize| {
        format!(
            "(call $load (i32.const {name}) (i32.const 1) (i32.const {at}) (i32.const {length}))"
        )
    };
    let items = format!(
        r#"(data (i32.const 16) "ab") (data $bomb "{}") (data $sound "{}")"#,
        text(bomb),
        text(&sound)
    );
    let refused = format!(
        "(call $check (i32.eq {} (i32.const -13)))",
        load(16, at, bomb.len())
    );
    let body = format!(
        "(drop (memory.grow (i32.const {pages})))
        (memory.init $bomb (i32.const {at}) (i32.const 0) (i32.const {}))
        (memory.init $sound (i32.const {then}) (i32.const 0) (i32.const {}))
        {refused} {refused} (call $check (i32.eqz {}))",
        bomb.len(),
        sound.len(),
        load(17, then, sound.len())
    );
    core_with(name, &items, &body).under(loader())
}

/// An unsigned LEB128 number.
fn leb(mut value: usize) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).expect("seven bits");
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// A module with one type, an entry, and one function of these bytes besides it.
fn with_function(locals: &[u8], instructions: &[u8]) -> Vec<u8> {
    let section = |id: u8, content: &[u8]| [&[id][..], &leb(content.len()), content].concat();
    let body = |bytes: &[u8]| [leb(bytes.len()), bytes.to_vec()].concat();
    let long = [locals, instructions, &[0x0b]].concat();
    let code = [vec![2], body(&[0, 0x0b]), body(&long)].concat();
    [
        b"\0asm\x01\0\0\0".to_vec(),
        section(1, &[1, 0x60, 0, 0]),
        section(3, &[2, 0, 0]),
        section(7, &[&[1, 6][..], b"_start", &[0, 0]].concat()),
        section(10, &code),
    ]
    .concat()
}

fn bombs() -> Vec<(&'static str, Vec<u8>)> {
    let start = r#"(func (export "_start"))"#;
    let text =
        |items: &str| wat::parse_str(format!("(module {items} {start})")).expect("it is a module");
    let many_locals = [leb(1), leb(50_000), vec![0x7e]].concat();
    let reads: Vec<u8> = (0..9_000_usize)
        .flat_map(|n| [vec![0x20], leb(n), vec![0x1a]].concat())
        .collect();
    let loops = [
        [0x03, 0x40].repeat(1_900),
        reads.clone(),
        [0x0b].repeat(1_900),
    ]
    .concat();
    let some_locals = [leb(1), leb(9_000), vec![0x7e]].concat();
    vec![
        (
            "loads a hundred thousand functions",
            text(&"(func)".repeat(100_000)),
        ),
        (
            "loads a hundred thousand types",
            text(&"(type (func))".repeat(100_000)),
        ),
        (
            "loads a function of fifty thousand locals",
            with_function(&many_locals, &[]),
        ),
        (
            "loads a function of four thousand million locals",
            with_function(&[leb(1), leb(0xffff_ffff), vec![0x7e]].concat(), &[]),
        ),
        (
            "loads nine thousand locals in nineteen hundred loops",
            with_function(&some_locals, &loops),
        ),
        (
            "loads a hundred thousand blocks within blocks",
            with_function(
                &[0],
                &[[0x02, 0x40].repeat(100_000), vec![0x0b; 100_000]].concat(),
            ),
        ),
        (
            "loads a function of two megabytes",
            with_function(&[0], &[0x01].repeat(2 << 20)),
        ),
        (
            "loads jump tables of many values",
            text(&format!(
                "(type $t (func (result {}))) (func (block (type $t) {} (i32.const 0) br_table {}) {})",
                "i32 ".repeat(900),
                "(i32.const 0)".repeat(900),
                "0 ".repeat(60_000),
                "drop ".repeat(900)
            )),
        ),
        (
            "loads thirty thousand segments",
            text(&r#"(data "x")"#.repeat(30_000)),
        ),
        (
            "loads twenty thousand globals",
            text(&"(global i32 (i32.const 0))".repeat(20_000)),
        ),
        (
            "loads a name of a megabyte",
            text(&format!(r#"(import "{}" "b" (func))"#, "a".repeat(1 << 20))),
        ),
        (
            "loads twenty thousand imports",
            text(&r#"(import "a" "b" (func))"#.repeat(20_000)),
        ),
        ("loads components within components", nested(100)),
        (
            "loads what is cut short",
            b"\0asm\x01\0\0\0\x0a\xff\xff\xff\xff\x0f".to_vec(),
        ),
    ]
}

fn nested(depth: usize) -> Vec<u8> {
    let text = format!("{}{}", "(component ".repeat(depth), ")".repeat(depth));
    wat::parse_str(text).expect("it is a component")
}

/// The operator's own code has wider bounds, and they hold.
fn given_by_the_operator() -> Vec<Attack> {
    let start = r#"(func (export "_start"))"#;
    vec![
        wat(
            "two hundred thousand globals",
            format!(
                "(module {} {start})",
                "(global i32 (i32.const 0))".repeat(200_001)
            ),
        )
        .fails_to_load("200001 globals"),
        wat(
            "five thousand modules",
            format!("(component {})", "(core module)".repeat(5_001)),
        )
        .fails_to_load("has no entry"),
    ]
}

#[test]
fn code_bombs_are_refused_and_their_guest_goes_on() {
    fight(&attacks());
}
