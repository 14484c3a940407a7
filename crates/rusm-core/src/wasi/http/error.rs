//! What goes wrong on the way, as the error codes of `wasi:http`.

use crate::wasi::network::ResolveError;
use std::error::Error as _;
use std::io::{self, ErrorKind};
use tokio_rustls::rustls;
use wasmtime_wasi_http::Error;

pub(super) fn of_look_up(error: ResolveError) -> Error {
    let rcode = match error {
        ResolveError::TimedOut => return Error::DnsTimeout,
        ResolveError::NotFound => "NXDOMAIN",
        ResolveError::Unavailable => "SERVFAIL",
    };
    Error::DnsError {
        rcode: Some(rcode.to_owned()),
        info_code: None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the list of kinds is open")]
pub(super) fn of_dialling(error: &io::Error) -> Error {
    match error.kind() {
        ErrorKind::ConnectionRefused => Error::ConnectionRefused,
        ErrorKind::TimedOut => Error::ConnectionTimeout,
        ErrorKind::HostUnreachable | ErrorKind::NetworkUnreachable | ErrorKind::NetworkDown => {
            Error::DestinationIpUnroutable
        }
        ErrorKind::AddrNotAvailable => Error::DestinationUnavailable,
        _ => Error::ConnectionTerminated,
    }
}

/// A handshake that failed.
pub(super) fn of_tls(error: &io::Error) -> Error {
    let inner = error
        .get_ref()
        .and_then(|inner| inner.downcast_ref::<rustls::Error>());
    match inner {
        Some(rustls::Error::InvalidCertificate(_) | rustls::Error::NoCertificatesPresented) => {
            Error::TlsCertificateError
        }
        Some(rustls::Error::AlertReceived(alert)) => Error::TlsAlertReceived {
            alert_id: Some(u8::from(*alert)),
            alert_message: alert.as_str().map(str::to_owned),
        },
        Some(_) => Error::TlsProtocolError,
        None => of_dialling(error),
    }
}

/// Anything after that. What a body of ours failed with comes back as it was.
pub(super) fn of_hyper(error: hyper::Error) -> Error {
    if let Some(Error::HttpRequestBodySize(bytes)) =
        error.source().and_then(|source| source.downcast_ref())
    {
        return Error::HttpRequestBodySize(*bytes);
    }
    if error.is_parse_too_large() {
        Error::HttpResponseHeaderSectionSize(None)
    } else if error.is_incomplete_message() {
        Error::HttpResponseIncomplete
    } else if error.is_canceled() || error.is_closed() || is_cut(&error) {
        Error::ConnectionTerminated
    } else {
        Error::HttpProtocolError
    }
}

fn is_cut(error: &hyper::Error) -> bool {
    let source = error
        .source()
        .and_then(|source| source.downcast_ref::<io::Error>());
    source.is_some()
}
