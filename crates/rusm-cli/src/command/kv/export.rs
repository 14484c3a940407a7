//! `rusm kv export`: entries as JSON lines, on standard output or into a new file.

use super::access::{Access, nearest_bucket};
use super::new_file::NewFile;
use super::output::Output;
use super::shown::{entries, json};
use crate::args::ExportArgs;
use crate::report::{Console, Failure, Kind};
use std::collections::BTreeSet;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::ops::ControlFlow;
use std::path::Path;

pub(super) fn export(
    args: &ExportArgs,
    store: &dyn Access,
    console: Console,
) -> Result<u8, Failure> {
    let buckets = Buckets::named(&args.buckets);
    let Some(path) = &args.output else {
        let mut output = Output::new();
        buckets.each_line(store, |line| output.lines(&[line]))?;
        return output.finish().map(|()| 0);
    };
    let file = NewFile::at(path)?;
    let n_entries = into_file(&buckets, store, file.create()?, path)?;
    file.publish()?;
    console.print(&format!("exported {}\n", entries(n_entries)));
    Ok(0)
}

fn into_file(
    buckets: &Buckets,
    store: &dyn Access,
    file: File,
    path: &Path,
) -> Result<u64, Failure> {
    let cannot = |error: std::io::Error| {
        let message = format!("cannot write '{}': {error}", path.display());
        Failure::new(Kind::General, message)
    };
    let mut to = BufWriter::new(file);
    let n_entries = buckets.each_line(store, |line| {
        writeln!(to, "{line}").map_err(cannot)?;
        Ok(ControlFlow::Continue(()))
    })?;
    let file = to
        .into_inner()
        .map_err(|error| cannot(error.into_error()))?;
    file.sync_all().map_err(cannot)?;
    Ok(n_entries)
}

/// The buckets that were named, each once; none for all.
#[derive(Debug)]
struct Buckets(Vec<String>);

impl Buckets {
    fn named(typed: &[String]) -> Self {
        let each_once: BTreeSet<&String> = typed.iter().collect();
        Self(each_once.into_iter().cloned().collect())
    }

    /// Shows every entry as a line until it breaks off, and says how many there were.
    fn each_line(
        &self,
        store: &dyn Access,
        mut show: impl FnMut(String) -> Result<ControlFlow<()>, Failure>,
    ) -> Result<u64, Failure> {
        let mut missing: BTreeSet<&str> = self.0.iter().map(String::as_str).collect();
        let mut n_entries = 0_u64;
        let mut is_cut = false;
        store.export(&self.0, &mut |entry| {
            missing.remove(entry.bucket.as_str());
            n_entries = n_entries.saturating_add(1);
            let flow = show(json(&entry))?;
            is_cut = flow.is_break();
            Ok(flow)
        })?;
        match missing.first() {
            // What is left out of an export on purpose is no mistake; a name that is not there is one.
            Some(name) if !is_cut => Err(no_keys(name, store)?),
            Some(_) | None => Ok(n_entries),
        }
    }
}

fn no_keys(bucket: &str, store: &dyn Access) -> Result<Failure, Failure> {
    let near = nearest_bucket(bucket, store)?;
    let help = near.map(|near| format!("did you mean '{near}'?"));
    let message = format!("cannot export bucket '{bucket}': it has no keys");
    Ok(Failure::new(Kind::General, message).maybe_help(help))
}
