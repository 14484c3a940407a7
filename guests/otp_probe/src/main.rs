//! Servers, tasks and supervisors of the SDK, and those who play with them; the first argument says which.
//!
//! | role | is |
//! |---|---|
//! | `drive SCENE` | goes through a scene, which is called like the test it belongs to, and says what it found |
//! | `clerk LABEL INIT..` | a server that does as it is asked (`clerk.rs`) |
//! | `helper WHAT ARG..` | does one thing and ends (`helper.rs`) |
//! | `task HOW` | a task (`tasks.rs`) |
//! | `gate` | a state machine (`gate.rs`) |
//! | `house LABEL ..` | a supervisor (`house.rs`) |
//!
//! Whatever is said is a line of output; a test reads the lines.

#![forbid(unsafe_code)]

mod clerk;
mod drive;
mod gate;
mod helper;
mod house;
mod tasks;
mod tell;

use crate::tell::fail;

fn main() {
    let mut args = std::env::args().skip(1);
    let role = args.next().unwrap_or_default();
    let args: Vec<String> = args.collect();
    match role.as_str() {
        "drive" => drive::run(&args),
        "clerk" => clerk::run(),
        "helper" => helper::run(&args),
        "task" => tasks::run(&args),
        "gate" => gate::run(),
        "house" => house::run(args),
        other => fail(format_args!("there is no role '{other}'")),
    }
}
