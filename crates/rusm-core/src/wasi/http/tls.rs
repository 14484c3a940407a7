//! TLS for `https`: one client configuration of the node.
//!
//! Trusted are the certificate authorities of Mozilla's list, as of the build, and those that the embedder adds: no file of the machine has
//! a say, and a node that confines itself needs to read none. TLS 1.2 and 1.3 with the server's name checked; no client certificate.
//! Sessions are not resumed, so that a server cannot tell by them that two processes are of one node.

use std::sync::Arc;
use tokio_rustls::TlsConnector;
use tokio_rustls::rustls::client::Resumption;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::CertificateDer;
use tokio_rustls::rustls::{self, ClientConfig, RootCertStore};

/// TLS cannot be set up as asked.
#[derive(Debug, thiserror::Error)]
#[error("cannot set up TLS: {0}")]
pub struct TlsError(#[from] rustls::Error);

/// Makes TLS connections.
pub(crate) struct TlsClient {
    connector: TlsConnector,
}

impl TlsClient {
    /// `roots` are certificates of further authorities, DER.
    pub(crate) fn new(roots: &[Vec<u8>]) -> Result<TlsClient, TlsError> {
        let mut trusted = RootCertStore {
            roots: webpki_roots::TLS_SERVER_ROOTS.to_vec(),
        };
        for root in roots {
            trusted.add(CertificateDer::from(root.as_slice()))?;
        }
        let mut config = ClientConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()?
            .with_root_certificates(trusted)
            .with_no_client_auth();
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        config.resumption = Resumption::disabled();
        Ok(TlsClient {
            connector: TlsConnector::from(Arc::new(config)),
        })
    }

    pub(super) fn connector(&self) -> &TlsConnector {
        &self.connector
    }
}
