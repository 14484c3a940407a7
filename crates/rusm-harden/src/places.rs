//! What the runtime itself reads, whatever it runs. What is not there is left out.

/// Figures of the kernel that places for processes are counted by, and the node's own memory map.
///
/// `/proc/self` is the node's own; that of others stays closed.
pub(crate) const ALWAYS: &[&str] = &[
    "/proc/self",
    "/proc/meminfo",
    "/proc/sys/vm/max_map_count",
    "/proc/sys/vm/overcommit_memory",
    "/sys/devices/system/cpu",
    "/sys/fs/cgroup",
];

/// What the C library reads to look names up, the modules that it loads for it among them.
///
/// A file is opened as it is when the node starts. One that is replaced later, as some DHCP clients do with
/// `/etc/resolv.conf`, is another file; so the folders in which services keep it are here as well.
pub(crate) const FOR_NAMES: &[&str] = &[
    "/etc/gai.conf",
    "/etc/host.conf",
    "/etc/hosts",
    "/etc/ld.so.cache",
    "/etc/nsswitch.conf",
    "/etc/resolv.conf",
    "/etc/services",
    "/gnu/store",
    "/lib",
    "/lib64",
    "/nix/store",
    "/run/NetworkManager",
    "/run/resolvconf",
    "/run/systemd/resolve",
    "/usr/lib",
    "/usr/lib64",
    "/usr/local/lib",
];

/// Where DNS answers that are too long for a datagram come from.
pub(crate) const DNS_PORT: u16 = 53;
