//! `rusm kv`: shows and mends a store, whether its node runs or not.
//!
//! Each command is written once, against [`Access`](access::Access): a file that this command opens
//! itself, or a running node that is asked over its control socket.

mod access;
mod backup;
mod buckets;
mod compact;
mod damage;
mod delete;
mod export;
mod file;
mod get;
mod import;
mod lines;
mod list;
mod new_file;
mod node;
mod output;
mod put;
mod shown;
mod which;

use crate::args::{KvArgs, KvCommand};
use crate::report::{Console, Failure};
use lines::Source;
use which::Which;

pub(super) fn kv(args: &KvArgs, console: Console) -> Result<u8, Failure> {
    damage::told(|| run(args, console))
}

fn run(args: &KvArgs, console: Console) -> Result<u8, Failure> {
    let which = || Which::typed(&args.place, console);
    let store = || which()?.existing();
    match &args.command {
        KvCommand::Buckets(args) => buckets::buckets(args, &*store()?, console),
        KvCommand::List(args) => list::list(args, &*store()?, console),
        KvCommand::Get(args) => get::get(args, &*store()?, console),
        KvCommand::Put(args) => {
            let which = which()?;
            // What is to be written is read before the store is opened: it may be typed for minutes.
            let entry = put::entry(args)?;
            put::put(args, entry, &*which.or_made(args.make)?)
        }
        KvCommand::Delete(args) => delete::delete(args, &*store()?, console),
        KvCommand::Export(args) => export::export(args, &*store()?, console),
        KvCommand::Import(args) if args.dry_run => {
            import::dry_run(Source::open(&args.file)?, console)
        }
        KvCommand::Import(args) => {
            let (which, source) = (which()?, Source::open(&args.file)?);
            import::import(source, &*which.or_made(args.make)?)
        }
        KvCommand::Backup(args) => backup::backup(args, &*store()?, console),
        KvCommand::Compact(args) => compact::compact(args, &*store()?),
    }
}
