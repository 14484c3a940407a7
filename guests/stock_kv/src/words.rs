//! The steps that both drafts have: what differs between them is in the bindings of the crate that this file is compiled in.
//!
//! The arguments are steps, separated by the word `then`. Each prints one line, `STEP=ANSWER`. An error is answered as `no-such-store`,
//! `access-denied` or `other:TEXT`, a value that is too long for a line by its length.
//!
//! | step | answers |
//! |---|---|
//! | `open NAME` | `ok`; later steps use this bucket |
//! | `get KEY` | the value, or `none` |
//! | `set KEY VALUE`, `delete KEY` | `ok` |
//! | `size KEY N` | `ok`, after setting a value of N bytes |
//! | `exists KEY` | `true` or `false` |
//! | `list CURSOR` | the keys of one page, or their number if there are many, and the cursor after it, or `end`; `-` is no cursor |
//! | `walk` | the lengths of all pages, and whether the keys came in order, each once |
//! | `drain` | how many keys it removed, page by page, while it listed them |
//! | `get-many KEY..` | `KEY:VALUE` for each; `-` for a key or value that is not told |
//! | `set-many KEY VALUE ..`, `delete-many KEY..` | `ok` |
//! | `fill N` | `ok`, after setting N keys in the order of their numbers |
//! | `empty-batches` | the answers of all three with nothing in them |
//! | `batch N LENGTH` | the answer to one `set-many` of N values of this length |
//! | `fetch KEY N` | the answer to one `get-many` that asks for the same key N times |
//! | `increment KEY N` | the new number |
//! | `until KEY` | `ok`, once the key is there |
//! | `opens N` | how many handles could be made, up to N, and why no more; all are closed afterwards |
//! | `say TEXT` | the text |

use crate::draft::{self, Found, Own, atomics, batch, store};
use std::collections::VecDeque;
use std::fmt::Display;
use std::io::Write;
use std::time::Duration;

/// What of a step is not yet read, and the bucket that it is about.
#[derive(Debug)]
pub(crate) struct Words {
    left: VecDeque<String>,
    bucket: Option<store::Bucket>,
}

impl Words {
    pub(crate) fn bucket(&self) -> &store::Bucket {
        self.bucket.as_ref().expect("`open` comes first")
    }
}

/// The next word of the step. `%N` is N times the letter k: a key that is too long for a command line.
pub(crate) fn word(words: &mut Words) -> String {
    let word = words.left.pop_front().expect("a parameter is missing");
    match word.strip_prefix('%') {
        Some(length) => "k".repeat(length.parse().expect("it is a number")),
        None => word,
    }
}

pub(crate) fn number(words: &mut Words) -> u64 {
    word(words).parse().expect("it is a number")
}

fn length(words: &mut Words) -> usize {
    word(words).parse().expect("it is a number")
}

fn rest(words: &mut Words) -> Vec<String> {
    let n_left = words.left.len();
    (0..n_left).map(|_| word(words)).collect()
}

/// Runs the steps of the command line.
pub(crate) fn run() {
    let args: Vec<_> = std::env::args().skip(1).collect();
    let (mut bucket, mut own) = (None, Own::default());
    for step in args.split(|arg| arg == "then") {
        let mut words = Words {
            left: step.iter().cloned().collect(),
            bucket,
        };
        let command = word(&mut words);
        let answer = match answer(&command, &mut words) {
            Some(answer) => answer,
            None => draft::answer(&command, &mut words, &mut own),
        };
        writeln!(std::io::stdout(), "{command}={answer}").expect("there is a log");
        bucket = words.bucket;
    }
}

fn answer(command: &str, words: &mut Words) -> Option<String> {
    Some(match command {
        "open" => match store::open(&word(words)) {
            Ok(bucket) => {
                words.bucket = Some(bucket);
                "ok".to_owned()
            }
            Err(error) => shown(&error),
        },
        "get" => {
            let key = word(words);
            value(words.bucket().get(&key))
        }
        "set" => {
            let (key, value) = (word(words), word(words));
            done(words.bucket().set(&key, value.as_bytes()))
        }
        "size" => {
            let (key, n_bytes) = (word(words), length(words));
            done(words.bucket().set(&key, &vec![b'v'; n_bytes]))
        }
        "delete" => {
            let key = word(words);
            done(words.bucket().delete(&key))
        }
        "exists" => {
            let key = word(words);
            told(words.bucket().exists(&key))
        }
        "increment" => {
            let (key, by) = (word(words), word(words));
            let by = by.parse().expect("it is a number");
            told(atomics::increment(words.bucket(), &key, by))
        }
        "until" => {
            let key = word(words);
            while matches!(words.bucket().exists(&key), Ok(false)) {
                std::thread::sleep(Duration::from_millis(1));
            }
            "ok".to_owned()
        }
        "opens" => opens(number(words)),
        "say" => word(words),
        "list" => list(words),
        "walk" => walk(words.bucket()),
        "drain" => drain(words.bucket()),
        _ => return many(command, words),
    })
}

/// Steps about many keys at once.
fn many(command: &str, words: &mut Words) -> Option<String> {
    Some(match command {
        "get-many" => {
            let keys = rest(words);
            match batch::get_many(words.bucket(), &keys) {
                Ok(found) => found.into_iter().map(item).collect::<Vec<_>>().join(" "),
                Err(error) => shown(&error),
            }
        }
        "set-many" => {
            let pairs = rest(words);
            let pair = |pair: &[String]| match pair {
                [key, value] => (key.clone(), value.clone().into_bytes()),
                _ => panic!("a value is missing"),
            };
            let pairs: Vec<_> = pairs.chunks(2).map(pair).collect();
            done(batch::set_many(words.bucket(), &pairs))
        }
        "delete-many" => {
            let keys = rest(words);
            done(batch::delete_many(words.bucket(), &keys))
        }
        "fill" => {
            let keys: Vec<_> = (0..number(words)).map(nth).collect();
            let filled = keys.chunks(1_000).try_for_each(|keys| {
                let pairs: Vec<_> = keys.iter().map(|key| (key.clone(), Vec::new())).collect();
                batch::set_many(words.bucket(), &pairs)
            });
            done(filled)
        }
        "empty-batches" => {
            let bucket = words.bucket();
            let got = batch::get_many(bucket, &[]).map(|found| found.len());
            let (set, deleted) = (
                batch::set_many(bucket, &[]),
                batch::delete_many(bucket, &[]),
            );
            format!("{} {} {}", told(got), done(set), done(deleted))
        }
        "batch" => {
            let (n_pairs, n_bytes) = (number(words), length(words));
            let pairs: Vec<_> = (0..n_pairs)
                .map(|n| (nth(n), vec![b'v'; n_bytes]))
                .collect();
            done(batch::set_many(words.bucket(), &pairs))
        }
        "fetch" => {
            let (key, n_times) = (word(words), length(words));
            told(batch::get_many(words.bucket(), &vec![key; n_times]).map(|found| found.len()))
        }
        _ => return None,
    })
}

fn nth(n: u64) -> String {
    format!("key-{n:06}")
}

fn list(words: &mut Words) -> String {
    let cursor = Some(word(words)).filter(|cursor| cursor != "-");
    let cursor = cursor.map(|cursor| cursor.parse().expect("it is a cursor"));
    match draft::page(words.bucket(), cursor.as_ref()) {
        Ok(page) => {
            let next = page
                .cursor
                .map_or("end".to_owned(), |next| next.to_string());
            match page.keys.len() {
                0..=10 => format!("{} {next}", page.keys.join(",")),
                n_keys => format!("{n_keys} {next}"),
            }
        }
        Err(error) => shown(&error),
    }
}

fn walk(bucket: &store::Bucket) -> String {
    let (mut cursor, mut all, mut lengths) = (None, Vec::new(), Vec::new());
    loop {
        let page = match draft::page(bucket, cursor.as_ref()) {
            Ok(page) => page,
            Err(error) => return shown(&error),
        };
        lengths.push(page.keys.len().to_string());
        all.extend(page.keys);
        cursor = page.cursor;
        if cursor.is_none() {
            let is_sorted = all.is_sorted_by(|a, b| a < b);
            return format!("{} sorted={is_sorted}", lengths.join("+"));
        }
    }
}

fn drain(bucket: &store::Bucket) -> String {
    let (mut cursor, mut n_removed) = (None, 0);
    loop {
        let page = match draft::page(bucket, cursor.as_ref()) {
            Ok(page) => page,
            Err(error) => return shown(&error),
        };
        n_removed += page.keys.len();
        if let Err(error) = batch::delete_many(bucket, &page.keys) {
            return shown(&error);
        }
        cursor = page.cursor;
        if cursor.is_none() {
            return n_removed.to_string();
        }
    }
}

fn opens(most: u64) -> String {
    let mut opened = Vec::new();
    let refused = (0..most).find_map(|_| match store::open("many") {
        Ok(bucket) => {
            opened.push(bucket);
            None
        }
        Err(error) => Some(shown(&error)),
    });
    format!("{} {}", opened.len(), refused.unwrap_or_default())
}

/// One answer of a `get-many`: what it tells of key and value.
fn item(found: Found) -> String {
    let (key, value) = draft::told(found);
    let value = value.map(|value| text(&value));
    let [key, value] = [key, value].map(|told| told.unwrap_or("-".to_owned()));
    format!("{key}:{value}")
}

fn done(result: Result<(), store::Error>) -> String {
    told(result.map(|()| "ok"))
}

fn told<T: Display>(result: Result<T, store::Error>) -> String {
    match result {
        Ok(value) => value.to_string(),
        Err(error) => shown(&error),
    }
}

pub(crate) fn value(result: Result<Option<Vec<u8>>, store::Error>) -> String {
    told(result.map(|value| value.map_or("none".to_owned(), |value| text(&value))))
}

pub(crate) fn text(value: &[u8]) -> String {
    if value.len() > 100 {
        return format!("{} bytes", value.len());
    }
    String::from_utf8_lossy(value).into_owned()
}

pub(crate) fn shown(error: &store::Error) -> String {
    match error {
        store::Error::NoSuchStore => "no-such-store".to_owned(),
        store::Error::AccessDenied => "access-denied".to_owned(),
        store::Error::Other(text) => format!("other:{text}"),
    }
}
