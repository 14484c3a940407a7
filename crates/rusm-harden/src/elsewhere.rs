//! Other operating systems: nothing of the wall is there, and the report says so.

use crate::plan::Plan;
use crate::report::{Report, State};

pub(crate) fn confine(_plan: &Plan) -> Report {
    probe()
}

pub(crate) fn probe() -> Report {
    let why = format!("not supported on {}", std::env::consts::OS);
    Report::of(None, Vec::new(), |_| State::Missing(why.clone()))
}
