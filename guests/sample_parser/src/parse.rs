//! One log line, naively: the format that `loggen` defines, a panic for everything else.

use sample_protocol::Outcome;

/// Some servers end their lines as on Windows.
pub(crate) fn without_carriage_return(line: &[u8]) -> &[u8] {
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// What a line that is not blank says.
///
/// # Panics
/// If it is not well-formed.
pub(crate) fn request(line: &[u8]) -> Outcome<'_> {
    let line = str::from_utf8(line).expect("a log is text");
    let (_host, rest) = field(line);
    let (_identity, rest) = field(rest);
    let (_user, rest) = field(rest);
    let rest = after(rest, "[");
    let (time, rest) = rest.split_once("] ").expect("the time has an end");
    assert!(
        time.len() == 26 && !time.contains(']'),
        "that is no time: {time}"
    );
    let (request, rest) = quoted(rest);
    let (status, rest) = field(after(rest, " "));
    assert!(status.len() == 3, "a status has three digits, not {status}");
    let (size, rest) = field(rest);
    let (_referrer, rest) = quoted(rest);
    let (_agent, rest) = quoted(after(rest, " "));
    assert!(rest.is_empty(), "something follows the user agent: {rest}");
    Outcome::Request {
        status: number(status),
        size: if size == "-" { 0 } else { number(size) },
        path: path(request),
    }
}

/// The path of a request such as `GET /shop?page=2 HTTP/1.1`.
fn path(request: &str) -> &str {
    let mut parts = request.split(' ');
    let mut part = || parts.next().expect("a request has three parts");
    let (method, target, protocol) = (part(), part(), part());
    assert!(
        parts.next().is_none(),
        "a request has only three parts: {request}"
    );
    let is_method = !method.is_empty() && method.bytes().all(|byte| byte.is_ascii_uppercase());
    assert!(is_method, "that is no method: {method}");
    assert!(!target.is_empty(), "a request has a target");
    assert!(
        protocol.starts_with("HTTP/"),
        "that is no protocol: {protocol}"
    );
    target.split('?').next().unwrap_or(target)
}

/// Up to the next space, and what follows it.
fn field(text: &str) -> (&str, &str) {
    let (field, rest) = text.split_once(' ').expect("another field follows");
    assert!(!field.is_empty(), "a field is not empty");
    (field, rest)
}

fn after<'a>(text: &'a str, prefix: &str) -> &'a str {
    text.strip_prefix(prefix)
        .expect("the fields are in their places")
}

/// The text in quotes that begins here, and what follows it.
fn quoted(text: &str) -> (&str, &str) {
    let text = after(text, "\"");
    let mut bytes = text.bytes().enumerate();
    while let Some((at, byte)) = bytes.next() {
        match byte {
            b'"' => {
                let (inside, rest) = text.split_at(at);
                return (inside, after(rest, "\""));
            }
            b'\\' => {
                bytes.next();
            }
            _ => {}
        }
    }
    panic!("a quote is closed")
}

/// `parse` would take a plus sign too.
fn number(digits: &str) -> u64 {
    assert!(
        digits.bytes().all(|byte| byte.is_ascii_digit()),
        "that is no number: {digits}"
    );
    digits.parse().expect("a number that fits")
}

#[cfg(test)]
mod tests;
