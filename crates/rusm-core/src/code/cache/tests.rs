//! What the cache keeps, and what it does not believe.

use super::*;

fn engine() -> Engine {
    Engine::default()
}

fn digest() -> Digest {
    Digest::of(b"some code")
}

/// A cache in a fresh folder, and the folder's keeper.
fn cache() -> (CodeCache, tempfile::TempDir) {
    let keeper = tempfile::tempdir().unwrap();
    (
        CodeCache::open(&keeper.path().join("deep/inside")).unwrap(),
        keeper,
    )
}

fn only_entry(cache: &CodeCache) -> PathBuf {
    let mut entries: Vec<_> = fs::read_dir(&cache.folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .collect();
    assert_eq!(entries.len(), 1, "{entries:?}");
    entries.remove(0)
}

#[test]
fn what_is_put_is_found_again_by_content_class_and_engine() {
    let (cache, _keeper) = cache();
    let engine = engine();
    assert_eq!(
        cache.get(&engine, EngineClass::Pooled, digest()).unwrap(),
        None
    );
    cache
        .put(&engine, EngineClass::Pooled, digest(), b"machine code")
        .unwrap();
    assert_eq!(
        cache
            .get(&engine, EngineClass::Pooled, digest())
            .unwrap()
            .as_deref(),
        Some(&b"machine code"[..])
    );
    assert_eq!(
        cache.get(&engine, EngineClass::Dense, digest()).unwrap(),
        None
    );
    assert_eq!(
        cache
            .get(&engine, EngineClass::Pooled, Digest::of(b"other"))
            .unwrap(),
        None
    );
    let other = Engine::new(wasmtime::Config::new().epoch_interruption(true)).unwrap();
    assert_eq!(
        cache.get(&other, EngineClass::Pooled, digest()).unwrap(),
        None
    );
}

#[test]
fn a_damaged_entry_is_told_and_never_returned() {
    let (cache, _keeper) = cache();
    let engine = engine();
    cache
        .put(&engine, EngineClass::Pooled, digest(), b"machine code")
        .unwrap();
    let entry = only_entry(&cache);
    let whole = fs::read(&entry).unwrap();
    let mut flipped = whole.clone();
    *flipped.last_mut().unwrap() ^= 1;
    for damage in [
        &b""[..],
        b"short",
        &whole[..whole.len() - 1],
        &flipped,
        &[0; 200],
    ] {
        fs::write(&entry, damage).unwrap();
        let warning = cache
            .get(&engine, EngineClass::Pooled, digest())
            .unwrap_err();
        assert!(matches!(warning, CacheWarning::Damaged { .. }), "{warning}");
    }
    cache
        .put(&engine, EngineClass::Pooled, digest(), b"machine code")
        .unwrap();
    assert!(
        cache
            .get(&engine, EngineClass::Pooled, digest())
            .unwrap()
            .is_some()
    );
}

#[cfg(unix)]
#[test]
fn folder_and_entries_are_private_and_a_folder_that_others_can_write_to_is_not_used() {
    use std::os::unix::fs::PermissionsExt;
    let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode() & 0o777;
    let (cache, keeper) = cache();
    cache
        .put(&engine(), EngineClass::Pooled, digest(), b"machine code")
        .unwrap();
    assert_eq!(mode(&cache.folder), 0o700);
    assert_eq!(mode(&only_entry(&cache)), 0o600);

    let above = keeper.path().join("deep");
    for (place, open) in [
        (cache.folder.as_path(), 0o770),
        (cache.folder.as_path(), 0o1777),
        (above.as_path(), 0o777),
    ] {
        fs::set_permissions(place, fs::Permissions::from_mode(open)).unwrap();
        let warning = CodeCache::open(&cache.folder).unwrap_err();
        assert!(warning.to_string().contains("other users"), "{warning}");
        fs::set_permissions(place, fs::Permissions::from_mode(0o700)).unwrap();
    }
    CodeCache::open(&cache.folder).unwrap();
}

#[test]
fn what_cannot_be_written_is_a_warning_and_leaves_nothing_behind() {
    let (cache, keeper) = cache();
    fs::remove_dir(&cache.folder).unwrap();
    let warning = cache
        .put(&engine(), EngineClass::Pooled, digest(), b"machine code")
        .unwrap_err();
    assert!(
        matches!(warning, CacheWarning::Unwritable { .. }),
        "{warning}"
    );
    assert_eq!(
        cache.get(&engine(), EngineClass::Pooled, digest()).unwrap(),
        None
    );

    fs::write(keeper.path().join("file"), "").unwrap();
    let warning = CodeCache::open(&keeper.path().join("file")).unwrap_err();
    assert!(
        matches!(warning, CacheWarning::Unusable { .. }),
        "{warning}"
    );
}
