//! `GET /v1/kv/export`: every entry of one moment, as lines of JSON.
//!
//! All comes from one snapshot, which keeps old pages of the file alive and a compaction away for as long as it is held. It is read page
//! by page, the next when the client has taken the one before; a client has [`crate::patience`] of its own, and who is slower than that
//! is cut off, which gives the snapshot back. So it is held for at most 30 s and a second for each 256 KiB of the export.

use super::{EXPORTS_MAX, Kv, PAGE_MEMORY, blocking, of_bucket, of_read, of_write};
use crate::budget::Share;
use crate::crew::Member;
use crate::error::{ApiError, Code};
use crate::reply::{Cut, Reply};
use crate::request::Request;
use bytes::Bytes;
use rusm_kv::{Batch, ReadError, Snapshot};
use std::sync::Arc;
use tokio::sync::{OwnedSemaphorePermit, mpsc};

/// Bytes of values that are read at once, besides the first.
const PAGE_BYTES: usize = 256 * 1024;
const PAGE_ENTRIES: usize = 1_000;
/// Bytes that are handed on at once.
const PIECE_BYTES: usize = 64 * 1024;

pub(super) async fn export(kv: Kv, request: &mut Request) -> Result<Reply, ApiError> {
    let only = request.query.text("bucket");
    request.query.finish()?;
    let place = Arc::clone(&kv.exports).try_acquire_owned().map_err(|_| {
        let message = format!("{EXPORTS_MAX} exports or a compaction are under way");
        ApiError::new(Code::Busy, message).help("try again when they are done")
    })?;
    let share = request.budget.take(PAGE_MEMORY)?;
    let snapshot = kv.snapshot(request).await?;
    let cursor = blocking(move || Cursor::new(snapshot, only)).await??;
    // With no room of its own it never reads more than one page ahead of the client.
    let (pieces, taken) = mpsc::channel(1);
    let held = (place, share, request.member.join());
    tokio::spawn(produce(held, cursor, pieces));
    Ok(Reply::lines(taken))
}

/// Reads on as the client takes; ends when it is gone.
async fn produce(
    // Given back behind everything else.
    _held: (OwnedSemaphorePermit, Share, Member),
    mut cursor: Cursor,
    pieces: mpsc::Sender<Result<Bytes, Cut>>,
) {
    loop {
        let read = blocking(move || {
            let page = cursor.page();
            (cursor, page)
        });
        let failed = match read.await {
            Ok((after, Ok(Some(mut page)))) => {
                cursor = after;
                while !page.is_empty() {
                    let piece = page.split_to(page.len().min(PIECE_BYTES));
                    if pieces.send(Ok(piece)).await.is_err() {
                        return;
                    }
                }
                continue;
            }
            Ok((_, Ok(None))) => return,
            Ok((_, Err(error))) => error.to_string(),
            Err(error) => error.to_string(),
        };
        // Whoever does not take it sees that the end is missing, too.
        let _cut = pieces.send(Err(Cut(failed))).await;
        return;
    }
}

/// Where an export has come to.
struct Cursor {
    snapshot: Snapshot,
    /// The bucket and the key to go on from; none at the end.
    at: Option<(String, Option<String>)>,
    is_only: bool,
}

impl Cursor {
    fn new(snapshot: Snapshot, only: Option<String>) -> Result<Cursor, ApiError> {
        let is_only = only.is_some();
        let first = first_bucket(&snapshot, only.as_deref()).map_err(of_read)?;
        if let Some(only) = only
            && first.as_ref() != Some(&only)
        {
            Batch::new(&only).map_err(of_write)?;
            let message = format!("there is no bucket {only:?}");
            return Err(ApiError::new(Code::NotFound, message));
        }
        Ok(Cursor {
            snapshot,
            at: first.map(|first| (first, None)),
            is_only,
        })
    }

    /// The next lines; there may be none in them. None at the end.
    fn page(&mut self) -> Result<Option<Bytes>, ReadError> {
        let Some((bucket, start)) = self.at.take() else {
            return Ok(None);
        };
        let page = self
            .snapshot
            .list(&bucket, "", start.as_deref(), PAGE_ENTRIES, PAGE_BYTES)?;
        let mut lines = Vec::new();
        for entry in page.entries {
            lines.append(&mut of_bucket(&bucket, entry).to_line());
            lines.push(b'\n');
        }
        self.at = match page.next {
            Some(next) => Some((bucket, Some(next))),
            None if self.is_only => None,
            // No name has a control character, so nothing is between a name and this.
            None => first_bucket(&self.snapshot, Some(&format!("{bucket}\0")))?
                .map(|bucket| (bucket, None)),
        };
        Ok(Some(Bytes::from(lines)))
    }
}

fn first_bucket(snapshot: &Snapshot, start: Option<&str>) -> Result<Option<String>, ReadError> {
    let found = snapshot.buckets(start, 1)?;
    Ok(found.buckets.into_iter().next().map(|bucket| bucket.name))
}
