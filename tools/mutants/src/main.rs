//! `mutants [--list] [--wide] [NAME…]`: checks every deliberate bug of the table, or those named.
//!
//! `--list` only shows the table. `--wide` runs the whole suite instead of the tests that the table names,
//! and shows all that fail. The exit code is 0 when every bug was caught as the table says.

use mutants::{Mutant, Outcome, Scratch, Trial, all};
use std::error::Error;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

fn main() -> ExitCode {
    match run() {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            let _ = writeln!(std::io::stderr(), "mutants: {error}");
            ExitCode::FAILURE
        }
    }
}

struct Args {
    is_list: bool,
    is_wide: bool,
    mutants: Vec<Mutant>,
}

fn parse(typed: impl Iterator<Item = String>) -> Result<Args, Box<dyn Error>> {
    let (flags, names): (Vec<String>, Vec<String>) = typed.partition(|arg| arg.starts_with('-'));
    let mut args = Args {
        is_list: false,
        is_wide: false,
        mutants: all(),
    };
    for flag in flags {
        match flag.as_str() {
            "--list" => args.is_list = true,
            "--wide" => args.is_wide = true,
            _ => return Err("usage: mutants [--list] [--wide] [NAME…]".into()),
        }
    }
    if let Some(unknown) = names
        .iter()
        .find(|name| args.mutants.iter().all(|mutant| mutant.name != **name))
    {
        return Err(format!("no mutant is called {unknown}: see --list").into());
    }
    if !names.is_empty() {
        let is_named = |mutant: &Mutant| names.iter().any(|name| name == mutant.name);
        args.mutants.retain(is_named);
    }
    Ok(args)
}

/// Answers whether every mutant was caught.
fn run() -> Result<bool, Box<dyn Error>> {
    let args = parse(std::env::args().skip(1))?;
    let mut out = std::io::stdout();
    let width = args.mutants.iter().map(|mutant| mutant.name.len()).max();
    let width = width.unwrap_or(0);
    if args.is_list {
        for mutant in &args.mutants {
            writeln!(out, "{:width$}  {}", mutant.name, mutant.breaks)?;
        }
        return Ok(true);
    }
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let scratch = Scratch::refresh(&root, &target(&root).join("mutants"))?;
    let trial = Trial::new(scratch, args.is_wide);
    trial.check_unchanged(&args.mutants)?;
    let mut n_caught = 0;
    for mutant in &args.mutants {
        let outcome = trial.run(mutant)?;
        n_caught += usize::from(matches!(outcome, Outcome::Caught(_)));
        writeln!(out, "{:width$}  {outcome}", mutant.name)?;
    }
    writeln!(out, "{n_caught} of {} caught", args.mutants.len())?;
    Ok(n_caught == args.mutants.len())
}

/// Where Cargo was told to build, or the workspace's own place.
fn target(root: &Path) -> PathBuf {
    std::env::var_os("CARGO_TARGET_DIR").map_or_else(|| root.join("target"), PathBuf::from)
}
