//! The first draft: its bindings. It has no steps of its own.

pub(crate) use bindings::wasi::keyvalue::{atomics, batch, store};

use crate::words::Words;
use store::{Bucket, Error, KeyResponse};

mod bindings {
    wit_bindgen::generate!({
        path: "../../crates/rusm-core/wit/keyvalue-0.2.0-draft.wit",
        world: "wasi:keyvalue/imports",
    });
}

/// An item of a `get-many`.
pub(crate) type Found = Option<(String, Vec<u8>)>;

pub(crate) fn told(found: Found) -> (Option<String>, Option<Vec<u8>>) {
    found.unzip()
}

/// A page of keys.
pub(crate) fn page(bucket: &Bucket, cursor: Option<&u64>) -> Result<KeyResponse, Error> {
    bucket.list_keys(cursor.copied())
}

/// What its own steps would keep.
#[derive(Debug, Default)]
pub(crate) struct Own(());

pub(crate) fn answer(command: &str, _: &mut Words, _: &mut Own) -> String {
    panic!("there is no step '{command}'")
}
