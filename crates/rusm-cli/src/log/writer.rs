//! Standard error, as the log writes to it: with the progress bar out of the way, and never held up for good.
//!
//! Lines are written by whoever has something to say, workers among them. A reader that is slow is waited for; one that takes nothing for
//! [`PATIENCE`] is not waited for again until it does, and what it misses meanwhile is counted and told to it then. So a log that
//! nobody reads stops no process and no signal.

use crate::args::LogFormat;
use crate::progress::Progress;
use rustix::event::{PollFd, PollFlags, Timespec, poll};
use rustix::io::retry_on_intr;
use std::io::{self, Write};
use std::os::fd::AsFd;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;
use tracing_subscriber::fmt::MakeWriter;

/// How long a line waits for its reader.
const PATIENCE: Duration = Duration::from_secs(1);
/// What a pipe takes in one piece when it says that it takes something (`PIPE_BUF` of Linux).
const PIECE_BYTES: usize = 4096;

#[derive(Debug)]
pub(super) struct LogWriter {
    progress: Progress,
    format: LogFormat,
    missed: Mutex<Missed>,
}

/// What the reader has missed since it last took something.
#[derive(Debug, Default)]
struct Missed {
    n_lines: u64,
    /// It has the beginning of the first of them.
    is_cut: bool,
}

impl LogWriter {
    pub(super) fn new(progress: &Progress, format: LogFormat) -> Self {
        Self {
            progress: progress.clone(),
            format,
            missed: Mutex::default(),
        }
    }

    fn line(&self, mut to: impl Write + AsFd, line: &[u8]) -> io::Result<()> {
        let mut missed = self.missed.lock().unwrap_or_else(PoisonError::into_inner);
        if missed.n_lines > 0 {
            if !takes_within(&to, Duration::ZERO) {
                missed.n_lines += 1;
                return Ok(());
            }
            to.write_all(missed.told(self.format).as_bytes())?;
            *missed = Missed::default();
        }
        for (position, piece) in line.chunks(PIECE_BYTES).enumerate() {
            if !takes_within(&to, PATIENCE) {
                *missed = Missed {
                    n_lines: 1,
                    is_cut: position > 0,
                };
                return Ok(());
            }
            to.write_all(piece)?;
        }
        Ok(())
    }
}

impl Missed {
    fn told(&self, format: LogFormat) -> String {
        let end = if self.is_cut { "\n" } else { "" };
        let text = format!(
            "lines of this log that are missing here, as nobody read it: {}",
            self.n_lines
        );
        match format {
            LogFormat::Text => format!("{end}WARN {text}\n"),
            LogFormat::Json => {
                let line = serde_json::json!({ "level": "WARN", "message": text });
                format!("{end}{line}\n")
            }
        }
    }
}

/// Whether it takes a piece, now or within this time. One that is broken does: the write says so.
fn takes_within(stream: &impl AsFd, time: Duration) -> bool {
    let mut asked = [PollFd::new(stream, PollFlags::OUT)];
    let time = Timespec::try_from(time).ok();
    // A signal says nothing of the stream. What cannot be asked is written to.
    retry_on_intr(|| poll(&mut asked, time.as_ref())).map_or(true, |n_ready| n_ready > 0)
}

impl Write for &LogWriter {
    fn write(&mut self, line: &[u8]) -> io::Result<usize> {
        self.progress
            .suspend(|| self.line(io::stderr().lock(), line))?;
        Ok(line.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for LogWriter {
    type Writer = &'a LogWriter;

    fn make_writer(&'a self) -> Self::Writer {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs::File;
    use std::io::Read;
    use std::os::fd::OwnedFd;

    /// A reader that has stopped reading misses lines, is told how many, and then reads on.
    #[test]
    fn what_nobody_reads_is_counted_and_told() {
        let (mut reader, writer) = io::pipe().unwrap();
        let mut writer = File::from(OwnedFd::from(writer));
        let log = LogWriter::new(&Progress::silent(), LogFormat::Text);
        let line = [[b'x'; 1023].as_slice(), b"\n"].concat();
        let mut n_written = 0;
        while log.missed.lock().unwrap().n_lines == 0 {
            log.line(&mut writer, &line).unwrap();
            n_written += 1;
        }
        log.line(&mut writer, &line).unwrap();
        let mut read = vec![0; (n_written - 1) * line.len()];
        reader.read_exact(&mut read).unwrap();
        assert!(read.chunks(line.len()).all(|read| read == line));
        log.line(&mut writer, b"last\n").unwrap();
        drop(writer);
        let mut rest = String::new();
        reader.read_to_string(&mut rest).unwrap();
        let told = "WARN lines of this log that are missing here, as nobody read it: 2\nlast\n";
        assert_eq!(rest, told);
    }

    #[test]
    fn a_line_that_was_cut_is_ended_first() {
        let (n_lines, is_cut) = (1, true);
        let missed = Missed { n_lines, is_cut };
        assert!(missed.told(LogFormat::Text).starts_with("\nWARN "));
        let json = missed.told(LogFormat::Json);
        let value: serde_json::Value = serde_json::from_str(json.trim()).unwrap();
        assert_eq!(value["level"], "WARN");
    }
}
