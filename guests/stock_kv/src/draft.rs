//! The second draft: its bindings, and what it has of its own.

pub(crate) use bindings::wasi::keyvalue::{atomics, batch, store};

use crate::words::{Words, number, shown, text, value, word};

use atomics::{Cas, CasError};
use store::{Bucket, Error, KeyResponse};

mod bindings {
    wit_bindgen::generate!({
        path: "../../crates/rusm-core/wit/keyvalue-0.2.0-draft2.wit",
        world: "wasi:keyvalue/imports",
    });
}

/// An item of a `get-many`.
pub(crate) type Found = (String, Option<Vec<u8>>);

pub(crate) fn told((key, value): Found) -> (Option<String>, Option<Vec<u8>>) {
    (Some(key), value)
}

/// A page of keys.
pub(crate) fn page(bucket: &Bucket, cursor: Option<&String>) -> Result<KeyResponse, Error> {
    bucket.list_keys(cursor.map(String::as_str))
}

/// The handle that later steps use.
#[derive(Debug, Default)]
pub(crate) struct Own(Option<Cas>);

impl Own {
    fn take(&mut self) -> Cas {
        self.0.take().expect("`cas` comes first")
    }
}

/// One of this draft's own steps.
pub(crate) fn answer(command: &str, words: &mut Words, own: &mut Own) -> String {
    match command {
        "cas" => {
            let key = word(words);
            match Cas::new(words.bucket(), &key) {
                Ok(cas) => {
                    own.0 = Some(cas);
                    "ok".to_owned()
                }
                Err(error) => shown(&error),
            }
        }
        "current" => {
            let cas = own.take();
            let current = value(cas.current());
            own.0 = Some(cas);
            current
        }
        "swap" => match atomics::swap(own.take(), word(words).as_bytes()) {
            Ok(()) => "ok".to_owned(),
            Err(CasError::CasFailed(again)) => {
                own.0 = Some(again);
                "failed".to_owned()
            }
            Err(CasError::StoreError(error)) => shown(&error),
        },
        "hold" => hold(words),
        "count" => {
            let (key, n_times) = (word(words), number(words));
            let late: u64 = (0..n_times).map(|_| add_one(words, &key)).sum();
            late.to_string()
        }
        other => panic!("there is no step '{other}'"),
    }
}

fn hold(words: &mut Words) -> String {
    let (key, most) = (word(words), number(words));
    let mut held = Vec::new();
    let refused = (0..most).find_map(|_| match Cas::new(words.bucket(), &key) {
        Ok(cas) => {
            held.push(cas);
            None
        }
        Err(error) => Some(shown(&error)),
    });
    format!("{} {}", held.len(), refused.unwrap_or_default())
}

/// Adds 1 to a number by swapping until it is in time; answers how often it was not.
fn add_one(words: &Words, key: &str) -> u64 {
    let mut cas = Cas::new(words.bucket(), key).expect("it may be read");
    let mut n_late = 0;
    loop {
        let seen = cas.current().expect("it may be read");
        let seen: u64 = seen.map_or(0, |value| text(&value).parse().expect("it is a number"));
        match atomics::swap(cas, (seen + 1).to_string().as_bytes()) {
            Ok(()) => return n_late,
            Err(CasError::CasFailed(again)) => cas = again,
            Err(CasError::StoreError(error)) => panic!("{error:?}"),
        }
        n_late += 1;
    }
}
