//! What was typed, and nothing of what it means beyond its own text.
//!
//! A value that can be judged alone (a number, a rule, a folder) is judged here, so that the error
//! names the flag. What needs the rest of the world (does the file exist, is it an app) is not.

mod audit;
mod grants;
mod kv;

pub(crate) use audit::{AuditArgs, AuditCommand, FilterArgs, VerifyArgs};
pub(crate) use grants::{GrantArgs, ListenFlag, NetFlag};
pub(crate) use kv::{
    BackupArgs, BucketsArgs, CompactArgs, DeleteArgs, ExportArgs, GetArgs, KvArgs, KvCommand,
    ListArgs, MakeArgs, PutArgs, StoreArgs,
};

use clap::error::{ContextKind, ContextValue, ErrorKind};
use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};
use std::ffi::OsString;
use std::path::PathBuf;

/// Runs actor applications made of WebAssembly.
///
/// Every process is a sandboxed WebAssembly instance with its own memory, mailbox and capability
/// profile. It starts with no rights at all and has only what the manifest grants.
#[derive(Debug, Parser)]
#[command(name = "rusm", version, arg_required_else_help = true, after_help = EXIT_CODES)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) global: GlobalArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes: 0 fine, 1 the guest's own or a general failure, 2 usage, 3 manifest, 4 could not start,
5 supervision gave up, 124 time limit. A single file ends with the exit code of its guest.";

/// Flags of every command.
#[derive(Clone, Debug, Args)]
pub(crate) struct GlobalArgs {
    /// When to use colours; `auto` is on a terminal, unless NO_COLOR is set
    #[arg(long, global = true, value_enum, default_value_t, value_name = "WHEN")]
    pub(crate) color: ColorWhen,
    /// The least important log lines to show [default: info for an app, warn otherwise]
    #[arg(long, global = true, value_enum, value_name = "LEVEL")]
    pub(crate) log_level: Option<LogLevel>,
    /// Show more: -v is --log-level debug, -vv is trace
    #[arg(short, long, global = true, action = ArgAction::Count, conflicts_with = "log_level")]
    pub(crate) verbose: u8,
    /// How log lines look
    #[arg(
        long,
        global = true,
        value_enum,
        default_value_t,
        value_name = "FORMAT"
    )]
    pub(crate) log_format: LogFormat,
}

/// When to use colours.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ColorWhen {
    #[default]
    Auto,
    Always,
    Never,
}

/// The least important log lines that are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogLevel {
    Off,
    Error,
    Warn,
    Info,
    Debug,
    Trace,
}

/// How log lines look.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// For people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}

/// How much of the node's own confinement has to be there.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum HardenWhen {
    /// What this machine can hold
    #[default]
    Auto,
    /// All of it, or no start
    Require,
    /// Nothing
    Off,
}

/// What to do.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Run an app from its manifest, or a single .wasm file
    Run(Box<RunArgs>),
    /// Build the guests of an app that are made from source
    Build(BuildArgs),
    /// Find out whether an app would start, and everything that is wrong with it
    Check(CheckArgs),
    /// Say what a .wasm file could use, without running it
    Inspect(InspectArgs),
    /// Say whether a component may do something, which rule decides, and where it was written
    Why(WhyArgs),
    /// Find out what this machine can and cannot enforce, and how much it holds
    Doctor(DoctorArgs),
    /// Show the audit log of an app, or find out whether it is as it was written
    Audit(AuditArgs),
    /// Look at the durable store of an app and mend it, while its node runs or not
    Kv(KvArgs),
}

/// `rusm run`
#[derive(Debug, Args)]
#[command(
    override_usage = "rusm run [OPTIONS] [DIR | rusm.toml]\n       rusm run [OPTIONS] FILE.wasm [-- ARGS...]"
)]
pub(crate) struct RunArgs {
    /// A folder with a rusm.toml, a manifest, or a .wasm file [default: the current folder]
    #[arg(value_name = "DIR | rusm.toml | FILE.wasm")]
    pub(crate) target: Option<PathBuf>,
    /// What the guest of a single file gets as its arguments
    #[arg(last = true, value_name = "ARGS")]
    pub(crate) args: Vec<String>,
    /// Check and stop before anything is started (apps)
    #[arg(long)]
    pub(crate) check_only: bool,
    /// Do not build guests; take them as they were last built (apps)
    #[arg(long)]
    pub(crate) no_build: bool,
    /// Compile anew and keep nothing in the cache folder
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// How much of the node's own confinement (Landlock, seccomp) has to be there: what this machine
    /// can hold, all or no start, nothing [default: what the manifest says, or else auto]
    #[arg(long, value_enum, value_name = "WHEN")]
    pub(crate) harden: Option<HardenWhen>,
    #[command(flatten)]
    pub(crate) grants: GrantArgs,
}

/// `rusm build`
#[derive(Debug, Args)]
pub(crate) struct BuildArgs {
    /// A folder with a rusm.toml, or a manifest [default: the current folder]
    #[arg(value_name = "DIR | rusm.toml")]
    pub(crate) target: Option<PathBuf>,
    /// Print what was built as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `rusm check`
#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// A folder with a rusm.toml, or a manifest [default: the current folder]
    #[arg(value_name = "DIR | rusm.toml")]
    pub(crate) target: Option<PathBuf>,
    /// Do not build guests; check them as they were last built
    #[arg(long)]
    pub(crate) no_build: bool,
    /// Compile anew and keep nothing in the cache folder
    #[arg(long)]
    pub(crate) no_cache: bool,
    /// Take away what no code can use: remove unused grants from the manifest and narrow those that
    /// are wider than used. Nothing is ever granted
    #[arg(long, conflicts_with = "diff")]
    pub(crate) fix: bool,
    /// With --fix: show the changes, and write nothing
    #[arg(long, requires = "fix")]
    pub(crate) dry_run: bool,
    /// Short for --fix --dry-run
    #[arg(long)]
    pub(crate) diff: bool,
    /// Print the findings as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `rusm inspect`
#[derive(Debug, Args)]
pub(crate) struct InspectArgs {
    /// A component or a core module
    #[arg(value_name = "FILE.wasm")]
    pub(crate) file: PathBuf,
    /// Print what was found as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `rusm doctor`
#[derive(Debug, Args)]
pub(crate) struct DoctorArgs {
    /// Print the report as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// `rusm why`
#[derive(Debug, Args)]
#[command(after_help = WHY_HELP)]
pub(crate) struct WhyArgs {
    /// A component of the manifest
    #[arg(value_name = "COMPONENT")]
    pub(crate) component: String,
    /// A permission (network, files, storage, …) or a limit (max-memory-mb, …)
    #[arg(value_name = "PERMISSION")]
    pub(crate) permission: String,
    /// What it is asked for [default: whether there is anything at all]
    #[arg(value_name = "TARGET")]
    pub(crate) target: Option<String>,
    /// A folder with a rusm.toml, or a manifest [default: the current folder]
    #[arg(long, value_name = "DIR | rusm.toml")]
    pub(crate) manifest: Option<PathBuf>,
    /// Ask about another profile that the component offers to whoever spawns it
    #[arg(long, value_name = "NAME")]
    pub(crate) profile: Option<String>,
    /// Print the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

const WHY_HELP: &str = "\
Targets: network api.example.com:443, 10.1.2.3:5432, a name or an address; listen 127.0.0.1:9000;
files /data/in:ro, /data/out:rw; env NAME; spawn COMPONENT; send NAME; storage read:BUCKET,
write:BUCKET; host-functions acme:billing/charge.

Exit codes: 0 allowed, 1 denied, 2 usage, 3 manifest.";

/// Shows an argument that was meant for the guest its place.
pub(crate) fn hinted(mut error: clap::Error) -> clap::Error {
    let word = match error.get(ContextKind::InvalidArg) {
        Some(ContextValue::String(word)) if error.kind() == ErrorKind::UnknownArgument => {
            word.clone()
        }
        _ => return error,
    };
    let is_run = match error.get(ContextKind::Usage) {
        Some(ContextValue::StyledStr(usage)) => usage.to_string().contains("rusm run"),
        _ => false,
    };
    if is_run && !word.starts_with('-') {
        // The file is what stands second where the value of a flag was taken for it.
        let tip = match word.ends_with(".wasm") {
            true => "there is one FILE; the value of a flag stands behind '=': --allow-net=RULE"
                .to_owned(),
            false => {
                format!("what the guest gets stands behind '--': rusm run FILE.wasm -- {word}")
            }
        };
        error.insert(
            ContextKind::Suggested,
            ContextValue::StyledStrs(vec![tip.into()]),
        );
    }
    error
}

/// Finds `--color` before clap does, so that clap's own errors obey it.
pub(crate) fn color_typed(typed: &[OsString]) -> ColorWhen {
    let mut words = typed
        .iter()
        .take_while(|word| *word != "--")
        .filter_map(|word| word.to_str());
    while let Some(word) = words.next() {
        let value = match word.strip_prefix("--color") {
            Some("") => words.next(),
            Some(rest) => rest.strip_prefix('='),
            None => None,
        };
        if let Some(when) = value.and_then(|value| ColorWhen::from_str(value, false).ok()) {
            return when;
        }
    }
    ColorWhen::Auto
}

#[cfg(test)]
mod tests;
