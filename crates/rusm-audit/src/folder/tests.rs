//! Folders and names that are not what they should be.

use super::*;
use std::os::unix::fs::{PermissionsExt, symlink};

fn day() -> Day {
    Day::parse("2026-11-21").unwrap()
}

fn set_mode(path: &Path, mode: u32) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(mode)).unwrap();
}

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o777
}

/// The folder and everything in it is for its owner alone.
#[test]
fn folder_and_files_are_private() {
    let place = crate::testing::place();
    let path = place.path().join("data/audit");
    let (folder, _lock) = Folder::create(&path).unwrap();
    folder.append(day()).unwrap();
    folder.set_head("x").unwrap();
    assert_eq!(mode(&path), 0o700);
    for name in [LOCK, HEAD, "audit-2026-11-21.jsonl"] {
        assert_eq!(mode(&path.join(name)), 0o600, "{name}");
    }
}

/// A folder that others may write to is refused, and so is one below a folder that everybody may change.
#[test]
fn a_folder_that_others_may_write_to_is_refused() {
    let place = crate::testing::place();
    let path = place.path().join("above/audit");
    std::fs::create_dir_all(&path).unwrap();
    for (open, above) in [(0o770, 0o755), (0o707, 0o755), (0o700, 0o777)] {
        set_mode(&path, open);
        set_mode(&place.path().join("above"), above);
        let error = Folder::create(&path).unwrap_err();
        assert!(matches!(error, FolderError::Untrusted { .. }), "{error}");
        assert!(
            error.to_string().contains("can be written to by"),
            "{error}"
        );
    }
    set_mode(&path, 0o755);
    set_mode(&place.path().join("above"), 0o755);
    Folder::create(&path).unwrap();
}

/// A second node is told so; when the first is gone, the next may.
#[test]
fn only_one_node_writes() {
    let place = crate::testing::place();
    let path = place.path().join("audit");
    let (_folder, lock) = Folder::create(&path).unwrap();
    let error = Folder::create(&path).unwrap_err();
    assert!(matches!(error, FolderError::InUse { .. }));
    assert!(
        error
            .to_string()
            .starts_with("another node writes its audit log in '"),
        "{error}"
    );
    // As a program has it that is being started.
    let _inherited = lock.0.try_clone().unwrap();
    drop(lock);
    Folder::create(&path).unwrap();
}

/// Neither a link nor a pipe nor a folder in the place of a file is followed, waited for, or written to.
#[test]
fn what_is_no_plain_file_is_refused() {
    let place = crate::testing::place();
    let path = place.path().join("audit");
    let (folder, lock) = Folder::create(&path).unwrap();
    drop(lock);
    let outside = place.path().join("outside");
    std::fs::write(&outside, "mine").unwrap();
    let name = path.join(file_name(day()));
    symlink(&outside, &name).unwrap();
    folder.append(day()).unwrap_err();
    folder.read(day()).unwrap_err();
    symlink(&outside, path.join(HEAD)).unwrap();
    folder.head().unwrap_err();
    symlink(&outside, path.join(HEAD_NEXT)).unwrap();
    folder.set_head("x").unwrap_err();
    std::fs::remove_file(path.join(LOCK)).unwrap();
    symlink(&outside, path.join(LOCK)).unwrap();
    Folder::create(&path).unwrap_err();
    assert_eq!(std::fs::read_to_string(&outside).unwrap(), "mine");
    std::fs::remove_file(&name).unwrap();
    let made = std::process::Command::new("mkfifo")
        .arg(&name)
        .status()
        .unwrap();
    assert!(made.success());
    folder.read(day()).unwrap_err();
    folder.append(day()).unwrap_err();
    std::fs::remove_file(&name).unwrap();
    std::fs::create_dir(&name).unwrap();
    folder.read(day()).unwrap_err();
}

/// Other names in the folder are nobody's days.
#[test]
fn only_days_are_files_of_the_log() {
    let place = crate::testing::place();
    let path = place.path().join("audit");
    let (folder, _lock) = Folder::create(&path).unwrap();
    for name in [
        "audit-2026-11-22.jsonl",
        "audit-2026-11-21.jsonl",
        "audit-2026-02-30.jsonl",
        "audit-2026-11-21.jsonl.gz",
        "x",
    ] {
        std::fs::write(path.join(name), "").unwrap();
    }
    let days: Vec<String> = folder.days().unwrap().iter().map(Day::to_string).collect();
    assert_eq!(days, ["2026-11-21", "2026-11-22"]);
}
