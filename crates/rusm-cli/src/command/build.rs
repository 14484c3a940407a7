//! `rusm build`: the guests that are made from source, and where they went.

use super::Session;
use crate::args::BuildArgs;
use crate::cargo::Warnings;
use crate::manifest_file;
use crate::place::{find_app, folder_of};
use crate::report::{Failure, Kind, print_result};

pub(super) fn build(args: &BuildArgs, session: &Session) -> Result<u8, Failure> {
    let path = find_app(args.target.as_deref())?;
    let manifest = manifest_file::read(&path, session.console)?;
    for warning in &manifest.warnings {
        session.console.diagnostic(warning);
    }
    let built = session
        .builder(Warnings::Shown)
        .build(&manifest, folder_of(&path))?;
    let text = if args.json {
        let json = serde_json::to_string_pretty(&built);
        json.map_err(|error| {
            Failure::new(
                Kind::General,
                format!("cannot write the paths as JSON: {error}"),
            )
        })? + "\n"
    } else if built.is_empty() {
        "nothing to build: no component has a source\n".to_owned()
    } else {
        let width = built.keys().map(String::len).max().unwrap_or_default();
        built
            .iter()
            .map(|(component, place)| format!("{component:width$}  {}\n", place.display()))
            .collect()
    };
    print_result(&text)?;
    Ok(0)
}
