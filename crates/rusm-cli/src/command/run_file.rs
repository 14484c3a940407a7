//! `rusm run FILE.wasm`: one process with the terminal's own input and output, ending with its exit code.

mod profile;

use super::{Cache, Session, wall};
use crate::args::{LogLevel, RunArgs};
use crate::log::Scope;
use crate::place::{MANIFEST, plain_cause};
use crate::report::{Failure, Kind};
use crate::signals::{Demand, Listener, end_with_the_pipe};
use rusm_caps::Profile;
use rusm_core::{Breach, ExitReason, Limit, ProcessHandle, Runtime, Spawn};
use rusm_manifest::HardenDecl;
use std::path::Path;
use std::sync::Arc;

/// More than any code that can be run; the runtime has the exact bound.
const FILE_BYTES_MAX: u64 = 1 << 30;

pub(super) fn run(args: &RunArgs, path: &Path, session: &Session) -> Result<u8, Failure> {
    for (flag, typed) in [
        ("--check-only", args.check_only),
        ("--no-build", args.no_build),
    ] {
        if typed {
            return Err(Failure::new(
                Kind::Usage,
                format!(
                    "{flag} is for an app; '{}' is a single file",
                    path.display()
                ),
            ));
        }
    }
    let granted = profile::of(&args.grants, session.console)?;
    let name = path
        .file_name()
        .unwrap_or(path.as_os_str())
        .to_string_lossy()
        .into_owned();
    let wasm = read(path)?;
    session.start_log(LogLevel::Warn);
    end_with_the_pipe();
    let cache = Cache::unless(args.no_cache);
    let mode = wall::mode(args.harden, HardenDecl::Auto);
    wall::raise(
        wall::of_file(&granted.profile),
        cache.folder(),
        mode,
        session,
    )?;
    let signals = Listener::start()?;
    let observer = session.observer(Scope::File(name.clone()));
    // One process uses one worker; a second keeps timers and its children going.
    let runtime = session.runtime(|builder| builder, cache, granted.environment, &observer)?;
    let started = start(
        &runtime,
        &name,
        &wasm,
        granted.profile,
        &args.args,
        &signals,
    );
    session.progress.finish();
    let process = started.map_err(|cause| {
        Failure::new(
            Kind::NotStarted,
            format!("cannot run '{}': {cause}", path.display()),
        )
    })?;
    drop(wasm);
    let process = Arc::new(process);
    stop_on_signal(&process, &signals);
    let reason = process.wait();
    let exit_code = process.exit_code();
    observer.finish();
    runtime.shutdown();
    let ended = Ended {
        reason,
        exit_code,
        breach: observer.own_breach(),
    };
    end(&name, &ended, signals.exit_code())
}

fn start(
    runtime: &Runtime,
    name: &str,
    wasm: &[u8],
    profile: Profile,
    args: &[String],
    signals: &Listener,
) -> Result<ProcessHandle, String> {
    let program = runtime
        .load(name, wasm)
        .map_err(|error| error.to_string())?;
    // It is a moment: nobody has to hear of them meanwhile.
    signals.hold(|_| ());
    let spawn = Spawn::new(name, &program)
        .profile(profile)
        .args(args.iter().cloned());
    runtime.spawn(spawn).map_err(|error| error.to_string())
}

fn stop_on_signal(process: &Arc<ProcessHandle>, signals: &Listener) {
    let process = Arc::clone(process);
    signals.arm(move |demand| match demand {
        Demand::Stop => process.stop(),
        Demand::Kill => process.kill(),
    });
}

fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let cannot = |why: String| {
        Failure::new(
            Kind::NotStarted,
            format!("cannot read '{}': {why}", path.display()),
        )
    };
    let metadata = std::fs::metadata(path).map_err(|error| cannot(plain_cause(&error)))?;
    // Opening a pipe waits for whoever writes to it, and a device may have no end.
    if !metadata.is_file() && !metadata.is_dir() {
        return Err(cannot("it is no plain file".to_owned()));
    }
    let size = metadata.len();
    if size > FILE_BYTES_MAX {
        return Err(cannot(format!(
            "it has {size} bytes, and no code is larger than {FILE_BYTES_MAX}"
        )));
    }
    std::fs::read(path).map_err(|error| cannot(plain_cause(&error)))
}

/// How the process ended.
struct Ended {
    reason: ExitReason,
    /// What the program itself gave.
    exit_code: Option<i32>,
    breach: Option<Breach>,
}

/// The exit code of a process, or what went wrong with it.
fn end(name: &str, ended: &Ended, signal: Option<u8>) -> Result<u8, Failure> {
    if let Some(code) = ended.exit_code {
        return Ok(u8::try_from(code).unwrap_or(1));
    }
    let general = |message: String| Err(Failure::new(Kind::General, message));
    let reason = &ended.reason;
    match (reason, signal) {
        (ExitReason::Normal, _) => Ok(0),
        (ExitReason::Shutdown | ExitReason::Killed, Some(signal)) => Ok(signal),
        (ExitReason::Shutdown, None) => Ok(0),
        (ExitReason::Trap(text), _) => general(format!("{name} trapped: {text}")),
        (ExitReason::NotStarted(text), _) => Err(Failure::new(
            Kind::NotStarted,
            format!("{name} could not be started: {text}"),
        )),
        (ExitReason::Limit(limit), _) => Err(breach(name, *limit, ended.breach)),
        (ExitReason::Error(text), _) => general(format!("{name} ended with an error: {text}")),
        (ExitReason::Killed | ExitReason::NoProcess | ExitReason::NoConnection, _) => {
            general(format!("{name} ended: {reason}"))
        }
    }
}

fn breach(name: &str, limit: Limit, breach: Option<Breach>) -> Failure {
    let (kind, what, key) = match limit {
        Limit::CpuTime => (Kind::TimeLimit, "CPU time", "max-cpu-ms"),
        Limit::WallTime => (Kind::TimeLimit, "time", "timeout-ms"),
        Limit::Memory => (Kind::General, "memory", "max-memory-mb"),
        Limit::Output => (Kind::General, "output", "max-output-kb"),
        Limit::Mailbox => (Kind::General, "mailbox", "max-mailbox"),
    };
    let amounts = breach.map_or_else(String::new, |breach| format!(" ({breach})"));
    let failure = Failure::new(
        kind,
        format!("{name} was ended: it used up its {what}{amounts}"),
    );
    let key = breach.and_then(|breach| breach.key).unwrap_or(key);
    failure.help(match FLAGS.contains(&key) {
        true => format!("--{key} sets the bound"),
        false => format!("{key} in a profile of a {MANIFEST} here sets the bound: --profile NAME"),
    })
}

/// Bounds that have a flag of their own.
const FLAGS: [&str; 5] = [
    "max-memory-mb",
    "max-cpu-ms",
    "max-slice-ms",
    "timeout-ms",
    "max-output-kb",
];

#[cfg(test)]
mod tests {
    use super::*;

    fn code(reason: ExitReason, exit_code: Option<i32>, signal: Option<u8>) -> u8 {
        let ended = Ended {
            reason,
            exit_code,
            breach: None,
        };
        end("x.wasm", &ended, signal).unwrap_or_else(|failure| failure.kind().exit_code())
    }

    /// A guest's own code is passed on as it is; one that no program can have is a failure.
    #[test]
    fn the_guests_code_is_passed_on() {
        assert_eq!(code(ExitReason::Normal, None, None), 0);
        assert_eq!(code(ExitReason::Normal, Some(0), None), 0);
        assert_eq!(code(ExitReason::error("exit code 3"), Some(3), None), 3);
        assert_eq!(code(ExitReason::error("exit code -1"), Some(-1), None), 1);
    }

    /// What the runtime ends has the exit code of its kind.
    #[test]
    fn ends_have_their_exit_codes() {
        assert_eq!(code(ExitReason::trap("unreachable"), None, None), 1);
        assert_eq!(code(ExitReason::error("mine"), None, None), 1);
        assert_eq!(code(ExitReason::Limit(Limit::Memory), None, None), 1);
        assert_eq!(code(ExitReason::not_started("no folder"), None, None), 4);
        assert_eq!(code(ExitReason::Limit(Limit::WallTime), None, None), 124);
        assert_eq!(code(ExitReason::Limit(Limit::CpuTime), None, None), 124);
    }

    /// Ended by a signal, it ends as a native program would; a later end of its own is its own.
    #[test]
    fn signals_end_like_in_a_shell() {
        assert_eq!(code(ExitReason::Shutdown, None, Some(130)), 130);
        assert_eq!(code(ExitReason::Killed, None, Some(143)), 143);
        assert_eq!(code(ExitReason::Normal, None, Some(130)), 0);
        assert_eq!(code(ExitReason::Killed, None, None), 1);
    }
}
