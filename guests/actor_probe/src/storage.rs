//! The key-value store. How values, keys and texts are written stands in the crate's documentation.

use std::fmt::Write;

use rusm_sdk::kv::{self, Op, Page};

use crate::answer::{Answer, answer, done};
use crate::script::{Script, fail, number};

/// A longer value is told by its length.
const TOLD_MAX: usize = 256;

pub(crate) fn run(command: &str, script: &mut Script) -> bool {
    let answer = match command {
        "kv-get" => {
            let (bucket, key) = (text(&script.word()), text(&script.word()));
            answer(kv::get(&bucket, &key), |value| {
                value.map_or("none".into(), |value| told(&value))
            })
        }
        "kv-put" => {
            let (bucket, key) = (text(&script.word()), text(&script.word()));
            done(kv::put(&bucket, &key, &value(&script.text())))
        }
        "kv-delete" => {
            let (bucket, key) = (text(&script.word()), text(&script.word()));
            answer(kv::delete(&bucket, &key), |was_there| was_there.to_string())
        }
        "kv-list" => list(script),
        "kv-transact" => {
            let bucket = text(&script.word());
            done(kv::transact(&bucket, &ops(script)))
        }
        "kv-increment" => {
            let (bucket, key, by) = (text(&script.word()), text(&script.word()), script.number());
            answer(kv::increment(&bucket, &key, by), |value| value.to_string())
        }
        "kv-get-often" => often(script, |bucket, key| kv::get(bucket, key).map(drop)),
        "kv-increment-often" => often(script, |bucket, key| {
            kv::increment(bucket, key, 1).map(drop)
        }),
        _ => return false,
    };
    script.report(command, &answer);
    true
}

fn list(script: &mut Script) -> Answer {
    let bucket = text(&script.word());
    let prefix = script
        .optional_word()
        .map_or(String::new(), |word| text(&word));
    let start = script.optional_word().filter(|word| word != "-");
    let start = start.map(|word| text(&word));
    let limit = script.optional_word().map_or(1_000, |word| number(&word));
    answer(
        kv::list(&bucket, &prefix, start.as_deref(), limit),
        |page| listed(&page),
    )
}

/// `KEY=VALUE ..`, and ` next=KEY` unless it is the end.
fn listed(page: &Page) -> String {
    let pairs = page.pairs.iter();
    let pairs = pairs.map(|pair| format!("{}={}", pair.key, told(&pair.value)));
    let next = page.next.as_ref().map(|next| format!("next={next}"));
    let words: Vec<String> = pairs.chain(next).collect();
    words.join(" ")
}

/// The rest of the step, as operations of one transaction.
fn ops(script: &mut Script) -> Vec<Op> {
    let mut ops = Vec::new();
    while let Some(kind) = script.optional_word() {
        match kind.as_str() {
            "put" => ops.push(put(script, None)),
            "put-for" => {
                let expires_ms = script.number();
                ops.push(put(script, Some(expires_ms)));
            }
            "delete" => ops.push(Op::Delete(text(&script.word()))),
            "expect" => ops.push(Op::Expect {
                key: text(&script.word()),
                value: Some(value(&script.word())),
            }),
            "absent" => ops.push(Op::Expect {
                key: text(&script.word()),
                value: None,
            }),
            "puts" => {
                let (n_puts, value): (u32, _) = (script.number(), value(&script.word()));
                ops.extend((0..n_puts).map(|n| Op::Put {
                    key: format!("{n:06}"),
                    value: value.clone(),
                    expires_ms: None,
                }));
            }
            other => fail(format_args!("'{other}' is no operation of a transaction")),
        }
    }
    ops
}

fn put(script: &mut Script, expires_ms: Option<u64>) -> Op {
    Op::Put {
        key: text(&script.word()),
        value: value(&script.word()),
        expires_ms,
    }
}

/// The same operation again and again, until it is refused.
fn often(
    script: &mut Script,
    mut operate: impl FnMut(&str, &str) -> Result<(), kv::KvError>,
) -> Answer {
    let (bucket, key, n_times) = (text(&script.word()), text(&script.word()), script.number());
    done((0..n_times).try_for_each(|_: u64| operate(&bucket, &key)))
}

fn text(word: &str) -> String {
    match word.split_once(':') {
        _ if word == "-" => String::new(),
        Some(("letters", n_letters)) => "x".repeat(number(n_letters)),
        Some(("control", rest)) => format!("\u{1b}{rest}"),
        _ => word.to_owned(),
    }
}

fn value(word: &str) -> Vec<u8> {
    match word.split_once(':') {
        Some(("hex", digits)) => bytes_of(digits),
        Some(("bytes", n_bytes)) => pattern(number(n_bytes)).collect(),
        _ => word.into(),
    }
}

fn told(value: &[u8]) -> String {
    if value.len() > TOLD_MAX {
        let whole = value.iter().copied().eq(pattern(value.len()));
        let word = if whole { "bytes" } else { "other" };
        return format!("{word}:{}", value.len());
    }
    match std::str::from_utf8(value) {
        Ok(text) if !text.contains(char::is_control) => text.to_owned(),
        _ => hex_of(value),
    }
}

/// Bytes that differ from place to place.
fn pattern(n_bytes: usize) -> impl Iterator<Item = u8> {
    (0..=250).cycle().take(n_bytes)
}

fn bytes_of(digits: &str) -> Vec<u8> {
    let pairs = digits.as_bytes().chunks(2);
    let byte = |pair| u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok();
    let bytes: Option<Vec<u8>> = pairs.map(byte).collect();
    bytes.unwrap_or_else(|| fail(format_args!("'{digits}' are no hexadecimal digits")))
}

fn hex_of(bytes: &[u8]) -> String {
    let mut text = "hex:".to_owned();
    for byte in bytes {
        write!(text, "{byte:02x}").expect("a text takes all that is written to it");
    }
    text
}
