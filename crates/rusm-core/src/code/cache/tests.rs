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

/// What the cache has of some code for this engine and class.
fn found(
    cache: &CodeCache,
    engine: &Engine,
    class: EngineClass,
    digest: Digest,
) -> Option<Vec<u8>> {
    let artefact = cache.get(engine, class, digest).unwrap()?;
    Some(bytes(artefact))
}

fn bytes(artefact: Artefact) -> Vec<u8> {
    let n_bytes = artefact.n_bytes();
    let bytes = match artefact {
        Artefact::Bytes(bytes) => bytes,
        Artefact::Sealed(file) => fs::read(file.path()).unwrap(),
    };
    assert_eq!(bytes.len() as u64, n_bytes);
    bytes
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
    let (pooled, code) = (EngineClass::Pooled, b"machine code");
    assert_eq!(found(&cache, &engine, pooled, digest()), None);
    cache.put(&engine, pooled, digest(), code).unwrap();
    assert_eq!(
        found(&cache, &engine, pooled, digest()).as_deref(),
        Some(&code[..])
    );
    let overflow = EngineClass::Dense;
    assert_eq!(found(&cache, &engine, overflow, digest()), None);
    assert_eq!(found(&cache, &engine, pooled, Digest::of(b"other")), None);
    let other = Engine::new(wasmtime::Config::new().epoch_interruption(true)).unwrap();
    assert_eq!(found(&cache, &other, pooled, digest()), None);
}

/// Whatever becomes of the entry afterwards, and whoever has the copy open: it stays what was checked.
#[cfg(target_os = "linux")]
#[test]
fn what_was_found_changes_no_more() {
    let (cache, _keeper) = cache();
    let (engine, class) = (engine(), EngineClass::Pooled);
    cache
        .put(&engine, class, digest(), b"machine code")
        .unwrap();
    let artefact = cache.get(&engine, class, digest()).unwrap().unwrap();
    let Artefact::Sealed(file) = &artefact else {
        panic!("Linux seals files");
    };
    let refused = OpenOptions::new().write(true).open(file.path()).unwrap();
    refused.set_len(1).unwrap_err();
    (&refused).write_all(b"other").unwrap_err();
    fs::write(only_entry(&cache), "").unwrap();
    assert_eq!(bytes(artefact), b"machine code");
}

/// Where no file can be sealed, the copy is memory of the node's own.
#[test]
fn without_sealed_files_it_is_read() {
    let keeper = tempfile::tempdir().unwrap();
    let path = keeper.path().join("entry");
    fs::write(&path, "header, machine code").unwrap();
    let mut file = File::open(&path).unwrap();
    file.read_exact(&mut [0; 8]).unwrap();
    let artefact = Artefact::read(&mut file).unwrap();
    let expected: [u8; 32] = Sha256::digest(b"machine code").into();
    assert_eq!(artefact.digest().unwrap(), expected);
    assert_eq!(bytes(artefact), b"machine code");
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
        found(&cache, &engine(), EngineClass::Pooled, digest()),
        None
    );

    fs::write(keeper.path().join("file"), "").unwrap();
    let warning = CodeCache::open(&keeper.path().join("file")).unwrap_err();
    assert!(
        matches!(warning, CacheWarning::Unusable { .. }),
        "{warning}"
    );
}
