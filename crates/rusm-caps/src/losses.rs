//! What was taken from a process stays missing in the code that it spawns of somebody's own making.
//!
//! A declared component has its profile from the manifest, whoever spawns it. Code that a process brought itself has no
//! other profile than its loader's, so a process that was narrowed at its spawn could take everything back by spawning
//! such code once more. Whatever a process lost, by `restrict` or by `drop`, is therefore missing there too.

use std::time::Duration;

use crate::Profile;

/// Bounds that a spawner set; none where the profile's own holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Imposed {
    pub(crate) max_memory_bytes: Option<u64>,
    pub(crate) max_cpu: Option<Duration>,
    pub(crate) timeout: Option<Duration>,
}

impl Profile {
    /// This profile without the permissions that were taken from `spawner`, and within the bounds that were imposed on
    /// it. Never wider than this profile.
    #[must_use]
    pub fn without_losses_of(&self, spawner: &Profile) -> Profile {
        let mut narrower = self.clone();
        for permission in spawner.revoked() {
            narrower.withdraw(*permission);
        }
        let Imposed {
            max_memory_bytes,
            max_cpu,
            timeout,
        } = &spawner.imposed;
        if let Some(bytes) = max_memory_bytes {
            let least = narrower.limits.max_memory_bytes.min(*bytes);
            narrower.limits.max_memory_bytes = least;
            narrower.imposed.max_memory_bytes = Some(least);
        }
        impose(
            &mut narrower.limits.max_cpu,
            &mut narrower.imposed.max_cpu,
            *max_cpu,
        );
        impose(
            &mut narrower.limits.timeout,
            &mut narrower.imposed.timeout,
            *timeout,
        );
        narrower
    }
}

/// The shorter of two times, where none is no bound.
fn impose(limit: &mut Option<Duration>, imposed: &mut Option<Duration>, time: Option<Duration>) {
    if let Some(time) = time {
        let least = limit.map_or(time, |limit| limit.min(time));
        (*limit, *imposed) = (Some(least), Some(least));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Permission, Restrictions};

    fn restrictions(
        revoke: &[&str],
        memory_mb: Option<u32>,
        timeout_ms: Option<u64>,
    ) -> Restrictions {
        Restrictions {
            revoke: revoke.iter().map(|name| (*name).to_owned()).collect(),
            max_memory_mb: memory_mb,
            max_cpu_ms: timeout_ms,
            timeout_ms,
        }
    }

    /// What was revoked and what was bounded is missing, over any number of generations; what was not is there.
    #[test]
    fn losses_are_passed_on_and_add_up() {
        let loader = Profile::trusted();
        let first = loader
            .restrict(&restrictions(&["network"], Some(32), None))
            .unwrap();
        let second = loader.without_losses_of(&first);
        assert!(!second.holds(Permission::Network) && second.holds(Permission::Storage));
        assert_eq!(second.limits().max_memory_bytes, 32 << 20);
        let third = second
            .restrict(&restrictions(&["storage"], None, Some(500)))
            .unwrap();
        let fourth = loader.without_losses_of(&third);
        assert!(!fourth.holds(Permission::Network) && !fourth.holds(Permission::Storage));
        assert_eq!(fourth.limits().max_memory_bytes, 32 << 20);
        let half_a_second = Some(Duration::from_millis(500));
        assert_eq!(
            (fourth.limits().timeout, fourth.limits().max_cpu),
            (half_a_second, half_a_second)
        );
        assert_eq!(loader.without_losses_of(&fourth), fourth);
    }

    /// A process that lost nothing takes nothing from what it spawns, however little it has itself.
    #[test]
    fn who_lost_nothing_takes_nothing() {
        let loader = Profile::trusted();
        assert_eq!(loader.without_losses_of(&Profile::sandboxed()), loader);
    }

    /// A bound of the spawner's above the loader's own widens nothing.
    #[test]
    fn no_bound_is_raised() {
        let wide = Profile::trusted()
            .restrict(&restrictions(&[], Some(512), Some(9_000)))
            .unwrap();
        let mut small = Profile::sandboxed();
        small.limits.timeout = Some(Duration::from_millis(100));
        let result = small.without_losses_of(&wide);
        assert_eq!(
            result.limits().max_memory_bytes,
            small.limits().max_memory_bytes
        );
        assert_eq!(result.limits().timeout, small.limits().timeout);
        assert_eq!(small.covers(&result), Ok(()));
    }
}
