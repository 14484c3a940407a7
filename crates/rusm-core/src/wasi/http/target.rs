//! Where a request goes: read once from its URI, so that what is checked, dialled, named in TLS and written as `Host` is the same.

use crate::wasi::network::Host;
use http::uri::{Scheme, Uri};
use http::{HeaderValue, uri};
use std::net::IpAddr;
use tokio_rustls::rustls::pki_types::ServerName;

/// A host, a port, and whether TLS is spoken there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Target {
    pub(super) host: Host,
    pub(super) port: u16,
    pub(super) is_tls: bool,
}

impl Target {
    /// Reads the scheme and the authority; none unless they are `http` or `https`, a host, and nothing or a port from 1 to 65535.
    ///
    /// User information is refused, as RFC 9110 (4.2.4) advises: `http://bank.example@203.0.113.9/` is there to deceive.
    pub(super) fn of(uri: &Uri) -> Option<Target> {
        let is_tls = match uri.scheme() {
            Some(scheme) if *scheme == Scheme::HTTPS => true,
            Some(scheme) if *scheme == Scheme::HTTP => false,
            _ => return None,
        };
        let (host, port) = split(uri.authority()?)?;
        let port = match port {
            None => default_port(is_tls),
            Some(digits) if digits.bytes().all(|byte| byte.is_ascii_digit()) => {
                digits.parse().ok().filter(|port| *port != 0)?
            }
            Some(_) => return None,
        };
        Some(Target {
            host: Host::read(host)?,
            port,
            is_tls,
        })
    }

    /// The field `Host`: the port only where it is not the scheme's own (RFC 9110, 7.2).
    pub(super) fn host_field(&self) -> Option<HeaderValue> {
        let host = match &self.host {
            Host::Address(IpAddr::V6(address)) => format!("[{address}]"),
            host @ (Host::Address(IpAddr::V4(_)) | Host::Name(_)) => host.to_string(),
        };
        let field = if self.port == default_port(self.is_tls) {
            host
        } else {
            format!("{host}:{}", self.port)
        };
        HeaderValue::try_from(field).ok()
    }

    /// Whose certificate is expected.
    pub(super) fn server_name(&self) -> Option<ServerName<'static>> {
        match &self.host {
            Host::Address(address) => Some(ServerName::from(*address)),
            Host::Name(name) => ServerName::try_from(name.to_string()).ok(),
        }
    }
}

fn default_port(is_tls: bool) -> u16 {
    if is_tls { 443 } else { 80 }
}

/// Host and port as written; none if there is anything else.
fn split(authority: &uri::Authority) -> Option<(&str, Option<&str>)> {
    let text = authority.as_str();
    if text.contains('@') {
        return None;
    }
    // A colon within brackets belongs to the address.
    let after = text.rfind(']').map_or(0, |bracket| bracket + 1);
    match text.get(after..)?.rfind(':') {
        None => Some((text, None)),
        Some(colon) => {
            let (host, port) = text.split_at_checked(after + colon)?;
            Some((host, Some(port.strip_prefix(':')?)))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn target(text: &str) -> Option<(String, u16)> {
        let target = Target::of(&text.parse().ok()?)?;
        Some((target.host.to_string(), target.port))
    }

    #[test]
    fn every_disguise_is_the_host_that_it_is() {
        let rows = [
            ("http://2130706433/", "127.0.0.1", 80),
            ("http://0x7f.1/", "127.0.0.1", 80),
            ("http://0177.0.0.1:81/", "127.0.0.1", 81),
            ("https://[::ffff:127.0.0.1]/", "127.0.0.1", 443),
            ("http://[::1]:8080/", "::1", 8080),
            ("http://LOCALHOST./", "localhost", 80),
            ("https://Api.Example.Com.:8443/x", "api.example.com", 8443),
        ];
        for (text, host, port) in rows {
            assert_eq!(target(text), Some((host.to_owned(), port)), "{text}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused() {
        let refused = [
            "http://good.example@169.254.169.254/",
            "http://good.example:80@169.254.169.254/",
            "http://user:secret@good.example/",
            "http://good.example:/",
            "http://good.example:0/",
            "http://good.example:65536/",
            "http://good.example:+80/",
            "http://good.example:80:81/",
            "http://::1/",
            "http://[::1]x/",
            "http://[fe80::1%25lo]/",
            "ftp://good.example/",
            "/path",
        ];
        for text in refused {
            assert_eq!(target(text), None, "{text}");
        }
    }

    #[test]
    fn the_host_field_and_the_server_name_are_the_host_that_was_read() {
        let field = |text: &str| {
            let target = Target::of(&text.parse().unwrap()).unwrap();
            let field = target.host_field().unwrap();
            (
                field.to_str().unwrap().to_owned(),
                target.server_name().is_some(),
            )
        };
        assert_eq!(
            field("http://A.Example.:80/"),
            ("a.example".to_owned(), true)
        );
        assert_eq!(
            field("https://A.Example.:80/"),
            ("a.example:80".to_owned(), true)
        );
        assert_eq!(field("https://[::1]:1/"), ("[::1]:1".to_owned(), true));
        assert_eq!(field("http://0x7f.1/"), ("127.0.0.1".to_owned(), true));
    }
}
