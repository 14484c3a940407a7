//! Replacing a text that must be in the source exactly once.

use std::error::Error;
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// One replacement of text.
#[derive(Clone, Copy, Debug)]
pub struct Edit {
    /// A source file, or a folder of them that the text may move about in; relative to the workspace's root.
    pub place: &'static str,
    /// What must be there, once.
    pub find: &'static str,
    /// What comes in its place.
    pub replace: &'static str,
}

/// A file before and after.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) path: PathBuf,
    pub(crate) before: String,
    pub(crate) after: String,
}

impl Edit {
    /// What it would do to the workspace at `root`.
    pub(crate) fn find_in(&self, root: &Path) -> Result<Change, Box<dyn Error>> {
        let mut changes = Vec::new();
        for (path, before) in sources(&root.join(self.place))? {
            let n_found = before.matches(self.find).count();
            changes.extend((0..n_found).map(|_| (path.clone(), before.clone())));
        }
        let n_found = changes.len();
        match changes.pop() {
            Some((path, before)) if n_found == 1 => Ok(Change {
                after: before.replacen(self.find, self.replace, 1),
                path,
                before,
            }),
            _ => Err(format!("{}: found {n_found} times: {:?}", self.place, self.find).into()),
        }
    }
}

/// The Rust files at or below a path, with what is in them.
pub(crate) fn sources(path: &Path) -> io::Result<Vec<(PathBuf, String)>> {
    if path.is_dir() {
        let mut all = Vec::new();
        for entry in fs::read_dir(path)? {
            all.extend(sources(&entry?.path())?);
        }
        return Ok(all);
    }
    if path.extension().is_some_and(|extension| extension == "rs") {
        return Ok(vec![(path.to_path_buf(), fs::read_to_string(path)?)]);
    }
    Ok(Vec::new())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_edit_wants_its_text_exactly_once() {
        let root = Path::new(env!("CARGO_MANIFEST_DIR"));
        let edit = |find| Edit {
            place: "src",
            find,
            replace: "-",
        };
        // In two pieces each, so that this file does not count.
        let once = Box::leak(["pub(crate) struct ", "Change"].concat().into_boxed_str());
        let change = edit(once).find_in(root).unwrap();
        assert!(change.path.ends_with("src/edit.rs"));
        assert!(change.before.contains(&*once) && !change.after.contains(&*once));
        let never = Box::leak(["struct ", "Nowhere"].concat().into_boxed_str());
        assert!(edit(never).find_in(root).is_err());
        assert!(edit("use ").find_in(root).is_err());
    }
}
