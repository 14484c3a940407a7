//! Imports, in requests of some MiB each: the node has read all of one before it answers, and its answer to each is heard.

use super::{Client, ClientError, kv};
use crate::entry::LINE_BYTES_MAX;
use crate::error::{ApiError, Code};
use crate::wire::Written;
use bytes::Bytes;
use http::Method;
use std::io::{BufRead, Read as _};

/// Bytes of one request, besides its last line.
const REQUEST_BYTES: usize = 4 << 20;

impl Client {
    /// Writes entries given as lines of JSON, and says how many.
    ///
    /// They are written in the order of their lines and in batches, each of which is written as a whole or not at all.
    ///
    /// # Errors
    /// [`ClientError::Refused`] says at which line it stopped, and how many were written before. After other errors it is
    /// not known how many of the last ones were written; writing them once more does no harm.
    pub fn import(&self, mut lines: impl BufRead) -> Result<u64, ClientError> {
        let (mut written, mut n_lines) = (0, 0);
        loop {
            let (request, n_more) = gather(&mut lines).map_err(|stopped| match stopped {
                Stopped::Input(error) => ClientError::Input(error),
                Stopped::TooLong(line) => {
                    let message = format!("the line has more than {LINE_BYTES_MAX} bytes");
                    let error = ApiError::new(Code::TooLarge, message);
                    ClientError::Refused(error.at_line(n_lines + line, written))
                }
            })?;
            if request.is_empty() {
                return Ok(written);
            }
            let answer = self.ask(Method::POST, kv(["batch"]), Bytes::from(request));
            let Written { written: more } = answer.map_err(|mut error| {
                if let ClientError::Refused(refusal) = &mut error {
                    refusal.line = refusal.line.map(|line| n_lines + line);
                    refusal.written = Some(written + refusal.written.unwrap_or(0));
                }
                error
            })?;
            written += more;
            n_lines += n_more;
        }
    }
}

enum Stopped {
    Input(std::io::Error),
    /// The line of this number, from 1.
    TooLong(u64),
}

/// The next whole lines, and how many they are; none at the end.
fn gather(lines: &mut impl BufRead) -> Result<(Vec<u8>, u64), Stopped> {
    let (mut gathered, mut n_lines) = (Vec::new(), 0);
    let most = u64::try_from(LINE_BYTES_MAX).unwrap_or(u64::MAX);
    while gathered.len() < REQUEST_BYTES {
        let before = gathered.len();
        let mut line = lines.by_ref().take(most + 1);
        let read = line.read_until(b'\n', &mut gathered);
        if read.map_err(Stopped::Input)? == 0 {
            break;
        }
        n_lines += 1;
        if gathered.len() - before > LINE_BYTES_MAX {
            return Err(Stopped::TooLong(n_lines));
        }
    }
    Ok((gathered, n_lines))
}
