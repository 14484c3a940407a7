//! `loggen FOLDER SEED LINES`: writes the log into the folder, under the name that says its recipe.

use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::PathBuf;
use std::process::ExitCode;

use loggen::{Recipe, write_log};

fn main() -> ExitCode {
    match run() {
        Ok(text) => {
            let _ = writeln!(std::io::stdout(), "{text}");
            ExitCode::SUCCESS
        }
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "loggen: {error}");
            ExitCode::FAILURE
        }
    }
}

fn run() -> Result<String, Box<dyn Error>> {
    let mut args = std::env::args_os().skip(1);
    let (Some(folder), Some(seed), Some(lines), None) =
        (args.next(), args.next(), args.next(), args.next())
    else {
        return Err("usage: loggen FOLDER SEED LINES".into());
    };
    let number = |what: &str, text: std::ffi::OsString| {
        text.to_str()
            .and_then(|text| text.parse().ok())
            .ok_or_else(|| format!("{what} must be a number, not {}", text.display()))
    };
    let recipe = Recipe {
        seed: number("SEED", seed)?,
        lines: number("LINES", lines)?,
    };
    let path = PathBuf::from(folder).join(recipe.to_string());
    let file =
        File::create(&path).map_err(|error| format!("cannot write {}: {error}", path.display()))?;
    let mut to = BufWriter::new(file);
    let written = write_log(recipe, &mut to)?;
    to.flush()?;
    let (well_formed, blank, malformed) = (written.well_formed, written.blank, written.malformed);
    Ok(format!(
        "{}: {well_formed} well-formed, {blank} blank, {malformed} malformed lines",
        path.display()
    ))
}
