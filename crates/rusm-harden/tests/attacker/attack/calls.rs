//! System calls that a node never makes, each with arguments that do no harm where it is not refused.

use super::tell;
use std::io;
use std::process::Command;

/// Makes a system call by its number.
#[expect(unsafe_code, reason = "an attacker is not bound to what is safe")]
pub(super) fn made(call: libc::c_long, arguments: [usize; 5]) -> io::Result<()> {
    let [a, b, c, d, e] = arguments;
    // SAFETY: the callers pass numbers and, for paths, pointers to text that outlives the call.
    let answer = unsafe { libc::syscall(call, a, b, c, d, e) };
    if answer < 0 {
        Err(io::Error::last_os_error())
    } else {
        Ok(())
    }
}

/// Nobody's descriptor, process or address.
const NONE: usize = usize::MAX;

/// Calls whose arguments mean nothing: the kernel refuses them for that, if not for the wall.
const NEVER: &[(&str, libc::c_long, [usize; 5])] = &[
    ("ptrace", libc::SYS_ptrace, [16, NONE, 0, 0, 0]),
    (
        "process_vm_readv",
        libc::SYS_process_vm_readv,
        [NONE, 0, 0, 0, 0],
    ),
    (
        "process_vm_writev",
        libc::SYS_process_vm_writev,
        [NONE, 0, 0, 0, 0],
    ),
    ("pidfd_open", libc::SYS_pidfd_open, [NONE, 0, 0, 0, 0]),
    ("pidfd_getfd", libc::SYS_pidfd_getfd, [NONE, NONE, 0, 0, 0]),
    ("kcmp", libc::SYS_kcmp, [NONE, NONE, 0, 0, 0]),
    ("execve", libc::SYS_execve, [0, 0, 0, 0, 0]),
    ("execveat", libc::SYS_execveat, [NONE, 0, 0, 0, 0]),
    ("mount", libc::SYS_mount, [0, 0, 0, 0, 0]),
    ("umount2", libc::SYS_umount2, [0, 0, 0, 0, 0]),
    ("pivot_root", libc::SYS_pivot_root, [0, 0, 0, 0, 0]),
    ("chroot", libc::SYS_chroot, [0, 0, 0, 0, 0]),
    ("open_tree", libc::SYS_open_tree, [NONE, 0, 0, 0, 0]),
    ("move_mount", libc::SYS_move_mount, [NONE, 0, NONE, 0, 0]),
    ("fsopen", libc::SYS_fsopen, [0, 0, 0, 0, 0]),
    ("mount_setattr", libc::SYS_mount_setattr, [NONE, 0, 0, 0, 0]),
    ("unshare", libc::SYS_unshare, [NONE, 0, 0, 0, 0]),
    ("setns", libc::SYS_setns, [NONE, 0, 0, 0, 0]),
    ("bpf", libc::SYS_bpf, [NONE, 0, 0, 0, 0]),
    (
        "perf_event_open",
        libc::SYS_perf_event_open,
        [0, 0, 0, 0, 0],
    ),
    ("userfaultfd", libc::SYS_userfaultfd, [NONE, 0, 0, 0, 0]),
    ("io_uring_setup", libc::SYS_io_uring_setup, [0, 0, 0, 0, 0]),
    ("init_module", libc::SYS_init_module, [0, 0, 0, 0, 0]),
    ("finit_module", libc::SYS_finit_module, [NONE, 0, 0, 0, 0]),
    ("delete_module", libc::SYS_delete_module, [0, 0, 0, 0, 0]),
    ("kexec_load", libc::SYS_kexec_load, [0, 0, 0, NONE, 0]),
    ("reboot", libc::SYS_reboot, [0, 0, 0, 0, 0]),
    ("swapon", libc::SYS_swapon, [0, NONE, 0, 0, 0]),
    ("keyctl", libc::SYS_keyctl, [NONE, 0, 0, 0, 0]),
    ("add_key", libc::SYS_add_key, [0, 0, 0, 0, 0]),
    (
        "open_by_handle_at",
        libc::SYS_open_by_handle_at,
        [NONE, 0, 0, 0, 0],
    ),
    ("settimeofday", libc::SYS_settimeofday, [1, 0, 0, 0, 0]),
    ("sethostname", libc::SYS_sethostname, [0, NONE, 0, 0, 0]),
    ("setuid", libc::SYS_setuid, [NONE, 0, 0, 0, 0]),
    ("capset", libc::SYS_capset, [0, 0, 0, 0, 0]),
    (
        "personality",
        libc::SYS_personality,
        [0xffff_ffff, 0, 0, 0, 0],
    ),
    ("memfd_secret", libc::SYS_memfd_secret, [NONE, 0, 0, 0, 0]),
    (
        "landlock_create_ruleset",
        libc::SYS_landlock_create_ruleset,
        [0, 0, 1, 0, 0],
    ),
    ("seccomp", libc::SYS_seccomp, [NONE, 0, 0, 0, 0]),
    // The words for the terminal: TIOCSTI, also with bits above the 32 that the kernel looks at.
    (
        "type into the terminal",
        libc::SYS_ioctl,
        [NONE, 0x5412, 0, 0, 0],
    ),
    (
        "type with high bits",
        libc::SYS_ioctl,
        [NONE, 0x1_0000_5412, 0, 0, 0],
    ),
    ("prctl of others", libc::SYS_prctl, [NONE, 0, 0, 0, 0]),
    // A child of its own, which would be outside every bound on threads: flags without CLONE_THREAD, and no stack.
    (
        "clone a process",
        libc::SYS_clone,
        [
            libc::CLONE_PIDFD as usize | libc::CLONE_PARENT_SETTID as usize,
            0,
            0,
            0,
            0,
        ],
    ),
];

pub(super) fn attempt() {
    for (name, call, arguments) in NEVER {
        tell(name, made(*call, *arguments));
    }
    tell("clone3", made(libc::SYS_clone3, [0, 0, 0, 0, 0]));
    tell("a call of the future", made(500, [0, 0, 0, 0, 0]));
    tell("start a program", Command::new("/bin/true").status());
    let parent = usize::try_from(std::os::unix::process::parent_id()).expect("it fits");
    tell(
        "signal another process",
        made(libc::SYS_kill, [parent, 0, 0, 0, 0]),
    );
    tell(
        "signal everybody",
        made(libc::SYS_kill, [usize::MAX, 0, 0, 0, 0]),
    );
    let own = usize::try_from(std::process::id()).expect("it fits");
    tell("signal itself", made(libc::SYS_kill, [own, 0, 0, 0, 0]));
    tell(
        "bound another process",
        made(libc::SYS_prlimit64, [parent, 7, 0, 0, 0]),
    );
    tell("raise a bound", made(libc::SYS_prlimit64, [0, 7, 1, 0, 0]));
}
