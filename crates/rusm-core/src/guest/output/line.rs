//! Bytes to printable lines.

use super::LINE_BYTES_MAX;
use rusm_caps::is_steering;

/// Collects bytes until a line is whole or too long.
#[derive(Debug, Default)]
pub(super) struct Splitter {
    partial: Vec<u8>,
}

impl Splitter {
    /// Takes bytes and passes on every line that they complete.
    pub(super) fn push(&mut self, mut bytes: &[u8], emit: &mut dyn FnMut(&str)) {
        while !bytes.is_empty() {
            let room = LINE_BYTES_MAX.saturating_sub(self.partial.len());
            let window = bytes.get(..room.min(bytes.len())).unwrap_or(bytes);
            let end = window.iter().position(|&byte| byte == b'\n');
            let (taken, skipped) = end.map_or((window.len(), 0), |end| (end, 1));
            let (line, rest) = bytes.split_at(taken);
            bytes = rest.get(skipped..).unwrap_or_default();
            self.partial.extend_from_slice(line);
            if skipped == 1 {
                self.emit_all(emit);
            } else if self.partial.len() >= LINE_BYTES_MAX {
                self.emit_piece(emit);
            }
        }
    }

    /// Passes on what is left.
    pub(super) fn finish(&mut self, emit: &mut dyn FnMut(&str)) {
        if !self.partial.is_empty() {
            self.emit_all(emit);
        }
    }

    fn emit_all(&mut self, emit: &mut dyn FnMut(&str)) {
        let line = self.partial.strip_suffix(b"\r").unwrap_or(&self.partial);
        emit(&escape(line));
        self.partial.clear();
        // A long line must not hold its buffer for the rest of an idle process's life.
        self.partial.shrink_to(256);
    }

    /// The line so far, but not half a character: its beginning stays for the next piece.
    fn emit_piece(&mut self, emit: &mut dyn FnMut(&str)) {
        let whole = match std::str::from_utf8(&self.partial) {
            Err(error) if error.error_len().is_none() => error.valid_up_to(),
            Ok(_) | Err(_) => self.partial.len(),
        };
        let rest = self.partial.split_off(whole);
        emit(&escape(&self.partial));
        self.partial = rest;
    }
}

/// Text that is safe in a log and on a terminal. Bytes that are not text and characters that steer are written as escapes.
pub(crate) fn escape(bytes: &[u8]) -> String {
    let mut text = String::with_capacity(bytes.len());
    for chunk in bytes.utf8_chunks() {
        for character in chunk.valid().chars() {
            // A tab moves on within its line and is left alone.
            if is_steering(character) && character != '\t' {
                text.extend(character.escape_unicode());
            } else {
                text.push(character);
            }
        }
        for byte in chunk.invalid() {
            text.extend(std::ascii::escape_default(*byte).map(char::from));
        }
    }
    text
}
