//! Requests of the control socket (`rusm-control`): the first line is a method and a path with its query; what follows are lines of an
//! import.
//!
//! What reads is written and read back equal, and what is answered, also to nonsense, is one line that steers no terminal.

use http::Method;
use rusm_caps::is_steering;
use rusm_control::{ApiError, Code, Entry, Router, Target};
use std::sync::LazyLock;

/// What one byte of a request can become in an answer: six characters of JSON, of its escape as text, and its percent-encoding.
const GROWTH: usize = 60;

static ROUTER: LazyLock<Router> = LazyLock::new(|| Router::new().with_store(|| None, |_| {}));

/// The target.
pub fn control(data: &[u8]) {
    let mut lines = data.split(|byte| *byte == b'\n');
    if let Some(first) = lines.next() {
        check_request(first);
    }
    lines.for_each(check_line);
}

fn check_request(line: &[u8]) {
    let Ok(line) = std::str::from_utf8(line) else {
        return;
    };
    let (method, text) = line.split_once(' ').unwrap_or(("GET", line));
    let target = Target::read(text);
    match &target {
        Ok(target) => {
            let written = target.to_string();
            assert!(written.is_ascii() && !written.contains(' '), "{written}");
            assert_eq!(Target::read(&written).as_ref(), Ok(target), "{written}");
            for segment in &target.segments {
                assert!(segment.len() <= text.len());
            }
        }
        Err(error) => check_error(error, text.len()),
    }
    let Ok(method) = Method::from_bytes(method.as_bytes()) else {
        return;
    };
    match ROUTER.check(&method, text) {
        Ok(()) => assert!(target.is_ok_and(|target| {
            target
                .segments
                .starts_with(&["v1".to_owned(), "kv".to_owned()])
        })),
        Err(error) => {
            assert_eq!(target.is_err(), error.code == Code::BadRequest);
            check_error(&error, line.len());
        }
    }
}

fn check_error(error: &ApiError, n_bytes: usize) {
    let line = error.to_line();
    check_shown(&line, n_bytes);
    assert!(error.code.status().is_client_error());
}

fn check_line(line: &[u8]) {
    match Entry::from_line(line) {
        Ok(entry) => {
            let written = entry.to_line();
            check_shown(&written, line.len());
            assert_eq!(Entry::from_line(&written), Ok(entry));
        }
        Err(error) => check_error(&ApiError::bad_request(error), line.len()),
    }
}

/// One line, of which nothing changes what is shown.
fn check_shown(line: &[u8], n_bytes: usize) {
    let text = std::str::from_utf8(line).expect("JSON is text");
    assert!(!text.chars().any(is_steering), "{text:?}");
    assert!(
        text.len() < 1_000 + GROWTH * n_bytes,
        "{} bytes",
        text.len()
    );
}
