//! The seccomp filter: which system calls this process can still make.
//!
//! Two filters, as one has only one way to refuse: the first answers `ENOSYS` where a library must take it for an older
//! kernel, the second allows what is listed and answers everything else `EPERM`. What the first refuses the second lets
//! pass, so they speak in any order, and the first alone does no harm if the second is refused.
//! Nothing is answered by a signal: a call that a library tries and can do without must not end every process of a node.

use super::calls::{ALLOWED, ALLOWED_OF_OLD, FIRST_UNKNOWN, N_UNKNOWN, NOT_THERE};
use crate::plan::Plan;
use libc::{ENOSYS, EPERM, c_int, c_long};
use seccompiler::{
    BackendError, BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition,
    SeccompFilter, SeccompRule, TargetArch,
};
use std::collections::BTreeMap;

/// Whom a filter is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Threads {
    All,
    Calling,
}

/// System calls with the conditions under which a rule applies: any one of the list, or none at all if it is empty.
type Rules = BTreeMap<c_long, Vec<SeccompRule>>;

/// Installs the filters, or says why not.
pub(super) fn restrict(plan: &Plan, threads: Threads) -> Result<(), String> {
    let programs = programs(plan).map_err(|error| format!("seccomp: {error}"))?;
    for program in &programs {
        let installed = match threads {
            Threads::All => seccompiler::apply_filter_all_threads(program),
            Threads::Calling => seccompiler::apply_filter(program),
        };
        installed.map_err(|error| format!("the kernel refuses seccomp filters: {error}"))?;
    }
    Ok(())
}

fn programs(plan: &Plan) -> Result<[BpfProgram; 2], BackendError> {
    let name = std::env::consts::ARCH;
    if !cfg!(any(target_arch = "x86_64", target_arch = "aarch64")) {
        return Err(BackendError::InvalidTargetArch(name.to_owned()));
    }
    let arch = TargetArch::try_from(name)?;
    let filter = |rules: Rules, listed, otherwise| {
        SeccompFilter::new(rules, otherwise, listed, arch)?.try_into()
    };
    let mut allowed = allowed(plan)?;
    allowed.extend(not_there());
    Ok([
        filter(not_there(), errno(ENOSYS), SeccompAction::Allow)?,
        filter(allowed, SeccompAction::Allow, errno(EPERM))?,
    ])
}

fn errno(number: c_int) -> SeccompAction {
    SeccompAction::Errno(number.unsigned_abs())
}

fn not_there() -> Rules {
    let unknown = FIRST_UNKNOWN..FIRST_UNKNOWN + N_UNKNOWN;
    let calls = NOT_THERE.iter().copied().chain(unknown);
    calls.map(|call| (call, Vec::new())).collect()
}

fn allowed(plan: &Plan) -> Result<Rules, BackendError> {
    let mut rules: Rules = ALLOWED
        .iter()
        .chain(ALLOWED_OF_OLD)
        .map(|call| (*call, Vec::new()))
        .collect();
    let own = u64::from(std::process::id());
    for (call, conditions) in [
        // Threads, and no processes.
        (libc::SYS_clone, vec![has(0, libc::CLONE_THREAD)?]),
        // Signals to this process alone.
        (libc::SYS_kill, vec![is(0, own)?]),
        (libc::SYS_tgkill, vec![is(0, own)?]),
        // Asking for one's own bounds, and not setting any.
        (libc::SYS_prlimit64, vec![is(0, 0)?, is_null(2)?]),
        // Putting words into the terminal's own input would be typing for the operator.
        (
            libc::SYS_ioctl,
            vec![is_not(1, TIOCSTI)?, is_not(1, TIOCLINUX)?],
        ),
        // Connecting by sending, which Landlock does not see.
        (libc::SYS_sendto, vec![lacks(3, libc::MSG_FASTOPEN)?]),
        (libc::SYS_sendmsg, vec![lacks(2, libc::MSG_FASTOPEN)?]),
        (libc::SYS_sendmmsg, vec![lacks(3, libc::MSG_FASTOPEN)?]),
        (libc::SYS_socketpair, vec![is(0, number(libc::AF_UNIX))?]),
    ] {
        rules.insert(call, vec![SeccompRule::new(conditions)?]);
    }
    rules.insert(libc::SYS_prctl, names()?);
    let sockets = sockets(plan)?;
    // A call with no rule at all is refused; one with an empty list would be allowed.
    if !sockets.is_empty() {
        rules.insert(libc::SYS_socket, sockets);
    }
    Ok(rules)
}

/// Names of threads and of memory.
fn names() -> Result<Vec<SeccompRule>, BackendError> {
    let options = [libc::PR_SET_NAME, libc::PR_GET_NAME, libc::PR_SET_VMA];
    let rule = |option| SeccompRule::new(vec![is(0, number(option))?]);
    options.into_iter().map(rule).collect()
}

/// Sockets of the internet if any profile has a network; of the machine and its kernel if names are looked up.
fn sockets(plan: &Plan) -> Result<Vec<SeccompRule>, BackendError> {
    let mut rules = Vec::new();
    if plan.sockets() {
        for family in [libc::AF_INET, libc::AF_INET6] {
            for kind in [libc::SOCK_STREAM, libc::SOCK_DGRAM] {
                rules.push(SeccompRule::new(vec![
                    is(0, number(family))?,
                    masked(1, SOCKET_KINDS, number(kind))?,
                ])?);
            }
        }
    }
    if plan.names() {
        for family in [libc::AF_UNIX, libc::AF_NETLINK] {
            rules.push(SeccompRule::new(vec![is(0, number(family))?])?);
        }
    }
    Ok(rules)
}

/// Requests to a terminal, of one value on all architectures here (`asm-generic/ioctls.h`) and, as constants of the C
/// library, of many types.
const TIOCSTI: u64 = 0x5412;
const TIOCLINUX: u64 = 0x541c;
/// The bits of a socket's type that are no flags.
const SOCKET_KINDS: u64 = 0xf;

fn number(constant: c_int) -> u64 {
    u64::from(constant.unsigned_abs())
}

/// The argument, of 32 bits as the kernel takes it, is this.
fn is(argument: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Eq, value)
}

fn is_not(argument: u8, value: u64) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, SeccompCmpOp::Ne, value)
}

fn is_null(argument: u8) -> Result<SeccompCondition, BackendError> {
    SeccompCondition::new(argument, SeccompCmpArgLen::Qword, SeccompCmpOp::Eq, 0)
}

fn masked(argument: u8, mask: u64, value: u64) -> Result<SeccompCondition, BackendError> {
    let operator = SeccompCmpOp::MaskedEq(mask);
    SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)
}

fn has(argument: u8, flag: c_int) -> Result<SeccompCondition, BackendError> {
    masked(argument, number(flag), number(flag))
}

fn lacks(argument: u8, flag: c_int) -> Result<SeccompCondition, BackendError> {
    masked(argument, number(flag), 0)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::needs::{Needs, Ports};

    /// The filters can be built for every plan, and are within the kernel's bound of 4,096 instructions.
    #[test]
    fn every_plan_has_its_filters() {
        let open = Needs {
            connect: Ports::Any,
            names: true,
            ..Needs::default()
        };
        for plan in [
            Plan::nothing(),
            Plan::of(&Needs::default()),
            Plan::of(&open),
        ] {
            let programs = programs(&plan).unwrap();
            assert!(programs.iter().all(|program| program.len() < 4_096));
        }
    }

    /// What must never be allowed is not listed, by whatever list.
    #[test]
    fn the_dangerous_are_not_listed() {
        let rules = allowed(&Plan::of(&Needs::default())).unwrap();
        for call in [
            libc::SYS_execve,
            libc::SYS_execveat,
            libc::SYS_ptrace,
            libc::SYS_process_vm_readv,
            libc::SYS_process_vm_writev,
            libc::SYS_mount,
            libc::SYS_umount2,
            libc::SYS_pivot_root,
            libc::SYS_chroot,
            libc::SYS_unshare,
            libc::SYS_setns,
            libc::SYS_bpf,
            libc::SYS_perf_event_open,
            libc::SYS_userfaultfd,
            libc::SYS_io_uring_setup,
            libc::SYS_open_by_handle_at,
            libc::SYS_init_module,
            libc::SYS_finit_module,
            libc::SYS_kexec_load,
            libc::SYS_keyctl,
            libc::SYS_reboot,
            libc::SYS_setuid,
            libc::SYS_fchmodat,
            libc::SYS_fchownat,
            libc::SYS_seccomp,
            libc::SYS_socket,
        ] {
            assert!(!rules.contains_key(&call), "call {call} is allowed");
        }
        assert!(!ALLOWED.iter().any(|call| NOT_THERE.contains(call)));
        assert!(ALLOWED.iter().all(|call| *call < FIRST_UNKNOWN));
    }
}
