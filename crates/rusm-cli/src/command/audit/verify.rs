//! `rusm audit verify`: is the log as it was written?

use super::{log_folder, unreadable};
use crate::args::VerifyArgs;
use crate::report::{Console, Failure, Kind, print_result};
use rusm_audit::{Verdict, verify as check};
use serde_json::json;
use std::path::Path;

pub(super) fn verify(args: &VerifyArgs, console: Console) -> Result<u8, Failure> {
    let folder = log_folder(args.place.as_deref(), console)?;
    let verdict = check(&folder, &args.holds).map_err(unreadable)?;
    if args.json {
        print_result(&(as_json(&verdict) + "\n"))?;
    }
    match &verdict.broken {
        Some(_) if args.json => Err(Failure::printed(Kind::General)),
        Some(broken) => {
            let message = format!(
                "the audit log in '{}' is not as it was written",
                folder.display()
            );
            Err(Failure::new(Kind::General, message)
                .detail(broken.to_string())
                .help("records before that place hold; what is behind it was not looked at"))
        }
        None if args.json => Ok(0),
        None => print_result(&in_words(&verdict, &folder)).map(|()| 0),
    }
}

fn in_words(verdict: &Verdict, folder: &Path) -> String {
    let Verdict { records, files, .. } = verdict;
    let mut text = format!(
        "the audit log in '{}' is as it was written (records: {records}, files: {files})\n",
        folder.display()
    );
    if let Some(last) = &verdict.last {
        text.push_str(&format!("last record {last}\n"));
    }
    if let Some(first) = verdict.first.filter(|first| *first > 1) {
        text.push_str(&format!(
            "it begins with record {first}: older files were removed\n"
        ));
    }
    let counts = [
        (
            verdict.recoveries,
            "writes that were broken off, and closed off by the next node",
        ),
        (
            verdict.lost,
            "records that were lost, as the log itself tells (--kind gap)",
        ),
        (
            verdict.counted,
            "records that were counted and not written (--kind more)",
        ),
        (
            verdict.torn_bytes,
            "bytes at its end of a write that was broken off",
        ),
    ];
    for (count, what) in counts.into_iter().filter(|(count, _)| *count > 0) {
        text.push_str(&format!("{what}: {count}\n"));
    }
    if !verdict.is_closed {
        text.push_str("it was not closed: its node still runs, or was killed\n");
    }
    text
}

fn as_json(verdict: &Verdict) -> String {
    let broken = verdict
        .broken
        .as_ref()
        .map(|broken| json!({ "file": broken.file, "line": broken.line, "what": broken.what }));
    json!({
        "ok": verdict.broken.is_none(),
        "broken": broken,
        "files": verdict.files,
        "records": verdict.records,
        "first": verdict.first,
        "last": verdict.last.map(|last| last.to_string()),
        "closed": verdict.is_closed,
        "torn-bytes": verdict.torn_bytes,
        "recoveries": verdict.recoveries,
        "lost": verdict.lost,
        "counted": verdict.counted,
    })
    .to_string()
}
