//! Files and folders of the node's own, where no guest may write: [`PrivatePlaces`].
//!
//! A guest that could write to the cache of compiled code would run what it likes with the node's rights; one that could write to the
//! manifest would grant itself rights at the next start; one that could write to the audit log would not be in it.

use std::path::{Path, PathBuf};

/// What they are to people, and where they lie. They need not exist yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct PrivatePlaces(Vec<(&'static str, PathBuf)>);

impl PrivatePlaces {
    /// A relative path is taken from the current folder, now.
    pub(crate) fn add(&mut self, what: &'static str, path: PathBuf) {
        let path = std::path::absolute(&path).unwrap_or(path);
        self.0.push((what, path));
    }

    /// The place that whoever may write below this folder, all links resolved, could change: it lies in the folder, or the folder in it.
    pub(super) fn touched_from(&self, folder: &Path) -> Option<(&'static str, PathBuf)> {
        self.0.iter().find_map(|(what, path)| {
            let touched = [resolved(path), in_resolved_folder(path)]
                .into_iter()
                .find(|place| place.starts_with(folder) || folder.starts_with(place))?;
            Some((*what, touched))
        })
    }
}

/// Where a path leads, links resolved as far as it exists.
fn resolved(path: &Path) -> PathBuf {
    path.canonicalize()
        .unwrap_or_else(|_| in_resolved_folder(path))
}

/// The path itself, which may be a link: what replaces the link replaces what it leads to.
fn in_resolved_folder(path: &Path) -> PathBuf {
    match (path.parent(), path.file_name()) {
        (Some(folder), Some(name)) => resolved(folder).join(name),
        _ => path.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_touched_from_above_and_from_within_but_not_from_beside() {
        let house = tempfile::tempdir().unwrap();
        let house = house.path().canonicalize().unwrap();
        for folder in ["cache/old", "beside"] {
            std::fs::create_dir_all(house.join(folder)).unwrap();
        }
        let mut places = PrivatePlaces::default();
        places.add("the cache", house.join("cache"));
        places.add("the log", house.join("not/there/yet"));
        for (folder, expected) in [
            ("", Some("the cache")),
            ("cache", Some("the cache")),
            ("cache/old", Some("the cache")),
            ("beside", None),
            ("not", Some("the log")),
        ] {
            let touched = places.touched_from(&house.join(folder));
            assert_eq!(touched.map(|(what, _)| what), expected, "{folder:?}");
        }
    }

    #[cfg(unix)]
    #[test]
    fn a_place_behind_a_link_is_touched_where_the_link_is_and_where_it_leads() {
        let house = tempfile::tempdir().unwrap();
        let house = house.path().canonicalize().unwrap();
        for folder in ["links", "real"] {
            std::fs::create_dir(house.join(folder)).unwrap();
        }
        std::fs::write(house.join("real/rusm.toml"), "").unwrap();
        std::os::unix::fs::symlink("../real/rusm.toml", house.join("links/rusm.toml")).unwrap();
        let mut places = PrivatePlaces::default();
        places.add("the manifest", house.join("links/rusm.toml"));
        for folder in ["links", "real"] {
            assert!(
                places.touched_from(&house.join(folder)).is_some(),
                "{folder}"
            );
        }
    }
}
