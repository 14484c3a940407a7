//! A copy of the crates that the mutants change, as a workspace of its own.
//!
//! Only files whose text differs are written, so that Cargo rebuilds no more than it must.

use crate::edit::{Change, Edit};
use crate::table::all;
use std::collections::BTreeSet;
use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The copy, in step with the source tree.
#[derive(Debug)]
pub struct Scratch {
    folder: PathBuf,
}

/// A mutant that is in the copy; dropping this takes it out again.
#[derive(Debug)]
pub struct Applied {
    originals: Vec<(PathBuf, String)>,
}

impl Scratch {
    /// Brings the copy in `folder` into step with the workspace at `root`.
    ///
    /// # Errors
    /// When files cannot be read or written, or a manifest is not what Cargo takes.
    pub fn refresh(root: &Path, folder: &Path) -> Result<Self, Box<dyn Error>> {
        let folder = std::path::absolute(folder)?;
        let crates = needed(root)?;
        for name in &crates {
            mirror(
                &root.join("crates").join(name),
                &folder.join("crates").join(name),
            )?;
        }
        let manifest = fs::read_to_string(root.join("Cargo.toml"))?;
        write_if_new(
            &folder.join("Cargo.toml"),
            workspace(&manifest, &crates)?.as_bytes(),
        )?;
        if !folder.join("Cargo.lock").exists() {
            fs::copy(root.join("Cargo.lock"), folder.join("Cargo.lock"))?;
        }
        Ok(Self { folder })
    }

    /// Where the copy is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Puts the edits of a mutant into the copy.
    ///
    /// # Errors
    /// When a text is not there exactly once, or a file cannot be written.
    pub fn apply(&self, edits: &[Edit]) -> Result<Applied, Box<dyn Error>> {
        let mut applied = Applied {
            originals: Vec::new(),
        };
        for edit in edits {
            let Change {
                path,
                before,
                after,
            } = edit.find_in(&self.folder)?;
            fs::write(&path, after)?;
            applied.originals.push((path, before));
        }
        Ok(applied)
    }
}

impl Drop for Applied {
    fn drop(&mut self) {
        // In reverse, as one file may have been changed twice.
        for (path, text) in self.originals.drain(..).rev() {
            // The next refresh puts right what fails here.
            let _restored = fs::write(path, text);
        }
    }
}

/// The crates that mutants change or whose tests run, and those that they depend on.
fn needed(root: &Path) -> Result<BTreeSet<String>, Box<dyn Error>> {
    let mut needed = BTreeSet::new();
    let mut open: Vec<String> = all()
        .iter()
        .map(|mutant| mutant.suite.package.to_owned())
        .collect();
    for edit in all().iter().flat_map(|mutant| mutant.edits) {
        open.extend(edit.place.split('/').nth(1).map(str::to_owned));
    }
    while let Some(name) = open.pop() {
        let manifest = root.join("crates").join(&name).join("Cargo.toml");
        if needed.contains(&name) || !manifest.exists() {
            continue;
        }
        let manifest: toml::Table = fs::read_to_string(manifest)?.parse()?;
        for section in ["dependencies", "dev-dependencies"] {
            let table = manifest.get(section).and_then(toml::Value::as_table);
            open.extend(table.into_iter().flatten().map(|(name, _)| name.clone()));
        }
        needed.insert(name);
    }
    Ok(needed)
}

/// The workspace's manifest, with these members alone.
fn workspace(manifest: &str, crates: &BTreeSet<String>) -> Result<String, Box<dyn Error>> {
    let mut manifest: toml::Table = manifest.parse()?;
    let workspace = manifest
        .get_mut("workspace")
        .and_then(toml::Value::as_table_mut)
        .ok_or("the root manifest has no workspace")?;
    let members = crates.iter().map(|name| format!("crates/{name}").into());
    workspace.insert("members".into(), toml::Value::Array(members.collect()));
    workspace.remove("default-members");
    workspace.remove("exclude");
    Ok(toml::to_string(&manifest)?)
}

/// Makes `to` equal to `from`: what is not there any more goes.
fn mirror(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    let mut names = BTreeSet::new();
    for entry in fs::read_dir(from)? {
        let entry = entry?;
        let target = to.join(entry.file_name());
        if entry.file_type()?.is_dir() {
            mirror(&entry.path(), &target)?;
        } else {
            write_if_new(&target, &fs::read(entry.path())?)?;
        }
        names.insert(entry.file_name());
    }
    for entry in fs::read_dir(to)? {
        let entry = entry?;
        if names.contains(&entry.file_name()) {
            continue;
        }
        if entry.file_type()?.is_dir() {
            fs::remove_dir_all(entry.path())?;
        } else {
            fs::remove_file(entry.path())?;
        }
    }
    Ok(())
}

fn write_if_new(path: &Path, bytes: &[u8]) -> io::Result<()> {
    match fs::read(path) {
        Ok(old) if old == bytes => Ok(()),
        _ => fs::write(path, bytes),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_copy_has_its_members_and_no_others() {
        let manifest = "[workspace]\nmembers = [\"crates/*\", \"tests\"]\ndefault-members = [\"a\"]\n\n\
                        [workspace.dependencies]\nslab = \"1\"\n";
        let crates = BTreeSet::from(["b".to_owned()]);
        let text = workspace(manifest, &crates).unwrap();
        assert!(text.contains("members = [\"crates/b\"]") && text.contains("slab"));
        assert!(!text.contains("default-members"));
        assert!(workspace("[package]", &crates).is_err());
    }
}
