//! Presets that open a whole family of rights, for code that an embedder trusts as much as itself.
//!
//! A profile that has one of these is no sandbox for that family any more. They are methods of a trait that has to be
//! imported by this module's name, so that whoever reads the code sees it; no manifest and no command line reaches them.
//!
//! ```
//! use rusm_caps::Profile;
//! use rusm_core::dangerous::DangerousProfileExt;
//!
//! let migration = Profile::sandboxed().to_builder("migration").allow_all_env().build()?;
//! # Ok::<(), rusm_caps::ProfileError>(())
//! ```

use crate::wasi::kernel_interface_at;
use rusm_caps::dangerous::{every_address, every_variable};
use rusm_caps::{DirGrant, KvGrant, Permission, ProfileBuilder, SendGrant, SpawnGrant};
use std::path::Path;

/// Presets that open a whole family of rights.
pub trait DangerousProfileExt: Sized {
    /// Everything below, and spawning any component, every bucket of the store, sending to and controlling every process,
    /// loading code, and the terminal. Limits stay as they are. Where to listen, and host functions, are still to be
    /// named: there is no "all" of what only the embedding program can say.
    #[must_use]
    fn allow_all(self) -> Self;

    /// Reading and writing, at the same paths, every folder that now lies in the root folder of the machine, as far as
    /// the node's own user may. Not what is never given to a guest: `/proc`, `/sys`, `/dev`, folders with such inside, and
    /// the root folder itself, which has them inside. What belongs to the node itself (its store, its audit) stays closed:
    /// where such lies in one of the folders, the process does not start and says so. Replaces the folders granted so far.
    #[must_use]
    fn allow_all_files(self) -> Self;

    /// Connecting to every address and port, and looking up every name: the node's own loopback services, the private
    /// network around it and the cloud's metadata service (169.254.169.254) included. Listening is not part of it.
    /// Replaces the rules granted so far.
    #[must_use]
    fn allow_all_network(self) -> Self;

    /// Seeing every variable of the node's environment, and so every secret that is kept there.
    #[must_use]
    fn allow_all_env(self) -> Self;
}

impl DangerousProfileExt for ProfileBuilder {
    fn allow_all(self) -> ProfileBuilder {
        self.allow_all_files()
            .allow_all_network()
            .allow_all_env()
            .spawn(SpawnGrant::Anyone)
            .storage(KvGrant::every())
            .send(SendGrant::Anyone)
            .allow_process_control()
            .allow_load()
            .allow_stdio()
    }

    fn allow_all_files(self) -> ProfileBuilder {
        let none = self.withhold(Permission::Files);
        folders_of(Path::new("/"))
            .into_iter()
            .fold(none, ProfileBuilder::dir)
    }

    fn allow_all_network(self) -> ProfileBuilder {
        self.network(every_address())
    }

    fn allow_all_env(self) -> ProfileBuilder {
        self.env(every_variable())
    }
}

/// The folders in this one that can be opened and given. A link leads to a folder that has its own place.
fn folders_of(root: &Path) -> Vec<DirGrant> {
    let entries = std::fs::read_dir(root).into_iter().flatten().flatten();
    let folders = entries.filter(|entry| entry.file_type().is_ok_and(|kind| kind.is_dir()));
    let usable = folders
        .map(|folder| folder.path())
        .filter(|path| kernel_interface_at(path).is_none() && std::fs::read_dir(path).is_ok());
    usable
        .filter_map(|path| DirGrant::read_write(path.clone(), path.to_str()?).ok())
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use rusm_caps::Profile;

    fn held(builder: ProfileBuilder) -> Vec<Permission> {
        let profile: Profile = builder.build().unwrap();
        let all = Permission::ALL.into_iter();
        all.filter(|permission| profile.holds(*permission))
            .collect()
    }

    /// Each preset opens its own family and nothing of another.
    #[test]
    fn a_preset_opens_one_family() {
        let nothing = || Profile::builder("p");
        for (profile, permission) in [
            (nothing().allow_all_files(), Permission::Files),
            (nothing().allow_all_network(), Permission::Network),
            (nothing().allow_all_env(), Permission::Env),
        ] {
            assert_eq!(held(profile), [permission]);
        }
        let all = held(nothing().allow_all());
        for permission in Permission::ALL {
            let named = matches!(permission, Permission::Listen | Permission::HostFunctions);
            assert_eq!(all.contains(&permission), !named, "{permission}");
        }
    }

    /// The machine's own doors are no folders to give, nor is the root that they lie in.
    #[test]
    fn all_files_are_no_kernel_interfaces() {
        let profile = Profile::builder("p").allow_all_files().build().unwrap();
        let guests: Vec<&str> = profile.dirs().iter().map(DirGrant::guest).collect();
        assert!(!guests.is_empty());
        for refused in ["/", "/proc", "/sys", "/dev"] {
            assert!(!guests.contains(&refused), "{guests:?}");
        }
    }
}
