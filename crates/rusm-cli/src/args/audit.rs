//! `rusm audit`, as typed.

use clap::builder::PossibleValuesParser;
use clap::{Args, Subcommand};
use rusm_audit::{Clock, Kind, Link, SystemClock, parse_time};
use rusm_caps::Permission;
use std::path::PathBuf;
use std::time::SystemTime;

/// `rusm audit`
#[derive(Debug, Args)]
#[command(
    args_conflicts_with_subcommands = true,
    override_usage = "rusm audit [OPTIONS] [DIR | rusm.toml]\n       rusm audit verify [OPTIONS] [DIR | rusm.toml]"
)]
pub(crate) struct AuditArgs {
    #[command(subcommand)]
    pub(crate) command: Option<AuditCommand>,
    #[command(flatten)]
    pub(crate) filter: FilterArgs,
}

/// What else to do with an audit log.
#[derive(Debug, Subcommand)]
pub(crate) enum AuditCommand {
    /// Find out whether the log is as it was written: exit code 0 if so, 1 if it was changed
    Verify(VerifyArgs),
}

/// Which records to show.
#[derive(Clone, Debug, Args)]
pub(crate) struct FilterArgs {
    /// The folder of the log, a folder with a rusm.toml, or a manifest [default: the current folder]
    #[arg(value_name = "DIR | rusm.toml")]
    pub(crate) place: Option<PathBuf>,
    /// Print the records as they are in the log, one JSON object a line
    #[arg(long)]
    pub(crate) json: bool,
    /// Only those of this component
    #[arg(long, value_name = "NAME")]
    pub(crate) component: Option<String>,
    /// Only those of this process, such as 0.7.12
    #[arg(long, value_name = "PID", value_parser = pid)]
    pub(crate) pid: Option<String>,
    /// Only those of this kind; may be repeated
    #[arg(long, value_name = "KIND", value_parser = PossibleValuesParser::new(Kind::ALL.map(Kind::name)))]
    pub(crate) kind: Vec<String>,
    /// Only those about this permission; may be repeated
    #[arg(long, value_name = "PERMISSION", value_parser = PossibleValuesParser::new(Permission::ALL.map(Permission::name)))]
    pub(crate) permission: Vec<String>,
    /// Only those from this time on (UTC): 2026-11-21, 2026-11-21T10:00, or 2h for two hours ago
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) since: Option<SystemTime>,
    /// Only those before this time (UTC)
    #[arg(long, value_name = "TIME", value_parser = time)]
    pub(crate) until: Option<SystemTime>,
    /// Only the last so many of them
    #[arg(short = 'n', long = "last", value_name = "N")]
    pub(crate) last: Option<usize>,
}

/// `rusm audit verify`
#[derive(Clone, Debug, Args)]
pub(crate) struct VerifyArgs {
    /// The folder of the log, a folder with a rusm.toml, or a manifest [default: the current folder]
    #[arg(value_name = "DIR | rusm.toml")]
    pub(crate) place: Option<PathBuf>,
    /// Print the verdict as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// The log must still hold this record, as an earlier verification named it; may be repeated
    #[arg(long, value_name = "SEQ:HASH", value_parser = link)]
    pub(crate) holds: Vec<Link>,
}

fn time(typed: &str) -> Result<SystemTime, String> {
    parse_time(typed, SystemClock.now()).ok_or_else(|| {
        "a time is 2026-11-21, 2026-11-21T10:00:00 (UTC), or how long ago: 90s, 30m, 2h, 7d"
            .to_owned()
    })
}

fn link(typed: &str) -> Result<Link, String> {
    Link::parse(typed).ok_or_else(|| {
        "a record is named by its number and its SHA-256, as `rusm audit verify` prints it: 118:03e0…".to_owned()
    })
}

/// With or without the brackets around it.
fn pid(typed: &str) -> Result<String, String> {
    let inner = typed
        .strip_prefix('<')
        .and_then(|typed| typed.strip_suffix('>'));
    let pid = inner.unwrap_or(typed);
    let is_number = |part: &str| !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
    if pid.split('.').count() == 3 && pid.split('.').all(is_number) {
        Ok(pid.to_owned())
    } else {
        Err("a pid is three numbers, such as 0.7.12".to_owned())
    }
}
