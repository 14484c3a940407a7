//! What a guest prints: whole lines to a sink, or raw bytes to the terminal, within the bound of its profile.
//!
//! Invariants:
//! - a line that reaches a [`LineSink`] holds no character that steers a terminal, forges another line or turns reading direction
//!   around, and is at most [`LINE_BYTES_MAX`] of the guest's bytes long;
//! - what lies between two line ends reaches the sink in order; the last line reaches it even without a line end, also when the process
//!   is killed;
//! - standard output and error share one bound. The write that exceeds it is not printed and ends the process.

use super::LimitBreach;
use super::breach::Breach;
use parking_lot::Mutex;
use rusm_caps::Subject;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};
use tokio::sync::Notify;
use wasmtime_wasi::p2::Pollable as _;

mod line;
mod stream;
mod terminal;

pub(crate) use line::escape;
pub(crate) use stream::OutputStream;

/// A longer line is cut into pieces of this many bytes.
pub(crate) const LINE_BYTES_MAX: usize = 8 * 1024;

/// Which of the two streams.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stream {
    /// Standard output.
    Stdout,
    /// Standard error.
    Stderr,
}

/// One line of a guest.
pub(crate) struct Line<'a> {
    pub(crate) stream: Stream,
    /// Escaped, without its line end.
    pub(crate) text: &'a str,
    /// The bytes went to the terminal as well.
    pub(crate) on_terminal: bool,
}

/// Takes the lines of guests.
pub(crate) trait LineSink: Send + Sync {
    /// One line of this process. Called on the thread that runs the guest, so it must not block for long.
    fn line(&self, from: &Subject, line: &Line<'_>);
}

/// The terminal of the node itself, which takes bytes as they are. Only for profiles that grant `stdio`.
#[derive(Debug)]
pub(crate) struct Terminal {
    /// Whether the log gets a copy.
    is_logged: bool,
    /// What the streams have not taken yet. While there is anything nothing more is accepted for that stream.
    waiting: Waiting,
    /// Whether `stdio` was given up: what is printed from then on is logged.
    is_left: AtomicBool,
}

impl Terminal {
    pub(crate) fn new(is_logged: bool) -> Terminal {
        Terminal {
            is_logged,
            waiting: Waiting::default(),
            is_left: AtomicBool::new(false),
        }
    }
}

/// Bytes of both streams that wait until these take them.
#[derive(Debug, Default)]
struct Waiting {
    stdout: Mutex<Vec<u8>>,
    stderr: Mutex<Vec<u8>>,
}

impl Waiting {
    fn of(&self, stream: Stream) -> &Mutex<Vec<u8>> {
        match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        }
    }
}

/// Both output streams of one process.
pub(crate) struct GuestOutput {
    from: Subject,
    /// None: all goes to the log, line by line.
    terminal: Option<Terminal>,
    lines: Arc<dyn LineSink>,
    bound_bytes: u64,
    written_bytes: AtomicU64,
    breach: OnceLock<Breach>,
    on_breach: Notify,
    stdout: Mutex<line::Splitter>,
    stderr: Mutex<line::Splitter>,
}

impl GuestOutput {
    /// `max_output_bytes` of `u64::MAX` is no bound.
    pub(crate) fn new(
        from: Subject,
        terminal: Option<Terminal>,
        lines: Arc<dyn LineSink>,
        max_output_bytes: u64,
    ) -> Arc<GuestOutput> {
        Arc::new(GuestOutput {
            from,
            terminal,
            lines,
            bound_bytes: max_output_bytes,
            written_bytes: AtomicU64::new(0),
            breach: OnceLock::new(),
            on_breach: Notify::new(),
            stdout: Mutex::new(line::Splitter::default()),
            stderr: Mutex::new(line::Splitter::default()),
        })
    }

    /// Prints, or says that the guest has printed too much. What the terminal does not take at once waits for [`Self::print_waiting`].
    fn write(&self, stream: Stream, bytes: &[u8]) -> Result<(), WriteError> {
        self.spend(bytes.len())?;
        if let Some(terminal) = self.own_terminal() {
            let mut waiting = terminal.waiting.of(stream).lock();
            if !waiting.is_empty() {
                return Err(WriteError::NoRoom);
            }
            let n_printed = terminal::print(stream, bytes).map_err(WriteError::Terminal)?;
            waiting.extend_from_slice(bytes.get(n_printed..).unwrap_or_default());
            if !terminal.is_logged {
                return Ok(());
            }
        }
        self.log(stream, bytes);
        Ok(())
    }

    /// Prints to the log from now on. What was printed before still reaches the terminal.
    pub(crate) fn leave_terminal(&self) {
        if let Some(terminal) = &self.terminal {
            // Relaxed: the guest that prints is the one that gave it up.
            terminal.is_left.store(true, Ordering::Relaxed);
        }
    }

    /// The terminal, as long as it is the guest's to print to.
    fn own_terminal(&self) -> Option<&Terminal> {
        let terminal = self.terminal.as_ref();
        terminal.filter(|terminal| !terminal.is_left.load(Ordering::Relaxed))
    }

    /// Prints what waits, as far as the terminal takes it. Answers whether it takes more.
    fn print_waiting(&self, stream: Stream) -> std::io::Result<bool> {
        let Some(terminal) = &self.terminal else {
            return Ok(true);
        };
        let mut waiting = terminal.waiting.of(stream).lock();
        if !waiting.is_empty() {
            let printed = terminal::print(stream, &waiting);
            // What a broken stream does not take is nobody's.
            let n_printed = printed
                .as_ref()
                .map_or(waiting.len(), |n_printed| *n_printed);
            waiting.drain(..n_printed);
            printed?;
        }
        Ok(waiting.is_empty() && terminal::takes(stream))
    }

    /// Whether a stream of the terminal has not taken all yet.
    pub(crate) fn is_waiting(&self) -> bool {
        [Stream::Stdout, Stream::Stderr]
            .into_iter()
            .any(|stream| self.waits_for(stream))
    }

    fn waits_for(&self, stream: Stream) -> bool {
        let terminal = self.terminal.as_ref();
        terminal.is_some_and(|terminal| !terminal.waiting.of(stream).lock().is_empty())
    }

    /// Waits until the terminal has taken all, or is broken: a guest that has ended well loses nothing of what it printed.
    pub(crate) async fn drain(self: &Arc<Self>) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            if self.waits_for(stream) {
                OutputStream::new(Arc::clone(self), stream).ready().await;
            }
        }
    }

    fn log(&self, stream: Stream, bytes: &[u8]) {
        let mut splitter = self.splitter(stream).lock();
        splitter.push(bytes, &mut |text| self.emit(stream, text));
    }

    fn emit(&self, stream: Stream, text: &str) {
        let line = Line {
            stream,
            text,
            on_terminal: self.has_terminal(),
        };
        self.lines.line(&self.from, &line);
    }

    /// Passes on what lies unfinished in the buffers: at the end of the process.
    pub(crate) fn finish(&self) {
        for stream in [Stream::Stdout, Stream::Stderr] {
            let mut splitter = self.splitter(stream).lock();
            splitter.finish(&mut |text| self.emit(stream, text));
        }
    }

    /// How the bound was exceeded, if it was. A guest of WASI 0.3 is not ended by the write itself, so its runner watches this.
    pub(crate) fn breach(&self) -> Option<LimitBreach> {
        self.breach.get().copied().map(LimitBreach)
    }

    /// Resolves when the bound is exceeded.
    pub(crate) async fn wait_for_breach(&self) -> LimitBreach {
        loop {
            let notified = self.on_breach.notified();
            if let Some(breach) = self.breach() {
                return breach;
            }
            notified.await;
        }
    }

    /// Bytes printed so far.
    pub(crate) fn written_bytes(&self) -> u64 {
        self.written_bytes.load(Ordering::Relaxed)
    }

    fn spend(&self, n_bytes: usize) -> Result<(), WriteError> {
        let n_bytes = u64::try_from(n_bytes).unwrap_or(u64::MAX);
        let before = self.written_bytes.fetch_add(n_bytes, Ordering::Relaxed);
        let asked = before.saturating_add(n_bytes);
        if asked <= self.bound_bytes {
            return Ok(());
        }
        // The first breach is the one that is told.
        let breach = self
            .breach
            .get_or_init(|| Breach::output(self.bound_bytes, asked));
        // One waiter at most, the process itself; a permit is kept for it if it does not wait yet.
        self.on_breach.notify_one();
        Err(WriteError::Breach(LimitBreach(*breach)))
    }

    /// Whether the bytes go to the node's own terminal.
    pub(crate) fn has_terminal(&self) -> bool {
        self.own_terminal().is_some()
    }

    fn splitter(&self, stream: Stream) -> &Mutex<line::Splitter> {
        match stream {
            Stream::Stdout => &self.stdout,
            Stream::Stderr => &self.stderr,
        }
    }

    fn is_terminal(&self, stream: Stream) -> bool {
        match (self.has_terminal(), stream) {
            (false, _) => false,
            (true, Stream::Stdout) => std::io::IsTerminal::is_terminal(&std::io::stdout()),
            (true, Stream::Stderr) => std::io::IsTerminal::is_terminal(&std::io::stderr()),
        }
    }
}

impl Drop for GuestOutput {
    fn drop(&mut self) {
        self.finish();
    }
}

impl std::fmt::Debug for GuestOutput {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GuestOutput")
            .field("written_bytes", &self.written_bytes())
            .finish_non_exhaustive()
    }
}

/// Why bytes were not printed.
#[derive(Debug)]
enum WriteError {
    Breach(LimitBreach),
    Terminal(std::io::Error),
    /// The guest did not ask whether it may write, and may not.
    NoRoom,
}

#[cfg(test)]
mod tests;
