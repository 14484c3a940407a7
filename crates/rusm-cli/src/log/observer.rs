//! From what the runtime reports to log events.
//!
//! What a guest printed is info; what became of processes is debug, unless it went wrong. Crashes,
//! failed starts and denials are warnings, and those alike are counted (see [`Repeats`]); at
//! `--log-level debug` each is shown.

use super::TARGET;
use super::repeats::{Repeats, STRETCH, Verdict};
use crate::progress::Progress;
use rusm_caps::Recorded;
use rusm_core::{Exit, ExitReason, Pid, RuntimeEvent, RuntimeObserver, Stream};
use rusm_supervisor::{SupervisorEvent, SupervisorReport};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use tracing::{Level, debug, enabled, error, info, trace, warn};

/// What stands between a trap and its frames.
const FRAMES: &str = ", in ";

/// Whose events these are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Scope {
    /// Those of a whole app.
    App,
    /// Those of a single file, by its component's name. Its own end and output are not for the log:
    /// the command reports them.
    File(String),
}

/// Writes the log of a runtime.
#[derive(Debug)]
pub(crate) struct LogObserver {
    scope: Scope,
    progress: Progress,
    started: Instant,
    repeats: Mutex<Repeats>,
}

impl LogObserver {
    pub(crate) fn new(scope: Scope, progress: Progress) -> Self {
        Self {
            scope,
            progress,
            started: Instant::now(),
            repeats: Mutex::default(),
        }
    }

    /// Says how often that happened which was not shown every time.
    pub(crate) fn finish(&self) {
        let hidden = self
            .repeats
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .take_hidden();
        if enabled!(target: TARGET, Level::DEBUG) {
            return;
        }
        for hidden in hidden {
            let (component, n_times, n_hidden) =
                (hidden.component.as_str(), hidden.n_times, hidden.n_hidden);
            let what = hidden.what;
            warn!(target: TARGET, component, "{n_times} times in all: {what} ({n_hidden} not shown; --log-level debug shows each)");
        }
    }

    /// A warning about a process, shown or counted. `what` is the same for all that are alike, `detail` need not be.
    fn warn(&self, component: &str, pid: &str, what: &str, detail: &str) {
        let now = self.started.elapsed();
        let verdict = self
            .repeats
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
            .note(component, what, now);
        if enabled!(target: TARGET, Level::DEBUG) {
            warn!(target: TARGET, component, pid, "{what}{detail}");
            return;
        }
        match verdict {
            Verdict::Show { n_hidden: 0 } => {
                warn!(target: TARGET, component, pid, "{what}{detail}")
            }
            Verdict::Show { n_hidden } => {
                warn!(target: TARGET, component, pid, "{what}{detail}; {n_hidden} more like this before")
            }
            Verdict::ShowLast => {
                let seconds = STRETCH.as_secs();
                warn!(target: TARGET, component, pid, "{what}{detail}; more like this within {seconds} s are counted");
            }
            Verdict::Hide => {}
        }
    }

    fn exited(&self, exit: &Exit) {
        let (component, pid) = (&*exit.component, exit.pid.to_string());
        if !exit.is_crash() {
            debug!(target: TARGET, component, pid, "ended: {}", exit.reason);
        } else if exit.reason == ExitReason::Killed {
            // Somebody who may has ended it on purpose.
            debug!(target: TARGET, component, pid, "ended: {}", exit.reason);
        } else if self.scope != Scope::File(component.to_owned()) {
            let reason = exit.reason.to_string();
            // Traps at different places are alike: the frames are a detail.
            let (what, frames) = reason.split_at(reason.find(FRAMES).unwrap_or(reason.len()));
            let detail = format!(
                "{frames} (unread messages: {}, links: {})",
                exit.unread, exit.links
            );
            self.warn(component, &pid, &format!("crashed: {what}"), &detail);
        }
    }

    fn supervision(&self, report: &SupervisorReport) {
        let (component, supervisor) = (&*report.label, report.supervisor.to_string());
        let pid = supervisor.as_str();
        match &report.event {
            SupervisorEvent::Started => {
                debug!(target: TARGET, component, pid, "all children are started")
            }
            SupervisorEvent::ChildStarted {
                id,
                pid: child,
                attempt,
            } => {
                debug!(target: TARGET, component, pid, "started {id} as {child} ({attempt:?})");
            }
            SupervisorEvent::StartFailed { id, reason, .. } => {
                self.warn(component, pid, &format!("cannot start {id}: {reason}"), "");
            }
            SupervisorEvent::ChildEnded {
                id,
                pid: child,
                reason,
                decision,
            } => {
                debug!(target: TARGET, component, pid, "{id} {child} ended: {reason}; {decision}");
            }
            SupervisorEvent::ChildIgnored { id, .. } => {
                debug!(target: TARGET, component, pid, "{id} has nothing to run");
            }
            SupervisorEvent::TriesAgain { id } => {
                debug!(target: TARGET, component, pid, "tries again to start {id}");
            }
            SupervisorEvent::ChildStopped {
                id,
                pid: child,
                outcome,
                ..
            } => {
                debug!(target: TARGET, component, pid, "stopped {id} {child} ({outcome:?})");
            }
            SupervisorEvent::GaveUp { id, intensity, .. } => {
                let (most, period_ms) = (intensity.max_restarts(), intensity.period().as_millis());
                error!(target: TARGET, component, pid, "gives up: {id} would need more than {most} restarts in {period_ms} ms");
            }
            SupervisorEvent::Stopped { reason } => {
                debug!(target: TARGET, component, pid, "stopped: {reason}")
            }
        }
    }

    fn denied(&self, denial: &Recorded) {
        let sentence = match &self.scope {
            Scope::App => denial.sentence.clone(),
            Scope::File(_) => for_command_line(denial),
        };
        // The sentence names the process; what is alike does not depend on it.
        let who = format!("{} (pid ", denial.component);
        let what = match sentence
            .strip_prefix(&who)
            .and_then(|rest| rest.split_once(") "))
        {
            Some((_, what)) => format!("denied: {what}"),
            None => format!("denied: {sentence}"),
        };
        let pid = Pid::from_u64(denial.pid)
            .map(|pid| pid.to_string())
            .unwrap_or_default();
        self.warn(&denial.component, &pid, &what, "");
    }
}

impl RuntimeObserver for LogObserver {
    fn observe(&self, event: &RuntimeEvent) {
        match event {
            RuntimeEvent::GuestLine {
                component,
                pid,
                stream,
                line,
                on_terminal,
            } => {
                let (component, pid) = (&**component, pid.to_string());
                let stream = match stream {
                    Stream::Stdout => "stdout",
                    Stream::Stderr => "stderr",
                };
                // Who looks at the terminal has seen it; the log has it for those who ask.
                if *on_terminal {
                    debug!(target: TARGET, component, pid, stream, "{line}");
                } else {
                    info!(target: TARGET, component, pid, stream, "{line}");
                }
            }
            RuntimeEvent::Spawned {
                component,
                pid,
                parent,
            } => {
                let (component, pid) = (&**component, pid.to_string());
                match parent {
                    Some(parent) => trace!(target: TARGET, component, pid, "started by {parent}"),
                    None => trace!(target: TARGET, component, pid, "started"),
                }
            }
            RuntimeEvent::Exited(exit) => self.exited(exit),
            RuntimeEvent::Denied(denial) => self.denied(denial),
            RuntimeEvent::Supervision(report) => self.supervision(report),
            RuntimeEvent::Loading {
                component,
                done,
                total,
            } => self.progress.loading(component, *done, *total),
            RuntimeEvent::CompileStarted { component, n_bytes } => {
                self.progress.compiling(component, *n_bytes)
            }
            RuntimeEvent::CompileEnded { component, elapsed } => {
                if self.scope != Scope::App {
                    self.progress.finish();
                }
                debug!(target: TARGET, component = &**component, "compiled in {} ms", elapsed.as_millis());
            }
            RuntimeEvent::Warning(text) => warn!(target: TARGET, "{text}"),
            RuntimeEvent::FoundInCache { component } => {
                debug!(target: TARGET, component = &**component, "compiled before, taken from the cache");
            }
            other => debug!(target: TARGET, "{other:?}"),
        }
    }
}

/// The sentence of a denial, with the flag that would allow it in place of the manifest's line.
fn for_command_line(denial: &Recorded) -> String {
    let flag = match denial.permission {
        "network" => Some(format!("--allow-net={}", denial.target)),
        "files" => Some(format!("--dir {}", denial.target)),
        "env" => Some(format!("--env {}", denial.target)),
        "spawn" => Some("--allow-spawn".to_owned()),
        _ => None,
    };
    match (denial.sentence.split_once(" To allow it: "), flag) {
        (Some((denied, _)), Some(flag)) => format!("{denied} To allow it: {flag}"),
        (Some((denied, _)), None) => denied.to_owned(),
        (None, _) => denial.sentence.clone(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denial(permission: &'static str, target: &str) -> Recorded {
        Recorded {
            component: "x".into(),
            pid: 7,
            profile: "command-line".into(),
            permission,
            target: target.into(),
            allowed: false,
            sentence: format!(
                "x (pid 0.7.1) may not use {target}: profile 'p' allows nothing. To allow it: key = [\"t\"] under [capabilities.p]"
            ),
        }
    }

    /// Somebody who runs a single file has no manifest to add a line to; they have flags.
    #[test]
    fn a_single_file_is_told_the_flag() {
        let told = for_command_line(&denial("network", "1.2.3.4:80"));
        assert!(
            told.ends_with("allows nothing. To allow it: --allow-net=1.2.3.4:80"),
            "{told}"
        );
        assert!(for_command_line(&denial("env", "HOME")).ends_with("To allow it: --env HOME"));
        assert!(for_command_line(&denial("storage", "b")).ends_with("allows nothing."));
    }
}
