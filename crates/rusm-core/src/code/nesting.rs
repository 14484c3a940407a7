//! How deep the types of a component may nest.
//!
//! The parser reads a type within a type by recursion and has no bound of its own, so a few kilobytes
//! of nested types would overflow the stack of whoever reads them, which ends the whole program. The
//! bytes are looked at here before it does.

use super::error::CodeError;
use std::ops::Range;

/// More than any real program has; what the parser needs for it fits a stack of 2 MiB.
const DEPTH_MAX: usize = 1_000;

/// A type declared inside a component or instance type begins with this byte,
const DECLARED: u8 = 0x01;
/// and opens another level if one of these follows: a component type, an instance type.
const OPENING: [u8; 2] = [0x41, 0x42];

/// Refuses a section of types that could nest too deep. It counts what may open a level, and some
/// bytes that only look like it: far fewer than the bound.
pub(crate) fn check(wasm: &[u8], section: Range<usize>) -> Result<(), CodeError> {
    let bytes = wasm.get(section).unwrap_or_default();
    let opens = |pair: &[u8]| matches!(pair, [DECLARED, next] if OPENING.contains(next));
    if bytes.windows(2).filter(|pair| opens(pair)).count() > DEPTH_MAX {
        return Err(CodeError::Invalid {
            cause: format!("its types nest deeper than {DEPTH_MAX} levels"),
        });
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::code::shape;

    /// A component whose only type nests component types, or instance types, in one another.
    fn nested(opening: u8, depth: usize) -> Vec<u8> {
        let mut section = vec![1];
        for _ in 0..depth {
            section.extend([opening, 1, DECLARED]);
        }
        section.extend([opening, 0]);
        let mut wasm = b"\0asm\x0d\0\x01\0\x07".to_vec();
        let mut rest = section.len();
        loop {
            let low = u8::try_from(rest & 0x7f).unwrap();
            rest >>= 7;
            wasm.push(if rest > 0 { low | 0x80 } else { low });
            if rest == 0 {
                break;
            }
        }
        wasm.extend(section);
        wasm
    }

    /// Sixty kilobytes of nested types are an error, and no end of the program.
    #[test]
    fn types_nested_without_end_are_refused() {
        for opening in OPENING {
            let error = shape::read(&nested(opening, 20_000)).unwrap_err();
            assert!(
                error.to_string().contains("nest deeper than 1000"),
                "{error}"
            );
            let error = shape::read(&nested(opening, DEPTH_MAX - 1)).unwrap_err();
            assert!(error.to_string().contains("no entry"), "{error}");
        }
    }
}
