//! A crash report as a log event: one sentence, and fields for whoever wants the particulars.
//!
//! The guest chose some of the text: its name, its reason, the names of its functions. Each is cut, and what
//! steers a terminal is escaped, so that a report stays one report of this process, whatever it says.

use crate::visible::visible;
use rusm_caps::quoted;
use rusm_core::{Aftermath, CrashReport, Exit, SupervisedBy};

/// Characters of a reason that are shown.
const REASON_CHARS_MAX: usize = 600;

/// What stands between a trap and its frames in a reason.
const FRAMES: &str = ", in ";

/// The parts of a report that are text.
#[derive(Debug)]
pub(super) struct Crash {
    /// The same for all crashes that are alike.
    pub(super) what: String,
    /// The rest of the sentence.
    pub(super) detail: String,
    pub(super) reason: String,
    pub(super) frames: Option<String>,
    pub(super) name: Option<String>,
    pub(super) parent: Option<String>,
    pub(super) child: Option<String>,
    pub(super) supervisor: Option<String>,
    pub(super) restarted_as: Option<String>,
    pub(super) aftermath: &'static str,
    pub(super) mailbox_sizes: Option<String>,
}

impl Crash {
    pub(super) fn of(report: &CrashReport) -> Crash {
        let CrashReport {
            exit,
            supervisor,
            aftermath,
        } = report;
        let reason = shown(&reason(exit));
        let (child, supervisor) = match supervisor {
            Some(SupervisedBy { label, child, .. }) => (child.as_ref(), Some(label.to_string())),
            None => (None, None),
        };
        let restarted_as = match aftermath {
            Aftermath::Restarted(pid) => Some(pid.to_string()),
            Aftermath::Unsupervised
            | Aftermath::RestartFailed(_)
            | Aftermath::GaveUp
            | Aftermath::StaysEnded
            | Aftermath::BeingStopped
            | Aftermath::SupervisorEnded => None,
        };
        let sizes = exit.unread.sizes.iter().map(ToString::to_string);
        let sizes: Vec<String> = sizes.collect();
        Crash {
            what: format!("crashed: {reason}"),
            detail: format!("{}{}", breach(exit), told(aftermath)),
            reason,
            frames: (!exit.frames.is_empty()).then(|| shown(&exit.frames.join(" < "))),
            name: exit.name.as_ref().map(|name| shown(name.as_str())),
            parent: exit.parent.map(|pid| pid.to_string()),
            child: child.map(ToString::to_string),
            supervisor,
            restarted_as,
            aftermath: word(aftermath),
            mailbox_sizes: (!sizes.is_empty()).then(|| sizes.join(" ")),
        }
    }
}

/// One line about a crash, for a list of them.
pub(crate) fn line(report: &CrashReport) -> String {
    let exit = &report.exit;
    let reason = cut(&exit.reason.to_string());
    format!(
        "{} {}: {reason}{}{}",
        quoted(&exit.component),
        exit.pid,
        breach(exit),
        told(&report.aftermath)
    )
}

/// The reason without its frames, which are told apart. Only the node knows frames: what a guest writes
/// into a reason of its own stays where it is.
fn reason(exit: &Exit) -> String {
    let mut reason = exit.reason.to_string();
    if let (false, Some(at)) = (exit.frames.is_empty(), reason.find(FRAMES)) {
        reason.truncate(at);
    }
    reason
}

fn breach(exit: &Exit) -> String {
    let breach = exit.breach.as_ref();
    breach.map_or_else(String::new, |breach| format!(" ({breach})"))
}

/// What became of it, as the end of a sentence.
fn told(aftermath: &Aftermath) -> String {
    match aftermath {
        Aftermath::Unsupervised => String::new(),
        Aftermath::Restarted(pid) => format!("; started again as {pid}"),
        Aftermath::RestartFailed(reason) => {
            format!(
                "; cannot be started again yet: {}",
                shown(&reason.to_string())
            )
        }
        Aftermath::GaveUp => "; its supervisor gives up".to_owned(),
        Aftermath::StaysEnded => "; it stays ended".to_owned(),
        Aftermath::BeingStopped => "; it was being stopped".to_owned(),
        Aftermath::SupervisorEnded => "; its supervisor has ended".to_owned(),
    }
}

/// What became of it, for programs.
fn word(aftermath: &Aftermath) -> &'static str {
    match aftermath {
        Aftermath::Unsupervised => "unsupervised",
        Aftermath::Restarted(_) => "restarted",
        Aftermath::RestartFailed(_) => "restart-failed",
        Aftermath::GaveUp => "gave-up",
        Aftermath::StaysEnded => "stays-ended",
        Aftermath::BeingStopped => "being-stopped",
        Aftermath::SupervisorEnded => "supervisor-ended",
    }
}

fn shown(text: &str) -> String {
    visible(&cut(text)).into_owned()
}

fn cut(text: &str) -> String {
    match text.char_indices().nth(REASON_CHARS_MAX) {
        Some((end, _)) => format!("{}…", text.get(..end).unwrap_or_default()),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusm_core::{ExitReason, Name, Pid, Unread};

    fn report(reason: ExitReason, frames: &[&str]) -> CrashReport {
        let exit = Exit {
            component: "api".into(),
            pid: Pid::from_u64(7).unwrap(),
            name: Some(Name::new("front\u{202e}").unwrap()),
            parent: Pid::from_u64(3),
            reason,
            frames: frames.iter().map(|&frame| frame.to_owned()).collect(),
            breach: None,
            unread: Unread {
                messages: 3,
                bytes: 12,
                sizes: vec![4, 0, 8],
            },
            links: 1,
        };
        CrashReport {
            exit,
            supervisor: None,
            aftermath: Aftermath::StaysEnded,
        }
    }

    /// Crashes at different places are alike: the frames are told apart from the reason.
    #[test]
    fn frames_are_a_detail() {
        let trap = ExitReason::trap("divide by zero, in divide (math) < work");
        let crash = Crash::of(&report(trap, &["divide (math)", "work"]));
        assert_eq!(crash.what, "crashed: trap: divide by zero");
        assert_eq!(crash.detail, "; it stays ended");
        assert_eq!(crash.frames.as_deref(), Some("divide (math) < work"));
        assert_eq!(crash.mailbox_sizes.as_deref(), Some("4 0 8"));
    }

    /// A guest that ends itself with the reason of another's trap has no frames; nothing of its text steers or
    /// grows the report.
    #[test]
    fn a_guest_forges_nothing() {
        let text = format!("x, in y\n\x1b[2J{}", "z".repeat(5_000));
        let crash = Crash::of(&report(ExitReason::error(text), &[]));
        assert!(
            crash
                .reason
                .starts_with("error: x, in y\\u{a}\\u{1b}[2Jzzz")
        );
        assert!(crash.reason.chars().count() < REASON_CHARS_MAX + 20);
        assert_eq!(crash.frames, None);
        assert_eq!(crash.name.as_deref(), Some("front\\u{202e}"));
    }
}
