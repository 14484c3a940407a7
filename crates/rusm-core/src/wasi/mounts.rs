//! Where the kernel shows itself as files: by place, and by what is mounted there.
//!
//! Whoever may write there owns the machine, and whoever may read there sees other processes. A mount may lie anywhere, also below a
//! folder that looks harmless, and paths of a guest cross mounts; so what is mounted is asked of the kernel when a folder is opened.

use std::path::{Path, PathBuf};

/// Where it usually is.
const PLACES: [&str; 3] = ["/proc", "/sys", "/dev"];

/// File systems that are interfaces of the kernel, by the kernel's own names.
const KINDS: [&str; 20] = [
    "binfmt_misc",
    "bpf",
    "cgroup",
    "cgroup2",
    "configfs",
    "debugfs",
    "devpts",
    "devtmpfs",
    "efivarfs",
    "fusectl",
    "hugetlbfs",
    "mqueue",
    "nsfs",
    "proc",
    "pstore",
    "rpc_pipefs",
    "securityfs",
    "selinuxfs",
    "sysfs",
    "tracefs",
];

/// The kernel's interface that a folder, all links resolved, is part of or contains.
pub(crate) fn kernel_interface_at(folder: &Path) -> Option<PathBuf> {
    let by_place = PLACES
        .into_iter()
        .map(Path::new)
        .find(|place| folder.starts_with(place) || place.starts_with(folder));
    // Where the kernel does not say what is mounted, the places above are all that is known.
    let mounts = || std::fs::read_to_string("/proc/self/mountinfo").unwrap_or_default();
    by_place
        .map(Path::to_owned)
        .or_else(|| among(&mounts(), folder))
}

/// One line is one mount; see proc_pid_mountinfo(5).
fn among(mounts: &str, folder: &Path) -> Option<PathBuf> {
    let mounts: Vec<(PathBuf, &str)> = mounts.lines().filter_map(mount).collect();
    let is_kernels = |(_, kind): &&(PathBuf, &str)| KINDS.contains(kind);
    let below = mounts
        .iter()
        .filter(is_kernels)
        .find(|(place, _)| place.starts_with(folder));
    // Of the mounts that a folder lies in, the innermost one is its own; of several on one place, the last.
    let own = mounts
        .iter()
        .filter(|(place, _)| folder.starts_with(place))
        .max_by_key(|(place, _)| place.components().count());
    below
        .or(own.filter(is_kernels))
        .map(|(place, _)| place.clone())
}

/// Where, and which kind.
fn mount(line: &str) -> Option<(PathBuf, &str)> {
    let (left, right) = line.split_once(" - ")?;
    Some((unescaped(left.split(' ').nth(4)?), right.split(' ').next()?))
}

/// Spaces, line ends and backslashes are written as three octal digits.
fn unescaped(text: &str) -> PathBuf {
    let mut path = text.to_owned();
    for (escaped, plain) in [
        ("\\040", " "),
        ("\\011", "\t"),
        ("\\012", "\n"),
        ("\\134", "\\"),
    ] {
        path = path.replace(escaped, plain);
    }
    path.into()
}

#[cfg(test)]
mod tests {
    use super::*;

    const MOUNTS: &str = "\
22 1 0:20 / / rw,relatime - overlay overlay rw
23 22 0:21 / /proc rw,nosuid - proc proc rw
24 22 0:22 / /srv/jail/proc rw master:3 - proc proc rw
25 22 8:1 / /srv/a\\040b rw - ext4 /dev/sda1 rw
26 22 0:23 / /run/cgroup rw - cgroup2 none rw
27 26 0:24 / /run/cgroup/data rw - tmpfs none rw";

    #[test]
    fn kernel_interfaces_are_found_in_above_and_below() {
        for (folder, expected) in [
            ("/", Some("/proc")),
            ("/srv", Some("/srv/jail/proc")),
            ("/srv/jail/proc/1/root", Some("/srv/jail/proc")),
            ("/run/cgroup/x", Some("/run/cgroup")),
            ("/run/cgroup/data", None),
            ("/srv/a b", None),
            ("/srv/jail/process", None),
            ("/home", None),
        ] {
            let found = among(MOUNTS, Path::new(folder));
            assert_eq!(found, expected.map(PathBuf::from), "{folder}");
        }
    }

    #[test]
    fn lines_that_are_none_and_escapes_are_read() {
        assert_eq!(mount("nonsense"), None);
        assert_eq!(mount("1 2 - proc"), None);
        assert_eq!(unescaped("/a\\040b\\134"), Path::new("/a b\\"));
    }

    /// Wherever these are looked for, without anything being mounted.
    #[test]
    fn the_usual_places_are_refused_by_name() {
        for folder in ["/", "/proc", "/proc/self", "/sys/kernel", "/dev/shm"] {
            assert!(kernel_interface_at(Path::new(folder)).is_some(), "{folder}");
        }
    }
}
