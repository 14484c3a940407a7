//! `rusm kv`, as typed.

use crate::report::{Failure, Kind};
use clap::{Args, Subcommand};
use std::ffi::OsString;
use std::path::PathBuf;

/// `rusm kv`
#[derive(Debug, Args)]
#[command(after_help = KV_HELP)]
pub(crate) struct KvArgs {
    #[command(flatten)]
    pub(crate) place: StoreArgs,
    #[command(subcommand)]
    pub(crate) command: KvCommand,
}

const KV_HELP: &str = "\
The store is the one that the manifest names: store = \"data/app.redb\" under [node]. While the node
runs, it is asked over its socket: control = \"data/rusm.sock\" under [node].

Exit codes: 0 fine; 1 a key is not there, a condition does not hold, or a failure; 2 usage; 3 manifest.";

/// Which store is meant.
#[derive(Clone, Debug, Args)]
pub(crate) struct StoreArgs {
    /// A folder with a rusm.toml, or a manifest [default: the current folder]
    #[arg(long, global = true, value_name = "DIR | rusm.toml")]
    pub(crate) manifest: Option<PathBuf>,
    /// The file of a store, without any manifest; no node may have it open
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) store: Option<PathBuf>,
}

/// What to do with a store.
#[derive(Debug, Subcommand)]
pub(crate) enum KvCommand {
    /// Show the buckets, how many keys each has, and of how many bytes
    Buckets(BucketsArgs),
    /// Show the keys of a bucket, in byte order
    List(ListArgs),
    /// Print a value: its very bytes, or escaped if a terminal shows it
    Get(GetArgs),
    /// Write a value
    Put(PutArgs),
    /// Delete keys, all of them that are there; exit code 1 if one was not
    Delete(DeleteArgs),
    /// Print entries as JSON lines, as they were at one moment
    Export(ExportArgs),
    /// Write the entries of an export; exit code 1 at the first line that is wrong
    Import(ImportArgs),
    /// Copy the whole store into a new file, which is a store itself
    Backup(BackupArgs),
    /// Give the room of deleted values back to the disk
    Compact(CompactArgs),
}

/// `rusm kv buckets`
#[derive(Debug, Args)]
pub(crate) struct BucketsArgs {
    /// Print JSON, one bucket a line
    #[arg(long)]
    pub(crate) json: bool,
}

/// `rusm kv list`
#[derive(Debug, Args)]
pub(crate) struct ListArgs {
    /// The bucket
    pub(crate) bucket: String,
    /// Only keys that begin with this
    #[arg(
        long,
        value_name = "TEXT",
        default_value = "",
        hide_default_value = true
    )]
    pub(crate) prefix: String,
    /// Only keys from this one on
    #[arg(long, value_name = "KEY")]
    pub(crate) start: Option<String>,
    /// At most so many
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) limit: usize,
    /// All there are
    #[arg(long, conflicts_with = "limit")]
    pub(crate) all: bool,
    /// With their values
    #[arg(long)]
    pub(crate) values: bool,
    #[command(flatten)]
    pub(crate) spelling: SpellingArgs,
    /// Print JSON, one key a line; with --values as `rusm kv import` takes it
    #[arg(long)]
    pub(crate) json: bool,
}

/// One key of a bucket.
#[derive(Debug, Args)]
pub(crate) struct KeyArgs {
    /// The bucket
    pub(crate) bucket: String,
    /// The key
    pub(crate) key: String,
    #[command(flatten)]
    pub(crate) spelling: SpellingArgs,
}

/// How keys are typed.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct SpellingArgs {
    /// Keys are typed as JSON strings, as `list --json` prints them: for what no keyboard has
    #[arg(long)]
    pub(crate) json_key: bool,
}

/// `rusm kv get`
#[derive(Debug, Args)]
pub(crate) struct GetArgs {
    #[command(flatten)]
    pub(crate) of: KeyArgs,
    /// Print the entry as JSON, as `rusm kv import` takes it
    #[arg(long)]
    pub(crate) json: bool,
}

/// `rusm kv put`
#[derive(Debug, Args)]
#[command(
    override_usage = "rusm kv put [OPTIONS] BUCKET KEY VALUE\n       rusm kv put [OPTIONS] BUCKET KEY --file FILE\n       rusm kv put [OPTIONS] BUCKET KEY -"
)]
pub(crate) struct PutArgs {
    #[command(flatten)]
    pub(crate) of: KeyArgs,
    /// The value; - is standard input
    #[arg(required_unless_present = "file", allow_hyphen_values = true)]
    pub(crate) value: Option<OsString>,
    /// Take the value from a file
    #[arg(long, value_name = "FILE", conflicts_with = "value")]
    pub(crate) file: Option<PathBuf>,
    /// What is given is base64, and what it stands for is written
    #[arg(long)]
    pub(crate) base64: bool,
    /// The entry goes away so many milliseconds from now
    #[arg(long, value_name = "MS")]
    pub(crate) expires_ms: Option<u64>,
    /// Only if the key is not there
    #[arg(long, conflicts_with = "if_value")]
    pub(crate) if_absent: bool,
    /// Only if this is the value now
    #[arg(long = "if", value_name = "VALUE", allow_hyphen_values = true)]
    pub(crate) if_value: Option<OsString>,
    #[command(flatten)]
    pub(crate) make: MakeArgs,
}

/// `rusm kv delete`
#[derive(Debug, Args)]
pub(crate) struct DeleteArgs {
    /// The bucket
    pub(crate) bucket: String,
    /// The keys
    #[arg(value_name = "KEY", required = true)]
    pub(crate) keys: Vec<String>,
    #[command(flatten)]
    pub(crate) spelling: SpellingArgs,
}

/// `rusm kv export`
#[derive(Debug, Args)]
pub(crate) struct ExportArgs {
    /// The buckets [default: all]
    #[arg(value_name = "BUCKET")]
    pub(crate) buckets: Vec<String>,
    /// Write to a new file, which gets its name when it is whole; an existing one is never replaced
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}

/// `rusm kv import`
#[derive(Debug, Args)]
pub(crate) struct ImportArgs {
    /// JSON lines, as `rusm kv export` prints them; - is standard input
    #[arg(value_name = "FILE", default_value = "-", hide_default_value = true)]
    pub(crate) file: PathBuf,
    /// Check every line, and write nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    #[command(flatten)]
    pub(crate) make: MakeArgs,
}

/// Whether a store may be made.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct MakeArgs {
    /// Make the file of --store if it is not there; the store of a manifest is made anyway
    #[arg(long)]
    pub(crate) create: bool,
}

/// `rusm kv backup`
#[derive(Debug, Args)]
pub(crate) struct BackupArgs {
    /// The new file; an existing one is never replaced
    pub(crate) file: PathBuf,
}

/// `rusm kv compact`
#[derive(Debug, Args)]
pub(crate) struct CompactArgs {
    /// Print the bytes before and after as JSON
    #[arg(long)]
    pub(crate) json: bool,
}

impl KeyArgs {
    /// The key that was meant.
    pub(crate) fn key(&self) -> Result<String, Failure> {
        self.spelling.read(&self.key)
    }
}

impl SpellingArgs {
    /// What was meant by the words on the command line.
    pub(crate) fn read(self, typed: &str) -> Result<String, Failure> {
        if !self.json_key || typed.is_empty() {
            return Ok(typed.to_owned());
        }
        serde_json::from_str(typed).map_err(|_| {
            let message = format!("'{typed}' is no JSON string, and --json-key asks for one");
            Failure::new(Kind::Usage, message)
                .help("in a shell it stands in single quotes: '\"a\\u0000b\"'")
        })
    }
}
