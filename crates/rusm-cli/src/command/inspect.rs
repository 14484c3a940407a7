//! `rusm inspect FILE`: what code could use, in plain words, without running or compiling it.

mod profile;
mod render;

use crate::args::InspectArgs;
use crate::place::{nearest_path, plain_cause};
use crate::report::{Failure, Kind, print_json, print_result};
use rusm_core::Inspection;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::Path;

pub(super) fn inspect(args: &InspectArgs) -> Result<u8, Failure> {
    let path = &args.file;
    let wasm = read(path)?;
    let found = rusm_core::inspect(&wasm).map_err(|error| cannot(path, &error.to_string()))?;
    let name = profile::name_for(path);
    if args.json {
        print_json(&render::to_json(path, &found, &name))?;
    } else {
        print_result(&render::to_text(path, &found, &name))?;
    }
    Ok(0)
}

/// The bytes of a file. What is no plain file is refused before it is opened: a pipe would wait for
/// ever, a device has no end.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let io_failure = |error: &io::Error| {
        let help = (error.kind() == io::ErrorKind::NotFound).then(|| nearest_path(path));
        cannot(path, &plain_cause(error)).maybe_help(help.flatten())
    };
    let metadata = fs::metadata(path).map_err(|error| io_failure(&error))?;
    if metadata.is_dir() {
        return Err(cannot(path, "it is a folder")
            .of_kind(Kind::Usage)
            .help("name a .wasm file; of an app, `rusm check` tells all components"));
    }
    if !metadata.is_file() {
        return Err(cannot(path, "it is no plain file").of_kind(Kind::Usage));
    }
    let mut wasm = Vec::new();
    let most = Inspection::BYTES_MAX.saturating_add(1);
    let mut file = File::open(path)
        .map_err(|error| io_failure(&error))?
        .take(most);
    file.read_to_end(&mut wasm)
        .map_err(|error| io_failure(&error))?;
    Ok(wasm)
}

fn cannot(path: &Path, why: &str) -> Failure {
    let message = format!("cannot inspect '{}': {why}", path.display());
    Failure::new(Kind::NotStarted, message)
}
