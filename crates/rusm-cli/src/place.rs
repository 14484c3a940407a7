//! From what was typed to files: the app or single file that is meant, and the cache folder.

use crate::report::{Failure, Kind};
use std::ffi::OsString;
use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};

/// The name of a manifest.
pub(crate) const MANIFEST: &str = "rusm.toml";
/// The first bytes of every WebAssembly binary.
const WASM_MAGIC: &[u8] = b"\0asm";
/// How many names of a folder are looked at for a suggestion.
const SUGGESTED_FROM_MAX: usize = 2_000;

/// What a command is about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Target {
    /// An app, by its manifest.
    App(PathBuf),
    /// One file of code.
    File(PathBuf),
}

/// What was meant by the words on the command line, or by none.
pub(crate) fn find(typed: Option<&Path>) -> Result<Target, Failure> {
    let path = typed.unwrap_or(Path::new("."));
    let metadata = fs::metadata(path).map_err(|error| unreadable(path, &error))?;
    if metadata.is_dir() {
        return manifest_in(path).map(Target::App);
    }
    if path
        .extension()
        .is_some_and(|extension| extension == "toml")
    {
        return Ok(Target::App(path.to_owned()));
    }
    let is_named_wasm = path
        .extension()
        .is_some_and(|extension| extension == "wasm");
    if is_named_wasm || begins_like_wasm(path).map_err(|error| unreadable(path, &error))? {
        return Ok(Target::File(path.to_owned()));
    }
    let message = format!(
        "cannot run '{}': it is neither a manifest nor WebAssembly",
        path.display()
    );
    let is_text = path.extension().is_some_and(|extension| extension == "wat");
    let help = match is_text {
        true => "this is the text format; translate it first (`wat2wasm`, `wasm-tools parse`)",
        false => "a manifest is called *.toml; a .wasm file begins with \"\\0asm\"",
    };
    Err(Failure::new(Kind::Usage, message).help(help))
}

/// The app that was meant; a single file is none.
pub(crate) fn find_app(typed: Option<&Path>) -> Result<PathBuf, Failure> {
    match find(typed)? {
        Target::App(manifest) => Ok(manifest),
        Target::File(file) => {
            let message = format!(
                "'{}' is a single file, and this command is about an app",
                file.display()
            );
            Err(Failure::new(Kind::Usage, message).help(format!(
                "name a folder with a {MANIFEST}, or the manifest itself"
            )))
        }
    }
}

/// The folder that the paths of a manifest are relative to.
pub(crate) fn folder_of(manifest: &Path) -> &Path {
    match manifest.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    }
}

/// Where compiled code is kept: `$XDG_CACHE_HOME/rusm` or `~/.cache/rusm`. None without a home.
pub(crate) fn cache_folder(variable: impl Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let absolute = |name: &str| {
        variable(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    let cache =
        absolute("XDG_CACHE_HOME").or_else(|| absolute("HOME").map(|home| home.join(".cache")))?;
    Some(cache.join("rusm"))
}

/// The known word that was most likely meant by one that is not known.
pub(crate) fn nearest<'k>(word: &str, known: impl Iterator<Item = &'k str>) -> Option<&'k str> {
    let n_chars = word.chars().count();
    let allowed = (n_chars / 3).max(1);
    known
        .map(|candidate| {
            (
                strsim::osa_distance(&word.to_lowercase(), &candidate.to_lowercase()),
                candidate,
            )
        })
        // A word of which nothing is left is not the same one.
        .filter(|(distance, _)| *distance <= allowed && *distance < n_chars)
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}

/// "did you mean", with the entry of the same folder whose name is nearest to a path that is not there.
pub(crate) fn nearest_path(path: &Path) -> Option<String> {
    let wanted = path.file_name()?.to_str()?;
    let folder = path.parent().filter(|folder| *folder != Path::new(""));
    let entries = fs::read_dir(folder.unwrap_or(Path::new("."))).ok()?;
    let names: Vec<String> = entries
        .take(SUGGESTED_FROM_MAX)
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    let others = names
        .iter()
        .map(String::as_str)
        .filter(|name| *name != wanted);
    let near = nearest(wanted, others)?;
    Some(format!(
        "did you mean '{}'?",
        folder.unwrap_or(Path::new("")).join(near).display()
    ))
}

fn manifest_in(folder: &Path) -> Result<PathBuf, Failure> {
    let manifest = if folder == Path::new(".") {
        PathBuf::from(MANIFEST)
    } else {
        folder.join(MANIFEST)
    };
    match fs::metadata(&manifest) {
        Ok(found) if found.is_file() => return Ok(manifest),
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            return Err(unreadable(&manifest, &error));
        }
        Ok(_) | Err(_) => {}
    }
    let place = if folder == Path::new(".") {
        "the current folder".to_owned()
    } else {
        format!("'{}'", folder.display())
    };
    let above = fs::canonicalize(folder).ok().and_then(|full| {
        full.ancestors()
            .skip(1)
            .find(|above| above.join(MANIFEST).is_file())
            .map(Path::to_owned)
    });
    let help = match above {
        Some(above) => format!(
            "there is one further up: {}",
            above.join(MANIFEST).display()
        ),
        None => {
            format!("name a folder with a {MANIFEST}, or run a single file: rusm run FILE.wasm")
        }
    };
    Err(Failure::new(Kind::Manifest, format!("there is no {MANIFEST} in {place}")).help(help))
}

fn begins_like_wasm(path: &Path) -> io::Result<bool> {
    // Opening a pipe waits for whoever writes to it, and what is read from it is gone.
    if !path.metadata()?.is_file() {
        return Err(io::Error::other("it is no plain file"));
    }
    let mut start = Vec::with_capacity(WASM_MAGIC.len());
    File::open(path)?.take(4).read_to_end(&mut start)?;
    Ok(start == WASM_MAGIC)
}

fn unreadable(path: &Path, error: &io::Error) -> Failure {
    let is_manifest = path
        .extension()
        .is_some_and(|extension| extension == "toml");
    let kind = if is_manifest {
        Kind::Manifest
    } else {
        Kind::NotStarted
    };
    let help = if error.kind() == io::ErrorKind::NotFound {
        nearest_path(path)
    } else {
        None
    };
    Failure::new(
        kind,
        format!("cannot open '{}': {}", path.display(), plain_cause(error)),
    )
    .maybe_help(help)
}

/// The cause without the number of the system's error.
#[expect(
    clippy::wildcard_enum_match_arm,
    reason = "the list of the standard library is open"
)]
pub(crate) fn plain_cause(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::NotFound => "there is no such file or folder".to_owned(),
        io::ErrorKind::PermissionDenied => "permission denied".to_owned(),
        _ => error.to_string(),
    }
}

#[cfg(test)]
mod tests;
