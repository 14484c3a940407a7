//! What each function of WASI can do to the world outside a sandbox: the table that the walk goes by.

use super::{preview1, wasi02, wasi03};
use crate::forge::Wasi::{self, V02, V03};

/// What a function can do under a profile that grants nothing.
#[derive(Clone, Copy)]
pub(super) enum Class {
    /// Nothing outside the process itself, and this is why.
    Harmless(&'static str),
    /// Refused, or answered with nothing; this test shows it.
    Refused(fn()),
    /// It is in the WIT and no node links it.
    Absent,
}

use Class::{Absent, Harmless, Refused};

const OWN: &str = "tells the process what it was given itself";
const TIME: &str = "clocks are no grant: every profile has them";
const CHANCE: &str = "random numbers are no grant; how many at once is bounded";
const END: &str = "ends the caller";
const OUTPUT: &str = "goes to the log, escaped and bounded, or to a terminal that was granted";
const TOKEN: &str = "a handle that grants nothing: each use of it is asked for";
const ERRORS: &str = "reads an error that the process holds";

/// Functions that need no handle, by interface and name, for one version of WASI or both.
pub(super) const FUNCTIONS: &[(&[Wasi], &str, &str, Class)] = &[
    (
        &[V02],
        "wasi:cli/environment",
        "get-environment",
        Refused(wasi02::a_component_sees_nothing_of_the_host),
    ),
    (
        &[V02],
        "wasi:cli/environment",
        "initial-cwd",
        Refused(wasi02::a_component_sees_nothing_of_the_host),
    ),
    (
        &[V03],
        "wasi:cli/environment",
        "get-environment",
        Refused(wasi03::a_concurrent_component_sees_nothing_of_the_host),
    ),
    (
        &[V03],
        "wasi:cli/environment",
        "get-initial-cwd",
        Refused(wasi03::a_concurrent_component_sees_nothing_of_the_host),
    ),
    (
        &[V02, V03],
        "wasi:cli/environment",
        "get-arguments",
        Harmless(OWN),
    ),
    (&[V02, V03], "wasi:cli/exit", "exit", Harmless(END)),
    (
        &[V02, V03],
        "wasi:cli/exit",
        "exit-with-code",
        Harmless(END),
    ),
    (
        &[V02],
        "wasi:cli/stdin",
        "get-stdin",
        Refused(wasi02::a_component_sees_nothing_of_the_host),
    ),
    (
        &[V03],
        "wasi:cli/stdin",
        "read-via-stream",
        Refused(wasi03::a_concurrent_component_sees_nothing_of_the_host),
    ),
    (&[V02], "wasi:cli/stdout", "get-stdout", Harmless(OUTPUT)),
    (&[V02], "wasi:cli/stderr", "get-stderr", Harmless(OUTPUT)),
    (
        &[V03],
        "wasi:cli/stdout",
        "write-via-stream",
        Harmless(OUTPUT),
    ),
    (
        &[V03],
        "wasi:cli/stderr",
        "write-via-stream",
        Harmless(OUTPUT),
    ),
    (
        &[V02],
        "wasi:cli/terminal-stdin",
        "get-terminal-stdin",
        Refused(wasi02::a_component_sees_nothing_of_the_host),
    ),
    (
        &[V02],
        "wasi:cli/terminal-stdout",
        "get-terminal-stdout",
        Refused(wasi02::a_component_sees_nothing_of_the_host),
    ),
    (
        &[V02],
        "wasi:cli/terminal-stderr",
        "get-terminal-stderr",
        Refused(wasi02::a_component_sees_nothing_of_the_host),
    ),
    (
        &[V03],
        "wasi:cli/terminal-stdin",
        "get-terminal-stdin",
        Refused(wasi03::a_concurrent_component_sees_nothing_of_the_host),
    ),
    (
        &[V03],
        "wasi:cli/terminal-stdout",
        "get-terminal-stdout",
        Refused(wasi03::a_concurrent_component_sees_nothing_of_the_host),
    ),
    (
        &[V03],
        "wasi:cli/terminal-stderr",
        "get-terminal-stderr",
        Refused(wasi03::a_concurrent_component_sees_nothing_of_the_host),
    ),
    (
        &[V02, V03],
        "wasi:clocks/monotonic-clock",
        "now",
        Harmless(TIME),
    ),
    (
        &[V02],
        "wasi:clocks/monotonic-clock",
        "resolution",
        Harmless(TIME),
    ),
    (
        &[V03],
        "wasi:clocks/monotonic-clock",
        "get-resolution",
        Harmless(TIME),
    ),
    (
        &[V02],
        "wasi:clocks/monotonic-clock",
        "subscribe-instant",
        Harmless(TIME),
    ),
    (
        &[V02],
        "wasi:clocks/monotonic-clock",
        "subscribe-duration",
        Harmless(TIME),
    ),
    (
        &[V03],
        "wasi:clocks/monotonic-clock",
        "wait-until",
        Harmless(TIME),
    ),
    (
        &[V03],
        "wasi:clocks/monotonic-clock",
        "wait-for",
        Harmless(TIME),
    ),
    (&[V02], "wasi:clocks/wall-clock", "now", Harmless(TIME)),
    (
        &[V02],
        "wasi:clocks/wall-clock",
        "resolution",
        Harmless(TIME),
    ),
    (&[V03], "wasi:clocks/system-clock", "now", Harmless(TIME)),
    (
        &[V03],
        "wasi:clocks/system-clock",
        "get-resolution",
        Harmless(TIME),
    ),
    (&[V02], "wasi:clocks/timezone", "display", Absent),
    (&[V02, V03], "wasi:clocks/timezone", "utc-offset", Absent),
    (&[V03], "wasi:clocks/timezone", "iana-id", Absent),
    (&[V03], "wasi:clocks/timezone", "to-debug-string", Absent),
    (
        &[V02],
        "wasi:filesystem/preopens",
        "get-directories",
        Refused(wasi02::a_component_sees_nothing_of_the_host),
    ),
    (
        &[V03],
        "wasi:filesystem/preopens",
        "get-directories",
        Refused(wasi03::a_concurrent_component_sees_nothing_of_the_host),
    ),
    (
        &[V02],
        "wasi:filesystem/types",
        "filesystem-error-code",
        Harmless(ERRORS),
    ),
    (
        &[V02],
        "wasi:io/poll",
        "poll",
        Harmless("waits for what the process holds"),
    ),
    (
        &[V02],
        "wasi:random/insecure-seed",
        "insecure-seed",
        Harmless(CHANCE),
    ),
    (
        &[V03],
        "wasi:random/insecure-seed",
        "get-insecure-seed",
        Harmless(CHANCE),
    ),
    (
        &[V02, V03],
        "wasi:random/insecure",
        "get-insecure-random-bytes",
        Harmless(CHANCE),
    ),
    (
        &[V02, V03],
        "wasi:random/insecure",
        "get-insecure-random-u64",
        Harmless(CHANCE),
    ),
    (
        &[V02, V03],
        "wasi:random/random",
        "get-random-bytes",
        Harmless(CHANCE),
    ),
    (
        &[V02, V03],
        "wasi:random/random",
        "get-random-u64",
        Harmless(CHANCE),
    ),
    (&[V02], "wasi:sockets/network", "network-error-code", Absent),
    (
        &[V02],
        "wasi:sockets/instance-network",
        "instance-network",
        Harmless(TOKEN),
    ),
    (
        &[V02],
        "wasi:sockets/ip-name-lookup",
        "resolve-addresses",
        Refused(wasi02::a_component_gets_no_socket_and_no_address),
    ),
    (
        &[V02],
        "wasi:sockets/tcp-create-socket",
        "create-tcp-socket",
        Refused(wasi02::a_component_gets_no_socket_and_no_address),
    ),
    (
        &[V02],
        "wasi:sockets/udp-create-socket",
        "create-udp-socket",
        Refused(wasi02::a_component_gets_no_socket_and_no_address),
    ),
    (
        &[V03],
        "wasi:sockets/ip-name-lookup",
        "resolve-addresses",
        Refused(wasi03::a_concurrent_component_gets_no_socket_and_no_address),
    ),
    (
        &[V03],
        "wasi:sockets/types",
        "[static]tcp-socket.create",
        Refused(wasi03::a_concurrent_component_gets_no_socket_and_no_address),
    ),
    (
        &[V03],
        "wasi:sockets/types",
        "[static]udp-socket.create",
        Refused(wasi03::a_concurrent_component_gets_no_socket_and_no_address),
    ),
];

/// Resources: a method needs a handle, and this is where handles come from. Methods of the harmless ones are
/// harmless; of the others no sandboxed process has any.
pub(super) const RESOURCES: &[(&str, &str, Class)] = &[
    (
        "wasi:filesystem/types",
        "descriptor",
        Refused(wasi02::a_component_sees_nothing_of_the_host),
    ),
    (
        "wasi:filesystem/types",
        "directory-entry-stream",
        Refused(wasi02::a_component_sees_nothing_of_the_host),
    ),
    ("wasi:io/error", "error", Harmless(ERRORS)),
    (
        "wasi:io/poll",
        "pollable",
        Harmless("waits for what the process holds"),
    ),
    (
        "wasi:io/streams",
        "input-stream",
        Refused(wasi02::a_component_sees_nothing_of_the_host),
    ),
    ("wasi:io/streams", "output-stream", Harmless(OUTPUT)),
    (
        "wasi:sockets/ip-name-lookup",
        "resolve-address-stream",
        Refused(wasi02::a_component_gets_no_socket_and_no_address),
    ),
    (
        "wasi:sockets/tcp",
        "tcp-socket",
        Refused(wasi02::a_component_gets_no_socket_and_no_address),
    ),
    (
        "wasi:sockets/udp",
        "udp-socket",
        Refused(wasi02::a_component_gets_no_socket_and_no_address),
    ),
    (
        "wasi:sockets/udp",
        "incoming-datagram-stream",
        Refused(wasi02::a_component_gets_no_socket_and_no_address),
    ),
    (
        "wasi:sockets/udp",
        "outgoing-datagram-stream",
        Refused(wasi02::a_component_gets_no_socket_and_no_address),
    ),
    (
        "wasi:sockets/types",
        "tcp-socket",
        Refused(wasi03::a_concurrent_component_gets_no_socket_and_no_address),
    ),
    (
        "wasi:sockets/types",
        "udp-socket",
        Refused(wasi03::a_concurrent_component_gets_no_socket_and_no_address),
    ),
];

/// Interfaces that hold no function: types alone, and resources without methods.
pub(super) const TYPES_ALONE: &[&str] = &[
    "rusm:actor/types",
    "wasi:cli/terminal-input",
    "wasi:cli/terminal-output",
    "wasi:cli/types",
    "wasi:clocks/types",
];

/// Functions of preview 1, with their core parameters (`i` is 32 bits, `I` is 64).
pub(super) const PREVIEW1: &[(&str, &str, Class)] = &[
    ("args_get", "ii", Harmless(OWN)),
    ("args_sizes_get", "ii", Harmless(OWN)),
    ("clock_res_get", "ii", Harmless(TIME)),
    ("clock_time_get", "iIi", Harmless(TIME)),
    (
        "environ_get",
        "ii",
        Refused(preview1::a_core_module_sees_nothing_of_the_host),
    ),
    (
        "environ_sizes_get",
        "ii",
        Refused(preview1::a_core_module_sees_nothing_of_the_host),
    ),
    (
        "fd_advise",
        "iIIi",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_allocate",
        "iII",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_close",
        "i",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_datasync",
        "i",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_fdstat_get",
        "ii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_fdstat_set_flags",
        "ii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_fdstat_set_rights",
        "iII",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_filestat_get",
        "ii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_filestat_set_size",
        "iI",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_filestat_set_times",
        "iIIi",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_pread",
        "iiiIi",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_prestat_dir_name",
        "iii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_prestat_get",
        "ii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_pwrite",
        "iiiIi",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_read",
        "iiii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_readdir",
        "iiiIi",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_renumber",
        "ii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_seek",
        "iIii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_sync",
        "i",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_tell",
        "ii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "fd_write",
        "iiii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "path_create_directory",
        "iii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "path_filestat_get",
        "iiiii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "path_filestat_set_times",
        "iiiiIIi",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "path_link",
        "iiiiiii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "path_open",
        "iiiiiIIii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "path_readlink",
        "iiiiii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "path_remove_directory",
        "iii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "path_rename",
        "iiiiii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "path_symlink",
        "iiiii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "path_unlink_file",
        "iii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "poll_oneoff",
        "iiii",
        Harmless("waits for clocks and for what the process holds"),
    ),
    ("proc_exit", "i", Harmless(END)),
    ("proc_raise", "i", Harmless("is not supported, and says so")),
    ("random_get", "ii", Harmless(CHANCE)),
    ("sched_yield", "", Harmless("gives way")),
    (
        "sock_accept",
        "iii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "sock_recv",
        "iiiiii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "sock_send",
        "iiiii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
    (
        "sock_shutdown",
        "ii",
        Refused(preview1::a_core_module_has_no_descriptor_to_use),
    ),
];
