//! `rusm kv get`: one value.

use super::access::{Access, Asked, COMPARED_MAX, nearest_bucket};
use super::shown::{json, plain_text, whole};
use crate::args::GetArgs;
use crate::place::nearest;
use crate::report::{Console, Failure, Kind, print_bytes, print_result};
use std::io::{self, IsTerminal};

pub(super) fn get(args: &GetArgs, store: &dyn Access, console: Console) -> Result<u8, Failure> {
    let (bucket, key) = (&args.of.bucket, args.of.key()?);
    let Some(entry) = store.get(bucket, &key)? else {
        return Err(absent(bucket, &key, store)?);
    };
    if args.json {
        print_result(&(json(&entry) + "\n"))?;
    } else if io::stdout().is_terminal() {
        print_result(&(whole(&entry.value) + "\n"))?;
        if plain_text(&entry.value).is_none() {
            console.print("behind a pipe or with > FILE its very bytes are written\n");
        }
    } else {
        print_bytes(&entry.value)?;
    }
    Ok(0)
}

/// What is said of a key that is not there.
fn absent(bucket: &str, key: &str, store: &dyn Access) -> Result<Failure, Failure> {
    let asked = Asked {
        bucket,
        prefix: "",
        start: None,
        limit: COMPARED_MAX,
    };
    let keys = store.keys(&asked)?.items;
    let help = if keys.is_empty() {
        nearest_bucket(bucket, store)?.map(|near| format!("did you mean bucket '{near}'?"))
    } else {
        let near = nearest(key, keys.iter().map(String::as_str));
        near.map(|near| format!("did you mean '{near}'?"))
    };
    let message = format!("bucket '{bucket}' has no key '{key}'");
    Ok(Failure::new(Kind::General, message).maybe_help(help))
}
