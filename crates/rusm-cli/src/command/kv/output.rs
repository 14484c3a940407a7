//! Standard output, written line by line until nobody reads it any more.

use crate::report::{Failure, Kind};
use std::io::{self, BufWriter, ErrorKind, StdoutLock, Write};
use std::ops::ControlFlow;

/// Standard output.
#[derive(Debug)]
pub(super) struct Output {
    to: BufWriter<StdoutLock<'static>>,
}

impl Output {
    pub(super) fn new() -> Self {
        Self {
            to: BufWriter::new(io::stdout().lock()),
        }
    }

    /// Writes lines. Breaks when the reader has left (`| head`), which is not a failure.
    pub(super) fn lines(&mut self, lines: &[String]) -> Result<ControlFlow<()>, Failure> {
        self.write(|to| lines.iter().try_for_each(|line| writeln!(to, "{line}")))
    }

    /// Writes what is held back. A result that nobody can have seen is not called a success before.
    pub(super) fn finish(mut self) -> Result<(), Failure> {
        self.write(Write::flush).map(drop)
    }

    fn write(
        &mut self,
        write: impl FnOnce(&mut BufWriter<StdoutLock<'static>>) -> io::Result<()>,
    ) -> Result<ControlFlow<()>, Failure> {
        match write(&mut self.to) {
            Ok(()) => Ok(ControlFlow::Continue(())),
            Err(error) if error.kind() == ErrorKind::BrokenPipe => Ok(ControlFlow::Break(())),
            Err(error) => Err(Failure::new(
                Kind::General,
                format!("cannot write to standard output: {error}"),
            )),
        }
    }
}
