//! What this machine offers: the figures that engines and admission are sized by.
//!
//! Everything here is read from the kernel and may be missing (another operating system, a locked-down container). A figure that is
//! missing is `None`, and whoever asks decides what that means; nothing here fails.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use wasmtime::PoolingAllocationConfig;

/// Figures that do not change while the node runs.
#[derive(Clone, Debug)]
pub(crate) struct Machine {
    /// `vm.max_map_count`: how many memory mappings the kernel grants one operating system process.
    pub(crate) max_map_count: Option<u64>,
    /// Installed memory, or what the control group allows if that is less.
    pub(crate) memory_bytes: Option<u64>,
    /// Whether the kernel can say which pages were touched (`PAGEMAP_SCAN`, Linux 6.7 and later).
    pub(crate) pagemap_scan: bool,
}

impl Machine {
    /// Asks the kernel.
    pub(crate) fn probe() -> Machine {
        let installed = meminfo("MemTotal:");
        let memory_bytes = match (installed, cgroup_limit()) {
            (Some(installed), Some(limit)) => Some(installed.min(limit)),
            (installed, limit) => installed.or(limit),
        };
        Machine {
            max_map_count: read_number("/proc/sys/vm/max_map_count"),
            memory_bytes,
            pagemap_scan: PoolingAllocationConfig::is_pagemap_scan_available(),
        }
    }
}

/// How many memory mappings this operating system process has now. Reads one line per mapping: milliseconds when there are many.
pub(crate) fn count_mappings() -> Option<u64> {
    let mut reader = BufReader::with_capacity(64 * 1024, File::open("/proc/self/maps").ok()?);
    let mut n_lines = 0;
    loop {
        let chunk = reader.fill_buf().ok()?;
        if chunk.is_empty() {
            return Some(n_lines);
        }
        let newlines = chunk.iter().filter(|&&byte| byte == b'\n').count();
        n_lines += u64::try_from(newlines).unwrap_or(u64::MAX);
        let length = chunk.len();
        reader.consume(length);
    }
}

/// How many bytes may still be used without pushing the machine, or our control group, out of memory.
pub(crate) fn available_memory() -> Option<u64> {
    let machine = meminfo("MemAvailable:");
    let group = cgroup_limit()
        .and_then(|limit| Some(limit.saturating_sub(cgroup_number("memory.current")?)));
    match (machine, group) {
        (Some(machine), Some(group)) => Some(machine.min(group)),
        (machine, group) => machine.or(group),
    }
}

/// One figure of `/proc/meminfo`, in bytes.
fn meminfo(key: &str) -> Option<u64> {
    let text = read_small("/proc/meminfo")?;
    parse_meminfo(&text, key)
}

fn parse_meminfo(text: &str, key: &str) -> Option<u64> {
    let line = text.lines().find(|line| line.starts_with(key))?;
    let kibibytes: u64 = line
        .get(key.len()..)?
        .trim()
        .strip_suffix("kB")?
        .trim()
        .parse()
        .ok()?;
    kibibytes.checked_mul(1024)
}

/// The control group's memory limit (version 2); `None` if there is none.
fn cgroup_limit() -> Option<u64> {
    cgroup_number("memory.max")
}

fn cgroup_number(file: &str) -> Option<u64> {
    let membership = read_small("/proc/self/cgroup")?;
    let path = membership
        .lines()
        .find_map(|line| line.strip_prefix("0::"))?;
    read_number(&format!(
        "/sys/fs/cgroup{}/{file}",
        path.trim_end_matches('/')
    ))
}

fn read_number(path: &str) -> Option<u64> {
    read_small(path)?.trim().parse().ok()
}

/// Kernel files are small; a bound keeps a surprising one from being read whole.
fn read_small(path: &str) -> Option<String> {
    let mut text = String::new();
    File::open(path)
        .ok()?
        .take(64 * 1024)
        .read_to_string(&mut text)
        .ok()?;
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn meminfo_figures_are_bytes_and_unknown_ones_are_missing() {
        let text =
            "MemTotal:       24603684 kB\nMemAvailable:   100 kB\nHugePages_Total:       0\n";
        assert_eq!(parse_meminfo(text, "MemTotal:"), Some(24_603_684 * 1024));
        assert_eq!(parse_meminfo(text, "MemAvailable:"), Some(102_400));
        assert_eq!(parse_meminfo(text, "HugePages_Total:"), None);
        assert_eq!(parse_meminfo(text, "Nothing:"), None);
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn on_linux_the_kernel_answers() {
        let machine = Machine::probe();
        assert!(machine.max_map_count.is_some());
        assert!(machine.memory_bytes.is_some());
        assert!(count_mappings().is_some_and(|n| n > 10));
        assert!(available_memory().is_some());
    }
}
