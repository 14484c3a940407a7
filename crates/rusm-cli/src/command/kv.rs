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
    let store = Which::typed(&args.place, console)?;
    match &args.command {
        KvCommand::Buckets(args) => buckets::buckets(args, &*store.existing()?, console),
        KvCommand::List(args) => list::list(args, &*store.existing()?, console),
        KvCommand::Get(args) => get::get(args, &*store.existing()?, console),
        KvCommand::Put(args) => {
            let record = put::entry(args)?;
            put::put(args, record, &*store.or_made(args.make)?)
        }
        KvCommand::Delete(args) => delete::delete(args, &*store.existing()?, console),
        KvCommand::Export(args) => export::export(args, &*store.existing()?, console),
        KvCommand::Import(args) => {
            let source = Source::open(&args.file)?;
            if args.dry_run {
                return import::dry_run(source, console);
            }
            import::import(source, &*store.or_made(args.make)?)
        }
        KvCommand::Backup(args) => backup::backup(args, &*store.existing()?, console),
        KvCommand::Compact(args) => compact::compact(args, &*store.existing()?),
    }
}
