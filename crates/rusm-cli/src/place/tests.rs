//! Which files are meant, and what is said when there are none.

use super::*;

fn folder() -> tempfile::TempDir {
    tempfile::tempdir().unwrap()
}

/// A folder means its manifest, a manifest itself, and code is known by its name or its first bytes.
#[test]
fn each_form_leads_to_its_target() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    fs::write(path(MANIFEST), "").unwrap();
    fs::write(path("other.toml"), "").unwrap();
    fs::write(path("a.wasm"), "").unwrap();
    fs::write(path("code"), b"\0asm\x01\0\0\0").unwrap();
    assert_eq!(find(Some(folder.path())), Ok(Target::App(path(MANIFEST))));
    assert_eq!(
        find(Some(&path("other.toml"))),
        Ok(Target::App(path("other.toml")))
    );
    assert_eq!(
        find(Some(&path("a.wasm"))),
        Ok(Target::File(path("a.wasm")))
    );
    assert_eq!(find(Some(&path("code"))), Ok(Target::File(path("code"))));
}

/// Each wrong target has its exit code and says what would be right.
#[test]
fn wrong_targets_are_explained() {
    let folder = folder();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("notes.txt"), "hello").unwrap();
    fs::write(path("worker.wasm"), "").unwrap();
    let failure = |path: PathBuf| find(Some(&path)).unwrap_err();
    assert_eq!(failure(path("notes.txt")).kind(), Kind::Usage);
    assert_eq!(failure(path("rusm.toml")).kind(), Kind::Manifest);
    assert_eq!(failure(folder.path().to_owned()).kind(), Kind::Manifest);
    let missing = failure(path("wroker.wasm"));
    assert_eq!(missing.kind(), Kind::NotStarted);
    assert!(missing.to_string().contains("worker.wasm'?"), "{missing}");
    assert_eq!(
        find_app(Some(&path("worker.wasm"))).unwrap_err().kind(),
        Kind::Usage
    );
}

/// Somebody who stands in a subfolder is told where the manifest is.
#[test]
fn a_manifest_further_up_is_pointed_at() {
    let folder = folder();
    let below = folder.path().join("a/b");
    fs::create_dir_all(&below).unwrap();
    fs::write(folder.path().join(MANIFEST), "").unwrap();
    let failure = find(Some(&below)).unwrap_err().to_string();
    assert!(
        failure.contains("further up") && failure.contains(MANIFEST),
        "{failure}"
    );
}

/// XDG's folder if it is absolute, then the home's, then none.
#[test]
fn the_cache_folder_follows_the_environment() {
    let cache = |xdg: Option<&str>, home: Option<&str>| {
        cache_folder(|name| if name == "XDG_CACHE_HOME" { xdg } else { home }.map(OsString::from))
    };
    assert_eq!(cache(Some("/c"), Some("/h")), Some("/c/rusm".into()));
    assert_eq!(cache(Some("c"), Some("/h")), Some("/h/.cache/rusm".into()));
    assert_eq!(cache(None, Some("/h")), Some("/h/.cache/rusm".into()));
    assert_eq!(cache(None, None), None);
}

/// A bare file name lies in the current folder.
#[test]
fn the_folder_of_a_bare_name_is_here() {
    assert_eq!(folder_of(Path::new("rusm.toml")), Path::new("."));
    assert_eq!(folder_of(Path::new("a/rusm.toml")), Path::new("a"));
}
