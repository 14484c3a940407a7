//! What is no store, or not to be had, is refused with a word for it, and left as it is.

use crate::support::{Faults, Memory, Place, batch};
use redb::{Database, TableDefinition};
use rusm_kv::{BackupError, OpenError, Options, Store};
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

fn refused(path: &Path) -> OpenError {
    Store::open(path, Options::default()).unwrap_err()
}

fn is_no_store(path: &Path, word: &str) {
    let before = path.is_file().then(|| std::fs::read(path).unwrap());
    for make in [true, false] {
        let opened = match make {
            true => Store::open(path, Options::default()),
            false => Store::open_existing(path, Options::default()),
        };
        let error = opened.unwrap_err();
        assert!(matches!(error, OpenError::NotAStore { .. }), "{error}");
        assert!(error.to_string().contains(word), "{error}");
        assert!(
            error.to_string().contains(path.to_str().unwrap()),
            "{error}"
        );
    }
    assert_eq!(path.is_file().then(|| std::fs::read(path).unwrap()), before);
}

/// A store with an entry, closed.
fn filled(place: &Place) -> std::path::PathBuf {
    let store = place.open();
    for n in 0..100 {
        let put = batch().put(n.to_string(), vec![1; 5_000]);
        store.submit(put).wait().unwrap();
    }
    place.path("store")
}

#[test]
fn a_new_file_is_its_owners_alone() {
    let place = Place::new();
    drop(place.open());
    let about = std::fs::metadata(place.path("store")).unwrap();
    assert_eq!(about.permissions().mode() & 0o777, 0o600);
    let others = std::fs::read_dir(place.path("")).unwrap().count();
    assert_eq!(others, 1, "nothing is left beside it");
}

#[test]
fn a_file_that_is_not_there_is_made_or_missed() {
    let place = Place::new();
    let path = place.path("store");
    let error = Store::open_existing(&path, Options::default()).unwrap_err();
    assert!(matches!(error, OpenError::Missing { .. }), "{error}");
    assert!(!path.exists());
    let error = refused(&place.path("no/such/store"));
    assert!(matches!(error, OpenError::NoFolder { .. }), "{error}");
    assert!(error.to_string().contains("no/such"), "{error}");
}

#[test]
fn what_is_no_store_is_left_as_it_is() {
    let place = Place::new();
    std::fs::create_dir(place.path("folder")).unwrap();
    is_no_store(&place.path("folder"), "directory");
    is_no_store(Path::new("/dev/null"), "no regular file");
    for (name, content, word) in [
        ("short", b"redb".to_vec(), "does not begin"),
        ("text", b"[node]\n".repeat(2_000), "does not begin"),
        ("zeros", vec![0; 100_000], "does not begin"),
    ] {
        std::fs::write(place.path(name), content).unwrap();
        is_no_store(&place.path(name), word);
    }
}

#[test]
fn the_database_of_another_program_is_left_as_it_is() {
    const OTHER: TableDefinition<'static, &str, u64> = TableDefinition::new("other");
    let place = Place::new();
    let path = place.path("other");
    let database = Database::create(&path).unwrap();
    let txn = database.begin_write().unwrap();
    txn.open_table(OTHER).unwrap().insert("a", 1).unwrap();
    txn.commit().unwrap();
    drop(database);
    is_no_store(&path, "another program");
}

#[test]
fn a_newer_format_is_left_to_a_newer_rusm() {
    const META: TableDefinition<'static, &str, u64> = TableDefinition::new("rusm-kv");
    let place = Place::new();
    let path = filled(&place);
    let database = Database::open(&path).unwrap();
    let txn = database.begin_write().unwrap();
    txn.open_table(META).unwrap().insert("format", 2).unwrap();
    txn.commit().unwrap();
    drop(database);
    let before = std::fs::read(&path).unwrap();
    let error = refused(&path);
    assert!(
        matches!(
            error,
            OpenError::NewerFormat {
                found: 2,
                known: 1,
                ..
            }
        ),
        "{error}"
    );
    assert_eq!(std::fs::read(&path).unwrap(), before);
}

#[test]
fn a_second_opener_is_refused_while_the_first_lives() {
    let place = Place::new();
    let store = place.open();
    let clone = store.clone();
    for path in [
        place.path("store"),
        place.path("../").join(place.path("store")),
    ] {
        let error = refused(&path);
        assert!(matches!(error, OpenError::InUse { .. }), "{error}");
    }
    drop(store);
    assert!(matches!(
        refused(&place.path("store")),
        OpenError::InUse { .. }
    ));
    clone.submit(batch().put("a", "1")).wait().unwrap();
    let snapshot = clone.read().unwrap();
    drop(clone);
    let store = place.open();
    assert_eq!(
        store.read().unwrap().get("orders", "a").unwrap().unwrap(),
        b"1"
    );
    assert!(snapshot.get("orders", "b").is_err() || snapshot.get("orders", "b") == Ok(None));
}

#[test]
fn a_cut_file_is_corrupted_or_whole() {
    let place = Place::new();
    let path = filled(&place);
    let whole = std::fs::read(&path).unwrap();
    for len in [
        10,
        64,
        320,
        4_096,
        8_192,
        40_000,
        whole.len() / 2,
        whole.len() - 1,
    ] {
        std::fs::write(&path, &whole[..len]).unwrap();
        let error = refused(&path);
        assert!(
            matches!(
                error,
                OpenError::Corrupt { .. } | OpenError::NotAStore { .. }
            ),
            "{len}: {error}"
        );
    }
}

/// Damages a page at a time: either it is found when the file is opened, or nothing of what is read is wrong.
#[test]
fn damage_is_an_error_and_never_a_wrong_answer_or_a_panic() {
    let memory = Memory::default();
    let store = memory.open(Options::default());
    for n in 0..50_u8 {
        let put = batch().put(n.to_string(), vec![n; 2_000]);
        store.submit(put).wait().unwrap();
    }
    drop(store);
    let whole = memory.bytes();
    let mut found = 0;
    for page in whole
        .chunks(4_096)
        .enumerate()
        .map(|(index, _)| index * 4_096)
    {
        for (offset, fill) in [(0, 0xff), (4, 0x00), (1_000, 0x55)] {
            let mut damaged = whole.clone();
            let end = (page + offset + 64).min(damaged.len());
            damaged[page + offset..end].fill(fill);
            let Ok(store) = Store::with_backend(Memory::of(damaged), Options::default()) else {
                found += 1;
                continue;
            };
            let snapshot = store.read().unwrap();
            for n in 0..50_u8 {
                let value = snapshot.get("orders", &n.to_string()).unwrap();
                assert_eq!(value, Some(vec![n; 2_000]), "page {page}");
            }
        }
    }
    assert!(found > 20, "{found}");
}

#[test]
fn a_new_store_that_cannot_be_written_is_an_error() {
    let memory = Memory::default();
    memory.set(Faults {
        writes: true,
        ..Faults::default()
    });
    let error = Store::with_backend(memory, Options::default()).unwrap_err();
    assert!(matches!(error, OpenError::Io { .. }), "{error}");
}

#[test]
fn a_backup_is_a_store_of_its_own_and_replaces_nothing() {
    let place = Place::new();
    let store = place.open();
    let put = batch().put("a", "1").put("b", vec![2; 3_000_000]);
    store.submit(put).wait().unwrap();
    let held = store.read().unwrap();
    store.backup(&place.path("copy")).unwrap();
    store.submit(batch().put("a", "2")).wait().unwrap();
    let error = store.backup(&place.path("copy")).unwrap_err();
    assert!(matches!(error, BackupError::Exists { .. }), "{error}");
    let error = store.backup(&place.path("store")).unwrap_err();
    assert!(matches!(error, BackupError::Exists { .. }), "{error}");
    assert!(store.backup(&place.path("no/folder")).is_err());
    drop(held);
    let copy = Store::open_existing(&place.path("copy"), Options::default()).unwrap();
    let snapshot = copy.read().unwrap();
    assert_eq!(snapshot.get("orders", "a").unwrap().unwrap(), b"1");
    assert_eq!(
        snapshot.get("orders", "b").unwrap().unwrap().len(),
        3_000_000
    );
    let names = std::fs::read_dir(place.path("")).unwrap().count();
    assert_eq!(names, 2, "nothing is left of what was not whole");
}

#[test]
fn an_empty_file_becomes_a_store_where_it_is() {
    let place = Place::new();
    let path = place.path("empty");
    std::fs::write(&path, "").unwrap();
    let error = Store::open_existing(&path, Options::default()).unwrap_err();
    assert!(matches!(error, OpenError::NotAStore { .. }), "{error}");
    let before = std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(&path).unwrap());
    let store = Store::open(&path, Options::default()).unwrap();
    store.submit(batch().put("a", "1")).wait().unwrap();
    drop(store);
    let after = std::os::unix::fs::MetadataExt::ino(&std::fs::metadata(&path).unwrap());
    assert_eq!(before, after);
    Store::open_existing(&path, Options::default()).unwrap();
}

/// redb makes a file in steps, each with a sync: whichever is the last, the file becomes a store.
#[test]
fn a_making_that_was_broken_off_is_begun_again() {
    for max_bytes in [1 << 20, 1 << 30] {
        let options = || Options::default().max_bytes(max_bytes);
        let mut broken_off = 0;
        for sync in 0.. {
            let memory = Memory::default();
            memory.fail_from_sync(sync);
            if Store::with_backend(memory.clone(), options()).is_ok() {
                break;
            }
            broken_off += 1;
            let memory = Memory::of(memory.bytes_at_fault());
            let store = Store::with_backend(memory.clone(), options()).unwrap();
            store.submit(batch().put("a", "1")).wait().unwrap();
            drop(store);
            let store = Store::with_backend(memory, options()).unwrap();
            let value = store.read().unwrap().get("orders", "a").unwrap();
            assert_eq!(value.unwrap(), b"1");
        }
        assert!(broken_off >= 3, "{broken_off}");
    }
}

/// A file that is too large to be verified when it is opened: each entry is, when it is read.
#[test]
fn damage_in_a_large_file_is_an_error_and_never_a_wrong_answer() {
    let memory = Memory::default();
    let store = memory.open(Options::default());
    for n in 0..9_u8 {
        let put = batch().put(format!("large-{n}"), vec![n; 8 << 20]);
        let put = put.put(format!("small-{n}"), vec![n; 1_500]);
        store.submit(put).wait().unwrap();
    }
    drop(store);
    let whole = memory.bytes();
    assert!(whole.len() > 64 << 20);
    let mut errors = 0;
    for place in (1..whole.len()).step_by(whole.len() / 40) {
        let damaged = Memory::of(whole.clone());
        damaged.flip(place);
        let Ok(store) = Store::with_backend(damaged, Options::default()) else {
            continue;
        };
        let snapshot = store.read().unwrap();
        for n in 0..9_u8 {
            for (key, size) in [
                (format!("large-{n}"), 8 << 20),
                (format!("small-{n}"), 1_500),
            ] {
                match snapshot.get("orders", &key) {
                    Ok(value) => assert!(value.is_none_or(|value| value == vec![n; size])),
                    Err(_) => errors += 1,
                }
            }
        }
    }
    assert!(errors >= 20, "{errors}");
}
