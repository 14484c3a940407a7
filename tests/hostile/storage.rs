//! The store: buckets of others under names like one's own, the wrong kind of access, questions about what is not one's business,
//! writes that nobody waits for, more of everything than fits, and records and numbers that lie.

mod crowds;
mod filling;
mod names;
mod records;

use super::arena::{Arena, eventually, fight_in};
use super::attack::{Attack, both};
use crate::app::scripted;
use crate::support::GuestPath;
use crate::trial::nothing;
use crowds::{AT_ONCE, endless, unwaited};
use filling::{FULL, filling};
use names::look_alikes;
use records::{numbers, records, sizes};
use rusm_caps::{BucketSet, KvGrant, Limits, Profile, Recorded};
use rusm_core::{ExitReason, ProcessHandle};
use rusm_kv::{Batch, Options, Store};
use std::collections::BTreeSet;

/// What the bucket of others holds, before and after.
const SECRETS: [(&str, &str); 2] = [("key", "treasure"), ("number", "7")];

/// Every import of a component.
const KV: &[&str] = &[
    "kv-get",
    "kv-put",
    "kv-delete",
    "kv-list",
    "kv-transact",
    "kv-increment",
];

pub(super) fn attacks() -> Vec<Attack> {
    let lists = [
        of_others(),
        look_alikes(),
        wrong_access(),
        records(),
        sizes(),
        numbers(),
        endless(),
        unwaited(),
        filling(),
    ];
    lists.into_iter().flatten().collect()
}

/// May read some buckets and write some.
fn granted(read: &[&str], write: &[&str]) -> Profile {
    let set = |patterns: &[&str]| {
        let patterns = patterns.iter().map(|text| text.parse());
        let patterns: Result<_, _> = patterns.collect();
        BucketSet::Listed(patterns.expect("they are names"))
    };
    storing(KvGrant {
        read: set(read),
        write: set(write),
    })
}

/// A bucket of its own, and those whose names begin in a certain way.
fn own() -> Profile {
    granted(&["mine", "mine-*"], &["mine", "mine-*"])
}

fn everything() -> Profile {
    storing(KvGrant::every())
}

fn storing(grant: KvGrant) -> Profile {
    let builder = nothing().to_builder("storing").storage(grant);
    builder.build().expect("it can be honoured")
}

fn bounded(change: impl Fn(&mut Limits)) -> Profile {
    let builder = own().to_builder("bounded").with_limits(change);
    builder.build().expect("the bounds are in range")
}

/// Bytes as the text format writes them.
fn data(at: usize, bytes: &[u8]) -> String {
    let bytes: String = bytes.iter().map(|byte| format!("\\{byte:02x}")).collect();
    format!(r#"(data (i32.const {at}) "{bytes}")"#)
}

/// One operation as the raw path writes it; `abi/raw.md` has the table.
fn op(kind: u32, expires_ms: u64, key: &[u8], value: Option<&[u8]>) -> Vec<u8> {
    let mut bytes = kind.to_le_bytes().to_vec();
    bytes.extend([0; 4]);
    bytes.extend(expires_ms.to_le_bytes());
    for text in [Some(key), value].into_iter().flatten() {
        bytes.extend(
            u32::try_from(text.len())
                .expect("it is short")
                .to_le_bytes(),
        );
        bytes.extend(text);
    }
    bytes
}

fn ops(count: u32, ops: &[Vec<u8>]) -> Vec<u8> {
    let mut bytes = count.to_le_bytes().to_vec();
    bytes.extend(ops.concat());
    bytes
}

/// What is of others, asked for by its name.
fn of_others() -> Vec<Attack> {
    let every = "kv-get secrets key then kv-put secrets key x then kv-delete secrets key then kv-list secrets
        then kv-transact secrets put key x then kv-transact secrets delete key then kv-transact secrets expect key treasure
        then kv-transact secrets expect key treasure put key x then kv-increment secrets number 1";
    vec![
        both("the bucket of others, by every import", every).under(own()).denied(&["storage"; 9]),
        both("the bucket of others, with no right at all", every).denied(&["storage"; 9]),
        both("whether there is such a bucket and such a key", "kv-get secrets key then kv-get secrets other then kv-get nowhere key
            then kv-delete secrets key then kv-delete secrets other then kv-delete nowhere key
            then kv-list secrets then kv-list secrets k then kv-list nowhere
            then kv-transact secrets absent key then kv-transact secrets absent other then kv-transact nowhere absent key
            then kv-transact secrets expect key treasure then kv-transact secrets expect key x then kv-transact nowhere expect key x
            then kv-increment secrets key 1 then kv-increment secrets number 1 then kv-increment nowhere key 1")
            .under(own())
            .shows(|outcome| {
                assert_eq!(outcome.lines.len(), 18);
                let answers: BTreeSet<_> = outcome.lines.iter().filter_map(|line| line.split_once('=')).map(|(_, answer)| answer).collect();
                assert_eq!(answers, BTreeSet::from(["denied:storage"]));
                // The records differ in the words that the guest itself chose.
                let asked = |record: &Recorded| record.sentence.replace("nowhere", "secrets").replace("other", "key");
                for kind in outcome.denied.chunks(3) {
                    let sentences: BTreeSet<_> = kind.iter().map(asked).collect();
                    assert!(sentences.len() <= 2, "{sentences:#?}");
                }
            }),
        both("a size or a name that cannot be, of what is not one's own", "kv-get letters:300 key then kv-get control:x key then kv-get - key
            then kv-get secrets letters:2000 then kv-get secrets - then kv-put secrets letters:2000 x then kv-delete secrets -
            then kv-list secrets - - 4000000000 then kv-transact secrets puts 1001 x then kv-increment control:x - 9223372036854775807")
            .under(own())
            .denied(&["storage"; 10])
            .shows(|outcome| assert!(outcome.lines.iter().all(|line| line.ends_with("=denied:storage")), "{:?}", outcome.lines)),
        both("everything again after giving it up", "kv-put mine kept x then drop storage then kv-get mine kept then kv-put mine kept y
            then kv-list mine then kv-delete mine kept then kv-transact mine absent kept")
            .under(own())
            .denied(&["storage"; 5]),
    ]
}

/// Reading by whoever may write, and the reverse.
fn wrong_access() -> Vec<Attack> {
    vec![
        both("writing where one may read", "kv-put secrets key x then kv-delete secrets key then kv-transact secrets put key x
            then kv-transact secrets delete key then kv-increment secrets number 1 then kv-get secrets key")
            .under(granted(&["secrets"], &["mine"]))
            .denied(&["storage"; 5])
            .shows(|outcome| assert_eq!(outcome.lines.last().map(String::as_str), Some("kv-get=ok:treasure"))),
        both("reading where one may write", "kv-get mine-r key then kv-list mine-r then kv-transact mine-r expect key x
            then kv-transact mine-r absent key then kv-transact mine-r then kv-increment mine-r number 1 then kv-put mine-r key x")
            .under(granted(&["other"], &["mine-r"]))
            .denied(&["storage"; 6]),
        both("a comparison among writes where one may not read", "kv-put mine-c a 1 then kv-transact mine-c put a 2 expect a 2 put b 3")
            .under(granted(&["other"], &["mine-c"]))
            .says(&["kv-put=ok", "kv-transact=denied:storage"]),
        both("a write among comparisons where one may not write", "kv-transact secrets expect key treasure expect number 7 delete key expect key treasure")
            .under(granted(&["secrets"], &[]))
            .says(&["kv-transact=denied:storage"]),
        both("the value of others by trying them", "kv-transact secrets expect key treasurd then kv-transact secrets expect key treasure
            then kv-transact secrets expect key treasurf")
            .under(granted(&[], &["secrets"]))
            .says(&["kv-transact=denied:storage"; 3]),
    ]
}

fn runs(
    arena: &Arena,
    path: GuestPath,
    name: &str,
    profile: Profile,
    script: &str,
) -> ProcessHandle {
    let spawn = scripted(name, arena.probe(path), script).profile(profile);
    arena
        .court
        .scenario
        .runtime
        .spawn(spawn)
        .expect("there is room for it")
}

#[track_caller]
fn kill(crowd: &[ProcessHandle]) {
    crowd.iter().for_each(ProcessHandle::kill);
    for one in crowd {
        assert_eq!(one.wait(), ExitReason::Killed);
    }
}

/// What was accepted is done soon, nothing waits then, and the next write is as good as ever.
#[track_caller]
fn goes_on(arena: &Arena) {
    eventually(|| match store(arena).status().waiting_writes {
        0 => Ok(()),
        waiting => Err(format!("{waiting} writes wait for nobody")),
    });
    let next = Batch::new("mine")
        .expect("it is a name")
        .increment("goes-on", 1);
    store(arena).submit(next).wait().expect("the store goes on");
}

fn store(arena: &Arena) -> Store {
    arena.store().expect("the arena has one")
}

/// An arena with a store on the disk, whose queue is short, and what others keep in it.
fn arena(options: Options) -> Arena {
    let arena = Arena::with_store(
        options
            .queue_slots(16)
            .queue_bytes(32 << 20)
            .cache_bytes(8 << 20),
    );
    let batch = Batch::new("secrets").expect("it is a name");
    let batch = SECRETS
        .iter()
        .fold(batch, |batch, (key, value)| batch.put(*key, *value));
    store(&arena).submit(batch).wait().expect("there is room");
    arena
}

/// Nothing of others was changed, and there are no buckets but theirs and those of the grants.
#[track_caller]
fn assert_untouched(arena: &Arena) {
    let snapshot = store(arena).read().expect("nothing is compacted");
    for (key, value) in SECRETS {
        let kept = snapshot.get("secrets", key).expect("it can be read");
        assert_eq!(kept.as_deref(), Some(value.as_bytes()), "{key}");
    }
    let buckets = snapshot.buckets(None, 1_000).expect("it can be read");
    for bucket in &buckets.buckets {
        let is_own = bucket.name == "mine" || bucket.name.starts_with("mine-");
        assert!(is_own || bucket.name == "secrets", "{bucket:?}");
    }
}

#[test]
fn what_others_store_is_out_of_reach() {
    let arena = arena(Options::default());
    fight_in(
        &arena,
        &[of_others(), look_alikes(), wrong_access()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>(),
    );
    assert_untouched(&arena);
}

#[test]
fn the_store_outlives_its_abusers() {
    let arena = arena(Options::default()).warmed(AT_ONCE);
    fight_in(
        &arena,
        &[records(), sizes(), numbers(), endless(), unwaited()]
            .into_iter()
            .flatten()
            .collect::<Vec<_>>(),
    );
    assert_untouched(&arena);
}

#[test]
fn a_full_store_is_its_writers_own_affair() {
    let arena = arena(Options::default().max_bytes(FULL));
    fight_in(&arena, &filling());
    assert_untouched(&arena);
}
