//! Writes the sample app's log, unless it is there, and tells the reader.
//!
//! Argument: the path of the log. If its file name says a recipe, such as `access-seed1-lines200000.log`, a
//! missing log is made from it; any other log must be there. A log that is there is complete: it is
//! written under another name first.

#![forbid(unsafe_code)]

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::Path;

use loggen::{Recipe, write_log};
use rusm_sdk::mailbox::{self, Selector, SendError};
use sample_protocol::{claim, fail, name, tag};

fn main() {
    let Some(path) = std::env::args().nth(1) else {
        fail("the path of the log is missing: give it in args");
    };
    // First the name, then the work, then the look for the reader: if it is not there by then, it will ask.
    claim(name::GENERATOR);
    if let Err(error) = provide(Path::new(&path)) {
        fail(format_args!("cannot write {path}: {error}"));
    }
    match mailbox::send(name::READER, tag::LOG_READY, &[]) {
        Ok(()) => {}
        Err(SendError::NoName) => answer_reader(),
        Err(error @ (SendError::Denied(_) | SendError::MailboxFull | SendError::TooLarge)) => {
            fail(error)
        }
    }
}

fn answer_reader() {
    mailbox::receive_where(&Selector::any().tags([tag::ASK_LOG]));
    if let Err(error) = mailbox::send(name::READER, tag::LOG_READY, &[]) {
        fail(error);
    }
}

fn provide(path: &Path) -> io::Result<()> {
    if path.exists() {
        return Ok(());
    }
    let file_name = path
        .file_name()
        .and_then(|name| name.to_str())
        .unwrap_or_default();
    let recipe = Recipe::from_file_name(file_name).ok_or_else(|| {
        io::Error::new(
            io::ErrorKind::NotFound,
            "there is no such file, and its name is no recipe such as access-seed1-lines200000.log",
        )
    })?;
    let unfinished = path.with_extension("unfinished");
    let mut to = BufWriter::with_capacity(1 << 16, File::create(&unfinished)?);
    write_log(recipe, &mut to)?;
    to.flush()?;
    drop(to);
    fs::rename(unfinished, path)
}
