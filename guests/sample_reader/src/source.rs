//! The log, line by line: [`Source`].

use std::fs::File;
use std::io::{self, BufRead, BufReader};

use rusm_sdk::mailbox::{self, Selector, SendError};
use sample_protocol::{Line, fail, name, tag};

/// Lines of the log that nobody has had yet.
#[derive(Debug)]
pub(crate) struct Source<R = BufReader<File>> {
    from: R,
    n_lines: u64,
}

impl Source {
    /// Opens the log, waiting for the generator if it is not there yet.
    ///
    /// This process has its name already: a generator that does not hear the question will find it.
    pub(crate) fn open(path: &str) -> Self {
        match mailbox::send(name::GENERATOR, tag::ASK_LOG, &[]) {
            Ok(()) | Err(SendError::NoName) => {}
            Err(error @ (SendError::Denied(_) | SendError::MailboxFull | SendError::TooLarge)) => {
                fail(error)
            }
        }
        let opened = match File::open(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                mailbox::receive_where(&Selector::any().tags([tag::LOG_READY]));
                File::open(path)
            }
            opened => opened,
        };
        match opened {
            Ok(file) => Self::new(BufReader::with_capacity(1 << 16, file)),
            Err(error) => fail(format_args!("cannot open {path}: {error}")),
        }
    }
}

impl<R: BufRead> Source<R> {
    pub(crate) fn new(from: R) -> Self {
        Self { from, n_lines: 0 }
    }

    /// The next line; none at the end.
    pub(crate) fn next_line(&mut self) -> io::Result<Option<Line>> {
        let mut bytes = Vec::new();
        if self.from.read_until(b'\n', &mut bytes)? == 0 {
            return Ok(None);
        }
        if bytes.last() == Some(&b'\n') {
            bytes.pop();
        }
        self.n_lines += 1;
        Ok(Some(Line {
            number: self.n_lines,
            bytes,
        }))
    }

    /// How many lines there have been.
    pub(crate) fn n_lines(&self) -> u64 {
        self.n_lines
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A last line without a line feed counts, an end after a line feed does not.
    #[test]
    fn lines_are_as_defined() {
        for (log, expected) in [
            ("", vec![]),
            ("a", vec!["a"]),
            ("a\n", vec!["a"]),
            ("\n\r\nb", vec!["", "\r", "b"]),
        ] {
            let mut source = Source::new(log.as_bytes());
            let mut lines = Vec::new();
            while let Some(line) = source.next_line().unwrap() {
                assert_eq!(line.number, source.n_lines());
                lines.push(String::from_utf8(line.bytes).unwrap());
            }
            assert_eq!(lines, expected, "{log:?}");
        }
    }
}
