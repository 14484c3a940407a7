//! The system calls that a running node makes: its runtime's, its compiler's, the C library's and those behind WASI.
//!
//! It is a list of what is allowed, so a call that nobody thought of is refused. What is *not* here, on purpose:
//! starting programs (`execve`, `fork`), looking into other processes (`ptrace`, `process_vm_*`), everything around
//! mounts, namespaces, modules, keys and the clock, `bpf`, `io_uring`, `userfaultfd`, `perf_event_open`, opening files
//! by handle; and rights, owners and attributes of files (`chmod`, `chown`, `setxattr`), which Landlock does not cover.

use libc::*;

/// Allowed whatever their arguments are.
pub(super) const ALLOWED: &[c_long] = &[
    // Threads, and waiting.
    SYS_exit,
    SYS_exit_group,
    SYS_futex,
    SYS_gettid,
    SYS_membarrier,
    SYS_restart_syscall,
    SYS_rseq,
    SYS_sched_getaffinity,
    SYS_sched_yield,
    SYS_set_robust_list,
    SYS_set_tid_address,
    SYS_clock_getres,
    SYS_clock_gettime,
    SYS_clock_nanosleep,
    SYS_gettimeofday,
    SYS_nanosleep,
    // Signals to oneself. Sending has conditions.
    SYS_rt_sigaction,
    SYS_rt_sigpending,
    SYS_rt_sigprocmask,
    SYS_rt_sigreturn,
    SYS_rt_sigsuspend,
    SYS_rt_sigtimedwait,
    SYS_sigaltstack,
    // Memory.
    SYS_brk,
    SYS_madvise,
    SYS_memfd_create,
    SYS_mincore,
    SYS_mmap,
    SYS_mprotect,
    SYS_mremap,
    SYS_munmap,
    // Who and where one is.
    SYS_getcpu,
    SYS_getegid,
    SYS_geteuid,
    SYS_getgid,
    SYS_getgroups,
    SYS_getpid,
    SYS_getppid,
    SYS_getrandom,
    SYS_getrusage,
    SYS_getuid,
    SYS_sysinfo,
    SYS_times,
    SYS_uname,
    // Descriptors.
    SYS_close,
    SYS_close_range,
    SYS_dup,
    SYS_dup3,
    SYS_epoll_create1,
    SYS_epoll_ctl,
    SYS_epoll_pwait,
    SYS_epoll_pwait2,
    SYS_eventfd2,
    SYS_fcntl,
    SYS_pipe2,
    SYS_ppoll,
    SYS_pselect6,
    // Files, which Landlock bounds.
    SYS_copy_file_range,
    SYS_faccessat,
    SYS_faccessat2,
    SYS_fadvise64,
    SYS_fallocate,
    SYS_fdatasync,
    SYS_flock,
    SYS_fstat,
    SYS_fstatfs,
    SYS_fsync,
    SYS_ftruncate,
    SYS_getcwd,
    SYS_getdents64,
    SYS_linkat,
    SYS_lseek,
    SYS_mkdirat,
    SYS_openat,
    SYS_openat2,
    SYS_pread64,
    SYS_preadv,
    SYS_preadv2,
    SYS_pwrite64,
    SYS_pwritev,
    SYS_pwritev2,
    SYS_read,
    SYS_readlinkat,
    SYS_readv,
    SYS_renameat2,
    SYS_sendfile,
    SYS_splice,
    SYS_statfs,
    SYS_statx,
    SYS_symlinkat,
    SYS_sync_file_range,
    SYS_truncate,
    SYS_unlinkat,
    SYS_utimensat,
    SYS_write,
    SYS_writev,
    // Sockets that are there. Making one, and sending, have conditions.
    SYS_accept,
    SYS_accept4,
    SYS_bind,
    SYS_connect,
    SYS_getpeername,
    SYS_getsockname,
    SYS_getsockopt,
    SYS_listen,
    SYS_recvfrom,
    SYS_recvmmsg,
    SYS_recvmsg,
    SYS_setsockopt,
    SYS_shutdown,
];

/// The same under names that newer architectures have left out.
#[cfg(target_arch = "x86_64")]
pub(super) const ALLOWED_OF_OLD: &[c_long] = &[
    SYS_access,
    SYS_dup2,
    SYS_epoll_create,
    SYS_epoll_wait,
    SYS_eventfd,
    SYS_getdents,
    SYS_getrlimit,
    SYS_link,
    SYS_lstat,
    SYS_mkdir,
    SYS_newfstatat,
    SYS_open,
    SYS_pause,
    SYS_pipe,
    SYS_poll,
    SYS_readlink,
    SYS_rename,
    SYS_renameat,
    SYS_rmdir,
    SYS_select,
    SYS_stat,
    SYS_symlink,
    SYS_time,
    SYS_unlink,
];
#[cfg(target_arch = "aarch64")]
pub(super) const ALLOWED_OF_OLD: &[c_long] = &[SYS_getrlimit, SYS_newfstatat, SYS_renameat];
#[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
pub(super) const ALLOWED_OF_OLD: &[c_long] = &[];

/// Answered as by a kernel that does not have it, so that the C library goes on in its older way: threads are made by
/// `clone`, whose flags a filter can see.
pub(super) const NOT_THERE: &[c_long] = &[SYS_clone3];

/// Calls from here on came with Linux 6.13 and later, after this list was made, and are answered likewise.
pub(super) const FIRST_UNKNOWN: c_long = 463;
/// How many of them: many years' worth.
pub(super) const N_UNKNOWN: c_long = 128;
