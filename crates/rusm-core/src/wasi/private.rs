//! Files and folders of the node's own, where no guest may write: [`PrivatePlaces`].
//!
//! A guest that could write to the cache of compiled code would run what it likes with the node's rights; one that could write to the
//! manifest would grant itself rights at the next start; one that could write to the audit log would not be in it. A guest that could
//! so much as read the file of the store would read every bucket.

use rusm_caps::Access;
use std::path::{Path, PathBuf};

/// What they are to people, and where they lie. They need not exist yet.
#[derive(Clone, Debug, Default)]
pub(crate) struct PrivatePlaces(Vec<Place>);

#[derive(Clone, Debug)]
struct Place {
    what: &'static str,
    path: PathBuf,
    /// What no guest may have there. Who may not read may not write either.
    closed_to: Access,
}

impl PrivatePlaces {
    /// Where no guest may write. A relative path is taken from the current folder, now.
    pub(crate) fn add(&mut self, what: &'static str, path: PathBuf) {
        self.close(what, path, Access::Write);
    }

    /// Where no guest may read.
    pub(crate) fn add_secret(&mut self, what: &'static str, path: PathBuf) {
        self.close(what, path, Access::Read);
    }

    fn close(&mut self, what: &'static str, path: PathBuf, closed_to: Access) {
        let path = std::path::absolute(&path).unwrap_or(path);
        self.0.push(Place {
            what,
            path,
            closed_to,
        });
    }

    /// The place that whoever has this access below this folder, all links resolved, could change, or read and must not: it lies in
    /// the folder, or the folder in it.
    pub(super) fn touched_from(
        &self,
        folder: &Path,
        access: Access,
    ) -> Option<(&'static str, PathBuf)> {
        let closed = |place: &&Place| access == Access::Write || place.closed_to == Access::Read;
        self.0.iter().filter(closed).find_map(|place| {
            let touched = [resolved(&place.path), in_resolved_folder(&place.path)]
                .into_iter()
                .find(|place| place.starts_with(folder) || folder.starts_with(place))?;
            Some((place.what, touched))
        })
    }
}

/// Where a path leads, links resolved as far as it exists.
pub(super) fn resolved(path: &Path) -> PathBuf {
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
            let touched = places.touched_from(&house.join(folder), Access::Write);
            assert_eq!(touched.map(|(what, _)| what), expected, "{folder:?}");
        }
    }

    #[test]
    fn a_secret_place_is_closed_to_those_who_read_as_well() {
        let house = tempfile::tempdir().unwrap();
        let house = house.path().canonicalize().unwrap();
        let mut places = PrivatePlaces::default();
        places.add("the log", house.join("log"));
        places.add_secret("the store", house.join("data/app.redb"));
        for (folder, access, expected) in [
            ("log", Access::Read, None),
            ("log", Access::Write, Some("the log")),
            ("data", Access::Read, Some("the store")),
            ("data", Access::Write, Some("the store")),
            ("", Access::Read, Some("the store")),
        ] {
            let touched = places.touched_from(&house.join(folder), access);
            assert_eq!(
                touched.map(|(what, _)| what),
                expected,
                "{folder:?} {access:?}"
            );
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
                places
                    .touched_from(&house.join(folder), Access::Write)
                    .is_some(),
                "{folder}"
            );
        }
    }
}
