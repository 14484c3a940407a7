//! Malformed lines: what real logs hold besides log lines.
//!
//! Invariant: every line made here is malformed by the crate's definition, whatever was drawn, is not
//! blank and holds no line feed.

use crate::line::Line;
use crate::random::Random;

/// How a line is spoilt.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Dirt {
    /// The disk was full, or the server was killed: the rest of the line is missing.
    Truncated,
    /// Two writers: a line begins in the middle of another.
    Interleaved,
    /// A block of zero bytes, as file systems leave after a crash.
    ZeroBlock,
    /// Random bytes.
    Binary,
    /// One byte that is no UTF-8, in a line that is fine otherwise.
    InvalidUtf8,
    /// No user, as some proxies write it.
    NoUser,
    /// No size.
    NoSize,
    /// A TLS greeting on the plain port, escaped by the server.
    EscapedHandshake,
    /// The same, not escaped.
    RawHandshake,
    /// A client that connected and said nothing.
    NoRequest,
    /// A request of HTTP 0.9, which names no protocol.
    NoProtocol,
    /// A space in the target.
    SpaceInTarget,
    /// A method in small letters.
    SmallMethod,
    /// A status that is no number.
    BadStatus,
    /// A size that is no number, or one too large.
    BadSize,
    /// More fields than the format has.
    ExtraField,
}

impl Dirt {
    pub(crate) const ALL: &'static [&'static Self] = &[
        &Self::Truncated,
        &Self::Interleaved,
        &Self::ZeroBlock,
        &Self::Binary,
        &Self::InvalidUtf8,
        &Self::NoUser,
        &Self::NoSize,
        &Self::EscapedHandshake,
        &Self::RawHandshake,
        &Self::NoRequest,
        &Self::NoProtocol,
        &Self::SpaceInTarget,
        &Self::SmallMethod,
        &Self::BadStatus,
        &Self::BadSize,
        &Self::ExtraField,
    ];

    /// A malformed line of this kind.
    pub(crate) fn draw(self, random: &mut Random, second: u64) -> Vec<u8> {
        let line = Line::draw(random, second);
        match self {
            Self::Truncated => {
                let mut bytes = line.bytes();
                // What is left lacks at least the last quote; it keeps at least one byte.
                bytes.truncate(1 + random.index(bytes.len() - 1));
                bytes
            }
            Self::Interleaved => interleaved(random, &line, second),
            Self::ZeroBlock => vec![0; 1 + random.index(512)],
            Self::Binary => binary(random),
            Self::InvalidUtf8 => with_agent(line, b"caf\xe9"),
            Self::NoUser => [
                line.host.as_bytes(),
                b" - [",
                line.time.as_bytes(),
                b"] \"GET / HTTP/1.1\" 200 5 \"-\" \"-\"",
            ]
            .concat(),
            Self::NoSize => with_size(line, "\"-\""),
            Self::EscapedHandshake => with_request(
                line,
                b"\\x16\\x03\\x01\\x02\\x00\\x01\\x00\\x01\\xFC\\x03\\x03",
            ),
            Self::RawHandshake => with_request(
                line,
                b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\xff\xfe",
            ),
            Self::NoRequest => with_request(line, b"-"),
            Self::NoProtocol => with_request(line, b"GET /"),
            Self::SpaceInTarget => with_request(line, b"GET /annual report.pdf HTTP/1.1"),
            Self::SmallMethod => with_request(line, b"get / HTTP/1.1"),
            Self::BadStatus => with_status(line, random.pick(&["OK", "20", "2000", "2x0", "-"])),
            Self::BadSize => with_size(
                line,
                random.pick(&["1.5k", "-1", "18446744073709551616", "+5", "0x10"]),
            ),
            Self::ExtraField => [line.bytes().as_slice(), b" \"-\" 0.004"].concat(),
        }
    }
}

/// The first line stops after its time began and before its end: its bracket or quote is never closed as
/// it should be, so that the whole is malformed wherever it was cut.
fn interleaved(random: &mut Random, first: &Line, second: u64) -> Vec<u8> {
    let mut bytes = first.bytes();
    let from = first.host.len() + first.user.len() + " -  [".len();
    bytes.truncate(from + random.index(bytes.len() - from));
    bytes.extend(Line::draw(random, second).bytes());
    bytes
}

/// Begins with a byte that occurs in no UTF-8.
fn binary(random: &mut Random) -> Vec<u8> {
    let n_bytes = random.index(200);
    let drawn = (0..n_bytes).map(|_| match random.byte() {
        b'\n' => b' ',
        byte => byte,
    });
    std::iter::once(0xff).chain(drawn).collect()
}

fn with_request(mut line: Line, request: &[u8]) -> Vec<u8> {
    line.request = request.into();
    line.bytes()
}

fn with_agent(mut line: Line, agent: &[u8]) -> Vec<u8> {
    line.agent = agent.into();
    line.bytes()
}

fn with_status(mut line: Line, status: &str) -> Vec<u8> {
    line.status = status.into();
    line.bytes()
}

fn with_size(mut line: Line, size: &str) -> Vec<u8> {
    line.size = size.into();
    line.bytes()
}
