//! Long results: [`Long`], and `take`, which fetches one that waits.

use super::Call;
use crate::abi::reason;
use crate::guest::GuestState;
use rusm_abi::{List, MODULE, Pair, Record, Writer};
use rusm_actor::{Event, Payload};
use rusm_kv::{Entry, Page};
use wasmtime::{Caller, Linker};

/// A result as the kernel or the host holds it: nothing is copied until it is written to the guest.
#[derive(Debug)]
pub(super) enum Long {
    Event(Event),
    Payload(Payload),
    Page(Page),
    Bytes(Vec<u8>),
}

impl Long {
    pub(super) fn record<'a>(record: &impl Record<'a>) -> Self {
        Self::Bytes(encoded(record))
    }

    pub(super) fn len(&self) -> usize {
        match self {
            Self::Event(event) => as_event(event).encoded_len(),
            Self::Payload(payload) => payload.len(),
            Self::Page(page) => with_page(page, |page| page.encoded_len()),
            Self::Bytes(bytes) => bytes.len(),
        }
    }

    /// Writes all of it into room of its length.
    pub(super) fn write(&self, room: &mut [u8]) {
        let mut room = Writer::new(room);
        let written = match self {
            Self::Event(event) => as_event(event).write(&mut room),
            Self::Payload(payload) => room.bytes(payload.as_slice()),
            Self::Page(page) => with_page(page, |page| page.write(&mut room)),
            Self::Bytes(bytes) => room.bytes(bytes),
        };
        written.expect("the room was opened for this length");
    }
}

/// A length as it is answered to the guest.
pub(super) fn answered(n_bytes: usize) -> i32 {
    i32::try_from(n_bytes).expect("payloads and lists are bounded far below 2 GiB")
}

/// A record in bytes of its own.
pub(super) fn encoded<'a>(record: &impl Record<'a>) -> Vec<u8> {
    let mut bytes = vec![0; record.encoded_len()];
    record
        .encode(&mut bytes)
        .expect("the room is as long as the record");
    bytes
}

/// Does something with a page as it crosses the border.
fn with_page<T>(page: &Page, act: impl FnOnce(&rusm_abi::Page<'_>) -> T) -> T {
    let pairs: Vec<Pair<'_>> = page.entries.iter().map(pair).collect();
    act(&rusm_abi::Page {
        next: page.next.as_deref(),
        pairs: List::Slice(&pairs),
    })
}

fn pair(entry: &Entry) -> Pair<'_> {
    Pair {
        key: &entry.key,
        value: &entry.value,
    }
}

fn as_event(event: &Event) -> rusm_abi::Event<'_> {
    match event {
        Event::Message(message) => rusm_abi::Event::Message {
            sender: message.from.as_u64(),
            tag: message.tag,
            payload: message.payload.as_slice(),
        },
        Event::Request(request) => rusm_abi::Event::Request {
            id: request.id.as_u64(),
            sender: request.from.as_u64(),
            tag: request.tag,
            payload: request.payload.as_slice(),
        },
        Event::Exit { from, reason: why } => rusm_abi::Event::Exit {
            sender: from.as_u64(),
            reason: reason(why),
        },
        Event::Down {
            monitor,
            pid,
            reason: why,
        } => rusm_abi::Event::Down {
            monitor: monitor.as_u64(),
            process: pid.as_u64(),
            reason: reason(why),
        },
    }
}

pub(super) fn add_to_linker(linker: &mut Linker<GuestState>) -> wasmtime::Result<()> {
    linker.func_wrap(MODULE, "take", take)?;
    Ok(())
}

fn take(mut caller: Caller<'_, GuestState>, buffer: i32, length: i32) -> wasmtime::Result<i32> {
    let call = Call::resume(&mut caller)?;
    let room = call.memory.room(buffer, length)?;
    match call.state.raw.waiting.take() {
        // What does not fit goes on waiting.
        Some(long) => Ok(call.long(room, Ok(*long))?),
        None => Ok(0),
    }
}
