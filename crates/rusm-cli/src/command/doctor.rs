//! `rusm doctor`: what this machine can and cannot enforce, and how much it holds.
//!
//! Every line says what was found, what it means and what would help. The exit code is 0 if everything is there that a
//! node needs to run as the documentation promises; what only makes it safer or faster does not fail.

mod line;
mod node;
mod system;
mod tools;
mod wall;

use super::Session;
use crate::args::DoctorArgs;
use crate::report::{Failure, Kind, print_result};
use line::{Line, Standing};
use serde_json::json;

pub(super) fn doctor(args: &DoctorArgs, session: &Session) -> Result<u8, Failure> {
    let mut lines = Vec::from(system::kernel());
    lines.extend(wall::lines(&rusm_harden::probe()));
    lines.push(wall::names());
    lines.extend(node::lines());
    lines.extend([
        system::memory(),
        system::control_groups(),
        system::open_files(),
    ]);
    lines.extend([system::cores(), tools::guests(&session.progress)]);
    session.progress.finish();
    let is_fit = lines.iter().all(|line| !line.is_failure());
    if args.json {
        let lines: Vec<_> = lines.iter().map(Line::to_json).collect();
        print_result(&format!("{:#}\n", json!({ "ok": is_fit, "checks": lines })))?;
    } else {
        lines
            .iter()
            .try_for_each(|line| print_result(&line.to_string()))?;
        print_result(&summary(&lines))?;
    }
    if is_fit {
        Ok(0)
    } else {
        Err(Failure::printed(Kind::General))
    }
}

fn summary(lines: &[Line]) -> String {
    let count = |standing| {
        let such = lines.iter().filter(|line| line.standing == standing);
        such.count()
    };
    let verdict = if lines.iter().any(Line::is_failure) {
        "a node cannot run here as it should"
    } else {
        "a node can run here"
    };
    format!(
        "{verdict} ({} ok, {} partly, {} no)\n",
        count(Standing::Ok),
        count(Standing::Partly),
        count(Standing::No)
    )
}
