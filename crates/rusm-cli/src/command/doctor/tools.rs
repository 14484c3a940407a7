//! What building guests from source needs.

use super::line::{Line, Standing};
use crate::cargo::{TARGET, has_target};
use crate::progress::Progress;
use std::path::Path;

pub(super) fn guests(progress: &Progress) -> Line {
    progress.step("asking the Rust compiler");
    let means = "`rusm build` and `rusm run` compile components that have a source";
    let (standing, found) = match has_target(Path::new(".")) {
        Ok(true) => (Standing::Ok, format!("the Rust compiler has {TARGET}")),
        Ok(false) => (Standing::Partly, format!("{TARGET} is not installed yet")),
        Err(_) => (
            Standing::No,
            format!("there is no Rust compiler that knows {TARGET}"),
        ),
    };
    Line::new("building guests", standing, found, means).help(format!(
        "rustup target add {TARGET}; components with a wasm file need no compiler"
    ))
}
