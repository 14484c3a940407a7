//! `rusm run` of an app: build what is stale, boot, stay until it ends.

use super::{Build, Cache, Session, wall};
use crate::args::{LogLevel, RunArgs};
use crate::audit::Watchers;
use crate::environment;
use crate::log::{Scope, crash_line};
use crate::manifest_file;
use crate::place::folder_of;
use crate::report::{Failure, Kind};
use crate::signals::{Demand, Listener};
use rusm_control::{Socket, SocketError};
use rusm_core::{
    App, AppEnd, BootError, BootPlan, CrashReport, ExitReason, Runtime, RuntimeBuilder,
};
use std::fmt::Display;
use std::path::Path;
use std::sync::Arc;

/// Of an app without anything to start.
pub(super) const NOTHING_STARTS: &str =
    "no component has `restart`, and none is a child under [supervisors.*]";

pub(super) fn run(args: &RunArgs, path: &Path, session: &Session) -> Result<u8, Failure> {
    refuse_flags_of_a_file(args)?;
    let manifest = manifest_file::read(path, session.console)?;
    for warning in &manifest.warnings {
        session.console.diagnostic(warning);
    }
    let folder = folder_of(path);
    let environment = environment::with_dot_env(environment::of_process(), folder)?;
    let built = session.guests(&manifest, folder, Build::unless(args.no_build));
    let built = built.map_err(|failure| failure.of_kind(Kind::NotStarted))?;

    session.start_log(LogLevel::Info);
    let cache = Cache::unless(args.no_cache);
    let plan = BootPlan {
        manifest,
        folder: folder.to_owned(),
        built,
    };
    let mode = wall::mode(args.harden, plan.manifest.node.harden);
    // A check that starts nothing leaves no trace in the audit log, and makes no store.
    let audit = plan.manifest.node.audit.as_ref();
    let audit = audit.filter(|_| !args.check_only);
    let audit = audit.map(|audit| folder.join(audit));
    let control = plan.manifest.node.control.as_ref();
    let control = control.filter(|_| !args.check_only);
    let control = control.map(|control| bind(&plan.manifest.app, &folder.join(control)));
    let control = control.transpose()?;
    let store = if args.check_only {
        None
    } else {
        let made = plan.make_store();
        made.map_err(|error| not_started(&plan.manifest.app, &error))?
    };
    let needs = wall::of_app(&plan, audit.clone(), store, control.as_ref());
    wall::raise(needs, cache.folder(), mode, session)?;
    let signals = Listener::start()?;
    let observer = session.observer(Scope::App);
    let log = Arc::clone(&observer);
    let watchers = Watchers::of(&plan.manifest.app, audit.as_deref(), log)?;
    let watchers = Arc::new(watchers);
    let as_declared = |builder: RuntimeBuilder| {
        builder
            .workers(plan.manifest.node.workers)
            .manifest(&plan.manifest, path)
    };
    let runtime = session.runtime(as_declared, cache, environment, &watchers)?;
    if let Some(control) = control {
        runtime
            .control(control)
            .map_err(|error| not_started(&plan.manifest.app, &error))?;
    }
    let ended = runtime.declare_all(&plan).and_then(|()| {
        if args.check_only {
            return Ok(AppEnd::Finished);
        }
        if plan.manifest.root.children.is_empty() {
            tracing::warn!(target: crate::log::TARGET, "nothing is started: {NOTHING_STARTS}");
        }
        // Compiling is over, which a signal may break off; from here on there is an order to stop in.
        let started = runtime.clone();
        signals.hold(move |demand| match demand {
            Demand::Stop => {
                tracing::info!(target: crate::log::TARGET, "stopping in order when all has started; once more kills");
            }
            Demand::Kill => {
                tracing::warn!(target: crate::log::TARGET, "killing what was started so far");
                started.shutdown();
            }
        });
        runtime
            .start(&plan)
            .map(|app| stay(app, &runtime, &signals))
    });
    session.progress.finish();
    observer.finish();
    runtime.shutdown();
    watchers.finish(&end_in_words(&ended));
    match (&ended, signals.exit_code()) {
        // It was killed before it had started.
        (Err(BootError::Tree(_) | BootError::Node(_)), Some(code)) if signals.has_killed() => {
            Ok(code)
        }
        (_, signal) => outcome(&plan.manifest.app, ended, signal),
    }
}

/// Makes the control socket, which is there before the wall goes up: behind it no socket is made.
fn bind(app: &str, path: &Path) -> Result<Socket, Failure> {
    Socket::bind(path).map_err(|error| {
        let failure = not_started(app, &error);
        match error {
            SocketError::InUse(_) => failure.help(
                "stop that node first, or give this app a socket of its own: control = \"…\" under [node]",
            ),
            SocketError::Occupied { .. } => {
                failure.help("name another place: control = \"…\" under [node]")
            }
            SocketError::TooLong { .. } => failure.help(
                "name a place nearby, such as control = \"data/rusm.sock\", and start the node in the app's folder",
            ),
            SocketError::Io { .. } => failure,
        }
    })
}

/// How it ended, for the last record of the audit log.
fn end_in_words(ended: &Result<AppEnd, BootError>) -> String {
    match ended {
        Ok(AppEnd::Finished) => "finished".to_owned(),
        Ok(AppEnd::Stopped) => "stopped".to_owned(),
        Ok(AppEnd::GaveUp(_)) => "supervision gave up".to_owned(),
        Ok(AppEnd::Failed(reason)) => format!("failed: {reason}"),
        Err(error) => format!("not started: {error}"),
    }
}

/// Waits until the app ends, by itself or because a signal stops it.
fn stay(app: App, runtime: &Runtime, signals: &Listener) -> AppEnd {
    let app = Arc::new(app);
    let (stopped, killed) = (Arc::clone(&app), runtime.clone());
    signals.arm(move |demand| match demand {
        Demand::Stop => {
            tracing::info!(target: crate::log::TARGET, "stopping in order; once more kills");
            stopped.stop();
        }
        Demand::Kill => {
            tracing::warn!(target: crate::log::TARGET, "killing what is left");
            killed.shutdown();
        }
    });
    app.wait()
}

/// `signal` is the exit code of a program that the last signal ended, if there was one.
fn outcome(app: &str, ended: Result<AppEnd, BootError>, signal: Option<u8>) -> Result<u8, Failure> {
    match ended {
        Ok(AppEnd::Finished | AppEnd::Stopped) => Ok(0),
        Ok(AppEnd::GaveUp(crashes)) => Err(gave_up(app, &crashes)),
        // The first signal stops in order, which is a good end. The second kills, which is none.
        Ok(AppEnd::Failed(ExitReason::Killed)) if let Some(signal) = signal => Ok(signal),
        Ok(AppEnd::Failed(reason)) => Err(Failure::new(
            Kind::General,
            format!("app '{app}' ended: its root supervisor's reason is '{reason}'"),
        )),
        Err(BootError::Code(problems)) => {
            let failure = Failure::new(Kind::NotStarted, format!("cannot start app '{app}'"));
            Err(problems.iter().fold(failure, |failure, problem| {
                failure.detail(problem.to_string())
            }))
        }
        Err(
            error @ (BootError::StoreFolder { .. }
            | BootError::Store(_)
            | BootError::Tree(_)
            | BootError::Node(_)),
        ) => Err(not_started(app, &error)),
    }
}

fn not_started(app: &str, error: &impl Display) -> Failure {
    Failure::new(
        Kind::NotStarted,
        format!("cannot start app '{app}': {error}"),
    )
}

fn gave_up(app: &str, crashes: &[CrashReport]) -> Failure {
    if crashes.is_empty() {
        let message =
            format!("app '{app}' stopped: supervision gave up restarting, and nothing crashed");
        return Failure::new(Kind::GaveUp, message).help(
            "what is permanent is restarted whenever it ends; write restart = \"transient\" for what may end well",
        );
    }
    let message =
        format!("app '{app}' stopped: supervision gave up restarting; the last crashes were");
    let failure = Failure::new(Kind::GaveUp, message);
    let failure = crashes
        .iter()
        .fold(failure, |failure, crash| failure.detail(crash_line(crash)));
    failure.help(
        "mend the first of them, or allow more: max-restarts and period-ms under [supervisors.*]",
    )
}

/// What a single file is given on the command line, an app is given by its manifest.
fn refuse_flags_of_a_file(args: &RunArgs) -> Result<(), Failure> {
    let typed = args.grants.typed();
    if let Some(flag) = typed.first() {
        let message =
            format!("{flag} is for a single .wasm file; the grants of an app are in its manifest");
        return Err(Failure::new(Kind::Usage, message)
            .help("write the grant under [capabilities.*] in rusm.toml"));
    }
    if !args.args.is_empty() {
        let message = "arguments behind '--' are for a single .wasm file; those of a component are in the manifest";
        return Err(Failure::new(Kind::Usage, message)
            .help("write args = [\"…\"] under [components.*] in rusm.toml"));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn code(ended: Result<AppEnd, BootError>) -> u8 {
        after_signal(ended, None)
    }

    fn after_signal(ended: Result<AppEnd, BootError>, signal: Option<u8>) -> u8 {
        outcome("orders", ended, signal).unwrap_or_else(|failure| failure.kind().exit_code())
    }

    /// OTP statement 140: which child did not start, below which, and why.
    #[test]
    fn a_failed_start_names_the_child_and_its_reason() {
        let reason = "child \"house\" did not start: not-started: child \"b\" did not start: not-started: no room";
        let tree = BootError::Tree(ExitReason::not_started(reason));
        let failure = outcome("orders", Err(tree), None).unwrap_err();
        assert_eq!(failure.kind().exit_code(), 4);
        let told = failure.to_string();
        assert!(
            told.contains("cannot start app 'orders'") && told.contains(reason),
            "{told}"
        );
    }

    /// A permanent process that ends well, again and again.
    #[test]
    fn giving_up_without_a_crash_says_what_to_write() {
        let failure = outcome("orders", Ok(AppEnd::GaveUp(Vec::new())), None).unwrap_err();
        let told = failure.to_string();
        assert!(
            told.contains("nothing crashed") && told.contains("transient"),
            "{told}"
        );
    }

    /// Each end of an app has the exit code that the documentation promises.
    #[test]
    fn ends_have_their_exit_codes() {
        assert_eq!(code(Ok(AppEnd::Finished)), 0);
        assert_eq!(code(Ok(AppEnd::Stopped)), 0);
        assert_eq!(code(Ok(AppEnd::GaveUp(Vec::new()))), 5);
        assert_eq!(code(Ok(AppEnd::Failed(ExitReason::Killed))), 1);
        assert_eq!(after_signal(Ok(AppEnd::Stopped), Some(143)), 0);
        assert_eq!(
            after_signal(Ok(AppEnd::Failed(ExitReason::Killed)), Some(143)),
            143
        );
        assert_eq!(code(Err(BootError::Code(Vec::new()))), 4);
        assert_eq!(code(Err(BootError::Tree(ExitReason::not_started("x")))), 4);
    }
}
