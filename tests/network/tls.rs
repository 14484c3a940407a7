//! `https`: the certificate must be of the host that was asked for, from an authority that is trusted.

use super::http::CLIENTS;
use super::profile;
use super::server::{Answer, Names, Server, read_until, response};
use crate::support::{GuestPath, Scenario, guest};
use crate::trial::Court;
use rusm_core::{BuildError, ExitReason, Runtime};
use std::io::Write;
use std::sync::Arc;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::rustls::{ServerConfig, ServerConnection, StreamOwned};

/// A server that has a certificate for this name, signed by itself; and the certificate.
fn server_of(name: &str) -> (Server, Vec<u8>) {
    let made = rcgen::generate_simple_self_signed([name.to_owned()]).expect("it is a name");
    let certificate = made.cert.der().to_vec();
    let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).expect("it is a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("ring knows them")
        .with_no_client_auth()
        .with_single_cert(vec![CertificateDer::from(certificate.clone())], key)
        .expect("they belong together");
    let config = Arc::new(config);
    let server = Server::of_connections(move |stream, arrived| {
        let connection = ServerConnection::new(Arc::clone(&config)).expect("it can be served");
        let mut stream = StreamOwned::new(connection, stream);
        let head = read_until(&mut stream, "\r\n\r\n");
        // A client that does not trust us ends the handshake, and nothing has arrived.
        if !head.is_empty() {
            arrived(head);
            let _ =
                stream.write_all(response("200 OK", "connection: close\r\n", "sealed").as_bytes());
            stream.conn.send_close_notify();
            let _ = stream.flush();
        }
    });
    (server, certificate)
}

/// Asks a server for its page by this name, trusting this certificate besides those of the world.
#[track_caller]
fn ask(client: &str, trusted: Option<&[u8]>, host: &str, server: &Server) -> String {
    let names = Names::new([
        ("app.example", vec![Answer::of(&["127.0.0.1"])]),
        ("other.example", vec![Answer::of(&["127.0.0.1"])]),
    ]);
    let court = Court {
        scenario: Scenario::with(|builder| {
            let builder = builder.resolver(names);
            match trusted {
                Some(certificate) => builder.trusted_root(certificate),
                None => builder,
            }
        }),
    };
    let wasm = guest(client, GuestPath::Component);
    let port = server.port;
    let rules = [format!("*.example:{port}"), format!("127.0.0.1:{port}")];
    let authority = format!("{host}:{port}");
    let args = ["get", "https", &authority, "/page"];
    let outcome = court.run_as(profile(&rules), client, &wasm, args);
    assert_eq!(outcome.reason, ExitReason::Normal);
    outcome.lines.join("\n")
}

#[test]
fn a_certificate_must_be_trusted_and_of_the_host_that_was_asked_for() {
    for client in CLIENTS {
        let (server, certificate) = server_of("app.example");
        let trusted = Some(certificate.as_slice());
        assert_eq!(
            ask(client, trusted, "APP.example.", &server),
            "get=200 sealed"
        );
        assert!(server.arrival().starts_with("GET /page "));
        let wrong = "get=error:ErrorCode::TlsCertificateError";
        assert_eq!(ask(client, None, "app.example", &server), wrong);
        assert_eq!(ask(client, trusted, "other.example", &server), wrong);
        assert_eq!(ask(client, trusted, "127.0.0.1", &server), wrong);
        server.was_left_alone();
    }
}

/// Who speaks no TLS is not spoken to without it.
#[test]
fn https_is_never_anything_less() {
    for client in CLIENTS {
        let server = Server::of_connections(|mut stream, arrived| {
            let _ = stream.write_all(response("200 OK", "", "open").as_bytes());
            arrived(read_until(&mut stream, "/page"));
        });
        let answer = ask(client, None, "app.example", &server);
        assert_eq!(answer, "get=error:ErrorCode::TlsProtocolError");
        assert!(!server.arrival().contains("/page"));
    }
}

/// A root that is none is an error of the embedder's, at once.
#[test]
fn a_trusted_root_must_be_a_certificate() {
    let built = Runtime::builder()
        .trusted_root(b"not a certificate".as_slice())
        .build();
    assert!(matches!(built, Err(BuildError::Tls(_))));
}
