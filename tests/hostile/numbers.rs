//! Pointers, lengths and counts that lie, one by one; `pointers.rs` walks all imports with the same few lies.

use super::arena::fight;
use super::attack::{Attack, both, component, core};

pub(super) fn attacks() -> Vec<Attack> {
    vec![
        core(
            "a length that overflows its pointer",
            "(drop (call $whereis (i32.const -1) (i32.const -1)))",
        )
        .traps("are not all inside the memory"),
        component(
            "a handle that nobody gave out",
            &["[method]pollable.block"],
            "(call $pollable.block (i32.const 7))",
        )
        .traps("unknown handle index 7"),
        both("kills a stranger", "kill #witness")
            .denied(&["process-control"])
            .says(&["kill=denied:process-control"]),
        core("an endless loop", "(call $begins) (loop $l (br $l))").goes_on(),
    ]
}

#[test]
fn numbers_that_lie_end_their_guest_alone() {
    fight(&attacks());
}
