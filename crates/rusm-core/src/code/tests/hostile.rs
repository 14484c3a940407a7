//! Bytes that mean harm: each is one clear error, or harmless.

use super::harness::*;
use super::module::start;
use crate::code::{CodeError, Origin};
use rusm_actor::ExitReason;

fn load(bytes: &[u8]) -> Result<(), CodeError> {
    Bench::new()
        .codes
        .load("guest", bytes, Origin::Operator)
        .map(drop)
}

/// An unsigned LEB128 number.
fn leb(mut value: u64) -> Vec<u8> {
    let mut bytes = Vec::new();
    loop {
        let low = u8::try_from(value & 0x7f).unwrap();
        value >>= 7;
        if value == 0 {
            bytes.push(low);
            return bytes;
        }
        bytes.push(low | 0x80);
    }
}

/// A module of raw sections.
fn module(sections: &[(u8, Vec<u8>)]) -> Vec<u8> {
    let mut bytes = b"\0asm\x01\0\0\0".to_vec();
    for (id, content) in sections {
        bytes.push(*id);
        bytes.extend(leb(content.len() as u64));
        bytes.extend(content);
    }
    bytes
}

#[test]
fn code_cut_short_is_an_error_unless_only_its_data_or_names_are_missing() {
    let whole = wat::parse_str(start("(call $deep)")).unwrap();
    let bench = Bench::new();
    let accepts = |length: &usize| {
        bench
            .codes
            .load("guest", &whole[..*length], Origin::Operator)
            .is_ok()
    };
    let accepted: Vec<_> = (0..whole.len()).filter(accepts).collect();
    // After the code section, and after the data section.
    assert_eq!(accepted.len(), 2, "{accepted:?} of {}", whole.len());
}

#[test]
fn code_with_any_byte_changed_is_an_error_or_code_but_never_a_panic() {
    let whole = wat::parse_str(start("(call $deep)")).unwrap();
    let bench = Bench::new();
    for position in 8..whole.len() {
        let mut changed = whole.clone();
        changed[position] ^= 0xff;
        let _ = bench.codes.load("guest", &changed, Origin::Operator);
    }
}

#[test]
fn too_many_bytes_are_refused_before_they_are_looked_at() {
    let error = Bench::new()
        .codes
        .load("guest", &[0; 2_000], Origin::Guest { max_bytes: 1_000 })
        .unwrap_err();
    assert_eq!(
        error,
        CodeError::TooLarge {
            n_bytes: 2_000,
            max_bytes: 1_000
        }
    );
    assert!(error.to_string().contains("2000 bytes"));
}

#[test]
fn counts_that_promise_more_than_there_is_are_refused() {
    // Ten million functions, a count without content, a section longer than the file.
    let ten_million = [leb(10_000_000), vec![0; 1_000]].concat();
    for bytes in [
        module(&[(1, vec![1, 0x60, 0, 0]), (3, ten_million)]),
        module(&[(1, leb(u64::from(u32::MAX)))]),
        [module(&[]), vec![1], leb(u64::from(u32::MAX)), vec![0]].concat(),
    ] {
        let error = load(&bytes).unwrap_err();
        assert!(
            matches!(error, CodeError::Invalid { .. } | CodeError::NoEntry { .. }),
            "{error}"
        );
    }
}

#[test]
fn very_deep_nesting_neither_overflows_a_stack_nor_takes_for_ever() {
    // Blocks within blocks: the compiler recurses or it does not, it has the stack for it.
    let depth = 50_000;
    let mut body = vec![0];
    body.extend([0x02, 0x40].repeat(depth));
    body.extend([0x0b].repeat(depth + 1));
    let code = [vec![1], leb(body.len() as u64), body].concat();
    let export = [vec![1, 6], b"_start".to_vec(), vec![0, 0]].concat();
    let bytes = module(&[
        (1, vec![1, 0x60, 0, 0]),
        (3, vec![1, 0]),
        (7, export),
        (10, code),
    ]);
    match load(&bytes) {
        Ok(()) | Err(CodeError::Invalid { .. } | CodeError::NotCompiled { .. }) => {}
        Err(other) => panic!("{other}"),
    }
}

#[test]
fn a_thousand_memories_or_a_memory_of_four_gigabytes_never_start() {
    let memories = "(memory 1)".repeat(100);
    let wat = format!(r#"(module {memories} (func (export "_start") unreachable))"#);
    let bound = || sandbox().with_limits(|limits| limits.max_memory_bytes = 50 * 65_536);
    let bench = Bench::new();
    let ended = bench.run(&wat, bound());
    assert!(
        matches!(ended.reason, ExitReason::NotStarted(_)),
        "{}",
        ended.reason
    );
    let ended = bench.run(
        r#"(module (memory i64 1000000000) (func (export "_start")))"#,
        bound(),
    );
    assert!(
        matches!(ended.reason, ExitReason::NotStarted(_)),
        "{}",
        ended.reason
    );
    let text = ended.reason.to_string();
    assert!(
        text.contains("max-memory-mb") || text.contains("no room"),
        "{text}"
    );
}

#[test]
fn names_in_code_cannot_forge_what_people_read() {
    let bench = Bench::new();
    let ended = bench.run(
        r#"(module (func $a (@name "a\u{202e}b") (export "_start") unreachable))"#,
        sandbox(),
    );
    let text = ended.reason.to_string();
    assert!(
        !text.contains('\u{202e}') && text.contains("\\u{202e}"),
        "{text}"
    );
}

/// What a guest brings has narrower bounds than what the operator brings, and neither is shown to the compiler beyond them.
#[test]
fn code_out_of_proportion_is_refused_before_it_is_compiled() {
    let wat = format!(
        r#"(module {} (func (export "_start")))"#,
        "(func)".repeat(50_001)
    );
    let wasm = wat::parse_str(wat).unwrap();
    let bench = Bench::new();
    let guests = Origin::Guest { max_bytes: 1 << 24 };
    let error = bench.codes.load("guest", &wasm, guests).unwrap_err();
    assert!(error.to_string().contains("50002 functions"), "{error}");
    assert!(bench.events.lock().is_empty(), "the compiler did not begin");
    bench.codes.load("guest", &wasm, Origin::Operator).unwrap();
}

#[test]
fn what_a_guest_brings_is_not_kept_on_disk() {
    let folder = tempfile::tempdir().unwrap();
    let place = folder.path().join("cache");
    let cache = crate::code::CodeCache::open(&place).unwrap();
    let bench = Bench::with(2, Some(cache));
    let wasm = wat::parse_str(start("(call $deep)")).unwrap();
    let guests = Origin::Guest { max_bytes: 1 << 24 };
    bench.codes.load("guest", &wasm, guests).unwrap();
    let kept = || std::fs::read_dir(&place).unwrap().count();
    assert_eq!(kept(), 0);
    bench.codes.load("guest", &wasm, Origin::Operator).unwrap();
    assert_eq!(kept(), 1);
}
