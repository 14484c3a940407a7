//! `rusm kv`: on the file of a stopped node, on a running node, and with whatever a guest may have written.

mod broken;
mod commands;
mod exports;

use crate::support::{Outcome, Place, Run};

const APP: &str = "[app]\nname = \"shop\"\n[node]\nstore = \"data/shop.redb\"\n";

/// A place with an app that has a store, which is not made yet.
fn shop() -> Place {
    let place = Place::new();
    place.write("rusm.toml", APP);
    place
}

fn kv(place: &Place, args: &[&str]) -> Run {
    place.rusm(["kv"].iter().chain(args))
}

/// Runs it, and takes what it printed.
#[track_caller]
fn prints(place: &Place, args: &[&str]) -> String {
    kv(place, args).finish().ends_with(0).stdout().to_owned()
}

/// Puts text values.
#[track_caller]
fn put_all(place: &Place, bucket: &str, pairs: &[(&str, &str)]) {
    for (key, value) in pairs {
        kv(place, &["put", bucket, key, value])
            .finish()
            .ends_with(0);
    }
}

/// Fails with the exit code, and says these words.
#[track_caller]
fn fails(place: &Place, code: i32, args: &[&str], words: &[&str]) -> Outcome {
    kv(place, args).finish().ends_with(code).says(words)
}
