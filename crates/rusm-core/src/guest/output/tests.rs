//! Lines, escapes, bounds: without any guest.

use super::*;
use std::future::Future;
use std::task::{Context, Poll, Waker};

/// Keeps the lines it is given.
#[derive(Default)]
struct Kept(Mutex<Vec<(Stream, String)>>);

impl LineSink for Kept {
    fn line(&self, _from: &Subject, line: &Line<'_>) {
        self.0.lock().push((line.stream, line.text.to_owned()));
    }
}

fn output(bound: u64) -> (Arc<GuestOutput>, Arc<Kept>) {
    let kept = Arc::new(Kept::default());
    (
        GuestOutput::new(
            Subject::new("test", 1, "<0.1.1>"),
            None,
            Arc::clone(&kept) as Arc<dyn LineSink>,
            bound,
        ),
        kept,
    )
}

fn stdout_lines(writes: &[&[u8]]) -> Vec<String> {
    let (output, kept) = output(u64::MAX);
    for bytes in writes {
        output.write(Stream::Stdout, bytes).unwrap();
    }
    drop(output);
    let kept = kept.0.lock();
    kept.iter().map(|(_, line)| line.clone()).collect()
}

#[test]
fn bytes_become_whole_lines_however_they_are_written() {
    assert_eq!(
        stdout_lines(&[b"one\ntw", b"o\r\n", b"\nlast"]),
        ["one", "two", "", "last"]
    );
    assert_eq!(stdout_lines(&[b""]), [""; 0]);
}

#[test]
fn the_streams_do_not_mix_within_a_line() {
    let (output, kept) = output(u64::MAX);
    output.write(Stream::Stdout, b"out").unwrap();
    output.write(Stream::Stderr, b"err\n").unwrap();
    output.write(Stream::Stdout, b"put\n").unwrap();
    let expected = [
        (Stream::Stderr, "err".to_owned()),
        (Stream::Stdout, "output".to_owned()),
    ];
    assert_eq!(*kept.0.lock(), expected);
}

#[test]
fn nothing_that_steers_a_terminal_or_forges_a_line_passes() {
    assert_eq!(
        stdout_lines(&[b"\x1b[2Jgone\rforged\n"]),
        ["\\u{1b}[2Jgone\\u{d}forged"]
    );
    assert_eq!(
        stdout_lines(&["a\u{202e}b\u{2028}c\u{9b}31m\u{200f}\n".as_bytes()]),
        ["a\\u{202e}b\\u{2028}c\\u{9b}31m\\u{200f}"]
    );
    assert_eq!(
        stdout_lines(&[b"tab\tstays \xff\xfe\n"]),
        ["tab\tstays \\xff\\xfe"]
    );
    assert_eq!(stdout_lines(&["größer 日本\n".as_bytes()]), ["größer 日本"]);
}

#[test]
fn a_line_without_end_is_cut_into_pieces_between_characters() {
    let long = "ü".repeat(LINE_BYTES_MAX);
    let lines = stdout_lines(&[b"x", long.as_bytes(), b"\n"]);
    assert!(
        lines
            .iter()
            .all(|line| line.len() <= LINE_BYTES_MAX && !line.contains("\\x"))
    );
    assert_eq!(lines.concat(), format!("x{long}"));
    assert_eq!(lines.len(), 3);
}

#[test]
fn both_streams_share_one_bound_and_the_write_beyond_it_is_not_printed() {
    let (output, kept) = output(10);
    output.write(Stream::Stdout, b"12345\n").unwrap();
    assert!(output.breach().is_none());
    let error = output.write(Stream::Stderr, b"67890\n").unwrap_err();
    assert!(matches!(
        error,
        WriteError::Breach(LimitBreach(breach)) if breach == Breach::output(10, 12)
    ));
    assert!(output.breach().is_some());
    assert!(
        output.write(Stream::Stdout, b"x").is_err(),
        "a breach is for good"
    );
    drop(output);
    assert_eq!(*kept.0.lock(), [(Stream::Stdout, "12345".to_owned())]);
}

#[test]
fn a_breach_wakes_whoever_watches_also_afterwards() {
    let (output, _) = output(1);
    let mut watching = Box::pin(output.wait_for_breach());
    let mut context = Context::from_waker(Waker::noop());
    assert_eq!(watching.as_mut().poll(&mut context), Poll::Pending);
    output.write(Stream::Stdout, b"12").unwrap_err();
    let breach = Poll::Ready(LimitBreach(Breach::output(1, 2)));
    assert_eq!(watching.as_mut().poll(&mut context), breach);
    assert_eq!(
        Box::pin(output.wait_for_breach())
            .as_mut()
            .poll(&mut context),
        breach
    );
}
