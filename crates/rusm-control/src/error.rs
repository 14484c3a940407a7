//! What a client is told when something cannot be done: a code for programs, sentences for people.

use crate::json;
use http::StatusCode;
use serde::{Deserialize, Serialize};
use std::fmt;

/// Why, for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
#[non_exhaustive]
pub enum Code {
    /// The request is not what this endpoint takes.
    BadRequest,
    /// The client is neither the node's own user nor root.
    Forbidden,
    /// What it names is not there.
    NotFound,
    /// There is no such endpoint.
    NoEndpoint,
    /// The node has no store.
    NoStore,
    /// The endpoint takes another method.
    WrongMethod,
    /// The request did not arrive in time.
    Timeout,
    /// A condition of the request does not hold.
    Conflict,
    /// Something of the request is over its bound.
    TooLarge,
    /// The store has reached its bound.
    Full,
    /// The store takes no more writes until it is opened anew.
    Poisoned,
    /// Too much at once; later it may work.
    Busy,
    /// The node failed at it.
    Failed,
    /// A code that this version does not know.
    #[serde(other)]
    Unknown,
}

impl Code {
    /// The status that says it in HTTP (RFC 9110, section 15).
    pub fn status(self) -> StatusCode {
        match self {
            Code::BadRequest => StatusCode::BAD_REQUEST,
            Code::Forbidden => StatusCode::FORBIDDEN,
            Code::NotFound | Code::NoEndpoint | Code::NoStore => StatusCode::NOT_FOUND,
            Code::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Code::Timeout => StatusCode::REQUEST_TIMEOUT,
            Code::Conflict => StatusCode::CONFLICT,
            Code::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Code::Full | Code::Poisoned | Code::Busy => StatusCode::SERVICE_UNAVAILABLE,
            Code::Failed | Code::Unknown => StatusCode::INTERNAL_SERVER_ERROR,
        }
    }
}

/// An answer that says no.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, thiserror::Error)]
pub struct ApiError {
    /// Why, for programs.
    pub code: Code,
    /// What is wrong, and where.
    pub message: String,
    /// What to do instead.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Of an import: the line at which it stopped, from 1.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub line: Option<u64>,
    /// Of an import: how many entries were written before that line.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub written: Option<u64>,
    /// The methods that the endpoint takes, for the field `Allow`.
    #[serde(skip)]
    pub(crate) allow: Option<String>,
}

impl ApiError {
    /// An answer with this code and this sentence.
    pub fn new(code: Code, message: impl Into<String>) -> ApiError {
        ApiError {
            code,
            message: message.into(),
            help: None,
            line: None,
            written: None,
            allow: None,
        }
    }

    /// The request is not what this endpoint takes.
    pub fn bad_request(message: impl Into<String>) -> ApiError {
        ApiError::new(Code::BadRequest, message)
    }

    /// Says what to do instead.
    pub fn help(mut self, help: impl Into<String>) -> ApiError {
        self.help = Some(help.into());
        self
    }

    /// As it goes over the wire: a line of JSON, without its end.
    pub fn to_line(&self) -> Vec<u8> {
        json::line(&ErrorAnswer { error: self })
    }

    /// Says where an import stopped.
    pub(crate) fn at_line(mut self, line: u64, written: u64) -> ApiError {
        (self.line, self.written) = (Some(line), Some(written));
        self
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        f.write_str(&self.message)
    }
}

/// `{"error": …}`.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct ErrorAnswer<E> {
    pub(crate) error: E,
}
