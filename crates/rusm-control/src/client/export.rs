//! An export as it comes.

use super::{Client, ClientError, kv};
use bytes::{Buf as _, Bytes};
use http::Method;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use std::io::{self, BufRead, Read};

impl Client {
    /// Every entry of one moment, or of one bucket, as lines of JSON (see [`Entry::from_line`](crate::Entry::from_line)).
    ///
    /// # Errors
    /// [`ClientError`], also when there is no such bucket.
    pub fn export(&self, bucket: Option<&str>) -> Result<Export<'_>, ClientError> {
        let target = kv(["export"]).with("bucket", bucket);
        let answer = self.exchange(Method::GET, target, Bytes::new());
        Ok(Export {
            client: self,
            body: self.runtime.block_on(answer)?.into_body(),
            piece: Bytes::new(),
        })
    }
}

/// The lines of an export. It ends with an error if it does not come to its end.
///
/// What is not read in time (30 s in all, and a second for each 256 KiB) is cut off by the node.
#[derive(Debug)]
pub struct Export<'c> {
    client: &'c Client,
    body: Incoming,
    piece: Bytes,
}

impl BufRead for Export<'_> {
    fn fill_buf(&mut self) -> io::Result<&[u8]> {
        while self.piece.is_empty() {
            let frame = self.client.runtime.block_on(self.body.frame());
            let Some(frame) = frame else {
                break;
            };
            self.piece = frame
                .map_err(io::Error::other)?
                .into_data()
                .unwrap_or_default();
        }
        Ok(&self.piece)
    }

    fn consume(&mut self, n_bytes: usize) {
        self.piece.advance(n_bytes.min(self.piece.len()));
    }
}

impl Read for Export<'_> {
    fn read(&mut self, to: &mut [u8]) -> io::Result<usize> {
        let n_bytes = self.fill_buf()?.read(to)?;
        self.consume(n_bytes);
        Ok(n_bytes)
    }
}
