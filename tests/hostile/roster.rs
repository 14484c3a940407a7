//! Who attacks: every [`Attack`] of this suite, counted.

use super::attack::Attack;
use super::{bombs, bounds, breeding, dialects, floods, handles, loops, numbers};
use super::{paths, rights, secrets, storage, streams, words};
use crate::support::GuestPath;
use std::collections::BTreeSet;

/// Each of these lists is let loose by tests of its own file.
fn roster() -> Vec<Attack> {
    let lists = [
        bombs::attacks(),
        bounds::attacks(),
        breeding::attacks(),
        dialects::attacks(),
        floods::attacks(),
        handles::attacks(),
        loops::attacks(),
        numbers::attacks(),
        paths::attacks(),
        rights::attacks(),
        secrets::attacks(),
        storage::attacks(),
        streams::attacks(),
        words::attacks(),
    ];
    lists.into_iter().flatten().collect()
}

/// At least so many, each under a name of its own.
#[test]
fn the_roster_is_long_and_names_nobody_twice() {
    let roster = roster();
    let names: BTreeSet<&str> = roster.iter().map(|attack| attack.name).collect();
    assert_eq!(names.len(), roster.len(), "a name stands there twice");
    let guests = || roster.iter().flat_map(|attack| &attack.guests);
    let of_path = |path| guests().filter(|guest| guest.path() == path).count();
    let forged = guests().filter(|guest| guest.is_forged()).count();
    for (what, number, at_least) in [
        ("attacks", roster.len(), 300),
        ("core modules", of_path(GuestPath::Core), 200),
        ("components", of_path(GuestPath::Component), 130),
        ("written by hand", forged, 220),
    ] {
        assert!(number >= at_least, "{number} {what}");
    }
}
