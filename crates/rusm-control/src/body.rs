//! The body of a request: piece by piece, bounded in bytes and in the time that the client may keep the node waiting.

use crate::budget::{Budget, Share};
use crate::error::{ApiError, Code};
use crate::patience::Patience;
use bytes::Bytes;
use http_body::Body as _;
use hyper::body::Incoming;
use std::future::poll_fn;
use std::pin::Pin;
use std::task::{Context, Poll};

/// What of a body that nobody wanted is read before the answer, so that a client which is still sending sees the answer.
const DRAIN_BYTES_MAX: u64 = 32 << 20;

#[derive(Debug)]
pub(crate) struct RequestBody {
    incoming: Incoming,
    patience: Patience,
    is_over: bool,
}

impl RequestBody {
    pub(crate) fn new(incoming: Incoming, patience: Patience) -> RequestBody {
        RequestBody {
            incoming,
            patience,
            is_over: false,
        }
    }

    /// Its length in bytes, if the client has said so.
    pub(crate) fn announced(&self) -> Option<usize> {
        let announced = self.incoming.size_hint().exact()?;
        Some(usize::try_from(announced).unwrap_or(usize::MAX))
    }

    /// The next piece; none at the end. After an error there is nothing more to be had.
    pub(crate) async fn piece(&mut self) -> Result<Option<Bytes>, ApiError> {
        let piece = poll_fn(|context| self.poll_piece(context)).await;
        self.is_over = !matches!(piece, Ok(Some(_)));
        piece
    }

    fn poll_piece(&mut self, context: &mut Context<'_>) -> Poll<Result<Option<Bytes>, ApiError>> {
        if self.is_over {
            return Poll::Ready(Ok(None));
        }
        loop {
            match Pin::new(&mut self.incoming).poll_frame(context) {
                Poll::Ready(None) => return Poll::Ready(Ok(None)),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Err(broken(&error))),
                Poll::Ready(Some(Ok(frame))) => {
                    // Fields behind the body say nothing here.
                    if let Ok(data) = frame.into_data() {
                        self.patience.moved(data.len());
                        return Poll::Ready(match self.patience.is_over() {
                            true => Err(late()),
                            false => Ok(Some(data)),
                        });
                    }
                }
                Poll::Pending if self.patience.poll_over(context).is_ready() => {
                    return Poll::Ready(Err(late()));
                }
                Poll::Pending => return Poll::Pending,
            }
        }
    }

    /// All of it, up to so many bytes. `what` names it to people.
    pub(crate) async fn collect(
        &mut self,
        what: &str,
        bytes_max: usize,
        budget: &Budget,
    ) -> Result<(Vec<u8>, Share), ApiError> {
        let too_large = || {
            let message = format!("{what} is longer than {bytes_max} bytes");
            ApiError::new(Code::TooLarge, message)
        };
        let announced = self.announced().unwrap_or(0);
        if announced > bytes_max {
            return Err(too_large());
        }
        let mut share = budget.take(announced)?;
        let mut reserved = announced;
        let mut bytes = Vec::with_capacity(announced);
        while let Some(piece) = self.piece().await? {
            let needed = bytes.len() + piece.len();
            if needed > bytes_max {
                return Err(too_large());
            }
            if needed > reserved {
                // As much again, as a growing vector takes.
                let grown = needed.saturating_mul(2).min(bytes_max);
                share.merge(budget.take(grown - reserved)?);
                bytes.reserve_exact(grown - bytes.len());
                reserved = grown;
            }
            bytes.extend_from_slice(&piece);
        }
        share.shrink_to(bytes.capacity());
        Ok((bytes, share))
    }

    /// Reads what is left, within bounds.
    pub(crate) async fn drain(&mut self) {
        let mut left = DRAIN_BYTES_MAX;
        while let Ok(Some(piece)) = self.piece().await {
            let n_bytes = u64::try_from(piece.len()).unwrap_or(u64::MAX);
            match left.checked_sub(n_bytes) {
                Some(less) => left = less,
                None => return,
            }
        }
    }
}

fn late() -> ApiError {
    ApiError::new(Code::Timeout, "the body did not arrive in time")
}

fn broken(error: &hyper::Error) -> ApiError {
    ApiError::bad_request(format!("the body is broken off or malformed: {error}"))
}
