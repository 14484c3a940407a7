//! What the kernel says about itself, in the files of `/proc`.

use super::line::{Line, Standing};
use std::fs;
use std::thread::available_parallelism;

const MIB: u64 = 1 << 20;
/// Fewer bytes than this do not hold a node with a few processes.
const MEMORY_LEAST: u64 = 64 * MIB;
const MEMORY_COMFORTABLE: u64 = 512 * MIB;
/// A node's own descriptors, and a few for its guests.
const FILES_LEAST: u64 = 64;
const FILES_COMFORTABLE: u64 = 4_096;
/// The first Linux that holds every layer of the second wall.
const WHOLE_SINCE: (u32, u32) = (6, 12);
/// The first Linux that guards memory without a mapping of its own (`MADV_GUARD_INSTALL`).
const GUARDS_SINCE: (u32, u32) = (6, 13);

pub(super) fn kernel() -> [Line; 2] {
    let release = read("/proc/sys/kernel/osrelease");
    let found = format!("{} {}", std::env::consts::OS, release.trim());
    let since = |least| match version(&release) {
        Some(version) if version >= least => Standing::Ok,
        Some(_) => Standing::Partly,
        None => Standing::No,
    };
    let means = "how much of the second wall there is, and how fast memory is reset, depends on it";
    let kernel = Line::new("kernel", since(WHOLE_SINCE), &found, means);
    let means = "densely placed processes take no memory mappings, so that memory alone bounds their number";
    let guards = Line::new("guard pages", since(GUARDS_SINCE), found, means);
    [
        kernel.help("Linux 6.12 or newer"),
        guards.help("Linux 6.13 or newer (MADV_GUARD_INSTALL)"),
    ]
}

/// The first two numbers of a release such as `6.18.44-generic`.
fn version(release: &str) -> Option<(u32, u32)> {
    let mut numbers = release.split(|c: char| !c.is_ascii_digit());
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

pub(super) fn memory() -> Line {
    let means = "starts are refused while too little of it is free for the machine";
    let text = read("/proc/meminfo");
    let Some(bytes) = kibibytes(&text, "MemTotal:").map(|kib| kib << 10) else {
        let line = Line::new("memory", Standing::Partly, "the kernel does not say", means);
        return line.help("mount /proc");
    };
    let standing = match bytes {
        0..MEMORY_LEAST => Standing::No,
        MEMORY_LEAST..MEMORY_COMFORTABLE => Standing::Partly,
        MEMORY_COMFORTABLE.. => Standing::Ok,
    };
    let line = Line::new("memory", standing, format!("{} MiB", bytes / MIB), means);
    line.help("more memory").needed()
}

fn kibibytes(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    line.trim().strip_suffix("kB")?.trim().parse().ok()
}

pub(super) fn control_groups() -> Line {
    let means =
        "a bound that the operator sets for the node from outside is kept to without being hit";
    let line = |standing, found: String| {
        let line = Line::new("control group", standing, found, means);
        line.help("control groups version 2, or a bound of the node's own under [node]")
    };
    let membership = read("/proc/self/cgroup");
    let unified = membership.lines().find_map(|line| line.strip_prefix("0::"));
    let Some(path) = unified else {
        return line(Standing::Partly, "there is none of version 2".to_owned());
    };
    let most = read(&format!(
        "/sys/fs/cgroup{}/memory.max",
        path.trim_end_matches('/')
    ));
    match most.trim() {
        "" if membership.contains(":memory:") => line(
            Standing::Partly,
            "memory is bounded by version 1, which a node does not read".to_owned(),
        ),
        "" | "max" => line(Standing::Ok, "memory is not bounded".to_owned()),
        bytes => line(Standing::Ok, format!("memory is bounded to {bytes} bytes")),
    }
}

pub(super) fn open_files() -> Line {
    let means = "files, sockets and streams of all processes together, and some of the node's own";
    let text = read("/proc/self/limits");
    let Some((now, most)) = limit(&text, "Max open files") else {
        let line = Line::new(
            "open files",
            Standing::Partly,
            "the kernel does not say",
            means,
        );
        return line.help("mount /proc");
    };
    let standing = match now {
        0..FILES_LEAST => Standing::No,
        FILES_LEAST..FILES_COMFORTABLE => Standing::Partly,
        FILES_COMFORTABLE.. => Standing::Ok,
    };
    let found = format!("{now} at once, and {most} if it is raised");
    Line::new("open files", standing, found, means)
        .help("raise it before the start: ulimit -n 65536")
        .needed()
}

/// The soft and the hard bound of one resource; unlimited is the largest number.
fn limit(text: &str, key: &str) -> Option<(u64, u64)> {
    let line = text.lines().find_map(|line| line.strip_prefix(key))?;
    let mut words = line.split_whitespace().map(|word| match word {
        "unlimited" => Some(u64::MAX),
        number => number.parse().ok(),
    });
    Some((words.next()??, words.next()??))
}

pub(super) fn cores() -> Line {
    let means = "one scheduler thread a core, if [node] workers does not say otherwise";
    match available_parallelism() {
        Ok(cores) => Line::new("cores", Standing::Ok, cores.to_string(), means),
        Err(error) => Line::new("cores", Standing::Partly, error.to_string(), means)
            .help("set [node] workers"),
    }
}

/// The text of a file of the kernel; none at all where it has no such file.
fn read(path: &str) -> String {
    fs::read_to_string(path).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Releases, figures and bounds are read as the kernel writes them.
    #[test]
    fn the_kernels_files_are_understood() {
        assert_eq!(version("6.18.44-fc-v657\n"), Some((6, 18)));
        assert_eq!(version("5.4.0"), Some((5, 4)));
        assert_eq!(version(""), None);
        assert_eq!(
            kibibytes("MemTotal:       24603684 kB\n", "MemTotal:"),
            Some(24_603_684)
        );
        assert_eq!(kibibytes("nothing", "MemTotal:"), None);
        let limits = "Limit                     Soft Limit           Hard Limit           Units\n\
                      Max open files            1024                 unlimited            files\n";
        assert_eq!(limit(limits, "Max open files"), Some((1_024, u64::MAX)));
        assert_eq!(limit(limits, "Max nothing"), None);
    }
}
