//! Preopened folders: which host folder a guest sees, under which path, and whether it may write.
//!
//! Written `HOST::GUEST`, with `::ro` behind it for reading only. Everything here is lexical. That a host path leads elsewhere through a symbolic link is for
//! whoever opens it to find out.

use std::fmt;
use std::path::{Component, Path, PathBuf};
use std::str::FromStr;

use super::GrantError;
use crate::request::Access;

const PATH_BYTES_MAX: usize = 4096;

/// Host trees that are doors to the machine itself and never preopened.
const REFUSED_HOST_ROOTS: [&str; 3] = ["/proc", "/sys", "/dev"];

/// One folder that a guest may use.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct DirGrant {
    host: PathBuf,
    guest: String,
    read_only: bool,
}

impl DirGrant {
    /// A folder to read from.
    pub fn read_only(
        host: impl Into<PathBuf>,
        guest: impl Into<String>,
    ) -> Result<DirGrant, GrantError> {
        let (host, guest) = (host.into(), guest.into());
        check_host(&host)?;
        check_guest(&guest)?;
        Ok(DirGrant {
            host,
            guest,
            read_only: true,
        })
    }

    /// A folder to read from and write to.
    pub fn read_write(
        host: impl Into<PathBuf>,
        guest: impl Into<String>,
    ) -> Result<DirGrant, GrantError> {
        DirGrant::read_only(host, guest).map(|grant| DirGrant {
            read_only: false,
            ..grant
        })
    }

    /// The folder on the host, as it was written; relative ones are relative to the manifest.
    pub fn host(&self) -> &Path {
        &self.host
    }

    /// The absolute path under which the guest sees it.
    pub fn guest(&self) -> &str {
        &self.guest
    }

    pub(crate) fn allows(&self, access: Access) -> bool {
        match access {
            Access::Read => true,
            Access::Write => !self.read_only,
        }
    }

    /// Whether every way to write is closed.
    pub fn is_read_only(&self) -> bool {
        self.read_only
    }

    /// The same grant with its host path replaced, for whoever resolves relative paths.
    pub fn with_host(&self, host: impl Into<PathBuf>) -> Result<DirGrant, GrantError> {
        let host = host.into();
        check_host(&host)?;
        Ok(DirGrant {
            host,
            ..self.clone()
        })
    }

    /// The same folder without the right to write.
    pub fn to_read_only(&self) -> DirGrant {
        DirGrant {
            read_only: true,
            ..self.clone()
        }
    }

    /// Whether everything that `narrower` allows is allowed by this: the same folder at the same
    /// place, and no writing that this one does not allow.
    pub fn covers_grant(&self, narrower: &DirGrant) -> bool {
        self.host == narrower.host
            && self.guest == narrower.guest
            && (!self.read_only || narrower.read_only)
    }
}

/// A host path must name something, and not a tree of devices or kernel state.
fn check_host(host: &Path) -> Result<(), GrantError> {
    let error = |reason: &str| {
        GrantError::new(
            format!(
                "cannot preopen the host folder {:?}",
                host.display().to_string()
            ),
            reason,
        )
    };
    if host.as_os_str().is_empty() {
        return Err(error("the path is empty").hint("write \".\" for the folder of the manifest"));
    }
    if host.as_os_str().len() > PATH_BYTES_MAX {
        return Err(error("the path is longer than 4096 bytes"));
    }
    if host.as_os_str().as_encoded_bytes().contains(&0) {
        return Err(error("the path contains a zero byte"));
    }
    let plain = lexically_plain(host);
    match REFUSED_HOST_ROOTS
        .iter()
        .find(|root| plain.starts_with(root))
    {
        Some(root) => Err(error(&format!(
            "{root} belongs to the machine itself and is never given to a guest"
        ))),
        None => Ok(()),
    }
}

fn check_guest(guest: &str) -> Result<(), GrantError> {
    let error =
        |reason: &str| GrantError::new(format!("cannot use {guest:?} as a guest path"), reason);
    if !guest.starts_with('/') {
        let wanted = format!("write \"/{}\"", guest.trim_start_matches("./"));
        return Err(error("a guest path is absolute").hint(wanted));
    }
    if guest.len() > PATH_BYTES_MAX {
        return Err(error("the path is longer than 4096 bytes"));
    }
    if guest.chars().any(char::is_control) {
        return Err(error("the path contains a control character"));
    }
    if guest.contains("::") || guest.ends_with(':') {
        return Err(error("a guest path has no '::' in it"));
    }
    if guest.split('/').any(|part| part == ".." || part == ".") {
        return Err(error("a guest path has no '.' or '..' in it"));
    }
    Ok(())
}

/// The path without `.`, with `..` applied to the text alone, so that `/tmp/../proc` is seen for
/// what it is.
fn lexically_plain(path: &Path) -> PathBuf {
    let mut plain = PathBuf::new();
    for component in path.components() {
        match component {
            Component::CurDir => {}
            Component::ParentDir => {
                plain.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => {
                plain.push(component)
            }
        }
    }
    plain
}

impl FromStr for DirGrant {
    type Err = GrantError;

    /// `HOST::GUEST`, or `HOST::GUEST::ro` for reading only.
    fn from_str(text: &str) -> Result<DirGrant, GrantError> {
        let (folders, read_only) = match text.strip_suffix("::ro") {
            Some(folders) => (folders, true),
            None => (text, false),
        };
        let Some((host, guest)) = folders.rsplit_once("::") else {
            let error = GrantError::new(
                format!("cannot read {text:?} as a folder to open"),
                "it has no '::'",
            );
            return Err(error.hint(format!(
                "write \"{folders}::/data\", or \"{folders}::/data::ro\" for reading only"
            )));
        };
        if read_only {
            DirGrant::read_only(host, guest)
        } else {
            DirGrant::read_write(host, guest)
        }
    }
}

impl fmt::Display for DirGrant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}::{}", self.host.display(), self.guest)?;
        f.write_str(if self.read_only { "::ro" } else { "" })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The trees of the kernel are refused however they are spelled.
    #[test]
    fn kernel_trees_are_refused() {
        for host in [
            "/proc",
            "/proc/self",
            "/sys",
            "/dev/shm",
            "//proc",
            "/./proc",
            "/tmp/../dev",
            "/../proc",
        ] {
            assert!(DirGrant::read_only(host, "/x").is_err(), "{host}");
        }
        for host in ["/processes", "./proc", "proc", "/home/dev", "/var/sys"] {
            assert!(DirGrant::read_only(host, "/x").is_ok(), "{host}");
        }
    }

    /// Guest paths are absolute and plain; host paths name something.
    #[test]
    fn bad_paths_are_refused() {
        for guest in [
            "", "data", "./data", "/a/../b", "/a\0", "/a\n", "/a::ro", "/a:",
        ] {
            assert!(DirGrant::read_only("d", guest).is_err(), "{guest:?}");
        }
        assert!(DirGrant::read_only("", "/x").is_err());
        assert!(DirGrant::read_only("a\0b", "/x").is_err());
        assert!(DirGrant::read_write("d", "/").is_ok());
    }

    /// The written form says both folders, and reading only if it is.
    #[test]
    fn the_written_form_is_read_back() {
        for text in ["./data::/data", "a::b::/data::ro", "/srv/x::/::ro"] {
            assert_eq!(text.parse::<DirGrant>().unwrap().to_string(), text);
        }
        assert!("data".parse::<DirGrant>().is_err());
        assert!("data::ro".parse::<DirGrant>().is_err());
    }

    /// Read-write covers read-only of the same folder at the same place, and nothing else.
    #[test]
    fn writing_covers_reading() {
        let write = DirGrant::read_write("d", "/d").unwrap();
        let read = DirGrant::read_only("d", "/d").unwrap();
        assert!(write.covers_grant(&read));
        assert!(!read.covers_grant(&write));
        assert!(!write.covers_grant(&DirGrant::read_only("d", "/e").unwrap()));
        assert!(!write.covers_grant(&DirGrant::read_only("e", "/d").unwrap()));
    }
}
