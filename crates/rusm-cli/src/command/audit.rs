//! `rusm audit`: shows the audit log, filtered, or verifies it. It needs no running node, and disturbs none.

mod filter;
mod line;
mod verify;

use crate::args::{AuditArgs, AuditCommand, FilterArgs};
use crate::manifest_file;
use crate::place::{MANIFEST, find_app, folder_of, nearest, nearest_path, plain_cause};
use crate::report::{Console, Failure, Kind, print_result};
use filter::Filter;
use rusm_audit::{Entry, FolderError, Found};
use std::collections::{BTreeSet, VecDeque};
use std::fs;
use std::path::{Path, PathBuf};

/// Components that a wrong name is compared with.
const COMPONENTS_MAX: usize = 1_000;

pub(super) fn audit(args: &AuditArgs, console: Console) -> Result<u8, Failure> {
    match &args.command {
        Some(AuditCommand::Verify(args)) => verify::verify(args, console),
        None => show(&args.filter, console),
    }
}

fn show(args: &FilterArgs, console: Console) -> Result<u8, Failure> {
    let folder = log_folder(args.place.as_deref(), console)?;
    let filter = Filter::of(args);
    let mut shown: VecDeque<String> = VecDeque::new();
    let mut seen = BTreeSet::new();
    let mut n_matching: u64 = 0;
    let mut printed = Ok(());
    let read = rusm_audit::read(&folder, |found| {
        let Some(entry) = readable(&found, console) else {
            return;
        };
        if seen.len() < COMPONENTS_MAX {
            seen.extend(entry.text("component").map(str::to_owned));
        }
        if !filter.matches(entry) {
            return;
        }
        n_matching += 1;
        let text = if args.json {
            entry.to_json()
        } else {
            line::of(entry)
        };
        match args.last {
            // Nothing is kept that can be printed at once.
            None if printed.is_ok() => printed = print_result(&(text + "\n")),
            None | Some(0) => {}
            Some(last) => {
                if shown.len() == last {
                    shown.pop_front();
                }
                shown.push_back(text);
            }
        }
    });
    read.map_err(unreadable)?;
    printed?;
    for text in shown {
        print_result(&(text + "\n"))?;
    }
    if n_matching == 0 {
        console.print(&nothing_found(args, &seen));
    }
    Ok(0)
}

/// The record of a line; what cannot be read is told and left out.
fn readable(found: &Found, console: Console) -> Option<&Entry> {
    match &found.entry {
        Ok(entry) => Some(entry),
        Err(what) => {
            console.print(&format!(
                "{} {}:{}: {what}; see `rusm audit verify`\n",
                console.colour.paint("1;33", "warning:"),
                found.file,
                found.line
            ));
            None
        }
    }
}

fn nothing_found(args: &FilterArgs, seen: &BTreeSet<String>) -> String {
    let near = args
        .component
        .as_deref()
        .filter(|name| !seen.contains(*name))
        .and_then(|name| nearest(name, seen.iter().map(String::as_str)));
    match near {
        Some(near) => format!(
            "no record matches; did you mean --component {}?\n",
            crate::visible::visible(near)
        ),
        None => "no record matches\n".to_owned(),
    }
}

/// The folder of the log that was meant: itself, or the one that a manifest names.
fn log_folder(typed: Option<&Path>, console: Console) -> Result<PathBuf, Failure> {
    let place = typed.unwrap_or(Path::new("."));
    if let Err(cause) = fs::metadata(place) {
        let message = format!("cannot open '{}': {}", place.display(), plain_cause(&cause));
        let command = place
            .to_str()
            .and_then(|word| nearest(word, ["verify"].into_iter()));
        let help = command.map(|command| format!("did you mean `rusm audit {command}`?"));
        return Err(
            Failure::new(Kind::Usage, message).maybe_help(help.or_else(|| nearest_path(place)))
        );
    }
    if place.is_dir() && rusm_audit::is_log(place).map_err(unreadable)? {
        return Ok(place.to_owned());
    }
    if typed.is_some() && place.is_dir() && !place.join(MANIFEST).is_file() {
        let message = format!(
            "'{}' holds neither an audit log nor a {MANIFEST}",
            place.display()
        );
        return Err(Failure::new(Kind::Usage, message));
    }
    let path = find_app(typed)?;
    let manifest = manifest_file::read(&path, console)?;
    let Some(audit) = manifest.node.audit else {
        let message = format!("'{}' asks for no audit log", path.display());
        return Err(Failure::new(Kind::Usage, message)
            .help("write audit = \"data/audit\" under [node], or name the folder of a log"));
    };
    let folder = folder_of(&path).join(audit);
    if folder.is_dir() && rusm_audit::is_log(&folder).map_err(unreadable)? {
        return Ok(folder);
    }
    let message = format!("there is no audit log in '{}' yet", folder.display());
    Err(Failure::new(Kind::General, message))
}

fn unreadable(error: FolderError) -> Failure {
    Failure::new(Kind::General, error.to_string())
}
