//! Native code that has broken out of its sandbox, played: it is confined like a node and then tries what such code
//! would try, one thing a line, by name. `tests/wall.rs` reads what came of it.
//!
//! A guest cannot be made to do this while the first wall stands, so this is not one: it is a program that starts with
//! the rights of a node and gives them up in the same way.

#![expect(clippy::print_stdout, reason = "what came of it is read from there")]

#[cfg(target_os = "linux")]
mod attack;

fn main() {
    #[cfg(target_os = "linux")]
    attack::main();
    #[cfg(not(target_os = "linux"))]
    println!("there is no wall here");
}
