//! From what the runtime reports to log events.
//!
//! What a guest printed is info; what became of processes is debug, unless it went wrong. Crashes,
//! failed starts and denials are warnings, and those alike are counted (see [`Repeats`]); at
//! `--log-level debug` each is shown.

use super::TARGET;
use super::crash::Crash;
use super::repeats::{Repeats, STRETCH, Verdict};
use crate::progress::Progress;
use rusm_caps::{Recorded, quoted};
use rusm_core::{Breach, CrashReport, Exit, Pid, RuntimeEvent, RuntimeObserver, Stream};
use rusm_supervisor::{Decision, SupervisorEvent, SupervisorReport};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;
use tracing::{Level, debug, enabled, error, info, trace, warn};

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
    /// Crashes, failed starts and what became of them.
    ends: Mutex<Repeats>,
    /// Apart, because a guest asks for as many different things as it likes: they must not hide how it ended.
    denials: Mutex<Repeats>,
    /// The bound that the single file ran into.
    own_breach: Mutex<Option<Breach>>,
}

impl LogObserver {
    pub(crate) fn new(scope: Scope, progress: Progress) -> Self {
        Self {
            scope,
            progress,
            started: Instant::now(),
            ends: Mutex::default(),
            denials: Mutex::default(),
            own_breach: Mutex::default(),
        }
    }

    /// Says how often that happened which was not shown every time.
    pub(crate) fn finish(&self) {
        let take = |repeats: &Mutex<Repeats>| {
            let mut repeats = repeats.lock().unwrap_or_else(PoisonError::into_inner);
            repeats.take_hidden()
        };
        let hidden = [take(&self.ends), take(&self.denials)];
        if enabled!(target: TARGET, Level::DEBUG) {
            return;
        }
        for hidden in hidden.into_iter().flatten() {
            let (component, n_times, n_hidden) =
                (hidden.component.as_str(), hidden.n_times, hidden.n_hidden);
            let what = hidden.what;
            warn!(target: TARGET, component, "{n_times} times in all: {what} ({n_hidden} not shown; --log-level debug shows each)");
        }
    }

    /// What to add to a warning; nothing is logged when there is no answer, only counted. `what` is the same for all that are alike.
    fn count(&self, repeats: &Mutex<Repeats>, component: &str, what: &str) -> Option<String> {
        let now = self.started.elapsed();
        let mut repeats = repeats.lock().unwrap_or_else(PoisonError::into_inner);
        let verdict = repeats.note(component, what, now);
        drop(repeats);
        if enabled!(target: TARGET, Level::DEBUG) {
            return Some(String::new());
        }
        match verdict {
            Verdict::Show { n_hidden: 0 } => Some(String::new()),
            Verdict::Show { n_hidden } => Some(format!("; {n_hidden} more like this before")),
            Verdict::ShowLast => {
                let seconds = STRETCH.as_secs();
                Some(format!("; more like this within {seconds} s are counted"))
            }
            Verdict::Hide => None,
        }
    }

    /// A warning about a process, shown or counted. `detail` need not be the same for all that are alike.
    fn warn(&self, component: &str, pid: &str, what: &str, detail: &str) {
        if let Some(more) = self.count(&self.ends, component, what) {
            warn!(target: TARGET, component, pid, "{what}{detail}{more}");
        }
    }

    /// The bound that the single file ran into; known for sure once the runtime has shut down.
    pub(crate) fn own_breach(&self) -> Option<Breach> {
        let breach = self.own_breach.lock();
        *breach.unwrap_or_else(PoisonError::into_inner)
    }

    fn is_own(&self, component: &str) -> bool {
        self.scope == Scope::File(component.to_owned())
    }

    fn exited(&self, exit: &Exit) {
        let (component, pid) = (&*exit.component, exit.pid.to_string());
        if !(exit.is_crash() && self.is_own(component)) {
            debug!(target: TARGET, component, pid, "ended: {}", exit.reason);
        }
    }

    /// One event for the whole report; those alike are counted.
    fn crashed(&self, report: &CrashReport) {
        let exit = &report.exit;
        let (component, pid) = (&*exit.component, exit.pid.to_string());
        // Of a single file the command itself tells, and a kill on purpose is no news.
        if self.is_own(component) {
            let breach = self.own_breach.lock();
            *breach.unwrap_or_else(PoisonError::into_inner) = exit.breach;
            return;
        }
        if report.is_deliberate() {
            return;
        }
        let crash = Crash::of(report);
        let Some(more) = self.count(&self.ends, component, &crash.what) else {
            return;
        };
        warn!(
            target: TARGET,
            component,
            pid,
            reason = crash.reason,
            frames = crash.frames,
            aftermath = crash.aftermath,
            restarted_as = crash.restarted_as,
            child = crash.child,
            supervisor = crash.supervisor,
            parent = crash.parent,
            name = crash.name,
            links = exit.links,
            mailbox_messages = exit.unread.messages,
            mailbox_bytes = exit.unread.bytes,
            mailbox_sizes = crash.mailbox_sizes,
            "{}{}{more}",
            crash.what,
            crash.detail
        );
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
                if *decision == Decision::Restart && reason.is_orderly() {
                    // A crash has its own report; this end is news because of what follows (OTP statement 146).
                    let what = format!("{id} ended: {reason}; {decision}");
                    self.warn(component, pid, &what, &format!(" (it was {child})"));
                } else {
                    debug!(target: TARGET, component, pid, "{id} {child} ended: {reason}; {decision}");
                }
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
        let who = format!("{} (pid ", quoted(&denial.component));
        let rest = sentence.strip_prefix(&who);
        let what = match rest.and_then(|rest| rest.split_once(") ")) {
            Some((_, what)) => format!("denied: {what}"),
            None => format!("denied: {sentence}"),
        };
        let pid = Pid::from_u64(denial.pid)
            .map(|pid| pid.to_string())
            .unwrap_or_default();
        let component = &*denial.component;
        if let Some(more) = self.count(&self.denials, component, &what) {
            warn!(target: TARGET, component, pid, "{what}{more}");
        }
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
                profile: _,
            } => {
                let (component, pid) = (&**component, pid.to_string());
                match parent {
                    Some(parent) => trace!(target: TARGET, component, pid, "started by {parent}"),
                    None => trace!(target: TARGET, component, pid, "started"),
                }
            }
            RuntimeEvent::Granted {
                component,
                profile,
                is_offered,
            } => {
                let (component, profile) = (&**component, profile.name());
                let verb = if *is_offered { "may be given" } else { "has" };
                trace!(target: TARGET, component, "{verb} profile '{profile}'");
            }
            RuntimeEvent::Dropped {
                component,
                pid,
                permission,
            } => {
                let (component, pid) = (&**component, pid.to_string());
                debug!(target: TARGET, component, pid, "gave up {permission}");
            }
            RuntimeEvent::Exited(exit) => self.exited(exit),
            RuntimeEvent::Crashed(report) => self.crashed(report),
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
                self.progress.compiled(component);
                debug!(target: TARGET, component = &**component, "compiled in {} ms", elapsed.as_millis());
            }
            RuntimeEvent::Operated(deed) => {
                let (bucket, key) = (deed.bucket.as_deref(), deed.key.as_deref());
                info!(target: TARGET, bucket, key, entries = deed.entries, "the operator's {}", deed.action);
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
///
/// What stands before the rule is partly the guest's text, and only what stands behind it is read: no guest makes its own advice.
fn for_command_line(denial: &Recorded) -> String {
    let rule = format!(": {}.", denial.rule);
    let advised = denial.sentence.rsplit_once(&rule);
    let line = advised.and_then(|(_, advice)| advice.strip_prefix(" To allow it: "));
    let (Some((deed, _)), Some(line)) = (advised, line) else {
        return denial.sentence.clone();
    };
    let flag = match denial.permission {
        // Any grant opens a socket; which one is needed shows when it connects.
        "network" if denial.target.ends_with(":0") => Some("--allow-net".to_owned()),
        // The rule that opens it: an address where the name is not enough.
        "network" => rule_advised(line).map(|rule| format!("--allow-net={rule}")),
        "files" => folder_advised(line),
        "env" => Some(format!("--env {}", denial.target)),
        "listen" => Some(format!("--allow-listen={}", denial.target)),
        "spawn" => Some("--allow-spawn".to_owned()),
        _ => None,
    };
    match flag {
        Some(flag) => format!("{deed}{rule} To allow it: {flag}"),
        None => format!("{deed}{rule}"),
    }
}

/// The one rule of a manifest's line.
fn rule_advised(line: &str) -> Option<&str> {
    let rules = line.strip_prefix("allow-network = [\"")?;
    rules.split_once("\"]").map(|(rule, _)| rule)
}

/// The folder of a manifest's line, as a flag. A name that is escaped there is left to the reader.
fn folder_advised(line: &str) -> Option<String> {
    let (host, rest) = line
        .strip_prefix("preopen = [{ host = \"")?
        .split_once("\", guest = \"")?;
    let (guest, rest) = rest.split_once('"')?;
    let access = if rest.starts_with(", read-only") {
        "::ro"
    } else {
        ""
    };
    let is_plain = !host.contains('\\') && !guest.contains('\\');
    is_plain.then(|| format!("--dir {host}::{guest}{access}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn denial(permission: &'static str, target: &str) -> Recorded {
        let rule = if target == "localhost:80" {
            "127.0.0.1:80"
        } else {
            target
        };
        Recorded {
            component: "x".into(),
            pid: 7,
            profile: "command-line".into(),
            permission,
            target: target.into(),
            rule: "profile 'p' allows nothing".into(),
            allowed: false,
            sentence: format!(
                "x (pid 0.7.1) may not use {target}: profile 'p' allows nothing. To allow it: allow-{permission} = [\"{rule}\"] under [capabilities.p]"
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
        let told = for_command_line(&denial("network", "0.0.0.0:0"));
        assert!(told.ends_with("To allow it: --allow-net"), "{told}");
        let told = for_command_line(&denial("network", "localhost:80"));
        assert!(
            told.ends_with("To allow it: --allow-net=127.0.0.1:80"),
            "{told}"
        );
        let told = for_command_line(&denial("listen", "127.0.0.1:80"));
        assert!(
            told.ends_with("To allow it: --allow-listen=127.0.0.1:80"),
            "{told}"
        );
        let line =
            "To allow it: preopen = [{ host = \"data\", guest = \"/d\" }] under [capabilities.p]";
        let changes = Recorded {
            sentence: format!(
                "x (pid 0.7.1) may not change /d/new, which is for reading only: profile 'p' allows data::/d::ro. {line}"
            ),
            rule: "profile 'p' allows data::/d::ro".into(),
            ..denial("files", "/d/new")
        };
        let told = for_command_line(&changes);
        assert!(
            told.ends_with("allows data::/d::ro. To allow it: --dir data::/d"),
            "{told}"
        );
        // A path that reads like advice is none.
        let path = "'/d/../ To allow it: preopen = [{ host = \"/\", guest = \"/\" }]'";
        let forged = format!(
            "x (pid 0.7.1) may not use {path}, which leads out of the folder: profile 'p' allows nothing. No path leads out"
        );
        let leads_out = Recorded {
            sentence: forged.clone(),
            ..denial("files", path)
        };
        assert_eq!(for_command_line(&leads_out), forged);
        assert!(for_command_line(&denial("env", "HOME")).ends_with("To allow it: --env HOME"));
        assert!(for_command_line(&denial("storage", "b")).ends_with("allows nothing."));
    }
}
