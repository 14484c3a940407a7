//! Whether a folder's content can only come from this user or from root.

use super::CacheWarning;
use std::path::Path;

/// Checks the folder and all folders above it. `folder` is canonical.
#[cfg(unix)]
pub(super) fn check(folder: &Path) -> Result<(), CacheWarning> {
    use std::os::unix::fs::{MetadataExt, PermissionsExt};
    const WRITABLE_BY_OTHERS: u32 = 0o022;
    const STICKY: u32 = 0o1000;
    const ROOT: u32 = 0;

    let unusable = |path: &Path, cause| CacheWarning::Unusable {
        folder: path.to_owned(),
        cause,
    };
    let me = own_uid(folder).map_err(|cause| unusable(folder, cause))?;
    for place in folder.ancestors() {
        let metadata = std::fs::symlink_metadata(place).map_err(|cause| unusable(place, cause))?;
        let untrusted = |reason| {
            Err(CacheWarning::Untrusted {
                folder: place.to_owned(),
                reason,
            })
        };
        let is_cache = place == folder;
        let owner = metadata.uid();
        if is_cache && owner != me {
            return untrusted("belongs to another user");
        }
        if owner != me && owner != ROOT {
            return untrusted("belongs to another user");
        }
        let mode = metadata.permissions().mode();
        // In a sticky folder such as /tmp others may add names, but not replace ours.
        let is_protected = mode & WRITABLE_BY_OTHERS == 0 || (!is_cache && mode & STICKY != 0);
        if !is_protected {
            return untrusted("can be written to by other users");
        }
    }
    Ok(())
}

/// Elsewhere nothing is known about who may write, so nothing is trusted.
#[cfg(not(unix))]
pub(super) fn check(folder: &Path) -> Result<(), CacheWarning> {
    Err(CacheWarning::Untrusted {
        folder: folder.to_owned(),
        reason: "has permissions that cannot be examined here",
    })
}

/// The user that this process acts as: whoever owns a file that it makes. Fails where it cannot make one.
#[cfg(unix)]
fn own_uid(folder: &Path) -> std::io::Result<u32> {
    use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
    use std::sync::atomic::Ordering;
    let probe = folder.join(format!(
        ".probe-{}-{}",
        std::process::id(),
        super::SERIAL.fetch_add(1, Ordering::Relaxed)
    ));
    let made = std::fs::OpenOptions::new()
        .write(true)
        .create_new(true)
        .mode(0o600)
        .open(&probe);
    let uid = made
        .and_then(|file| file.metadata())
        .map(|metadata| metadata.uid());
    let _ = std::fs::remove_file(&probe);
    uid
}
